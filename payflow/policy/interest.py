"""Simple interest, yearly rate, actual/365, rounded once at the end, half up.

The exact interest of an invoice is a fraction: balance-days x rate / 365, in minor units. Balance-days of a whole book are a
gather and a subtraction per entry, since for a balance that never falls below zero

    sum over spans of balance x days = total x (until - start) - sum over entries of amount x (until - max(start, on))

Rows for which that does not hold (an overpayment somewhere, a balance within the tolerance), or whose figures might not fit
int64, are added up span by span in Python's integers. Both ways yield the same integer, and `rounded` is the one place that
rounds.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from payflow.columns import Book, Ints
from payflow.model.facts import Settlement
from payflow.money import round_half_up
from payflow.policy.timeline import spans

#: Days in the year of actual/365.
YEAR = 365
#: Above these the exact path is taken. Dates reach to the year 9999, less than 4 * 10**6 days: what is moved on an invoice,
#: times days, stays below 2**62, and so does any sum of it.
_LARGE_AMOUNT = 10**12
_LARGE = 2**62

SETTLEMENTS = tuple(Settlement)
_SETTLED, _DISPUTED = SETTLEMENTS.index(Settlement.SETTLED), SETTLEMENTS.index(Settlement.DISPUTED)


def counts(book: Book, until: int) -> NDArray[np.bool_]:
    """Which entries change a balance by `until`: settled money of an invoice, and disputed money as far as it is gone.

    Pending and failed money changes nothing; money that came in and is disputed is not there.
    """
    there = (book.entry_settlement == _SETTLED) | ((book.entry_settlement == _DISPUTED) & (book.entry_amount < 0))
    mask: NDArray[np.bool_] = (book.entry_row >= 0) & there & (book.entry_on <= until)
    return mask


def balance_days(book: Book, start: Ints, until: int, tolerance: Ints | None = None) -> list[int]:
    """Sum of balance x days per invoice, from the day after `start` through `until`, as exact integers.

    `tolerance` in minor units per row: a balance that is not above it counts as zero.
    """
    mask = counts(book, until)
    row, on, amount = book.entry_row[mask], book.entry_on[mask], book.entry_amount[mask]
    days = np.maximum(until - start, 0)
    moved = _add(len(book), row, amount * np.maximum(until - np.maximum(start[row], on), 0))
    result: list[int] = (book.total * days - moved).tolist()
    free = tolerance if tolerance is not None else np.zeros(len(book), dtype=np.int64)
    for index in np.flatnonzero(_odd(book, row, amount, free)).tolist():
        result[index] = _by_spans(book, index, int(start[index]), until, int(free[index]))
    return result


def _odd(book: Book, row: Ints, amount: Ints, free: Ints) -> NDArray[np.bool_]:
    """Rows that the one-line formula does not hold for, a few too many rather than too few."""
    size, total = len(book), book.total
    down, up = _add(size, row, np.maximum(amount, 0)), _add(size, row, np.minimum(amount, 0))
    many = np.bincount(row, minlength=size) > 1
    large = (total > _LARGE_AMOUNT) | (down > _LARGE_AMOUNT) | (up < -_LARGE_AMOUNT)
    # one by one as well, since sums of what is larger might wrap around
    large[row[(amount > _LARGE_AMOUNT) | (amount < -_LARGE_AMOUNT)]] = True
    left = total - down - up
    tolerated = (free > 0) & ((left <= free) & ((left > 0) | many) | (up < 0) | (total <= free))
    odd: NDArray[np.bool_] = large | (total < 0) | (down > total) | tolerated
    return odd


def _add(size: int, row: Ints, amount: Ints) -> Ints:
    result = np.zeros(size, dtype=np.int64)
    np.add.at(result, row, amount)
    return result


def _by_spans(book: Book, row: int, start: int, until: int, tolerance: int) -> int:
    found = spans(int(book.total[row]), movements(book, row), start, until, tolerance)
    return sum(span.balance * span.days for span in found)


def movements(book: Book, row: int) -> list[tuple[int, int]]:
    """(day, amount) of the entries of one invoice that change its balance, in order of day."""
    place = book.entries_of(row)
    return [
        (int(on), int(amount))
        for on, amount, settlement in zip(
            book.entry_on[place], book.entry_amount[place], book.entry_settlement[place], strict=True
        )
        if settlement == _SETTLED or (settlement == _DISPUTED and amount < 0)
    ]


def numerator(balance_days_of_row: int, annual: Fraction) -> tuple[int, int]:
    """The exact interest in minor units as (numerator, denominator)."""
    return balance_days_of_row * annual.numerator, annual.denominator * YEAR


def rounded(balance_days_of_row: int, annual: Fraction) -> int:
    """The interest in minor units, rounded half up, once."""
    return round_half_up(*numerator(balance_days_of_row, annual))


def rounded_all(balance_days_of_rows: list[int], annual: Fraction) -> list[int]:
    """`rounded` for many rows of one rate: vectorised where int64 is surely wide enough."""
    above, below = annual.numerator, annual.denominator * YEAR
    largest = max((abs(value) for value in balance_days_of_rows), default=0)
    if 2 * largest * above + below >= _LARGE or any(value < 0 for value in balance_days_of_rows):
        return [round_half_up(value * above, below) for value in balance_days_of_rows]
    values = np.array(balance_days_of_rows, dtype=np.int64)
    result: list[int] = ((2 * values * above + below) // (2 * below)).tolist()
    return result
