"""At which rates a claim bears interest: what was agreed, or what follows from a statute's tables for its days.

`payflow calc`, one invoice in `payflow explain` and a million in a book all take their rates from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from msgspec.structs import replace

from payflow.model.interest import Compound, Interest, Per
from payflow.policy.accrual import Claim, InterestTerms, accrue, asks, bears_from, grace_over, outstanding_on
from payflow.policy.daycount import year_of
from payflow.policy.fees import percent
from payflow.policy.law import Fixing, Statute
from payflow.policy.rates import OutOfTable, Rate
from payflow.policy.statutes import rates_for, statute

_DAY = timedelta(days=1)


def law_of(interest: Interest | None) -> Statute | None:
    """The statute that was named, if one was."""
    return statute(interest.statute) if interest is not None and interest.statute else None


def agreed_rate(interest: Interest) -> Rate:
    """A rate that was agreed, as one of a year."""
    return Rate(date.min, interest.annual, rate_words(interest))


def rate_words(interest: Interest) -> str:
    """An agreed rate as it was written: `8 % a year`, `1.5 % a month, 18 % a year`."""
    yearly = f"{percent(interest.annual)} % a year"
    if interest.per is Per.ANNUAL:
        return yearly
    times = 12 if interest.per is Per.MONTHLY else year_of(interest.day_count)
    word = "month" if interest.per is Per.MONTHLY else "day"
    return f"{percent(interest.annual / times)} % a {word}, {yearly}"


def terms_of(interest: Interest, currency: str, grace: int = 0) -> InterestTerms:
    """The terms that the exact engine follows, with `grace` where none is named; the rates of a statute are still missing."""
    return InterestTerms(
        rates=() if interest.statute else (agreed_rate(interest),),
        day_count=interest.day_count,
        rounding=interest.rounding,
        mode=interest.mode,
        compound=interest.compound,
        grace=grace if interest.grace is None else interest.grace,
        grace_counts=interest.grace_counts,
        floor=interest.floor.get(currency, 0),
    )


def with_rates(claim: Claim, law: Statute | None, arose: date, extra: Path | None = None) -> Claim:
    """The claim with the rates of the statute for the days on which something is owed; as it is where none is named.

    Where the law waits for the next day on which agencies are open, so do the terms. `arose` is the day of the debt, `extra` a
    folder with rate tables of the user's own. Raises `OutOfTable`.
    """
    if law is None or claim.interest is None:
        return claim
    terms = _until_open(claim.interest, claim.due_on) if law.federal_days else claim.interest
    return replace(claim, interest=replace(terms, rates=_rates(replace(claim, interest=terms), law, arose, extra)))


def _until_open(terms: InterestTerms, due_on: date) -> InterestTerms:
    """The terms with the days until agencies are open again, unless a longer grace was agreed."""
    from payflow.policy.federal_days import days_until_open

    closed = days_until_open(due_on)
    if closed <= terms.grace:
        return terms
    counts = terms.grace_counts or not terms.grace
    return replace(terms, grace=closed, grace_counts=counts, grace_words="days until the next working day")


def _rates(claim: Claim, law: Statute, arose: date, extra: Path | None) -> Sequence[Rate]:
    """The rates of the days on which something is owed; none is asked for between a full payment and what raises it again."""
    starts = bears_from(claim)
    if not asks(claim):
        return ()
    if starts is None:
        return _of_tomorrow(claim, law, arose, extra)
    moves = {movement.on for movement in claim.movements if starts <= movement.on < claim.as_of}
    rates: list[Rate] = []
    at = starts - _DAY
    for until in sorted({*moves, claim.as_of}):
        if _bears(claim, rates, at, starts):
            floats = law.fixing is Fixing.FLOATING
            more = rates_for(law, at + _DAY if floats else starts, until, extra=extra, arose=arose)
            rates = [*rates, *more] if floats else list(more)
        at = until
    return tuple(rates)


def _of_tomorrow(claim: Claim, law: Statute, arose: date, extra: Path | None) -> Sequence[Rate]:
    """The rate of the day on which interest would start, told on the day before it; none where no table holds it."""
    if claim.as_of != grace_over(claim):
        return ()
    starts = bears_from(replace(claim, as_of=claim.as_of + _DAY)) or claim.as_of + _DAY
    try:
        return rates_for(law, starts, claim.as_of + _DAY, extra=extra, arose=arose)
    except OutOfTable:
        return ()


def _bears(claim: Claim, rates: Sequence[Rate], day: date, starts: date) -> bool:
    """Whether something bears interest on the day after `day`; `rates` reach so far."""
    if day < starts or claim.interest is None:
        return outstanding_on(claim, day) > claim.tolerance
    return accrue(replace(claim, as_of=day, interest=replace(claim.interest, rates=rates))).bears


def rate_at_present(interest: Interest, day: date, arose: date, extra: Path | None = None) -> Rate | None:
    """The rate of a day on which interest would start; None where a statute's table does not speak of it."""
    law = law_of(interest)
    if law is None:
        return agreed_rate(interest)
    try:
        return rates_for(law, day, day, extra=extra, arose=arose)[0]
    except OutOfTable:
        return None


def starts_on(interest: Interest, due_on: date, grace: int) -> date:
    """The first day that interest counts from, once it arises; `grace` is the policy's."""
    days = grace if interest.grace is None else interest.grace
    return due_on + _DAY if interest.grace_counts else due_on + (days + 1) * _DAY


def notice_words(
    interest: Interest, due_on: date, grace: int, issued_on: date, as_of: date, extra: Path | None = None
) -> str:
    """What a letter says interest is: rate, base, first day, and the law and reference rate that a statutory one rests on."""
    days = grace if interest.grace is None else interest.grace
    starts = starts_on(interest, due_on, grace)
    law = law_of(interest)
    fixed = law is not None and law.fixing is Fixing.START
    rate = rate_at_present(interest, min(starts, as_of) if fixed else as_of, issued_on, extra)
    counts = f" once {days} days of grace are over" if interest.grace_counts and days else ""
    return f"{words(interest, rate)} on what is outstanding, from {starts.isoformat()}{counts}"


def words(interest: Interest, rate: Rate | None) -> str:
    """What a client reads of the rate: `8 % a year`, or the statute, its rate and what that rests on."""
    joins = {
        Compound.NONE: "",
        Compound.YEARLY: ", compounded yearly",
        Compound.MONTHLY: ", compounded monthly",
        Compound.DAYS_30: ", compounded every 30 days",
    }[interest.compound]
    law = law_of(interest)
    if law is None:
        return rate_words(interest) + joins
    if rate is None:
        return f"the rate of {law.title}{joins}"
    return f"{percent(rate.annual)} % a year{joins} by {law.title} ({rate.why})"
