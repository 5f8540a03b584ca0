"""Terms that move to a business day: both ways, in columns as for one date, with the holidays of a country or a part of it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.columns import NO_DAY, to_date, to_day
from payflow.model.agreement import TermPart
from payflow.policy.calendars import WEEKDAYS, Calendar, Holidays, Roll, roll, roll_days
from payflow.policy.terms import due_date, due_days, parse_terms
from payflow.workspace.business_days import calendar_of, has_holidays, known_calendar

#: Friday 25 and Monday 28 December 2026 are holidays here.
CHRISTMAS: Calendar = Holidays(lambda year: {date(year, 12, 25), date(year, 12, 28)})


@pytest.mark.parametrize(
    ("day", "following", "preceding"),
    [
        (date(2026, 12, 24), date(2026, 12, 24), date(2026, 12, 24)),
        (date(2026, 12, 25), date(2026, 12, 29), date(2026, 12, 24)),
        (date(2026, 12, 26), date(2026, 12, 29), date(2026, 12, 24)),
        (date(2026, 12, 28), date(2026, 12, 29), date(2026, 12, 24)),
        (date(2026, 12, 29), date(2026, 12, 29), date(2026, 12, 29)),
        (date(2027, 1, 2), date(2027, 1, 4), date(2027, 1, 1)),
    ],
)
def test_a_day_without_business_moves_to_the_nearest_one_with_it(day: date, following: date, preceding: date) -> None:
    assert roll(day, Roll.FOLLOWING, CHRISTMAS) == following
    assert roll(day, Roll.PRECEDING, CHRISTMAS) == preceding
    assert roll(day, Roll.NONE, CHRISTMAS) == day


@pytest.mark.parametrize(
    ("terms", "issued", "due"),
    [
        (["30 days", "next business day"], date(2026, 11, 25), date(2026, 12, 29)),
        (["30 days", "following business day"], date(2026, 11, 25), date(2026, 12, 29)),
        (["30 days", "previous business day"], date(2026, 11, 25), date(2026, 12, 24)),
        (["30 days", "preceding business day"], date(2026, 11, 25), date(2026, 12, 24)),
        (["next business day", "1 day"], date(2026, 12, 25), date(2026, 12, 30)),
        # never before the day the terms count from, though that is a Sunday
        (["previous business day"], date(2026, 12, 27), date(2026, 12, 27)),
        (["1 day", "previous business day"], date(2026, 12, 25), date(2026, 12, 25)),
    ],
)
def test_a_due_date_moves_to_a_business_day_where_the_terms_say_so(terms: list[str], issued: date, due: date) -> None:
    assert due_date(parse_terms(terms), issued, calendar=CHRISTMAS) == due


LISTS = st.lists(
    st.sampled_from(
        ["1 day", "30 days", "1 month", "end of month", "day 25", "next business day", "previous business day"]
    ),
    min_size=1,
    max_size=5,
)
DATES = st.dates(date(1960, 1, 1), date(2060, 1, 1))


DENSE = st.lists(st.dates(date(2026, 12, 20), date(2027, 1, 3)), min_size=15, max_size=30)


@given(LISTS, st.lists(DATES | st.none()) | DENSE)
def test_arrays_of_days_move_as_single_dates_do(parts: list[str], issued: list[date | None]) -> None:
    terms = parse_terms(parts)
    days = due_days(
        terms, np.array([NO_DAY if day is None else to_day(day) for day in issued], np.int64), calendar=CHRISTMAS
    )
    assert days.dtype == np.int64
    assert [None if day == NO_DAY else to_date(day) for day in days] == [
        None if day is None else due_date(terms, day, calendar=CHRISTMAS) for day in issued
    ]


@given(LISTS, DATES)
def test_nothing_falls_due_before_its_date_and_a_later_date_never_falls_due_earlier(
    parts: list[str], day: date
) -> None:
    terms = parse_terms(parts)
    due, later = (due_date(terms, one, calendar=CHRISTMAS) for one in (day, day + timedelta(days=1)))
    assert day <= due <= later


@given(st.lists(DATES))
def test_the_columns_handed_in_are_left_alone(days: list[date]) -> None:
    given_days = np.array([to_day(day) for day in days], dtype=np.int64)
    before = given_days.copy()
    due_days(parse_terms(["next business day"]), given_days, calendar=WEEKDAYS)
    roll_days(given_days, Roll.FOLLOWING, WEEKDAYS)
    assert (given_days == before).all()


def test_terms_that_need_a_calendar_say_so_and_others_do_not() -> None:
    assert parse_terms(["1 month", "next business day"]).rolls
    assert parse_terms(["1 month", "previous business day", "1 day"]).rolls
    assert not parse_terms(["1 month", "end of month"]).rolls
    issued = date(2026, 10, 20)
    with pytest.raises(ValueError, match="no calendar says which days"):
        due_date(parse_terms(["next business day"]), issued)
    with pytest.raises(ValueError, match="no calendar says which days"):
        due_days(parse_terms(["next business day"]), np.array([to_day(issued)]))


def test_a_calendar_without_any_business_day_is_an_error_not_an_endless_search() -> None:
    never = Holidays(lambda _: (), weekend=range(7))
    with pytest.raises(ValueError, match="no business day in 60 days"):
        roll(date(2026, 10, 20), Roll.FOLLOWING, never)


def test_terms_may_name_a_country_or_a_part_of_it() -> None:
    terms = parse_terms(["30 days", "next business day in DE-BY"])
    assert terms.calendar == "DE-BY"
    assert terms.parts == ((TermPart.DAYS, 30), (TermPart.FOLLOWING, 0))
    assert parse_terms(["next business day in GB", "1 day", "next business day"]).calendar == "GB"
    assert parse_terms(["next business day"]).calendar == ""


@pytest.mark.parametrize(
    ("country", "day", "due"),
    [
        # a Saturday: BGB 193
        ("DE-BY", date(2026, 5, 2), date(2026, 5, 4)),
        # Epiphany, a Tuesday: a holiday in Bavaria, a business day in Berlin
        ("DE-BY", date(2026, 1, 6), date(2026, 1, 7)),
        ("DE-BE", date(2026, 1, 6), date(2026, 1, 6)),
        # Independence Day falls on a Saturday and is kept on the Friday: 5 CFR 1315.4(h)
        ("US", date(2026, 7, 3), date(2026, 7, 6)),
        # Good Friday to Easter Monday
        ("GB", date(2026, 4, 3), date(2026, 4, 7)),
        # Easter Monday is a business day in Scotland
        ("GB-SCT", date(2026, 4, 3), date(2026, 4, 6)),
        # the weekend of Israel is Friday and Saturday
        ("IL", date(2026, 7, 3), date(2026, 7, 5)),
        ("IL", date(2026, 7, 5), date(2026, 7, 5)),
        # no country, or one whose holidays nobody wrote down: Monday to Friday
        ("", date(2026, 12, 25), date(2026, 12, 25)),
        ("AQ", date(2026, 12, 26), date(2026, 12, 28)),
    ],
)
def test_business_days_are_those_of_the_country(country: str, day: date, due: date) -> None:
    assert due_date(parse_terms(["next business day"]), day, calendar=calendar_of(country)) == due


def test_countries_and_parts_whose_holidays_are_known_are_told_from_others() -> None:
    assert has_holidays("DE")
    assert has_holidays("DE-BY")
    assert not has_holidays("DE-XX")
    assert not has_holidays("AQ-BY")


@pytest.mark.parametrize(
    ("country", "known"),
    [("DE", True), ("DE-BY", True), ("DE-XX", False), ("ZZ", False), ("Germany", False), ("de", False), ("", False)],
)
def test_a_place_is_known_by_its_holidays(country: str, known: bool) -> None:
    assert (known_calendar(country) is not None) is known
