"""docs/calc.md: its sessions run, its tables are worked out again, and every key stands on it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from documents import blocks, matches, run
from payflow import money
from payflow.errors import WorkspaceError
from payflow.policy.accrual import Accrual
from payflow.policy.calendars import WEEKDAYS
from payflow.policy.scenario import read_scenario, work_out

PAGE = (Path(__file__).parents[2] / "docs" / "calc.md").read_text(encoding="utf-8")


def tables(first: str) -> list[list[list[str]]]:
    """The rows of every table whose first column has that heading."""
    found = []
    for match in re.finditer(rf"\n\| {first} \|", PAGE):
        lines = PAGE[match.start() + 1 :].split("\n\n")[0].splitlines()
        found.append([[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]])
    return found


def worked_out(claim: dict[str, Any]) -> Accrual:
    told = {"amount": "1000.00", "currency": "EUR", "due_on": "2025-01-01"} | claim
    return work_out(read_scenario(told, today=date(2025, 1, 31), calendars=lambda _: WEEKDAYS))[1]


def test_the_sessions_print_what_is_shown(tmp_path: Path) -> None:
    page = blocks(PAGE)
    outcomes = run(page, tmp_path)
    for block in page:
        for command, outcome in zip(block.commands, outcomes.get(block.line, []), strict=False):
            assert outcome.exit_code == command.exit_code
            assert matches(command.shown, outcome.printed), outcome.printed
    assert sum(map(len, outcomes.values())) == 2


@pytest.mark.parametrize("row", tables("interest")[0], ids=" ".join)
def test_the_table_of_interest(row: Sequence[str]) -> None:
    terms, as_of, paid, days, interest = row
    amount, _, on = paid.partition(" on ")
    payments = [{"on": on, "amount": amount}] if paid else []
    said = tomllib.loads(f"interest = {terms.strip('`')}")
    found = worked_out(said | {"as_of": as_of, "payments": payments})
    assert (str(found.days_overdue), money.decimal(found.interest, "EUR")) == (days, interest)


@pytest.mark.parametrize("row", tables("allocation")[0], ids=" ".join)
def test_the_table_of_what_a_payment_pays(row: Sequence[str]) -> None:
    order, *parts = row
    claim = {
        "as_of": "2025-01-31",
        "interest": {"annual": "36.5"},
        "late_fee": {"amount": "25.00"},
        "allocation": order.strip("`"),
        "payments": [{"on": "2025-01-31", "amount": "100.00"}],
    }
    (paid,) = worked_out(claim).allocations
    assert [money.decimal(units, "EUR") for units in (paid.costs, paid.interest, paid.principal)] == parts


@pytest.mark.parametrize(("at", "inner"), [(0, ""), (1, "interest"), (2, "late_fee")])
def test_every_key_that_is_read_stands_in_its_table_and_no_other(at: int, inner: str) -> None:
    written = {row[0].strip("`") for row in tables("key")[at]}
    words = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert written == {word for word in words if is_known(inner, word)}


def is_known(inner: str, key: str) -> bool:
    """Whether a key is read: whatever stands there, it is not called unknown."""
    where = f"{inner}.{key}" if inner else key
    data = {inner: {key: object()}} if inner else {key: object()}
    with pytest.raises(WorkspaceError) as caught:
        read_scenario(data, today=date(2025, 1, 31), calendars=lambda _: WEEKDAYS)
    return not any(one.where == where and "is no key" in one.found for one in caught.value.problems)
