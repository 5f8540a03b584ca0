"""Editing what was agreed never re-bills, re-sends or reverses; what was renamed stays itself, if the file says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from payflow.errors import Refused
from payflow.model.facts import State
from stories.papers import ACME, BOOKS, STEPS, contract, invoice, settings
from stories.world import World

INVOICE = invoice("INV-0012", "3000.00")


@pytest.fixture
def reminded(world: World) -> World:
    """5 November: INV-0012 fell due on the 4th and was reminded of."""
    world.on("2026-11-05").books(INVOICE).begin()
    world.run()
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]
    return world


def _with_fee(amount: str) -> str:
    return settings().replace('amount = "25.00"', f'amount = "{amount}"')


def test_a_fee_edited_from_25_to_30_moves_nothing_old_and_a_new_invoice_gets_30(world: World) -> None:
    world.on("2026-10-20").books(INVOICE).begin()
    world.on("2026-11-05").books(INVOICE).run()
    # 6 November: the fee is edited. 9 November: a new invoice.
    world.on("2026-11-06").settings(_with_fee("30.00")).run()
    both = (INVOICE, invoice("INV-0013", "4000.00", issued="2026-11-09", due="2026-11-24"))
    world.on("2026-11-11").books(*both).run()
    assert [(charge["amount"], charge["invoice"]) for charge in world.charges()] == [(2500, world.view("INV-0012").id)]
    for day in ("2026-11-23", "2026-11-25", "2026-12-01", "2026-12-02"):
        world.on(day).books(*both).run()
    assert [charge["amount"] for charge in world.charges()] == [2500, 3000]
    assert (world.view("INV-0012").fees, world.view("INV-0013").fees) == (2500, 3000)
    named = next(mail for mail in world.to_clients() if "INV-0013" in mail.subject and "1 day overdue" in mail.subject)
    assert "a late fee of 30.00 GBP will follow" in named.flat
    # Each charge keeps the terms it was made under, whatever comes after.
    world.settings(_with_fee("99.00")).run("2026-12-03")
    assert (world.view("INV-0012").fees, world.view("INV-0013").fees) == (2500, 3000)
    assert world.journal("charge-reversed") == []


def test_an_edited_interest_rate_does_not_reach_back(reminded: World) -> None:
    before = reminded.on("2026-11-12").view("INV-0012").interest
    assert before == 329
    reminded.settings(settings().replace('annual = "8"', 'annual = "80"')).run()
    assert reminded.view("INV-0012").interest == before


def test_a_step_renamed_without_was_is_refused_and_nothing_is_sent(reminded: World) -> None:
    reminded.settings(settings(steps=STEPS.replace('name = "reminder"', 'name = "friendly"')))
    reminded.on("2026-11-06").books(INVOICE)
    with pytest.raises(Refused) as refused:
        reminded.run()
    assert "step 'reminder' is gone and 'friendly' is new" in str(refused.value)
    assert 'was = "reminder"' in str(refused.value)
    assert len(reminded.to_clients()) == 1
    assert "rename" in reminded.needs()


def test_a_step_renamed_with_was_is_the_same_step_and_is_not_sent_again(reminded: World) -> None:
    renamed = STEPS.replace('name = "reminder"', 'name = "friendly"\nwas = "reminder"')
    reminded.settings(settings(steps=renamed))
    for day in ("2026-11-06", "2026-11-09", "2026-11-10"):
        reminded.on(day).books(INVOICE).run()
    assert len(reminded.to_clients()) == 1
    reminded.on("2026-11-11").books(INVOICE).run()
    assert [step for step, _ in reminded.steps("INV-0012")] == ["reminder", "late-fee"]
    assert dict(reminded.explain("INV-0012").step_names)["reminder"] == "friendly"


def test_a_source_renamed_with_was_keeps_its_invoices_and_without_is_refused(reminded: World) -> None:
    identity = reminded.view("INV-0012").id
    reminded.settings(settings(sources=BOOKS.replace('"books"', '"ledger"')))
    with pytest.raises(Refused) as refused:
        reminded.run("2026-11-06")
    assert "source 'books' is gone and 'ledger' is new" in str(refused.value)
    reminded.settings(settings(sources=BOOKS.replace('"books"', '"ledger"\nwas = "books"')))
    reminded.on("2026-11-06").books(INVOICE).run()
    [view] = reminded.decision().invoices
    assert (view.id, view.source) == (identity, "ledger")
    assert len(reminded.to_clients()) == 1
    assert len(reminded.journal("identities")) == 1


def test_a_project_renamed_with_was_keeps_its_starts_and_without_is_refused(reminded: World) -> None:
    reminded.ruling("waive", "acme-website", "design", until=reminded.now.date(), reason="agreed by phone")
    assert reminded.ruling("start_phase", "acme-website", "design").open
    renamed = ACME.replace('project = "acme-website"', 'project = "acme-site"')
    reminded.contract("acme_website", renamed)
    with pytest.raises(Refused) as refused:
        reminded.run("2026-11-06")
    assert "project 'acme-website' is gone and 'acme-site' is new" in str(refused.value)
    reminded.contract("acme_website", renamed.replace('"acme-site"', '"acme-site"\nwas = "acme-website"')).run()
    assert reminded.verdict("design", "acme-site").started is not None
    assert len(reminded.to_clients()) == 1


def test_a_deleted_contract_changes_no_terms_and_is_told_of(reminded: World) -> None:
    reminded.contract("acme_website", None)
    reminded.on("2026-11-11").books(INVOICE).run()
    # The fee that was named still comes, under the contract as it last stood.
    assert [charge["amount"] for charge in reminded.charges()] == [2500]
    assert reminded.journal("charge-reversed") == []
    assert "contract-gone" in reminded.needs()
    assert "the contract of acme-website is gone" in reminded.to_owner()[-1].flat
    assert reminded.decision().projects == []


def test_a_contract_signed_later_binds_only_what_is_issued_after(make: Callable[..., World]) -> None:
    words = {"deposit": ("3000.00", ["INV-0012"]), "design": ("4000.00", ["INV-0013"])}
    world = make(acme=contract(milestones=words, signed=None))
    world.on("2026-10-21").books(INVOICE).begin()
    world.contract("acme", contract(milestones=words, signed="2026-10-25"))
    second = invoice("INV-0013", "4000.00", issued="2026-10-26", due="2026-11-10")
    world.on("2026-10-27").books(INVOICE, second).run()
    world.on("2026-11-20").books(INVOICE, second)
    world.sync()
    assert (world.view("INV-0012").interest, world.view("INV-0013").interest) == (0, 614)


def test_an_invoice_number_added_to_a_milestone_works_at_once(world: World) -> None:
    world.on("2026-10-21").books(INVOICE, invoice("INV-0099", "500.00")).begin()
    world.contract("acme_website", ACME.replace('["INV-0012"]', '["INV-0012", "INV-0099"]'))
    assert world.view("INV-0099").milestone == "deposit"
    assert {reason.invoice for reason in world.verdict("design").reasons} == {"INV-0012", "INV-0099"}


def test_a_run_that_nothing_changed_for_journals_nothing(reminded: World) -> None:
    before = len(reminded.journal())
    reminded.run("2026-11-05 11:00")
    reminded.run("2026-11-05 12:00")
    assert len(reminded.journal()) == before


def test_terms_that_move_the_due_date_earlier_leave_the_date_that_was_shown(reminded: World) -> None:
    reminded.settings(settings().replace('"net-15"', '"net-7"')).run("2026-11-06")
    view = reminded.view("INV-0012")
    assert (view.due_on is not None and view.due_on.isoformat(), view.state) == ("2026-11-04", State.OVERDUE)
