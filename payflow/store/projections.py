"""Projections of the journal: tables that a query can use, rebuilt from the records at any time.

`identity` and `observation` repeat what records say, `sighted` says which records to ask for more; `charge` holds the unique
keys that make a second charge impossible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from payflow.model.journal import RecordKind
from payflow.store import observations
from payflow.store.database import Transaction
from payflow.store.moments import to_day, to_moment
from payflow.store.upserts import Bulk

#: The kinds of records that a projection is made from.
PROJECTED = (RecordKind.IDENTITIES, RecordKind.OBSERVATIONS, RecordKind.OUTCOME, RecordKind.MESSAGE_RESOLVED)

_CLAIMED = "sent"


def project(tx: Transaction, seq: int, kind: str, body: Mapping[str, Any]) -> None:
    """Apply the record `seq`. Raises `DuplicateKeyError` for a charge that exists already, and for a key with two identities."""
    if kind == RecordKind.IDENTITIES and "columns" in body:
        _project_identities(tx, body)
    elif kind == RecordKind.OBSERVATIONS and "columns" in body:
        observations.project(tx, seq, body)
    elif kind == RecordKind.IDENTITIES:
        tx.executemany(_IDENTITY, body["rows"])
    elif kind == RecordKind.OBSERVATIONS:
        tx.executemany(_OBSERVATION, _observations(body["rows"]))
    elif kind in (RecordKind.OUTCOME, RecordKind.MESSAGE_RESOLVED) and body["outcome"] == _CLAIMED:
        tx.executemany(_CHARGE, ([charge[name] for name in _CHARGE_KEYS] for charge in body.get("charges", ())))


def _project_identities(tx: Transaction, body: Mapping[str, Any]) -> None:
    """Identities of one source: many of them, so they are told in columns."""
    columns = body["columns"]
    alike = {"number": "key"} if columns["number"] == columns["key"] else {}
    rows = list(zip(*(columns[name] for name in ("id", "key", "number") if name not in alike), strict=True))
    tx.upsert("identity", ("id", "source", "key", "number"), ("id",), Bulk(rows, {"source": body["source"]}, alike))


def clear(tx: Transaction) -> None:
    """Empty every projection."""
    for table in ("identity", "observation", "sighted", "charge"):
        tx.execute(f"DELETE FROM {table}")  # noqa: S608 (the names above)


# an identity that is told of again has moved to another key of its source
_IDENTITY = (
    "INSERT INTO identity (id, source, key, number) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET source = excluded.source, key = excluded.key, number = excluded.number"
)
_OBSERVATION = (
    "INSERT INTO observation (invoice, as_of, paid, credited, due_on) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (invoice, as_of) DO UPDATE "
    "SET paid = excluded.paid, credited = excluded.credited, due_on = coalesce(excluded.due_on, observation.due_on)"
)
_CHARGE_KEYS = ("ref", "invoice", "kind", "occurrence", "generation")
_CHARGE = "INSERT INTO charge (ref, invoice, kind, occurrence, generation) VALUES (?, ?, ?, ?, ?)"


def _observations(rows: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    for invoice, as_of, paid, credited, due_on in rows:
        yield invoice, _moment(as_of), paid, credited, _day(due_on)


# a reading observes thousands of invoices as of one moment
@lru_cache(maxsize=64)
def _moment(text: str) -> str:
    return to_moment(datetime.fromisoformat(text))


def _day(value: str | int | None) -> int | None:
    return to_day(date.fromisoformat(value)) if isinstance(value, str) else value
