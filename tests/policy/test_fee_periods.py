"""Fees that come again: the periods that hold a day are the days on which `fee_days` lets a fee arise."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from payflow.policy.late_fees import FeeBand, FeeSize, FeeTerms, fee_days, period_of

RHYTHMS = st.tuples(st.integers(1, 40), st.just(0)) | st.tuples(st.just(0), st.integers(1, 13))


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 1200), RHYTHMS)
def test_a_day_lies_between_the_fee_before_it_and_the_next(due_on: date, ahead: int, every: tuple[int, int]) -> None:
    terms = FeeTerms((FeeBand(FeeSize(1)),), every_days=every[0], every_months=every[1])
    day = due_on + timedelta(days=1 + ahead)
    days = list(fee_days(terms, due_on, day))
    start, following = period_of(days[0], day, *every)
    assert start == days[-1]
    assert day < following
    assert list(fee_days(terms, due_on, following)) == [*days, following]


def test_a_day_before_the_first_fee_counts_as_in_its_period() -> None:
    assert period_of(date(2026, 1, 31), date(2025, 12, 1), 0, 1) == (date(2026, 1, 31), date(2026, 3, 1))
