"""Books in which invoices stand under different policies, each figure worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from payflow.model.agreement import LateFee, Policy
from payflow.model.facts import EntryKind
from payflow.model.interest import Compound, DayCount, Interest, Mode, Rounding
from payflow.policy.assess import Assessment, assess
from payflow.policy.fee_columns import fee_column
from payflow.policy.fees_arisen import fees_arisen
from payflow.policy.late_fees import FeeBand, FeeSize, FeeTerms
from policy.books import DUE, Bill, Move, book_of, policy_of


def under(annual: str = "10", **words: object) -> Policy:
    """Interest from the day after the due date, without grace; `words` are those of the interest."""
    return policy_of(grace=0, late_fee=None, interest=Interest(Fraction(annual) / 100, **words))


def mixed(rows: Sequence[tuple[Bill, Policy]], as_of: date) -> Assessment:
    bills, policies = zip(*rows, strict=True)
    return assess(book_of(*bills), policies, np.arange(len(bills), dtype=np.int64), np.full(len(bills), True), as_of)


def november(day: int) -> date:
    return date(2026, 11, day)


#: 18.25 at 10 % bear half a cent a day
HALF_CENT = Bill(1825)


@pytest.mark.parametrize(
    ("as_of", "interest"),
    [
        # half a cent: up, to the even 0, down
        (november(5), [1, 0, 0]),
        # a cent and a half: up, to the even 2, down
        (november(7), [2, 2, 1]),
        (november(8), [2, 2, 2]),
    ],
)
def test_every_row_is_rounded_in_the_mode_of_its_policy(as_of: date, interest: list[int]) -> None:
    modes = (Mode.HALF_UP, Mode.HALF_EVEN, Mode.DOWN)
    found = mixed([(HALF_CENT, under(mode=mode)) for mode in modes], as_of)
    assert found.interest.tolist() == interest
    assert found.interest_per_day.tolist() == [1, 0, 0]
    assert not found.exact.any()


def test_every_row_has_the_rate_and_the_year_of_its_policy() -> None:
    # 36 days of 3,650.00: 36.00 at 10 %; 36.50 in a year of 360 days; 26.28 at 7.3 %; 32.00 and 4.85 of 8.125 % likewise
    policies = [
        under(),
        under(day_count=DayCount.ACTUAL_360),
        under("7.3"),
        under(compound=Compound.MONTHLY),
        under("8.125", day_count=DayCount.THIRTY_E_360),
    ]
    found = mixed([(Bill(365_000), one) for one in policies], date(2026, 12, 10))
    # by the month: 30 days of 1.00 through 4 December, then 6 days of 3,680.00 at 10 %; in months of 30 days it is 36 days too
    assert found.interest.tolist() == [3600, 3650, 2628, 3605, 2966]
    assert found.interest_per_day.tolist() == [100, 101, 73, 101, 82]
    assert found.exact.tolist() == [False, False, False, True, False]


def test_a_rate_too_fine_for_columns_is_worked_out_all_the_same_beside_others() -> None:
    # 1,825.00 for a day at 10 % are 0.50 to the last digit, and at a trillionth of a trillionth more than half a cent is more
    fine = "0.01" + "0" * 24 + "1"
    rows = [(Bill(182_500), under()), (Bill(182_500 * 100), under(fine)), (Bill(182_500 * 100), under("0.01"))]
    found = mixed(rows, november(5))
    assert found.interest.tolist() == [50, 5, 5]
    down = mixed(
        [
            (Bill(1825 * 2), under("10", mode=Mode.DOWN)),
            (Bill(1825 * 2), under("9.99999999999999999999", mode=Mode.DOWN)),
        ],
        november(5),
    )
    assert down.interest.tolist() == [1, 0]


def test_amounts_beyond_int64_are_exact_beside_small_ones() -> None:
    # 36,500,000,000,000,000.00 at 10 % are 10,000,000,000,000.00 a day
    rows = [
        (Bill(365 * 10**16), under()),
        (HALF_CENT, under(mode=Mode.DOWN)),
        (Bill(365_000), under(rounding=Rounding.DAY)),
    ]
    found = mixed(rows, november(14))
    assert found.interest.tolist() == [10 * 10**15, 5, 1000]


@pytest.mark.parametrize(
    ("moves", "tolerance", "interest"),
    [
        # 4,000.00 at 9.125 % bear 1.00 a day. Five days of it, then 14.00 are missing, which is tolerated
        ([Move(november(9), 398_600)], 1500, 500),
        # and paid ten days later: nothing arises in between
        ([Move(november(9), 398_600), Move(november(19), 1400)], 1500, 500),
        # too much of it is missing, from the 9th to the 19th 16.00: 0.04
        ([Move(november(9), 398_400), Move(november(19), 1600)], 1500, 504),
        ([Move(november(9), 398_400), Move(november(19), 1600)], 1600, 500),
        # tolerated for ten days, then 1,000.00 go back: ten days of 1,014.00, a quarter of a cent each
        ([Move(november(9), 398_600), Move(november(19), -100_000, EntryKind.REFUND)], 1500, 500 + 254),
        # paid twice over, and the excess paid back: nothing is owed in between
        ([Move(november(9), 500_000), Move(november(19), -100_000, EntryKind.REFUND)], 0, 500),
        ([Move(november(9), 500_000), Move(november(19), -200_000, EntryKind.REFUND)], 0, 500 + 250),
        # nothing beyond the tolerance was ever owed
        ([], 400_000, 0),
    ],
)
def test_what_is_tolerated_or_paid_in_excess_bears_nothing(moves: list[Move], tolerance: int, interest: int) -> None:
    policy = policy_of(annual="9.125", grace=0, late_fee=None, tolerance={"GBP": tolerance})
    plain = policy_of(annual="9.125", grace=0, late_fee=None)
    # beside an invoice with another rule, and alone
    beside = mixed([(Bill(moves=moves), policy), (Bill(), plain)], november(29))
    assert beside.interest.tolist() == [interest, 2500]
    assert mixed([(Bill(moves=moves), policy)], november(29)).interest.tolist() == [interest]


@pytest.mark.parametrize(
    ("as_of", "moves", "interest"),
    [
        # 3,600.00 at 10 % are 1.00 a day of 360. From 4 November to 31 December 56 days and the 31st, by bond basis
        (date(2026, 12, 31), [], 5700),
        (date(2026, 12, 30), [], 5600),
        # a payment on the 30th opens a stretch to the 31st that counts nothing; on the 29th one of two days
        (date(2026, 12, 31), [Move(date(2026, 12, 30), 180_000)], 5600),
        (date(2026, 12, 31), [Move(date(2026, 12, 29), 180_000)], 5500 + 100),
        # a payment on the 31st cuts there, and what follows begins on the 30th of that month
        (date(2027, 1, 10), [Move(date(2026, 12, 31), 180_000)], 5700 + 500),
    ],
)
def test_bond_basis_counts_a_31st_unless_the_stretch_begins_on_a_30th_or_31st(
    as_of: date, moves: list[Move], interest: int
) -> None:
    policy = under(day_count=DayCount.THIRTY_360)
    assert mixed([(Bill(360_000, moves=moves), policy), (HALF_CENT, under())], as_of).interest.tolist()[0] == interest


def test_laws_stand_side_by_side_each_with_its_rate() -> None:
    """Due on 30 June 2025 and 73 days late on 11 September: a fifth of a year of 365 days.

    The United Kingdom: 4.75 % from 1 January (the day interest starts is 1 July: 4.25 %) + 8 points = 12.25 %; Germany: 1.27 %
    + 9 points = 10.27 %; Switzerland 5 %; the directive: 2.15 % + 8 points = 10.15 %; agreed 10 %.
    """
    bill = Bill(100_000, issued=date(2025, 6, 15))
    laws = [
        policy_of(grace=0, late_fee=None, interest=Interest(Fraction(0), statute=name, day_count=count))
        for name, count in (
            ("uk", DayCount.ACTUAL_365),
            ("de", DayCount.ACTUAL_ACTUAL),
            ("ch", DayCount.ACTUAL_ACTUAL),
            ("eu", DayCount.ACTUAL_365),
        )
    ]
    found = mixed([(bill, one) for one in (*laws, under())], date(2025, 9, 11))
    assert found.interest.tolist() == [2450, 2054, 1000, 2030, 2000]
    assert [mixed([(bill, one)], date(2025, 9, 11)).interest.tolist() for one in laws] == [
        [2450],
        [2054],
        [1000],
        [2030],
    ]
    assert not found.exact.any()


def test_a_law_without_a_rate_for_the_days_leaves_its_own_rows_without_interest() -> None:
    old, new = Bill(100_000, issued=date(1990, 1, 1)), Bill(100_000, issued=date(2025, 6, 15))
    law = policy_of(
        grace=0, late_fee=None, interest=Interest(Fraction(0), statute="de", day_count=DayCount.ACTUAL_ACTUAL)
    )
    found = mixed([(old, law), (new, law), (old, under())], date(2025, 9, 11))
    # from 16 January 1990: 13,022 days of 0.27397...
    assert found.interest.tolist() == [0, 2054, round(100_000 * Fraction(13_022, 3650))]
    assert found.unrated.tolist() == [True, False, False]
    assert found.interest_per_day.tolist()[0] == 0


@pytest.mark.parametrize(
    ("fee", "as_of", "arisen"),
    [
        # due on 4 November: a fee on the 5th of each month, on what was unpaid the day before
        (LateFee({"GBP": 1000}, every_months=1), november(4), 0),
        (LateFee({"GBP": 1000}, every_months=1), november(5), 1000),
        (LateFee({"GBP": 1000}, every_months=1), date(2027, 1, 5), 3000),
        (LateFee({"GBP": 1000}, every_months=1, cap={"GBP": 2500}), date(2027, 1, 5), 2500),
        (LateFee({"GBP": 1000}, every_months=1, cap={"GBP": 2500}), date(2027, 9, 5), 2500),
        (LateFee({"GBP": 1000}, every_days=10), november(25), 3000),
        (LateFee({"GBP": 1000}, every_days=10), november(24), 2000),
        (LateFee({"GBP": 1000}, grace=5), november(9), 0),
        (LateFee({"GBP": 1000}, grace=5), november(10), 1000),
        (LateFee({"EUR": 1000}), date(2027, 1, 5), 0),
    ],
)
def test_late_fees_arise_period_after_period_up_to_their_cap(fee: LateFee, as_of: date, arisen: int) -> None:
    plain = policy_of(grace=0, late_fee=None)
    book = book_of(Bill(), Bill(), Bill(charge=True), Bill(moves=[Move(DUE, 400_000)]))
    policies, governed = [policy_of(grace=0, late_fee=fee), plain], np.array([0, 1, 0, 0], dtype=np.int64)
    binding = np.full(4, True)
    found = assess(book, policies, governed, binding, as_of)
    assert fees_arisen(book, policies, governed, binding, found, as_of).tolist() == [arisen, 0, 0, 0]
    # where nothing binds, nothing arises
    assert not fees_arisen(book, policies, governed, ~binding, found, as_of).any()


@pytest.mark.parametrize(
    ("printed", "as_of", "arisen"),
    [
        # due on 31 January: fees on the day after the last day of each month, and the short month takes nothing from later ones
        (date(2027, 1, 31), date(2027, 2, 28), 1000),
        (date(2027, 1, 31), date(2027, 3, 1), 2000),
        (date(2027, 1, 31), date(2027, 3, 31), 2000),
        (date(2027, 1, 31), date(2027, 4, 1), 3000),
        (date(2027, 1, 31), date(2027, 4, 30), 3000),
        (date(2027, 1, 31), date(2027, 5, 1), 4000),
        (date(2028, 1, 30), date(2028, 2, 29), 1000),
        (date(2028, 1, 30), date(2028, 3, 1), 2000),
        (date(2028, 1, 30), date(2028, 3, 30), 2000),
        (date(2028, 1, 30), date(2028, 3, 31), 3000),
    ],
)
def test_monthly_fees_keep_to_the_day_of_the_month(printed: date, as_of: date, arisen: int) -> None:
    policies, governed, binding = (
        [policy_of(grace=0, late_fee=LateFee({"GBP": 1000}, every_months=1))],
        np.zeros(1, dtype=np.int64),
        np.full(1, True),
    )
    book = book_of(Bill(printed=printed))
    found = assess(book, policies, governed, binding, as_of)
    assert fees_arisen(book, policies, governed, binding, found, as_of).tolist() == [arisen]


@pytest.mark.parametrize(
    ("percent", "base", "fee"),
    [
        # halves up, at every size: 2.5 % of 1.00 is 0.025; 1.5 % of 33.00 is 0.495
        ("2.5", 100, 3),
        ("1.5", 3300, 50),
        ("1.5", 3299, 49),
        # beyond what int64 holds times the percentage
        ("100", 2**62, 2**62),
        ("2.5", 2**62 - 2**62 % 40 + 20, 2**62 // 40 + 1),
        ("2.5", 2**62 - 2**62 % 40 + 19, 2**62 // 40),
        ("0.000000001", 5 * 10**10, 1),
        ("0.000000001", 5 * 10**10 - 1, 0),
        ("33.333333333333333333", 3 * 10**18, 999_999_999_999_999_999 + 1),
        ("33.333333333333333", 3 * 10**18, 999_999_999_999_999_990),
    ],
)
def test_a_percentage_of_a_column_is_rounded_half_up_at_every_size(percent: str, base: int, fee: int) -> None:
    terms = FeeTerms((FeeBand(FeeSize(percent=Fraction(percent) / 100)),))
    assert fee_column(terms, np.array([base, 0]), np.array([base, 0])).tolist() == [fee, 0]
