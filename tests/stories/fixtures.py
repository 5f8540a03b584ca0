"""Fixtures that several folders of tests share; each folder's conftest names those it wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from payflow import connector
from payflow.sync import configured
from stores import url_of
from stories.ledger import Ledger
from stories.world import World


@pytest.fixture
def make(tmp_path: Path, store_kind: str) -> Iterator[Callable[..., World]]:
    """Make a world in the test's folder, with a store of its own: `make(toml=..., contract_name=...)`."""
    made: list[World] = []

    def begin(**words: str) -> World:
        made.append(World(tmp_path / f"studio{len(made) or ''}", store_url=url_of(store_kind), **words))
        return made[-1]

    yield begin
    for world in made:
        world.close()


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    """The usual studio: one contract, one source."""
    return make()


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """A connector `ledger` beside the installed ones, for what no export tells."""
    made = Ledger()
    known = {**connector.discover(), made.name: made}
    monkeypatch.setattr(connector, "discover", lambda: known)
    monkeypatch.setattr(configured, "discover", lambda: known)
    return made
