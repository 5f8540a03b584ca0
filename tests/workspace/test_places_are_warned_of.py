"""What `payflow doctor` tells of a client's place: ceilings on interest and laws on late payment, each with its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from payflow.workspace import load
from payflow.workspace.doctor import examine

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
CONTRACT = """\
project = "site"
signed = {signed}
policy = "standard"
currency = "{currency}"

[client]
id = "acme"
name = "Acme Inc"
country = "{country}"

[[milestone]]
id = "deposit"
amount = "{amount}"
"""


def told(root: Path, environ: Mapping[str, str]) -> str:
    found = [one for one in examine(load(root, environ), NOW) if one.where.startswith("clients in ")]
    assert all(one.warning and "source: " in one.remedy for one in found)
    return "\n".join(str(one) for one in found)


@pytest.mark.parametrize(
    ("country", "annual", "amount", "currency", "signed", "text", "is_told"),
    [
        ("US-NY", "17", "900.00", "USD", "2026-10-01", "usury limit is 16 %", True),
        ("US-NY", "16", "900.00", "USD", "2026-10-01", "usury limit is 16 %", False),
        ("US-NY", "8", "800.00", "USD", "2026-10-01", "Freelance Isn't Free Act", True),
        ("US-NY", "8", "799.99", "USD", "2026-10-01", "Freelance Isn't Free Act", False),
        ("US-NY", "8", "1.00", "GBP", "2026-10-01", "Freelance Isn't Free Act", True),
        ("US-NY", "8", "800.00", "USD", "2024-08-27", "Freelance Isn't Free Act", False),
        ("US-CA", "10.5", "900.00", "USD", "2026-10-01", "Civil Code 3289", True),
        ("US-IL", "8", "500.00", "USD", "2026-10-01", "Public Act 103-0417", True),
        ("US-TX", "24", "500.00", "USD", "2026-10-01", "1.5 % a month", True),
        ("CA", "36", "500.00", "CAD", "2026-10-01", "35 % a year is a crime", True),
        ("CA", "8", "500.00", "CAD", "2026-10-01", "35 % a year is a crime", False),
        ("DE", "24", "500.00", "EUR", "2026-10-01", "clients in", False),
    ],
)
def test_a_law_is_told_where_it_concerns_a_contract(
    write: Callable[..., Path],
    settings: str,
    environ: Mapping[str, str],
    country: str,
    annual: str,
    amount: str,
    currency: str,
    signed: str,
    text: str,
    is_told: bool,
) -> None:
    contract = CONTRACT.format(country=country, amount=amount, currency=currency, signed=signed)
    root = write(settings.replace('annual = "8"', f'annual = "{annual}"'), site=contract)
    assert (text in told(root, environ)) is is_told


def test_a_percentage_that_comes_again_counts_as_a_rate(
    write: Callable[..., Path], settings: str, environ: Mapping[str, str]
) -> None:
    contract = CONTRACT.format(country="US-NY", amount="100.00", currency="USD", signed="2026-10-01")
    text = settings.replace('interest = { annual = "8" }\n', "")
    assert 'late_fee = { amount = "25.00" }' in text
    often = text.replace('late_fee = { amount = "25.00" }', 'late_fee = { percent = "1.5", every = "month" }')
    assert "usury limit is 16 %" in told(write(often, site=contract), environ)
    once = text.replace('late_fee = { amount = "25.00" }', 'late_fee = { percent = "18" }')
    assert "usury limit" not in told(write(once, site=contract), environ)


def test_a_contract_without_interest_is_told_of_no_ceiling_but_of_the_legal_rate(
    write: Callable[..., Path], settings: str, environ: Mapping[str, str]
) -> None:
    contract = CONTRACT.format(country="US-NY", amount="100.00", currency="USD", signed="2026-10-01")
    found = told(write(settings.replace('interest = { annual = "8" }\n', ""), site=contract), environ)
    assert "clients in US (site): Where a contract names no rate" in found
    assert "usury" not in found


@pytest.mark.parametrize(
    ("statute", "terms", "is_told"),
    [
        ("de", '"net-30"', True),
        ("de", '["30 days", "next business day in DE-BY"]', False),
        ("nl", '"net-30"', False),
    ],
)
def test_terms_that_stay_where_the_law_moves_a_due_day_are_told(
    write: Callable[..., Path], settings: str, environ: Mapping[str, str], statute: str, terms: str, is_told: bool
) -> None:
    text = settings.replace('terms = "net-15"', f"terms = {terms}")
    text = text.replace('interest = { annual = "8" }', f'interest = {{ statute = "{statute}" }}\nstack = true')
    contract = CONTRACT.format(country="DE", amount="100.00", currency="EUR", signed="2026-10-01")
    found = "\n".join(str(one) for one in examine(load(write(text, site=contract), environ), NOW))
    assert (
        "policy standard: a due day on a weekend or holiday moves to the next working day by BGB § 193" in found
    ) is is_told
