"""What a late invoice costs on a day: interest stretch by stretch, fees, compensation, and how payments were spread.

This is the exact engine: it follows one claim through its days in whole numbers and fractions, whatever day count, rounding,
compounding or order of allocation was agreed. What it promises:

- Interest runs from the day after the due date through the day of the payment (days = paid - due); so a movement on a day
  changes the balance from the day after it.
- A stretch ends at every payment, credit and refund, every change of rate and every capitalisation.
- Only facts count: a movement that turns up later with an earlier date gives what it would have given at once. Movements
  after the day asked for are not there yet.
- The interest of the stretches adds up to the interest claimed, to the minor unit: each stretch shows what the rounded sum
  grew by.
- What is owed is amount + interest + fees + compensation + refunds - payments - credits, never below zero.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from payflow.model.interest import Compound as Compound
from payflow.money import show
from payflow.policy import daycount
from payflow.policy.allocation import Allocated, Allocation, Buckets
from payflow.policy.daycount import DayCount, add_months
from payflow.policy.late_fees import FeeTerms, fee_days, fee_on
from payflow.policy.rates import Rate
from payflow.policy.rounding import Mode, Rounding, rounded

_DAY = timedelta(days=1)


class Kind(StrEnum):
    """What a movement is; movements of one day count in this order."""

    # a credit note: less is asked for
    CREDIT = "credit"
    # money came in
    PAYMENT = "payment"
    # money went back
    REFUND = "refund"
    # what the creditor gave up: the balance falls as by a credit, but the claim stood
    WRITE_OFF = "write-off"


class Movement(Struct, frozen=True):
    """A change of what is owed, in minor units above zero."""

    on: date
    kind: Kind
    amount: int


class InterestTerms(Struct, frozen=True):
    """What interest was agreed, or what the law says. `rates` are in order of their days, and the first covers the start.

    `grace` days after the due date bear no interest; with `grace_counts` they do, once they are over with principal unpaid.
    `grace_words` say what these days are. Interest below `floor` is not claimed at all.
    """

    rates: Sequence[Rate]
    day_count: DayCount = DayCount.ACTUAL_365
    rounding: Rounding = Rounding.END
    mode: Mode = Mode.HALF_UP
    compound: Compound = Compound.NONE
    grace: int = 0
    grace_counts: bool = False
    grace_words: str = "days of grace"
    floor: int = 0


class Claim(Struct, frozen=True):
    """An invoice and all that is known of it on the day `as_of`. Money in minor units of `currency`.

    `compensation` is a fixed sum that arises with the first day of interest, if principal is unpaid then.
    """

    amount: int
    currency: str
    due_on: date
    as_of: date
    movements: tuple[Movement, ...] = ()
    interest: InterestTerms | None = None
    fee: FeeTerms | None = None
    compensation: int = 0
    compensation_why: str = "as agreed"
    allocation: Allocation = Allocation.PRINCIPAL_FIRST
    #: Principal that is not above this counts as paid: it bears nothing.
    tolerance: int = 0


class Stretch(Struct, frozen=True):
    """Days of one balance and one rate, `first` and `last` included; `days` by the day count.

    `exact` is the interest before it is added up and rounded, `interest` what the claim grew by; `balance` may hold parts of
    a minor unit where interest has joined it.
    """

    first: date
    last: date
    days: int
    balance: Fraction
    annual: Fraction
    exact: Fraction
    interest: int
    why: str


class Cost(Struct, frozen=True):
    """A late fee or the compensation, from the day it arose."""

    on: date
    amount: int
    compensation: bool
    why: str


class Accrual(Struct, frozen=True):
    """The answer, in minor units. `interest`, `fees` and `compensation` are what arose, paid or not.

    `days_overdue` count from the due date until the principal was paid, or until the day asked for. `daily` is what one more
    day would add. `overpaid` is what was paid or credited beyond all that is owed.
    """

    due_on: date
    days_overdue: int
    interest: int
    fees: int
    compensation: int
    principal_outstanding: int
    total_due: int
    daily: int
    overpaid: int
    stretches: tuple[Stretch, ...]
    costs: tuple[Cost, ...]
    allocations: tuple[Allocated, ...]
    #: whether a later day may bear interest, as far as is known
    bears: bool = False
    #: interest that arose and is below the floor, hence not claimed
    below_floor: int = 0


def accrue(claim: Claim) -> Accrual:
    """Work a claim out. An invoice that was credited in full bears neither interest nor costs.

    Raises `ValueError` when interest is to run on a day that has no rate.
    """
    found = _Course(claim).run()
    floor = claim.interest.floor if claim.interest is not None else 0
    if not 0 < found.interest < floor:
        return found
    # payments that paid interest which is not claimed after all paid principal instead
    return replace(_Course(claim, claims_interest=False).run(), below_floor=found.interest)


def grace_over(claim: Claim) -> date:
    """The last day on which neither interest nor compensation can arise."""
    return claim.due_on + (claim.interest.grace if claim.interest is not None else 0) * _DAY


def bears_from(claim: Claim) -> date | None:
    """The first day that bears interest; None where none has begun by the day asked for."""
    over = grace_over(claim)
    if claim.as_of <= over:
        return None
    counts = (
        claim.interest is not None and claim.interest.grace_counts and outstanding_on(claim, over) > claim.tolerance
    )
    return (claim.due_on if counts else over) + _DAY


def outstanding_on(claim: Claim, day: date) -> int:
    """The principal unpaid at the end of a day by which neither interest nor compensation has arisen; a late fee may have."""
    if claim.fee is not None:
        # what payments paid of the fee, they did not pay of the principal
        return _Course(replace(claim, as_of=day, interest=None, compensation=0)).run().principal_outstanding
    moved = (
        -movement.amount if movement.kind is Kind.REFUND else movement.amount
        for movement in claim.movements
        if movement.on <= day
    )
    return max(0, claim.amount - sum(moved))


def asks(claim: Claim) -> bool:
    """Whether anything is asked for at all: what was credited in full bears neither interest nor costs."""
    known = (movement for movement in claim.movements if movement.on <= claim.as_of)
    credited = sum(movement.amount for movement in known if movement.kind is Kind.CREDIT)
    return not credited or credited < claim.amount


class _Course:
    """One walk through the days of a claim, from one day on which something changes to the next."""

    def __init__(self, claim: Claim, *, claims_interest: bool = True) -> None:
        known = [movement for movement in claim.movements if movement.on <= claim.as_of and movement.amount]
        self.claim = claim
        self.terms = claim.interest
        self.movements = sorted(known, key=lambda movement: (movement.on, _KINDS.index(movement.kind)))
        self.asks = asks(claim)
        self.claims_interest = claims_interest
        mode = self.terms.mode if self.terms is not None else Mode.HALF_UP
        self.buckets = Buckets(claim.amount, mode, claim.allocation)
        self.starts = bears_from(claim) if self.asks and self.terms is not None else None
        self.joins = set(self._joins())
        self.costs = self._costs()
        self.next_cost = next(self.costs, None)
        self.arisen: list[Cost] = []
        self.stretches: list[Stretch] = []
        self.opened = self._opening()
        self.paid_on: date | None = None

    def run(self) -> Accrual:
        """Go through all days and add up."""
        before = date.min
        for day in sorted(set(self._cuts())):
            self._arise_through(day)
            self._accrue(before, day)
            self._move(day)
            if day in self.joins:
                self.buckets.join()
                self.opened = "interest so far joined the balance"
            self._note_paid(day)
            before = day
        return self._answer()

    def _cuts(self) -> Iterator[date]:
        yield self.claim.as_of
        yield from (movement.on for movement in self.movements)
        if self.starts is not None and self.terms is not None:
            yield self.starts - _DAY
            yield from self.joins
            yield from (rate.since - _DAY for rate in self.terms.rates if self.starts < rate.since <= self.claim.as_of)

    def _joins(self) -> Iterator[date]:
        """The days at whose end unpaid interest joins the principal."""
        if self.starts is None or self.terms is None or self.terms.compound is Compound.NONE:
            return
        start, periods = self.starts - _DAY, 1
        while (day := _period_end(start, self.terms.compound, periods)) <= self.claim.as_of:
            yield day
            periods += 1

    def _opening(self) -> str:
        if self.terms is None or not self.terms.grace:
            return f"from the day after it was due, {self.claim.due_on}"
        grace = f"{self.terms.grace} {self.terms.grace_words}"
        if self.starts is not None and self.starts == self.claim.due_on + _DAY:
            return f"from the day after it was due, {self.claim.due_on}, since the {grace} are over"
        return f"from the day after the {grace}"

    def _costs(self) -> Iterator[tuple[date, bool]]:
        """The days on which fees (False) and the compensation (True) may arise, in order."""
        if not self.asks:
            return
        over = grace_over(self.claim)
        fixed = over + _DAY if self.claim.compensation and over < self.claim.as_of else None
        for on in fee_days(self.claim.fee, self.claim.due_on, self.claim.as_of) if self.claim.fee is not None else ():
            if fixed is not None and fixed <= on:
                yield fixed, True
                fixed = None
            yield on, False
        if fixed is not None:
            yield fixed, True

    def _arise_through(self, day: date) -> None:
        """Let costs arise, on the principal as it is since the last movement."""
        while self.next_cost is not None and self.next_cost[0] <= day:
            on, is_compensation = self.next_cost
            amount, why = self._compensation() if is_compensation else self._fee()
            if amount:
                self.arisen.append(Cost(on, amount, is_compensation, why))
                self.buckets.costs += amount
            self.next_cost = next(self.costs, None)

    def _compensation(self) -> tuple[int, str]:
        return (self.claim.compensation if self.buckets.principal else 0), self.claim.compensation_why

    def _fee(self) -> tuple[int, str]:
        if self.claim.fee is None:
            return 0, ""
        before = sum(cost.amount for cost in self.arisen if not cost.compensation)
        return fee_on(self.claim.fee, self.claim.currency, self.buckets.principal, self.claim.amount, before)

    def _accrue(self, before: date, day: date) -> None:
        """Let interest run through `day` on what bears it."""
        if self.starts is None or self.terms is None or day < self.starts or not self._bearing():
            return
        rate = _rate_on(self.terms.rates, before + _DAY)
        exact = self.buckets.bearing * rate.annual * daycount.years(self.terms.day_count, before, day)
        so_far = self.buckets.interest
        balance = self.buckets.bearing
        if self.claims_interest:
            self.buckets.accrued += self._as_rounded(exact, rate, before, day)
        self.stretches.append(
            Stretch(
                before + _DAY,
                day,
                daycount.days(self.terms.day_count, before, day),
                balance,
                rate.annual,
                exact,
                self.buckets.interest - so_far,
                f"{self._since(before, rate)}; {rate.why}",
            )
        )

    def _bearing(self) -> Fraction:
        """What bears interest: nothing where what is left is tolerated."""
        tolerated = self.claim.tolerance and self.buckets.principal <= self.claim.tolerance
        return Fraction(0) if tolerated else self.buckets.bearing

    def _as_rounded(self, exact: Fraction, rate: Rate, before: date, day: date) -> Fraction:
        """The interest of a stretch, whole already where segments or days are rounded."""
        assert self.terms is not None
        if self.terms.rounding is Rounding.END:
            return exact
        if self.terms.rounding is Rounding.SEGMENT:
            return Fraction(rounded(exact, self.terms.mode))
        yearly = self.buckets.bearing * rate.annual
        single = daycount.each_day(self.terms.day_count, before, day)
        return Fraction(sum(rounded(yearly * weight, self.terms.mode) * count for weight, count in single))

    def _since(self, before: date, rate: Rate) -> str:
        """What opened a stretch."""
        new = self.stretches and self.stretches[-1].last == before and rate.since == before + _DAY
        return "from the change of the rate" if new and not self.opened else self.opened or "as before"

    def _move(self, day: date) -> None:
        said = []
        for movement in self.movements:
            if movement.on != day:
                continue
            if movement.kind is Kind.PAYMENT:
                self.buckets.pay(day, movement.amount)
            elif movement.kind in (Kind.CREDIT, Kind.WRITE_OFF):
                self.buckets.credit(movement.amount)
            else:
                self.buckets.refund(movement.amount)
            said.append(f"{movement.kind} of {show(movement.amount, self.claim.currency)}")
        if said and self.stretches:
            self.opened = f"after the {' and the '.join(said)} on {day}"
        elif self.stretches:
            self.opened = ""

    def _note_paid(self, day: date) -> None:
        if self.buckets.principal:
            self.paid_on = None
        elif self.paid_on is None:
            self.paid_on = day

    def _answer(self) -> Accrual:
        buckets, claim = self.buckets, self.claim
        owed = buckets.principal + buckets.interest_owed + buckets.costs - buckets.surplus
        joins = self.terms is not None and self.terms.compound is not Compound.NONE and not claim.tolerance
        return Accrual(
            due_on=claim.due_on,
            days_overdue=max(0, ((self.paid_on or claim.as_of) - claim.due_on).days),
            interest=buckets.interest,
            fees=sum(cost.amount for cost in self.arisen if not cost.compensation),
            compensation=sum(cost.amount for cost in self.arisen if cost.compensation),
            principal_outstanding=buckets.principal,
            total_due=max(0, owed),
            daily=self._daily(),
            overpaid=max(0, -owed),
            stretches=tuple(self.stretches),
            costs=tuple(self.arisen),
            allocations=tuple(buckets.allocations),
            bears=self._bearing() > 0 or (joins and buckets.interest_owed > 0),
        )

    def _daily(self) -> int:
        """What one more day adds, at the rate known for it; nothing after the last day that a date can name."""
        if self.claim.as_of == date.max:
            return 0
        if self.terms is None or not self.asks or not self.terms.rates or self.claim.as_of < grace_over(self.claim):
            return 0
        rate = _rate_on(self.terms.rates, self.claim.as_of + _DAY)
        return one_day(self._bearing(), rate.annual, self.terms.day_count, self.terms.mode, self.claim.as_of)


def one_day(bearing: Fraction | int, annual: Fraction, day_count: DayCount, mode: Mode, as_of: date) -> int:
    """What the day after `as_of` adds, in minor units, rounded by itself."""
    actual = day_count is DayCount.ACTUAL_ACTUAL
    year = daycount.days_in((as_of + _DAY).year) if actual else daycount.year_of(day_count)
    return rounded(bearing * annual / year, mode)


def _period_end(start: date, compound: Compound, periods: int) -> date:
    if compound is Compound.DAYS_30:
        return start + 30 * periods * _DAY
    return add_months(start, (12 if compound is Compound.YEARLY else 1) * periods)


def _rate_on(rates: Sequence[Rate], day: date) -> Rate:
    place = bisect_right(rates, day, key=lambda rate: rate.since) - 1
    if place < 0:
        raise ValueError(f"no rate is known for {day}")
    return rates[place]


_KINDS = tuple(Kind)
