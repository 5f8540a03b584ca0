"""Exports come late, twice, in the wrong order and from two programs at once; debts stay what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from payflow.model.facts import Role, State
from payflow.model.invoice_view import Flag
from payflow.model.journal import ChargeState
from stories.ledger import LEDGER, Ledger, debt, move
from stories.papers import AGEING, BOOKS, invoice, paid, settings
from stories.world import World

OTHER = invoice("INV-0500", "80.00", issued="2026-11-01", due="2026-11-16", client="Brook Ltd")


def _figures(world: World) -> list[tuple[Any, ...]]:
    """What anyone would act on."""
    decision = world.decision()
    seen = [
        (one.number, one.state, one.outstanding, one.paid, one.interest, one.fees, one.due_on, sorted(one.flags))
        for one in decision.invoices
    ]
    verdicts = [(phase.phase, phase.word) for project in decision.projects for phase in project.phases]
    return [*sorted(seen, key=str), *verdicts, *decision.totals]


def test_an_older_export_read_after_a_newer_one_changes_nothing(make: Callable[..., World]) -> None:
    exports = {
        "a.csv": ("2026-10-21 09:00", [invoice("INV-0012", "3000.00")]),
        "b.csv": ("2026-11-09 09:00", [invoice("INV-0012", "3000.00", paid="1000.00"), OTHER]),
        "c.csv": ("2026-11-12 09:00", [invoice("INV-0012", "3000.00", paid="2500.00"), OTHER]),
    }
    worlds = []
    for order in (["a.csv", "b.csv", "c.csv"], ["c.csv", "b.csv", "a.csv"], ["b.csv", "c.csv", "a.csv"]):
        world = make().on("2026-11-13")
        for name in [*order, order[0]]:
            moment, rows = exports[name]
            world.books(*rows, name=name, at=moment).sync()
        worlds.append(world)
    first, *others = [_figures(world) for world in worlds]
    assert others == [first, first]
    view = worlds[0].view("INV-0012")
    # 1,000.00 came after 21 October, 1,500.00 after 9 November; interest from the 8th: 2,000.00 for 3 days, 500.00 for 3.
    assert (view.paid, view.outstanding, view.interest) == (250000, 50000, 164)
    entries = [(str(one.on), one.amount) for one in worlds[0].explain("INV-0012").entries]
    assert entries == [("2026-10-22", 100000), ("2026-11-10", 150000)]


def test_a_paid_invoice_that_disappears_from_the_ageing_report_is_unknown_until_a_person_confirms(
    make: Callable[..., World],
) -> None:
    world = make(toml=settings(sources=AGEING))
    world.on("2026-10-21").ageing(invoice("INV-0012", "3000.00")).begin()
    world.on("2026-11-05").ageing(OTHER).run()
    view = world.view("INV-0012")
    assert (view.state, view.next_step, view.interest) == (State.UNKNOWN, None, 0)
    assert world.reasons("design") == ["invoice-unknown"]
    assert "invoice-unknown" in world.needs()
    [mail] = world.to_owner()
    assert "payflow confirm INV-0012 --paid, --open or --void" in mail.flat
    world.every_day("2026-11-06", "2026-11-09")
    assert world.to_clients() == []
    assert len(world.to_owner()) == 1
    world.ruling("confirm", "INV-0012", outcome="paid", on=None)
    assert world.view("INV-0012").state is State.PAID
    assert world.verdict("design").open
    # The books know better: it is listed again, and is owed.
    world.on("2026-11-12").ageing(invoice("INV-0012", "3000.00"), OTHER).run()
    assert world.view("INV-0012").state is State.OVERDUE
    assert world.reasons("design") == ["milestone-unpaid"]


def test_a_late_fee_invoice_that_comes_back_with_our_reference_is_that_charge_and_no_new_debt(world: World) -> None:
    debts = [invoice("INV-0012", "3000.00")]
    for day in ("2026-10-20", "2026-11-05", "2026-11-11"):
        world.on(day).books(*debts)
        if day == "2026-10-20":
            world.begin()
        world.run()
    [charge] = world.charges()
    fee = {"issued": "2026-11-12", "due": "2026-11-13", "reference": f"Late fee {charge['ref']}"}
    for day in ("2026-11-12", "2026-11-16", "2026-11-30", "2026-12-04"):
        world.on(day).books(*debts, invoice("INV-0050", "25.00", **fee)).run()
    view = world.view("INV-0050")
    assert (view.role, view.next_step, view.fees, view.interest) == (Role.CHARGE, None, 0, 0)
    assert world.steps("INV-0050") == []
    assert len(world.charges()) == 1
    [total] = world.decision().totals
    assert (total.outstanding, total.fees) == (300000, 2500)
    # It is paid in the books: the charge is settled.
    world.on("2026-12-07").books(*debts, paid("INV-0050", "25.00", **fee)).run()
    [explained] = world.explain("INV-0012").charges
    assert explained.state is ChargeState.SETTLED
    assert world.view("INV-0012").fees_owed == 0
    assert world.journal("charge-reversed") == []


def test_a_late_fee_invoice_without_our_reference_is_held_until_it_is_linked(world: World) -> None:
    debts = [invoice("INV-0012", "3000.00")]
    for day in ("2026-10-20", "2026-11-05", "2026-11-11"):
        world.on(day).books(*debts)
        if day == "2026-10-20":
            world.begin()
        world.run()
    fee = invoice("INV-0050", "25.00", issued="2026-11-12", due="2026-11-13")
    for day in ("2026-11-12", "2026-11-16", "2026-11-30"):
        world.on(day).books(*debts, fee).run()
    assert Flag.AMBIGUOUS in world.view("INV-0050").flags
    assert "invoice-ambiguous" in world.needs()
    assert world.steps("INV-0050") == []
    [charge] = world.charges()
    assert world.ruling("link", "INV-0050", same_as=None, charge=charge["ref"], own=False)
    view = world.view("INV-0050")
    assert (view.role, Flag.AMBIGUOUS in view.flags) == (Role.CHARGE, False)
    world.on("2026-12-01").books(*debts, paid("INV-0050", "25.00", issued="2026-11-12", due="2026-11-13")).run()
    assert world.explain("INV-0012").charges[0].state is ChargeState.SETTLED


def test_a_number_that_only_looks_like_a_reference_of_ours_is_an_invoice_like_any_other(world: World) -> None:
    """20 October: the studio numbers its own invoices PF-2026...; no charge of that name was ever claimed."""
    debt = invoice("PF-20260001", "3000.00", reference="acme-website/deposit")
    world.on("2026-10-20").books(debt).begin()
    world.on("2026-11-05").books(debt).run()
    assert world.view("PF-20260001").role is Role.PRINCIPAL
    assert world.steps("PF-20260001") == [("reminder", "2026-11-05")]


def test_a_reference_that_this_journal_does_not_know_is_held_until_a_person_says_what_it_is(world: World) -> None:
    """20 October: an invoice bears the reference of a charge that a lost store claimed."""
    late = invoice("INV-0050", "25.00", reference="acme-website/deposit, late fee PF-0000AAAA")
    world.on("2026-10-20").books(late).begin()
    world.on("2026-11-05").books(late).run()
    assert Flag.AMBIGUOUS in world.view("INV-0050").flags
    assert world.steps("INV-0050") == []
    world.ruling("link", "INV-0050", same_as=None, charge=None, own=True)
    world.on("2026-11-06").books(late).run()
    assert world.steps("INV-0050") == [("reminder", "2026-11-06")]


def test_one_debt_in_two_sources_is_held_until_it_is_linked(make: Callable[..., World]) -> None:
    world = make(toml=settings(sources=BOOKS + AGEING))
    both = invoice("INV-0012", "3000.00")
    world.on("2026-11-05").books(both).ageing(both).begin()
    world.run()
    assert world.to_clients() == []
    assert {one.source for one in world.decision().invoices if Flag.AMBIGUOUS in one.flags} == {"books", "ageing"}
    assert set(world.reasons("design")) == {"invoice-ambiguous"}
    world.ruling("link", "ageing:INV-0012", same_as="books:INV-0012", charge=None, own=False)
    world.on("2026-11-06").books(both).ageing(both).run()
    assert [mail.subject for mail in world.to_clients()] == ["Invoice INV-0012: 3,000.00 GBP is 2 days overdue"]
    assert world.reasons("design") == ["milestone-unpaid"]
    [total] = world.decision().totals
    assert total.outstanding == 300000


def test_two_debts_that_look_alike_are_two_once_a_person_says_so(make: Callable[..., World]) -> None:
    world = make(toml=settings(sources=BOOKS + AGEING))
    world.on("2026-11-05").books(invoice("INV-0012", "3000.00"))
    world.ageing(invoice("A-77", "3000.00")).begin()
    assert world.run().sent == () or world.to_clients() == []
    world.ruling("link", "A-77", same_as=None, charge=None, own=True)
    world.ruling("link", "INV-0012", same_as=None, charge=None, own=True)
    world.run("2026-11-05 11:00")
    assert len(world.to_clients()) == 1
    assert "invoice-ambiguous" not in world.needs()


def test_moving_from_a_csv_to_an_api_keeps_identities_and_sends_nothing_again(
    make: Callable[..., World], ledger: Ledger
) -> None:
    world = make()
    world.on("2026-11-05").books(invoice("INV-0012", "3000.00")).begin()
    world.run()
    identity = world.view("INV-0012").id
    # 6 November: the source `books` is read through the API from now on, with keys of its own.
    world.settings(settings(sources=LEDGER)).on("2026-11-06")
    ledger.says(world.now, [debt("in_8Kf2", 300000, number="INV-0012")])
    world.run()
    [view] = world.decision().invoices
    assert (view.id, view.key) == (identity, "in_8Kf2")
    assert len(world.to_clients()) == 1
    ledger.says(world.on("2026-11-11").now, [debt("in_8Kf2", 300000, number="INV-0012")])
    world.run()
    assert [step for step, _ in world.steps("INV-0012")] == ["reminder", "late-fee"]
    money = [move("py_1", "in_8Kf2", 300000, "2026-11-02")]
    ledger.says(world.on("2026-11-12").now, [debt("in_8Kf2", 300000, number="INV-0012")], money)
    world.run()
    view = world.view("INV-0012")
    assert (view.paid, view.outstanding, view.fees) == (300000, 0, 0)


def test_books_that_are_not_exported_any_more_fall_silent(world: World) -> None:
    world.on("2026-10-28").books(invoice("INV-0012", "3000.00")).begin()
    # Nobody exports anything again. Eight days later nothing is acted upon.
    world.every_day("2026-11-05", "2026-11-20")
    assert world.to_clients() == []
    assert Flag.STALE in world.view("INV-0012").flags
    assert "source-stale" in world.needs()
    assert world.reasons("design") == ["invoice-stale"]
    assert len([mail for mail in world.to_owner() if "last read" in mail.flat]) == 1
    world.on("2026-11-23").books(invoice("INV-0012", "3000.00")).run()
    assert world.steps("INV-0012") == [("reminder", "2026-11-23")]


def test_a_source_that_fails_deletes_nothing_and_is_told_of(make: Callable[..., World], ledger: Ledger) -> None:
    world = make(toml=settings(sources=LEDGER)).on("2026-11-05")
    ledger.says(world.now, [debt("in_1", 300000, number="INV-0012")])
    world.begin()
    ledger.down = True
    report = world.run("2026-11-05 10:00")
    assert [one.failed for one in report.synced] == [True]
    assert world.view("INV-0012").outstanding == 300000
    assert "source-failed" in world.needs()
    # Nobody is written to about what could not be read; the next reading that comes through goes on.
    assert world.steps("INV-0012") == []
    ledger.down = False
    ledger.says(world.on("2026-11-05 11:00").now, [debt("in_1", 300000, number="INV-0012")])
    world.run()
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]


@pytest.mark.parametrize("lines", [1, 3])
def test_an_invoice_of_several_lines_is_one_debt(world: World, lines: int) -> None:
    world.on("2026-11-05").books(*[invoice("INV-0012", "3000.00")] * lines).begin()
    assert world.view("INV-0012").outstanding == 300000


def test_of_two_ageing_reports_of_one_day_the_later_one_counts(make: Callable[..., World]) -> None:
    world = make(toml=settings(sources=AGEING))
    world.on("2026-11-05 09:00").ageing(invoice("INV-0012", "3000.00"), OTHER, name="morning.csv").sync()
    # In the afternoon INV-0012 is not listed any more; the morning's report, read again the day after, changes nothing.
    world.on("2026-11-05 16:00").ageing(OTHER, name="afternoon.csv").sync()
    assert world.view("INV-0012").state is State.UNKNOWN
    readings = len(world.store.query("SELECT id FROM reading"))
    world.on("2026-11-06 09:00").sync()
    assert world.view("INV-0012").state is State.UNKNOWN
    assert len(world.store.query("SELECT id FROM reading")) == readings
