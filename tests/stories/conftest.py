"""A fresh world for each story; each is told once on each database, and every night of it is decided both ways."""

import os

import pytest

from payflow.store.database import SqliteDatabase
from stores import store_kind, store_url
from stories.both_ways import Both, decide_both_ways
from stories.fixtures import ledger, make, world

__all__ = ["both_ways", "ledger", "make", "store_kind", "store_url", "world"]


@pytest.fixture(autouse=True)
def both_ways(monkeypatch: pytest.MonkeyPatch) -> Both:
    """Runs look at what may have changed alone, and it is seen that looking at everything comes to the same."""
    return decide_both_ways(monkeypatch)


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk: a story need not outlive a power cut. That runs do wait is tested where they write."""
    set_up = SqliteDatabase._set_up

    def without_waiting(self: SqliteDatabase, deadline: float) -> None:
        set_up(self, deadline)
        self.query("PRAGMA synchronous = OFF")

    monkeypatch.setattr(SqliteDatabase, "_set_up", without_waiting)
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
