"""Rate tables say what they know; any other day is an error that tells how to add it."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.errors import UnknownName, WorkspaceError
from payflow.policy.rate_files import Row
from payflow.policy.rates import OutOfTable, RateTable, load_table, table_names
from payflow.policy.tables import Series

#: table, the last day it speaks of
ENDS = [
    ("uk_statutory_reference", date(2026, 12, 31)),
    ("uk_boe_bank_rate", date(2026, 10, 8)),
    ("eu_reference_rate_half_year", date(2026, 12, 31)),
    ("eu_ecb_mro", date(2026, 9, 7)),
    ("de_basiszinssatz", date(2026, 12, 31)),
    ("nl_handelsrente", date(2026, 12, 31)),
    ("nl_wettelijke_rente", date(2026, 6, 30)),
    ("se_referensranta", date(2024, 12, 31)),
    ("us_prompt_payment", date(2026, 12, 31)),
]


@pytest.mark.parametrize(("name", "last"), ENDS)
def test_a_table_speaks_until_the_end_of_its_last_half_year_or_the_day_it_was_read(name: str, last: date) -> None:
    table = load_table(name)
    assert table.until == last
    assert table.at(last).since == table.rows[-1].since
    with pytest.raises(OutOfTable, match=f"ends on {last}.*payflow rates add {name} --from"):
        table.at(last + timedelta(days=1))


def test_a_day_before_the_first_row_is_an_error_too() -> None:
    with pytest.raises(OutOfTable, match="begins on 2002-01-01, and 2001-12-31 was asked for"):
        load_table("de_basiszinssatz").at(date(2001, 12, 31))


def test_the_error_is_a_value_error_and_names_table_last_row_day_publisher_and_both_remedies() -> None:
    with pytest.raises(ValueError, match="de_basiszinssatz") as caught:
        load_table("de_basiszinssatz").at(date(2027, 3, 5))
    text = str(caught.value)
    assert "ends on 2026-12-31 (its last row is of 2026-07-01), and 2027-03-05 was asked for" in text
    assert "https://www.bundesbank.de" in text
    assert "`payflow rates add de_basiszinssatz --from 2027-01-01 --rate PERCENT --source TEXT`" in text
    assert "rates/de_basiszinssatz.csv" in text


@pytest.mark.parametrize("day", [date(2011, 1, 1), date(2016, 7, 1), date(2020, 12, 31), date(2025, 9, 1)])
def test_a_half_year_that_nobody_sourced_is_a_gap_and_not_the_one_before(day: date) -> None:
    with pytest.raises(OutOfTable, match="has no rate for the half-year from"):
        load_table("us_prompt_payment").at(day)


def test_between_gives_the_rate_of_the_first_day_and_every_change_through_the_last() -> None:
    found = load_table("de_basiszinssatz").between(date(2023, 3, 1), date(2024, 7, 1))
    assert [(rate.since, rate.annual) for rate in found] == [
        (date(2023, 1, 1), Fraction("0.0162")),
        (date(2023, 7, 1), Fraction("0.0312")),
        (date(2024, 1, 1), Fraction("0.0362")),
        (date(2024, 7, 1), Fraction("0.0337")),
    ]
    assert found[0].why == "Basiszinssatz 1.62 % from 2023-01-01"


def test_between_of_no_days_is_empty() -> None:
    assert load_table("de_basiszinssatz").between(date(2024, 1, 2), date(2024, 1, 1)) == ()


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("us_prompt_payment", date(2020, 1, 1), date(2021, 1, 1)),
        ("us_prompt_payment", date(2025, 3, 1), date(2025, 7, 1)),
        ("de_basiszinssatz", date(2026, 7, 1), date(2027, 1, 1)),
        ("de_basiszinssatz", date(2001, 12, 31), date(2002, 1, 2)),
    ],
)
def test_between_never_leaps_over_a_day_without_a_rate(name: str, first: date, last: date) -> None:
    with pytest.raises(OutOfTable):
        load_table(name).between(first, last)


@given(
    st.sampled_from(["de_basiszinssatz", "nl_handelsrente", "uk_boe_bank_rate", "nl_wettelijke_rente"]),
    st.integers(0, 8000),
    st.integers(0, 3000),
    st.integers(0, 3000),
)
def test_between_and_at_tell_the_same_of_every_day(name: str, start: int, length: int, inside: int) -> None:
    table = load_table(name)
    assert table.until is not None
    first = min(date(2004, 1, 1) + timedelta(days=start), table.until)
    last = min(first + timedelta(days=length), table.until)
    day = min(first + timedelta(days=inside), last)
    found = [rate for rate in table.between(first, last) if rate.since <= day]
    assert found[-1] == table.at(day)


def test_an_unknown_table_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no rate table called .*Did you mean 'de_basiszinssatz'"):
        load_table("de_basiszinsatz")


# tables of the user's own


def folder_of(tmp_path: Path, **tables: str) -> Path:
    for name, rows in tables.items():
        (tmp_path / f"{name}.csv").write_text(f"effective_from,rate_percent,source\n{rows}", encoding="utf-8")
    return tmp_path


def test_a_row_of_the_user_s_extends_a_table_by_its_half_year(tmp_path: Path) -> None:
    extra = folder_of(tmp_path, de_basiszinssatz="2027-01-01,1.52,Bundesbank\n")
    table = load_table("de_basiszinssatz", extra)
    assert table.until == date(2027, 6, 30)
    assert table.at(date(2027, 6, 30)).annual == Fraction("0.0152")
    assert table.rows[-1].own
    assert table.at(date(2026, 7, 1)) == load_table("de_basiszinssatz").at(date(2026, 7, 1))


def test_a_row_of_the_user_s_wins_on_its_day(tmp_path: Path) -> None:
    extra = folder_of(tmp_path, nl_wettelijke_rente="2026-01-01,4.5,Staatsblad\n")
    table = load_table("nl_wettelijke_rente", extra)
    assert table.at(date(2026, 2, 1)).annual == Fraction("0.045")
    assert table.at(date(2025, 12, 31)).annual == Fraction("0.06")


def test_a_row_of_the_user_s_fills_a_gap(tmp_path: Path) -> None:
    extra = folder_of(tmp_path, us_prompt_payment="2025-07-01,4.625,the Treasury\n")
    table = load_table("us_prompt_payment", extra)
    assert len(table.between(date(2025, 1, 1), date(2026, 1, 1))) == 3


def test_a_half_year_left_out_beyond_the_end_is_not_filled_from_the_one_before(tmp_path: Path) -> None:
    extra = folder_of(tmp_path, de_basiszinssatz="2027-07-01,2,Bundesbank\n")
    table = load_table("de_basiszinssatz", extra)
    assert table.at(date(2027, 7, 1)).annual == Fraction("0.02")
    for day in (date(2027, 1, 1), date(2027, 6, 30)):
        with pytest.raises(OutOfTable, match="has no rate for the half-year from 2027-01-01"):
            table.at(day)
    with pytest.raises(OutOfTable):
        table.between(date(2026, 12, 1), date(2027, 8, 1))


def test_a_bank_s_rate_is_not_carried_over_days_that_nobody_read(tmp_path: Path) -> None:
    extra = folder_of(tmp_path, uk_boe_bank_rate="2027-02-04,3.5,Bank of England\n")
    table = load_table("uk_boe_bank_rate", extra)
    assert table.until == date(2027, 2, 4)
    assert table.at(date(2027, 2, 4)).annual == Fraction("0.035")
    # the last day on which somebody had read the bank's own page
    assert table.at(date(2026, 10, 8)).annual == Fraction("0.0375")
    with pytest.raises(OutOfTable):
        table.at(date(2026, 10, 9))


def test_a_table_that_only_the_user_has_carries_its_rows_until_the_next(tmp_path: Path) -> None:
    extra = folder_of(tmp_path, house_rate="2025-03-01,4,the contract\n2026-02-01,5,the contract\n")
    table = load_table("house_rate", extra)
    assert table.at(date(2026, 1, 31)).annual == Fraction("0.04")
    assert table.until == date(2026, 6, 30)
    assert "house_rate" in table_names(extra)
    assert "house_rate" not in table_names()


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    extra = folder_of(tmp_path, house_rate="2025-01-01,4,the contract\n")
    assert load_table("house_rate", extra).at(date(2025, 1, 1)).annual == Fraction("0.04")
    folder_of(tmp_path, house_rate="2025-01-01,4.25,the contract\n")
    assert load_table("house_rate", extra).at(date(2025, 1, 1)).annual == Fraction("0.0425")


def test_a_folder_that_is_not_there_adds_nothing(tmp_path: Path) -> None:
    absent = tmp_path / "rates"
    assert load_table("de_basiszinssatz", absent) is load_table("de_basiszinssatz")
    assert table_names(absent) == table_names()


#: what is wrong, the text after the header, what the message must hold
MISTAKES = [
    ("comma", '2027-01-01,"1,52",x\n', ":2: rate_percent is '1,52'"),
    ("sign", "2027-01-01,1.52 %,x\n", ":2: rate_percent is '1.52 %'"),
    ("day", "01.01.2027,1.52,x\n", ":2: effective_from is '01.01.2027'"),
    ("no such day", "2027-02-30,1.52,x\n", ":2: effective_from is '2027-02-30'"),
    ("week", "2027-W01-1,1.52,x\n", ":2: effective_from is '2027-W01-1'"),
    ("source", "2027-01-01,1.52,\n", ":2: there is no source"),
    ("cells", "2027-01-01,1.52\n", ":2: 2 cells"),
    ("twice", "2027-01-01,1.52,x\n2027-01-01,1.6,x\n", ":3: 2027-01-01 stands here twice"),
]


@pytest.mark.parametrize("row", MISTAKES, ids=lambda row: row[0])
def test_a_mistake_in_a_user_s_file_is_told_with_its_line(tmp_path: Path, row: tuple[str, str, str]) -> None:
    _, text, told = row
    extra = folder_of(tmp_path, de_basiszinssatz=text)
    with pytest.raises(WorkspaceError) as caught:
        load_table("de_basiszinssatz", extra)
    assert told in str(caught.value)
    assert all(problem.remedy and "None" not in str(problem) for problem in caught.value.problems)
    assert str(caught.value).startswith(str(tmp_path / "de_basiszinssatz.csv"))


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    extra = folder_of(tmp_path, de_basiszinssatz="x,y,\n\n2027-01-01,1,z,a\n")
    with pytest.raises(WorkspaceError) as caught:
        load_table("de_basiszinssatz", extra)
    assert len(caught.value.problems) == 4


def test_a_file_with_another_header_or_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "house_rate.csv"
    path.write_text("from,percent\n", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="Write effective_from,rate_percent,source"):
        load_table("house_rate", tmp_path)
    path.write_bytes("effective_from,rate_percent,source\n2025-01-01,1,référence\n".encode("latin-1"))
    with pytest.raises(WorkspaceError, match="not UTF-8"):
        load_table("house_rate", tmp_path)


def test_a_name_that_is_no_file_name_reaches_no_file(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("effective_from,rate_percent,source\n2025-01-01,1,x\n", encoding="utf-8")
    inner = tmp_path / "rates"
    inner.mkdir()
    with pytest.raises(UnknownName):
        load_table("../x", inner)


def test_a_table_without_rows_says_so() -> None:
    table = RateTable(Series("mine", "mine"), ())
    assert table.until is None
    with pytest.raises(OutOfTable, match="has no rows yet"):
        table.at(date(2026, 1, 1))


def test_what_is_beyond_a_table_says_what_to_add_and_where_to_look() -> None:
    with pytest.raises(OutOfTable, match="uk_boe_bank_rate --from 2026-12-05 "):
        load_table("uk_boe_bank_rate").at(date(2026, 12, 5))
    mine = RateTable(
        Series("mine", "mine"),
        (Row(date(2025, 1, 1), Fraction(1, 50), "x"), Row(date(2025, 7, 1), Fraction(1, 25), "x")),
    )
    assert [mine.at(day).annual for day in (date(2025, 1, 1), date(2025, 12, 31))] == [Fraction(1, 50), Fraction(1, 25)]
    with pytest.raises(OutOfTable) as told:
        mine.at(date(2024, 12, 31))
    assert str(told.value) == (
        "the rate table mine begins on 2025-01-01, and 2024-12-31 was asked for. Add the rate with "
        "`payflow rates add mine --from 2024-07-01 --rate PERCENT --source TEXT`, or as a row of rates/mine.csv in your "
        "workspace."
    )
