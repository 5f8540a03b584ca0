"""`payflow store`: where the store is, backups, restores, moves; on both databases, as at a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from payflow.cli import main
from payflow.report import as_json
from stores import KINDS, url_of
from stories.papers import invoice
from stories.world import World


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """5 November: live, one reminder sent."""
    made = World(tmp_path, store_url=url_of(request.param)).on("2026-11-05").books(invoice("INV-0012", "3000.00"))
    made.begin().run()
    made.close()
    yield made
    made.close()


@pytest.fixture
def payflow(world: World) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        return CliRunner().invoke(main, ["-C", str(world.root), "--now", "2026-11-06T09:30", *words])

    return call


def test_info_shows_where_the_store_is_and_whether_it_is_live(payflow: Callable[..., Result], world: World) -> None:
    shown = payflow("store", "info", "--json")
    assert shown.exit_code == 0, shown.stderr
    data = json.loads(shown.stdout)
    Draft202012Validator(json.loads(as_json.schema_text("store"))).validate(data)
    assert (data["live"], data["rows"]["invoice"], data["rows"]["message"]) == (True, 1, 1)
    assert data["where"] == world.store.where
    assert "live     yes" in payflow("store", "info").stdout


def test_a_backup_is_restored_elsewhere_with_one_command_each(payflow: Callable[..., Result], world: World) -> None:
    file = world.root / "studio.backup"
    made = payflow("store", "backup", str(file))
    assert (made.exit_code, made.stderr) == (0, "")
    assert "records of the journal" in made.stdout
    for url in ("sqlite:///restored.db", url_of("postgresql")):
        done = payflow("store", "restore", str(file), "--to", url)
        assert (done.exit_code, done.stderr) == (0, "")
        assert "not live until payflow live" in done.stdout
        assert f'Now write url = "{url}" under [store] in payflow.toml.' in done.stdout
    again = payflow("store", "restore", str(file))
    assert again.exit_code == 1
    assert "there is a store already, and nothing is written over it" in again.stderr
    assert payflow("store", "backup", str(file)).exit_code == 1


def test_a_move_tells_what_to_write_and_which_store_is_live(payflow: Callable[..., Result], world: World) -> None:
    url = url_of("postgresql")
    moved = payflow("store", "move", url, "--live")
    assert (moved.exit_code, moved.stderr) == (0, "")
    assert f'Now write url = "{url}" under [store] in payflow.toml.' in moved.stdout
    assert "The new store is live for invoices due from 2026-10-01" in moved.stdout
    assert "was moved to PostgreSQL database" in payflow("store", "info").stdout
    text = (world.root / "payflow.toml").read_text("utf-8")
    (world.root / "payflow.toml").write_text(
        f'[store]\nurl = "{url}"\n' + text.partition("[business]")[1] + text.partition("[business]")[2]
    )
    assert "live     yes" in payflow("store", "info").stdout
    assert payflow("log", "verify").exit_code == 0


def test_a_move_without_live_leaves_neither_store_live_and_says_how_to_go_on(
    payflow: Callable[..., Result], world: World
) -> None:
    moved = payflow("store", "move", "sqlite:///moved.db")
    assert "Neither store is live. To go on at the new place: payflow live --from 2026-10-01" in moved.stdout


def test_an_address_may_be_a_reference_and_is_never_repeated_with_its_password(
    payflow: Callable[..., Result], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_STORE", "postgresql://u:canary-secret@127.0.0.1:1/d?connect_timeout=2")
    for url in ("env:STUDIO_STORE", "postgresql://u:canary-secret@127.0.0.1:1/d?connect_timeout=2", "env:NO_SUCH"):
        failed = payflow("store", "move", url)
        assert failed.exit_code == 1
        assert "canary-secret" not in failed.stdout + failed.stderr
        assert "Traceback" not in failed.stderr
    assert payflow("status").exit_code == 0


def test_a_backup_onto_a_full_disk_is_told_and_leaves_nothing(payflow: Callable[..., Result], world: World) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    (world.root / "full.backup.part").symlink_to("/dev/full")
    failed = payflow("store", "backup", str(world.root / "full.backup"))
    assert failed.exit_code == 1
    assert "No space left on device" in failed.stderr
    assert "Free some space" in failed.stderr
    assert not (world.root / "full.backup").exists()
    assert not (world.root / "full.backup.part").is_symlink()


def test_a_folder_that_is_not_there_and_a_file_that_is_no_backup_are_told(
    payflow: Callable[..., Result], world: World
) -> None:
    assert payflow("store", "backup", str(world.root / "none" / "a.backup")).exit_code == 1
    for name, said in (("none.backup", "cannot be used"), ("payflow.toml", "this is no backup of payflow's")):
        failed = payflow("store", "restore", str(world.root / name), "--to", "sqlite:///new.db")
        assert failed.exit_code == 1
        assert said in failed.stderr
    assert not list(world.root.glob("new.db*"))
