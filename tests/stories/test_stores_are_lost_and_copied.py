"""A new, lost or copied store is never live by itself, and nobody gets a letter twice because a file went astray."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from payflow import place
from payflow.errors import StoreError
from stories.world import World, invoice

INVOICE = invoice("INV-0012", "3000.00")


@pytest.fixture
def reminded(world: World) -> World:
    """5 November: live, and one reminder sent."""
    world.on("2026-11-05").books(INVOICE).begin()
    world.run()
    assert len(world.to_clients()) == 1
    return world


def _lose(world: World) -> None:
    world.close()
    for path in world.root.glob("payflow.db*"):
        if not path.name.endswith(".anchor"):
            path.unlink()


def test_after_the_store_is_deleted_a_run_refuses_and_a_new_one_is_not_live(reminded: World) -> None:
    _lose(reminded)
    with pytest.raises(StoreError) as missing:
        reminded.run("2026-11-06")
    assert "there is no store yet" in str(missing.value)
    assert not (reminded.root / "payflow.db").exists()
    # `sync` begins one anew; it sends nothing.
    reminded.on("2026-11-11").books(INVOICE).sync()
    report = reminded.run()
    assert (report.live, report.sent) == (False, ())
    assert len(reminded.mails()) == 1
    # What is due before the day of switching on is left alone, so that nothing is sent again.
    reminded.live()
    assert reminded.run().sent == ()
    assert len(reminded.mails()) == 1


def test_a_copy_in_another_folder_is_a_preview(reminded: World, make: Callable[..., World]) -> None:
    reminded.close()
    colleague = make()
    shutil.rmtree(colleague.root)
    shutil.copytree(reminded.root, colleague.root)
    colleague.on("2026-11-11").books(INVOICE)
    report = colleague.run()
    assert (report.live, report.sent) == (False, ())
    assert "in another place" in report.decision.not_live_because
    # What the run would send is shown, and the history that came with the copy is known.
    assert [message.notices[0].step for message in report.decision.plan.messages] == ["late-fee"]
    assert len(colleague.mails()) == 1


def test_a_copy_on_another_machine_is_a_preview(reminded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_machine", lambda: "another machine")
    report = reminded.on("2026-11-11").books(INVOICE).run()
    assert (report.live, report.sent) == (False, ())
    assert "in another place" in report.decision.not_live_because


def test_a_store_older_than_its_anchor_is_not_live_until_a_person_says_so(reminded: World) -> None:
    reminded.close()
    shutil.copy(reminded.root / "payflow.db", reminded.root / "backup")
    # 11 November: the late fee goes out. Then the backup of the 5th is put back.
    reminded.on("2026-11-11").books(INVOICE).run()
    assert len(reminded.to_clients()) == 2
    reminded.close()
    for path in reminded.root.glob("payflow.db-*"):
        path.unlink()
    shutil.move(reminded.root / "backup", reminded.root / "payflow.db")
    report = reminded.run("2026-11-12")
    assert (report.live, report.sent) == (False, ())
    assert "older copy" in report.decision.not_live_because
    assert len(reminded.to_clients()) == 2
    # A person says `live` again: it goes on from there.
    reminded.live("2026-11-12")
    assert reminded.run("2026-11-12 10:00").live
    assert len(reminded.to_clients()) == 2


def test_an_empty_file_is_no_store(world: World) -> None:
    (world.root / "payflow.db").write_bytes(b"")
    with pytest.raises(StoreError):
        world.run("2026-11-06")


def test_a_moved_workspace_says_live_again_and_sends_nothing_twice(reminded: World, make: Callable[..., World]) -> None:
    reminded.close()
    moved = make()
    shutil.rmtree(moved.root)
    shutil.move(reminded.root, moved.root)
    moved.on("2026-11-06").books(INVOICE)
    assert not moved.run().live
    moved.live("2026-10-01")
    assert moved.run().live
    assert len(moved.to_clients()) == 1
    moved.on("2026-11-11").books(INVOICE).run()
    assert [step for step, _ in moved.steps("INV-0012")] == ["reminder", "late-fee"]
