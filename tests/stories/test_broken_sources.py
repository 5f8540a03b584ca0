"""A source that fails leaves its invoices untouched and unchased, the gate as the facts have it, and the other sources alone."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from payflow.cli import main
from payflow.report import operations_json
from stories.ledger import ACME_CLIENT, LEDGER, Ledger, batch, debt, move
from stories.papers import ANY_HOUR, contract, invoice, settings
from stories.world import World

BOTH = (
    LEDGER
    + """
[[source]]
name = "files"
connector = "xero"
files = "exports/*.csv"
"""
)
ACME = contract(milestones={"deposit": ("3000.00", ["INV-0012"]), "design": ("4000.00", ["INV-0013"])})
BROOK = contract("brook-app", "Brook Ltd", milestones={"start": ("80.00", ["INV-0500"])}, email="ap@brook.example")

DEPOSIT = debt("in_1", 300000, number="INV-0012")
DESIGN = debt("in_2", 400000, number="INV-0013")
PAID = debt("in_1", 300000, number="INV-0012", status="paid")
PAYMENT = move("py_1", "in_1", 300000, "2026-11-03")
FILE = invoice("INV-0500", "80.00", client="Brook Ltd")


@pytest.fixture
def world(make: Callable[..., World], ledger: Ledger) -> World:
    """4 November: the deposit is paid, the design is open; the client of the other source owes too."""
    made = make(toml=settings(sources=BOTH, mail=ANY_HOUR), acme=ACME, brook=BROOK).on("2026-11-04")
    ledger.says(made.now, [PAID, DESIGN], [PAYMENT])
    return made.books(FILE).begin()


def _down(ledger: Ledger) -> None:
    ledger.down = True


def _half(ledger: Ledger) -> None:
    """The first page says that the deposit is open again; the second never comes."""
    ledger.says(ledger.batches["books"][0].reading.as_of, [DEPOSIT])
    ledger.down = True


def _late(ledger: Ledger) -> None:
    ledger.says(ledger.batches["books"][0].reading.as_of, [DEPOSIT])
    ledger.fault = TimeoutError("the read timed out; token sk_live_1234")


def _nonsense(ledger: Ledger) -> None:
    ledger.fault = KeyError("amount")


@pytest.mark.parametrize("fault", [_down, _half, _late, _nonsense])
def test_its_invoices_stay_as_they_were_and_are_not_chased_while_the_other_source_goes_on(
    world: World, ledger: Ledger, fault: Callable[[Ledger], None]
) -> None:
    before = [view for view in world.decision().invoices if view.source == "books"]
    fault(ledger)
    report = world.on("2026-11-05").books(FILE).run()
    after = [view for view in world.decision("2026-11-04").invoices if view.source == "books"]
    assert [(one.number, one.outstanding, one.state) for one in before] == [
        (one.number, one.outstanding, one.state) for one in after
    ]
    assert [mail.to for mail in world.to_clients()] == ["Brook Ltd <ap@brook.example>"]
    [failed] = [one for one in report.synced if one.failed]
    assert failed.source == "books"
    assert "sk_live" not in failed.error
    assert operations_json.run_left_out(report)
    assert "source-failed" in world.needs()
    assert world.view("INV-0013").next_why == "books could not be read at the last try"
    assert world.verify() == []


def test_the_gate_stays_as_the_facts_have_it(world: World, ledger: Ledger) -> None:
    assert world.verdict("work").open is False
    assert world.reasons("work") == ["milestone-unpaid"]
    ledger.down = True
    world.run("2026-11-05")
    assert world.reasons("work") == ["milestone-unpaid"]
    # paid before it failed is still paid
    ledger.down = False
    world.on("2026-11-05 12:00")
    design = debt("in_2", 400000, number="INV-0013", status="paid")
    ledger.says(world.now, [PAID, design], [PAYMENT, move("py_2", "in_2", 400000, "2026-11-05")])
    world.run()
    assert world.verdict("work").open
    ledger.down = True
    world.run("2026-11-06")
    assert world.verdict("work").open


def test_when_it_answers_again_the_ladder_goes_on_with_one_letter(world: World, ledger: Ledger) -> None:
    ledger.down = True
    for day in ("2026-11-05", "2026-11-06", "2026-11-09"):
        world.books(FILE).run(day)
    assert all("acme" not in mail.to for mail in world.to_clients())
    ledger.down = False
    world.on("2026-11-10")
    ledger.says(world.now, [PAID, DESIGN], [PAYMENT])
    world.books(FILE).run()
    assert [mail.to for mail in world.to_clients()].count("Acme Ltd <accounts@acme.example>") == 1


def test_a_message_that_waited_when_its_source_failed_goes_on_waiting(
    make: Callable[..., World], ledger: Ledger
) -> None:
    world = make(toml=settings(sources=LEDGER)).on("2026-11-05 06:00")
    ledger.says(world.now, [DEPOSIT])
    [key] = world.begin().run().waiting
    ledger.down = True
    report = world.run("2026-11-05 10:00")
    assert (report.waiting, report.dropped) == ((key,), ())
    assert world.to_clients() == []
    ledger.down = False
    world.on("2026-11-05 11:00")
    ledger.says(world.now, [DEPOSIT])
    assert key in world.run().sent


def test_a_reading_in_two_pages_of_which_one_came_is_no_reading(world: World, ledger: Ledger) -> None:
    world.on("2026-11-05")
    first = batch(world.now, [PAID], [PAYMENT], clients=[ACME_CLIENT])
    ledger.batches["books"] = [first]
    ledger.down = True
    world.run()
    # the invoice that stood on the page that never came is not missing
    assert world.view("INV-0013").state.word != "unknown"
    assert world.needs().count("invoice-unknown") == 0


@pytest.mark.parametrize(("files", "code"), [(True, 4), (False, 1)])
def test_sync_says_whether_anything_could_be_read(
    world: World, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, files: bool, code: int
) -> None:
    ledger.down = True
    names = [] if files else ["books"]
    monkeypatch.setenv("PAYFLOW_NOW", "2026-11-05T10:00")
    world.close()
    told = CliRunner().invoke(main, ["-C", str(world.root), "sync", *names, "--json"])
    assert told.exit_code == code, told.output
    failed = [source["source"] for source in json.loads(told.stdout)["sources"] if source["error"]]
    assert failed == ["books"]
