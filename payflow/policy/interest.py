"""Interest of a whole book for a day, in columns: one invoice and a million get the same figure to the minor unit.

Simple interest that is rounded once is a gather and a subtraction per entry, in int64 (`payflow.policy.rules`):

    interest = total x (T(until) - T(start)) - sum over entries of amount x (T(until) - T(max(start, on)))

- Rows on which money went back, that were overpaid or come within a tolerance follow the running balance of their entries
  (`payflow.policy.interest_columns`).
- Rows whose agreement has no such form, and rows whose figures might not fit int64, go through the exact engine
  (`payflow.policy.accrual`), one by one. All three ways yield the same number.
- Rows on which interest would run at a rate that no table holds get none, and are told by the mask `unrated`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payflow.columns import Ints, to_date
from payflow.model.agreement import Policy
from payflow.policy.accrual import one_day
from payflow.policy.bearing import rate_at_present
from payflow.policy.interest_columns import Ask, Interests, in_columns
from payflow.policy.rates import OutOfTable
from payflow.policy.rows import accrued

Mask = NDArray[np.bool_]


def interests(ask: Ask) -> Interests:
    """Interest of every accruing row through the day, and what one more day would add at the present rate."""
    size = len(ask.book)
    none = Interests(_zeros(size), _zeros(size), np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_))
    bearing = np.array([policy.interest is not None for policy in ask.rules.policies] or [False])
    accruing = ask.accruing if bearing.all() else ask.accruing & bearing[ask.governed]
    if not accruing.any():
        return none
    start = _starts(ask, accruing)
    code = ask.rules.codes(ask.governed, ask.book.issued_on, accruing, start)
    if not ask.rules.rules or (isinstance(code, int) and code < 0):
        return _exactly(ask, accruing, none)
    found = in_columns(ask, accruing, start, code)
    _floor(ask, found.sum)
    return _exactly(ask, found.exact, found)


def _zeros(size: int) -> Ints:
    return np.zeros(size, dtype=np.int64)


def _starts(ask: Ask, accruing: Mask) -> Ints:
    """The day before the first that bears interest, at most today; today for rows that bear none."""
    policies, today = ask.rules.policies, ask.rules.today
    grace = np.array([_grace(policy) for policy in policies], dtype=np.int64)
    over = ask.due_on + (int(grace[0]) if len(grace) == 1 else grace[ask.governed])
    counting = [at for at, policy in enumerate(policies) if policy.interest and policy.interest.grace_counts]
    start: Ints = np.minimum(over, today)
    if counting:
        entries, total = ask.moved, ask.book.total
        by_then = entries.sums(len(total), np.where(entries.on <= over[entries.row], entries.amount, 0))
        free = 0 if ask.tolerance is None else ask.tolerance
        owed = (total - by_then > free) & (over < today) & np.isin(ask.governed, counting)
        start = np.where(owed, ask.due_on, start)
    return start if accruing.all() else np.where(accruing, start, today)


def _grace(policy: Policy) -> int:
    return policy.grace if policy.interest is None or policy.interest.grace is None else policy.interest.grace


def _floor(ask: Ask, sums: Ints) -> None:
    """Interest below the floor is not claimed."""
    for at, policy in enumerate(ask.rules.policies):
        for currency, floor in policy.interest.floor.items() if policy.interest is not None else ():
            if floor and currency in ask.book.currencies:
                code = ask.book.currencies.index(currency)
                sums[(sums < floor) & (ask.governed == at) & (ask.book.currency == code)] = 0


def _exactly(ask: Ask, rows: Mask, found: Interests) -> Interests:
    """The rows that columns have no form for, one by one."""
    sums, per_day, unrated = found.sum, found.per_day, found.unrated
    figures: list[tuple[int, int, int]] = []
    for row in np.flatnonzero(rows).tolist():
        policy, due_on = ask.rules.policies[int(ask.governed[row])], int(ask.due_on[row])
        try:
            one = accrued(ask.book, row, policy, due_on, ask.rules.as_of, ask.rules.extra)
        except OutOfTable:
            unrated[row] = True
            figures.append((row, 0, 0))
            continue
        figures.append((row, one.interest, one.daily if one.stretches else _at_present(ask, row, policy)))
    if any(figure >= 2**63 for _, *pair in figures for figure in pair):
        sums, per_day = sums.astype(object), per_day.astype(object)
    for row, interest, daily in figures:
        sums[row], per_day[row] = interest, daily
    return Interests(sums, per_day, rows, unrated)


def _at_present(ask: Ask, row: int, policy: Policy) -> int:
    """What a day of interest would be now, before any has begun."""
    assert policy.interest is not None
    arose = to_date(int(ask.book.issued_on[row]))
    rate = rate_at_present(policy.interest, ask.rules.as_of, arose, ask.rules.extra)
    left = max(0, int(ask.left[row]))
    if rate is None or (ask.tolerance is not None and left <= int(ask.tolerance[row])):
        return 0
    return one_day(left, rate.annual, policy.interest.day_count, policy.interest.mode, ask.rules.as_of)
