"""A fresh world for each story; each is told once on each database, and every night of it is decided both ways."""

import pytest

from stores import store_kind, store_url, unsynced
from stories.both_ways import Both, decide_both_ways
from stories.fixtures import ledger, make, world

__all__ = ["both_ways", "ledger", "make", "store_kind", "store_url", "unsynced", "world"]


@pytest.fixture(autouse=True)
def both_ways(monkeypatch: pytest.MonkeyPatch) -> Both:
    """Runs look at what may have changed alone, and it is seen that looking at everything comes to the same."""
    return decide_both_ways(monkeypatch)
