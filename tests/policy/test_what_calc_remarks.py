"""What `payflow calc` says beside its figures, where the law knows more than the claim tells."""

from __future__ import annotations

from datetime import date
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
