"""Records and helpers for the tests of the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from typing import Any

import psycopg

from payflow.model.journal import Record, RecordKind
from payflow.store import Store, journal
from payflow.store.placeholders import numbered
from payflow.store.postgresql import PostgresqlDatabase

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 21)


def record(kind: RecordKind = RecordKind.CHASE, day: date = DAY, **body: Any) -> Record:
    return Record(kind, day, body)


def add(store: Store, *records: Record, at: datetime = AT) -> list[int]:
    with store.transaction() as tx:
        return journal.append(tx, records, at=at)


class Intruder:
    """Another program at the store's tables, which no rule of the database stops."""

    def __init__(self, store: Store) -> None:
        self.file: sqlite3.Connection | None = None
        if isinstance(store._database, PostgresqlDatabase):
            self._server = store._database._connect()
            self._server.execute("SET default_transaction_read_only = off")
            # foreign keys are not looked after
            self._server.execute("SET session_replication_role = replica")
        else:
            self.file = sqlite3.connect(store.path, isolation_level=None)

    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        """Run a statement, or none of it where the database takes no such values."""
        if self.file is not None:
            with suppress(sqlite3.IntegrityError):
                self.file.execute(sql, params)
        else:
            with suppress(psycopg.errors.IntegrityError, psycopg.errors.DatatypeMismatch, psycopg.DataError):
                self._server.execute(numbered(sql), params)

    def script(self, sql: str) -> None:
        """Run several statements."""
        for statement in sql.split(";"):
            self.execute(statement)

    def close(self) -> None:
        """Go away."""
        (self.file or self._server).close()


def tamper(store: Store, change: Callable[[Intruder], object]) -> None:
    """Change the tables as somebody with another program would."""
    with closing(Intruder(store)) as intruder:
        change(intruder)


def fee(ref: str = "PF-1", invoice: int = 1, **changes: Any) -> dict[str, Any]:
    plain = {"ref": ref, "invoice": invoice, "kind": "late-fee", "occurrence": "late-fee", "generation": 0}
    return plain | {"amount": 2500, "currency": "GBP", "terms": {"policy": "standard", "fee": "25.00 GBP"}} | changes


def notice(invoice: int = 1, step: str = "reminder", **changes: Any) -> dict[str, Any]:
    return {"invoice": invoice, "step": step, "due_on": "2026-11-04", "announced": None} | changes


def outcome(day: date = DAY, said: str = "sent", **changes: Any) -> Record:
    body: dict[str, Any] = {"key": f"acme-{day}", "client": "acme", "day": day.isoformat(), "outcome": said}
    body |= {"transport": "folder", "detail": "", "to": "pay@acme.example", "notices": [], "charges": []}
    return Record(RecordKind.OUTCOME, day, body | changes, client="acme")


def delete(seq: int) -> Callable[[Intruder], object]:
    """Take a record out."""

    def change(db: Intruder) -> None:
        db.execute("DELETE FROM journal_body WHERE seq = ?", (seq,))
        db.execute("DELETE FROM journal WHERE seq = ?", (seq,))

    return change


def statement(sql: str) -> Callable[[Intruder], object]:
    """Do what SQL says."""
    return lambda db: db.script(sql)


def swap(one: int, two: int) -> Callable[[Intruder], object]:
    """Let two records change places."""

    def change(db: Intruder) -> None:
        for table in ("journal", "journal_body"):
            for old, new in ((one, -1), (two, one), (-1, two)):
                db.execute(f"UPDATE {table} SET seq = ? WHERE seq = ?", (new, old))

    return change
