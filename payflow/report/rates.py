"""What `payflow rates` prints: the tables and how far they reach, and the rows of one with their sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from payflow.policy.fees import percent
from payflow.policy.rates import RateTable
from payflow.report.ansi import Style
from payflow.report.table import Column, Row, table
from payflow.report.text import block


def listing(tables: Iterable[RateTable], style: Style) -> str:
    """All tables: first and last row, and the last day each speaks of."""
    rows = [
        Row((found.name, *_reach(found), str(len(found.rows)), found.series.title))
        for found in sorted(tables, key=lambda found: not found.rows)
    ]
    titles = ("table", "first row", "last row", "until", "rows", "what it is")
    columns = [Column(title, right=title == "rows", least=20 if title == "what it is" else None) for title in titles]
    return "\n".join(table(columns, rows, style, indent=0))


def _reach(found: RateTable) -> tuple[str, str, str]:
    if not found.rows:
        return ("none", "none", "")
    return (str(found.rows[0].since), str(found.rows[-1].since), str(found.until))


def rows_text(found: RateTable, style: Style) -> str:
    """One table: what it is, how far it reaches, and each row with the place where it stands."""
    return "\n".join(_lines(found, style))


def _lines(found: RateTable, style: Style) -> Iterator[str]:
    yield style.bold(f"{found.name}: {found.series.title}")
    reach = f"speaks until {found.until}" if found.until is not None else "has no rows yet"
    yield from block(f"{found.series.speaks.value}; {reach}", style.columns, "")
    if found.series.home:
        yield from block(f"published at {found.series.home}", style.columns, "")
    for row in found.rows:
        yield f"{row.since}  {percent(row.annual)} %{'  (yours)' if row.own else ''}"
        yield from (style.dim(line) for line in block(row.source, style.columns, "    "))


def listing_json(tables: Iterable[RateTable]) -> dict[str, Any]:
    """`payflow.rates/1`."""
    return {"schema": "payflow.rates/1", "tables": [_summary(found) for found in tables]}


def table_json(found: RateTable) -> dict[str, Any]:
    """`payflow.rate-table/1`."""
    rows = [
        {"from": str(row.since), "rate": percent(row.annual), "source": row.source, "own": row.own}
        for row in found.rows
    ]
    return {"schema": "payflow.rate-table/1", **_summary(found), "rows": rows}


def _summary(found: RateTable) -> dict[str, Any]:
    first, last = (str(found.rows[0].since), str(found.rows[-1].since)) if found.rows else (None, None)
    return {
        "table": found.name,
        "title": found.series.title,
        "changes": found.series.speaks.value,
        "published_at": found.series.home or None,
        "first": first,
        "last": last,
        "until": str(found.until) if found.until is not None else None,
    }
