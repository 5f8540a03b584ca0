"""One row per invoice for a day: due date, what is asked, paid and outstanding, state, and interest; in columns.

What is asked is the total less credits. Money that is pending opens nothing and lowers nothing; disputed and refunded money
counts as money that is not there. What is tolerated counts as paid: it earns no interest either.

Which policy governs a row, and whether it binds, is decided before (`claims`, `binding`); the ladder comes after, for the
few rows that ask for a notice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from payflow import columns
from payflow.columns import NO_DAY, Book, Ints, no_rows
from payflow.model.agreement import DueRule, Policy
from payflow.model.facts import State, Status
from payflow.policy.calendars import Calendar
from payflow.policy.entries_by_row import ENTRY_KINDS as ENTRY_KINDS
from payflow.policy.entries_by_row import SETTLEMENTS as SETTLEMENTS
from payflow.policy.entries_by_row import Money, money_by
from payflow.policy.interest import interests
from payflow.policy.interest_columns import Ask, Interests
from payflow.policy.parts import Parts, parted
from payflow.policy.parts_in_order import in_order
from payflow.policy.rulebook import Rulebook
from payflow.policy.terms import due_days

Mask = NDArray[np.bool_]
Codes = NDArray[np.int8]

STATUSES = tuple(Status)

_STATUS = {status: code for code, status in enumerate(STATUSES)}

#: Nothing is asked for what was never issued, taken back or given up.
_ASKS_NOTHING = (State.DRAFT, State.VOID, State.CREDITED, State.WRITTEN_OFF)


def bears(state: State) -> bool:
    """Whether interest arises on an invoice in that state. Not either where nobody knows what became of it."""
    return state not in (*_ASKS_NOTHING, State.UNKNOWN)


class Assessment(Struct, frozen=True):
    """Columns parallel to the Book. Days are day numbers or `NO_DAY`; money is minor units; `state` codes of `State`.

    `interest` is what arose through the day, `interest_per_day` what one more day adds at the present rate; both are 0 where
    none binds. `unrated` rows bear interest at a rate that no table holds, so none is worked out; `exact` rows went through
    the exact engine. Invoices that are paid in instalments have those in `parts`, and are due when the oldest open one is.
    """

    due_on: Ints
    due_contract: Ints
    credited: Ints
    paid: Ints
    outstanding: Ints
    pending: Ints
    days_overdue: Ints
    state: Codes
    refunded: Mask
    inferred: Mask
    interest: Ints
    interest_per_day: Ints
    unrated: Mask
    exact: Mask
    parts: Parts | None = None


def assess(
    book: Book,
    policies: Sequence[Policy],
    governed: Ints,
    binding: Mask,
    as_of: date,
    *,
    calendars: Callable[[str], Calendar] | None = None,
    starts: Ints | None = None,
    extra: Path | None = None,
) -> Assessment:
    """Assess every invoice. `governed` is the index of its policy, -1 for none; `binding` where interest arises at all.

    `calendars` finds the business days of a country, for terms that move to one; such terms name theirs here. `extra` is a
    folder with rate tables of the user's own. `starts` are the days that terms count from, the day of issue where they are
    left out; `NO_DAY` where that day is not known: then nothing is due.
    """
    parts = assess_parts(book, policies, governed, binding, as_of, calendars=calendars, starts=starts, extra=extra)
    first = next(parts)
    return first.assessment if first.book is book else _joined(len(book), chain([first], parts))


class Part(NamedTuple):
    """Invoices in a row, `place` of the whole, as a book of their own, and their assessment."""

    place: slice
    book: Book
    assessment: Assessment


def assess_parts(
    book: Book,
    policies: Sequence[Policy],
    governed: Ints,
    binding: Mask,
    as_of: date,
    *,
    calendars: Callable[[str], Calendar] | None = None,
    starts: Ints | None = None,
    extra: Path | None = None,
) -> Iterator[Part]:
    """`assess`, part by part in the order of rows, for those who need no column of the whole: that takes most of the memory.

    A book with instalments is one part.
    """
    known = _Known(book, policies, governed, binding, book.issued_on if starts is None else starts)
    rules = Rulebook(policies, as_of, extra)
    if len(book) <= columns.AT_ONCE or any(policy.instalments for policy in policies):
        yield Part(slice(0, len(book)), book, _assessed(known, rules, calendars))
        return
    for place in columns.pieces(len(book)):
        part = known.part(place)
        yield Part(place, part.book, _assessed(part, rules, calendars))


class _Known(Struct, frozen=True):
    """What is assessed: the arguments of `assess` that have rows."""

    book: Book
    policies: Sequence[Policy]
    governed: Ints
    binding: Mask
    starts: Ints

    def part(self, place: slice) -> _Known:
        """Some rows in a row of all."""
        return _Known(
            self.book.part(place.start, place.stop),
            self.policies,
            self.governed[place],
            self.binding[place],
            self.starts[place],
        )


def _joined(size: int, parts: Iterable[Part]) -> Assessment:
    """One assessment of those of parts. What is 0 everywhere is never written, and so takes no memory."""
    names = [name for name in Assessment.__struct_fields__ if name != "parts"]
    # in one piece: systems hand out few large pieces of memory sooner than many
    block = np.zeros((len(names), size), dtype=np.int64)
    found: dict[str, Any] = {}
    for part in parts:
        for name, column in zip(names, block, strict=True):
            own = getattr(part.assessment, name)
            if name not in found:
                found[name] = column if own.dtype == np.int64 else np.zeros(size, dtype=own.dtype)
            elif own.dtype == object:
                # a figure of this part exceeds int64
                found[name] = found[name].astype(object)
            if own.strides[0] and own.any():
                found[name][part.place] = own
    return Assessment(**found)


def _assessed(known: _Known, rules: Rulebook, calendars: Callable[[str], Calendar] | None) -> Assessment:
    """Assess some invoices at once."""
    book, policies, governed, today = known.book, known.policies, known.governed, rules.today
    due_contract, due_on = _due(book, policies, governed, calendars, known.starts)
    tolerance = _tolerance(book, policies, governed)
    parts = parted(book, policies, governed, known.starts, today, calendars)
    if parts is not None:
        _due_in_parts(parts, tolerance, due_contract, due_on)
    money = money_by(book, today)
    left = book.total - money.moved
    state = _states(book, money, left, due_on, today, tolerance)
    asks = ~is_one_of(state, _ASKS_NOTHING)
    outstanding = np.maximum(left, 0)
    outstanding *= asks
    accruing = known.binding & asks & (state != np.int8(State.UNKNOWN))
    accruing &= governed >= 0
    accruing &= due_on != NO_DAY
    if book.role_charge.any():
        accruing &= ~book.role_charge
    ask = Ask(book, governed, accruing, due_on, left, tolerance, money.entries, rules)
    if parts is None:
        found = interests(ask)
    else:
        parts = in_order(book, parts, policies, governed, rules.as_of, rules.extra)
        found, parts = _interest_in_parts(ask, parts)
    overdue = is_one_of(state, (State.OVERDUE,))
    if len(money.contested):
        overdue |= (state == State.DISPUTED) & (due_on != NO_DAY) & (due_on < today)
    late = today - due_on
    late *= overdue
    refunded = no_rows(len(book))
    if len(money.went_back):
        refunded = np.zeros(len(book), dtype=np.bool_)
        refunded[money.went_back] = True
        refunded &= asks & (outstanding > (0 if tolerance is None else tolerance))
    return Assessment(
        due_on=due_on,
        due_contract=due_contract,
        credited=money.credited + money.given_up if money.has_credits else money.credited,
        paid=money.moved - money.credited - money.given_up if money.has_credits else money.moved,
        outstanding=outstanding,
        pending=money.pending,
        days_overdue=late,
        state=state,
        refunded=refunded,
        inferred=money.inferred,
        interest=found.sum,
        interest_per_day=found.per_day,
        unrated=found.unrated,
        exact=found.exact,
        parts=parts,
    )


def is_one_of(state: Codes, states: Sequence[State]) -> Mask:
    """The rows in one of those states."""
    # numbers of the column's own kind: with others it would be converted first
    found: Mask = state == np.int8(states[0])
    for other in states[1:]:
        found |= state == np.int8(other)
    return found


def _due_in_parts(parts: Parts, tolerance: Ints | None, due_contract: Ints, due_on: Ints) -> None:
    """An invoice in instalments is due when the oldest one that is not paid is; all paid, when the last one was."""
    for row, places in parts.of.items():
        open_parts = parts.open(row, 0 if tolerance is None else int(tolerance[row]))
        due_on[row] = due_contract[row] = parts.due_on[open_parts[0] if open_parts else places[-1]]


def _interest_in_parts(ask: Ask, parts: Parts) -> tuple[Interests, Parts]:
    """Interest where some invoices are paid in instalments: each of these bears its own, rounded by itself."""
    rows = np.array(list(parts.of), dtype=np.int64)
    accruing = ask.accruing.copy()
    accruing[rows] = False
    whole = interests(replace(ask, accruing=accruing))
    owner = parts.owner
    found = interests(
        replace(
            ask,
            book=parts.bearing,
            governed=ask.governed[owner],
            accruing=ask.accruing[owner],
            due_on=parts.due_on,
            left=parts.left,
            tolerance=None if ask.tolerance is None else ask.tolerance[owner],
            moved=money_by(parts.bearing, ask.rules.today).entries,
        )
    )
    large = found.sum.dtype == object or whole.sum.dtype == object
    sums, per_day = (column.astype(object) if large else column for column in (whole.sum, whole.per_day))
    np.add.at(sums, owner, found.sum)
    np.add.at(per_day, owner, found.per_day)
    # an instalment without a rate leaves the whole invoice without interest
    unrated = np.unique(owner[found.unrated])
    sums[unrated] = per_day[unrated] = 0
    whole.unrated[unrated] = True
    whole.exact[owner[found.exact]] = True
    return Interests(sums, per_day, whole.exact, whole.unrated), replace(
        parts, interest=found.sum, interest_per_day=found.per_day
    )


def _states(book: Book, money: Money, left: Ints, due_on: Ints, today: int, tolerance: Ints | None) -> Codes:
    """The state of each row: what is rarer is written over what is usual."""
    free = 0 if tolerance is None else tolerance
    settled = left <= free
    late = due_on < today
    late &= due_on != NO_DAY
    state: Codes = late.astype(np.int8)
    state *= np.int8(State.OVERDUE - State.OPEN)
    state += np.int8(State.OPEN)
    state[money.contested] = State.DISPUTED
    state += settled * (np.int8(State.PAID) - state)
    written_off = (book.status == _STATUS[Status.WRITTEN_OFF]) & ~settled
    if money.has_credits:
        # without what was given up: a difference within the tolerance may be written off, and the invoice is paid all the same
        paid_for = left + money.given_up <= free
        written_off |= (money.given_up > 0) & settled & ~paid_for
    _put(state, written_off, State.WRITTEN_OFF)
    if money.has_credits:
        _put(state, (money.credited > 0) & (book.total <= money.credited), State.CREDITED)
    _put(state, book.unknown, State.UNKNOWN)
    _put(state, book.status == _STATUS[Status.VOID], State.VOID)
    _put(state, book.status == _STATUS[Status.DRAFT], State.DRAFT)
    return state


def _put(states: Codes, where: Mask, state: State) -> None:
    """The state of the few rows of a mask; in most books they are none."""
    states[np.flatnonzero(where)] = state


def _due(
    book: Book,
    policies: Sequence[Policy],
    governed: Ints,
    calendars: Callable[[str], Calendar] | None,
    starts: Ints,
) -> tuple[Ints, Ints]:
    """The due dates by the contract alone, and the ones that count (design 6.3)."""
    if len(policies) == 1 and len(book) and (governed == 0).all():
        contract, due = _due_under(book, policies[0], calendars, starts, slice(None))
        return contract, np.maximum(due, book.due_shown, out=due)
    contract = np.full(len(book), NO_DAY, dtype=np.int64)
    due = book.due_printed.copy()
    for index, policy in enumerate(policies):
        rows = np.flatnonzero(governed == index)
        if len(rows):
            contract[rows], due[rows] = _due_under(book, policy, calendars, starts, rows)
    return contract, np.maximum(due, book.due_shown, out=due)


def _due_under(
    book: Book,
    policy: Policy,
    calendars: Callable[[str], Calendar] | None,
    starts: Ints,
    rows: Ints | slice,
) -> tuple[Ints, Ints]:
    """The same for the rows of one policy."""
    calendar = calendars(policy.terms.calendar) if calendars is not None and policy.terms.rolls else None
    agreed = due_days(policy.terms, starts[rows], calendar=calendar)
    open_ended = agreed == NO_DAY
    # nothing is due before it was invoiced, though it may have been delivered long before
    agreed = np.maximum(agreed, book.issued_on[rows])
    due = agreed.copy() if policy.due is DueRule.CONTRACT else np.maximum(agreed, book.due_printed[rows])
    if open_ended.any():
        # what terms count from and did not come yet makes nothing due, whatever is printed
        agreed[open_ended] = NO_DAY
        due[open_ended] = NO_DAY
    return agreed, due


def _tolerance(book: Book, policies: Sequence[Policy], governed: Ints) -> Ints | None:
    """What neither blocks nor is chased, per row; None where nothing is tolerated at all."""
    if not any(any(policy.tolerance.values()) for policy in policies):
        return None
    result = np.zeros(len(book), dtype=np.int64)
    for index, policy in enumerate(policies):
        for code, currency in enumerate(book.currencies):
            if policy.tolerance.get(currency):
                result[(governed == index) & (book.currency == code)] = policy.tolerance[currency]
    return result
