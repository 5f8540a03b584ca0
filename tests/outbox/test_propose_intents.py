"""T1: the outbox is brought in line with the plan; a step is spoken of once, and one message waits per client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from payflow.decide import ground
from payflow.model.journal import MessageState
from payflow.outbox.propose import Proposed, Stood, new_key, propose
from payflow.store import messages
from stories.papers import invoice, paid
from stories.world import World

INVOICE = invoice("INV-0012", "3000.00")
SECOND = invoice("INV-0013", "4000.00")


@pytest.fixture
def world(tmp_path: Path, store_url: str) -> Iterator[World]:
    """5 November: reminders about two invoices are due."""
    made = World(tmp_path, store_url=store_url).on("2026-11-05").books(INVOICE, SECOND).begin()
    yield made
    made.close()


def _propose(world: World) -> Proposed:
    found = ground(world.store, world.workspace, world.now.date(), world.now)
    with world.store.transaction() as tx:
        return propose(tx, found.decision.plan, stood=Stood({"digest": "d"}), as_of=world.now.date(), now=world.now)


def test_one_message_per_client_with_an_intent_per_invoice(world: World) -> None:
    [key] = _propose(world).waiting.values()
    assert messages.intents_of(world.store, key) == {
        (world.view("INV-0012").id, "reminder"),
        (world.view("INV-0013").id, "reminder"),
    }


def test_proposing_again_changes_and_journals_nothing(world: World) -> None:
    first = _propose(world)
    before = len(world.journal())
    assert _propose(world) == first
    assert len(world.journal()) == before


def test_a_step_that_is_no_longer_due_is_given_free_and_the_message_stays(world: World) -> None:
    [key] = _propose(world).waiting.values()
    world.books(paid("INV-0012", "3000.00"), SECOND).sync()
    assert _propose(world).waiting == {"acme": key}
    assert messages.intents_of(world.store, key) == {(world.view("INV-0013").id, "reminder")}


def test_a_message_of_which_nothing_is_due_is_dropped_and_journaled(world: World) -> None:
    [key] = _propose(world).waiting.values()
    world.books(paid("INV-0012", "3000.00"), paid("INV-0013", "4000.00")).sync()
    assert _propose(world) == Proposed({}, (key,), ())
    assert world.journal("decision")[-1].body["dropped"] == [
        {"key": key, "client": "acme", "why": "nothing of it is due any more"}
    ]
    row = messages.message(world.store, key)
    assert row is not None
    assert row.state is MessageState.DROPPED
    assert messages.intended(world.store) == {}


def test_a_step_that_a_message_took_is_not_proposed_again(world: World) -> None:
    [key] = _propose(world).waiting.values()
    with world.store.transaction() as tx:
        messages.settle(tx, key, MessageState.FAILED, "550")
    assert _propose(world) == Proposed({}, (), ())


def test_a_message_waits_for_a_step_added_the_day_after(world: World) -> None:
    world.books(INVOICE).sync()
    [key] = _propose(world).waiting.values()
    world.on("2026-11-06").books(INVOICE, SECOND).sync()
    assert _propose(world).waiting == {"acme": key}
    assert len(messages.intents_of(world.store, key)) == 2


@pytest.mark.parametrize(
    ("client", "begins"),
    [
        ("acme", "2026-11-05-acme-"),
        ("books:Ünter & Söhne / GmbH", "2026-11-05-books-nter-s-hne-gmbh-"),
        ("株式会社", "2026-11-05-client-"),
    ],
)
def test_the_key_of_a_message_is_readable_and_safe_as_a_file_name(world: World, client: str, begins: str) -> None:
    key = new_key(client, [(1, "reminder")], world.now.date(), world.now)
    assert key.startswith(begins)
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
