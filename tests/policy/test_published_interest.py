"""Figures that others published for simple interest, actual/365, against ours.

Where a source rounds the figure of one day and multiplies, ours is the exact one rounded once at the end; both stand here.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from payflow import money
from payflow.model.interest import DayCount, Mode
from payflow.policy import fees
from payflow.policy.accrual import one_day
from policy.books import Bill, assess_one, policy_of

GOV_UK = "https://www.gov.uk/late-commercial-payments-interest-debt-recovery/charging-interest-commercial-debt"
RENTETOOL = "https://github.com/Matthi-code/rentetool docs/08_expertcontrole.md"
CALIFORNIA = "https://small-claims-process-server.com/judgment-interest-calculator/"

#: id, principal, yearly rate in percent, days, currency, published figure, source
ROUNDED_AT_END = [
    ("UK-01", "1000", "8.5", 365, "GBP", "85.00", GOV_UK),
    ("UK-02", "1000", "8.5", 1, "GBP", "0.23", GOV_UK),
    ("UK-05", "5000", "12", 90, "GBP", "147.95", "https://www.garfield.law/tools/late-payment-interest-calculator"),
    ("UK-09", "5000", "12.5", 30, "GBP", "51.37", "the interest in the total of the page named for UK-09"),
    ("UK-10", "1000", "12.5", 30, "GBP", "10.27", "https://invoify-web.pages.dev/blog/ (late payment interest, UK)"),
    ("UK-12", "10000", "11.75", 1, "GBP", "3.22", "https://usewolfx.com/glossary/late-payment-interest"),
    ("NL-00", "1648.58", "3", 20, "EUR", "2.71", RENTETOOL),
    ("NL-02", "3796.99", "12", 51, "EUR", "63.66", RENTETOOL),
    ("US-08", "4798.65", "10", 1, "USD", "1.31", CALIFORNIA),
]

#: id, principal, rate, days, currency, published (each day rounded first), rounded once at the end, source
DAILY_ELSEWHERE = [
    ("UK-03", "1000", "8.5", 50, "GBP", "11.50", "11.64", GOV_UK),
    ("UK-04", "1000", "8", 50, "GBP", "11.00", "10.96", "gov.uk, make a court claim for money"),
    ("US-05", "5000", "10", 145, "USD", "198.65", "198.63", CALIFORNIA),
    (
        "US-09",
        "10000",
        "10",
        145,
        "USD",
        "395.85",
        "397.26",
        "https://www.dhollanderlaw.com/faqs/post-judgment-interest/",
    ),
]


def interest_of(principal: str, rate: str, days: int, currency: str) -> str:
    due = date(2025, 1, 1)
    bill = Bill(total=money.parse(principal, currency), currency=currency, issued=due, printed=due)
    policy = policy_of("due-on-receipt", annual=rate, grace=0)
    return money.decimal(assess_one(bill, policy, due + timedelta(days=days)).interest, currency)


@pytest.mark.parametrize("row", ROUNDED_AT_END, ids=lambda row: row[0])
def test_a_published_figure_is_met(row: tuple[str, str, str, int, str, str, str]) -> None:
    _, principal, rate, days, currency, published, _ = row
    assert interest_of(principal, rate, days, currency) == published


@pytest.mark.parametrize("row", DAILY_ELSEWHERE, ids=lambda row: row[0])
def test_a_figure_whose_days_are_rounded_first_differs_by_that_alone(
    row: tuple[str, str, str, int, str, str, str, str],
) -> None:
    _, principal, rate, days, currency, published, at_end, _ = row
    assert interest_of(principal, rate, days, currency) == at_end
    daily = Fraction(interest_of(principal, rate, 1, currency))
    truncated = daily - Fraction(1, 100)
    assert Fraction(published) in (daily * days, truncated * days)


def test_the_daily_rate_is_the_yearly_rate_over_365() -> None:
    # IE-07: 12.25 / 365 = 0.033562 percent a day (enterprise.gov.ie, late payment interest rate)
    earned = one_day(10**10, Fraction("12.25") / 100, DayCount.ACTUAL_365, Mode.HALF_UP, date(2026, 1, 1))
    assert fees.percent(Fraction(earned, 10**10)) == "0.03356164"
