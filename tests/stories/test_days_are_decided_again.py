"""`payflow log replay`: what was decided on a day, decided again from what is known now, and why it differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import payflow
from payflow.decide import ground
from payflow.decide.replay import Replayed, replay
from payflow.decide.stood_on import rates_folder
from payflow.model.agreement import Workspace
from payflow.policy.rate_digest import rates_digest
from payflow.report.ansi import Style
from payflow.report.replay import replay_json, replay_text
from stories.ledger import LEDGER, Ledger, debt, move
from stories.papers import BOOKS, STATEMENTS, invoice, line, paid, settings
from stories.world import World

OPEN = invoice("INV-0012", "3000.00")


@pytest.fixture
def world(tmp_path: Path, store_url: str) -> Iterator[World]:
    """5 November: the reminder about INV-0012. 11 November: the letter with its fee."""
    made = World(tmp_path, store_url=store_url).on("2026-10-20").books(OPEN).begin()
    made.on("2026-11-05").books(OPEN).run()
    made.on("2026-11-11").books(OPEN).run()
    yield made
    made.close()


def again(world: World, day: str) -> list[Replayed]:
    found = ground(world.store, world.workspace, world.now.date(), world.now)
    return replay(world.store, world.workspace, found, date.fromisoformat(day))


def text(world: World, day: str) -> str:
    return replay_text(date.fromisoformat(day), again(world, day), Style(signs=False))


def test_a_decision_holds_the_facts_agreement_rates_and_program_it_stood_on(world: World) -> None:
    body = world.journal("decision")[-1].body
    assert body["digest"] == world.journal("agreement")[-1].body["digest"]
    assert body["rates"] == rates_digest()
    assert body["program"] == payflow.__version__
    [facts] = body["facts"]
    read_at = facts.pop("read_at")
    assert read_at.startswith("2026-11-11T09:30")
    assert facts == {
        "invoice": world.view("INV-0012").id,
        "state": "overdue",
        "policy": "standard",
        "agreement": body["digest"],
        "currency": "GBP",
        "total": 300000,
        "paid": 0,
        "credited": 0,
        "outstanding": 300000,
        "issued_on": "2026-10-20",
        "due_on": "2026-11-04",
        "interest": 263,
        "fee": 2500,
        "movements": [],
    }


def test_where_nothing_changed_the_same_is_decided(world: World) -> None:
    for day in ("2026-11-05", "2026-11-11"):
        [one] = again(world, day)
        assert one.same
        assert all(footing.same for footing in one.footings)
        assert [(act.number, act.then, act.now, act.why) for act in one.acts] == [("INV-0012", True, True, ())]


def test_a_day_without_decisions_says_so(world: World) -> None:
    assert text(world, "2026-11-06") == "Nothing was decided on 2026-11-06."


def test_later_steps_of_the_ladder_and_rulings_of_later_days_make_no_difference(world: World) -> None:
    world.on("2026-11-12").ruling("hold", "INV-0012", until=None)
    assert [one.same for one in again(world, "2026-11-05")] == [True]


def test_a_payment_that_became_known_later_with_an_earlier_day_is_named(
    make: Callable[..., World], ledger: Ledger
) -> None:
    world = make(toml=settings(sources=LEDGER)).on("2026-10-20")
    ledger.says(world.now, [debt("in_1", 300000, number="INV-0012")])
    world.begin()
    for day in ("2026-11-05", "2026-11-11"):
        ledger.says(world.on(day).now, [debt("in_1", 300000, number="INV-0012")])
        world.run()
    # 12 November: the bank tells of money that was sent on 4 November
    ledger.says(world.on("2026-11-12").now, [debt("in_1", 300000, number="INV-0012")], [PAYMENT])
    world.run()
    [one] = again(world, "2026-11-11")
    [act] = one.acts
    assert (one.same, act.step, act.then, act.now) == (False, "late-fee", True, False)
    assert act.why[0] == "a payment of 3,000.00 GBP dated 2026-11-04 is known now and was not then"
    assert "outstanding: 3,000.00 GBP then, 0.00 GBP now" in act.why
    assert act.why[-1] == "no notice now: paid"
    # the same payment was unknown on the 5th too; on the 12th it was known, and taking the fee back stands
    assert [one.same for one in again(world, "2026-11-05")] == [False]
    assert [one.same for one in again(world, "2026-11-12")] == [True]


PAYMENT = move("py_1", "in_1", 300000, "2026-11-04")


def test_what_is_open_and_owed_is_told_then_and_now(world: World) -> None:
    world.on("2026-11-12").books(invoice("INV-0012", "3000.00", due="2026-11-20")).sync()
    [one] = again(world, "2026-11-11")
    [act] = one.acts
    assert (act.step, act.then, act.now) == ("late-fee", True, False)
    assert "due on: 2026-11-04 then, 2026-11-20 now" in act.why
    assert "interest: 2.63 GBP then, 0.00 GBP now" in act.why
    assert any(line.startswith("first seen otherwise on 2026-11-12, record ") for line in act.why)
    assert any(line.startswith("the next step now") for line in act.why)


def test_what_was_seen_otherwise_is_found_past_invoices_that_were_new_then(world: World) -> None:
    world.on("2026-11-12").books(invoice("INV-0012", "3000.00", due="2026-11-20"), paid("INV-0013", "4000.00")).sync()
    acts = [act for one in again(world, "2026-11-11") for act in one.acts if act.number == "INV-0012"]
    assert any(line.startswith("first seen otherwise on 2026-11-12, record ") for act in acts for line in act.why)


def test_an_agreement_edited_since_is_told_and_reverses_nothing(world: World) -> None:
    path = world.root / "payflow.toml"
    path.write_text(path.read_text().replace('amount = "25.00"', 'amount = "40.00"'))
    [one] = again(world, "2026-11-11")
    assert one.same
    agreement, rates, program = one.footings
    assert (rates.same, program.same) == (True, True)
    assert agreement.changes == ("policies.standard.late_fee.flat.GBP",)
    assert "it differs in policies.standard.late_fee.flat.GBP" in " ".join(text(world, "2026-11-11").split())


def test_other_rate_tables_and_another_program_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = world.root / "rates"
    folder.mkdir()
    (folder / "own.csv").write_text("effective_from,rate_percent,source\n2026-01-01,2.5,our bank\n")
    monkeypatch.setattr("payflow.decide.stood_on.__version__", "9.9")
    [one] = again(world, "2026-11-11")
    assert [footing.same for footing in one.footings] == [True, False, False]
    assert one.footings[2] == ("program", payflow.__version__, "9.9", ())
    assert one.same


def test_an_invoice_that_came_to_be_known_later_is_told(world: World) -> None:
    world.on("2026-11-12").books(OPEN, invoice("INV-0013", "4000.00")).sync()
    acts = {act.number: act for act in again(world, "2026-11-05")[0].acts}
    assert acts["INV-0012"].same
    assert (acts["INV-0013"].then, acts["INV-0013"].now) == (False, True)
    assert acts["INV-0013"].why == ("the record of then does not hold its facts",)


def test_a_fee_taken_back_is_decided_again(world: World) -> None:
    world.on("2026-11-13").books(invoice("INV-0012", "3000.00", status="Voided", owed="0.00")).run()
    [one] = again(world, "2026-11-13")
    assert one.same
    assert [(act.step, act.ref != "") for act in one.acts if act.ref] == [("", True)]


def test_text_fits_eighty_columns_and_json_says_the_same(world: World) -> None:
    world.on("2026-11-12").books(invoice("INV-0012", "3000.00", due="2026-11-20")).sync()
    lines = text(world, "2026-11-11").splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].endswith("not the same today.")
    printed: dict[str, Any] = replay_json(date(2026, 11, 11), again(world, "2026-11-11"))
    assert printed["same"] is False
    assert printed["decisions"][0]["acts"][0]["differences"]


def test_the_digest_of_rates_names_figures_only(tmp_path: Path) -> None:
    plain = rates_digest()
    own = tmp_path / "own.csv"
    own.write_text("effective_from,rate_percent,source\n2026-01-01,2.5,our bank\n")
    with_own = rates_digest(tmp_path)
    own.write_text("effective_from,rate_percent,source\n2026-01-01,2.5,another source\n")
    assert rates_digest(tmp_path) == with_own != plain
    own.write_text("effective_from,rate_percent,source\n2026-01-01,2.6,our bank\n")
    assert rates_digest(tmp_path) not in (plain, with_own)


def test_a_workspace_without_rates_of_its_own_has_no_folder_of_them(world: World) -> None:
    found: Workspace = world.workspace
    assert rates_folder(found.root) is None


def test_a_decision_stood_on_the_bank_lines_of_its_day_and_a_later_statement_is_told(
    make: Callable[..., World],
) -> None:
    world = make(toml=settings(sources=BOOKS + STATEMENTS)).on("2026-10-20").books(OPEN)
    world.statement().begin()
    part = line("2026-11-02", "1000.00", "INV-0012 first part")
    world.on("2026-11-05").books(OPEN).statement(part).run()
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]
    assert [one.same for one in again(world, "2026-11-05")] == [True]
    # A line of 3 November that only a later statement tells: on the 5th nothing was owed any more.
    world.on("2026-11-09").statement(line("2026-11-03", "2000.00", "INV-0012 rest"), name="late.xml").sync()
    [one] = again(world, "2026-11-05")
    [act] = one.acts
    assert (one.same, act.step, act.then, act.now) == (False, "reminder", True, False)
    assert "a payment of 2,000.00 GBP dated 2026-11-03 is known now and was not then" in act.why
    assert "outstanding: 2,000.00 GBP then, 0.00 GBP now" in act.why
