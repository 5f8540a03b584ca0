"""Interest in every form a policy gives it: by the month, compounded, by a statute, and where no table knows the rate."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from payflow.errors import WorkspaceError
from payflow.money import parse
from payflow.policy.scenario import read_scenario, work_out
from stores import ON_SQLITE
from stories.papers import ACME, invoice, settings
from stories.world import World

# figures, which no database makes
pytestmark = ON_SQLITE

#: due 4 November 2025, paid in part on 10 February 2026
LATE = invoice("INV-0012", "3000.00", issued="2025-10-20", due="2025-11-04")
AS_OF = "2026-06-12 09:00"

FORMS = [
    '{ annual = "8" }',
    '{ monthly = "1.5", day_count = "30E/360" }',
    '{ daily = "0.05", rounding = "day" }',
    '{ annual = "12", compound = "monthly", mode = "half-even" }',
    '{ annual = "8", day_count = "actual/360", grace = { days = 10, mode = "count" } }',
    '{ annual = "8", day_count = "actual/actual", grace = 0, rounding = "segment" }',
    '{ annual = "8", day_count = "30/360", mode = "down" }',
    '{ annual = "8", floor = "500.00" }',
    '{ statute = "uk" }',
    '{ statute = "de", day_count = "actual/365" }',
    '{ statute = "nl" }',
    '{ statute = "ie-payment-date", grace = 0 }',
    '{ statute = "ch" }',
]


def world_with(world: World, interest: str, *, policy: str = "", client: str = "", signed: bool = True) -> World:
    text = settings(policy=f"stack = true\n{policy}", interest=interest)
    contract = ACME.replace('id = "acme"\n', f'id = "acme"\n{client}\n', 1)
    contract = contract if signed else contract.replace("signed = 2026-10-01\n", "")
    contract = contract.replace("signed = 2026-10-01", "signed = 2025-10-01")
    return world.settings(text).contract("acme_website", contract)


@pytest.mark.parametrize("allocation", ["principal-first", "interest-first", "costs-first"])
@pytest.mark.parametrize("interest", FORMS)
def test_a_policy_and_the_calculator_say_the_same(world: World, interest: str, allocation: str) -> None:
    world_with(world, interest, policy=f'allocation = "{allocation}"')
    world.on("2026-02-08 09:00").books(LATE).begin("2025-10-01")
    part = invoice("INV-0012", "3000.00", issued="2025-10-20", due="2025-11-04", paid="1000.00")
    world.on("2026-02-10 09:00").books(part)
    world.sync()
    world.on(AS_OF).books(part)
    world.sync()
    view, explained = world.view("INV-0012"), world.explain("INV-0012")
    # the books tell no day of the payment: it is the day after the last reading that did not show it
    on = str(next(entry.on for entry in explained.entries))
    assert on == "2026-02-09"
    expected = calculated(interest, allocation, on)
    assert (view.interest, view.interest_per_day) == expected
    assert sum(stretch.adds for stretch in explained.stretches) == view.interest
    assert all(stretch.why for stretch in explained.stretches)


def calculated(interest: str, allocation: str, on: str) -> tuple[int, int]:
    """Interest and its daily figure by `payflow calc` for the same claim."""
    terms = tomllib.loads(f"interest = {interest}")["interest"]
    terms.setdefault("grace", 3)
    data = {
        "amount": "3000.00",
        "currency": "GBP",
        "issued_on": "2025-10-20",
        "terms": "net-15",
        "as_of": "2026-06-12",
        "payments": [{"on": on, "amount": "1000.00"}],
        "interest": terms,
        "allocation": allocation,
        "compensation": False,
    }
    scenario = read_scenario(data, today=date(2026, 6, 12), calendars=lambda _: pytest.fail("no calendar"))
    _, found, _ = work_out(scenario)
    return found.interest, found.daily


def test_statutory_interest_needs_no_signature_and_the_letter_names_the_law_and_its_rate(world: World) -> None:
    world_with(world, '{ statute = "uk" }', signed=False)
    world.on("2025-11-01 09:00").books(LATE).begin("2025-10-01")
    world.every_day("2025-11-01", "2025-11-14")
    view = world.view("INV-0012")
    # Bank Rate of 30 June 2025, 4.25, and 8 points, from 8 November through the 14th
    assert view.interest == round(300_000 * 0.1225 * 7 / 365)
    text = " ".join(world.to_clients()[-1].text.split())
    assert "Late Payment of Commercial Debts (Interest) Act 1998" in text
    assert "12.25 % a year" in text
    assert "Bank Rate of the reference day 4.25 %" in text
    assert not world.charges()
    explained = world.explain("INV-0012")
    assert explained.rests_on == "Late Payment of Commercial Debts (Interest) Act 1998"
    assert "No fee: the contract is not signed." in explained.remarks


def test_a_rate_that_no_table_holds_is_a_need_and_no_charge_and_a_table_of_ones_own_settles_it(world: World) -> None:
    world_with(world, '{ statute = "se" }')
    world.on("2026-02-08 09:00").books(LATE).begin("2025-10-01")
    assert world.view("INV-0012").interest == 0
    (need,) = [need for need in world.decision().needs if need.code == "rates-missing"]
    assert "INV-0012" in need.text
    assert "se_referensranta ends on 2024-12-31" in need.text
    assert "payflow rates add se_referensranta" in need.remedy
    assert any("No interest is worked out" in remark for remark in world.explain("INV-0012").remarks)
    rates = world.root / "rates"
    rates.mkdir()
    (rates / "se_referensranta.csv").write_text(
        "effective_from,rate_percent,source\n2025-07-01,2,riksbank.se\n2026-01-01,2,riksbank.se\n"
    )
    # 8 November through 8 February at 10 %
    assert world.view("INV-0012").interest == round(300_000 * 0.10 * 93 / 365)
    assert not [need for need in world.decision().needs if need.code == "rates-missing"]


def test_a_business_statute_is_refused_for_a_consumer_and_a_consumers_for_a_business(world: World) -> None:
    world_with(world, '{ statute = "de" }', client='kind = "consumer"')
    with pytest.raises(WorkspaceError) as told:
        _ = world.workspace
    assert "business clients only" in str(told.value)
    assert 'statute = "de-consumer"' in str(told.value)
    world_with(world, '{ statute = "de-consumer" }')
    with pytest.raises(WorkspaceError, match='kind = "consumer"'):
        _ = world.workspace
    world_with(world, '{ statute = "de-consumer" }', client='kind = "consumer"')
    world.on("2026-02-08 09:00").books(LATE).begin("2025-10-01")
    assert world.view("INV-0012").interest > 0


def test_interest_below_its_floor_is_not_claimed_and_explained(world: World) -> None:
    world_with(world, '{ annual = "8", floor = { GBP = "70.00" } }')
    world.on("2026-02-08 09:00").books(LATE).begin("2025-10-01")
    assert world.view("INV-0012").interest == 0
    assert any("is below 70.00 GBP and not claimed" in remark for remark in world.explain("INV-0012").remarks)
    assert world.view("INV-0012", as_of="2026-03-01").interest >= parse("70.00", "GBP")
