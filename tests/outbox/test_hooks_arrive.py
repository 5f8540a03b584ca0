"""Hooks: signed events when a verdict changes or a person is needed, at least once, under one id."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from outbox.receiver import Receiver
from payflow import nightly, workspace
from payflow.model.agreement import Workspace
from payflow.outbox import hooks, settle
from payflow.report import operations_json
from payflow.store import Store, effects
from payflow.store.effects import EffectState
from stories.papers import ANY_HOUR, BOOKS, invoice, paid, settings
from stories.world import World

SECRET = "s3cret-of-the-tracker"
DEPOSIT, DESIGN = invoice("INV-0012", "3000.00"), invoice("INV-0013", "4000.00")


class Hooked(World):
    """A world whose secrets are those of its hooks."""

    @property
    def workspace(self) -> Workspace:
        return workspace.load(self.root, {"HOOK_SECRET": SECRET}).workspace

    def hook(self, url: str, more: str = "", name: str = "tracker") -> None:
        """Write payflow.toml with a hook."""
        table = f'[[hook]]\nname = "{name}"\nurl = "{url}"\nsecret = "env:HOOK_SECRET"\nallow_private = true\n{more}\n'
        self.settings(settings(mail=ANY_HOUR, sources=f"{BOOKS}\n{table}"))

    def states(self) -> list[str]:
        return [row.state.value for row in effects.effects(self.store, "hook")]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def world(tmp_path: Path, receiver: Receiver) -> Iterator[Hooked]:
    """2 November: live, and the hook knows how things stand: Design and Build are blocked."""
    made = Hooked(tmp_path)
    made.hook(receiver.url)
    made.on("2026-11-02").books(DEPOSIT, DESIGN).begin()
    made.run()
    assert receiver.got == []
    yield made
    made.close()


def _bodies(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body) for _, body in receiver.got]


def _pay(world: Hooked, moment: str) -> nightly.RunReport:
    world.on(moment).books(paid("INV-0012", "3000.00"), DESIGN)
    return world.run()


def test_a_verdict_that_changes_is_told_with_its_reasons_and_fits_the_schema(world: Hooked, receiver: Receiver) -> None:
    report = _pay(world, "2026-11-03 10:00")
    [event] = _bodies(receiver)
    assert event["event"] == "verdict"
    assert event["verdict"] == {
        "project": "acme-website",
        "phase": "design",
        "before": "blocked",
        "verdict": "open",
        "waived": False,
        "reasons": [],
    }
    schema = json.loads(files("payflow.report").joinpath("schemas/hook.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(event)
    assert report.hooks_sent == (event["id"],)
    assert not operations_json.run_left_out(report)


def test_nothing_is_told_twice(world: Hooked, receiver: Receiver) -> None:
    _pay(world, "2026-11-03 10:00")
    world.run("2026-11-03 11:00")
    world.run("2026-11-03 12:00")
    assert len(receiver.got) == 1


def test_a_need_is_told_once_and_fits_the_schema(world: Hooked, receiver: Receiver) -> None:
    world.on("2026-11-03 10:00").books(DESIGN).run()
    told = [one for one in _bodies(receiver) if one["event"] == "needs-you"]
    assert [one["need"]["code"] for one in told] == ["invoice-unknown"]
    schema = json.loads(files("payflow.report").joinpath("schemas/hook.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(told[0])
    before = len(receiver.got)
    world.run("2026-11-03 11:00")
    assert len(receiver.got) == before


def test_the_snippet_of_the_page_verifies_what_arrives_and_nothing_else(world: Hooked, receiver: Receiver) -> None:
    page = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text("utf-8")
    [snippet] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(snippet, names)
    verified = names["verified"]
    _pay(world, "2026-11-03 10:00")
    [(headers, body)] = receiver.got
    age = int(time.time()) - int(headers["Payflow-Timestamp"]) + 300
    assert verified(SECRET, headers, body, tolerance=abs(age) + 600)
    assert not verified(SECRET, headers, body + b" ", tolerance=abs(age) + 600)
    assert not verified("another secret", headers, body, tolerance=abs(age) + 600)
    for name, value in (("Payflow-Id", "0" * 32), ("Payflow-Timestamp", str(int(headers["Payflow-Timestamp"]) + 1))):
        assert not verified(SECRET, {**headers, name: value}, body, tolerance=abs(age) + 600)
    # a story's clock is not the receiver's: what is old is refused
    assert verified(SECRET, headers, body) is (abs(age - 300) <= 300)
    assert json.loads(body)["id"] == headers["Payflow-Id"]


@pytest.mark.parametrize("status", [500, 404, 301, 302, 307, 308, 199])
def test_what_is_not_taken_waits_and_comes_again_under_the_same_id_and_with_the_same_body(
    world: Hooked, receiver: Receiver, status: int
) -> None:
    def strange(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 600 what\r\n\r\n")

    receiver.answers = [strange if status == 199 else status, 200]
    report = _pay(world, "2026-11-03 10:00")
    assert (len(report.hooks_waiting), report.hooks_sent) == (1, ())
    assert operations_json.run_left_out(report)
    assert world.run("2026-11-03 10:14").hooks_sent == ()
    assert len(receiver.got) == 1
    assert len(world.run("2026-11-03 10:16").hooks_sent) == 1
    (first, body), (second, again) = receiver.got
    assert body == again
    assert first["Payflow-Id"] == second["Payflow-Id"]
    assert first["Payflow-Timestamp"] != second["Payflow-Timestamp"]
    assert receiver.paths == ["/", "/"]  # a redirect was not followed


def test_events_come_in_order_and_those_behind_one_that_is_not_taken_wait(world: Hooked, receiver: Receiver) -> None:
    receiver.answers = [500, 200]
    _pay(world, "2026-11-03 10:00")
    world.on("2026-11-03 10:05").books(DEPOSIT, DESIGN).run()  # the payment was taken back
    assert len(receiver.got) == 1
    world.run("2026-11-03 11:00")
    told = [one["verdict"]["verdict"] for one in _bodies(receiver) if one["event"] == "verdict"]
    assert told[:2] == ["open", "open"]  # the first try and the second
    assert told[2:] == ["blocked"]


def test_after_five_days_it_is_given_up_a_person_is_told_and_may_have_it_tried_again(
    world: Hooked, receiver: Receiver
) -> None:
    receiver.answers = [503]
    _pay(world, "2026-11-03 10:00")
    for day in range(4, 9):
        world.run(f"2026-11-{day:02} 12:00")
    assert world.states() == ["failed"]
    assert "hook-failed" in world.needs()
    [need] = [need for need in world.decision().needs if need.code == "hook-failed"]
    assert SECRET not in str(need)
    assert receiver.url not in str(need)
    # that this hook failed is no event for this hook
    world.run("2026-11-08 13:00")
    assert [row.body["event"] for row in effects.effects(world.store, "hook")].count("needs-you") == 0
    receiver.answers = [200]
    [row] = effects.effects(world.store, "hook", EffectState.FAILED)
    settle.retry(
        world.store,
        settle.key_of(world.store, row.key[:12]),
        reason="it is up again",
        as_of=world.now.date(),
        now=world.now,
    )
    assert world.run("2026-11-08 14:00").hooks_sent == (row.key,)
    assert "hook-failed" not in world.needs()


def test_what_became_of_an_event_stands_in_the_journal_without_address_secret_or_body(
    world: Hooked, receiver: Receiver
) -> None:
    _pay(world, "2026-11-03 10:00")
    [record] = world.journal("effect")
    assert (record.body["target"], record.body["deed"], record.body["outcome"]) == ("tracker", "verdict", "done")
    everything = json.dumps([dict(entry.body) for entry in world.journal()])
    assert SECRET not in everything
    assert receiver.url not in everything
    assert world.verify() == []


@pytest.mark.parametrize("place", ["hooks intended", "hook claimed", "hook posted"])
def test_a_run_that_dies_loses_no_event_and_the_receiver_knows_it_by_its_id(
    world: Hooked, receiver: Receiver, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(here: str) -> None:
        if here == place:
            raise KeyboardInterrupt

    world.on("2026-11-03 10:00").books(paid("INV-0012", "3000.00"), DESIGN)
    with monkeypatch.context() as patch:
        patch.setattr(hooks, "own_name", lambda: f"{os.uname().nodename}:1:0")
        with pytest.raises(KeyboardInterrupt):
            nightly.run(world.store, world.workspace, now=world.now, pause=die)
    world.run("2026-11-03 11:00")
    world.run("2026-11-03 12:00")
    assert {headers["Payflow-Id"] for headers, _ in receiver.got} == {_bodies(receiver)[0]["id"]}
    assert len(receiver.got) == (2 if place == "hook posted" else 1)
    assert world.states() == ["done"]


def test_an_event_that_another_run_is_at_is_left_to_it_until_its_claim_ends(world: Hooked, receiver: Receiver) -> None:
    receiver.answers = [500, 200]
    _pay(world, "2026-11-03 10:00")
    [row] = effects.effects(world.store, "hook")
    with world.store.transaction() as tx:
        assert effects.claim(tx, row, "another-machine:1:1", world.now + timedelta(hours=2))
        # one that looked before is too late
        assert not effects.claim(tx, row, "a-third-one:1:1", world.now + timedelta(hours=2))
    world.run("2026-11-03 11:00")
    assert len(receiver.got) == 1
    world.run("2026-11-03 12:30")
    assert len(receiver.got) == 2


def test_what_another_run_knows_better_by_now_is_not_told_after_it(
    world: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, slow = hooks.intend, True

    def intend(store: Store, *rest: Any, **more: Any) -> bool:
        nonlocal slow
        if slow:
            # just before this run notes that the gate is open, another one reads of a refund and tells of it
            slow = False
            other = Hooked(world.root)
            other.on("2026-11-03 10:30").books(DEPOSIT, DESIGN).run()
            other.close()
        return plain(store, *rest, **more)

    monkeypatch.setattr(hooks, "intend", intend)
    _pay(world, "2026-11-03 10:00")
    told = [one["verdict"]["verdict"] for one in _bodies(receiver) if one["event"] == "verdict"]
    assert told[-1:] in ([], ["blocked"])
    assert world.verdict("design").word == "blocked"


def test_a_hook_gets_what_it_asked_for_and_one_that_is_gone_gets_nothing(world: Hooked, receiver: Receiver) -> None:
    world.hook(receiver.url, 'events = ["needs-you"]')
    _pay(world, "2026-11-03 10:00")
    assert receiver.got == []
    world.hook(receiver.url)
    receiver.answers = [500]
    world.on("2026-11-04 10:00").books(DEPOSIT, DESIGN).run()
    assert set(world.states()) == {"waiting"}
    world.settings(settings(mail=ANY_HOUR)).run("2026-11-05 10:00")
    assert set(world.states()) == {"dropped"}


def test_before_payflow_is_live_no_hook_is_told(tmp_path: Path, receiver: Receiver) -> None:
    made = Hooked(tmp_path / "other")
    made.hook(receiver.url)
    made.on("2026-11-02").books(DEPOSIT, DESIGN).sync()
    made.run()
    made.on("2026-11-03").books(paid("INV-0012", "3000.00"), DESIGN).run()
    assert receiver.got == []
    made.close()
