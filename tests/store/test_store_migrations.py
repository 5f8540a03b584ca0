"""Schema versions: from empty, from older, and newer than the program."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from payflow.errors import StoreError
from payflow.store import open_store
from payflow.store.database import SqliteDatabase
from payflow.store.migrations import migrate
from payflow.store.schema import MIGRATIONS, Migration

FIRST = Migration(1, "one table", ("CREATE TABLE thing (name TEXT)", "INSERT INTO thing VALUES ('kept')"))
SECOND = Migration(2, "a colour", ("ALTER TABLE thing ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'",))
BROKEN = Migration(2, "half a step", ("ALTER TABLE thing ADD COLUMN size INTEGER", "CREATE TABLE thing (again TEXT)"))


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_the_steps_are_numbered_from_one_without_a_gap() -> None:
    assert [step.number for step in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_an_empty_database_gets_every_table(tmp_path: Path) -> None:
    with open_store("sqlite:///payflow.db", tmp_path, create=True):
        pass
    mirror, journal = {"client", "client_said", "invoice", "entry", "bank_line", "reading"}, {"journal", "journal_body"}
    projections, workings = {"identity", "observation", "sighted", "charge"}, {"cursor", "meta"}
    assert tables(tmp_path / "payflow.db") == mirror | journal | projections | workings | {
        "message",
        "intent",
        "effect",
        "resting",
    }


def test_steps_are_applied_once_from_empty_and_from_older(tmp_path: Path) -> None:
    path = tmp_path / "payflow.db"
    with closing(SqliteDatabase.create(path)) as database:
        assert database.schema_version() == 0
        assert migrate(database, "here", [FIRST]) == [FIRST]
        assert migrate(database, "here", [FIRST]) == []
        assert database.schema_version() == 1
    with closing(SqliteDatabase(path)) as database:
        assert migrate(database, "here", [FIRST, SECOND]) == [SECOND]
        assert database.schema_version() == 2
        assert database.query("SELECT name, colour FROM thing") == [("kept", "grey")]


def test_a_step_that_fails_leaves_the_older_schema_whole(tmp_path: Path) -> None:
    with closing(SqliteDatabase.create(tmp_path / "payflow.db")) as database:
        migrate(database, "here", [FIRST])
        with pytest.raises(StoreError):
            migrate(database, "here", [FIRST, BROKEN])
        assert database.schema_version() == 1
        assert [row[1] for row in database.query("PRAGMA table_info(thing)")] == ["name"]
        assert migrate(database, "here", [FIRST, SECOND]) == [SECOND]


def test_a_step_that_another_process_applied_meanwhile_is_not_applied_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "payflow.db"
    with closing(SqliteDatabase.create(path)) as late, closing(SqliteDatabase.create(path)) as early:
        migrate(early, "here", [FIRST])
        # what `late` would have read before it waited for `early`
        answers = iter([0, 1])
        monkeypatch.setattr(late, "schema_version", lambda: next(answers))
        assert migrate(late, "here", [FIRST]) == []
        assert late.query("SELECT name FROM thing") == [("kept",)]


def test_a_schema_newer_than_the_program_is_refused_in_a_sentence(tmp_path: Path) -> None:
    open_store("sqlite:///payflow.db", tmp_path, create=True).close()
    with closing(sqlite3.connect(tmp_path / "payflow.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = tables(tmp_path / "payflow.db")
    with pytest.raises(
        StoreError, match=r"written by a newer payflow \(schema 99; this one knows up to \d+\)\. Install"
    ):
        open_store("sqlite:///payflow.db", tmp_path)
    assert tables(tmp_path / "payflow.db") == before
