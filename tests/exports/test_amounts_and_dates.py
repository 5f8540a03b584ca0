"""Amounts and dates as exports write them (every way of writing that was seen in real files)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.connector import AmountError, Marks, decimal
from payflow_exports import dates
from payflow_exports.amounts import amount, mark_proof
from payflow_exports.format import DayOrder

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("text", "marks", "currency", "expected"),
    [
        ("1,234.50", Marks.POINT, "USD", 123450),
        ("$1,234.50", Marks.POINT, "USD", 123450),
        ("$13.50 ", Marks.POINT, "USD", 1350),
        ("($400.00)", Marks.POINT, "USD", -40000),
        ("-$550.00", Marks.POINT, "USD", -55000),
        ("-50.00", Marks.POINT, "USD", -5000),
        ("20 160,0", Marks.COMMA, "SEK", 2016000),
        ("20\u00a0160,0", Marks.COMMA, "SEK", 2016000),
        ("1.234,50", Marks.COMMA, "EUR", 123450),
        ("-36,99", Marks.COMMA, "EUR", -3699),
        ("+5257,28", Marks.COMMA, "EUR", 525728),
        ("-30.000", Marks.POINT, "EUR", -3000),
        ("115.0000", Marks.POINT, "GBP", 11500),
        ("10.00000000", Marks.POINT, "GBP", 1000),
        ("1,200", Marks.POINT, "JPY", 1200),
        ("1.234", Marks.POINT, "KWD", 1234),
        ("0.5", Marks.POINT, "GBP", 50),
        ("1500", Marks.COMMA, "GBP", 150000),
    ],
)
def test_an_amount_is_read_to_the_minor_unit(text: str, marks: Marks, currency: str, expected: int) -> None:
    assert amount(text, currency, marks) == expected


@pytest.mark.parametrize(
    "text", ["ten", "1.2.3", "12.345", "1e3", "9" * 300, "1" * 18, "12/03/2026", "--5.00", "\u0661.00", ".", "£"]
)
def test_what_is_no_amount_is_an_error(text: str) -> None:
    with pytest.raises(AmountError):
        amount(text, "GBP", Marks.POINT)


@given(st.integers(-(10**14), 10**14), st.sampled_from(["GBP", "JPY", "KWD"]), st.sampled_from(list(Marks)))
def test_what_is_written_in_either_convention_is_read_back(value: int, currency: str, marks: Marks) -> None:
    whole, dot, cents = decimal(abs(value), currency).partition(".")
    text = f"{'-' if value < 0 else ''}{int(whole):,}{dot}{cents}"
    if marks is Marks.COMMA:
        text = text.translate({ord(","): ".", ord("."): ","})
    assert amount(text, currency, marks) == value


@pytest.mark.parametrize(
    ("texts", "point", "comma", "either"),
    [
        (["1,234.50"], True, False, False),
        (["1.234,50"], False, True, False),
        (["20 160,0", "1,5"], False, True, False),
        (["12.5"], True, False, False),
        (["1.234"], False, False, True),
        (["1,234", "3,5"], False, True, True),
        (["0.500"], True, False, False),
        (["1234.567"], True, False, False),
        (["1,234,567"], True, False, False),
        (["1.234.567"], False, True, False),
        (["12,34,567.00"], True, False, False),
        (["-30.000"], False, False, True),
        (["1500", "", "ten", "1.2.3", "3.4.2026"], False, False, False),
    ],
)
def test_a_column_proves_its_decimal_mark_or_does_not(texts: list[str], point: bool, comma: bool, either: bool) -> None:
    proof = mark_proof(texts)
    assert (bool(proof.point), bool(proof.comma), bool(proof.either)) == (point, comma, either)


@pytest.mark.parametrize(
    ("text", "day_first", "month_first"),
    [
        ("2026-01-28", date(2026, 1, 28), date(2026, 1, 28)),
        ("2026/1/8", date(2026, 1, 8), date(2026, 1, 8)),
        ("1/19/2026", None, date(2026, 1, 19)),
        ("01/19/2026", None, date(2026, 1, 19)),
        ("15/01/2025", date(2025, 1, 15), None),
        ("29/3/2019", date(2019, 3, 29), None),
        ("3/4/2026", date(2026, 4, 3), date(2026, 3, 4)),
        ("7/18/98", None, date(1998, 7, 18)),
        ("08/01/25", date(2025, 1, 8), date(2025, 8, 1)),
        ("22.02.18", date(2018, 2, 22), date(2018, 2, 22)),
        ("03.02.2026", date(2026, 2, 3), date(2026, 2, 3)),
        ("Jan 28 2021", date(2021, 1, 28), date(2021, 1, 28)),
        ("January 28, 2021", date(2021, 1, 28), date(2021, 1, 28)),
        ("Sept. 2, 2026", date(2026, 9, 2), date(2026, 9, 2)),
        ("28 Jan 2021", date(2021, 1, 28), date(2021, 1, 28)),
        ("28-Jan-21", date(2021, 1, 28), date(2021, 1, 28)),
        ("2024-01-15 14:30:00", date(2024, 1, 15), date(2024, 1, 15)),
        ("2024-01-15T14:30:00.123Z", date(2024, 1, 15), date(2024, 1, 15)),
        ("1/19/2026 10:15 PM", None, date(2026, 1, 19)),
        ("20261014", date(2026, 10, 14), date(2026, 10, 14)),  # as Dutch banks write it
        ("20260231", None, None),
        ("31/02/2026", None, None),
    ],
)
def test_a_date_is_read_in_its_order(text: str, day_first: date | None, month_first: date | None) -> None:
    written = dates.read(text)
    assert written is not None
    found = [written.on(order, LONDON, utc=False) for order in (DayOrder.DAY_FIRST, DayOrder.MONTH_FIRST)]
    assert found == [day_first, month_first]


@pytest.mark.parametrize(
    "text",
    ["", "TOTAL", "45", "20261301", "28012026", "2026-01", "0/1/2026", "1/2/0026", "Foo 3 2026", "1/2-2026", "9" * 99],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert dates.read(text) is None


def test_a_stamp_in_utc_is_moved_to_the_day_at_home() -> None:
    late = dates.read("2026-06-30 23:30:00")
    assert late is not None
    assert late.on(DayOrder.DAY_FIRST, LONDON, utc=True) == date(2026, 7, 1)
    assert late.on(DayOrder.DAY_FIRST, LONDON, utc=False) == date(2026, 6, 30)
    with_zone = dates.read("2026-06-30 23:30:00+05:00")
    assert with_zone is not None
    assert with_zone.on(DayOrder.DAY_FIRST, LONDON, utc=False) == date(2026, 6, 30)


@given(st.dates(date(1970, 1, 1), date(2068, 12, 31)), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y"]))
def test_a_written_day_is_read_back_in_the_order_it_was_written_in(day: date, form: str) -> None:
    written = dates.read(day.strftime(form))
    order = DayOrder.DAY_FIRST if form.startswith("%d") else DayOrder.MONTH_FIRST
    assert written is not None
    assert written.on(order, UTC, utc=False) == day


def test_all_columns_of_dates_together_prove_the_order() -> None:
    assert dates.proof(["3/4/2026", "5/5/2026", "13/4/2026"]) == dates.Proof("13/4/2026", "", "3/4/2026")
    assert dates.proof(["3/4/2026", "4/13/2026"]).month_first == "4/13/2026"
    assert dates.proof(["5/5/2026", "45/13/2026", "x"]) == dates.Proof()


def test_a_moment_near_the_end_of_time_does_not_fail() -> None:
    written = dates.read("2199-12-31 23:59:59")
    assert written is not None
    assert written.on(DayOrder.DAY_FIRST, LONDON, utc=True) == datetime(2199, 12, 31, tzinfo=UTC).date()
