"""Simple interest, yearly rate, actual/365, rounded once at the end, half up.

The exact interest of an invoice is a fraction: balance-days x rate / 365, in minor units. Balance-days of a whole book are a
gather and a subtraction per entry, since for a balance that never falls below zero

    sum over spans of balance x days = total x (until - start) - sum over entries of amount x (until - max(start, on))

Rows for which that does not hold (an overpayment somewhere), or whose figures might not fit int64, are added up span by
span in Python's integers. Both ways yield the same integer, and `rounded` is the one place that rounds.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from payflow.columns import Book, Ints
from payflow.model.facts import Settlement
from payflow.money import round_half_up
from payflow.policy.timeline import spans

#: Days in the year of actual/365.
YEAR = 365
#: Balances and balance-days above these take the exact path, far below where int64 would overflow.
_LARGE_AMOUNT = 10**13
_LARGE = 2**62

SETTLEMENTS = tuple(Settlement)
_COUNTING = [SETTLEMENTS.index(Settlement.SETTLED), SETTLEMENTS.index(Settlement.DISPUTED)]


def counts(book: Book, until: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which entries change a balance by `until`: settled or disputed money of an invoice, not pending or failed."""
    mask: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
        (book.entry_row >= 0) & np.isin(book.entry_settlement, _COUNTING) & (book.entry_on <= until)
    )
    return mask


def balance_days(book: Book, start: Ints, until: int) -> list[int]:
    """Sum of balance x days per invoice, from the day after `start` through `until`, as exact integers."""
    mask = counts(book, until)
    row, on, amount = book.entry_row[mask], book.entry_on[mask], book.entry_amount[mask]
    days = np.maximum(until - start, 0)
    moved = np.zeros(len(book), dtype=np.int64)
    np.add.at(moved, row, amount * np.maximum(until - np.maximum(start[row], on), 0))
    down = np.zeros(len(book), dtype=np.int64)
    np.add.at(down, row, np.maximum(amount, 0))
    odd = (down > book.total) | (book.total < 0) | (book.total > _LARGE_AMOUNT) | (down > _LARGE_AMOUNT)
    result: list[int] = (book.total * days - moved).tolist()
    for index in np.flatnonzero(odd).tolist():
        result[index] = _by_spans(book, index, int(start[index]), until)
    return result


def _by_spans(book: Book, row: int, start: int, until: int) -> int:
    return sum(span.balance * span.days for span in spans(int(book.total[row]), movements(book, row), start, until))


def movements(book: Book, row: int) -> list[tuple[int, int]]:
    """(day, amount) of the entries of one invoice that change its balance, in order of day."""
    place = book.entries_of(row)
    return [
        (int(on), int(amount))
        for on, amount, settlement in zip(
            book.entry_on[place], book.entry_amount[place], book.entry_settlement[place], strict=True
        )
        if int(settlement) in _COUNTING
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
