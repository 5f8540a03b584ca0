"""docs/terms.md: every line of its tables is worked out again."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from payflow import money
from payflow.model.agreement import Terms
from payflow.policy.discounts import Offer, offers, yearly_cost
from payflow.policy.instalments import Balance, Fixed, Line, Percent, split
from payflow.policy.terms import due_date, parse_terms
from payflow.workspace.business_days import calendar_of

PAGE = (Path(__file__).parents[2] / "docs" / "terms.md").read_text(encoding="utf-8")


def table(first: str) -> list[list[str]]:
    """The rows of the table whose first column has that heading."""
    lines = PAGE[PAGE.index(f"\n| {first} |") + 1 :].split("\n\n")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert len(rows) > 2
    return rows[2:]


def row_id(row: object) -> str:
    return " ".join(row) if isinstance(row, list) else str(row)


def terms_of(cell: str) -> Terms:
    """Terms as a cell shows them: a short name or a list."""
    text = cell.strip("`")
    return parse_terms(json.loads(text) if text.startswith("[") else text)


def due(terms: Terms, issued: str) -> str:
    calendar = calendar_of(terms.calendar) if terms.rolls else None
    return due_date(terms, date.fromisoformat(issued), calendar=calendar).isoformat()


def minor(text: str) -> int:
    return money.parse(text, "GBP")


def test_the_terms_at_the_top_are_terms() -> None:
    block = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    lines = block[1].splitlines()
    assert [parse_terms(tomllib.loads(line)["terms"]).name for line in lines] == [
        "net-15",
        "30 days, end of month, day 10",
    ]


@pytest.mark.parametrize("row", table("short name"), ids=row_id)
def test_a_short_name_falls_due_as_shown_and_so_does_its_list(row: Sequence[str]) -> None:
    name, _, written_out, issued, due_on = row
    assert due(terms_of(name), issued) == due(terms_of(written_out), issued) == due_on
    assert terms_of(name).discounts == terms_of(written_out).discounts


@pytest.mark.parametrize("row", [*table("reading"), *table("months")], ids=row_id)
def test_a_reading_falls_due_as_shown(row: Sequence[str]) -> None:
    written, issued, due_on = row
    assert due(terms_of(written), issued) == due_on


@pytest.mark.parametrize("row", table("part"), ids=row_id)
def test_a_part_moves_as_shown(row: Sequence[str]) -> None:
    written, _, issued, due_on = row
    assert due(terms_of(written), issued) == due_on


@pytest.mark.parametrize("row", table("business day"), ids=row_id)
def test_a_business_day_is_found_as_shown(row: Sequence[str]) -> None:
    written, issued, due_on, _ = row
    assert due(terms_of(written), issued) == due_on


@pytest.mark.parametrize("row", table("from"), ids=row_id)
def test_terms_count_from_the_day_shown(row: Sequence[str]) -> None:
    written, issued, that_day, due_on = row
    terms = terms_of(written)
    anchors = {terms.anchor: date.fromisoformat(that_day)}
    assert due_date(terms, date.fromisoformat(issued), anchors=anchors).isoformat() == due_on


@pytest.mark.parametrize("row", table("system"), ids=row_id)
def test_the_terms_of_another_system_are_written_as_shown(row: Sequence[str]) -> None:
    _, _, here, issued, due_on = row
    assert due(terms_of(here), issued) == due_on


def test_every_rule_of_the_other_systems_is_shown() -> None:
    shown = [row[0] for row in table("system")]
    least = {"Xero": 4, "QuickBooks": 2, "ERPNext": 3, "Odoo": 4, "Stripe": 1}
    assert {name: min(shown.count(name), count) for name, count in least.items()} == least


@pytest.mark.parametrize("row", table("discount"), ids=row_id)
def test_a_discount_takes_off_what_is_shown(row: Sequence[str]) -> None:
    written, total, tax, issued, last, off, pays = row
    found = offers(terms_of(written), minor(total), minor(tax), date.fromisoformat(issued))
    assert found == [Offer(date.fromisoformat(last), minor(off))]
    assert minor(total) - minor(off) == minor(pays)


def test_letting_a_discount_go_costs_what_the_page_says() -> None:
    shown = re.search(r"2/10 net 30: ([0-9.]+) %", PAGE)
    assert shown is not None
    assert round(yearly_cost(Fraction(2, 100), 10, 30) * 10_000) == Fraction(shown[1]) * 100


def line_of(text: str) -> Line:
    terms = parse_terms("due-on-receipt")
    if text == "balance":
        return Balance(terms)
    if text.endswith("%"):
        return Percent(Fraction(text[:-1]) / 100, terms)
    return Fixed(minor(text), terms)


@pytest.mark.parametrize("row", table("total"), ids=row_id)
def test_instalments_are_split_as_shown(row: Sequence[str]) -> None:
    total, lines, amounts = row
    assert split(minor(total), [line_of(one) for one in lines.split(", ")]) == [
        minor(one) for one in amounts.split(", ")
    ]
