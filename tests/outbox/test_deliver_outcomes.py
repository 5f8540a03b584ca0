"""What a transport answers, and what payflow makes of it: sent once, tried again, failed, or nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from outbox.post import GONE_WRONG, Post
from payflow import nightly
from payflow.errors import DeliveryError
from payflow.model.journal import MessageState
from payflow.nightly import night
from payflow.outbox import deliver
from payflow.outbox.transport import Outcome
from payflow.store import messages
from stores import ON_SQLITE
from stories.papers import ANY_HOUR, contract, invoice, settings
from stories.world import World

INVOICE = invoice("INV-0012", "3000.00")


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


def _next(world: World, moment: str) -> World:
    world.on(moment).books(INVOICE).run()
    return world


def test_a_message_that_is_refused_for_now_waits_and_doubles_its_wait(world: World, post: Post) -> None:
    later = Outcome(MessageState.WAITING, "451 try again later")
    post.answers = [later, later]
    report = world.run("2026-11-05 10:00")
    assert (report.sent, len(report.waiting)) == ((), 1)
    world.run("2026-11-05 10:14")
    assert len(post.tried) == 1
    world.run("2026-11-05 10:15")
    world.run("2026-11-05 10:44")
    assert len(post.tried) == 2
    world.run("2026-11-05 10:45")
    assert post.tried == [post.tried[0]] * 3
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]
    assert [entry.body["outcome"] for entry in world.journal("outcome")] == ["retry", "retry", "sent"]


def test_a_message_refused_for_good_is_failed_shown_and_the_fee_it_would_have_carried_is_not_claimed(
    world: World, post: Post
) -> None:
    world.run()
    post.answers = [Outcome(MessageState.FAILED, "550 no such user here")]
    report = world.on("2026-11-11").books(INVOICE).run()
    assert len(report.failed) == 1
    assert world.charges() == []
    assert world.view("INV-0012").fees == 0
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]
    assert "message-failed" in world.needs()
    # It is not tried again by itself, and the ladder does not go on past it.
    for day in ("2026-11-12", "2026-11-16"):
        _next(world, day)
    clients = [to for to in post.to if "accounts@acme.example" in to]
    assert len(clients) == 2
    assert world.charges() == []


def test_a_failed_message_is_decided_afresh_when_a_person_says_so(world: World, post: Post) -> None:
    post.answers = [Outcome(MessageState.FAILED, "550 no such user here")]
    [key] = world.run().failed
    world.settle(key)
    world.run("2026-11-06")
    assert world.steps("INV-0012") == [("reminder", "2026-11-06")]
    assert "message-failed" not in world.needs()


def test_a_later_message_is_silent_about_a_step_of_one_that_was_refused_for_good(world: World, post: Post) -> None:
    post.answers = [Outcome(MessageState.FAILED, "550 no such user here")]
    world.run()
    second = invoice("INV-0013", "4000.00", issued="2026-10-21", due="2026-11-05")
    world.on("2026-11-06").books(INVOICE, second).run()
    assert world.steps("INV-0013") == [("reminder", "2026-11-06")]
    assert world.steps("INV-0012") == []


def test_an_owner_who_cannot_be_reached_is_not_written_to_about_that(world: World, post: Post) -> None:
    world.run()
    refused = Outcome(MessageState.FAILED, "550 no such user here")
    post.answers = [refused] * 9
    world.on("2026-11-06").books(name="invoices.csv").run()
    assert "message-failed" in world.needs()
    tried = len(post.tried)
    for hour in ("12:00", "13:00", "14:00"):
        world.run(f"2026-11-06 {hour}")
    assert len(post.tried) == tried


def test_unsure_counts_as_taken_but_names_no_fee(world: World, post: Post) -> None:
    post.answers = [GONE_WRONG]
    assert len(world.run().unsure) == 1
    assert "message-unsure" in world.needs()
    _next(world, "2026-11-06")
    assert len([to for to in post.to if "accounts@acme.example" in to]) == 1
    # The late-fee notice goes out, but no fee: nobody knows whether the client read the one that named it.
    _next(world, "2026-11-11")
    assert [step for step, _ in world.steps("INV-0012")] == ["reminder", "late-fee"]
    assert world.charges() == []


def test_an_unsure_notice_of_the_fee_itself_claims_nothing(world: World, post: Post) -> None:
    world.run()
    post.answers = [GONE_WRONG]
    _next(world, "2026-11-11")
    assert world.charges() == []
    assert world.view("INV-0012").fees == 0
    _next(world, "2026-11-20")
    assert [step for step, _ in world.steps("INV-0012")] == ["reminder", "late-fee"]


def test_a_preparation_that_fails_for_now_is_tried_again_and_claims_no_day(world: World, post: Post) -> None:
    post.answers = [DeliveryError("the server is not reachable", permanent=False)]
    assert len(world.run("2026-11-05 10:00").waiting) == 1
    world.run("2026-11-05 10:20")
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]


def test_an_address_that_is_none_fails_that_message_and_no_other(tmp_path: Path, store_url: str, post: Post) -> None:
    brook = contract("brook-app", "Brook Ltd", milestones={"start": ("80.00", ["INV-0500"])}, email="ap@brook.example")
    acme = contract(milestones={"deposit": ("3000.00", ["INV-0012"])}, email=None)
    world = World(tmp_path / "studio", store_url=store_url, toml=settings(mail=ANY_HOUR), acme=acme, brook=brook)
    world.on("2026-11-05").books(
        invoice("INV-0012", "3000.00", email="accounts at acme"),
        invoice("INV-0500", "80.00", client="Brook Ltd"),
    ).begin()
    report = world.run()
    assert len(report.failed) == 1
    assert len(report.sent) >= 1
    assert world.steps("INV-0500") == [("reminder", "2026-11-05")]
    assert world.steps("INV-0012") == []
    world.close()


def test_a_claim_whose_owner_died_is_asked_of_the_transport_and_never_handed_over_again(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    _claimed(world, monkeypatch, "nowhere:1:1")
    monkeypatch.setattr(deliver.platform, "node", lambda: "nowhere")
    post.recovers = GONE_WRONG
    report = world.run("2026-11-05 10:30")
    assert len(report.unsure) == 1
    assert ["accounts@acme.example"] not in post.to
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]


# a server knows whether the claim's owner is still there: `test_several_hosts`
@ON_SQLITE
def test_a_claim_on_another_machine_is_left_to_it_for_that_day_and_recovered_after_it(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    _claimed(world, monkeypatch, "another-machine:4711:99")
    assert world.run("2026-11-05 23:00").unsure == ()
    post.recovers = Outcome(MessageState.SENT, "it went out")
    assert len(world.on("2026-11-06").books(INVOICE).run().sent) == 1
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]


def test_a_claim_made_for_another_transport_is_unsure_whatever_this_one_would_say(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    _claimed(world, monkeypatch, "nowhere:1:1")
    claimed_for = post.name
    post.name, post.recovers = "folder", Outcome(MessageState.SENT, "there is no such file in tmp")
    monkeypatch.setattr(deliver.platform, "node", lambda: "nowhere")
    assert len(world.run("2026-11-05 10:30").unsure) == 1
    assert world.journal("outcome")[-1].body["outcome"] != "retry"
    [unsure] = [one.body for one in world.journal("outcome") if one.body["outcome"] == "unsure"]
    assert unsure["transport"] == claimed_for != "folder"
    assert "message-unsure" in world.needs()


def _claimed(world: World, monkeypatch: pytest.MonkeyPatch, owner: str) -> None:
    """A run that stops after the claim, as if another process had made it."""

    def stop(place: str) -> None:
        if place == "claimed":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deliver, "own_name", lambda: owner)
        with pytest.raises(KeyboardInterrupt):
            nightly.run(world.store, world.workspace, now=world.now, pause=stop)
    [row] = messages.messages(world.store, MessageState.CLAIMED)
    assert row.owner == owner


def test_what_another_run_recorded_is_not_recorded_twice(world: World, post: Post) -> None:
    def other_run(place: str) -> None:
        if place == "handed over":
            courier = deliver.Courier(world.store, world.workspace, post, world.now.date(), world.now)
            post.recovers = Outcome(MessageState.SENT, "it went out")
            courier.recover()

    nightly.run(world.store, world.workspace, now=world.now, pause=other_run)
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]
    assert world.verify() == []


def test_a_message_whose_outcome_is_known_is_what_the_journal_says_whatever_was_done_to_the_outbox(
    world: World, post: Post
) -> None:
    for day in ("2026-11-05", "2026-11-11"):
        _next(world, day)
    letters, records = len(post.tried), len(world.journal())
    assert len(world.charges()) == 1
    with world.store.transaction() as tx:
        tx.execute("UPDATE message SET state = 'claimed', owner = 'nowhere:1:1'")
    post.recovers = Outcome(MessageState.SENT, "it went out")
    _next(world, "2026-11-13")
    assert (len(post.tried), world.journal("outcome")[-1].day.isoformat()) == (letters, "2026-11-11")
    assert len(world.journal()) == records
    assert [row.state for row in messages.messages(world.store)] == [MessageState.SENT] * letters


def test_two_runs_that_prepare_one_message_at_once_send_it_once(world: World, post: Post) -> None:
    reports = []

    def other_run(place: str) -> None:
        if place == "prepared" and not reports:
            reports.append(None)
            reports.append(nightly.run(world.store, world.workspace, now=world.now + timedelta(seconds=1)))

    nightly.run(world.store, world.workspace, now=world.now, pause=other_run)
    assert len(post.tried) == 1
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 15), (2, 30), (3, 60), (8, 24 * 60), (500, 24 * 60)])
def test_waits_double_from_a_quarter_of_an_hour_to_a_day(attempts: int, minutes: int) -> None:
    assert deliver.wait_after(attempts) == timedelta(minutes=minutes)
