"""What the entries of a book did by a day: which of them count, and their sums by invoice, in columns."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from payflow.columns import Book, Ints, no_rows, same
from payflow.model.facts import EntryKind, Settlement

#: The codes of `Book.entry_kind` and `Book.entry_settlement` are places in these.
ENTRY_KINDS = tuple(EntryKind)
SETTLEMENTS = tuple(Settlement)

_KIND = {kind: code for code, kind in enumerate(ENTRY_KINDS)}
_SETTLEMENT = {settlement: code for code, settlement in enumerate(SETTLEMENTS)}


def counting(book: Book, place: slice = slice(None)) -> NDArray[np.bool_]:
    """The entries that change the balance of an invoice: settled money does, and disputed money as far as it is gone."""
    settlement = book.entry_settlement[place]
    counts: NDArray[np.bool_] = settlement == _SETTLEMENT[Settlement.SETTLED]
    if not counts.all():
        counts |= (settlement == _SETTLEMENT[Settlement.DISPUTED]) & (book.entry_amount[place] < 0)
    # open credit is on no invoice
    counts &= book.entry_row[place] >= 0
    return counts


class Moved(Struct, frozen=True):
    """The entries that change a balance, sorted by row and day; positive amounts lower what is owed."""

    row: Ints
    on: Ints
    amount: Ints

    def sums(self, size: int, values: Ints) -> Ints:
        """Values of entries added up by row."""
        return _sums(size, self.row, values)


class Money(Struct, frozen=True):
    """What entries did by row: `moved` is all that changed a balance; `went_back`, `contested` are rows, the rest columns."""

    entries: Moved
    moved: Ints
    credited: Ints
    given_up: Ints
    has_credits: bool
    pending: Ints
    went_back: Ints
    contested: Ints
    inferred: NDArray[np.bool_]


def money_by(book: Book, today: int) -> Money:
    """Add entries up. Settled money counts, and disputed money as far as it is gone; entries of open credit do not."""
    size = len(book)
    row, on, amount = book.entry_row, book.entry_on, book.entry_amount
    kind, guessed = book.entry_kind, book.entry_inferred
    counts = counting(book)
    counts &= on <= today
    others = np.flatnonzero(book.entry_settlement != _SETTLEMENT[Settlement.SETTLED])
    others = others[(row[others] >= 0) & (on[others] <= today)]
    if not counts.all():
        row, on, amount, kind, guessed = row[counts], on[counts], amount[counts], kind[counts], guessed[counts]
    disputed = others[book.entry_settlement[others] == _SETTLEMENT[Settlement.DISPUTED]]
    on_the_way = others[book.entry_settlement[others] == _SETTLEMENT[Settlement.PENDING]]
    on_the_way = on_the_way[book.entry_amount[on_the_way] > 0]
    inferred = no_rows(size)
    if guessed.any():
        inferred = np.zeros(size, dtype=np.bool_)
        inferred[row[guessed]] = True
    entries = Moved(row, on, amount)
    other = np.flatnonzero(kind != _KIND[EntryKind.PAYMENT])
    credited = other[kind[other] == _KIND[EntryKind.CREDIT]]
    given_up = other[kind[other] == _KIND[EntryKind.WRITE_OFF]]
    back = other[(kind[other] == _KIND[EntryKind.REFUND]) | (kind[other] == _KIND[EntryKind.DISPUTE])]
    return Money(
        entries,
        entries.sums(size, amount),
        _few(size, row[credited], amount[credited]),
        _few(size, row[given_up], amount[given_up]),
        bool(len(credited) or len(given_up)),
        _few(size, book.entry_row[on_the_way], book.entry_amount[on_the_way]),
        np.flatnonzero(_few(size, row[back], amount[back]) < 0) if len(back) else back,
        book.entry_row[disputed],
        inferred,
    )


def _sums(size: int, row: Ints, amount: Ints) -> Ints:
    result = np.zeros(size, dtype=np.int64)
    np.add.at(result, row, amount)
    return result


def _few(size: int, row: Ints, amount: Ints) -> Ints:
    """The same of a kind of entries of which most books have none."""
    return _sums(size, row, amount) if len(row) else same(0, size)
