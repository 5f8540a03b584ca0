"""Fixed sums beside interest, each country with its own edges, and warnings that never change a figure."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from payflow import money
from payflow.policy import cautions
from payflow.policy import compensation as fixed_sums
from payflow.policy.statutes import STATUTES, compensation, compensation_note, statute

SECTION_5A = "Late Payment of Commercial Debts (Interest) Act 1998 s.5A(2)"
SI_580 = (
    "SI 580/2012, https://irelandtogether.ie/running-your-business/late-payment-commercial-transactions-regulations/"
)
ARTICLE_10 = "ustawa 8.3.2013 art 10, https://prawodlabiznesu.eu/rekompensata-za-opoznienie-w-platnosciach/"

#: id, statute, debt, its currency, sum, the law's currency, source
SUMS = [
    ("UK-C1", "uk", "999.99", "GBP", "40.00", "GBP", SECTION_5A),
    ("edge", "uk", "1000.00", "GBP", "70.00", "GBP", SECTION_5A),
    ("edge", "uk", "9999.99", "GBP", "70.00", "GBP", SECTION_5A),
    ("UK-C4", "uk", "10000.00", "GBP", "100.00", "GBP", SECTION_5A),
    ("UK-07", "uk", "5000.00", "GBP", "70.00", "GBP", "the sum in the total 239.68 = 169.68 + 70"),
    ("least", "uk", "0.01", "GBP", "40.00", "GBP", SECTION_5A),
    ("IE-C1", "ie", "1000.00", "EUR", "40.00", "EUR", SI_580),
    ("edge", "ie", "1000.01", "EUR", "70.00", "EUR", SI_580),
    ("edge", "ie", "10000.00", "EUR", "70.00", "EUR", SI_580),
    ("IE-C4", "ie", "10000.01", "EUR", "100.00", "EUR", SI_580),
    ("PL-C1", "pl", "5000.00", "PLN", "40.00", "EUR", ARTICLE_10),
    ("edge", "pl", "5000.01", "PLN", "70.00", "EUR", ARTICLE_10),
    ("edge", "pl", "49999.99", "PLN", "70.00", "EUR", ARTICLE_10),
    ("PL-C4", "pl", "50000.00", "PLN", "100.00", "EUR", ARTICLE_10),
    ("DE-22", "de", "12.00", "EUR", "40.00", "EUR", "BGB s.288(5)"),
    ("FR", "fr", "99999.00", "EUR", "40.00", "EUR", "Code de commerce D441-5"),
    ("SE", "se", "100.00", "SEK", "450.00", "SEK", "Lag (1981:739) § 4a"),
]


@pytest.mark.parametrize("row", SUMS, ids=lambda row: f"{row[0]} {row[1]} {row[2]}")
def test_the_fixed_sum_of_a_debt(row: tuple[str, str, str, str, str, str, str]) -> None:
    _, name, debt, currency, expected, own, _ = row
    act = statute(name)
    assert act.compensation is not None
    amount = money.parse(debt, currency)
    found = fixed_sums.granted(act.compensation, amount, currency)
    assert found == money.Money(money.parse(expected, own), own)
    assert compensation(act, amount, currency) == (found.amount if own == currency else None)


def test_poland_s_sum_is_paid_in_zloty_at_the_rate_the_user_gives() -> None:
    # 40 EUR at 4.2543 PLN for 1 EUR
    assert compensation(statute("pl"), 5_000_00, "PLN", exchange=Fraction("4.2543")) == 170_17
    assert compensation(statute("pl"), 5_000_00, "PLN") is None
    note = compensation_note(statute("pl"), 5_000_00, "PLN")
    assert note.endswith("40.00 EUR is due; it is not converted into PLN without a rate of exchange.")


@pytest.mark.parametrize(
    ("name", "currency"), [("uk", "EUR"), ("ie", "GBP"), ("pl", "EUR")], ids=lambda value: str(value)
)
def test_bands_in_one_currency_say_nothing_of_a_debt_in_another(name: str, currency: str) -> None:
    assert compensation(statute(name), 5_000_00, currency) is None
    assert compensation(statute(name), 5_000_00, currency, exchange=Fraction(1)) is None
    assert f"the debt is in {currency}" in compensation_note(statute(name), 5_000_00, currency)


def test_one_sum_for_every_debt_is_due_whatever_the_currency_but_converted_only_at_a_given_rate() -> None:
    assert compensation(statute("de"), 5_000_00, "USD") is None
    assert compensation(statute("de"), 5_000_00, "USD", exchange=Fraction("1.08125")) == 43_25
    assert compensation(statute("de"), 500_000, "JPY", exchange=Fraction("161.2375")) == 6_450
    assert compensation(statute("de"), 500_000, "KWD", exchange=Fraction("0.3324")) == 13_296
    assert (
        compensation_note(statute("de"), 5_000_00, "EUR")
        == "BGB § 288(5): 40 EUR for each invoice, also for an instalment."
    )


@pytest.mark.parametrize("name", ["de-consumer", "nl-consumer", "ch", "us-prompt-payment"])
def test_some_laws_grant_none(name: str) -> None:
    assert compensation(statute(name), 5_000_00, statute(name).currency) is None
    assert compensation_note(statute(name), 5_000_00, "EUR").endswith("grants no fixed sum.")


@pytest.mark.parametrize("debt", [0, -1])
def test_without_a_debt_there_is_no_sum(debt: int) -> None:
    for act in STATUTES.values():
        assert compensation(act, debt, act.currency) is None


def test_every_debt_falls_into_a_band_and_more_debt_never_earns_less() -> None:
    for act in STATUTES.values():
        fixed = act.compensation
        if fixed is not None:
            edges = sorted(
                {1, *(edge + step for edge in (1_000_00, 5_000_00, 10_000_00, 50_000_00) for step in (-1, 0, 1))}
            )
            sums = [fixed_sums.granted(fixed, debt, fixed.debt_currency) for debt in edges]
            assert None not in sums
            assert sums == sorted(sums, key=lambda found: found.amount if found else 0)


# warnings


def texts(*arguments: str, **conditions: object) -> str:
    return "\n".join(item.text for item in cautions.warnings_for(*arguments, **conditions))  # type: ignore[arg-type]  # a table below


def test_new_york_is_told_of_usury_freelancers_and_the_whole_country() -> None:
    told = texts("US-NY")
    assert "16 % a year" in told
    assert "Freelance Isn't Free Act" in told
    assert "legal rate" in told
    assert "California" not in told


#: place, conditions, what must be told or not, whether it is
CONDITIONS = [
    ("US-CA", {"annual": Fraction("0.10")}, "Civil Code 3289", False),
    ("US-CA", {"annual": Fraction("0.1001")}, "Civil Code 3289", True),
    ("US-NY", {"annual": Fraction("0.16")}, "usury", False),
    ("US-NY", {"annual": Fraction("0.17")}, "usury", True),
    ("US-TX", {"annual": Fraction("0.18")}, "1.5 % a month", False),
    ("US-TX", {"annual": Fraction("0.24")}, "1.5 % a month", True),
    ("US-NY", {"amount": 799_99}, "Freelance", False),
    ("US-NY", {"amount": 800_00}, "Freelance", True),
    ("US-NY", {"agreed": date(2024, 8, 27)}, "Freelance", False),
    ("US-NY", {"agreed": date(2024, 8, 28)}, "Freelance", True),
    ("US-CA", {"amount": 250_00, "agreed": date(2025, 1, 1)}, "SB 988", True),
    ("US-CA", {"amount": 249_99, "agreed": date(2025, 1, 1)}, "SB 988", False),
    ("US-CA", {"amount": 250_00, "agreed": date(2024, 12, 31)}, "SB 988", False),
    ("US-IL", {"amount": 500_00, "agreed": date(2024, 7, 1)}, "103-0417", True),
    ("US-IL", {"amount": 499_99, "agreed": date(2024, 7, 1)}, "103-0417", False),
    ("US-IL", {"amount": 500_00, "agreed": date(2024, 6, 30)}, "103-0417", False),
    ("CA", {"annual": Fraction("0.36")}, "a crime", True),
    ("CA", {"annual": Fraction("0.35")}, "a crime", False),
    ("CA", {}, "California", False),
]


@pytest.mark.parametrize("row", CONDITIONS, ids=lambda row: f"{row[0]} {row[1]}")
def test_a_warning_is_told_where_it_concerns(row: tuple[str, dict[str, object], str, bool]) -> None:
    place, conditions, text, is_told = row
    assert (text in texts(place, **conditions)) is is_told


def test_every_warning_has_a_source_and_most_places_have_none() -> None:
    assert all(item.source for item in cautions.CAUTIONS)
    assert cautions.warnings_for("GB") == ()
    assert cautions.warnings_for("") == ()
