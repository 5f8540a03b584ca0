"""A store on each database; every test here that asks for one runs twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from payflow.store import Store, open_store
from stores import postgresql_url, store_kind, store_url

__all__ = ["postgresql_url", "store", "store_kind", "store_url"]


@pytest.fixture
def store(tmp_path: Path, store_url: str) -> Iterator[Store]:
    """An empty store."""
    with open_store(store_url, tmp_path, create=True) as opened:
        yield opened
