"""A person says what became of a message: resolve for one that is unsure, retry for one that was refused or waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from outbox.post import GONE_WRONG, Post
from payflow.cli import main
from payflow.errors import Refused, UnknownName
from payflow.model.journal import MessageState
from payflow.nightly import night
from payflow.outbox.transport import Outcome
from payflow.store import journal, messages
from payflow.store.memory import load_memory
from stories.papers import ANY_HOUR, invoice, paid, settings
from stories.world import World

INVOICE = invoice("INV-0012", "3000.00")
REFUSED = Outcome(MessageState.FAILED, "550 no such user here")


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    made = Post()
    monkeypatch.setattr(night, "open_transport", lambda _mail: made)
    return made


@pytest.fixture
def world(tmp_path: Path, store_url: str, post: Post) -> Iterator[World]:
    """5 November: the reminder about INV-0012 is due."""
    made = World(tmp_path, store_url=store_url, toml=settings(mail=ANY_HOUR)).on("2026-11-05").books(INVOICE).begin()
    yield made
    made.close()


@pytest.fixture
def unsure(world: World, post: Post) -> str:
    """11 November: nobody knows whether the notice that claims the fee arrived."""
    world.run()
    post.answers = [GONE_WRONG]
    [key] = world.on("2026-11-11").books(INVOICE).run().unsure
    return key


def test_a_message_that_arrived_after_all_claims_its_fee_on_the_day_it_was_handed_over(
    world: World, unsure: str
) -> None:
    assert world.view("INV-0012").fees == 0
    said = world.on("2026-11-14").settle(unsure, sent=True)
    assert said == f"{unsure} counts as sent, with 1 fee."
    [charge] = load_memory(world.store).charges[world.view("INV-0012").id]
    assert (charge.amount, str(charge.claimed_on), charge.message) == (2500, "2026-11-11", unsure)
    assert world.view("INV-0012").fees == 2500
    assert "message-unsure" not in world.needs()
    [record] = world.journal("message-resolved")
    assert (record.client, record.body["outcome"], record.body["reason"]) == ("acme", "sent", "so it was found")
    assert world.verify() == []


def test_a_fee_claimed_by_a_persons_word_stays_once_when_the_projections_are_made_anew(
    world: World, unsure: str
) -> None:
    world.settle(unsure, sent=True)
    before = world.store.query("SELECT * FROM charge")
    with world.store.transaction() as tx:
        journal.rebuild_projections(tx)
    assert world.store.query("SELECT * FROM charge") == before
    assert len(before) == 1


def test_the_notice_that_arrived_after_all_names_the_fee_of_the_next_one(world: World, post: Post) -> None:
    post.answers = [GONE_WRONG]
    [key] = world.run().unsure
    world.on("2026-11-09").settle(key, sent=True)
    world.on("2026-11-11").books(INVOICE).run()
    assert world.steps("INV-0012")[-1] == ("late-fee", "2026-11-11")
    assert len(world.charges()) == 1


def test_a_message_that_did_not_arrive_is_decided_afresh_and_claims_its_fee_then(
    world: World, post: Post, unsure: str
) -> None:
    said = world.on("2026-11-12").books(INVOICE).settle(unsure, sent=False)
    assert "never sent" in said
    assert messages.intents_of(world.store, unsure) == set()
    [sent] = [key for key in world.run().sent if "acme" in key]
    assert sent != unsure
    [charge] = world.charges()
    assert charge["occurrence"] == "late-fee"
    notices = load_memory(world.store).notices[world.view("INV-0012").id]
    assert [(notice.step, str(notice.on)) for notice in notices] == [
        ("reminder", "2026-11-05"),
        ("late-fee", "2026-11-12"),
    ]
    assert world.verify() == []


def test_a_message_that_did_not_arrive_may_go_out_on_the_same_day(world: World, unsure: str) -> None:
    world.settle(unsure, sent=False)
    assert [key for key in world.run("2026-11-11 15:00").sent if "acme" in key]


def test_what_was_paid_meanwhile_is_not_sent_after_a_message_that_did_not_arrive(world: World, unsure: str) -> None:
    world.settle(unsure, sent=False)
    report = world.on("2026-11-12").books(paid("INV-0012", "3000.00")).run()
    assert [key for key in report.sent if "acme" in key] == []
    assert world.charges() == []


def test_news_to_the_owner_that_did_not_arrive_are_told_again(world: World, post: Post) -> None:
    world.run()
    post.answers = [GONE_WRONG]
    [key] = world.on("2026-11-06").books(paid("INV-0012", "3000.00")).run().unsure
    assert world.run("2026-11-06 12:00").told is False
    world.settle(key, sent=False)
    assert world.run("2026-11-06 13:00").told
    assert world.run("2026-11-06 14:00").told is False


def test_only_an_unsure_message_is_resolved(world: World) -> None:
    [key] = [one for one in world.run().sent if "acme" in one]
    with pytest.raises(Refused, match=f"{key} is sent; only a message that is unsure"):
        world.settle(key, sent=True)
    with pytest.raises(Refused, match="is sent; only what was refused or waits"):
        world.settle(key)
    with pytest.raises(UnknownName, match="no message called 'nonsense'"):
        world.settle("nonsense", sent=False)
    assert world.journal("message-resolved") == []


def test_a_resolved_message_is_not_resolved_again(world: World, unsure: str) -> None:
    world.settle(unsure, sent=True)
    with pytest.raises(Refused):
        world.settle(unsure, sent=True)
    with pytest.raises(Refused):
        world.settle(unsure, sent=False)
    assert world.view("INV-0012").fees == 2500


def test_an_unsure_message_is_not_tried_again_but_resolved(world: World, unsure: str) -> None:
    with pytest.raises(Refused, match="payflow outbox resolve"):
        world.settle(unsure)


def test_a_key_may_be_cut_short_as_long_as_it_names_one_message(world: World, unsure: str) -> None:
    # the reminder's key begins with the day before that
    assert world.settle(unsure[:12], sent=True).startswith(unsure)
    with pytest.raises(Refused, match="messages begin with 2026-11"):
        world.settle("2026-11", sent=True)


def test_a_message_that_waits_for_another_try_goes_with_the_next_run(world: World, post: Post) -> None:
    post.answers = [Outcome(MessageState.WAITING, "451 try again later")]
    [key] = world.run("2026-11-05 10:00").waiting
    world.settle(key)
    assert key in world.run("2026-11-05 10:01").sent


def test_retry_at_the_very_moment_of_the_run_makes_a_message_of_another_name(world: World, post: Post) -> None:
    post.answers = [REFUSED]
    [key] = world.run().failed
    world.settle(key)
    assert f"{key}-2" in world.run().sent


def test_the_command_settles_and_prints_the_message_as_it_stands(
    world: World, unsure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.close()
    monkeypatch.setenv("PAYFLOW_NOW", "2026-11-12T10:00")
    place = ["-C", str(world.root)]
    told = CliRunner().invoke(main, [*place, "outbox", "resolve", unsure[:14], "--reason", "no word"])
    assert told.exit_code == 2
    words = [*place, "outbox", "resolve", unsure[:14], "--sent", "--reason", "in the server's log", "--json"]
    told = CliRunner().invoke(main, words)
    assert told.exit_code == 0, told.output
    [message] = json.loads(told.output)["messages"]
    assert (message["key"], message["state"]) == (unsure, "sent")
    assert message["detail"] == "a person says that it arrived: in the server's log"
    again = CliRunner().invoke(main, [*place, "outbox", "retry", unsure[:14], "--reason", "once more"])
    assert again.exit_code == 1
