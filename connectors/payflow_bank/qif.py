"""QIF: records of lines that begin with a letter and end with `^`. No ids, no currency, no order of dates.

The order of dates and the decimal mark are decided from all records of the file, as in tables; where nothing proves them, the
reader asks instead of guessing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date

from msgspec import Struct, field
from msgspec.structs import replace

from payflow.connector import AmountError, ConnectorError, Marks, Problem
from payflow_bank.statement import Line, Statement, minor, one_line
from payflow_bank.text import lines_of
from payflow_exports import dates
from payflow_exports.amounts import mark_proof
from payflow_exports.common import SAY_DATES, SAY_DECIMAL
from payflow_exports.format import DayOrder
from payflow_exports.options import Options
from payflow_exports.problems import Problems

_BEGIN = re.compile(r"^\s*!(?:Type|Account|Option|Clear)\b", re.IGNORECASE)
_MONEY = ("bank", "cash", "ccard", "oth a", "oth l")
_APOSTROPHE = re.compile(r"^\s*([0-9]{1,2})\s*[/.-]\s*([0-9]{1,2})\s*['’]\s*([0-9]{2,4})\s*$")
_SPACED = re.compile(r"\s*([/.-])\s*")
_LEFT_OUT = "Export it again, or correct the row; the line is left out."
_MOST_ROWS = 1000


def is_qif(head: str) -> bool:
    """Whether a file begins as QIF does."""
    return bool(_BEGIN.match(head))


class _Record(Struct):
    """The lines of one record by their letters, and where it begins."""

    row: int
    account: str
    values: dict[str, str] = field(default_factory=dict)
    splits: list[str] = field(default_factory=list)


def read(text: str, name: str, currency: str, options: Options, problems: Problems) -> Iterator[Statement]:
    """The movements of each account in a file.

    Raises `ConnectorError` where the file breaks off, and where nothing in it tells the order of its dates or its decimal mark.
    """
    records = list(_records(text, name))
    days = [_normal(record.values.get("D", "")) for record in records]
    order = _order(name, records, days, options)
    marks = _marks(name, records, options)
    statements: dict[str, Statement] = {}
    for record, day in zip(records, days, strict=True):
        statement = statements.setdefault(record.account, Statement(record.row, record.account, currency, assumed=True))
        line = _line(record, day, order, marks, currency, problems)
        if line is None:
            statement.whole = False
        else:
            statement.lines.append(line)
    yield from statements.values()


def _records(text: str, name: str) -> Iterator[_Record]:
    account, kind = "", ""
    current: _Record | None = None
    for row, raw in enumerate(lines_of(text), 1):
        line = raw.strip("\ufeff\x1a \t\r")
        if not line:
            continue
        if line.startswith("!"):
            word, _, value = line[1:].partition(":")
            kind = value.strip().casefold() if word.casefold() == "type" else word.casefold()
            current = None
        elif line.startswith("^"):
            if current is not None and kind == "account":
                account = current.values.get("N", account)
            elif current is not None and kind in _MONEY and not _opening(current):
                yield current
            current = None
        else:
            current = current or _Record(row, account)
            _add(current, line)
    if current is not None and kind in _MONEY:
        found = "breaks off inside a record (no ^ ends the last one)"
        raise ConnectorError(Problem(name, found, "Export it again: what is missing cannot be told."))


def _add(record: _Record, line: str) -> None:
    letter, value = line[0].upper(), line[1:].strip()
    if letter in "SE$%":
        if letter == "E" and len(record.splits) < _MOST_ROWS:
            record.splits.append(value)
    elif letter == "A" and "A" in record.values:
        record.values["A"] += f"\n{value}"[:_MOST_ROWS]
    else:
        record.values.setdefault(letter, value)


def _opening(record: _Record) -> bool:
    """The first record of an account may state its opening balance, which is no movement of money."""
    return record.values.get("P", "").casefold() == "opening balance"


def _normal(text: str) -> str:
    """A date as tables write it: `2/10' 5` and `1/ 5/97` are QIF's own ways."""
    if match := _APOSTROPHE.match(text):
        year = int(match[3]) + (2000 if len(match[3]) == 2 else 0)
        return f"{match[1]}/{match[2]}/{year:04d}"
    return _SPACED.sub(r"\1", text).replace("' ", "'").strip()


def _order(name: str, records: Sequence[_Record], days: Sequence[str], options: Options) -> DayOrder:
    if options.day_order is not None:
        return options.day_order
    proof = dates.proof(days)
    if proof.day_first and proof.month_first:
        row = records[days.index(proof.month_first)].row
        found = f"dates are written both day-first ({proof.day_first}) and month-first ({proof.month_first})"
        raise ConnectorError(Problem(f"{name}:{row}: D", found, SAY_DATES))
    if proof.day_first or proof.month_first:
        return DayOrder.DAY_FIRST if proof.day_first else DayOrder.MONTH_FIRST
    if not proof.either:
        return DayOrder.DAY_FIRST  # no date depends on it
    row = records[days.index(proof.either)].row
    found = f"{proof.either!r} may be day-first or month-first, and no date in the file tells"
    raise ConnectorError(Problem(f"{name}:{row}: D", found, SAY_DATES))


def _marks(name: str, records: Sequence[_Record], options: Options) -> Marks:
    if options.marks is not None:
        return options.marks
    amounts = [_money(record) for record in records]
    proof = mark_proof(amounts)
    if proof.point and proof.comma:
        row = records[amounts.index(proof.comma)].row
        found = f"amounts are written both like {proof.point!r} and like {proof.comma!r}"
        raise ConnectorError(Problem(f"{name}:{row}: T", found, SAY_DECIMAL))
    if proof.either and not (proof.point or proof.comma):
        row = records[amounts.index(proof.either)].row
        found = f"{proof.either!r} may have a decimal mark or a thousands mark, and nothing in the file tells"
        raise ConnectorError(Problem(f"{name}:{row}: T", found, SAY_DECIMAL))
    return Marks.COMMA if proof.comma else Marks.POINT


def _money(record: _Record) -> str:
    return record.values.get("T") or record.values.get("U", "")


def _line(record: _Record, day: str, order: DayOrder, marks: Marks, currency: str, problems: Problems) -> Line | None:
    on = _on(day, order)
    if on is None:
        found = f"{record.values['D'][:60]!r} is not a date written {order.value}" if day else "is not there"
        problems.add(f"{record.row}: D", found, _LEFT_OUT)
        return None
    try:
        if not _money(record):
            raise AmountError("is not there")
        amount = minor(_money(record), currency, marks)
    except AmountError as error:
        problems.add(f"{record.row}: T", str(error), _LEFT_OUT)
        return None
    return Line(
        row=record.row,
        on=on,
        amount=amount,
        currency=currency,
        payer=one_line(record.values.get("P", "")),
        text=one_line(record.values.get("M", ""), *record.splits),
    )


def _on(day: str, order: DayOrder) -> date | None:
    written = dates.read(day)
    if written is None:
        return None
    # a date with dots is day-first everywhere else; QIF programs put them where others put slashes
    return replace(written, at=None).on(order, UTC, utc=False)
