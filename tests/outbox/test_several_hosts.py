"""Several hosts deliver from one outbox in PostgreSQL: who claims, who waits, and who says what became of a dead host's claim."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from payflow import nightly
from payflow.model.journal import MessageState
from payflow.nightly import RunReport
from payflow.outbox import deliver
from payflow.store import Store, messages, open_store
from stores import url_of
from stories.papers import contract, invoice
from stories.world import World

BOTH = (invoice("INV-0012", "3000.00"), invoice("INV-0020", "500.00", client="Bolt Ltd"))


class Host:
    """A machine with the workspace's files and a connection of its own."""

    def __init__(self, name: str, world: World, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name, self._patch = name, monkeypatch
        self.world = World(root, store_url=world.store_url)
        self.world.contract("acme_website", None)
        shutil.copytree(world.root, root, dirs_exist_ok=True)
        self.store: Store = open_store(world.store_url, root)

    def run(self, moment: str, stop: str = "") -> RunReport | None:
        """`payflow run`; with `stop`, it ends there as if the machine had lost power."""

        def pause(place: str) -> None:
            if place == stop:
                raise KeyboardInterrupt

        self._patch.setattr(deliver.platform, "node", lambda: self.name)
        self.world.on(moment)
        try:
            return nightly.run(self.store, self.world.workspace, now=self.world.now, pause=pause)
        except KeyboardInterrupt:
            return None

    def states(self) -> list[str]:
        return sorted(row.state.value for row in messages.messages(self.store) if not row.client.startswith("owner:"))


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Host, Host]]:
    """4 November: live, two clients, nothing due yet; two hosts."""
    acme = contract(client="Acme Ltd", milestones={"all": ("3000.00", ["INV-0012"])})
    bolt = contract("bolt-shop", "Bolt Ltd", milestones={"all": ("500.00", ["INV-0020"])}, email="pay@bolt.example")
    first = World(tmp_path / "studio", store_url=url_of("postgresql"), acme=acme, bolt=bolt)
    first.on("2026-11-04").books(*BOTH).begin()
    first.close()
    found = (Host("host-a", first, tmp_path / "a", monkeypatch), Host("host-b", first, tmp_path / "b", monkeypatch))
    yield found
    for host in found:
        host.store.close()


def test_a_claim_is_left_to_its_host_while_that_hosts_session_lasts(hosts: tuple[Host, Host]) -> None:
    one, other = hosts
    one.run("2026-11-05 10:00", stop="claimed")
    assert one.states() == ["claimed", "waiting"]
    other.run("2026-11-05 10:30")
    assert other.states() == ["claimed", "sent"]
    assert [mail.to for mail in other.world.to_clients()] != []


def test_a_claim_of_a_host_that_is_gone_is_settled_the_same_day_where_the_folder_is_shared(
    hosts: tuple[Host, Host],
) -> None:
    one, other = hosts
    shutil.rmtree(other.world.root / "outbox", ignore_errors=True)
    (other.world.root / "outbox").symlink_to(one.world.root / "outbox")
    one.run("2026-11-05 10:00", stop="claimed")
    one.store.close()
    other.run("2026-11-05 10:30")
    assert other.states() == ["sent", "sent"]
    assert len(one.world.to_clients()) == 2


def test_a_claim_for_a_folder_of_a_host_that_is_gone_is_unsure_once_its_day_is_over(hosts: tuple[Host, Host]) -> None:
    one, other = hosts
    one.run("2026-11-05 10:00", stop="claimed")
    one.store.close()
    other.run("2026-11-05 10:30")
    assert other.states() == ["claimed", "sent"]
    other.run("2026-11-06 10:30")
    assert other.states() == ["sent", "unsure"]
    [row] = messages.messages(other.store, MessageState.UNSURE)
    assert row.detail == "its folder is on host-a, which did not say what became of it"
    assert len(other.world.to_clients()) == 1


def test_two_hosts_that_claim_at_once_take_different_messages_and_each_goes_out_once(hosts: tuple[Host, Host]) -> None:
    one, other = hosts
    one.run("2026-11-05 10:00", stop="proposed")
    keys = [row.key for row in messages.messages(one.store, MessageState.WAITING)]
    assert len(keys) == 2
    with one.store.transaction(sharing=True) as mine, other.store.transaction(sharing=True) as theirs:
        taken = [
            [messages.claim(tx, key, day=20_762, owner="o", transport="folder", body={}) for key in keys[:number]]
            for number, tx in ((1, mine), (2, theirs))
        ]
    assert taken == [[True], [False, True]]
