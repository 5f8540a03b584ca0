"""Day counts: edges by hand, sums, and another hand's implementation of the same conventions."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.policy.daycount import DayCount, add_months, days, each_day, years

DAY = timedelta(days=1)
SPANS = st.tuples(st.dates(date(1990, 1, 1), date(2060, 12, 31)), st.integers(0, 1500)).map(
    lambda span: (span[0], span[0] + timedelta(span[1]))
)


@pytest.mark.parametrize(
    ("convention", "start", "end", "expected"),
    [
        ("actual/365", "2024-01-31", "2024-03-01", 30),
        ("actual/actual", "2024-12-31", "2025-01-01", 1),
        # months of 30: the 31st is the 30th
        ("30/360", "2025-01-30", "2025-01-31", 0),
        ("30/360", "2025-01-31", "2025-02-28", 28),
        ("30/360", "2025-01-31", "2025-03-31", 60),
        ("30E/360", "2025-01-31", "2025-03-31", 60),
        # unless the bond basis ends on a 31st and did not start on a 30th or 31st
        ("30/360", "2025-02-28", "2025-03-31", 33),
        ("30E/360", "2025-02-28", "2025-03-31", 32),
        ("30/360", "2025-03-29", "2025-03-31", 2),
        ("30E/360", "2025-03-29", "2025-03-31", 1),
    ],
)
def test_days(convention: str, start: str, end: str, expected: int) -> None:
    assert days(DayCount(convention), date.fromisoformat(start), date.fromisoformat(end)) == expected


@pytest.mark.parametrize(
    ("convention", "start", "end", "expected"),
    [
        ("actual/365", "2023-12-31", "2024-12-31", Fraction(366, 365)),
        ("actual/360", "2024-12-31", "2025-12-31", Fraction(365, 360)),
        ("actual/actual", "2023-12-31", "2024-12-31", 1),
        # every day belongs to its own year
        ("actual/actual", "2023-12-30", "2024-01-01", Fraction(1, 365) + Fraction(1, 366)),
        ("actual/actual", "2023-12-31", "2025-01-01", 1 + Fraction(1, 365)),
        ("30/360", "2023-12-31", "2024-12-31", 1),
        ("30E/360", "2024-02-28", "2024-03-01", Fraction(3, 360)),
    ],
)
def test_years(convention: str, start: str, end: str, expected: Fraction) -> None:
    assert years(DayCount(convention), date.fromisoformat(start), date.fromisoformat(end)) == expected


@given(st.sampled_from(DayCount), SPANS)
def test_single_days_add_up_to_the_stretch(convention: DayCount, span: tuple[date, date]) -> None:
    single = list(each_day(convention, *span))
    assert sum(weight * count for weight, count in single) == years(convention, *span)
    assert sum(count for _, count in single) == (span[1] - span[0]).days


@given(st.sampled_from([item for item in DayCount if item is not DayCount.THIRTY_360]), SPANS, st.integers(0, 1500))
def test_a_cut_changes_nothing_but_by_the_bond_basis(convention: DayCount, span: tuple[date, date], after: int) -> None:
    start, end = span
    cut = min(end, start + timedelta(after))
    assert years(convention, start, cut) + years(convention, cut, end) == years(convention, start, end)


@given(SPANS)
def test_another_hand_counts_the_same(span: tuple[date, date]) -> None:
    """QuantLib's periods include their first day and not their last; by calendar years that is a day later than ours."""
    quantlib = pytest.importorskip("QuantLib", reason="the cross-check needs QuantLib, which the test group installs")
    start, end = (quantlib.Date(day.day, day.month, day.year) for day in span)
    thirty = quantlib.Thirty360
    assert days(DayCount.THIRTY_360, *span) == thirty(thirty.BondBasis).dayCount(start, end)
    assert days(DayCount.THIRTY_E_360, *span) == thirty(thirty.EurobondBasis).dayCount(start, end)
    for convention, theirs in (
        (DayCount.ACTUAL_365, quantlib.Actual365Fixed()),
        (DayCount.ACTUAL_360, quantlib.Actual360()),
    ):
        assert float(years(convention, *span)) == pytest.approx(theirs.yearFraction(start, end), abs=1e-12)
    isda = quantlib.ActualActual(quantlib.ActualActual.ISDA).yearFraction(start + 1, end + 1)
    assert float(years(DayCount.ACTUAL_ACTUAL, *span)) == pytest.approx(isda, abs=1e-12)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2025-01-31", 1, "2025-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2025-01-31", 2, "2025-03-31"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2025-11-30", 3, "2026-02-28"),
        ("2025-05-14", 0, "2025-05-14"),
    ],
)
def test_months_are_added_from_the_day_they_start_on(day: str, months: int, expected: str) -> None:
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(expected)
