"""Charges posted to a source: effectively once, whatever the service answers, loses, forgets or lists late."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as configured
from hypothesis import strategies as st

from payflow import nightly
from payflow.errors import WorkspaceError
from payflow.model.agreement import SourceSettings, Workspace
from payflow.outbox import charges
from payflow.outbox.charges import KIND, Clerk
from payflow.report import operations_json
from payflow.store import Store, effects, open_store
from payflow.store.backup import restore, write_backup
from payflow.store.effects import EffectState, Place
from stores import ON_SQLITE
from stories.ledger import LEDGER, Ledger, _Writes, debt, move
from stories.papers import ANY_HOUR, settings
from stories.till import Till
from stories.world import World

POSTING = LEDGER + "post_charges = true\n"
DEBT = debt("in_1", 300000, number="INV-0012")
LIMIT = SourceSettings("books", "books", "ledger", post_charges=True)
BEGAN = datetime(2026, 11, 11, 10, tzinfo=UTC)


@pytest.fixture
def till(ledger: Ledger) -> Till:
    ledger.till = Till()
    return ledger.till


@pytest.fixture
def world(make: Callable[..., World], ledger: Ledger, till: Till) -> World:
    """11 November: the late fee is due today; the reminder of the 5th named it."""
    made = make(toml=settings(sources=POSTING, mail=ANY_HOUR)).on("2026-11-05")
    ledger.says(made.now, [DEBT])
    made.begin().run()
    return _at(made, ledger, "2026-11-11 10:00")


def _at(world: World, ledger: Ledger, moment: str) -> World:
    world.on(moment)
    ledger.says(world.now, [DEBT])
    return world


def test_a_fee_is_posted_with_frozen_parameters_in_the_run_whose_notice_claims_it(world: World, till: Till) -> None:
    report = world.run()
    [charge] = world.charges()
    [made] = till.made
    assert (made.order.ref, made.order.tag, made.order.amount) == (charge["ref"], charge["ref"], 2500)
    assert (made.order.currency, made.order.client, made.order.invoice) == ("GBP", "c1", "in_1")
    assert made.order.on == "2026-11-11"
    assert report.posted == (charge["ref"],)
    [record] = world.journal("effect")
    assert (record.body["deed"], record.body["outcome"], record.body["made"]) == ("post", "done", made.id)
    world.run("2026-11-11 11:00")
    assert len(till.calls) == 1
    assert world.verify() == []


@ON_SQLITE
def test_a_store_put_back_from_a_backup_finds_what_it_posted_and_posts_it_no_second_time(
    world: World, ledger: Ledger, till: Till
) -> None:
    write_backup(world.store, world.root / "a.backup", world.now)
    world.run()
    world.close()
    for path in world.root.glob("payflow.db*"):
        path.unlink()
    _at(world, ledger, "2026-11-14 10:00")
    restore(world.root / "a.backup", world.workspace.store_url, world.root, world.now)
    world.live("2026-10-01")
    report = world.run()
    assert len(till.made) == len(till.calls) == 1
    assert report.posted == (till.made[0].order.ref,)


def test_without_the_setting_nothing_is_posted(world: World, till: Till) -> None:
    world.settings(settings(sources=LEDGER, mail=ANY_HOUR)).run()
    assert len(world.charges()) == 1
    assert till.calls == []


@pytest.mark.parametrize("habit", ["late", "500!"])
def test_a_call_that_did_its_work_and_did_not_say_so_is_found_by_our_tag(
    world: World, ledger: Ledger, till: Till, habit: str
) -> None:
    till.habits = [habit]
    report = world.run()
    assert len(report.unposted) == 1
    assert operations_json.run_left_out(report)
    assert _at(world, ledger, "2026-11-11 11:00").run().posted == report.unposted
    assert (len(till.made), len(till.calls)) == (1, 1)
    assert "sk_live" not in json.dumps([dict(entry.body) for entry in world.journal()])


def test_the_same_key_is_repeated_while_the_service_keeps_it(world: World, ledger: Ledger, till: Till) -> None:
    till.habits, till.lag = ["late"], timedelta(hours=2)
    world.run()
    # the list does not show it yet, so the call is made again, under the same key
    _at(world, ledger, "2026-11-11 11:00").run()
    assert len(till.made) == 1
    assert len({key for _, key in till.calls}) == 1
    assert len(till.calls) == 2


def test_an_error_that_is_kept_under_a_key_is_left_behind_by_a_new_key_a_day_later(
    world: World, ledger: Ledger, till: Till
) -> None:
    till.habits = ["500"]
    world.run()
    for hour in range(11, 24):
        _at(world, ledger, f"2026-11-11 {hour}:00").run()
    assert till.made == []
    assert len({key for _, key in till.calls}) == 1
    for day in ("2026-11-12 12:00", "2026-11-13 13:00", "2026-11-14 14:00"):
        _at(world, ledger, day).run()
    assert len(till.made) == 1
    assert len({key for _, key in till.calls}) == 2


def test_a_refusal_for_good_is_shown_and_may_be_tried_again(world: World, ledger: Ledger, till: Till) -> None:
    till.habits = ["no"]
    world.run()
    assert "charge-not-posted" in world.needs()
    [row] = effects.effects(world.store, KIND)
    assert (row.state, row.detail) == (EffectState.FAILED, "400 the client takes no charges")
    world.settle(row.key)
    assert len(_at(world, ledger, "2026-11-11 11:00").run().posted) == 1
    assert "charge-not-posted" not in world.needs()


def test_a_posted_charge_that_comes_back_is_that_charge_and_no_new_debt(
    world: World, ledger: Ledger, till: Till
) -> None:
    world.run()
    [made] = till.made
    world.on("2026-11-12")
    fee = debt("in_2", 2500, number="INV-0099", issued="2026-11-11", due="2026-11-26", reference=made.order.ref)
    ledger.says(world.now, [DEBT, fee])
    world.run()
    assert world.view("INV-0099").role.value == "charge"
    assert "invoice-ambiguous" not in world.needs()
    assert world.view("INV-0012").fees == 2500
    assert [one.outstanding for one in world.decision().totals] == [300000]
    world.on("2026-11-13")
    settled = debt("in_2", 2500, number="INV-0099", issued="2026-11-11", reference=made.order.ref, status="paid")
    ledger.says(world.now, [DEBT, settled], [move("py_2", "in_2", 2500, "2026-11-12")])
    world.run()
    assert world.view("INV-0012").fees_owed == 0


def test_a_charge_that_goes_back_is_taken_back_at_the_service_once(world: World, ledger: Ledger, till: Till) -> None:
    world.run()
    [post] = till.made
    till.habits = ["late"]
    world.on("2026-11-12 10:00")
    # the money was there a day before the fee
    ledger.says(world.now, [debt("in_1", 300000, number="INV-0012", status="paid")], [PAID_BEFORE])
    world.run()
    world.run("2026-11-12 11:00")
    world.run("2026-11-12 12:00")
    [_, back] = till.made
    assert (back.deed, back.order.amount, back.order.posted) == ("reverse", 2500, post.id)
    assert back.order.tag == f"{post.order.ref}/reverse:1"


PAID_BEFORE = move("py_1", "in_1", 300000, "2026-11-10")


def test_a_charge_that_is_waived_goes_back_too(world: World, ledger: Ledger, till: Till) -> None:
    world.run()
    [post] = till.made
    world.ruling("charge_waive", post.order.ref)
    _at(world, ledger, "2026-11-11 11:00").run()
    assert [(one.deed, one.order.amount) for one in till.made] == [("post", 2500), ("reverse", 2500)]


def test_what_goes_back_before_it_was_posted_is_never_posted(world: World, ledger: Ledger, till: Till) -> None:
    till.habits = ["down"]
    world.run()
    world.on("2026-11-11 12:00")
    ledger.says(world.now, [debt("in_1", 300000, number="INV-0012", status="paid")], [PAID_BEFORE])
    world.run()
    world.run("2026-11-11 14:00")
    assert till.made == []
    assert {row.state for row in effects.effects(world.store, KIND)} == {EffectState.DROPPED}


def test_what_goes_back_after_a_lost_answer_is_found_and_taken_back(world: World, ledger: Ledger, till: Till) -> None:
    till.habits = ["late"]
    world.run()
    world.on("2026-11-11 12:00")
    ledger.says(world.now, [debt("in_1", 300000, number="INV-0012", status="paid")], [PAID_BEFORE])
    world.run()
    world.run("2026-11-11 14:00")
    assert [one.deed for one in till.made] == ["post", "reverse"]


@pytest.mark.parametrize("place", ["recorded", "charge claimed", "charge posted"])
def test_a_run_that_dies_anywhere_posts_once(
    world: World, ledger: Ledger, till: Till, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(here: str) -> None:
        if here == place:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(charges, "own_name", lambda: f"{os.uname().nodename}:1:0")
        with pytest.raises(KeyboardInterrupt):
            nightly.run(world.store, world.workspace, now=world.now, pause=die)
    for hour in ("11:00", "12:00", "13:00"):
        _at(world, ledger, f"2026-11-11 {hour}").run()
    assert len(till.made) == 1
    assert [row.state for row in effects.effects(world.store, KIND)] == [EffectState.DONE]
    assert world.verify() == []


def test_while_its_source_cannot_be_read_nothing_is_posted(world: World, ledger: Ledger, till: Till) -> None:
    till.habits = ["down"]
    world.run()
    ledger.down = True
    world.run("2026-11-11 12:00")
    assert len(till.calls) == 1
    ledger.down = False
    _at(world, ledger, "2026-11-11 14:00").run()
    assert len(till.made) == 1


def test_only_a_connector_that_can_write_back_may_be_asked_to(make: Callable[..., World], ledger: Ledger) -> None:
    assert not ledger.posts_charges
    made = make(toml=settings(sources=POSTING))
    with pytest.raises(WorkspaceError, match=r"post_charges: ledger cannot post charges"):
        assert made.workspace


# any order of bad habits, at any hours


def _clerk(store: Store, workspace: Workspace, ledger: Ledger, now: datetime) -> Clerk:
    from payflow.connector import SourceContext

    context = SourceContext("books", (), "GBP", "UTC", now, {})
    return Clerk(store, workspace, now.date(), lambda: now, lambda _: _Writes(ledger, "books", context))


HABITS = st.sampled_from(["ok", "late", "500", "500!", "down"])


@given(
    tries=st.lists(st.tuples(st.integers(20, 60 * 30), HABITS, st.booleans()), max_size=12),
    lag=st.integers(0, 55),
)
@configured(max_examples=60, deadline=None)
def test_whatever_the_service_does_a_charge_is_made_once(
    tmp_path_factory: pytest.TempPathFactory, tries: list[tuple[int, str, bool]], lag: int
) -> None:
    root: Path = tmp_path_factory.mktemp("till")
    till = Till(lag=timedelta(minutes=lag))
    ledger = Ledger(till=till)
    body = {"deed": "post", "tag": "PF-1", "ref": "PF-1", "client": "c1", "invoice": "in_1", "number": "INV-1"}
    body |= {"amount": 2500, "currency": "GBP", "on": "2026-11-11", "of": 1}  # type: ignore[dict-item]  # numbers beside text
    made = World(root)
    workspace = made.workspace
    from msgspec.structs import replace

    workspace = replace(workspace, sources=(LIMIT,))
    with open_store(workspace.store_url, root, create=True) as store:
        with store.transaction() as tx:
            assert effects.intend(tx, "k", KIND, "books", body, BEGAN, Place(1, "late-fee", "late-fee", 0, "post"))
            assert not effects.intend(
                tx, "other", KIND, "books", body, BEGAN, Place(1, "late-fee", "late-fee", 0, "post")
            )
        now = BEGAN
        for minutes, habit, mute in tries:
            till.habits, till.mute = [habit], mute
            _clerk(store, workspace, ledger, now).work()
            assert len(till.made) <= 1
            now += timedelta(minutes=minutes)
        till.habits, till.mute = [], False
        for _ in range(12):
            _clerk(store, workspace, ledger, now).work()
            now += timedelta(hours=25)
        assert len(till.made) == 1
        assert [row.state for row in effects.effects(store, KIND)] == [EffectState.DONE]
