"""Payment terms: names, due dates, and the same dates for whole arrays."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.columns import NO_DAY, to_date, to_day
from payflow.model.agreement import Anchor, TermPart, Terms
from payflow.policy.terms import TermsError, due_date, due_days, parse_terms

NAMES = st.one_of(
    st.sampled_from(["due-on-receipt", "eom"]),
    st.integers(0, 3650).map(lambda days: f"net-{days}"),
    st.integers(0, 3650).map(lambda days: f"net-{days}-eom"),
    st.integers(0, 3650).map(lambda days: f"eom-{days}"),
    st.integers(0, 3650).map(lambda days: f"2/10-net-{days}"),
)
PARTS = st.one_of(
    st.integers(0, 400).map(lambda days: f"{days} days"),
    st.integers(0, 120).map(lambda months: f"{months} months"),
    st.just("end of month"),
    st.integers(1, 31).map(lambda number: f"day {number}"),
    st.integers(1, 31).map(lambda number: f"day {number} of next month"),
)
TERMS = st.one_of(NAMES, st.lists(PARTS, min_size=1, max_size=5)).map(parse_terms)
DATES = st.dates(date(1900, 1, 1), date(9800, 1, 1))


def walked(terms: Terms, issued: date) -> date:
    """The due date found by walking from day to day: slow, and close to how a person counts on a calendar."""
    day = issued
    for part, several in groupby(terms.parts, key=lambda item: item[0]):
        counts = [count for _, count in several]
        if part is TermPart.MONTHS:
            number, first = day.day, day.replace(day=1)
            for _ in range(sum(counts)):
                first = (first + timedelta(days=31)).replace(day=1)
            day = first
            while day.day < number and (day + timedelta(days=1)).month == day.month:
                day += timedelta(days=1)
            continue
        for count in counts:
            if part is TermPart.DAYS:
                day += timedelta(days=count)
                continue
            number = count if part is TermPart.DAY_OF_MONTH else 31
            while day.day != min(number, monthrange(day.year, day.month)[1]):
                day += timedelta(days=1)
    return day


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
        ("eom-30", date(2026, 10, 20), date(2026, 11, 30)),
        ("eom-30", date(2026, 1, 5), date(2026, 3, 2)),
        ("eom-0", date(2026, 2, 1), date(2026, 2, 28)),
        ("2/10-net-30", date(2026, 10, 20), date(2026, 11, 19)),
        ("3/10-2/20-net-30-eom", date(2026, 10, 20), date(2026, 11, 30)),
        ("1.5/10-eom", date(2026, 10, 20), date(2026, 10, 31)),
        (["30 days"], date(2026, 10, 20), date(2026, 11, 19)),
        (["1 day"], date(2026, 12, 31), date(2027, 1, 1)),
        (["30 days", "end of month", "day 10"], date(2026, 10, 20), date(2026, 12, 10)),
        (["1 month"], date(2026, 1, 31), date(2026, 2, 28)),
        (["1 month"], date(2024, 1, 31), date(2024, 2, 29)),
        (["1 month"], date(2026, 2, 28), date(2026, 3, 28)),
        (["12 months"], date(2024, 2, 29), date(2025, 2, 28)),
        (["1 month", "1 month"], date(2026, 1, 31), date(2026, 3, 31)),
        (["1 month", "0 days", "1 month"], date(2026, 1, 31), date(2026, 3, 28)),
        (["end of month", "1 month"], date(2026, 1, 15), date(2026, 2, 28)),
        (["1 month", "end of month"], date(2026, 1, 15), date(2026, 2, 28)),
        (["day 10"], date(2026, 10, 9), date(2026, 10, 10)),
        (["day 10"], date(2026, 10, 10), date(2026, 10, 10)),
        (["day 10"], date(2026, 10, 11), date(2026, 11, 10)),
        (["day 31"], date(2026, 2, 3), date(2026, 2, 28)),
        (["day 31"], date(2026, 2, 28), date(2026, 2, 28)),
        (["day 30"], date(2026, 1, 31), date(2026, 2, 28)),
        (["day 10 of next month"], date(2026, 10, 9), date(2026, 11, 10)),
        (["day 31 of next month"], date(2026, 5, 31), date(2026, 6, 30)),
        (["day 5", "15 days"], date(2026, 12, 6), date(2027, 1, 20)),
    ],
)
def test_the_due_date_follows_from_the_terms_and_the_invoice_date(
    terms: str | list[str], issued: date, due: date
) -> None:
    assert due_date(parse_terms(terms), issued) == due


def test_both_readings_of_days_and_the_end_of_the_month_are_told_apart() -> None:
    issued = date(2025, 2, 15)
    assert due_date(parse_terms("net-45-eom"), issued) == due_date(parse_terms(["45 days", "end of month"]), issued)
    assert due_date(parse_terms("eom-45"), issued) == due_date(parse_terms(["end of month", "45 days"]), issued)
    assert due_date(parse_terms("net-45-eom"), issued) - due_date(parse_terms("eom-45"), issued) == timedelta(days=16)
    for either in ("45-eom", "45 days end of month", "45 eom"):
        with pytest.raises(TermsError, match=r"two readings: \"net-45-eom\".*\"eom-45\""):
            parse_terms(either)


@pytest.mark.parametrize(
    "text",
    [
        *[
            "",
            "net",
            "net-",
            "net--1",
            "net-99999",
            "net-3651",
            "NET-15",
            "net 15",
            "15",
            "eom-net-5",
            "net-٣",
            "net-15\n",
        ],
        *[
            "30 days",
            "eom-",
            "eom-3651",
            "15-eom-",
            "2/10",
            "2-net-30",
            "/10-net-30",
            "2/-net-30",
            "0/10-net-30",
            "2/10net-30",
        ],
        *[
            "100/10-net-30",
            "2.12345/10-net-30",
            "2/3651-net-30",
            "2/10-",
            "2/10-2/20",
            "net-30-2/10",
            "-2/10-net-30",
            "2,5/10-eom",
        ],
    ],
)
def test_other_names_are_refused_and_the_message_lists_what_is_accepted(text: str) -> None:
    with pytest.raises(ValueError, match=r"due-on-receipt.*net-N.*eom.*net-N-eom"):
        parse_terms(text)


@pytest.mark.parametrize(
    ("parts", "place", "found"),
    [
        (["30 days", "end-of-month"], 1, "'end-of-month' is no part of terms"),
        (["net-30"], 0, "'net-30' is no part of terms"),
        (["3651 days"], 0, "'3651 days'"),
        (["121 months"], 0, "'121 months'"),
        (["day 0"], 0, "'day 0'"),
        (["day 32"], 0, "'day 32'"),
        (["day 32 of next month"], 0, "'day 32 of next month'"),
        (["-1 days"], 0, "'-1 days'"),
        (["٣ days"], 0, "'٣ days'"),
        (["30 days "], 0, "'30 days '"),
        (["from shipment", "30 days"], 0, "'from shipment'"),
        (["30 days", "from delivery"], 1, "'from delivery' stands after other parts"),
        (["from receipt", "from delivery"], 1, "'from delivery' stands after other parts"),
        (["next business day in de"], 0, "'next business day in de'"),
        (["next business day in DE", "1 day", "next business day in FR"], 2, "'FR' stands beside 'DE'"),
        (["0% within 10 days", "30 days"], 0, "'0% within 10 days'"),
        (["2% within 9999 days", "30 days"], 0, "'2% within 9999 days'"),
        (["2% by day 40", "30 days"], 0, "'2% by day 40'"),
        (["2% within end of month"], 0, "'2% within end of month'"),
        ([], None, "empty list"),
        (["1 day"] * 13, None, "13 parts"),
    ],
)
def test_a_part_that_is_wrong_is_named_with_its_place(parts: list[str], place: int | None, found: str) -> None:
    with pytest.raises(TermsError) as error:
        parse_terms(parts)
    assert (error.value.place, found in error.value.found) == (place, True)
    assert error.value.remedy.endswith(".")
    assert str(error.value) == f"{error.value.found}. {error.value.remedy}"


def test_a_name_is_what_was_written_in_one_line() -> None:
    assert parse_terms("2/10-net-30").name == "2/10-net-30"
    assert parse_terms(["30 days", "end of month", "day 10"]).name == "30 days, end of month, day 10"


@pytest.mark.parametrize("anchor", [Anchor.RECEIPT, Anchor.DELIVERY, Anchor.ACCEPTANCE])
def test_terms_count_from_the_day_they_name_and_it_must_be_known(anchor: Anchor) -> None:
    terms = parse_terms([f"from {anchor}", "1 month"])
    known = {anchor: date(2026, 10, 31), Anchor.INVOICE: date(2026, 1, 1)}
    assert due_date(terms, date(2026, 10, 20), anchors=known) == date(2026, 11, 30)
    for others in (None, {}, {Anchor.INVOICE: date(2026, 1, 1)}):
        with pytest.raises(ValueError, match=f"from the day of {anchor}, and that day is not known"):
            due_date(terms, date(2026, 10, 20), anchors=others)


def test_terms_count_from_the_invoice_unless_they_say_otherwise() -> None:
    assert parse_terms(["from invoice", "1 month"]).anchor is parse_terms(["1 month"]).anchor is Anchor.INVOICE
    assert due_date(parse_terms("net-30"), date(2026, 10, 20), anchors={Anchor.DELIVERY: date(2026, 1, 1)}) == date(
        2026, 11, 19
    )
    assert due_date(parse_terms("net-30"), date(2026, 10, 20), anchors={Anchor.INVOICE: date(2026, 10, 1)}) == date(
        2026, 10, 31
    )


@given(TERMS, st.dates(date(1999, 1, 1), date(2101, 1, 1)))
def test_a_due_date_is_the_one_a_person_finds_by_walking_the_calendar(terms: Terms, issued: date) -> None:
    assert due_date(terms, issued) == walked(terms, issued)


@given(st.lists(st.integers(0, 24), min_size=1, max_size=5), DATES)
def test_months_in_a_row_are_added_at_once(months: list[int], issued: date) -> None:
    one_by_one = parse_terms([f"{count} months" for count in months])
    assert due_date(one_by_one, issued) == due_date(parse_terms([f"{sum(months)} months"]), issued)


#: Few invoices of any day, and many of a few days: two ways to work them out.
SEVERAL = st.lists(DATES) | st.lists(st.dates(date(2024, 1, 25), date(2024, 3, 5)), min_size=41, max_size=60)


@given(TERMS, SEVERAL)
def test_arrays_of_days_fall_due_as_single_dates_do(terms: Terms, issued: list[date]) -> None:
    days = due_days(terms, np.array([to_day(day) for day in issued], dtype=np.int64))
    assert days.dtype == np.int64
    assert [to_date(day) for day in days] == [due_date(terms, day) for day in issued]


@given(TERMS, DATES)
def test_nothing_falls_due_before_its_date_and_a_later_date_never_falls_due_earlier(terms: Terms, issued: date) -> None:
    assert issued <= due_date(terms, issued) <= due_date(terms, issued + timedelta(days=1))


@given(TERMS)
def test_a_day_that_is_not_known_stays_unknown(terms: Terms) -> None:
    known, unknown = to_day(date(2026, 10, 20)), NO_DAY
    due = to_day(due_date(terms, date(2026, 10, 20)))
    for issued, expected in (
        ([unknown], [unknown]),
        ([unknown] * 3, [unknown] * 3),
        ([unknown, known], [unknown, due]),
    ):
        assert due_days(terms, np.array(issued, dtype=np.int64)).tolist() == expected
