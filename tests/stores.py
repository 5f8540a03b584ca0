"""Both kinds of store, for tests that must hold on each: a folder's conftest names `store_kind` and `store_url`.

Under `ON_SQLITE` are tests that need no second run: those of the file itself, and those of figures, which no database makes.
"""

from __future__ import annotations

import os

import pytest

import servers
from payflow.store.database import SqliteDatabase

SQLITE = "sqlite:///payflow.db"
KINDS = ("sqlite", "postgresql")
ON_SQLITE = pytest.mark.parametrize("store_kind", ["sqlite"])
ON_POSTGRESQL = pytest.mark.parametrize("store_kind", ["postgresql"])


@pytest.fixture(params=KINDS)
def store_kind(request: pytest.FixtureRequest) -> str:
    """Which database a test's stores are in; the test runs once on each."""
    return str(request.param)


@pytest.fixture
def store_url(store_kind: str) -> str:
    """The address of a place where there is no store yet."""
    return url_of(store_kind)


@pytest.fixture
def postgresql_url() -> str:
    """The same in PostgreSQL."""
    return url_of("postgresql")


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk in folders whose conftest names this: their stores need not outlive a power cut.

    That stores, the anchor and the outbox do wait is tested in the folders of these.
    """
    set_up = SqliteDatabase._set_up

    def without_waiting(self: SqliteDatabase, deadline: float) -> None:
        set_up(self, deadline)
        self.query("PRAGMA synchronous = OFF")

    monkeypatch.setattr(SqliteDatabase, "_set_up", without_waiting)
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


def url_of(kind: str) -> str:
    """A fresh address of that kind. Without a server the tests fail, unless they were told to leave PostgreSQL out."""
    if kind == "sqlite":
        return SQLITE
    if os.environ.get(servers.SKIP) == "1":
        pytest.skip(f"{servers.SKIP}=1")
    return servers.fresh_url()
