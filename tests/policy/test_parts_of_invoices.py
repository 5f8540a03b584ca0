"""What moves an invoice moves its instalments, the oldest first."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.columns import to_date, to_day
from payflow.model.agreement import InstalmentTerms, LateFee, Policy
from payflow.policy.assess import assess
from payflow.policy.fees_arisen import fees_arisen
from payflow.policy.instalments import instalments, lines_in
from payflow.policy.parts import spread
from payflow.policy.rounding import Rounding
from payflow.policy.terms_in_words import parse_terms
from payflow.workspace.business_days import calendar_of
from policy.books import Bill, Move, book_of, policy_of

ISSUED = date(2026, 1, 10)


@pytest.mark.parametrize(
    ("moved", "shares"),
    [
        ([100], [[100, 0, 0]]),
        ([250], [[100, 150, 0]]),
        ([100, 100, 100], [[100, 0, 0], [0, 100, 0], [0, 100, 0]]),
        ([150, -100], [[100, 50, 0], [-50, -50, 0]]),
        ([700], [[100, 200, 400]]),
        ([700, -100], [[100, 200, 400], [0, 0, -100]]),
        ([-50, 100], [[-50, 0, 0], [100, 0, 0]]),
    ],
)
def test_a_movement_moves_the_oldest_open_instalment_and_opens_the_newest_paid_one(
    moved: list[int], shares: list[list[int]]
) -> None:
    assert spread([100, 200, 300], moved) == shares


@given(st.lists(st.integers(1, 500), min_size=1, max_size=5), st.lists(st.integers(-800, 800), max_size=8))
def test_shares_add_up_to_their_movement_and_no_newer_one_is_paid_before_an_older(
    amounts: list[int], moved: list[int]
) -> None:
    shares = spread(amounts, moved)
    assert [sum(one) for one in shares] == moved
    left = list(amounts)
    for one in shares:
        left = [was - share for was, share in zip(left, one, strict=True)]
        touched = sum(rest < amount for amount, rest in zip(amounts, left, strict=True))
        # from the oldest on: paid, at most one in part, and the rest untouched
        assert all(rest <= 0 for rest in left[: max(0, touched - 1)])
        assert left[max(1, touched) :] == amounts[max(1, touched) :]


PLAN = (
    InstalmentTerms(parse_terms("net-30"), percent=Fraction(1, 3)),
    InstalmentTerms(parse_terms("net-15"), amount={"GBP": 5000}),
    InstalmentTerms(parse_terms(["2 months"])),
)


def planned(**words: object) -> Policy:
    return replace(policy_of(), instalments=PLAN, terms=PLAN[-1].terms, late_fee=None, **words)


@given(
    st.integers(1, 40_000),
    st.lists(st.tuples(st.integers(0, 120), st.integers(-9_000, 20_000).filter(bool)), max_size=5),
    st.integers(0, 150),
    st.booleans(),
)
def test_an_invoice_in_instalments_bears_what_invoices_of_its_instalments_would_bear(
    total: int, moves: list[tuple[int, int]], days: int, by_day: bool
) -> None:
    policy = planned()
    if by_day:
        assert policy.interest is not None
        policy = replace(policy, interest=replace(policy.interest, rounding=Rounding.DAY))
    as_of = ISSUED + timedelta(days=days)
    dated = sorted((ISSUED + timedelta(days=after), amount) for after, amount in moves)
    whole = Bill(total, issued=ISSUED, moves=tuple(Move(on, amount) for on, amount in dated))
    lines = lines_in(PLAN, "GBP")
    assert lines is not None
    singles = sorted((one.due_on, one.amount) for one in instalments(total, lines, ISSUED) if one.amount)
    shares = spread([amount for _, amount in singles], [amount for _, amount in dated])
    alone = [
        Bill(
            amount,
            issued=ISSUED,
            printed=due_on,
            moves=tuple(Move(on, share[at]) for (on, _), share in zip(dated, shares, strict=True) if share[at]),
        )
        for at, (due_on, amount) in enumerate(singles)
    ]
    at_once = replace(policy, instalments=(), terms=parse_terms("due-on-receipt"))

    def run(bills: list[Bill], by: Policy):  # type: ignore[no-untyped-def]  # an Assessment
        return assess(book_of(*bills), [by], np.zeros(len(bills), dtype=np.int64), np.full(len(bills), True), as_of)

    one, several = run([whole], policy), run(alone, at_once)
    assert int(one.interest[0]) == int(several.interest.sum())
    assert int(one.interest_per_day[0]) == int(several.interest_per_day.sum())
    left = several.outstanding.tolist()
    open_days = [due_on for (due_on, _), amount in zip(singles, left, strict=True) if amount > 0]
    assert int(one.due_on[0]) == to_day(min(open_days, default=singles[-1][0]))


def test_instalments_move_to_business_days_each_invoice_by_itself() -> None:
    lines = (
        InstalmentTerms(parse_terms(["10 days", "next business day in GB"]), percent=Fraction(1, 2)),
        InstalmentTerms(parse_terms(["1 month"])),
    )
    policy = replace(policy_of(annual="36.5", grace=0), instalments=lines, terms=lines[-1].terms, late_fee=None)
    # 10 and 11 January 2026 are a weekend
    bills = [Bill(100_000, issued=date(2025, 12, 31)), Bill(60_000, issued=date(2026, 1, 1)), Bill(0, issued=ISSUED)]
    found = assess(
        book_of(*bills),
        [policy],
        np.zeros(3, dtype=np.int64),
        np.full(3, True),
        date(2026, 1, 22),
        calendars=calendar_of,
    )
    parts = found.parts
    assert parts is not None
    assert [(int(owner), str(to_date(int(on)))) for owner, on in zip(parts.owner, parts.due_on, strict=True)] == [
        (0, "2026-01-12"),
        (0, "2026-01-31"),
        (1, "2026-01-12"),
        (1, "2026-02-01"),
    ]
    # ten days of 0.50 and of 0.30
    assert found.interest.tolist() == [500, 300, 0]
    assert parts.left.tolist() == [50_000, 50_000, 30_000, 30_000]


@pytest.mark.parametrize(
    ("fee", "days", "arisen"),
    [
        # 500.00 due on 12 January and on 31 January: a fee each on the day after
        (LateFee(percent=Fraction(1, 50)), 12, 0),
        (LateFee(percent=Fraction(1, 50)), 13, 1000),
        (LateFee(percent=Fraction(1, 50)), 31, 1000),
        (LateFee(percent=Fraction(1, 50)), 32, 2000),
        (LateFee(percent=Fraction(1, 50), cap={"GBP": 1500}), 32, 1500),
        (LateFee({"EUR": 2500}), 32, 0),
    ],
)
def test_late_fees_arise_on_each_instalment_up_to_one_cap(fee: LateFee, days: int, arisen: int) -> None:
    lines = (
        InstalmentTerms(parse_terms("net-12"), percent=Fraction(1, 2)),
        InstalmentTerms(parse_terms("net-31")),
    )
    policy = replace(policy_of(grace=0), instalments=lines, terms=lines[-1].terms, late_fee=fee)
    book, as_of = book_of(Bill(100_000, issued=date(2025, 12, 31))), date(2025, 12, 31) + timedelta(days=days)
    governed, binding = np.zeros(1, dtype=np.int64), np.full(1, True)
    found = assess(book, [policy], governed, binding, as_of)
    assert fees_arisen(book, [policy], governed, binding, found, as_of).tolist() == [arisen]
