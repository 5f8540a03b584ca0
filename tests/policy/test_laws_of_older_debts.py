"""Debts that arose before the law raised its rate, in columns and one by one; what letters say of rates; what calc reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from payflow.errors import WorkspaceError
from payflow.model.agreement import Policy
from payflow.model.interest import Compound, DayCount, Interest, Per, Rounding
from payflow.policy.accrual import Accrual
from payflow.policy.assess import assess
from payflow.policy.bearing import notice_words, rate_at_present, rate_words, starts_on, words
from payflow.policy.calendars import WEEKDAYS
from payflow.policy.scenario import read_scenario, work_out
from payflow.workspace.business_days import calendar_of
from policy.books import Bill, book_of, policy_of


def german(**more: object) -> Policy:
    interest = Interest(Fraction(0), statute="de", day_count=DayCount.ACTUAL_ACTUAL)
    return policy_of("due-on-receipt", grace=0, late_fee=None, interest=replace(interest, **more))


def interest_of(bills: Sequence[Bill], policies: Sequence[Policy], governed: Sequence[int], as_of: date) -> list[int]:
    found = assess(book_of(*bills), policies, np.array(governed), np.full(len(bills), True), as_of)
    return found.interest.tolist()


#: 36,500.00 bear 1.00 a day for each percent. The Basiszinssatz was -0.63 % from January and -0.73 % from July 2014
OLD = Bill(3_650_000, issued=date(2014, 7, 28), printed=date(2014, 7, 31))
NEW = Bill(3_650_000, issued=date(2014, 7, 29), printed=date(2014, 7, 31))


@pytest.mark.parametrize("rounding", [Rounding.END, Rounding.SEGMENT])
def test_in_germany_a_debt_from_before_29_july_2014_bears_8_points_and_a_later_one_9(rounding: Rounding) -> None:
    law = german(rounding=rounding)
    # ten days of 7.27 and of 8.27
    assert interest_of([OLD, NEW], [law], [0, 0], date(2014, 8, 10)) == [7270, 8270]
    assert interest_of([NEW, OLD], [law], [0, 0], date(2014, 8, 10)) == [8270, 7270]
    assert interest_of([OLD], [law], [0], date(2014, 8, 10)) == [7270]
    # beside another policy, and across the half-year: 153 days at -0.73 %, then the same rate less a tenth of it
    plain = policy_of("due-on-receipt", annual="10", grace=0, late_fee=None)
    assert interest_of([OLD, NEW, NEW], [plain, law], [1, 1, 0], date(2014, 8, 10)) == [7270, 8270, 10_000]


def test_in_the_united_kingdom_the_half_year_in_which_interest_starts_decides_row_by_row() -> None:
    law = policy_of("due-on-receipt", grace=0, late_fee=None, interest=Interest(Fraction(0), statute="uk"))
    # Bank Rate 4.75 % on 31 December 2024, 4.25 % on 30 June 2025: interest that starts on 30 June or on 1 July
    before, after = (Bill(3_650_000, issued=date(2025, 6, day)) for day in (29, 30))
    assert interest_of([before, after], [law], [0, 0], date(2025, 7, 10)) == [11 * 1275, 10 * 1225]
    assert interest_of([after, before], [law], [0, 0], date(2025, 7, 10)) == [10 * 1225, 11 * 1275]
    # with grace, the first day after it
    later = replace(law, grace=1)
    assert interest_of([before, after], [later], [0, 0], date(2025, 7, 10)) == [10 * 1225, 9 * 1225]


def test_a_letter_names_the_rate_of_the_day_on_which_the_debt_arose() -> None:
    law = german().interest
    assert law is not None
    old, new = (rate_at_present(law, date(2014, 8, 1), issued) for issued in (OLD.issued, NEW.issued))
    assert (old and old.annual, new and new.annual) == (Fraction("0.0727"), Fraction("0.0827"))
    said = notice_words(law, date(2014, 7, 31), 0, OLD.issued, date(2014, 8, 1))
    assert said.startswith("7.27 % a year by BGB § 288(2), between businesses (")
    assert said.endswith("on what is outstanding, from 2014-08-01")
    assert rate_at_present(law, date(1990, 1, 1), OLD.issued) is None
    assert words(law, None) == "the rate of BGB § 288(2), between businesses"


@pytest.mark.parametrize(
    ("interest", "said"),
    [
        (Interest(Fraction("0.08125")), "8.125 % a year"),
        (Interest(Fraction("0.18"), per=Per.MONTHLY), "1.5 % a month, 18 % a year"),
        (Interest(Fraction("0.1825"), per=Per.DAILY), "0.05 % a day, 18.25 % a year"),
        (Interest(Fraction("0.18"), per=Per.DAILY, day_count=DayCount.ACTUAL_360), "0.05 % a day, 18 % a year"),
    ],
)
def test_an_agreed_rate_is_told_as_it_was_written_and_by_the_year(interest: Interest, said: str) -> None:
    assert rate_words(interest) == said
    for compound, more in (
        (Compound.NONE, ""),
        (Compound.YEARLY, ", compounded yearly"),
        (Compound.MONTHLY, ", compounded monthly"),
        (Compound.DAYS_30, ", compounded every 30 days"),
    ):
        assert words(replace(interest, compound=compound), None) == said + more


@pytest.mark.parametrize(
    ("grace", "counts", "policys", "starts", "said"),
    [
        (None, False, 0, date(2025, 2, 1), "from 2025-02-01"),
        (None, False, 5, date(2025, 2, 6), "from 2025-02-06"),
        (10, False, 5, date(2025, 2, 11), "from 2025-02-11"),
        (0, False, 5, date(2025, 2, 1), "from 2025-02-01"),
        (10, True, 5, date(2025, 2, 1), "from 2025-02-01 once 10 days of grace are over"),
        (0, True, 5, date(2025, 2, 1), "from 2025-02-01"),
    ],
)
def test_a_letter_tells_the_first_day_of_interest(
    grace: int | None, counts: bool, policys: int, starts: date, said: str
) -> None:
    interest = Interest(Fraction("0.08"), grace=grace, grace_counts=counts)
    assert starts_on(interest, date(2025, 1, 31), policys) == starts
    letter = notice_words(interest, date(2025, 1, 31), policys, date(2025, 1, 1), date(2025, 3, 1))
    assert letter == f"8 % a year on what is outstanding, {said}"


def calculated(**more: Any) -> tuple[Accrual, tuple[str, ...]]:
    usual: Mapping[str, Any] = {"amount": "1000.00", "currency": "USD", "due_on": date(2026, 1, 2)}
    scenario = read_scenario({**usual, **more}, today=date(2026, 3, 20), calendars=lambda _: WEEKDAYS)
    _, found, warnings = work_out(scenario)
    return found, warnings


@pytest.mark.parametrize(
    ("place", "more", "words", "told"),
    [
        # from 800 USD within 120 days
        ("US-NY", {"amount": "800.00"}, "Freelance Isn't Free Act", True),
        ("US-NY", {"amount": "799.99"}, "Freelance Isn't Free Act", False),
        # what another currency is worth there is not known
        ("US-NY", {"amount": "10.00", "currency": "EUR"}, "Freelance Isn't Free Act", True),
        ("US-NY", {"issued_on": date(2024, 8, 28), "due_on": date(2024, 9, 30)}, "Freelance Isn't Free Act", True),
        ("US-NY", {"issued_on": date(2024, 8, 27), "due_on": date(2024, 9, 30)}, "Freelance Isn't Free Act", False),
        # above the limit, not at it
        ("US-NY", {"interest": {"annual": "16"}}, "usury limit is 16 %", False),
        ("US-NY", {"interest": {"annual": "16.01"}}, "usury limit is 16 %", True),
        ("US-CA", {"amount": "250.00"}, "SB 988", True),
        ("US-CA", {"amount": "249.99"}, "SB 988", False),
        ("US-IL", {"amount": "500.00"}, "Public Act 103-0417", True),
        ("US-IL", {"amount": "499.99"}, "Public Act 103-0417", False),
        ("CA-ON", {"interest": {"monthly": "2.9"}, "currency": "CAD"}, "Interest above 35 %", False),
        ("CA-ON", {"interest": {"monthly": "3"}, "currency": "CAD"}, "Interest above 35 %", True),
        ("GB", {}, "usury", False),
    ],
)
def test_what_a_place_says_of_a_rate_is_told_as_far_as_it_concerns_the_claim(
    place: str, more: dict[str, Any], words: str, told: bool
) -> None:
    _, warnings = calculated(**{"interest": {"annual": "18"}, "calendar": place} | more)
    assert any(words in one for one in warnings) is told
    # a statute's rate was not agreed, so no ceiling concerns it
    if place.startswith("US") and "currency" not in more and "due_on" not in more:
        by_law = {"interest": {"statute": "us-prompt-payment"}, "calendar": place}
        assert not any(words in one for one in calculated(**by_law)[1])


@pytest.mark.parametrize(
    ("late_fee", "fee"),
    [
        ({"bands": [{"up_to": "1000.00", "percent": "2", "amount": "15.00", "take": "greater"}]}, 2000),
        ({"bands": [{"up_to": "1000.00", "percent": "2", "amount": "15.00", "take": "lesser"}]}, 1500),
        ({"bands": [{"up_to": "999.99", "percent": "2"}, {"amount": "7.00"}]}, 700),
        ({"bands": [{"below": "1000.00", "percent": "2"}, {"amount": "7.00"}]}, 700),
        ({"bands": [{"below": "1000.01", "percent": "2"}, {"amount": "7.00"}]}, 2000),
        ({"bands": [{"up_to": "999.99", "percent": "2"}]}, 0),
        ({"percent": "2", "amount": "15.00", "take": "lesser", "minimum": "16.00"}, 1600),
        ({"percent": "2", "maximum": "16.00"}, 1600),
        # a band without a fee stays without one
        ({"bands": [{"up_to": "1000.00", "amount": "0"}, {"percent": "2"}], "minimum": "5.00"}, 0),
        ({"bands": [{"below": "1000.00", "amount": "0"}, {"percent": "2"}], "minimum": "5.00"}, 2000),
        ({"bands": [{"up_to": "1000.00", "amount": {"USD": "0.00"}, "percent": "2", "take": "greater"}]}, 2000),
        ({"percent": "2.4", "base": "net", "tax": "20"}, 2000),
    ],
)
def test_a_late_fee_is_read_with_its_bands_and_limits(late_fee: dict[str, Any], fee: int) -> None:
    assert calculated(late_fee=late_fee)[0].fees == fee


def test_an_invoice_may_be_due_on_the_day_of_its_issue_and_no_sooner() -> None:
    found, _ = calculated(issued_on=date(2026, 1, 2), interest={"annual": "36.5"})
    assert found.interest == 7700
    with pytest.raises(WorkspaceError, match="before issued_on"):
        calculated(issued_on=date(2026, 1, 3))


@pytest.mark.parametrize(
    ("due_on", "fine"), [("1900-01-01", True), ("1899-12-31", False), ("2199-12-31", True), ("2200-01-01", False)]
)
def test_years_from_1900_to_2199_are_days(due_on: str, fine: bool) -> None:
    if fine:
        assert calculated(due_on=due_on)[0].due_on == date.fromisoformat(due_on)
    else:
        with pytest.raises(WorkspaceError, match="year from 1900 to 2199"):
            calculated(due_on=due_on)


@pytest.mark.parametrize(
    ("said", "late_fee", "sum_"),
    [
        ({}, None, 7000),
        ({"compensation": True}, None, 7000),
        ({"compensation": False}, None, 0),
        ({"compensation": "55.00"}, None, 5500),
        # beside a fee that was agreed only where both are asked for
        ({}, {"amount": "25.00"}, 0),
        ({"compensation": True}, {"amount": "25.00"}, 7000),
        ({"compensation": "55.00"}, {"amount": "25.00"}, 5500),
    ],
)
def test_the_fixed_sum_of_the_law_is_asked_once_and_beside_a_fee_only_if_said(
    said: dict[str, Any], late_fee: dict[str, Any] | None, sum_: int
) -> None:
    more = said | ({"late_fee": late_fee} if late_fee else {})
    found, warnings = calculated(currency="GBP", interest={"statute": "uk"}, **more)
    assert found.compensation == sum_
    assert any("fixed sum is left out" in one for one in warnings) is (not said and late_fee is not None)
    assert any("both are asked for here" in one for one in warnings) is (late_fee is not None)


def test_what_a_calculation_leaves_out_is_told() -> None:
    later = {"on": date(2026, 3, 21), "amount": "10.00"}
    found, warnings = calculated(interest={"annual": "36.5", "floor": "78.00"}, payments=[later])
    assert (found.interest, found.below_floor, found.total_due) == (0, 7700, 100_000)
    assert "The payment of 10.00 USD on 2026-03-21 is after 2026-03-20 and left out." in warnings
    assert "Interest of 77.00 USD is below 78.00 USD and not claimed." in warnings
    found, warnings = calculated(payments=[{"on": date(2026, 1, 2), "amount": "1000.01"}])
    assert (found.total_due, found.overpaid) == (0, 1)
    assert "0.01 USD more was paid or credited than is owed." in warnings


@pytest.mark.parametrize(
    ("terms", "payments", "refunds", "total_due", "said"),
    [
        (
            "2/10-net-30",
            [("2025-02-10", "980.00")],
            [],
            0,
            "20.00 USD of discount for the payment of 2025-02-10 is taken off.",
        ),
        ("2/10-net-30", [("2025-02-10", "979.99")], [], 2001, ""),
        ("2/10-net-30", [("2025-02-11", "980.00")], [], 2000, ""),
        ("2/10-net-30", [("2025-02-03", "500.00"), ("2025-02-09", "480.00")], [], 0, "payment of 2025-02-09"),
        # what goes back takes the discount with it
        ("2/10-net-30", [("2025-02-10", "980.00")], [("2025-02-12", "1.00")], 2100, ""),
        # a due date that moves to a business day does not move the discount's
        (
            ["2% within 10 days", "30 days", "next business day in GB"],
            [("2025-02-10", "980.00")],
            [],
            0,
            "payment of 2025-02-10",
        ),
        (["2% of net within 10 days", "30 days"], [("2025-02-10", "980.00")], [], 0, "taken of the whole amount"),
    ],
)
def test_a_discount_is_taken_off_a_claim_that_was_paid_in_time(
    terms: Any, payments: list[tuple[str, str]], refunds: list[tuple[str, str]], total_due: int, said: str
) -> None:
    data = {
        "amount": "1000.00",
        "currency": "USD",
        "issued_on": "2025-01-31",
        "terms": terms,
        "as_of": "2025-03-03",
        "payments": [{"on": on, "amount": amount} for on, amount in payments],
        "refunds": [{"on": on, "amount": amount} for on, amount in refunds],
    }
    _, found, warnings = work_out(read_scenario(data, today=date(2026, 1, 1), calendars=calendar_of))
    assert found.total_due == total_due
    assert any(said in one for one in warnings) if said else not warnings
