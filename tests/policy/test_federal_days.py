"""The days on which federal agencies are closed, and what a due date on one of them means (5 CFR 1315.4(h))."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from holidays import country_holidays

from payflow.model.interest import Compound, DayCount, Interest
from payflow.policy.federal_days import FEDERAL_DAYS, days_until_open
from payflow.policy.scenario import read_scenario, work_out
from payflow.workspace.business_days import calendar_of
from policy.books import Bill, Move, assess_one, policy_of

#: a due day, and the days until agencies are open: worked out from a paper calendar
OPEN = [
    ("2026-07-02", 0),  # a Thursday
    ("2026-07-03", 3),  # Friday, on which the 4th is kept
    ("2026-07-04", 2),
    ("2021-12-31", 3),  # New Year 2022, a Saturday, is kept on the Friday before
    ("2023-01-01", 2),  # a Sunday, kept on Monday the 2nd
    ("2026-01-17", 3),  # weekend, then the birthday of Martin Luther King
    ("2020-06-19", 0),  # Juneteenth is a holiday from 2021 on
    ("2026-06-19", 3),
    ("2026-11-26", 1),  # Thanksgiving; the Friday after is none
    ("2026-05-23", 3),  # weekend, then Memorial Day
    ("1985-01-21", 0),
    ("1986-01-20", 1),
]


@pytest.mark.parametrize(("due_on", "days"), OPEN)
def test_agencies_are_open_again_after_weekends_and_holidays_as_they_are_kept(due_on: str, days: int) -> None:
    assert days_until_open(date.fromisoformat(due_on)) == days


def test_the_holidays_are_those_that_another_program_knows() -> None:
    known = country_holidays("US", years=range(1999, 2034))
    day = date(1999, 1, 1)
    while day < date(2033, 12, 31):
        assert FEDERAL_DAYS.is_business_day(day) is (day.weekday() < 5 and day not in known), day
        day += timedelta(days=1)


#: due on Friday 2026-07-03, a holiday; open on Monday the 6th; 15,000.00 at 4.75 %, 360 days: 1.9791666 a day
PAID = [
    ({}, "2026-07-06", 0, "paid nothing yet"),
    ({}, "2026-07-07", 792, "4 days from the due date"),
    ({"payments": [{"on": "2026-07-06", "amount": "15000.00"}]}, "2026-08-31", 0, "paid on the next working day"),
    ({"payments": [{"on": "2026-07-07", "amount": "15000.00"}]}, "2026-07-31", 792, "paid a day later"),
    ({"payments": [{"on": "2026-07-06", "amount": "5000.00"}]}, "2026-07-08", 858, "3 days of 15,000, 2 of 10,000"),
    ({"grace": 5}, "2026-07-12", 792, "a longer grace that was agreed: 4 days after the 8th"),
    ({"grace": 1}, "2026-07-07", 198, "a shorter one that forgives: nothing through the 6th"),
]


@pytest.mark.parametrize(("more", "as_of", "interest", "why"), PAID, ids=[row[3] for row in PAID])
def test_interest_waits_for_the_next_day_on_which_agencies_are_open(
    more: dict[str, Any], as_of: str, interest: int, why: str
) -> None:
    grace = {key: more[key] for key in ("grace",) if key in more}
    claim = {
        "amount": "15000.00",
        "currency": "USD",
        "due_on": "2026-07-03",
        "as_of": as_of,
        "interest": {"statute": "us-prompt-payment"} | grace,
        "payments": more.get("payments", []),
    }
    _, found, warnings = work_out(read_scenario(claim, today=date(2026, 11, 22), calendars=calendar_of))
    assert found.interest == interest, why
    if not grace:
        assert (
            "Agencies are closed on 2026-07-03: paid by 2026-07-06, it bears no interest (5 CFR 1315.4(h))." in warnings
        )
    if interest and not grace:
        assert "since the 3 days until the next working day are over" in found.stretches[0].why


@pytest.mark.parametrize(
    ("paid", "as_of", "interest", "per_day"),
    [(None, 5, 0, 198), (None, 6, 0, 198), (None, 7, 792, 198), (6, 31, 0, 0), (7, 31, 792, 0)],
)
def test_an_invoice_of_a_book_waits_in_the_same_way(paid: int | None, as_of: int, interest: int, per_day: int) -> None:
    law = Interest(Fraction(0), statute="us-prompt-payment", day_count=DayCount.ACTUAL_360, compound=Compound.DAYS_30)
    policy = policy_of("net-30", grace=0, late_fee=None, interest=law)
    moves = (Move(date(2026, 7, paid), 1_500_000),) if paid is not None else ()
    bill = Bill(1_500_000, issued=date(2026, 6, 3), currency="USD", moves=moves)
    found = assess_one(bill, policy, date(2026, 7, as_of))
    assert found.due_on == date(2026, 7, 3)
    assert (found.interest, found.per_day) == (interest, per_day)
