"""Several hosts post charges and tell hooks from one store: a claim is its host's while that host's session lasts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from outbox.receiver import Receiver
from payflow.connector import SourceContext
from payflow.model.agreement import HookSettings, SourceSettings, Workspace
from payflow.outbox import deliver, hooks
from payflow.outbox.charges import KIND, Clerk
from payflow.store import Store, effects, open_store
from payflow.store.effects import EffectState, Place
from stores import url_of
from stories.ledger import Ledger, _Writes
from stories.till import Till
from stories.world import World

BEGAN = datetime(2026, 11, 11, 10, tzinfo=UTC)
ORDER = {"deed": "post", "tag": "PF-1", "ref": "PF-1", "client": "c1", "invoice": "in_1", "number": "INV-1"}
EVENT = {"event": "verdict", "id": "k", "verdict": None, "need": None}


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[tuple[Workspace, Store, Store]]:
    """One store, and a connection of each host's own."""
    world = World(tmp_path, store_url=url_of("postgresql"))
    found = world.workspace
    with open_store(world.store_url, tmp_path, create=True) as one, open_store(world.store_url, tmp_path) as other:
        yield found, one, other


class _Gone(BaseException):
    """The machine lost power, or hangs."""


def _stop(at: str) -> Callable[[str], None]:
    def pause(place: str) -> None:
        if place == at:
            raise _Gone

    return pause


def _power_cut(store: Store, other: Store, kind: str) -> None:
    """End the session of the host that claimed an effect, and wait until the server has seen it end."""
    [claimed] = effects.effects(other, kind, EffectState.CLAIMED)
    store.close()
    while other.is_gone(claimed.owner) is not True:
        time.sleep(0.01)


def test_a_charge_that_another_host_is_posting_is_left_to_it(
    hosts: tuple[Workspace, Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, one, other = hosts
    till, source = Till(), SourceSettings("books", "books", "ledger", post_charges=True)
    writes = _Writes(Ledger(till=till), "books", SourceContext("books", (), "GBP", "UTC", BEGAN, {}))
    with one.transaction() as tx:
        body = {**ORDER, "amount": 2500, "currency": "GBP", "on": "2026-11-11", "of": 1}
        effects.intend(tx, "k", KIND, "books", body, BEGAN, Place(1, "late-fee", "late-fee", 0, "post"))

    def work(host: str, store: Store, minutes: int, pause: Callable[[str], None] = lambda _: None) -> None:
        monkeypatch.setattr(deliver.platform, "node", lambda: host)
        now = BEGAN + timedelta(minutes=minutes)
        settings = replace(found, sources=(source,))
        Clerk(store, settings, now.date(), lambda: now, lambda _: writes, pause=pause).work()

    with pytest.raises(_Gone):
        work("host-a", one, 0, _stop("charge claimed"))
    work("host-b", other, 20)
    assert till.calls == []
    _power_cut(one, other, KIND)
    work("host-b", other, 25)
    assert len(till.made) == len(till.calls) == 1


def test_an_event_that_another_host_is_telling_is_left_to_it(
    hosts: tuple[Workspace, Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, one, other = hosts
    with one.transaction() as tx:
        effects.intend(tx, "k", "hook", "tracker", EVENT, BEGAN)
    with Receiver() as receiver:
        hook = HookSettings("tracker", receiver.url, "s3cret-of-the-tracker", ("verdict",), True)
        settings = replace(found, hooks=(hook,))

        def work(host: str, store: Store, minutes: int, pause: Callable[[str], None] = lambda _: None) -> None:
            monkeypatch.setattr(deliver.platform, "node", lambda: host)
            now = BEGAN + timedelta(minutes=minutes)
            hooks.deliver(store, settings, as_of=now.date(), now=now, pause=pause)

        with pytest.raises(_Gone):
            work("host-a", one, 0, _stop("hook claimed"))
        work("host-b", other, 5)
        assert receiver.got == []
        _power_cut(one, other, "hook")
        work("host-b", other, 8)
        assert len(receiver.got) == 1


def test_a_try_that_fails_late_changes_nothing_of_what_another_host_came_to(
    hosts: tuple[Workspace, Store, Store],
) -> None:
    _, one, other = hosts
    with one.transaction() as tx:
        effects.intend(tx, "k", "hook", "tracker", EVENT, BEGAN)
    later = BEGAN + timedelta(minutes=15)

    def state(store: Store) -> tuple[str, str]:
        [row] = effects.effects(store, "hook")
        return row.state.value, row.owner

    def claimed(store: Store, owner: str) -> effects.EffectRow:
        [row] = effects.effects(store, "hook")
        with store.transaction() as tx:
            assert effects.claim(tx, row, owner, later)
        return row

    def fails(store: Store, owner: str, row: effects.EffectRow) -> None:
        with store.transaction() as tx:
            effects.postpone(tx, row, owner, "it did not answer in time", later)

    first = claimed(one, "host-a:1:1")
    second = claimed(other, "host-b:2:2")
    fails(one, "host-a:1:1", first)
    assert state(other) == ("claimed", "host-b:2:2")
    fails(other, "host-b:2:2", second)
    assert state(other) == ("waiting", "")
    with other.transaction() as tx:
        effects.settle(tx, "k", EffectState.DONE, "")
    fails(one, "host-a:1:1", first)
    assert state(other) == ("done", "")
