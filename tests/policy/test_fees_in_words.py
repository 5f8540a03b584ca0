"""Late fees in figures and words, what they rest on, and balances on a day."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.model.agreement import Binding, FeeBase, LateFee, LateFeeBand, Take
from payflow.policy import fees, timeline
from payflow.policy.binding import binds, rests_on
from payflow.policy.late_fees import fee_on, terms_in, terms_words, yearly
from policy import stretches
from policy.books import ISSUED, contract_of, policy_of


def percent_fee(text: str) -> LateFee:
    return LateFee(percent=Fraction(text) / 100)


@pytest.mark.parametrize(
    ("fee", "currency", "outstanding", "amount"),
    [
        (LateFee({"GBP": 2500}), "GBP", 400_000, 2500),
        (LateFee({"GBP": 2500}), "GBP", 1, 2500),
        (LateFee({"GBP": 2500, "EUR": 3000}), "EUR", 400_000, 3000),
        (LateFee({"GBP": 2500}), "EUR", 400_000, None),
        (percent_fee("1.5"), "GBP", 400_000, 6000),
        (percent_fee("1.5"), "JPY", 400_000, 6000),
        (percent_fee("1.5"), "GBP", 0, 0),
        # a half goes up, less than a half does not
        (percent_fee("1"), "GBP", 50, 1),
        (percent_fee("1"), "GBP", 49, 0),
        (percent_fee("2.5"), "GBP", 60, 2),
        (percent_fee("100"), "GBP", 10**18 + 1, 10**18 + 1),
        (percent_fee("33.333333333"), "GBP", 3 * 10**11, 99_999_999_999),
    ],
)
def test_what_a_fee_amounts_to(fee: LateFee, currency: str, outstanding: int, amount: int | None) -> None:
    assert fees.amount(fee, currency, outstanding) == amount


@pytest.mark.parametrize(
    ("fee", "currency", "words"),
    [
        (LateFee({"GBP": 2500}), "GBP", "25.00 GBP"),
        (LateFee({"JPY": 2500}), "JPY", "2,500 JPY"),
        (percent_fee("1.5"), "GBP", "1.5 % of what is outstanding"),
        (percent_fee("10"), "GBP", "10 % of what is outstanding"),
    ],
)
def test_a_fee_in_words(fee: LateFee, currency: str, words: str) -> None:
    assert fees.words(fee, currency) == words


@pytest.mark.parametrize(
    ("fee", "words"),
    [
        (
            LateFee(percent=Fraction(1, 50), minimum={"GBP": 500}, maximum={"GBP": 9000}, cap={"GBP": 20000}),
            "2 % of what is outstanding, at least 5.00 GBP, at most 90.00 GBP, 200.00 GBP in total at most",
        ),
        (
            LateFee({"GBP": 2500}, every_months=1, cap={"GBP": 7500}),
            "25.00 GBP, again every month as long as it is unpaid, 75.00 GBP in total at most",
        ),
        (LateFee({"GBP": 2500}, every_months=3), "25.00 GBP, again every 3 months as long as it is unpaid"),
        (
            LateFee(bands=(LateFeeBand({"GBP": 0}, None, None, {"GBP": 5000}), LateFeeBand({}, Fraction(5, 100)))),
            "no fee for amounts up to 50.00 GBP; 5 % of what is outstanding for larger ones",
        ),
        (LateFee({"GBP": 2500}, every_months=2), "25.00 GBP, again every 2 months as long as it is unpaid"),
        (LateFee({"GBP": 2500}, every_days=1), "25.00 GBP, again every day as long as it is unpaid"),
        (LateFee({"GBP": 2500}, every_days=30), "25.00 GBP, again every 30 days as long as it is unpaid"),
        (
            LateFee({"GBP": 2500}, Fraction(3, 100), Take.GREATER),
            "the greater of 25.00 GBP and 3 % of what is outstanding",
        ),
        (
            LateFee({"GBP": 2500}, Fraction(3, 100), Take.LESSER, of=FeeBase.ORIGINAL),
            "the lesser of 25.00 GBP and 3 % of the original amount",
        ),
        (
            LateFee(percent=Fraction(3, 100), tax=Fraction(1, 5)),
            "3 % of what is outstanding without 20 % tax",
        ),
        (
            LateFee(
                bands=(
                    LateFeeBand({"GBP": 1000}, up_to={"GBP": 10_000}),
                    LateFeeBand({"GBP": 2000}, below={"GBP": 50_000}),
                    LateFeeBand(percent=Fraction(4, 100)),
                )
            ),
            (
                "10.00 GBP for amounts up to 100.00 GBP; 20.00 GBP for amounts below 500.00 GBP; "
                "4 % of what is outstanding for larger ones"
            ),
        ),
    ],
)
def test_all_that_was_agreed_is_named_before_a_fee_arises(fee: LateFee, words: str) -> None:
    terms = terms_in(fee, "GBP")
    assert terms is not None
    assert terms_words(terms, "GBP") == words


TWO = "2 % of what is outstanding"


@pytest.mark.parametrize(
    ("fee", "outstanding", "before", "found"),
    [
        (LateFee(percent=Fraction(1, 50), minimum={"GBP": 500}), 24_900, 0, (500, f"{TWO}, at least 5.00 GBP")),
        (LateFee(percent=Fraction(1, 50), minimum={"GBP": 500}), 25_000, 0, (500, TWO)),
        (LateFee(percent=Fraction(1, 50), maximum={"GBP": 500}), 25_100, 0, (500, f"{TWO}, at most 5.00 GBP")),
        (LateFee(percent=Fraction(1, 50), maximum={"GBP": 500}), 25_000, 0, (500, TWO)),
        (LateFee({"GBP": 500}, cap={"GBP": 800}), 1, 300, (500, "5.00 GBP")),
        (LateFee({"GBP": 500}, cap={"GBP": 800}), 1, 301, (499, "5.00 GBP, 8.00 GBP in total")),
        (LateFee({"GBP": 500}, cap={"GBP": 800}), 1, 900, (0, "5.00 GBP, 8.00 GBP in total")),
        (LateFee({"GBP": 500}), 0, 0, (0, "")),
    ],
)  # fmt: skip
def test_limits_are_named_where_they_bite(fee: LateFee, outstanding: int, before: int, found: tuple[int, str]) -> None:
    terms = terms_in(fee, "GBP")
    assert terms is not None
    assert fee_on(terms, "GBP", outstanding, 100_000, before) == found


@pytest.mark.parametrize("text", ["1.5", "8", "11.75", "0.000000001", "100", "12.5", "0.1", "20", "0.05"])
def test_a_percent_is_written_as_it_was_read(text: str) -> None:
    assert fees.percent(fees.from_percent(text)) == text


@given(st.decimals("0.000000001", 100, places=9))
def test_every_percent_in_digits_is_read_back(value: object) -> None:
    exact = fees.from_percent(str(value))
    assert fees.from_percent(fees.percent(exact)) == exact


@pytest.mark.parametrize(
    ("binding", "signed", "claimed", "standing", "words"),
    [
        (Binding.SIGNATURE, date(2026, 10, 1), True, True, "the contract for Acme website, signed 2026-10-01"),
        (Binding.SIGNATURE, None, True, False, "the terms printed on the invoice (net-15)"),
        (Binding.SIGNATURE, None, False, False, "the terms printed on the invoice (net-15)"),
        (Binding.INVOICE, None, False, True, "the terms printed on the invoice (net-15)"),
        (Binding.INVOICE, None, True, True, "the terms printed on the invoice (net-15)"),
        (Binding.INVOICE, date(2026, 10, 1), True, True, "the contract for Acme website, signed 2026-10-01"),
        # signed only after the invoice: the terms printed on it are what a claim rests on
        (Binding.INVOICE, date(2026, 12, 1), True, True, "the terms printed on the invoice (net-15)"),
    ],
)
def test_what_binds_and_what_it_rests_on(
    binding: Binding, signed: date | None, claimed: bool, standing: bool, words: str
) -> None:
    policy, contract = policy_of(binding=binding), contract_of(signed=signed) if claimed else None
    assert binds(policy, contract, ISSUED) is standing
    assert rests_on(policy, contract, ISSUED) == words


@pytest.mark.parametrize(("day", "owed"), [(9, 400), (10, 300), (14, 300), (15, 0), (19, 0), (20, 50)])
def test_a_movement_counts_at_the_end_of_its_day(day: int, owed: int) -> None:
    assert timeline.balance_on(400, [(10, 100), (15, 400), (20, -150)], day) == owed


def test_stretches_are_cut_where_the_balance_changes() -> None:
    moves = [(15, 50), (12, 100), (12, -40), (15, -50), (18, 340), (40, 1)]
    assert list(stretches.spans(400, moves, 10, 20)) == [
        stretches.Span(10, 12, 400),
        stretches.Span(12, 18, 340),
    ]
    assert list(stretches.spans(400, [], 20, 20)) == []
    assert list(stretches.spans(400, [(5, 400)], 10, 20)) == []


def test_a_fee_on_the_net_amount_says_so_where_it_arises() -> None:
    terms = terms_in(LateFee(percent=Fraction(3, 100), tax=Fraction(1, 5)), "GBP")
    assert terms is not None
    assert fee_on(terms, "GBP", 12_000, 12_000) == (300, "3 % of what is outstanding without 20 % tax")


@pytest.mark.parametrize(
    ("fee", "a_year"),
    [
        (LateFee({"GBP": 2500}, every_months=1), Fraction(0)),
        (LateFee(percent=Fraction(3, 100)), Fraction(0)),
        (LateFee(percent=Fraction(3, 100), every_months=3), Fraction(12, 100)),
        (LateFee(percent=Fraction(1, 100), every_days=73), Fraction(5, 100)),
        (
            LateFee(
                bands=(
                    LateFeeBand({"GBP": 2500}, None, None, {"GBP": 10_000}),
                    LateFeeBand({}, Fraction(2, 100), None, {"GBP": 20_000}),
                    LateFeeBand({}, Fraction(1, 100), None),
                ),
                every_months=1,
            ),
            Fraction(24, 100),
        ),
    ],
)
def test_a_percentage_that_comes_again_as_a_yearly_rate(fee: LateFee, a_year: Fraction) -> None:
    assert yearly(terms_in(fee, "GBP")) == a_year
    assert yearly(terms_in(fee, "EUR") if fee.flat else None) == 0
