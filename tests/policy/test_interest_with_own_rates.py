"""Rates that a user adds count in columns and in the exact engine alike; so do leap years and what a letter says of a rate."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from payflow.model.agreement import Policy
from payflow.model.facts import EntryKind
from payflow.model.interest import Allocation, Compound, DayCount, Interest, Rounding
from payflow.policy.assess import Assessment, assess
from payflow.policy.bearing import notice_words, rate_at_present, starts_on
from payflow.policy.rules import has_columns
from policy.books import Bill, Move, book_of, policy_of

NEW_YEAR, END = date(2026, 12, 31), date(2027, 1, 31)


def assessed(bill: Bill, policy: Policy, as_of: date, extra: Path | None = None) -> Assessment:
    return assess(book_of(bill), [policy], np.zeros(1, dtype=np.int64), np.full(1, True), as_of, extra=extra)


def by_law(statute: str, **words: object) -> Policy:
    from payflow.policy.statutes import STATUTES

    law = STATUTES[statute]
    interest = Interest(
        Fraction(0),
        statute=statute,
        day_count=DayCount(law.day_count),
        rounding=Rounding(law.rounding),
        compound=Compound(law.compound),
    )
    return policy_of("due-on-receipt", grace=0, interest=replace(interest, **words))


@pytest.fixture
def rates(tmp_path: Path) -> Path:
    """Rates of 2027 as a user adds them."""
    rows = {
        "de_basiszinssatz": [("2027-01-01", "2.02")],
        "uk_statutory_reference": [("2027-01-01", "3.5")],
        "nl_handelsrente": [("2027-01-01", "10"), ("2027-01-16", "11")],
        "eu_reference_rate_half_year": [("2027-01-01", "2.3")],
    }
    for name, added in rows.items():
        lines = [f"{since},{rate},a notice" for since, rate in added]
        (tmp_path / f"{name}.csv").write_text("\n".join(["effective_from,rate_percent,source", *lines, ""]))
    return tmp_path


@pytest.mark.parametrize(
    ("policy", "interest", "daily"),
    [
        # 1,000.00 from 1 to 31 January 2027
        (by_law("de"), 936, 30),  # 11.02 % x 31 / 365
        (by_law("uk"), 977, 32),  # 11.5 %, fixed on 1 January
        (by_law("fr"), 1045, 34),  # 12.3 %
        (by_law("be"), 892, 29),  # 10.3, rounded up to 10.5 %
        (by_law("ie-payment-date"), 875, 28),  # 10.3 % throughout, by the exact engine
        # 10 % for 15 days, 11 % for 16: added up and rounded once, in columns
        (by_law("nl", compound=Compound.NONE, rounding=Rounding.END), 893, 30),
        # each stretch rounded, by the exact engine: 4.11 and 4.82
        (by_law("nl"), 893, 30),
    ],
)
def test_rates_of_the_users_own_extend_a_table(rates: Path, policy: Policy, interest: int, daily: int) -> None:
    bill = Bill(total=100_000, issued=NEW_YEAR, currency="EUR")
    found = assessed(bill, policy, END, rates)
    assert (int(found.interest[0]), int(found.interest_per_day[0]), bool(found.unrated[0])) == (interest, daily, False)
    without = assessed(bill, policy, END)
    assert (int(without.interest[0]), bool(without.unrated[0])) == (0, True)


def test_what_a_day_would_add_is_told_before_interest_begins(rates: Path) -> None:
    policy = replace(by_law("nl"), grace=60)
    found = assessed(Bill(total=100_000, issued=NEW_YEAR, currency="EUR"), policy, END, rates)
    assert (int(found.interest[0]), int(found.interest_per_day[0])) == (0, 30)


@pytest.mark.parametrize(
    ("due", "as_of", "interest"),
    [
        # each day in its own year: whole years, leap or not, bear 8 % exactly
        (date(2019, 12, 31), date(2020, 12, 31), 8000),
        (date(2022, 12, 31), date(2023, 12, 31), 8000),
        (date(2099, 12, 31), date(2100, 12, 31), 8000),
        (date(1999, 12, 31), date(2000, 12, 31), 8000),
        # 31 days of 366
        (date(2019, 12, 31), date(2020, 1, 31), 678),
    ],
)
def test_columns_know_leap_years(due: date, as_of: date, interest: int) -> None:
    policy = policy_of("due-on-receipt", grace=0, interest=Interest(Fraction(8, 100), day_count=DayCount.ACTUAL_ACTUAL))
    assert int(assessed(Bill(total=100_000, issued=due), policy, as_of).interest[0]) == interest


@pytest.mark.parametrize("allocation", list(Allocation))
def test_what_was_credited_in_full_and_asked_again_bears_interest_whatever_is_paid_first(
    allocation: Allocation,
) -> None:
    # the credit of the whole was taken back in half: half is owed again, and was late all the time it was
    moves = (Move(date(2026, 1, 11), 100_000, EntryKind.CREDIT), Move(date(2026, 1, 21), -50_000, EntryKind.CREDIT))
    policy = policy_of(
        "due-on-receipt", grace=0, interest=Interest(Fraction(365, 1000)), allocation=allocation, late_fee=None
    )
    found = assessed(Bill(total=100_000, issued=date(2026, 1, 1), moves=moves), policy, date(2026, 1, 31))
    # 1.00 a day for 10 days, nothing for 10, 0.50 for 10
    assert (int(found.interest[0]), int(found.interest_per_day[0])) == (1500, 50)


def test_a_letter_names_the_rate_the_first_day_and_what_it_rests_on(rates: Path) -> None:
    agreed, uk, de = (one.interest for one in (policy_of(), by_law("uk"), by_law("de")))
    assert agreed is not None
    assert uk is not None
    assert de is not None
    due, told = date(2026, 11, 4), date(2027, 1, 10)
    assert notice_words(agreed, due, 3, due, told) == "8 % a year on what is outstanding, from 2026-11-08"
    counting = replace(agreed, grace=10, grace_counts=True)
    assert (
        notice_words(counting, due, 3, due, told)
        == "8 % a year on what is outstanding, from 2026-11-05 once 10 days of grace are over"
    )
    assert starts_on(replace(agreed, grace=10), due, 3) == date(2026, 11, 15)
    # fixed on the day interest started, by the shipped table; floating, by the day of the letter and the user's own
    assert notice_words(uk, due, 0, due, told, rates).startswith("11.75 % a year by Late Payment")
    assert notice_words(de, due, 0, due, told, rates).startswith("11.02 % a year by BGB")
    assert notice_words(de, due, 0, due, told).startswith("the rate of BGB")
    assert notice_words(replace(de, compound=Compound.YEARLY), due, 0, due, told).startswith(
        "the rate of BGB § 288(2), between businesses, compounded yearly"
    )
    assert rate_at_present(de, told, due) is None


def test_policies_of_one_book_keep_to_their_own_rates_and_conventions() -> None:
    """1,000.00 each, due on 1 January 2026, as of 31 January; by hand."""
    issued, as_of = date(2026, 1, 1), date(2026, 1, 31)
    policies = [
        policy_of("due-on-receipt", grace=0, interest=Interest(Fraction(rate) / 100, day_count=convention, **words))
        for rate, convention, words in (
            ("36.5", DayCount.ACTUAL_365, {}),
            ("36", DayCount.THIRTY_360, {}),
            ("36", DayCount.THIRTY_E_360, {}),
            ("36.5", DayCount.ACTUAL_365, {"floor": {"GBP": 3001}}),
            ("7.3", DayCount.ACTUAL_365, {"grace": 20, "grace_counts": True}),
        )
    ]
    bills = [
        Bill(total=100_000, issued=issued),
        # by bond basis a stretch that ends on the 31st has a day more
        Bill(total=100_000, issued=issued),
        Bill(total=100_000, issued=issued),
        Bill(total=100_000, issued=issued),
        Bill(total=100_000, issued=issued),
        # paid in full after 10 days and paid back after 20
        Bill(
            total=100_000,
            issued=issued,
            moves=(Move(date(2026, 1, 11), 120_000), Move(date(2026, 1, 21), -120_000, EntryKind.REFUND)),
        ),
        Bill(total=100_000, issued=issued, moves=(Move(date(2026, 1, 11), 50_000),)),
    ]
    governed = np.array([0, 1, 2, 3, 4, 0, 1])
    found = assess(book_of(*bills), policies, governed, np.full(7, True), as_of)
    # 30 days of 1.00; 30 and 29 of 1.00; below its floor; 30 of 0.20; 10 and 10 of 1.00; 10 of 1.00 and 20 of 0.50
    assert found.interest.tolist() == [3000, 3000, 2900, 0, 600, 2000, 2000]
    assert found.interest_per_day.tolist() == [100, 100, 100, 100, 20, 100, 50]
    assert not found.exact.any()


@pytest.mark.parametrize(
    ("as_of", "daily"),
    [(date(2024, 6, 1), 218_579), (date(2023, 12, 31), 218_579), (date(2024, 12, 31), 219_178)],
)
def test_a_further_day_counts_by_its_own_year(as_of: date, daily: int) -> None:
    policy = policy_of("due-on-receipt", grace=0, interest=Interest(Fraction(8, 100), day_count=DayCount.ACTUAL_ACTUAL))
    exact = replace(policy, allocation=Allocation.INTEREST_FIRST)
    for one in (policy, exact):
        assert (
            int(assessed(Bill(total=1_000_000_000, issued=date(2023, 1, 1)), one, as_of).interest_per_day[0]) == daily
        )


@pytest.mark.parametrize(
    ("policy", "columns"),
    [
        (policy_of(), True),
        (policy_of(annual=None), False),
        (policy_of(allocation=Allocation.INTEREST_FIRST), False),
        (policy_of(allocation=Allocation.COSTS_FIRST), False),
        (policy_of(interest=Interest(Fraction(1, 10), compound=Compound.YEARLY)), False),
        (policy_of(interest=Interest(Fraction(1, 10), rounding=Rounding.DAY)), False),
        (policy_of(interest=Interest(Fraction(1, 10), rounding=Rounding.SEGMENT)), False),
        (policy_of(interest=Interest(Fraction(1, 10), day_count=DayCount.THIRTY_360)), True),
        (by_law("uk"), True),
        (by_law("de"), True),
        (by_law("ch"), True),
        (by_law("nl"), False),
        (by_law("nl", compound=Compound.NONE, rounding=Rounding.END), True),
        # the rate of the last day, interest that stops after a year, and bond basis whose stretches change the days
        (by_law("ie-payment-date"), False),
        (by_law("us-prompt-payment"), False),
        (by_law("us-prompt-payment", compound=Compound.NONE), False),
        (by_law("de", day_count=DayCount.THIRTY_360), False),
        (by_law("de", day_count=DayCount.THIRTY_E_360), True),
        (by_law("uk", day_count=DayCount.THIRTY_360), True),
        (by_law("ch", day_count=DayCount.THIRTY_360), True),
    ],
)
def test_what_columns_can_say(policy: Policy, columns: bool) -> None:
    assert has_columns(policy) is columns
