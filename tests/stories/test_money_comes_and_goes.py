"""Payments, refunds, credits and shortfalls: the figures and the gate follow the facts at once, and a fee only ever goes down."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from payflow import nightly
from payflow.model.facts import State
from payflow.model.invoice_view import Flag
from stories.ledger import LEDGER, Ledger, debt, move
from stories.papers import contract, invoice, paid, settings
from stories.world import World


@pytest.fixture
def live(make: Callable[..., World], ledger: Ledger) -> World:
    """20 October: INV-0012 over 3,000.00 is issued, due on 4 November, in books that tell every payment with its day."""
    world = make(toml=settings(sources=LEDGER)).on("2026-10-20")
    ledger.says(world.now, [debt("in_1", 300000, number="INV-0012")])
    return world.begin()


def _fee_claimed(world: World, ledger: Ledger) -> None:
    for day in ("2026-11-05", "2026-11-11"):
        ledger.says(world.on(day).now, [debt("in_1", 300000, number="INV-0012")])
        world.run()


def test_a_payment_dated_before_the_fee_that_arrives_after_it_takes_the_fee_back_with_a_word(
    live: World, ledger: Ledger
) -> None:
    _fee_claimed(live, ledger)
    assert live.view("INV-0012").fees == 2500
    # 12 November: the bank tells of money that was sent on 4 November.
    live.on("2026-11-12")
    ledger.says(live.now, [debt("in_1", 300000, number="INV-0012")], [move("py_1", "in_1", 300000, "2026-11-04")])
    report = live.run()
    [charge] = live.charges()
    assert report.reversed == (charge["ref"],)
    view = live.view("INV-0012")
    assert (view.state, view.fees, view.interest, view.outstanding) == (State.PAID, 0, 0, 0)
    mail = live.to_clients()[-1]
    assert mail.subject == "Correction for invoice INV-0012: a charge is taken back"
    assert f"We take back 25.00 GBP of the charge {charge['ref']} on this invoice" in mail.flat
    assert "INV-0012 was paid by 4 November 2026, before the fee of 11 November 2026" in mail.flat
    # Once in the journal, once by mail, and never again.
    live.every_hour("2026-11-12 10:00", "2026-11-12 14:00")
    ledger.says(
        live.on("2026-11-13").now,
        [debt("in_1", 300000, number="INV-0012")],
        [move("py_1", "in_1", 300000, "2026-11-04")],
    )
    live.run()
    assert len(live.journal("charge-reversed")) == 1
    assert len(live.to_clients()) == 3
    assert live.verdict("design").open


def test_money_sent_on_the_day_of_the_fee_was_late_and_the_fee_stands(live: World, ledger: Ledger) -> None:
    _fee_claimed(live, ledger)
    live.on("2026-11-13")
    ledger.says(live.now, [debt("in_1", 300000, number="INV-0012")], [move("py_1", "in_1", 300000, "2026-11-11")])
    assert live.run().reversed == ()
    view = live.view("INV-0012")
    # Four days of interest, 8 to 11 November: 3,000.00 x 8 % x 4 / 365.
    assert (view.state, view.fees, view.interest) == (State.PAID, 2500, 263)


def test_a_payment_whose_day_no_export_tells_is_dated_in_the_clients_favour(world: World) -> None:
    world.on("2026-10-20").books(invoice("INV-0012", "3000.00")).begin()
    world.on("2026-11-05").books(invoice("INV-0012", "3000.00")).run()
    # The fee is claimed on the 11th, from books that were exported on the 5th.
    world.run("2026-11-11")
    assert world.view("INV-0012").fees == 2500
    # The next export shows it paid: on the 6th, for all that is known.
    world.on("2026-11-12").books(paid("INV-0012", "3000.00")).run()
    view = world.view("INV-0012")
    assert (view.state, view.fees, Flag.INFERRED in view.flags) == (State.PAID, 0, True)
    assert [(entry.on.isoformat(), entry.inferred) for entry in world.explain("INV-0012").entries] == [
        ("2026-11-06", True)
    ]
    assert "taken back" in world.to_clients()[-1].subject


def test_a_reversed_fee_does_not_revive_by_itself(live: World, ledger: Ledger) -> None:
    _fee_claimed(live, ledger)
    live.on("2026-11-12")
    ledger.says(live.now, [debt("in_1", 300000, number="INV-0012")], [move("py_1", "in_1", 300000, "2026-11-04")])
    live.run()
    # The payment turns out never to have come.
    for day in ("2026-11-13", "2026-11-16", "2026-11-20"):
        live.on(day)
        ledger.says(live.now, [debt("in_1", 300000, number="INV-0012")], [])
        live.run()
    view = live.view("INV-0012")
    assert (view.state, view.fees) == (State.OVERDUE, 0)
    assert len(live.charges()) == 1


def test_a_refund_after_phase_two_started_blocks_it_again_and_the_owner_is_told(live: World, ledger: Ledger) -> None:
    money = [move("py_1", "in_1", 300000, "2026-10-28")]
    ledger.says(live.on("2026-10-29").now, [debt("in_1", 300000, number="INV-0012")], money)
    live.run()
    assert live.ruling("start_phase", "acme-website", "design").open
    assert [mail.subject for mail in live.to_owner()] == ["acme-website/design is now open"]
    live.on("2026-11-10")
    money.append(move("re_1", "in_1", -300000, "2026-11-09", kind="refund"))
    ledger.says(live.now, [debt("in_1", 300000, number="INV-0012")], money)
    live.run()
    verdict = live.verdict("design")
    assert not verdict.open
    assert verdict.started is not None
    assert live.reasons("design") == ["milestone-refunded"]
    mail = live.to_owner()[-1]
    assert "acme-website/design: open -> blocked" in mail.flat
    assert "INV-0012 was paid back" in mail.flat
    # Money that we paid back is not chased by itself.
    assert live.to_clients() == []
    assert live.view("INV-0012").next_step is None
    live.every_hour("2026-11-10 10:00", "2026-11-10 15:00")
    assert len(live.to_owner()) == 2
    assert not live.ruling("start_phase", "acme-website", "build").open


def test_a_payment_on_its_way_pauses_notices_and_opens_nothing(live: World, ledger: Ledger) -> None:
    on_its_way = [move("py_1", "in_1", 300000, "2026-11-04", settlement="pending")]
    for day in ("2026-11-05", "2026-11-06", "2026-11-09"):
        ledger.says(live.on(day).now, [debt("in_1", 300000, number="INV-0012")], on_its_way)
        live.run()
    assert live.to_clients() == []
    assert live.reasons("design") == ["milestone-pending"]
    assert live.view("INV-0012").pending == 300000
    # It settles, and counts from the day it was sent: no interest.
    settled = [move("py_1", "in_1", 300000, "2026-11-04")]
    ledger.says(live.on("2026-11-12").now, [debt("in_1", 300000, number="INV-0012")], settled)
    live.run()
    assert live.verdict("design").open
    assert live.view("INV-0012").interest == 0
    assert live.to_clients() == []


def test_a_payment_that_failed_lets_the_ladder_go_on(live: World, ledger: Ledger) -> None:
    for day, settlement in (("2026-11-05", "pending"), ("2026-11-06", "failed")):
        money = [move("py_1", "in_1", 300000, "2026-11-04", settlement=settlement)]
        ledger.says(live.on(day).now, [debt("in_1", 300000, number="INV-0012")], money)
        live.run()
    assert live.steps("INV-0012") == [("reminder", "2026-11-06")]
    assert live.view("INV-0012").outstanding == 300000


def test_a_persons_word_that_an_invoice_was_paid_counts_whatever_payment_failed_on_it(
    live: World, ledger: Ledger
) -> None:
    failed = [move("py_1", "in_1", 300000, "2026-11-04", settlement="failed")]
    ledger.says(live.on("2026-11-05").now, [debt("in_1", 300000, number="INV-0012")], failed)
    live.sync()
    ledger.says(live.on("2026-11-06").now, [])
    live.sync()
    assert live.view("INV-0012").state is State.UNKNOWN
    live.ruling("confirm", "INV-0012", outcome="paid", on=None)
    assert live.view("INV-0012").state is State.PAID
    assert live.verdict("design").open


def test_disputed_money_shuts_the_gate_and_is_not_chased(live: World, ledger: Ledger) -> None:
    money = [move("py_1", "in_1", 300000, "2026-11-02")]
    ledger.says(live.on("2026-11-03").now, [debt("in_1", 300000, number="INV-0012")], money)
    live.run()
    assert live.verdict("design").open
    money.append(move("dp_1", "in_1", -300000, "2026-11-16", kind="dispute", settlement="disputed"))
    ledger.says(live.on("2026-11-17").now, [debt("in_1", 300000, number="INV-0012")], money)
    live.run()
    assert live.view("INV-0012").state is State.DISPUTED
    assert live.reasons("design") == ["milestone-disputed"]
    assert "invoice-disputed" in live.needs()
    assert live.to_clients() == []
    assert "disputes a payment" in live.to_owner()[-1].flat
    # The dispute is settled in our favour: the money is back, and the gate open.
    money.append(move("dp_2", "in_1", 300000, "2026-11-18", kind="dispute"))
    money[1] = move("dp_1", "in_1", -300000, "2026-11-16", kind="dispute")
    ledger.says(live.on("2026-11-19").now, [debt("in_1", 300000, number="INV-0012")], money)
    assert live.verdict("design").open is False
    live.run()
    assert live.verdict("design").open


def test_open_credit_that_covers_an_invoice_stops_its_notices_and_opens_nothing(world: World) -> None:
    credit = invoice("CN-0001", "3200.00", kind="Sales credit note", status="Awaiting Payment", due="")
    world.on("2026-10-21").books(invoice("INV-0012", "3000.00"), credit).begin()
    for day in ("2026-11-02", "2026-11-05", "2026-11-12"):
        world.on(day).books(invoice("INV-0012", "3000.00"), credit).run()
    assert world.to_clients() == []
    assert Flag.COVERED in world.view("INV-0012").flags
    assert world.reasons("design") == ["milestone-unpaid"]
    # The credit is used up elsewhere: the ladder goes on.
    world.on("2026-11-13").books(invoice("INV-0012", "3000.00")).run()
    assert world.steps("INV-0012") == [("reminder", "2026-11-13")]


def test_an_invoice_credited_and_reissued_keeps_the_gate_shut_until_the_new_one_is_paid(world: World) -> None:
    world.on("2026-10-20").books(invoice("INV-0012", "3000.00")).begin()
    credited = invoice("INV-0012", "3000.00", owed="0.00", status="Paid")
    world.on("2026-10-26").books(invoice("INV-0013", "100.00", client="Other"), credited).run()
    assert world.view("INV-0012").state is State.CREDITED
    assert world.reasons("design") == ["milestone-credited"]
    anew = {"issued": "2026-10-26", "due": "2026-11-10", "reference": "acme-website/deposit"}
    world.on("2026-10-27").books(credited, invoice("INV-0020", "3000.00", **anew)).run()
    assert world.reasons("design") == ["milestone-unpaid"]
    assert world.verdict("design").reasons[0].invoice == "INV-0020"
    world.on("2026-10-30").books(credited, paid("INV-0020", "3000.00", **anew)).run()
    assert world.verdict("design").open
    assert world.to_clients() == []


def test_a_partial_credit_lowers_the_price(world: World) -> None:
    world.on("2026-10-20").books(invoice("INV-0012", "3000.00")).begin()
    # A credit note of 500.00 was set against it, and 2,500.00 was paid.
    world.on("2026-10-28").books(invoice("INV-0012", "3000.00", paid="2500.00", owed="0.00", status="Paid")).run()
    view = world.view("INV-0012")
    assert (view.state, view.credited, view.paid, view.outstanding) == (State.PAID, 50000, 250000, 0)
    assert world.verdict("design").open


def test_two_invoices_make_one_milestone_and_one_is_paid(make: Callable[..., World]) -> None:
    world = make(acme=contract(milestones={"deposit": ("3000.00", ["INV-1", "INV-2"])}))
    world.on("2026-10-21").books(invoice("INV-1", "1000.00")).begin()
    assert world.reasons("work") == ["milestone-unpaid", "milestone-under-billed"]
    world.on("2026-10-22").books(paid("INV-1", "1000.00"), invoice("INV-2", "2000.00")).sync()
    [reason] = world.verdict("work").reasons
    assert (reason.code, reason.invoice) == ("milestone-unpaid", "INV-2")
    [milestone] = world.decision().projects[0].milestones
    assert (milestone.billed, milestone.paid, milestone.is_paid) == (300000, 100000, False)
    world.on("2026-10-23").books(paid("INV-1", "1000.00"), paid("INV-2", "2000.00")).sync()
    assert world.verdict("work").open


def test_a_milestone_of_3000_with_an_invoice_of_3600_with_vat_asks_for_all_of_it(world: World) -> None:
    world.on("2026-10-21").books(invoice("INV-0012", "3600.00", paid="3000.00")).begin()
    [reason] = world.verdict("design").reasons
    assert reason.code == "milestone-part-paid"
    assert reason.text == "deposit: 600.00 GBP of 3,600.00 GBP is missing on INV-0012"
    world.on("2026-10-22").books(paid("INV-0012", "3600.00")).sync()
    assert world.verdict("design").open


def test_a_shortfall_within_the_tolerance_neither_blocks_nor_is_chased(make: Callable[..., World]) -> None:
    world = make(toml=settings(policy='tolerance = "15.00"'))
    world.on("2026-10-21").books(invoice("INV-0012", "3000.00", paid="2985.00")).begin()
    for day in ("2026-11-05", "2026-11-12"):
        world.on(day).books(invoice("INV-0012", "3000.00", paid="2985.00")).run()
    view = world.view("INV-0012")
    assert (view.state, view.interest) == (State.PAID, 0)
    assert world.verdict("design").open
    assert world.to_clients() == []
    world.on("2026-11-13").books(invoice("INV-0012", "3000.00", paid="2984.99")).run()
    assert not world.verdict("design").open


@pytest.mark.parametrize("moment", ["proposed", "prepared"])
def test_money_that_arrives_between_the_decision_and_the_claim_drops_the_notice(world: World, moment: str) -> None:
    world.on("2026-11-05 10:00").books(invoice("INV-0012", "3000.00")).begin()
    seen: list[str] = []

    def pause(place: str) -> None:
        seen.append(place)
        if place == moment and seen.count(place) == 1:
            world.books(paid("INV-0012", "3000.00"), at="2026-11-05 09:59").sync()

    report = nightly.run(world.store, world.workspace, now=world.now, pause=pause)
    assert (report.waiting, len(report.dropped)) == ((), 1)
    assert world.to_clients() == []
    assert not list((world.root / "outbox" / "tmp").iterdir())
    [decided, dropped] = world.journal("decision")
    assert dropped.body["dropped"][0]["key"] == decided.body["messages"][0]["key"]
    assert "due any more" in dropped.body["dropped"][0]["why"]


def test_a_notice_that_waits_for_its_hour_is_dropped_when_the_money_comes_first(world: World) -> None:
    world.on("2026-10-30").books(invoice("INV-0012", "3000.00", issued="2026-10-23", due="2026-11-07")).begin()
    late = {"issued": "2026-10-23", "due": "2026-11-07"}
    waits = world.on("2026-11-08 20:00").books(invoice("INV-0012", "3000.00", **late)).run()
    assert len(waits.waiting) == 1
    world.on("2026-11-09 08:00").books(paid("INV-0012", "3000.00", issued="2026-10-23", due="2026-11-07"))
    report = world.run("2026-11-09 09:00")
    assert report.dropped == waits.waiting
    assert world.to_clients() == []
    assert world.notices() == []
