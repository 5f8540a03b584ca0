"""What a person decides: each ruling is one record with its reason, does what it says, and refuses what makes no sense."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from payflow.errors import Refused, UnknownName
from payflow.model.facts import State
from payflow.model.invoice_view import Flag
from payflow.model.journal import ChargeState
from stories.papers import invoice, paid
from stories.world import World

INVOICE = invoice("INV-0012", "3000.00")


@pytest.fixture
def world(tmp_path: Path, store_url: str) -> Iterator[World]:
    """5 November: INV-0012 fell due yesterday; payflow is live and has not run yet."""
    made = World(tmp_path, store_url=store_url).on("2026-11-05").books(INVOICE).begin()
    yield made
    made.close()


def _charged(world: World) -> str:
    world.run()
    world.on("2026-11-11").books(INVOICE).run()
    [charge] = world.charges()
    return str(charge["ref"])


def test_a_hold_stops_the_chasing_through_its_day_and_opens_nothing(world: World) -> None:
    answer = world.ruling("hold", "INV-0012", until=date(2026, 11, 10))
    assert answer == "INV-0012 is not chased through 2026-11-10. It opens nothing."
    assert Flag.HELD in world.view("INV-0012").flags
    world.every_day("2026-11-05", "2026-11-10")
    assert world.to_clients() == []
    assert not world.verdict("design").open
    world.run("2026-11-11")
    assert world.steps("INV-0012") == [("reminder", "2026-11-11")]


def test_held_days_do_not_count_for_the_ladder(world: World) -> None:
    world.run()
    world.on("2026-11-06").books(INVOICE).ruling("hold", "acme-website", until=date(2026, 11, 15))
    for day in ("2026-11-11", "2026-11-16", "2026-11-20"):
        world.on(day).books(INVOICE).run()
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]
    # Day 1 was the 5th, days 2 to 7 the 16th to the 21st, a Saturday: it goes out on Monday.
    assert str(world.view("INV-0012").next_on) == "2026-11-21"
    world.on("2026-11-23").books(INVOICE).run()
    assert world.steps("INV-0012")[-1] == ("late-fee", "2026-11-23")


def test_a_hold_is_released_early(world: World) -> None:
    world.ruling("hold", "client:acme", until=None)
    world.run()
    assert world.to_clients() == []
    assert world.ruling("release", "client:acme") == "Client acme is chased again."
    world.run("2026-11-05 11:00")
    assert len(world.to_clients()) == 1
    with pytest.raises(Refused):
        world.ruling("release", "client:acme")


def test_interest_goes_on_while_the_chasing_is_held(world: World) -> None:
    world.ruling("hold", "INV-0012", until=None)
    assert world.on("2026-11-12").view("INV-0012").interest == 329


def test_a_waiver_opens_a_phase_and_ends_on_its_day_by_itself(world: World) -> None:
    answer = world.ruling("waive", "acme-website", "design", until=date(2026, 11, 9), reason="paid by Friday, said Ann")
    assert answer == "Design of acme-website is open through 2026-11-09, although it is not paid."
    assert world.ruling("start_phase", "acme-website", "design").open
    world.run()
    assert world.to_owner()[-1].subject == "acme-website/design is now open"
    assert world.on("2026-11-09").verdict("design").open
    verdict = world.on("2026-11-10").verdict("design")
    assert not verdict.open
    assert verdict.started == date(2026, 11, 5)
    world.books(INVOICE).run()
    assert "acme-website/design: open -> blocked" in world.to_owner()[-1].flat


def test_a_waiver_of_an_open_phase_or_of_a_day_gone_is_refused(world: World) -> None:
    with pytest.raises(Refused):
        world.ruling("waive", "acme-website", "design", until=date(2026, 11, 4))
    world.books(paid("INV-0012", "3000.00")).sync()
    with pytest.raises(Refused):
        world.ruling("waive", "acme-website", "design", until=date(2026, 11, 9))


def test_a_blocked_phase_cannot_be_started_and_nothing_is_noted(world: World) -> None:
    verdict = world.ruling("start_phase", "acme-website", "design")
    assert not verdict.open
    assert world.journal("phase-started") == []


def test_a_phase_is_started_once_and_finished_once(world: World) -> None:
    world.books(paid("INV-0012", "3000.00")).sync()
    assert world.ruling("start_phase", "acme-website", "design").open
    world.ruling("start_phase", "acme-website", "design")
    assert len(world.journal("phase-started")) == 1
    assert world.ruling("finish_phase", "acme-website", "design") == "Design of acme-website is finished."
    with pytest.raises(Refused):
        world.ruling("finish_phase", "acme-website", "design")
    with pytest.raises(Refused):
        world.ruling("finish_phase", "acme-website", "build")


def test_a_waived_charge_is_gone_and_is_not_claimed_again(world: World) -> None:
    ref = _charged(world)
    answer = world.ruling("charge_waive", ref, reason="long-standing client")
    assert answer == f"{ref} of 25.00 GBP on INV-0012 is waived."
    view = world.view("INV-0012")
    assert (view.fees, view.outstanding) == (0, 300000)
    [charge] = world.explain("INV-0012").charges
    assert (charge.state, charge.standing) == (ChargeState.WAIVED, 0)
    world.on("2026-11-16").books(INVOICE).run()
    assert len(world.charges()) == 1
    with pytest.raises(Refused):
        world.ruling("charge_waive", ref)


def test_a_settled_charge_stands_and_asks_for_nothing(world: World) -> None:
    ref = _charged(world)
    world.ruling("charge_settle", ref)
    view = world.view("INV-0012")
    assert (view.fees, view.fees_owed) == (2500, 0)
    with pytest.raises(Refused):
        world.ruling("charge_settle", ref)


def test_chase_takes_in_an_old_invoice_from_its_first_open_step(world: World) -> None:
    world.on("2026-11-06")
    world.live("2026-11-06")
    world.books(INVOICE).run()
    assert Flag.OLD in world.view("INV-0012").flags
    assert world.to_clients() == []
    answer = world.ruling("chase", "INV-0012", reason="they asked for it")
    assert answer == "INV-0012 is taken in: its ladder starts with the next run."
    assert world.on("2026-11-12").view("INV-0012").interest == 329
    world.books(INVOICE).run()
    assert world.steps("INV-0012") == [("reminder", "2026-11-12")]
    with pytest.raises(Refused):
        world.ruling("chase", "INV-0012")


@pytest.mark.parametrize(("outcome", "state"), [("paid", State.PAID), ("void", State.VOID), ("open", State.OVERDUE)])
def test_confirm_settles_what_became_of_an_unknown_invoice(world: World, outcome: str, state: State) -> None:
    world.on("2026-11-09").books(invoice("INV-0500", "80.00", client="Brook Ltd", issued="2026-10-01")).sync()
    assert world.view("INV-0012").state is State.UNKNOWN
    world.ruling("confirm", "INV-0012", outcome=outcome, on=date(2026, 11, 3))
    view = world.view("INV-0012")
    assert view.state is state
    assert "invoice-unknown" not in world.needs()
    assert world.verdict("design").open is (outcome == "paid")


def test_a_payment_confirmed_without_its_day_is_dated_after_the_last_reading_that_showed_it_unpaid(
    world: World,
) -> None:
    listed = world.view("INV-0012").read_at.date()
    world.on("2026-11-09").books(invoice("INV-0500", "80.00", client="Brook Ltd", issued="2026-10-01")).sync()
    said = world.ruling("confirm", "INV-0012", outcome="paid", on=None)
    assert f"as of {listed + timedelta(days=1)}" in said
    assert listed < date(2026, 11, 8)
    assert any(remark.startswith("A person confirmed that it is paid") for remark in world.explain("INV-0012").remarks)


def test_two_invoices_are_never_each_said_to_be_the_other(world: World) -> None:
    world.books(INVOICE, invoice("INV-0500", "3000.00")).sync()
    world.ruling("link", "INV-0500", same_as="INV-0012", charge=None, own=False)
    with pytest.raises(Refused) as refused:
        world.ruling("link", "INV-0012", same_as="INV-0500", charge=None, own=False)
    assert "is no debt of its own" in str(refused.value)
    assert world.reasons("design") == ["milestone-unpaid"]


def test_an_invoice_that_was_listed_since_its_confirmation_and_goes_missing_anew_is_asked_about_anew(
    world: World,
) -> None:
    other = invoice("INV-0500", "80.00", client="Brook Ltd", issued="2026-10-01")
    world.on("2026-11-09").books(other).sync()
    world.ruling("confirm", "INV-0012", outcome="paid", on=date(2026, 11, 3))
    world.on("2026-11-10").books(INVOICE, other).sync()
    assert world.view("INV-0012").state is State.OVERDUE
    world.on("2026-11-12").books(other).sync()
    assert world.view("INV-0012").state is State.UNKNOWN
    assert not world.verdict("design").open
    assert "invoice-unknown" in world.needs()


def test_confirm_is_for_unknown_invoices_only(world: World) -> None:
    with pytest.raises(Refused) as refused:
        world.ruling("confirm", "INV-0012", outcome="paid", on=None)
    assert "overdue, not unknown" in str(refused.value)


@pytest.mark.parametrize(
    "words", [{"same_as": None, "charge": None, "own": False}, {"same_as": "INV-0012", "charge": None, "own": True}]
)
def test_link_wants_exactly_one_answer(world: World, words: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        world.ruling("link", "INV-0012", **words)


def test_an_invoice_is_not_the_same_debt_as_itself(world: World) -> None:
    with pytest.raises(Refused):
        world.ruling("link", "INV-0012", same_as="INV-0012", charge=None, own=False)


@pytest.mark.parametrize(
    ("ruling", "words"),
    [
        ("hold", {"until": None}),
        ("release", {}),
        ("chase", {}),
        ("charge_waive", {}),
        ("charge_settle", {}),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_the_nearest(
    world: World, ruling: str, words: dict[str, Any]
) -> None:
    with pytest.raises(UnknownName):
        world.ruling(ruling, "INV-9912", **words)


@pytest.mark.parametrize(("project", "phase"), [("acme-web", "design"), ("acme-website", "desing")])
def test_an_unknown_phase_names_those_that_are_there(world: World, project: str, phase: str) -> None:
    with pytest.raises(UnknownName) as unknown:
        world.ruling("start_phase", project, phase)
    assert "acme-website" in str(unknown.value) or "design" in str(unknown.value)


Ruling = Callable[[World], object]


@pytest.mark.parametrize(
    ("say", "kind"),
    [
        (lambda world: world.ruling("hold", "INV-0012", until=None, reason="why not"), "hold"),
        (
            lambda world: world.ruling("waive", "acme-website", "design", until=date(2026, 12, 1), reason="why not"),
            "waiver",
        ),
        (
            lambda world: world.ruling("link", "INV-0012", same_as=None, charge=None, own=True, reason="why not"),
            "link",
        ),
    ],
)
def test_every_ruling_is_one_record_with_its_reason(world: World, say: Ruling, kind: str) -> None:
    before = len(world.journal())
    say(world)
    assert len(world.journal()) == before + 1
    [entry] = world.journal(kind)
    assert entry.body["reason"] == "why not"
    assert world.verify() == []


def test_live_says_how_many_are_left_alone_and_from_when(world: World) -> None:
    assert world.live("2026-11-01") == "Live: invoices due from 2026-11-01 on get notices, fees and interest."
    answer = world.live()
    assert answer.startswith("Live: invoices due from 2026-11-05 on")
    assert "1 older one is shown and left alone" in answer
