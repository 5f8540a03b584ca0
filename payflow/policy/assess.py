"""One row per invoice for a day: due date, what is asked, paid and outstanding, state, and interest; in columns.

What is asked is the total less credits. Money that is pending opens nothing and lowers nothing; disputed and refunded money
counts as money that is not there. What is tolerated counts as paid: it earns no interest either.

Which policy governs a row, and whether it binds, is decided before (`claims`, `binding`); the ladder comes after, for the
few rows that ask for a notice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from payflow.columns import NO_DAY, Book, Ints, to_day
from payflow.model.agreement import DueRule, Policy
from payflow.model.facts import EntryKind, Settlement, State, Status
from payflow.money import round_half_up
from payflow.policy import interest
from payflow.policy.calendars import Calendar
from payflow.policy.terms import due_days

Mask = NDArray[np.bool_]

STATUSES = tuple(Status)
ENTRY_KINDS = tuple(EntryKind)
SETTLEMENTS = interest.SETTLEMENTS

#: In these states nothing is owed for time: never issued, taken back, given up, or not known.
_NO_INTEREST = (State.DRAFT, State.VOID, State.CREDITED, State.WRITTEN_OFF, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Assessment:
    """Columns parallel to the Book. Days are day numbers or `NO_DAY`; money is minor units; `state` codes of `State`.

    `balance_days` is what interest is computed from (`interest.numerator`); 0 where none binds.
    """

    due_on: Ints
    due_contract: Ints
    credited: Ints
    paid: Ints
    outstanding: Ints
    pending: Ints
    days_overdue: Ints
    state: Ints
    refunded: Mask
    inferred: Mask
    balance_days: Sequence[int]
    interest: Sequence[int]
    interest_per_day: Sequence[int]


def assess(
    book: Book,
    policies: Sequence[Policy],
    governed: Ints,
    binding: Mask,
    as_of: date,
    *,
    calendars: Callable[[str], Calendar] | None = None,
    starts: Ints | None = None,
) -> Assessment:
    """Assess every invoice of the book. `governed` indexes `policies` (-1: none), `binding` says where interest arises.

    `calendars` gives the business days by the country of the terms, where some move to a business day. `starts` are the days
    that terms count from, the day of issue where they are left out; `NO_DAY` where that day is not known: then nothing is due.
    """
    today = to_day(as_of)
    due_contract, due_on = _due(book, policies, governed, calendars, book.issued_on if starts is None else starts)
    counting = interest.counts(book, today)
    money = _sum(book, counting & _of_kind(book, EntryKind.PAYMENT, EntryKind.REFUND, EntryKind.DISPUTE))
    credited = _sum(book, counting & _of_kind(book, EntryKind.CREDIT))
    given_up = _sum(book, counting & _of_kind(book, EntryKind.WRITE_OFF))
    outstanding = np.maximum(book.total - credited - given_up - money, 0)
    went_back = _sum(book, counting & _of_kind(book, EntryKind.REFUND, EntryKind.DISPUTE))
    tolerance = _tolerance(book, policies, governed)
    settled = outstanding <= tolerance
    # without what was given up: a difference within the tolerance may be written off, and the invoice is paid all the same
    paid_for = book.total - credited - money <= tolerance
    contested = _sum(book, _settled_as(book, Settlement.DISPUTED) & _of_invoices(book, today), count=True) > 0
    overdue = (due_on != NO_DAY) & (today > due_on)
    gone = (credited > 0) & (book.total - credited <= 0)
    state = np.select(
        [
            _has_status(book, Status.DRAFT),
            _has_status(book, Status.VOID),
            book.unknown,
            gone,
            _has_status(book, Status.WRITTEN_OFF) & ~settled | (given_up > 0) & settled & ~paid_for,
            settled,
            contested,
            overdue,
        ],
        [
            State.DRAFT,
            State.VOID,
            State.UNKNOWN,
            State.CREDITED,
            State.WRITTEN_OFF,
            State.PAID,
            State.DISPUTED,
            State.OVERDUE,
        ],
        State.OPEN,
    ).astype(np.int64)
    owed = ~np.isin(state, [State.DRAFT, State.VOID, State.CREDITED, State.WRITTEN_OFF])
    outstanding = np.where(owed, outstanding, 0)
    accruing = binding & (governed >= 0) & (due_on != NO_DAY) & ~np.isin(state, _NO_INTEREST) & ~book.role_charge
    balance_days, sums, per_day = _interest(book, policies, governed, accruing, due_on, outstanding, tolerance, today)
    return Assessment(
        due_on=due_on,
        due_contract=due_contract,
        credited=credited + given_up,
        paid=money,
        outstanding=outstanding,
        pending=_sum(book, _settled_as(book, Settlement.PENDING) & _of_invoices(book, today) & (book.entry_amount > 0)),
        days_overdue=np.where((state == State.OVERDUE) | (state == State.DISPUTED) & overdue, today - due_on, 0),
        state=state,
        refunded=(went_back < 0) & ~settled & owed,
        inferred=_sum(book, counting & book.entry_inferred, count=True) > 0,
        balance_days=balance_days,
        interest=sums,
        interest_per_day=per_day,
    )


def _due(
    book: Book,
    policies: Sequence[Policy],
    governed: Ints,
    calendars: Callable[[str], Calendar] | None,
    starts: Ints,
) -> tuple[Ints, Ints]:
    """The due dates by the contract alone, and the ones that count (design 6.3)."""
    contract = np.full(len(book), NO_DAY, dtype=np.int64)
    due = book.due_printed.copy()
    for index, policy in enumerate(policies):
        rows = np.flatnonzero(governed == index)
        if not len(rows):
            continue
        calendar = calendars(policy.terms.calendar) if calendars is not None and policy.terms.rolls else None
        contract[rows] = due_days(policy.terms, starts[rows], calendar=calendar)
        # nothing is due before it was invoiced, though it may have been delivered long before
        agreed = np.where(contract[rows] == NO_DAY, NO_DAY, np.maximum(contract[rows], book.issued_on[rows]))
        contract[rows] = agreed
        later = agreed if policy.due is DueRule.CONTRACT else np.maximum(agreed, book.due_printed[rows])
        # what terms count from and did not come yet makes nothing due, whatever is printed
        due[rows] = np.where(agreed == NO_DAY, NO_DAY, later)
    return contract, np.maximum(due, book.due_shown)


def _interest(
    book: Book,
    policies: Sequence[Policy],
    governed: Ints,
    accruing: Mask,
    due_on: Ints,
    outstanding: Ints,
    tolerance: Ints,
    today: int,
) -> tuple[list[int], list[int], list[int]]:
    balance_days, sums, per_day = [0] * len(book), [0] * len(book), [0] * len(book)
    grace = np.array([policy.grace for policy in policies] or [0], dtype=np.int64)
    start = np.where(accruing, due_on + grace[np.maximum(governed, 0)], today)
    every = interest.balance_days(book, start, today, tolerance)
    earning = np.where(outstanding > tolerance, outstanding, 0)
    for index, policy in enumerate(policies):
        if policy.interest is None:
            continue
        annual = policy.interest.annual
        rows = np.flatnonzero(accruing & (governed == index)).tolist()
        days = [every[row] for row in rows]
        for row, value, figure in zip(rows, days, interest.rounded_all(days, annual), strict=True):
            balance_days[row], sums[row] = value, figure
            per_day[row] = round_half_up(*interest.numerator(int(earning[row]), annual))
    return balance_days, sums, per_day


def _sum(book: Book, mask: Mask, *, count: bool = False) -> Ints:
    result = np.zeros(len(book), dtype=np.int64)
    np.add.at(result, book.entry_row[mask], 1 if count else book.entry_amount[mask])
    return result


def _of_invoices(book: Book, today: int) -> Mask:
    """Entries of invoices, not open credit, up to a day."""
    mask: Mask = (book.entry_row >= 0) & (book.entry_on <= today)
    return mask


def _of_kind(book: Book, *kinds: EntryKind) -> Mask:
    mask: Mask = np.isin(book.entry_kind, [ENTRY_KINDS.index(kind) for kind in kinds])
    return mask


def _settled_as(book: Book, settlement: Settlement) -> Mask:
    mask: Mask = book.entry_settlement == SETTLEMENTS.index(settlement)
    return mask


def _has_status(book: Book, status: Status) -> Mask:
    mask: Mask = book.status == STATUSES.index(status)
    return mask


def _tolerance(book: Book, policies: Sequence[Policy], governed: Ints) -> Ints:
    """What neither blocks nor is chased, per row."""
    result = np.zeros(len(book), dtype=np.int64)
    for index, policy in enumerate(policies):
        for code, currency in enumerate(book.currencies):
            if policy.tolerance.get(currency):
                result[(governed == index) & (book.currency == code)] = policy.tolerance[currency]
    return result
