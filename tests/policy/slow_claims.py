"""A claim worked out the slow and obvious way: one day after the other, in exact fractions, with a diary of plain numbers.

Nothing is shared with the engine but the words that state a claim.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import floor

from payflow.policy.accrual import Claim, Compound, Kind
from payflow.policy.allocation import Allocation
from payflow.policy.daycount import DayCount
from payflow.policy.late_fees import FeeBase, FeeTerms, Take
from payflow.policy.rounding import Mode, Rounding

DAY = timedelta(days=1)


def whole(value: Fraction, mode: Mode) -> int:
    """Rounded; nothing here is below zero."""
    down, part = floor(value), value - floor(value)
    if mode is Mode.DOWN or part < Fraction(1, 2):
        return down
    if mode is Mode.HALF_EVEN and part == Fraction(1, 2):
        return down + down % 2
    return down + 1


def months_on(day: date, months: int) -> date:
    """One month after the other."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def thirty(start: date, end: date, *, european: bool) -> int:
    """Days between two dates in months of 30, as ISDA 2006 4.16(f) and (g) write it."""
    d1, d2 = start.day, end.day
    if d1 == 31:
        d1 = 30
    if d2 == 31 and (european or d1 == 30):
        d2 = 30
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + d2 - d1


@dataclass
class Slow:
    """The diary. `interest` is all interest so far, `on_interest` what bears interest of it, exact and as it is owed."""

    principal: int
    interest: Fraction = Fraction(0)
    stretch: Fraction = Fraction(0)
    interest_paid: int = 0
    principal_paid: int = 0
    costs: int = 0
    costs_paid: int = 0
    too_much: int = 0
    joined: Fraction = Fraction(0)
    joined_owed: int = 0
    fees: int = 0
    compensation: int = 0
    paid_on: date | None = None
    payments: list[tuple[date, int, int, int]] = field(default_factory=list)


def work_out(claim: Claim, *, with_interest: bool = True) -> Slow:
    """Walk from the first day anything happens to the day asked for."""
    terms = claim.interest
    known = [movement for movement in claim.movements if movement.on <= claim.as_of]
    in_full = sum(one.amount for one in known if one.kind is Kind.CREDIT) >= claim.amount
    over = claim.due_on + (terms.grace if terms else 0) * DAY
    last_free = over
    if terms and terms.grace_counts and claim.as_of > over:
        at_the_end = claim.amount - sum(
            one.amount if one.kind is not Kind.REFUND else -one.amount for one in known if one.on <= over
        )
        last_free = claim.due_on if at_the_end > 0 else over
    runs = terms is not None and not in_full and claim.as_of > over
    joins = _joins(terms.compound, last_free, claim.as_of) if terms and runs else set()
    slow = Slow(claim.amount)
    fee_on = [] if in_full or claim.fee is None else _fee_days(claim.fee, claim.due_on, claim.as_of)
    fixed_on = over + DAY if claim.compensation and not in_full and claim.as_of > over else None
    cut = last_free
    day = min([claim.due_on, *(one.on for one in known)])
    while day <= claim.as_of:
        if fixed_on == day and slow.principal:
            slow.compensation += claim.compensation
            slow.costs += claim.compensation
        if day in fee_on and claim.fee is not None and slow.principal:
            fee = _fee(claim.fee, slow.principal, claim.amount, slow.fees)
            slow.fees += fee
            slow.costs += fee
        if terms and runs and day > last_free:
            rate = [one for one in terms.rates if one.since <= day][-1]
            if rate.since == day:
                cut = day - DAY
            base = slow.principal + slow.joined
            single = base * rate.annual * _weight(terms.day_count, cut, day)
            slow.stretch += Fraction(whole(single, terms.mode)) if terms.rounding is Rounding.DAY else single
            tomorrow = [one for one in terms.rates if one.since == day + DAY]
            moved = [one for one in known if one.on == day]
            if tomorrow or moved or day in joins or day == claim.as_of:
                by_segment = terms.rounding is Rounding.SEGMENT
                earned = Fraction(whole(slow.stretch, terms.mode)) if by_segment else slow.stretch
                slow.interest += earned if with_interest else 0
                slow.stretch, cut = Fraction(0), day
        for kind in (Kind.CREDIT, Kind.PAYMENT, Kind.REFUND):
            for one in known:
                if one.on == day and one.kind is kind:
                    _move(slow, claim, kind, one.amount, day)
        if day in joins:
            _join(slow, terms.mode if terms else Mode.HALF_UP)
        slow.paid_on = (slow.paid_on or day) if not slow.principal else None
        day += DAY
    return slow


def total(slow: Slow, mode: Mode) -> int:
    """What is owed in the end; below zero when too much was paid."""
    return slow.principal + whole(slow.interest, mode) - slow.interest_paid + slow.costs - slow.too_much


def _join(slow: Slow, mode: Mode) -> None:
    slow.joined = max(slow.interest - slow.interest_paid, Fraction(0))
    slow.joined_owed = whole(slow.interest, mode) - slow.interest_paid
    if slow.principal == 0 and slow.joined_owed == 0:
        slow.joined = Fraction(0)


def _weight(convention: DayCount, cut: date, day: date) -> Fraction:
    if convention is DayCount.ACTUAL_ACTUAL:
        return Fraction(1, 366 if isleap(day.year) else 365)
    if convention in (DayCount.ACTUAL_365, DayCount.ACTUAL_360):
        return Fraction(1, 365 if convention is DayCount.ACTUAL_365 else 360)
    european = convention is DayCount.THIRTY_E_360
    return Fraction(thirty(cut, day, european=european) - thirty(cut, day - DAY, european=european), 360)


def _joins(compound: Compound, start: date, until: date) -> set[date]:
    step: dict[Compound, Callable[[int], date]] = {
        Compound.YEARLY: lambda n: months_on(start, 12 * n),
        Compound.MONTHLY: lambda n: months_on(start, n),
        Compound.DAYS_30: lambda n: start + 30 * n * DAY,
    }
    if compound is Compound.NONE:
        return set()
    return {step[compound](n) for n in range(1, (until - start).days // 28 + 2)}


def _fee_days(terms: FeeTerms, due_on: date, until: date) -> list[date]:
    last = due_on + terms.grace * DAY
    if terms.every_days:
        return [last + (1 + n * terms.every_days) * DAY for n in range((until - last).days // terms.every_days + 1)]
    if terms.every_months:
        return [months_on(last, n * terms.every_months) + DAY for n in range((until - last).days // 28 + 1)]
    return [last + DAY]


def _fee(terms: FeeTerms, outstanding: int, original: int, before: int) -> int:
    base = outstanding if terms.base is FeeBase.OUTSTANDING else original
    for band in terms.bands:
        if (band.up_to is not None and base > band.up_to) or (band.below is not None and base >= band.below):
            continue
        size = band.size
        percent = None if size.percent is None else whole(base * size.percent, Mode.HALF_UP)
        if size.amount is None or percent is None:
            fee = percent if size.amount is None else size.amount
        else:
            fee = max(size.amount, percent) if size.take is Take.GREATER else min(size.amount, percent)
        assert fee is not None
        fee = max(fee, terms.minimum or 0)
        fee = fee if terms.maximum is None else min(fee, terms.maximum)
        return fee if terms.cap is None else max(0, min(fee, terms.cap - before))
    return 0


def _move(slow: Slow, claim: Claim, kind: Kind, amount: int, day: date) -> None:
    if kind is Kind.CREDIT:
        lowered = min(amount, slow.principal)
        slow.principal -= lowered
        slow.too_much += amount - lowered
    elif kind is Kind.PAYMENT:
        _pay(slow, claim, amount, day)
    else:
        for _ in range(amount):
            _give_back_one(slow, claim.allocation)


def _give_back_one(slow: Slow, allocation: Allocation) -> None:
    """One minor unit goes back: what was too much first, then what was paid last."""
    if slow.too_much:
        slow.too_much -= 1
        return
    order = {
        Allocation.PRINCIPAL_FIRST: "cip",
        Allocation.INTEREST_FIRST: "cpi",
        Allocation.COSTS_FIRST: "pic",
    }[allocation]
    for bucket in order:
        if bucket == "p" and slow.principal_paid:
            slow.principal_paid -= 1
            slow.principal += 1
            return
        if bucket == "i" and slow.interest_paid:
            slow.interest_paid -= 1
            return
        if bucket == "c" and slow.costs_paid:
            slow.costs_paid -= 1
            slow.costs += 1
            return
    slow.principal += 1


def _pay(slow: Slow, claim: Claim, amount: int, day: date) -> None:
    """One minor unit after the other to the first bucket that owes one."""
    mode = claim.interest.mode if claim.interest else Mode.HALF_UP
    owed_interest = whole(slow.interest, mode) - slow.interest_paid - slow.joined_owed
    buckets = {"costs": slow.costs, "interest": owed_interest, "joined": slow.joined_owed, "principal": slow.principal}
    order = {
        Allocation.PRINCIPAL_FIRST: ("principal", "joined", "interest", "costs"),
        Allocation.INTEREST_FIRST: ("interest", "joined", "principal", "costs"),
        Allocation.COSTS_FIRST: ("costs", "interest", "joined", "principal"),
    }[claim.allocation]
    paid = dict.fromkeys(order, 0)
    for _ in range(amount):
        first = next((name for name in order if buckets[name]), None)
        if first is None:
            slow.too_much += 1
            continue
        buckets[first] -= 1
        paid[first] += 1
    slow.costs -= paid["costs"]
    slow.costs_paid += paid["costs"]
    slow.interest_paid += paid["interest"] + paid["joined"]
    slow.principal -= paid["principal"]
    slow.principal_paid += paid["principal"]
    slow.joined_owed -= paid["joined"]
    slow.joined -= paid["joined"]
    if slow.joined_owed == 0 and (paid["joined"] or slow.principal == 0):
        slow.joined = Fraction(0)
    slow.payments.append((day, paid["costs"], paid["interest"], paid["principal"] + paid["joined"]))
