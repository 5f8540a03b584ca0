"""Payment terms: names, due dates, and the same dates for whole arrays."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.columns import NO_DAY, to_date, to_day
from payflow.policy.terms import due_date, due_days, parse_terms

NAMES = st.one_of(
    st.sampled_from(["due-on-receipt", "eom"]),
    st.integers(0, 3650).map(lambda days: f"net-{days}"),
    st.integers(0, 3650).map(lambda days: f"net-{days}-eom"),
)
DATES = st.dates(date(1900, 1, 1), date(9900, 1, 1))


@pytest.mark.parametrize(
    ("terms", "issued", "due"),
    [
        ("due-on-receipt", date(2026, 10, 20), date(2026, 10, 20)),
        ("net-0", date(2026, 10, 20), date(2026, 10, 20)),
        ("net-15", date(2026, 10, 20), date(2026, 11, 4)),
        ("net-30", date(2024, 1, 31), date(2024, 3, 1)),
        ("net-30", date(2025, 1, 31), date(2025, 3, 2)),
        ("eom", date(2026, 2, 1), date(2026, 2, 28)),
        ("eom", date(2024, 2, 29), date(2024, 2, 29)),
        ("net-30-eom", date(2026, 10, 20), date(2026, 11, 30)),
        ("net-30-eom", date(2026, 11, 30), date(2026, 12, 31)),
        ("net-45-eom", date(2026, 12, 20), date(2027, 2, 28)),
        ("eom", date(1969, 12, 31), date(1969, 12, 31)),
    ],
)
def test_the_due_date_follows_from_the_terms_and_the_invoice_date(terms: str, issued: date, due: date) -> None:
    assert due_date(parse_terms(terms), issued) == due


@pytest.mark.parametrize(
    "text",
    ["", "net", "net-", "net--1", "net-99999", "net-3651", "NET-15", "net 15", "15", "eom-net-5", "net-٣", "net-15\n"],
)
def test_other_names_are_refused_and_the_message_lists_what_is_accepted(text: str) -> None:
    with pytest.raises(ValueError, match=r"due-on-receipt.*net-N.*eom.*net-N-eom"):
        parse_terms(text)


@given(NAMES, st.lists(DATES))
def test_arrays_of_days_fall_due_as_single_dates_do(name: str, issued: list[date]) -> None:
    terms = parse_terms(name)
    days = due_days(terms, np.array([to_day(day) for day in issued], dtype=np.int64))
    assert days.dtype == np.int64
    assert [to_date(day) for day in days] == [due_date(terms, day) for day in issued]


@given(NAMES, DATES)
def test_nothing_falls_due_before_its_date_and_a_later_date_never_falls_due_earlier(name: str, issued: date) -> None:
    terms = parse_terms(name)
    assert issued <= due_date(terms, issued) <= due_date(terms, issued + timedelta(days=1))


@given(NAMES)
def test_a_day_that_is_not_known_stays_unknown(name: str) -> None:
    assert due_days(parse_terms(name), np.array([NO_DAY], dtype=np.int64)).tolist() == [NO_DAY]
