"""Invoices that are paid in instalments, in columns: one row per instalment, with its own due date and its own money.

Whatever moves an invoice moves the oldest instalment that is still open; money that goes back opens the newest one that was
paid. What is beyond the total stays with the last instalment. So an instalment's balance follows from the sum of all
movements alone, and interest runs on each from its own due date, as on an invoice of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from payflow.columns import NO_DAY, Book, Ints
from payflow.model.agreement import DueRule, Policy, Terms
from payflow.policy.calendars import Calendar
from payflow.policy.entries_by_row import counting
from payflow.policy.instalments import lines_in, split
from payflow.policy.terms import due_days


class Parts(Struct, frozen=True):
    """The instalments of a book: `book` has a row for each, `owner` the row of its invoice, `due_on` its due date.

    `left` is what is missing of each on the day asked for, `interest` what arose by then, and `interest_per_day` what one more
    day adds. `of` finds the rows of an invoice, in order of due date; `lines` the line of its policy for each. `bearing` is
    `book`, with payments spread as the policy's allocation has it: what interest runs on (`payflow.policy.parts_in_order`).
    """

    book: Book
    owner: Ints
    due_on: Ints
    left: Ints
    of: Mapping[int, range]
    lines: Sequence[int]
    interest: Ints
    interest_per_day: Ints
    bearing: Book

    def open(self, row: int, tolerance: int) -> list[int]:
        """The instalments of an invoice that are not paid, in order of due date."""
        return [part for part in self.of[row] if self.left[part] > tolerance]


class _Planned(NamedTuple):
    """One invoice: days and amounts of its instalments, in order of due date."""

    row: int
    days: Sequence[int]
    amounts: Sequence[int]
    lines: Sequence[int]


def parted(
    book: Book,
    policies: Sequence[Policy],
    governed: Ints,
    starts: Ints,
    today: int,
    calendars: Callable[[str], Calendar] | None,
) -> Parts | None:
    """The instalments of all invoices whose policy has them; None where there are none. Arguments are those of `assess`."""
    planned = [
        one
        for at, policy in enumerate(policies)
        if policy.instalments
        for one in _planned(book, policy, np.flatnonzero(governed == at), starts, calendars)
    ]
    return _rows(book, planned, today) if planned else None


def _planned(
    book: Book, policy: Policy, rows: Ints, starts: Ints, calendars: Callable[[str], Calendar] | None
) -> Iterator[_Planned]:
    """Invoices with an amount to split, whose first day is known, in a currency that every fixed instalment names."""
    rows = rows[(starts[rows] != NO_DAY) & (book.total[rows] > 0) & ~book.role_charge[rows]]
    if not len(rows):
        return
    lines = {code: lines_in(policy.instalments, currency) for code, currency in enumerate(book.currencies)}
    due = np.array([_due(line.terms, starts[rows], calendars) for line in policy.instalments])
    due = np.maximum(due, book.issued_on[rows])
    for at, row in enumerate(rows.tolist()):
        wanted = lines[int(book.currency[row])]
        if wanted is None:
            continue
        parts = zip(due[:, at].tolist(), range(len(wanted)), split(int(book.total[row]), wanted), strict=True)
        # an instalment that takes nothing, because fixed ones before it took all, is none
        in_order = sorted(part for part in parts if part[2])
        days, numbers, amounts = ([part[place] for part in in_order] for place in range(3))
        if policy.due is DueRule.LATER:
            # the one date that books print is the date by which all is due
            days[-1] = max(days[-1], int(book.due_printed[row]))
        yield _Planned(row, days, amounts, numbers)


def _due(terms: Terms, starts: Ints, calendars: Callable[[str], Calendar] | None) -> Ints:
    calendar = calendars(terms.calendar) if calendars is not None and terms.rolls else None
    return due_days(terms, starts, calendar=calendar)


def spread(amounts: Sequence[int], moved: Sequence[int]) -> list[list[int]]:
    """What each movement (positive lowers what is owed) moves of each instalment; its shares add up to it."""
    shares, so_far = [], 0
    before = _covered(amounts, 0)
    for amount in moved:
        so_far += amount
        after = _covered(amounts, so_far)
        shares.append([new - old for new, old in zip(after, before, strict=True)])
        before = after
    return shares


def _covered(amounts: Sequence[int], moved: int) -> list[int]:
    """How much of each instalment a sum of movements covers, the oldest first; the first takes what is below nothing."""
    ends = list(accumulate(amounts))
    covered = [min(max(moved - (end - amount), 0), amount) for end, amount in zip(ends, amounts, strict=True)]
    covered[-1] += max(0, moved - ends[-1])
    covered[0] += min(0, moved)
    return covered


def _rows(book: Book, planned: Sequence[_Planned], today: int) -> Parts:
    planned = sorted(planned)
    owner = np.array([one.row for one in planned for _ in one.amounts], dtype=np.int64)
    total = np.array([amount for one in planned for amount in one.amounts], dtype=np.int64)
    first = np.concatenate(([0], np.cumsum([len(one.amounts) for one in planned]))).tolist()
    places: list[tuple[int, int, int]] = []
    left = total.copy()
    counts = counting(book)
    for one, start in zip(planned, first[:-1], strict=True):
        span = book.entries_of(one.row)
        at = [span.start + place for place in np.flatnonzero(counts[span]).tolist()]
        for place, shares in zip(at, spread(one.amounts, book.entry_amount[at].tolist()), strict=True):
            places += [(start + part, place, share) for part, share in enumerate(shares) if share]
            if book.entry_on[place] <= today:
                left[start : start + len(shares)] -= shares
    # stable: within an instalment, movements stay in the order of their days
    places.sort(key=lambda item: item[0])
    of_part, entry, amount = (
        (np.array(column, dtype=np.int64) for column in zip(*places, strict=True))
        if places
        else (np.zeros(0, dtype=np.int64),) * 3
    )
    parts = Book(
        id=book.id[owner],
        total=total,
        issued_on=book.issued_on[owner],
        due_printed=np.full(len(owner), NO_DAY, dtype=np.int64),
        due_shown=np.full(len(owner), NO_DAY, dtype=np.int64),
        status=book.status[owner],
        client=book.client[owner],
        currency=book.currency[owner],
        role_charge=book.role_charge[owner],
        stale=book.stale[owner],
        unknown=book.unknown[owner],
        entry_row=of_part,
        entry_on=book.entry_on[entry],
        entry_amount=amount,
        entry_kind=book.entry_kind[entry],
        entry_settlement=book.entry_settlement[entry],
        entry_inferred=book.entry_inferred[entry],
        entry_client=book.entry_client[entry],
        entry_currency=book.entry_currency[entry],
        clients=book.clients,
        currencies=book.currencies,
    )
    due_on = np.array([day for one in planned for day in one.days], dtype=np.int64)
    of = {one.row: range(start, start + len(one.amounts)) for one, start in zip(planned, first[:-1], strict=True)}
    none = np.zeros(len(owner), dtype=np.int64)
    lines = [line for one in planned for line in one.lines]
    return Parts(parts, owner, due_on, left, MappingProxyType(of), lines, none, none, parts)
