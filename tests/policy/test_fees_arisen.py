"""Late fees of a book in columns, beside the exact engine's, invoice by invoice."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from payflow.columns import to_date
from payflow.model.agreement import FeeBase, LateFee, LateFeeBand
from payflow.model.facts import EntryKind, Status
from payflow.policy.accrual import Claim, Kind, Movement, accrue
from payflow.policy.assess import assess
from payflow.policy.fees_arisen import fees_arisen
from payflow.policy.late_fees import terms_in
from policy.books import Bill, Move, book_of, policy_of

START = date(2026, 1, 1)


def arisen(bills: list[Bill], fee: LateFee, as_of: date, grace: int = 0) -> list[int]:
    book = book_of(*bills)
    agreed = policy_of(late_fee=fee, grace=grace)
    governed = np.zeros(len(book), dtype=np.int64)
    binding = np.ones(len(book), dtype=np.bool_)
    found = assess(book, [agreed], governed, binding, as_of)
    return fees_arisen(book, [agreed], governed, binding, found, as_of).tolist()


BANDS = LateFee(
    bands=(
        LateFeeBand(flat={"GBP": 2500, "EUR": 3000}, up_to={"GBP": 100_000, "EUR": 120_000}),
        LateFeeBand(percent=Fraction(2, 100)),
    ),
    maximum={"GBP": 20_000, "EUR": 20_000},
)
FEES = st.sampled_from([
    BANDS,
    LateFee(flat={"GBP": 2500}),
    LateFee(percent=Fraction(15, 1000), of=FeeBase.ORIGINAL, grace=9),
    LateFee(percent=Fraction(1, 100), every_months=1, cap={"GBP": 9000, "EUR": 9000}),
    LateFee(flat={"GBP": 500, "EUR": 700}, every_days=10),
])  # fmt: skip
MOVES = st.lists(
    st.builds(
        lambda ahead, amount: Move(START + timedelta(ahead), amount),
        st.integers(0, 200),
        st.integers(1, 200_000),
    ),
    max_size=4,
)
BILLS = st.builds(
    lambda ahead, total, moves, currency: Bill(
        total=total, issued=START + timedelta(ahead), moves=sorted(moves), currency=currency
    ),
    st.integers(0, 60),
    st.integers(1, 500_000),
    MOVES,
    st.sampled_from(["GBP", "EUR"]),
)


@given(
    bills=st.lists(BILLS, min_size=1, max_size=5), fee=FEES, ahead=st.integers(0, 300), grace=st.sampled_from([0, 4])
)
def test_columns_and_the_exact_engine_agree(bills, fee, ahead, grace):
    as_of = START + timedelta(ahead)
    book = book_of(*bills)
    due = assess(
        book,
        [policy_of(late_fee=fee, grace=grace)],
        np.zeros(len(book), dtype=np.int64),
        np.ones(len(book), bool),
        as_of,
    ).due_on
    expected = []
    for row, bill in enumerate(bills):
        terms = terms_in(fee, bill.currency)
        claim = Claim(
            amount=bill.total,
            currency=bill.currency,
            # the policy's grace and the fee's run beside each other
            due_on=to_date(int(due[row])) + timedelta(max(grace - fee.grace, 0)),
            as_of=as_of,
            movements=tuple(Movement(move.on, Kind.PAYMENT, move.amount) for move in bill.moves),
            fee=terms,
        )
        expected.append(accrue(claim).fees)
    assert arisen(bills, fee, as_of, grace) == expected


def test_a_fee_counts_what_was_unpaid_when_it_arose():
    late = date(2026, 12, 31)
    part = Move(date(2026, 11, 1), 350_000)
    after = Move(date(2026, 11, 20), 350_000)
    # 4,000.00 due on 4 November: 50.00 are left when the fee of the first arises, all of the second
    assert arisen([Bill(moves=[part]), Bill(moves=[after]), Bill()], BANDS, late) == [2500, 8000, 8000]


def test_none_on_what_is_not_owed_nor_by_terms_that_do_not_bind():
    late = date(2026, 12, 31)
    bills = [
        Bill(status=Status.VOID),
        Bill(status=Status.DRAFT),
        Bill(unknown=True),
        Bill(charge=True),
        Bill(moves=[Move(date(2026, 10, 25), 400_000, EntryKind.CREDIT)]),
        Bill(currency="USD"),
    ]
    assert arisen(bills, BANDS, late) == [0] * 6
    book = book_of(Bill())
    agreed = policy_of(late_fee=BANDS)
    governed, binding = np.array([0, -1])[:1], np.zeros(1, dtype=np.bool_)
    found = assess(book, [agreed], governed, binding, late)
    assert fees_arisen(book, [agreed], governed, binding, found, late).tolist() == [0]
    nobody = np.array([-1])
    assert fees_arisen(book, [agreed], nobody, ~binding, assess(book, [agreed], nobody, ~binding, late), late) == [0]


def test_money_of_the_last_day_before_the_fee_counts_and_that_of_its_day_was_late() -> None:
    due, half = date(2026, 1, 16), LateFee(percent=Fraction(1, 2))
    by = [Bill(total=1000, issued=START, moves=(Move(due + timedelta(days), 400),)) for days in (-1, 0, 1)]
    assert arisen(by, half, due + timedelta(1)) == [300, 300, 500]
    assert arisen(by, half, due) == [0, 0, 0]
    assert arisen(by, half, due + timedelta(3), grace=1) == [300, 300, 300]
