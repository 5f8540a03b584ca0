"""Dated stories of a contract whose milestones are paid on different terms: the deposit at once, the rest in instalments."""

from __future__ import annotations

from pathlib import Path

import pytest

from payflow.errors import WorkspaceError
from stories.papers import ANY_HOUR, BOOKS, STEPS, contract, invoice, settings
from stories.world import World

THIRDS = """
[policy.thirds]
instalments = [
    { percent = "50", terms = "net-15" },
    { terms = "net-30" },
]
interest = { annual = "36.5", bill = "never" }

[[policy.thirds.step]]
name = "reminder"
day = 1
email = "reminder"
"""
MILESTONES = {"deposit": ("1000.00", ["INV-0012"]), "build": ("4000.00", ["INV-0013"])}


def agreed(policy: str = "thirds") -> str:
    text = contract(milestones=MILESTONES, needs={"build": ["deposit"], "launch": ["build"]})
    return text.replace('id = "build"\namount', f'id = "build"\npolicy = "{policy}"\namount')


def world(root: Path, text: str) -> World:
    toml = settings(mail=ANY_HOUR, steps=STEPS + THIRDS, sources=BOOKS + "stale_after = 999\n", grace="")
    made = World(root, toml=toml, acme_website=text)
    made.on("2026-10-20").books(invoice("INV-0012", "1000.00"), invoice("INV-0013", "4000.00"))
    return made


def test_the_invoices_of_a_milestone_stand_under_its_policy_and_the_others_under_the_contract_s(tmp_path: Path) -> None:
    made = world(tmp_path, agreed()).begin()
    deposit, build = (made.view(number, "2026-11-20") for number in ("INV-0012", "INV-0013"))
    assert (deposit.policy, deposit.instalments, str(deposit.due_on)) == ("standard", (), "2026-11-04")
    assert build.policy == "thirds"
    assert [(str(one.due_on), one.amount) for one in build.instalments] == [
        ("2026-11-04", 200000),
        ("2026-11-19", 200000),
    ]
    # 16 days of 2.00 and one of 2.00, at a tenth of a percent a day; the deposit at the 8 % of the contract's policy
    assert (build.interest, deposit.interest) == (3400, 351)
    assert made.verdict("launch", as_of="2026-11-20").open is False


def test_a_policy_that_a_milestone_takes_later_holds_for_what_is_invoiced_from_then_on(tmp_path: Path) -> None:
    made = world(tmp_path, contract(milestones=MILESTONES)).begin()
    made.on("2026-10-25").contract("acme_website", agreed()).run()
    later = invoice("INV-0014", "4000.00", issued="2026-10-26", due="", reference="acme-website/build")
    made.on("2026-10-26").books(invoice("INV-0012", "1000.00"), invoice("INV-0013", "4000.00"), later).run()
    assert made.view("INV-0013").policy == "standard"
    assert made.view("INV-0014").policy == "thirds"


@pytest.mark.parametrize(
    ("text", "where", "found", "remedy"),
    [
        (agreed("third"), "milestone#2.policy", "there is no policy 'third'", "thirds"),
        (
            agreed().replace('name = "Acme Ltd"', 'name = "Acme Ltd"\nkind = "consumer"'),
            "milestone#2.policy",
            "policy 'thirds' claims interest by the statute 'uk', which is for business clients only",
            "Name a policy with",
        ),
    ],
)
def test_a_policy_of_a_milestone_is_checked_as_the_contract_s_is(
    tmp_path: Path, text: str, where: str, found: str, remedy: str
) -> None:
    toml = settings(mail=ANY_HOUR, steps=STEPS + THIRDS, sources=BOOKS)
    toml = toml.replace('interest = { annual = "36.5", bill', 'interest = { statute = "uk", bill')
    with pytest.raises(WorkspaceError) as raised:
        World(tmp_path, toml=toml, acme_website=text).sync()
    [problem] = [one for one in raised.value.problems if not one.warning]
    assert problem.where.endswith(where)
    assert found in problem.found
    assert remedy in problem.remedy
