"""The balance of one invoice as stretches of days, one by one: what interest is held against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """Days after `start` up to and including `end` with one balance in minor units."""

    start: int
    end: int
    balance: int

    @property
    def days(self) -> int:
        """How many days the span has."""
        return self.end - self.start


def spans(
    total: int, movements: Iterable[tuple[int, int]], start: int, until: int, tolerance: int = 0
) -> Iterator[Span]:
    """Spans from the day after `start` through `until`, cut where the balance changes; tolerated balances are left out.

    `movements` are (day, amount) with a positive amount lowering the balance, in any order.
    """
    if until <= start:
        return
    changes: dict[int, int] = {}
    balance = total
    for on, amount in movements:
        if on <= start:
            balance -= amount
        elif on < until:
            changes[on] = changes.get(on, 0) + amount
    begin = start
    for on in sorted(changes):
        if changes[on] == 0:
            continue
        if balance > tolerance:
            yield Span(begin, on, balance)
        balance -= changes[on]
        begin = on
    if balance > tolerance:
        yield Span(begin, until, balance)
