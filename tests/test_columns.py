"""Canonical columns and the Book."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.columns import CLIENTS, ENTRIES, INVOICES, LINES, Kind, check, empty, to_date, to_day
from policy.books import DUE, Bill, Move, book_of


@pytest.mark.parametrize("columns", [CLIENTS, INVOICES, ENTRIES, LINES])
def test_an_empty_frame_is_canonical(columns: dict[str, Kind]) -> None:
    frame = empty(columns)
    assert list(frame.columns) == list(columns)
    pd.testing.assert_frame_equal(check(frame, columns), frame)


def test_missing_columns_are_not_stated_and_the_order_is_canonical() -> None:
    frame = check(pd.DataFrame({"total": pd.array([400_000], dtype="Int64"), "key": ["INV-1"]}), INVOICES)
    assert list(frame.columns) == list(INVOICES)
    row = frame.iloc[0]
    assert (row["key"], row["number"], row["total"]) == ("INV-1", "", 400_000)
    assert row["paid"] is pd.NA
    assert row["due_on"] is pd.NaT


def test_text_is_never_missing() -> None:
    assert list(check(pd.DataFrame({"key": ["a", None]}, dtype="str"), CLIENTS)["key"]) == ["a", ""]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0], "column 'total' holds float64; money is Int64 minor units"),
        (["1.00"], "money is Int64 minor units"),
        ([True], "column 'total' holds bool; money is Int64 minor units"),
        ([1, None], "column 'total' holds float64"),
    ],
)
def test_money_that_is_no_integer_is_rejected(values: list[object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        check(pd.DataFrame({"total": values}), INVOICES)


def test_money_keeps_every_digit() -> None:
    exact = 2**62 + 1
    frame = check(pd.DataFrame({"total": pd.array([exact, None], dtype="Int64")}), INVOICES)
    assert int(frame["total"].iloc[0]) == exact
    assert frame["total"].iloc[1] is pd.NA


def test_dates_are_dates_and_text_is_text() -> None:
    with pytest.raises(TypeError, match=r"column 'due_on' holds .*; dates are datetime64"):
        check(pd.DataFrame({"due_on": ["2026-11-04"]}), INVOICES)
    with pytest.raises(TypeError, match="column 'key' holds int64; keys and names are text"):
        check(pd.DataFrame({"key": [13]}), INVOICES)
    with pytest.raises(TypeError, match=r"unknown columns \['sum'\]"):
        check(pd.DataFrame({"sum": [1]}), INVOICES)


@given(st.dates())
def test_days_count_from_1970_and_back(value: date) -> None:
    assert to_date(to_day(value)) == value
    assert to_day(date(1970, 1, 2)) == 1


@given(st.lists(st.lists(st.integers(-5, 5), max_size=3), max_size=5), st.integers(0, 3))
def test_the_entries_of_an_invoice_are_found_among_those_of_others(amounts: list[list[int]], free: int) -> None:
    bills = [Bill(moves=[Move(DUE, amount) for amount in several]) for several in amounts]
    book = book_of(*bills, open_credit=[Move(DUE, 99)] * free)
    assert len(book) == len(bills)
    for row, several in enumerate(amounts):
        assert book.entry_amount[book.entries_of(row)].tolist() == several


@pytest.mark.parametrize("columns", [INVOICES, LINES], ids=["invoices", "lines"])
def test_a_frame_without_rows_has_no_wrong_kinds(columns: Mapping[str, Kind]) -> None:
    nothing = pd.DataFrame({name: np.array([], dtype=float) for name in columns})
    checked = check(nothing, columns)
    assert list(checked.columns) == list(columns)
    assert checked.dtypes.equals(empty(columns).dtypes)
