"""Whatever is agreed and whatever is paid, the engine gives what a walk through the single days gives."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.policy.accrual import Claim, Compound, InterestTerms, Kind, Movement, accrue
from payflow.policy.allocation import Allocation
from payflow.policy.daycount import DayCount
from payflow.policy.late_fees import FeeBand, FeeBase, FeeSize, FeeTerms, Take
from payflow.policy.rates import Rate
from payflow.policy.rounding import Mode, Rounding
from policy import slow_claims

#: Days on which conventions differ, and others.
EDGES = [date(2023, 12, 31), date(2024, 1, 30), date(2024, 1, 31), date(2024, 2, 28), date(2024, 2, 29)]
DUE_DAYS = st.one_of(st.sampled_from(EDGES), st.dates(date(2023, 12, 1), date(2024, 3, 31)))
#: Few amounts, so that payments often settle a bucket to the unit.
AMOUNTS = st.one_of(st.sampled_from([100, 1000, 5000]), st.integers(1, 20_000))
MOVED = st.one_of(st.sampled_from([1, 100, 900, 1000, 4000, 5000]), st.integers(1, 12_000))
PERCENTS = st.integers(1, 2000).map(lambda hundredths: Fraction(hundredths, 10_000))
SIZES = st.one_of(
    st.builds(FeeSize, amount=st.integers(1, 3000)),
    st.builds(FeeSize, percent=PERCENTS),
    st.builds(
        FeeSize,
        amount=st.integers(1, 3000),
        percent=PERCENTS,
        take=st.sampled_from(Take),
    ),
)
BANDS = st.one_of(
    st.builds(lambda size: (FeeBand(size),), SIZES),
    st.builds(
        lambda low, limit, inclusive, high: (
            FeeBand(low, up_to=limit if inclusive else None, below=None if inclusive else limit),
            FeeBand(high),
        ),
        SIZES,
        AMOUNTS,
        st.booleans(),
        SIZES,
    ),
)
OPTIONAL = st.one_of(st.none(), st.integers(1, 4000))
RHYTHMS = st.sampled_from([(0, 0), (7, 0), (30, 0), (0, 1), (0, 2)])
FEES = st.builds(
    lambda bands, base, minimum, more, rhythm, cap, grace: FeeTerms(
        bands,
        base,
        minimum,
        None if more is None else more + (minimum or 0),
        every_days=rhythm[0],
        every_months=rhythm[1],
        cap=cap,
        grace=grace,
    ),
    BANDS,
    st.sampled_from(FeeBase),
    OPTIONAL,
    OPTIONAL,
    RHYTHMS,
    OPTIONAL,
    st.integers(0, 20),
)


@st.composite
def claims(draw: st.DrawFn, *, length: int = 500) -> Claim:
    due = draw(DUE_DAYS)
    as_of = due + timedelta(draw(st.one_of(st.integers(-2, 45), st.integers(46, length))))
    ends = [
        due.replace(year=2024, month=month, day=day) for month, day in ((1, 31), (3, 30), (3, 31), (5, 31), (12, 31))
    ]
    near = st.integers(-5, 70).map(lambda after: due + timedelta(after))
    days = st.one_of(
        st.sampled_from(ends), near, st.integers(-20, length + 10).map(lambda after: due + timedelta(after))
    )
    kinds = st.sampled_from([Kind.PAYMENT, Kind.PAYMENT, Kind.REFUND, Kind.CREDIT])
    movements = st.lists(st.builds(Movement, days, kinds, MOVED), max_size=6)
    since = draw(st.lists(st.integers(1, length), max_size=3, unique=True))
    percents = st.integers(0, 3000).map(lambda hundredths: Fraction(hundredths, 10_000))
    starts = [date.min, *sorted(due + timedelta(after) for after in since)]
    interest = st.builds(
        InterestTerms,
        rates=st.just(tuple(Rate(start, draw(percents), "agreed") for start in starts)),
        day_count=st.sampled_from(DayCount),
        rounding=st.sampled_from(Rounding),
        mode=st.sampled_from(Mode),
        compound=st.sampled_from(Compound),
        grace=st.sampled_from([0, 0, 3, 40]),
        grace_counts=st.booleans(),
        floor=st.sampled_from([0, 0, 0, 100, 2000]),
    )
    return Claim(
        amount=draw(AMOUNTS),
        currency="EUR",
        due_on=due,
        as_of=as_of,
        movements=tuple(draw(movements)),
        interest=draw(st.one_of(st.none(), interest, interest, interest)),
        fee=draw(st.one_of(st.none(), FEES, FEES)),
        compensation=draw(st.sampled_from([0, 900, 4000])),
        allocation=draw(st.sampled_from(Allocation)),
    )


@settings(max_examples=600)
@given(claims())
def test_the_engine_agrees_with_a_walk_through_the_days(claim: Claim) -> None:
    found, slow = accrue(claim), slow_claims.work_out(claim)
    mode = claim.interest.mode if claim.interest else Mode.HALF_UP
    interest = slow_claims.whole(slow.interest, mode)
    if claim.interest and 0 < interest < claim.interest.floor:
        assert found.below_floor == interest
        slow, interest = slow_claims.work_out(claim, with_interest=False), 0
    owed = slow_claims.total(slow, mode)
    assert (found.interest, found.fees, found.compensation) == (interest, slow.fees, slow.compensation)
    assert (found.principal_outstanding, found.total_due) == (slow.principal, max(0, owed))
    assert found.overpaid == max(0, -owed)
    assert [(paid.on, paid.costs, paid.interest, paid.principal) for paid in found.allocations] == slow.payments
    assert found.days_overdue == max(0, ((slow.paid_on or claim.as_of) - claim.due_on).days)


@given(claims(length=200))
def test_the_account_adds_up(claim: Claim) -> None:
    found = accrue(claim)
    moved = sum(
        movement.amount if movement.kind is Kind.REFUND else -movement.amount
        for movement in claim.movements
        if movement.on <= claim.as_of
    )
    assert found.total_due - found.overpaid == (claim.amount + found.interest + found.fees + found.compensation + moved)
    assert sum(stretch.interest for stretch in found.stretches) == found.interest
    assert sum(cost.amount for cost in found.costs) == found.fees + found.compensation
    assert all(paid.amount == paid.costs + paid.interest + paid.principal + paid.rest for paid in found.allocations)
    assert min(found.principal_outstanding, found.total_due, found.daily, found.overpaid) >= 0


@given(claims(length=200))
def test_stretches_follow_one_another_and_cover_no_day_twice(claim: Claim) -> None:
    stretches = accrue(claim).stretches
    assert all(claim.due_on < stretch.first <= stretch.last <= claim.as_of for stretch in stretches)
    assert all(one.last < next_one.first for one, next_one in pairwise(stretches))


@given(claims(length=200), st.randoms())
def test_the_order_in_which_facts_turn_up_changes_nothing_but_payments_of_one_day(claim: Claim, random: object) -> None:
    shuffled = list(claim.movements)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    found, other = accrue(claim), accrue(replace(claim, movements=tuple(shuffled)))
    assert replace(found, allocations=(), stretches=()) == replace(other, allocations=(), stretches=())


@given(claims(length=200))
def test_what_happens_after_the_day_asked_for_is_not_there_yet(claim: Claim) -> None:
    known = tuple(movement for movement in claim.movements if movement.on <= claim.as_of)
    assert accrue(claim) == accrue(replace(claim, movements=known))


@given(claims(length=200))
def test_one_more_day_adds_the_daily_interest(claim: Claim) -> None:
    """By days that are all alike, with nothing in between; rounding at the end may shift a unit."""
    if claim.interest is None:
        return
    plain = replace(claim.interest, day_count=DayCount.ACTUAL_365, rates=claim.interest.rates[:1], floor=0, grace=0)
    today = replace(claim, interest=plain, movements=(), as_of=max(claim.as_of, claim.due_on))
    tomorrow = replace(today, as_of=today.as_of + timedelta(1))
    grown = accrue(tomorrow).interest - accrue(today).interest
    exact = plain.rounding is Rounding.DAY
    assert abs(grown - accrue(today).daily) <= (0 if exact else 1)
