"""A Book from two CSV files, one of invoices and one of payments: for scripts that work on columns, without a store.

    read = read_book(Path("invoices.csv"), Path("payments.csv"))
    found = assess(read.book, policies, governed, binding, as_of)

| file     | columns                                                                  |
|----------|--------------------------------------------------------------------------|
| invoices | `invoice`, `client`, `currency`, `issued_on`, `total`, perhaps `due_on`  |
| payments | `invoice`, `paid_on`, `amount`; a negative amount is a refund            |

Columns are found by their headings, in any order; others are passed over. Amounts are decimal text with a point, days are
YYYY-MM-DD, currencies ISO 4217 codes. Every cell of these columns is checked: a row with a bad one is left out and told.

A file without a mistake, and those are most, is read by pyarrow in typed columns and on all cores. Any doubt at all sends
both files through `rows`, which knows rows and says what is wrong with each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from msgspec import Struct

from payflow.books.facts import Headings, Told
from payflow.books.rows import by_row
from payflow.books.typed import in_columns
from payflow.columns import NO_DAY, Book, Ints, no_rows, same
from payflow.errors import Problem
from payflow.model.facts import EntryKind, Settlement, Status

__all__ = ["BookRead", "read_book"]


class BookRead(Struct, frozen=True):
    """The book, the number of the invoice in each of its rows, and what was left out and why."""

    book: Book
    numbers: Sequence[str]
    problems: Sequence[Problem] = ()


def read_book(
    invoices: Path, payments: Path | None = None, *, headings: Mapping[str, str] = MappingProxyType({})
) -> BookRead:
    """The book that the files tell. `headings` gives the heading of a column where it is another: {"invoice": "Number"}.

    Raises `ConnectorError` where a file cannot be read as a table, or lacks a column.
    """
    names = Headings(headings)
    told = in_columns(invoices, payments, names)
    problems: Sequence[Problem] = ()
    if told is None:
        told, problems = by_row(invoices, payments, names)
    return BookRead(_book(told), told.numbers, problems)


def _book(told: Told) -> Book:
    """The facts as a book: every invoice issued and open, every movement settled on its day."""
    size = len(told.total)
    order = _order(told.paid_row, told.paid_on)
    row, on, amount = told.paid_row, told.paid_on, told.paid
    if order is not None:
        row, on, amount = row[order], on[order], amount[order]
    kind = np.where(amount < 0, _REFUND, _PAYMENT) if (amount < 0).any() else same(_PAYMENT, len(row))
    return Book(
        id=np.arange(size, dtype=np.int64),
        total=told.total,
        issued_on=told.issued_on,
        due_printed=told.due_on,
        due_shown=same(NO_DAY, size),
        status=same(tuple(Status).index(Status.OPEN), size),
        client=told.client,
        currency=told.currency,
        role_charge=no_rows(size),
        stale=no_rows(size),
        unknown=no_rows(size),
        entry_row=row,
        entry_on=on,
        entry_amount=amount,
        entry_kind=kind,
        entry_settlement=same(tuple(Settlement).index(Settlement.SETTLED), len(row)),
        entry_inferred=no_rows(len(row)),
        entry_client=told.client[row],
        entry_currency=told.currency[row],
        clients=told.clients,
        currencies=told.currencies,
    )


_PAYMENT, _REFUND = tuple(EntryKind).index(EntryKind.PAYMENT), tuple(EntryKind).index(EntryKind.REFUND)
#: Bits of what `_order` packs into one number: a place among the movements, and a day from the first one on.
_PLACE, _DAY = 27, 15


def _order(row: Ints, on: Ints) -> Ints | None:
    """The places of movements by row and day, those of one day as they stood; None where they are in order already.

    Row, day and place are packed into one number where they fit, since numbers are sorted much faster than places.
    """
    if not len(row) or bool(((row[1:] > row[:-1]) | ((row[1:] == row[:-1]) & (on[1:] >= on[:-1]))).all()):
        return None
    first = int(on.min())
    if len(row) >= 1 << _PLACE or int(on.max()) - first >= 1 << _DAY or int(row.max()) >= 1 << (63 - _PLACE - _DAY):
        return np.lexsort((on, row))
    packed = (((row << _DAY) | (on - first)) << _PLACE) | np.arange(len(row), dtype=np.int64)
    packed.sort()
    return packed & ((1 << _PLACE) - 1)
