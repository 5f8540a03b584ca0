"""Late fees of whole columns are those of the single invoices, to the minor unit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.policy.fee_columns import fee_column, fee_columns
from payflow.policy.late_fees import FeeBand, FeeBase, FeeSize, FeeTerms, Take, fee_on

AMOUNTS = st.integers(1, 10**7)
PERCENTS = st.fractions(Fraction(1, 10**9), 1, max_denominator=10**11).map(
    lambda share: Fraction(max(1, round(share * 10**11)), 10**11)
) | st.integers(1, 400).map(lambda tenths: Fraction(tenths, 1000))
SIZES = (
    st.builds(FeeSize, amount=st.just(0) | AMOUNTS)
    | st.builds(FeeSize, percent=PERCENTS)
    | st.builds(FeeSize, amount=AMOUNTS, percent=PERCENTS, take=st.sampled_from(Take))
)
LIMITED = st.builds(FeeBand, SIZES, up_to=AMOUNTS) | st.builds(FeeBand, SIZES, below=AMOUNTS)
MAYBE = st.none() | AMOUNTS
TERMS = st.builds(
    FeeTerms,
    st.tuples(LIMITED, LIMITED, st.builds(FeeBand, SIZES)) | st.tuples(st.builds(FeeBand, SIZES)) | st.tuples(LIMITED),
    base=st.sampled_from(FeeBase),
    minimum=MAYBE,
    maximum=MAYBE,
    cap=MAYBE,
    tax=st.none() | st.sampled_from([Fraction(19, 100), Fraction(1, 5), Fraction(77, 1000)]),
)
#: outstanding, original, fees before; outstanding at the limits of bands matters most
ROWS = st.lists(
    st.tuples(st.integers(-5, 10**7) | st.integers(0, 2 * 10**12), st.integers(0, 10**12), st.integers(0, 10**7)),
    min_size=1,
    max_size=8,
)


@given(TERMS, ROWS)
def test_a_column_of_fees_is_the_fees_of_its_rows(terms: FeeTerms, rows: list[tuple[int, int, int]]) -> None:
    edges = [limit + step for band in terms.bands for limit in (band.up_to, band.below) if limit for step in (-1, 0, 1)]
    grown = 1 + (terms.tax or 0)
    rows = [*rows, *((int(edge * grown) + step, edge, 0) for edge in edges for step in (-1, 0, 1))]
    outstanding, original, before = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    found = fee_column(terms, outstanding, original, before)
    assert found.tolist() == [fee_on(terms, "EUR", *row)[0] for row in rows]


def test_without_fees_from_before_a_cap_holds_for_the_one_fee() -> None:
    terms = FeeTerms((FeeBand(FeeSize(2500)),), cap=2000)
    assert fee_column(terms, np.array([1, 0]), np.array([5, 5])).tolist() == [2000, 0]
    assert fee_on(terms, "EUR", 1, 5)[0] == 2000


@given(st.lists(st.none() | TERMS, min_size=1, max_size=3), ROWS, st.data())
def test_each_row_has_the_fee_of_its_currency(
    terms: list[FeeTerms | None], rows: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    codes = data.draw(st.lists(st.integers(0, len(terms)), min_size=len(rows), max_size=len(rows)))
    # in one more currency the same was agreed as in the first
    agreed = [*terms, terms[0]]
    outstanding, original, before = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    found = fee_columns(agreed, np.array(codes, dtype=np.int64), outstanding, original, before)
    fees = [fee_on(one, "EUR", *row)[0] if (one := agreed[code]) else 0 for code, row in zip(codes, rows, strict=True)]
    assert found.tolist() == fees


def test_fees_of_several_currencies_without_fees_from_before() -> None:
    terms = [FeeTerms((FeeBand(FeeSize(2500)),), cap=2000), None, FeeTerms((FeeBand(FeeSize(10)),))]
    found = fee_columns(terms, np.array([0, 1, 2]), np.array([100, 100, 100]), np.array([100, 100, 100]))
    assert found.tolist() == [2000, 0, 10]


@pytest.mark.parametrize(
    ("tax", "amounts"), [(None, (9_999, 10_000, 10_001, 19_999, 20_000)), (20, (1, 12_000, 12_001, 23_999, 24_000))]
)
def test_a_limit_belongs_to_its_band_or_not_as_it_says(tax: int | None, amounts: tuple[int, ...]) -> None:
    bands = (FeeBand(FeeSize(100), up_to=10_000), FeeBand(FeeSize(200), below=20_000), FeeBand(FeeSize(300)))
    terms = FeeTerms(bands, tax=None if tax is None else Fraction(tax, 100))
    assert fee_column(terms, np.array(amounts), np.array(amounts)).tolist() == [100, 100, 200, 200, 300]
    assert fee_columns([terms], np.zeros(5, np.int64), np.array(amounts), np.array(amounts)).tolist() == [
        *(100, 100, 200, 200, 300)
    ]
