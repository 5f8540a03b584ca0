"""Late claims worked out by hand, apart from payflow's code: a table of scenarios with what `payflow calc` must answer, and why.

`claims_by_hand.csv` says in its column `derivation` how each figure comes about; day counts are those of QuantLib's conventions.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from payflow.policy.rates import OutOfTable
from payflow.policy.scenario import read_scenario, work_out
from payflow.report.calc import as_json
from payflow.workspace.business_days import calendar_of

with (Path(__file__).with_name("claims_by_hand.csv")).open(encoding="utf-8", newline="") as table:
    ROWS = [tuple(row) for row in csv.reader(table)][1:]

#: What the answer has, and nothing else.
KEYS = {
    *("schema", "due_on", "days_overdue", "interest", "fees", "compensation", "principal_outstanding", "total_due"),
    *("daily", "timeline", "allocations", "warnings"),
}


@pytest.mark.parametrize("row", ROWS, ids=[row[0].replace(" ", "-") for row in ROWS])
def test_a_claim_comes_to_what_a_hand_finds(row: Sequence[str]) -> None:
    _, _, expected, scenario = row
    asked = read_scenario(json.loads(scenario), today=date(2026, 11, 22), calendars=calendar_of)
    found = as_json(*work_out(asked))
    wanted = json.loads(expected)
    assert {key: found[key] for key in wanted} == wanted
    assert set(found) == KEYS


@pytest.mark.parametrize(
    ("on", "paid", "allocation"),
    [
        ("2024-08-14", "1054.00", "costs-first"),
        ("2024-08-14", "1000.00", "interest-first"),
        ("2024-01-01", "1000.00", "interest-first"),  # the first day of interest
    ],
)
def test_a_rate_is_asked_for_as_long_as_principal_is_left_that_a_payment_did_not_reach(
    on: str, paid: str, allocation: str
) -> None:
    claim = {
        "amount": "1000.00",
        "currency": "SEK",
        "due_on": "2023-12-31",
        "as_of": "2025-05-07",
        "interest": {"statute": "se"},
        "payments": [{"on": on, "amount": paid}],
        "compensation": "54.28",
        "allocation": allocation,
    }
    asked = read_scenario(claim, today=date(2026, 11, 22), calendars=calendar_of)
    with pytest.raises(OutOfTable, match="ends on 2024-12-31"):
        work_out(asked)


def test_a_fixed_sum_says_which_law_grants_it() -> None:
    claim = {
        "amount": "1000",
        "currency": "GBP",
        "due_on": "2025-05-14",
        "as_of": "2025-07-03",
        "interest": {"statute": "uk"},
    }
    _, found, _ = work_out(read_scenario(claim, today=date(2026, 11, 22), calendars=calendar_of))
    assert [(cost.on, cost.amount, cost.why) for cost in found.costs] == [
        (date(2025, 5, 15), 7000, "Act s. 5A: 40 GBP below 1,000, 70 GBP below 10,000, else 100 GBP")
    ]


@pytest.mark.parametrize(
    ("interest", "why"),
    [
        ({"monthly": "1.5"}, "1.5 % a month, 18 % a year"),
        ({"daily": "0.05", "day_count": "actual/actual"}, "0.05 % a day, 18.25 % a year"),
    ],
)
def test_a_stretch_names_the_rate_as_it_was_agreed(interest: dict[str, str], why: str) -> None:
    claim = {"amount": "1000", "currency": "EUR", "due_on": "2025-05-14", "as_of": "2025-07-03", "interest": interest}
    known, found, _ = work_out(read_scenario(claim, today=date(2026, 11, 22), calendars=calendar_of))
    assert found.stretches[0].why == f"from the day after it was due, 2025-05-14; {why}"
    assert known.interest is not None
    assert known.interest.day_count == "actual/365"


def test_every_figure_says_where_it_comes_from() -> None:
    assert len(ROWS) >= 90
    assert all(derivation for _, derivation, _, _ in ROWS)
    assert len({name for name, *_ in ROWS}) == len(ROWS)
