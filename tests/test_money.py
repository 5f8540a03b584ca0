"""Money: what a person or an export writes, as minor units, and back."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow import money
from payflow.money import AmountError, Marks, Money, decimal, exponent, is_currency, parse, show

POINT, COMMA = Marks.POINT, Marks.COMMA


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("4000.00", 400_000),
        ("4000", 400_000),
        ("4,000.00", 400_000),
        ("1,234,567.89", 123_456_789),
        ("1,23,456.78", 12_345_678),
        ("0", 0),
        (".5", 50),
        ("5.", 500),
        ("0.05", 5),
        ("115.0000", 11_500),
        ("10.00000000", 1_000),
        ("$1,234.50", 123_450),
        ("$13.50 ", 1_350),
        ("US$ 13.50", 1_350),
        ("£4,000.00", 400_000),
        ("EUR 12.00", 1_200),
        ("12.00 EUR", 1_200),
        ("12.00 €", 1_200),
        ("($400.00)", -40_000),
        ("(400.00)", -40_000),
        ("$(400.00)", None),
        ("-50.00", -5_000),
        ("-$50.00", -5_000),
        ("$-50.00", -5_000),
        ("50.00-", -5_000),
        ("\u221250.00", -5_000),
        ("£\u221250.00", -5_000),
        ("50.00\u2212", -5_000),
        ("\u201350.00", -5_000),
        ("£ \u201450.00", -5_000),
        ("50.-", 5_000),
        ("1'250.-", 125_000),
        ("\u201350.--", -5_000),
        ("CHF 50.\u2013", 5_000),
        ("50--", None),
        (".-", None),
        ("+5257.28", 525_728),
        ("1 234.50", 123_450),
        ("1\u00a0234.50", 123_450),
        ("1\u202f234.50", 123_450),
        ("1'234.50", 123_450),
        ("1\u2019234.50", 123_450),
        ("\t4000.00\r", 400_000),
    ],
)
def test_amounts_with_a_decimal_point(text: str, minor: int | None) -> None:
    if minor is None:
        with pytest.raises(AmountError):
            parse(text, "GBP", POINT)
    else:
        assert parse(text, "GBP", POINT) == minor


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1.234,50", 123_450),
        ("20 160,0", 2_016_000),
        ("-36,99", -3_699),
        ("+5257,28", 525_728),
        ("-30.000", -3_000_000),
        ("4000", 400_000),
        ("1.234.567,8", 123_456_780),
        ("€ 1.234,50", 123_450),
        ("1.234,50 €", 123_450),
        ("(1.234,50)", -123_450),
    ],
)
def test_amounts_with_a_decimal_comma(text: str, minor: int) -> None:
    assert parse(text, "EUR", COMMA) == minor


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("", POINT),
        ("   ", POINT),
        ("-", POINT),
        ("n/a", POINT),
        ("1.2.3", POINT),
        ("12,34", POINT),
        ("1,23.50", POINT),
        ("1.234,50", POINT),
        ("4,000.00", COMMA),
        ("1.23,50", COMMA),
        ("--5", POINT),
        ("-5-", POINT),
        ("\u2212\u22125", POINT),
        ("(-5.00)", POINT),
        ("(5.00", POINT),
        ("5.00)", POINT),
        ("12%", POINT),
        ("1e5", POINT),
        ("0x10", POINT),
        ("nan", POINT),
        ("inf", POINT),
        ("٤٠٠", POINT),
        ("4000.005", POINT),
        ("9" * 41, POINT),
        ("1" + ",000" * 10_000, POINT),
    ],
)
def test_what_is_no_amount_is_an_error(text: str, marks: Marks) -> None:
    with pytest.raises(AmountError) as caught:
        parse(text, "GBP", marks)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1200", "JPY", 1200),
        ("1,200", "JPY", 1200),
        ("1200.00", "JPY", 1200),
        ("12.345", "KWD", 12_345),
        ("12.3", "KWD", 12_300),
        ("1.2345", "CLF", 12_345),
    ],
)
def test_decimals_are_those_of_the_currency(text: str, currency: str, minor: int) -> None:
    assert parse(text, currency) == minor


@pytest.mark.parametrize(("text", "currency"), [("1200.50", "JPY"), ("12.3456", "KWD"), ("0.001", "GBP")])
def test_more_decimals_than_the_currency_has_are_an_error(text: str, currency: str) -> None:
    with pytest.raises(AmountError, match=f"more than . decimals, which {currency} does not have"):
        parse(text, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "plain", "shown"),
    [
        (400_000, "GBP", "4000.00", "4,000.00 GBP"),
        (-1_500, "GBP", "-15.00", "-15.00 GBP"),
        (5, "EUR", "0.05", "0.05 EUR"),
        (-5, "EUR", "-0.05", "-0.05 EUR"),
        (0, "USD", "0.00", "0.00 USD"),
        (1200, "JPY", "1200", "1,200 JPY"),
        (-1200, "JPY", "-1200", "-1,200 JPY"),
        (12_345, "KWD", "12.345", "12.345 KWD"),
        (10**24, "GBP", "10000000000000000000000.00", "10,000,000,000,000,000,000,000.00 GBP"),
    ],
)
def test_amounts_as_text(amount: int, currency: str, plain: str, shown: str) -> None:
    assert decimal(amount, currency) == plain
    assert show(amount, currency) == str(Money(amount, currency)) == shown


CURRENCIES = st.sampled_from(["GBP", "EUR", "USD", "JPY", "KWD", "CLF"])


@given(st.integers(-(10**25), 10**25), CURRENCIES)
def test_what_is_written_is_read_back(amount: int, currency: str) -> None:
    assert parse(decimal(amount, currency), currency) == amount
    assert parse(show(amount, currency), currency) == amount


@given(st.integers(-(10**25), 10**25), CURRENCIES)
def test_what_is_written_with_a_comma_is_read_back(amount: int, currency: str) -> None:
    swapped = show(amount, currency).translate(str.maketrans(",.", ".,"))
    assert parse(swapped, currency, COMMA) == amount


@given(st.text(max_size=60), st.sampled_from(Marks))
def test_any_text_is_an_amount_or_an_amount_error(text: str, marks: Marks) -> None:
    with suppress(AmountError):
        assert isinstance(parse(text, "GBP", marks), int)


def test_exponents_are_those_of_the_standard() -> None:
    assert [exponent(code) for code in ("GBP", "JPY", "KWD", "CLF", "BHD", "ISK", "HUF")] == [2, 0, 3, 4, 3, 0, 2]
    for code in money._HUNDREDTHS:
        assert money._exponents()[code] == 2


@pytest.mark.parametrize("code", ["gbp", "XXX", "ABC", "", "GB", "XAU"])
def test_what_is_no_currency_to_hold_money_in(code: str) -> None:
    assert not is_currency(code)
    with pytest.raises(KeyError):
        exponent(code)


@pytest.mark.parametrize("code", ["GBP", "JPY", "KWD", "XOF"])
def test_what_is_a_currency(code: str) -> None:
    assert is_currency(code)
