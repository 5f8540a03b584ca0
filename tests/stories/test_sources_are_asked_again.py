"""Before a notice goes out, an invoice that was read a while ago is read again where its source can be asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from payflow import nightly
from payflow.connector import ConnectorError, Problem, Scope
from payflow.nightly import night
from payflow.report import operations_json
from stories.ledger import LEDGER, Ledger, debt, move
from stories.papers import ANY_HOUR, contract, settings
from stories.world import World

OPEN = debt("in_1", 300000, number="INV-0012")
OTHER = debt("in_2", 400000, number="INV-0013")
PAID = debt("in_1", 300000, number="INV-0012", status="paid")
PAYMENT = move("py_1", "in_1", 300000, "2026-11-05")
DOWN = ConnectorError(Problem("ledger", "the service does not answer", "Try again later."))


@pytest.fixture
def world(make: Callable[..., World], ledger: Ledger) -> World:
    """5 November: reminders are due about two invoices, which the source listed on the 4th; since then it tells changes only."""
    ledger.askable = True
    made = make(toml=settings(sources=LEDGER, mail=ANY_HOUR)).on("2026-11-04 09:30")
    ledger.says(made.now, [OPEN, OTHER])
    made.begin()
    made.on("2026-11-05 09:30")
    ledger.says(made.now, [], scope=Scope.CHANGED)
    ledger.now_says = ([OPEN, OTHER], [])
    return made


def test_all_invoices_of_a_source_are_asked_about_in_one_call_and_the_notice_goes_out(
    world: World, ledger: Ledger
) -> None:
    report = world.run()
    assert ledger.asked == [("books", ["in_1", "in_2"])]
    assert len(world.to_clients()) == 1
    assert not operations_json.run_left_out(report)


def test_what_was_paid_meanwhile_is_not_asked_for(world: World, ledger: Ledger) -> None:
    ledger.now_says = ([PAID, OTHER], [PAYMENT])
    world.run()
    [mail] = world.to_clients()
    assert "INV-0013" in mail.text
    assert "INV-0012" not in mail.text
    assert world.view("INV-0012").state.word == "paid"


def test_a_message_that_waited_is_dropped_when_the_money_came_and_the_journal_says_why(
    make: Callable[..., World], ledger: Ledger
) -> None:
    ledger.askable = True
    made = make(toml=settings(sources=LEDGER)).on("2026-11-04 09:30")
    ledger.says(made.now, [OPEN])
    made.begin()
    made.on("2026-11-05 06:00")
    ledger.says(made.now, [OPEN])
    [key] = made.run().waiting
    assert ledger.asked == []  # it is not its hour, so nobody is asked
    made.on("2026-11-05 09:30")
    ledger.says(made.now, [], scope=Scope.CHANGED)
    ledger.now_says = ([PAID], [PAYMENT])
    assert made.run().dropped == (key,)
    assert made.to_clients() == []
    [dropped] = made.journal("decision")[-1].body["dropped"]
    assert dropped["why"] == "nothing of it is due any more: INV-0012 is paid"


def test_what_was_read_within_a_quarter_of_an_hour_is_not_asked_about(world: World, ledger: Ledger) -> None:
    ledger.says(world.now - timedelta(minutes=14), [OPEN, OTHER])
    world.run()
    assert ledger.asked == []
    assert len(world.to_clients()) == 1


def test_a_source_that_fails_then_is_shown_and_nothing_of_it_goes_out(world: World, ledger: Ledger) -> None:
    ledger.silent = DOWN
    report = world.run()
    assert world.to_clients() == []
    assert [one.error for one in report.synced if one.failed] == [str(DOWN)]
    assert operations_json.run_left_out(report)
    assert "source-failed" in world.needs()
    assert len(ledger.asked) == 1
    # an hour later it answers again
    ledger.silent = None
    world.on("2026-11-05 10:30")
    ledger.says(world.now, [], scope=Scope.CHANGED)
    world.run()
    assert len(world.to_clients()) == 1
    assert "source-failed" not in world.needs()


def test_an_invoice_of_which_the_source_says_nothing_waits_and_the_others_go_out(world: World, ledger: Ledger) -> None:
    ledger.now_says = ([OTHER], [])
    report = world.run()
    [mail] = world.to_clients()
    assert "INV-0012" not in mail.text
    [failed] = [one for one in report.synced if one.failed]
    assert failed.error == "it was asked about INV-0012 and said nothing of it; no notice about it goes out"
    assert operations_json.run_left_out(report)


def test_a_source_that_cannot_be_asked_is_not(world: World, ledger: Ledger) -> None:
    ledger.askable = False
    world.run()
    assert ledger.asked == []
    assert len(world.to_clients()) == 1


def test_a_run_that_takes_long_asks_again_on_its_way(
    make: Callable[..., World], ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.askable = True
    brook = contract("brook-app", "Brook Ltd", milestones={"start": ("80.00", ["INV-0500"])}, email="ap@brook.example")
    acme = contract(milestones={"deposit": ("3000.00", ["INV-0012"])})
    made = make(toml=settings(sources=LEDGER, mail=ANY_HOUR), acme=acme, brook=brook).on("2026-11-05 09:30")
    clients = [
        {"key": key, "name": name, "email": "", "language": "", "country": ""}
        for key, name in (("c1", "Acme Ltd"), ("c2", "Brook Ltd"))
    ]
    second = debt("in_9", 8000, number="INV-0500", client="c2")
    ledger.says(made.now, [OPEN, second], clients=clients)
    made.begin()
    settled = debt("in_9", 8000, number="INV-0500", client="c2", status="paid")
    ledger.now_says = ([OPEN, settled], [move("py_9", "in_9", 8000, "2026-11-05", client="c2")])
    passed = [0.0]
    monkeypatch.setattr(night, "monotonic", lambda: passed[0])

    def slowly(place: str) -> None:
        if place == "recorded":
            passed[0] += 20 * 60

    nightly.run(made.store, made.workspace, now=made.now, pause=slowly)
    assert ledger.asked == [("books", ["in_9"])]
    assert [mail.to for mail in made.to_clients()] == ["Acme Ltd <accounts@acme.example>"]
