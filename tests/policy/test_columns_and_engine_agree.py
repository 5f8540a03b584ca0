"""One kernel: columns, the exact engine and a walk through single days give the same interest, to the minor unit, always."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.model.agreement import Policy
from payflow.model.facts import EntryKind, Settlement
from payflow.model.interest import Allocation, Compound, DayCount, Interest, Mode, Rounding
from payflow.policy.assess import Assessment, assess
from payflow.policy.rates import OutOfTable
from payflow.policy.rows import accrued, rated_claim
from payflow.policy.rules import has_columns
from policy.books import Bill, Move, book_of, policy_of
from policy.slow_claims import whole, work_out

FIRST = date(2022, 10, 1)
DAYS = st.integers(0, 900).map(lambda after: FIRST + timedelta(days=after))
AMOUNTS = st.one_of(st.integers(1, 3_000), st.integers(1, 400_000))
KINDS = st.sampled_from([EntryKind.PAYMENT] * 6 + [EntryKind.CREDIT, EntryKind.REFUND, EntryKind.WRITE_OFF])
SETTLED = st.sampled_from([Settlement.SETTLED] * 6 + [Settlement.PENDING, Settlement.DISPUTED, Settlement.FAILED])


@st.composite
def a_move(draw: st.DrawFn) -> Move:
    kind, amount = draw(KINDS), draw(AMOUNTS)
    return Move(draw(DAYS), -amount if kind is EntryKind.REFUND else amount, kind, draw(SETTLED))


BILLS = st.builds(
    Bill,
    total=st.integers(1, 400_000),
    issued=DAYS,
    moves=st.lists(a_move(), max_size=4),
    currency=st.sampled_from(["EUR", "GBP"]),
)
FLOORS = st.one_of(st.just({}), st.integers(1, 5_000).map(lambda floor: {"EUR": floor}))
RATES = st.integers(1, 40_000).map(lambda thousandths: Fraction(thousandths, 100_000))
STATUTES = st.sampled_from(
    ["uk", "eu", "de", "fr", "nl", "ie", "ie-payment-date", "be", "it", "ch", "de-consumer", "nl-consumer"]
)
USUAL = {
    "day_count": st.sampled_from(list(DayCount)),
    "mode": st.sampled_from(list(Mode)),
    "grace": st.one_of(st.none(), st.integers(0, 40)),
    "grace_counts": st.booleans(),
    "floor": FLOORS,
}
SIMPLE = st.one_of(
    st.builds(Interest, annual=RATES, **USUAL),
    st.builds(Interest, annual=st.just(Fraction(0)), statute=STATUTES, **USUAL),
)
FORMS = st.builds(
    lambda simple, rounding, compound: replace(simple, rounding=rounding, compound=compound),
    SIMPLE,
    st.sampled_from(list(Rounding)),
    st.sampled_from(list(Compound)),
)
POLICIES = st.builds(
    lambda interest, grace, tolerance, allocation: policy_of(
        "net-15", grace=grace, interest=interest, tolerance={"EUR": tolerance}, allocation=allocation
    ),
    st.one_of(SIMPLE, SIMPLE, FORMS),
    st.integers(0, 20),
    st.sampled_from([0, 0, 0, 500, 50_000]),
    st.sampled_from([Allocation.PRINCIPAL_FIRST] * 4 + list(Allocation)),
)


def assessed(bills: Sequence[Bill], policies: Sequence[Policy], governed: Sequence[int], as_of: date) -> Assessment:
    return assess(book_of(*bills), policies, np.array(governed), np.full(len(bills), True), as_of)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(BILLS, st.integers(0, 2)), min_size=1, max_size=6),
    st.tuples(POLICIES, POLICIES, POLICIES),
    st.integers(0, 1_000),
)
def test_a_book_under_several_policies_has_the_figures_of_the_engine(
    rows: list[tuple[Bill, int]], policies: tuple[Policy, ...], after: int
) -> None:
    as_of = FIRST + timedelta(days=after)
    bills, governed = [bill for bill, _ in rows], [at for _, at in rows]
    found, book = assessed(bills, policies, governed, as_of), book_of(*bills)
    for row, at in enumerate(governed):
        if not found.exact[row] and not found.interest[row] and found.state[row] not in (1, 2, 3, 5):
            continue
        one = accrued(book, row, policies[at], int(found.due_on[row]), as_of)
        assert int(found.interest[row]) == one.interest
        grace = policies[at].interest.grace if policies[at].interest else None
        if int(found.due_on[row]) + (policies[at].grace if grace is None else grace) < (as_of - date(1970, 1, 1)).days:
            assert int(found.interest_per_day[row]) == one.daily
        assert found.exact[row] <= (not has_columns(policies[at]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(BILLS, SIMPLE, st.integers(0, 400))
def test_a_column_has_the_figure_of_a_walk_through_the_days(bill: Bill, interest: Interest, after: int) -> None:
    policy, as_of = policy_of("net-15", grace=3, interest=interest), bill.issued + timedelta(days=after)
    bill = replace(bill, moves=[move for move in bill.moves if move.kind is not EntryKind.WRITE_OFF])
    found = assessed([bill], [policy], [0], as_of)
    if found.state[0] not in (1, 2, 3, 5):
        return
    claim = rated_claim(book_of(bill), 0, policy, int(found.due_on[0]), as_of)
    assert claim.interest is not None
    if not claim.interest.rates:
        # nothing was owed when interest would have begun, so no rate was asked for
        assert not found.interest[0]
        return
    slow = whole(work_out(claim).interest, interest.mode)
    assert int(found.interest[0]) == (slow if slow >= claim.interest.floor else 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(BILLS, min_size=1, max_size=5), st.sampled_from(["se", "pl", "eu", "uk"]), st.integers(0, 1_400))
def test_rows_whose_rate_nobody_knows_are_those_for_which_the_engine_finds_none(
    bills: list[Bill], statute: str, after: int
) -> None:
    policy, as_of = policy_of(interest=Interest(Fraction(0), statute=statute)), FIRST + timedelta(days=after)
    found, book = assessed(bills, [policy], [0] * len(bills), as_of), book_of(*bills)
    for row in range(len(bills)):
        if found.state[row] not in (1, 2, 3, 5):
            continue
        try:
            one = accrued(book, row, policy, int(found.due_on[row]), as_of)
        except OutOfTable:
            assert found.unrated[row]
            assert not found.interest[row]
        else:
            assert (bool(found.unrated[row]), int(found.interest[row])) == (False, one.interest)


@pytest.mark.parametrize("total", [10**15, 9 * 10**17, 4 * 10**18])
def test_figures_beyond_64_bits_are_exact(total: int) -> None:
    bills = [Bill(total=total, issued=FIRST), Bill(total=100_000, issued=FIRST)]
    policy, as_of = policy_of(annual="99.999999999", grace=0), FIRST + timedelta(days=3_000)
    found = assessed(bills, [policy], [0, 0], as_of)
    days = (as_of - FIRST).days - 15
    for row, bill in enumerate(bills):
        exact = bill.total * days * Fraction("99.999999999") / 36_500
        assert int(found.interest[row]) == int(exact + Fraction(1, 2))


@given(st.lists(BILLS, min_size=2, max_size=6), POLICIES, st.integers(0, 900), st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_book_may_be_worked_out_in_parts(bills: list[Bill], policy: Policy, after: int, data: st.DataObject) -> None:
    cut, as_of = data.draw(st.integers(1, len(bills) - 1)), FIRST + timedelta(days=after)
    at_once = assessed(bills, [policy], [0] * len(bills), as_of)
    parts = [assessed(part, [policy], [0] * len(part), as_of) for part in (bills[:cut], bills[cut:])]
    for name in ("interest", "interest_per_day", "outstanding", "state", "unrated", "days_overdue"):
        assert getattr(at_once, name).tolist() == [value for part in parts for value in getattr(part, name).tolist()]


@given(
    st.lists(st.tuples(BILLS, st.integers(0, 1)), min_size=2, max_size=7),
    st.tuples(POLICIES, POLICIES),
    st.integers(0, 900),
    st.integers(1, 3),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_book_that_is_worked_out_piece_by_piece_has_the_figures_of_the_whole(
    rows: list[tuple[Bill, int]], policies: tuple[Policy, Policy], after: int, at_once: int
) -> None:
    as_of = FIRST + timedelta(days=after)
    bills, governed = [bill for bill, _ in rows], [at for _, at in rows]
    whole = assessed(bills, policies, governed, as_of)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("payflow.columns.AT_ONCE", at_once)
        pieces = assessed(bills, policies, governed, as_of)
    for name in whole.__struct_fields__:
        # which rows the exact engine worked out may differ, their figures may not
        if name not in ("parts", "exact"):
            assert getattr(pieces, name).tolist() == getattr(whole, name).tolist()


def test_figures_beyond_64_bits_are_exact_in_any_piece() -> None:
    bills = [Bill(total=total, issued=FIRST) for total in (100_000, 4 * 10**18, 200_000)]
    policy, as_of = policy_of(annual="99.999999999", grace=0), FIRST + timedelta(days=3_000)
    whole = assessed(bills, [policy], [0] * 3, as_of)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("payflow.columns.AT_ONCE", 1)
        pieces = assessed(bills, [policy], [0] * 3, as_of)
    assert whole.interest[1] > 2**63
    assert pieces.interest.tolist() == whole.interest.tolist()
