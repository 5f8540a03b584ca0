"""Interest against a slow reference that goes day by day in exact fractions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from payflow.columns import to_day
from payflow.model.facts import EntryKind, Settlement, State
from payflow.money import round_half_up
from payflow.policy import timeline
from payflow.policy.rows import movements
from policy.books import DUE, ISSUED, Bill, Move, assess_all, assess_one, book_of, policy_of
from policy.stretches import spans as spans_of


def counts(move: Move) -> bool:
    """Settled money counts; disputed money does not once it is gone; what is pending or failed never does."""
    if move.settlement is Settlement.DISPUTED:
        return move.amount < 0
    return move.settlement is Settlement.SETTLED


def owed_after(bill: Bill, day: date) -> int:
    """What is owed at the end of a day."""
    return max(0, bill.total - sum(move.amount for move in bill.moves if counts(move) and move.on <= day))


def slow_interest(bill: Bill, start: date, until: date, annual: Fraction, tolerance: int = 0) -> Fraction:
    """Each day after `start` through `until` earns a 365th of the yearly rate on what was owed when it began."""
    found, day = Fraction(0), start + timedelta(days=1)
    while day <= until:
        owed = owed_after(bill, day - timedelta(days=1))
        if owed > tolerance:
            found += owed * annual / 365
        day += timedelta(days=1)
    return found


def half_up(value: Fraction) -> int:
    return (value + Fraction(1, 2)).__floor__()


DAYS = st.integers(-40, 130).map(lambda days: ISSUED + timedelta(days=days))
AMOUNTS = st.one_of(
    st.integers(0, 300_000),
    st.sampled_from([100_000, 200_000, 1_500, 398_500, 399_999, 400_000, 400_001]),
    st.integers(10**12 - 2, 10**12 + 2),
    st.integers(0, 5 * 10**17),
)
SIGNED = st.one_of(AMOUNTS, AMOUNTS.map(lambda amount: -amount))
MOVES = st.lists(
    st.builds(Move, on=DAYS, amount=SIGNED, kind=st.sampled_from(EntryKind), settlement=st.sampled_from(Settlement)),
    max_size=8,
)
TOTALS = st.one_of(
    st.sampled_from([0, 1, 400_000, 10**12, 10**12 + 1, 4 * 10**18]), st.integers(0, 10**6), st.integers(0, 4 * 10**18)
)
BILLS = st.builds(Bill, total=TOTALS, moves=MOVES)
RATES = st.integers(1, 100_000).map(lambda thousandths: str(Fraction(thousandths, 1000)))
#: within the tolerance for ten days, and then no more
SHORT_THEN_ALL = [Move(DUE + timedelta(days=5), 398_600), Move(DUE + timedelta(days=15), 1_400)]
SHORT_THEN_BACK = [
    Move(DUE + timedelta(days=5), 398_600),
    Move(DUE + timedelta(days=15), -100_000, EntryKind.REFUND),
]
TOLERANCES = st.sampled_from([0, 0, 1, 1_500, 100_000, 10**13])


@settings(max_examples=400, deadline=None)
@given(
    bills=st.lists(BILLS, min_size=1, max_size=4),
    annual=RATES,
    grace=st.integers(0, 20),
    after=st.integers(-10, 120),
    tolerance=TOLERANCES,
)
@example(bills=[Bill(moves=[Move(DUE, 500_000), Move(DUE, -200_000)])], annual="8", grace=0, after=30, tolerance=0)
@example(bills=[Bill(moves=[Move(DUE, 5 * 10**17)] * 8, total=10**12)], annual="8", grace=0, after=9, tolerance=0)
@example(bills=[Bill(moves=SHORT_THEN_ALL)], annual="8", grace=0, after=30, tolerance=1_500)
@example(bills=[Bill(moves=SHORT_THEN_ALL[:1], total=398_600)], annual="8", grace=0, after=30, tolerance=400_000)
@example(bills=[Bill(moves=SHORT_THEN_BACK)], annual="8", grace=0, after=30, tolerance=1_500)
def test_columns_stretches_and_the_slow_reference_agree_to_the_exact_numerator(
    bills: Sequence[Bill], annual: str, grace: int, after: int, tolerance: int
) -> None:
    policy = policy_of(annual=annual, grace=grace, tolerance={"GBP": tolerance})
    rate, as_of, start = Fraction(annual) / 100, DUE + timedelta(days=after), DUE + timedelta(days=grace)
    book = book_of(*bills)
    assessed = assess_all(bills, policy, as_of)
    for at, bill in enumerate(bills):
        exact = slow_interest(bill, start, as_of, rate, tolerance)
        moves = movements(book).get(at, [])
        stretches = list(spans_of(bill.total, moves, to_day(start), to_day(as_of), tolerance))
        columns = sum(span.balance * span.days for span in stretches)
        assert columns * rate / 365 == exact
        if assessed[at].state in (State.OPEN, State.OVERDUE, State.PAID, State.DISPUTED):
            assert (assessed[at].balance_days, assessed[at].interest) == (columns, half_up(exact))
            today = owed_after(bill, as_of)
            assert assessed[at].outstanding == today
            assert assessed[at].per_day == half_up(today * rate / 365 if today > tolerance else Fraction(0))
        else:
            assert (assessed[at].balance_days, assessed[at].interest, assessed[at].per_day) == (0, 0, 0)


@given(BILLS, st.integers(-5, 60), st.integers(0, 130))
@example(Bill(moves=[Move(DUE, 100_000)]), 0, 9)
def test_stretches_follow_one_another_without_a_gap_in_what_is_owed(bill: Bill, first: int, last: int) -> None:
    start, until = to_day(DUE) + first, to_day(DUE) + last
    moves = movements(book_of(bill)).get(0, [])
    spans = list(spans_of(bill.total, moves, start, until))
    assert all(span.days > 0 and span.balance > 0 for span in spans)
    covered = {day: span.balance for span in spans for day in range(span.start + 1, span.end + 1)}
    assert sum(span.days for span in spans) == len(covered)
    for day in range(start + 1, until + 1):
        assert covered.get(day, 0) == timeline.balance_on(bill.total, moves, day - 1)


@given(st.lists(BILLS, min_size=2, max_size=6), st.integers(0, 90), st.data())
def test_a_book_may_be_cut_into_parts(bills: list[Bill], after: int, data: st.DataObject) -> None:
    cut, as_of, policy = data.draw(st.integers(1, len(bills) - 1)), DUE + timedelta(days=after), policy_of()
    whole = assess_all(bills, policy, as_of)
    assert whole == assess_all(bills[:cut], policy, as_of) + assess_all(bills[cut:], policy, as_of)


@settings(max_examples=50, deadline=None)
@given(BILLS, st.randoms())
def test_the_order_in_which_entries_of_a_day_were_booked_does_not_matter(bill: Bill, random: object) -> None:
    moves = list(bill.moves)
    random.shuffle(moves)  # type: ignore[attr-defined]  # hypothesis hands out random.Random
    other = Bill(total=bill.total, moves=moves)
    as_of = DUE + timedelta(days=60)
    assert assess_one(bill, policy_of(), as_of) == assess_one(other, policy_of(), as_of)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        (0, 1, 0),
        (1, 2, 1),
        (-1, 2, -1),
        (3, 2, 2),
        (5, 2, 3),
        (49, 100, 0),
        (1226, 100, 12),
        (365 * 10**30 + 1, 730, 5 * 10**29),
        (365 * 10**30 + 365, 730, 5 * 10**29 + 1),
        (2**200 + 1, 2, 2**199 + 1),
    ],
)
def test_halves_are_rounded_away_from_zero_at_any_size(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_up(numerator, denominator) == rounded


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**20))
def test_rounding_is_symmetric_and_off_by_at_most_a_half(numerator: int, denominator: int) -> None:
    rounded = round_half_up(numerator, denominator)
    assert rounded == -round_half_up(-numerator, denominator)
    assert abs(Fraction(numerator, denominator) - rounded) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("total", "days", "annual", "expected"),
    [
        (364, 1, "50", 0),
        (365, 1, "50", 1),
        (1_094, 1, "50", 1),
        (1_095, 1, "50", 2),
        (365, 3, "50", 2),
        (36_499, 1, "0.5", 0),
        (36_500, 1, "0.5", 1),
        (73_000, 1, "0.75", 2),
        (109_500, 1, "0.5", 2),
    ],
)
def test_an_exact_half_of_a_minor_unit_goes_up(total: int, days: int, annual: str, expected: int) -> None:
    row = assess_one(Bill(total=total), policy_of(annual=annual, grace=0), DUE + timedelta(days=days))
    assert row.interest == expected


def test_the_designs_own_figures() -> None:
    row = assess_one(Bill(), policy_of(), date(2026, 11, 21))
    assert (row.due_on, row.days_overdue, row.state) == (DUE, 17, State.OVERDUE)
    assert (row.outstanding, row.balance_days, row.interest) == (400_000, 400_000 * 14, 1227)


@pytest.mark.parametrize(
    ("as_of", "balance_days"),
    [
        (DUE, 0),
        (DUE + timedelta(days=1), 0),
        (DUE + timedelta(days=3), 0),
        (DUE + timedelta(days=4), 400_000),
        (DUE + timedelta(days=5), 800_000),
        (date(2027, 11, 7), 400_000 * 365),
    ],
)
def test_interest_counts_from_the_day_after_the_grace(as_of: date, balance_days: int) -> None:
    assert assess_one(Bill(), policy_of(), as_of).balance_days == balance_days


def test_a_leap_year_earns_a_day_more() -> None:
    bill = Bill(issued=date(2027, 12, 1), printed=date(2027, 12, 31))
    row = assess_one(bill, policy_of(grace=0), date(2028, 12, 31))
    assert row.balance_days == 400_000 * 366
    assert row.interest == 32_088


def test_a_payment_stops_interest_on_the_day_after_it_was_sent() -> None:
    paid = Bill(moves=[Move(DUE + timedelta(days=10), 400_000)])
    for as_of in (DUE + timedelta(days=10), DUE + timedelta(days=11), DUE + timedelta(days=400)):
        assert assess_one(paid, policy_of(grace=0), as_of).balance_days == 400_000 * 10


def test_money_paid_back_earns_again_from_the_day_after_it_went() -> None:
    moves = [Move(DUE, 400_000), Move(DUE + timedelta(days=20), -100_000, EntryKind.REFUND)]
    row = assess_one(Bill(moves=moves), policy_of(grace=0), DUE + timedelta(days=25))
    assert (row.balance_days, row.outstanding, row.refunded) == (100_000 * 5, 100_000, True)


def test_an_overpayment_earns_the_client_nothing_and_is_not_owed() -> None:
    moves = [Move(DUE, 450_000), Move(DUE + timedelta(days=9), -50_000, EntryKind.REFUND)]
    row = assess_one(Bill(moves=moves), policy_of(grace=0), DUE + timedelta(days=30))
    assert (row.state, row.outstanding, row.balance_days, row.interest) == (State.PAID, 0, 0, 0)
    assert not row.refunded


def test_a_shortfall_within_the_tolerance_is_paid_and_stops_growing() -> None:
    bill = Bill(moves=[Move(DUE + timedelta(days=10), 398_500)])
    policy = policy_of(grace=0, tolerance={"GBP": 1_500})
    rows = [assess_one(bill, policy, DUE + timedelta(days=days)) for days in (10, 11, 300)]
    assert {(row.state, row.outstanding, row.balance_days, row.per_day) for row in rows} == {
        (State.PAID, 1_500, 400_000 * 10, 0)
    }


def test_interest_arises_nowhere_that_it_does_not_bind() -> None:
    as_of = date(2026, 12, 31)
    assert assess_one(Bill(), policy_of(), as_of, binds=False).interest == 0
    assert assess_one(Bill(), policy_of(annual=None), as_of).interest == 0
    assert assess_one(Bill(charge=True), policy_of(), as_of).interest == 0
    assert assess_one(Bill(printed=DUE), None, as_of).interest == 0


def test_a_days_interest_is_that_of_what_is_outstanding_now() -> None:
    bill = Bill(moves=[Move(DUE, 300_000)])
    row = assess_one(bill, policy_of(grace=0), DUE + timedelta(days=10))
    assert (row.interest, row.per_day) == (half_up(Fraction(100_000 * 10 * 8, 36_500)), 22)
