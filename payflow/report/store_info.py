"""Where the store is and how far it has come, as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from payflow.report.ansi import Style
from payflow.report.as_json import Json
from payflow.store.anchor import Head


class StoreInfo(NamedTuple):
    """The store in words, its schema and journal's end, and whether it is live; rows by table."""

    where: str
    schema: int
    head: Head
    anchor: str
    live: bool
    not_live_because: str
    rows: Mapping[str, int]


def as_json(found: StoreInfo) -> Json:
    """`payflow.store/1`."""
    return {
        "schema": "payflow.store/1",
        "where": found.where,
        "schema_version": found.schema,
        "journal": {"records": found.head.seq, "hash": found.head.hash},
        "anchor": found.anchor,
        "live": found.live,
        "not_live_because": found.not_live_because or None,
        "rows": dict(found.rows),
    }


def as_text(found: StoreInfo, style: Style) -> str:
    """A few lines for people."""
    because = f": {found.not_live_because}" if found.not_live_because else ""
    rows = ", ".join(f"{name} {count}" for name, count in found.rows.items() if count)
    lines = {
        "store": found.where,
        "journal": f"{found.head.seq} records, ends with {found.head.hash[:16]}",
        "anchor": found.anchor,
        "live": "yes" if found.live else f"no{because}",
        "rows": rows or "none",
    }
    return "\n".join(f"{style.bold(f'{name:<8}')} {text}" for name, text in lines.items())
