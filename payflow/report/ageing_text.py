"""The ageing report for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from payflow.money import decimal
from payflow.report.ageing import BUCKETS, Ageing, Line, lines, totals
from payflow.report.ansi import Style
from payflow.report.table import Column, Row, table
from payflow.report.text import block, clean, cut, width
from payflow.report.words import figure

_TITLES = ("Not due", "1-30", "31-60", "61-90", "Over 90", "Outstanding")
#: The same where a line of its own says each.
_WORDS = ("not due", "1 to 30 days overdue", "31 to 60 days", "61 to 90 days", "over 90 days")
#: Below this width a client's name tells nothing.
_LEAST = 8


def ageing_text(ageing: Ageing, as_of: date, style: Style) -> str:
    """A section per currency, a row per client; at most `style.columns` wide, ending in a line break."""
    parts = [[style.bold(f"Ageing on {as_of:%A} {as_of}")]]
    every = lines(ageing)
    for total in totals(ageing):
        mine = [line for line in every if line.currency == total.currency]
        parts.append([style.bold(total.currency), *_section(mine, total, style)])
    if not every:
        parts.append(["Nothing is outstanding."])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _section(every: Sequence[Line], total: Line, style: Style) -> list[str]:
    """A table, or where figures are too wide for one, a paragraph per client."""
    columns = (Column("Client", least=_LEAST), *(Column(title, right=True) for title in _TITLES))
    rows = [_row(line, line.name) for line in every]
    if len(every) > 1:
        rows.append(_row(total, "Total"))
    if max(map(width, table(columns, rows, replace(style, colour=False)))) <= style.columns:
        return table(columns, rows, style)
    return [text for line in [*every, *([total] if len(every) > 1 else [])] for text in _paragraph(line, style)]


def _row(line: Line, name: str) -> Row:
    figures = [figure(amount, line.currency) if amount else "-" for amount in (*line.buckets, line.outstanding)]
    return Row((name, *figures), [beside] if (beside := _beside(line)) else [])


def _beside(line: Line) -> str:
    said = [("fees", line.fees), ("interest", line.interest)]
    return ", ".join(f"{word} {figure(amount, line.currency)}" for word, amount in said if amount)


def _paragraph(line: Line, style: Style) -> list[str]:
    named = [(word, amount) for word, amount in zip(_WORDS, line.buckets, strict=True) if amount]
    said = ", ".join(f"{word} {figure(amount, line.currency)}" for word, amount in named) or "nothing outstanding"
    beside = _beside(line)
    name = f"  {cut(clean(line.name or 'Total'), style.columns - 2, style.ellipsis)}"
    return [name, *block(f"{said}; {beside}" if beside else said, style.columns, "    ")]


def ageing_json(ageing: Ageing, as_of: date) -> dict[str, Any]:
    """`payflow.ageing/1`: a row per client and currency, and the sums of each currency."""
    return {
        "schema": "payflow.ageing/1",
        "as_of": as_of.isoformat(),
        "clients": [{"client": line.client, "name": line.name} | _amounts(line) for line in lines(ageing)],
        "totals": [_amounts(line) for line in totals(ageing)],
    }


def _amounts(line: Line) -> dict[str, str]:
    buckets = dict(zip(BUCKETS, line.buckets, strict=True))
    amounts = buckets | {name: getattr(line, name) for name in ("outstanding", "overdue", "interest", "fees")}
    return {"currency": line.currency} | {name: decimal(amount, line.currency) for name, amount in amounts.items()}
