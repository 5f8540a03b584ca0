"""Workings: cursors of sources and small named values. Losing them costs time, never truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from payflow.store.database import Reader, Transaction


def read_cursor(db: Reader, source: str) -> dict[str, Any] | None:
    """What the source's connector wanted to remember, None when nothing."""
    rows = db.query("SELECT value FROM cursor WHERE source = ?", (source,))
    cursor: dict[str, Any] | None = json.loads(rows[0][0]) if rows else None
    return cursor


def write_cursor(tx: Transaction, source: str, value: Mapping[str, Any] | None) -> None:
    """Remember `value` (JSON values) for the source; None forgets, so that the next pull reads everything."""
    if value is None:
        tx.execute("DELETE FROM cursor WHERE source = ?", (source,))
        return
    tx.execute(
        "INSERT INTO cursor (source, value) VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET value = excluded.value",
        (source, json.dumps(dict(value), sort_keys=True)),
    )


def get_meta(db: Reader, name: str) -> str | None:
    """A small named value, None when it was never set."""
    rows = db.query("SELECT value FROM meta WHERE name = ?", (name,))
    return str(rows[0][0]) if rows else None


def set_meta(tx: Transaction, name: str, value: str) -> None:
    """Set a small named value."""
    tx.execute(
        "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
