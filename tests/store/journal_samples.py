"""Records and helpers for the tests of the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from payflow.model.journal import Record, RecordKind
from payflow.store import Store, journal, open_store

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 21)


def record(kind: RecordKind = RecordKind.CHASE, day: date = DAY, **body: Any) -> Record:
    return Record(kind, day, body)


def new_store(folder: Path) -> Store:
    return open_store("sqlite:///payflow.db", folder, create=True)


def add(store: Store, *records: Record, at: datetime = AT) -> list[int]:
    with store.transaction() as tx:
        return journal.append(tx, records, at=at)


def tamper(store: Store, change: Callable[[sqlite3.Connection], object]) -> None:
    """Change the file as somebody with another program would."""
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        change(connection)


def fee(ref: str = "PF-1", invoice: int = 1, **changes: Any) -> dict[str, Any]:
    plain = {"ref": ref, "invoice": invoice, "kind": "late-fee", "occurrence": "late-fee", "generation": 0}
    return plain | {"amount": 2500, "currency": "GBP", "terms": {"policy": "standard", "fee": "25.00 GBP"}} | changes


def notice(invoice: int = 1, step: str = "reminder", **changes: Any) -> dict[str, Any]:
    return {"invoice": invoice, "step": step, "due_on": "2026-11-04", "announced": None} | changes


def outcome(day: date = DAY, said: str = "sent", **changes: Any) -> Record:
    body: dict[str, Any] = {"key": f"acme-{day}", "client": "acme", "day": day.isoformat(), "outcome": said}
    body |= {"transport": "folder", "detail": "", "to": "pay@acme.example", "notices": [], "charges": []}
    return Record(RecordKind.OUTCOME, day, body | changes, client="acme")
