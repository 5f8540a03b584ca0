"""What `payflow calc` says beside its figures, where the law knows more than the claim tells."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from payflow.policy.scenario import read_scenario, work_out
from payflow.workspace.business_days import calendar_of


def remarks(statute: str, due_on: str | None, **more: Any) -> str:
    claim = {
        "amount": "1000.00",
        "currency": "EUR",
        "due_on": due_on,
        "as_of": "2026-06-10",
        "interest": {"statute": statute},
    } | more
    return "\n".join(work_out(read_scenario(claim, today=date(2026, 11, 22), calendars=calendar_of))[2])


@pytest.mark.parametrize(
    ("statute", "due_on", "calendar", "moved"),
    [
        ("de", "2026-05-02", None, "2026-05-04"),  # a Saturday
        ("de-consumer", "2026-05-03", None, "2026-05-04"),
        ("de", "2026-05-01", None, ""),  # a holiday, and nobody said where
        ("de", "2026-05-01", "DE", "2026-05-04"),
        ("de", "2026-01-06", "DE-BY", "2026-01-07"),  # Epiphany, in Bavaria alone
        ("de", "2026-01-06", "DE-BE", ""),
        ("de", "2026-05-02", "GB", "2026-05-04"),
        ("nl", "2026-05-02", None, ""),  # no law of the table moves it
    ],
)
def test_a_due_day_that_the_law_moves_is_told_and_stays(
    statute: str, due_on: str, calendar: str | None, moved: str
) -> None:
    said = remarks(statute, due_on, calendar=calendar)
    expected = f"{due_on} is no working day: by BGB § 193 it was due on {moved}, unless agreed otherwise."
    assert (expected in said) is bool(moved)
    assert ("no working day" in said) is bool(moved)


def test_terms_that_moved_to_a_working_day_by_themselves_are_not_told_of() -> None:
    more = {"issued_on": "2026-04-02", "terms": ["30 days", "next business day in DE-BY"]}
    assert "no working day" not in remarks("de", None, **more)
    assert "no working day" in remarks("de", None, **more | {"terms": "net-30"})


def test_business_days_of_nowhere_are_monday_to_friday_and_said_to_be() -> None:
    more = {"issued_on": "2026-03-02", "terms": ["60 days", "next business day"]}  # 1 May is a holiday in Germany
    assert "Business days are Monday to Friday here, without holidays" in remarks("de", None, **more)
    assert "Monday to Friday" not in remarks("de", None, calendar="DE", **more)


PAID = {"payments": [{"on": "2026-05-20", "amount": "100.00"}]}


@pytest.mark.parametrize(
    ("statute", "more", "law"),
    [
        ("de", PAID, 'by BGB § 367(1) they are not, unless agreed so. Write allocation = "costs-first"'),
        ("nl-consumer", PAID, 'by BW 6:44 they are not, unless agreed so. Write allocation = "costs-first"'),
        ("fr", PAID, 'by Code civil art. 1343-1 they are not, unless agreed so. Write allocation = "interest-first"'),
        ("de", PAID | {"as_of": "2026-05-20"}, "by BGB § 367(1) they are not"),
        ("ie", PAID, ""),
        ("de", {}, ""),
        ("de", PAID | {"allocation": "principal-first"}, ""),
        ("de", {"payments": [{"on": "2026-05-05", "amount": "100.00"}]}, ""),  # in time
        ("de", {"payments": [{"on": "2026-06-11", "amount": "100.00"}]}, ""),  # later than the day asked for
    ],
)
def test_an_order_of_payments_that_the_law_does_not_know_is_told(statute: str, more: dict[str, Any], law: str) -> None:
    said = remarks(statute, "2026-05-05", **more)
    assert law in said
    assert ("for the principal first" in said) is bool(law)


def test_a_fixed_sum_in_another_currency_is_the_user_s_to_write() -> None:
    said = remarks("pl", "2025-06-05", as_of="2025-06-10", currency="PLN")
    assert 'without a rate of exchange. Write the sum in PLN yourself: compensation = "...".' in said


def of_a_place(place: str, currency: str = "USD", due_on: str = "2026-05-05", **more: Any) -> str:
    claim = {
        "amount": "1000.00",
        "currency": currency,
        "due_on": due_on,
        "as_of": "2026-06-10",
        "calendar": place,
    } | more
    return "\n".join(work_out(read_scenario(claim, today=date(2026, 11, 22), calendars=calendar_of))[2])


@pytest.mark.parametrize(
    ("place", "more", "told", "silent"),
    [
        # a claim without interest: what concerns the debt, and no ceiling
        ("US-NY", {}, "from 800 USD", "usury"),
        ("US-TX", {"late_fee": {"percent": "1.5", "every": "month"}}, "names no rate", "1.5 % a month"),
        ("US-TX", {"late_fee": {"percent": "1.6", "every": "month"}}, "More than 1.5 % a month", "usury"),
        ("US-TX", {"late_fee": {"percent": "1.6", "every": "2 months"}}, "names no rate", "1.5 % a month"),
        ("US-TX", {"late_fee": {"percent": "20"}}, "names no rate", "1.5 % a month"),
        ("US-NY", {"late_fee": {"percent": "0.44", "every": "10 days"}}, "usury", "1.5 % a month"),
        ("US-NY", {"late_fee": {"bands": [{"percent": "2"}], "every": "month"}}, "usury", "35 %"),
        ("US-NY", {"interest": {"annual": "17"}, "late_fee": {"amount": "5.00", "every": "month"}}, "usury", "35 %"),
    ],
)
def test_a_percentage_that_comes_again_counts_as_a_yearly_rate(
    place: str, more: dict[str, Any], told: str, silent: str
) -> None:
    said = of_a_place(place, **more)
    assert told in said
    assert silent not in said


@pytest.mark.parametrize(
    ("place", "annual", "due_on", "told"),
    [
        ("FR", "14.75", "2024-10-05", True),  # three times 4.92 %
        ("FR", "14.76", "2024-10-05", False),
        ("FR-IDF", "8", "2024-10-05", True),
        ("FR", "8", "2025-10-05", False),  # no table holds that half-year
        ("DE", "0.1", "2024-10-05", False),
    ],
)
def test_a_french_rate_below_three_times_the_legal_one_is_told(
    place: str, annual: str, due_on: str, told: bool
) -> None:
    said = of_a_place(place, "EUR", due_on, interest={"annual": annual})
    assert (f"{annual} % a year is below the least that may be agreed, 14.76 %: three times" in said) is told


def test_remarks_of_a_claim_are_these_and_no_others() -> None:
    assert remarks("uk", "2026-05-05", currency="GBP").splitlines() == [
        "Late Payment of Commercial Debts (Interest) Act 1998: between businesses only."
    ]
    assert remarks("us-prompt-payment", "2026-05-15", currency="USD") == "For claims against federal agencies only."
    assert remarks("us-prompt-payment", "2026-05-16", currency="USD").splitlines() == [
        "For claims against federal agencies only.",
        "Agencies are closed on 2026-05-16: paid by 2026-05-18, it bears no interest (5 CFR 1315.4(h)).",
    ]
    assert remarks("de-consumer", "2026-05-05").splitlines() == [
        (
            "A consumer is in default 30 days after an invoice only if the invoice said so (BGB § 286(3)); else a reminder or "
            "an agreed day is needed."
        )
    ]
    assert remarks("de", "2026-05-05").splitlines() == [
        'BGB § 288(2), between businesses: between businesses only; from a consumer, statute = "de-consumer".',
        "The fixed sum is set off against costs of legal pursuit (BGB § 288(5) sentence 3).",
    ]
    rolled = {"issued_on": "2026-03-02", "terms": ["60 days", "next business day"]}
    assert remarks("ie", None, **rolled).splitlines() == [
        (
            'Business days are Monday to Friday here, without holidays: nothing says where. Write calendar = "GB" or "DE-BY", or '
            '"next business day in DE-BY".'
        ),
        "European Communities (Late Payment in Commercial Transactions) Regulations 2012: between businesses only.",
    ]


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("10% of net within 10 days", ["100.00 EUR of discount for the payment of 2026-04-10 is taken off.", "tax"]),
        ("10% within 10 days", ["100.00 EUR of discount for the payment of 2026-04-10 is taken off."]),
    ],
)
def test_a_discount_of_the_net_amount_is_taken_of_the_whole_and_said_to_be(base: str, told: list[str]) -> None:
    paid = {"payments": [{"on": "2026-04-10", "amount": "900.00"}], "interest": {"annual": "8"}}
    said = remarks("", None, issued_on="2026-04-01", terms=[base, "30 days"], **paid).splitlines()
    tax = "The discount is taken of the whole amount; the tax in it is not known here."
    assert said == [tax if one == "tax" else one for one in told]


def test_a_discount_of_the_net_amount_is_a_percentage_of_all_of_it() -> None:
    # 10 % of 1,000.05 is 100.005, half up
    more = {"issued_on": "2026-04-01", "terms": ["10% of net within 10 days", "30 days"], "interest": {"annual": "8"}}
    paid = {"amount": "1000.05", "payments": [{"on": "2026-04-05", "amount": "900.04"}]}
    assert "100.01 EUR of discount" in remarks("", None, **more, **paid)


def test_a_discount_is_taken_for_the_payment_and_not_for_a_later_credit_note() -> None:
    more = {"issued_on": "2026-04-01", "terms": "2/10-net-30", "interest": {"annual": "8"}}
    more |= {
        "credits": [{"on": "2026-04-08", "amount": "100.00"}],
        "payments": [{"on": "2026-04-05", "amount": "880.00"}],
    }
    said = "20.00 EUR of discount for the payment of 2026-04-05 is taken off."
    assert remarks("", None, **more) == said
    # on the day asked for too
    paid = {"credits": [], "payments": [{"on": "2026-04-05", "amount": "980.00"}], "as_of": "2026-04-05"}
    assert remarks("", None, **more | paid) == said


def test_a_fee_that_names_no_amount_in_the_currency_counts_nothing_and_says_where() -> None:
    other = {"GBP": "5.00"}
    fee = {"percent": "5", "minimum": other, "maximum": {"GBP": "9.00"}, "cap": other}
    said = remarks("", "2026-05-05", interest={"annual": "8"}, late_fee=fee).splitlines()
    assert said == [f"late_fee.{key} names no amount in EUR, so none counts." for key in ("minimum", "maximum", "cap")]
    bands = {"bands": [{"up_to": other, "amount": "1.00"}, {"amount": other}], "cap": other}
    said = remarks("", "2026-05-05", interest={"annual": "8"}, late_fee=bands).splitlines()
    assert said == [
        f"late_fee.{key} names no amount in EUR, so none counts." for key in ("bands#1.up_to", "bands#2.amount", "cap")
    ]


def test_a_place_names_its_amounts_in_its_own_currency() -> None:
    assert "from 800 USD" not in of_a_place("US-NY", amount="799.99")
    assert "from 800 USD" in of_a_place("US-NY", "EUR", amount="799.99")
    # Canada's law of 2025, for the day of the invoice
    assert "35 %" in of_a_place("CA-ON", "CAD", interest={"annual": "36"})


def test_the_rate_of_a_french_debt_is_that_of_the_first_day_of_interest() -> None:
    assert "14.76 %" in of_a_place("FR", "EUR", "2024-06-30", interest={"annual": "8"})


@pytest.mark.parametrize(
    ("due_on", "issued_on", "grace", "daily"),
    [
        ("2014-07-27", None, 0, 727),
        ("2014-07-28", None, 0, 827),
        ("2014-08-20", "2014-07-28", 0, 727),
        ("2014-07-27", None, 10, 727),  # of the day after it was due, also where interest starts later
    ],
)
def test_a_debt_is_of_the_day_of_issue_and_else_of_the_day_after_it_was_due(
    due_on: str, issued_on: str | None, grace: int, daily: int
) -> None:
    # Basiszinssatz -0.73 %: 8 points for debts from before 29 July 2014, 9 from then on
    claim = {
        "amount": "36500.00",
        "currency": "EUR",
        "due_on": due_on,
        "issued_on": issued_on,
        "as_of": "2014-09-01",
        "interest": {"statute": "de", "grace": grace},
    }
    _, found, _ = work_out(read_scenario(claim, today=date(2026, 11, 22), calendars=calendar_of))
    assert found.daily == daily


def test_rates_of_one_s_own_count_on_the_day_before_interest_starts_and_after(tmp_path: Path) -> None:
    (tmp_path / "se_referensranta.csv").write_text(
        "effective_from,rate_percent,source\n2025-01-01,3,x\n", encoding="utf-8"
    )
    claim = {"amount": "36500.00", "currency": "SEK", "due_on": "2025-01-10", "interest": {"statute": "se"}}
    for as_of, interest in (("2025-01-10", 0), ("2025-01-12", 2200)):
        asked = read_scenario(claim | {"as_of": as_of}, today=date(2026, 11, 22), calendars=calendar_of)
        _, found, _ = work_out(asked, extra=tmp_path)
        assert (found.interest, found.daily) == (interest, 1100)


def test_no_rate_is_asked_for_while_nothing_was_owed(tmp_path: Path) -> None:
    # the table ends with 2024, 2025 is missing, and 2026 is the user's
    (tmp_path / "se_referensranta.csv").write_text(
        "effective_from,rate_percent,source\n2026-01-01,2,x\n", encoding="utf-8"
    )
    claim = {
        "amount": "36500.00",
        "currency": "SEK",
        "due_on": "2024-12-01",
        "as_of": "2026-01-30",
        "interest": {"statute": "se"},
        "payments": [{"on": "2024-12-11", "amount": "36500.00"}],
        "refunds": [{"on": "2026-01-20", "amount": "36500.00"}],
    }
    asked = read_scenario(claim, today=date(2026, 11, 22), calendars=calendar_of)
    # ten days at 12 %, ten days at 10 %
    assert work_out(asked, extra=tmp_path)[1].interest == 12000 + 10000
