"""Two CSV files row by row: what `typed` yields, and a sentence on everything that is wrong.

Slower, and for files with mistakes only. Cells may also be written as people write them where that leaves no doubt:
`1,234.50`, blanks around a day.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from payflow.books.facts import (
    DECIMALS,
    FIRST_YEAR,
    INVOICES,
    LARGEST,
    LAST_YEAR,
    OPTIONAL,
    PAYMENTS,
    Headings,
    Told,
    header_of,
    reading,
)
from payflow.columns import NO_DAY, Ints, to_day
from payflow.errors import Problem
from payflow.money import AmountError, decimal, exponent, is_currency, parse

#: A column that is wrong from top to bottom is told by its first rows.
_MOST = 500
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class _Bad(Exception):
    """A cell that cannot be read: its column, what was found, what to do."""

    def __init__(self, column: str, found: str, remedy: str) -> None:
        self.column, self.found, self.remedy = column, found, remedy
        super().__init__(found)


class _Problems:
    """Problems of both files; the first ones are told in full."""

    def __init__(self) -> None:
        self._told: list[Problem] = []
        self._untold = 0

    def add(self, where: str, found: str, remedy: str) -> None:
        if len(self._told) < _MOST:
            self._told.append(Problem(where, found, remedy))
        else:
            self._untold += 1

    def all(self, where: str) -> Sequence[Problem]:
        if not self._untold:
            return self._told
        remedy = "Correct those listed first, then read it again."
        return [*self._told, Problem(where, f"there are {self._untold} more problems", remedy)]


def by_row(invoices: Path, payments: Path | None, headings: Headings) -> tuple[Told, Sequence[Problem]]:
    """What the good rows tell, and what is wrong with the others. Raises `ConnectorError` where a file is no table."""
    problems = _Problems()
    rows: dict[str, int] = {}
    clients: dict[str, int] = {}
    currencies: dict[str, int] = {}
    told: dict[str, array[int]] = {name: array("q") for name in ("client", "currency", "issued_on", "due_on", "total")}
    for line, cells in _rows(invoices, headings, INVOICES, problems):
        try:
            number, currency = cells["invoice"], _currency(cells["currency"])
            if not number or number in rows:
                raise _Bad("invoice", f"{number!r} is there twice" if number else "is empty", _CORRECT)
            if not cells["client"]:
                raise _Bad("client", "is empty", _CORRECT)
            values = {
                "issued_on": _day(cells["issued_on"], "issued_on"),
                "due_on": _day(cells[OPTIONAL], OPTIONAL) if cells.get(OPTIONAL, "").strip() else NO_DAY,
                "total": _minor(_amount(cells["total"], "total"), currency, "total"),
                "client": clients.setdefault(cells["client"], len(clients)),
                "currency": currencies.setdefault(currency, len(currencies)),
            }
        except _Bad as bad:
            problems.add(f"{invoices.name}:{line}: {headings.of(bad.column)}", bad.found, bad.remedy)
            continue
        rows[number] = len(rows)
        for name, value in values.items():
            told[name].append(value)
    codes = list(currencies)
    paid: dict[str, array[int]] = {name: array("q") for name in ("row", "on", "amount")}
    for line, cells in _rows(payments, headings, PAYMENTS, problems) if payments is not None else ():
        try:
            row = rows.get(cells["invoice"])
            if row is None:
                raise _Bad("invoice", f"there is no invoice {cells['invoice']!r}", f"Look for it in {invoices.name}.")
            on = _day(cells["paid_on"], "paid_on")
            amount = _minor(_amount(cells["amount"], "amount"), codes[told["currency"][row]], "amount")
        except _Bad as bad:
            assert payments is not None
            problems.add(f"{payments.name}:{line}: {headings.of(bad.column)}", bad.found, bad.remedy)
            continue
        for name, value in (("row", row), ("on", on), ("amount", amount)):
            paid[name].append(value)
    found = Told(
        list(rows),
        _ints(told["client"]),
        list(clients),
        _ints(told["currency"]),
        codes,
        _ints(told["issued_on"]),
        _ints(told["due_on"]),
        _ints(told["total"]),
        _ints(paid["row"]),
        _ints(paid["on"]),
        _ints(paid["amount"]),
    )
    return found, problems.all(invoices.name)


_CORRECT = "Correct it; the row is left out."


def _rows(
    path: Path, headings: Headings, columns: Sequence[str], problems: _Problems
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line numbers and cells by column of the rows that are as wide as the header."""
    header = header_of(path)
    places = headings.found(path, header, columns)
    with reading(path) as file:
        rows = csv.reader(file)
        next(rows)
        for cells in rows:
            if not cells:
                continue
            if len(cells) == len(header):
                yield rows.line_num, {column: cells[place] for column, place in places.items()}
            else:
                found = f"the row has {len(cells)} cells and the header {len(header)}"
                problems.add(f"{path.name}:{rows.line_num}", found, "Put cells that hold a comma in quotes.")


def _currency(text: str) -> str:
    code = text.strip()
    if not is_currency(code):
        raise _Bad("currency", f"{code!r} is no currency", "Write its code, such as EUR; the row is left out.")
    return code


def _day(text: str, column: str) -> int:
    written = text.strip()
    try:
        if not _DAY.fullmatch(written):
            raise ValueError
        day = date.fromisoformat(written)
    except ValueError:
        raise _Bad(column, f"{text[:40]!r} is no day", "Write it as YYYY-MM-DD; the row is left out.") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _Bad(column, f"{written} is not between {FIRST_YEAR} and {LAST_YEAR}", _CORRECT)
    return to_day(day)


def _amount(text: str, column: str) -> int:
    """Units of the fourth decimal, whatever the currency."""
    try:
        amount = parse(text, _FINEST)
    except AmountError as error:
        raise _Bad(column, str(error).partition(", which")[0], _CORRECT) from None
    if abs(amount) > LARGEST:
        raise _Bad(column, f"{text[:40]!r} is too large to be an amount of money", _CORRECT)
    return amount


#: A currency with as many decimals as any has.
_FINEST = "CLF"


def _minor(amount: int, currency: str, column: str) -> int:
    unit: int = 10 ** (DECIMALS - exponent(currency))
    whole, rest = divmod(amount, unit)
    if rest:
        written = decimal(amount, _FINEST).rstrip("0")
        digits = exponent(currency)
        raise _Bad(column, f"{written!r} has more than {digits} decimals, which {currency} does not have", _CORRECT)
    return whole


def _ints(values: array[int]) -> Ints:
    return np.array(values, dtype=np.int64)
