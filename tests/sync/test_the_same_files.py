"""The very files that a source was last read from are taken as read; whatever could make a difference has them read again."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from payflow import sync as syncing
from payflow.cli import main
from payflow.forgetting import forget
from payflow.store import mirror
from payflow.sync import taking
from stories.papers import BOOKS, invoice, settings
from stories.world import World

ONE, TWO = invoice("INV-0012", "3000.00"), invoice("INV-0013", "4000.00")
FOLDER = "exports/"


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    """A studio that exported its books on 5 November, and looks at them an hour later."""
    return make().on("2026-11-05 09:00").books(ONE, TWO).on("2026-11-05 10:00")


def state(world: World) -> list[object]:
    """The whole mirror, and how far the journal has come."""
    tables = ("client", "invoice", "entry", "reading", "journal")
    return [world.store.query(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]


def test_files_that_are_as_they_were_are_not_read_again_and_everything_stays(world: World) -> None:
    [first] = world.sync()
    before, counter = state(world), mirror.counter(world.store)
    [same] = world.on("2026-11-05 11:00").sync()
    assert (first.again, same.again) == (False, True)
    assert (same.read, same.new, same.changed, same.unchanged, same.missing) == (2, 0, 0, 2, 0)
    assert (state(world), mirror.counter(world.store)) == (before, counter)
    [full] = world.sync(full=True)
    assert (full.again, full.unchanged) == (False, 2)
    assert state(world) == before


def test_what_was_imported_is_not_read_by_the_next_run_either(world: World) -> None:
    [path] = sorted((world.root / FOLDER).iterdir())
    world.take(f"{FOLDER}{path.name}")
    assert world.take(f"{FOLDER}{path.name}").again
    assert world.sync()[0].again
    again = syncing.import_file(world.store, world.workspace, path, again=True, now=world.now)
    assert (again.again, again.unchanged) == (False, 2)


def test_a_file_saved_anew_speaks_for_a_later_moment(world: World) -> None:
    world.sync()
    [path] = sorted((world.root / FOLDER).iterdir())
    later = (world.now + timedelta(minutes=30)).timestamp()
    os.utime(path, (later, later))
    [read] = world.on("2026-11-06 09:00").sync()
    assert not read.again
    assert world.view("INV-0012").read_at.timestamp() == later


def test_an_older_file_between_has_the_newer_one_read_again(make: Callable[..., World]) -> None:
    world = make().on("2026-11-08")
    world.books(ONE, TWO, name="new.csv", at="2026-11-07 09:00")
    world.books(invoice("INV-0012", "3000.00", paid="1000.00"), TWO, name="old.csv", at="2026-11-06 09:00")
    assert not world.take("exports/new.csv").again
    assert not world.take("exports/old.csv").again
    before = state(world)
    assert not world.take("exports/new.csv").again
    assert state(world) == before
    assert world.take("exports/new.csv").again
    assert world.view("INV-0012").outstanding == 300000


def test_another_option_has_the_file_read_again(world: World) -> None:
    world.sync()
    world.settings(settings(sources=BOOKS + 'scope = "changed"\n'))
    assert not world.sync()[0].again
    assert world.sync()[0].again


def test_another_release_of_payflow_reads_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sync()
    monkeypatch.setattr("payflow.sync.same.release", lambda name: f"payflow 99, {name} 99")
    assert not world.sync()[0].again
    assert world.sync()[0].again


def test_before_the_moment_that_a_file_speaks_for_it_is_read_as_of_then(world: World) -> None:
    world.sync()
    assert not world.on("2026-11-05 08:00").sync()[0].again
    # cut to the present, it speaks for another one a minute later
    assert not world.on("2026-11-05 08:01").sync()[0].again
    assert world.sync()[0].again


def test_a_client_forgotten_between_is_kept_out_and_the_digest_keeps_nothing_of_it(world: World) -> None:
    world.begin()
    [(key,)] = {(row.client,) for row in mirror.invoices(world.store)}
    client = world.view("INV-0012").client
    forget(world.store, world.workspace, client, reason="asked", force=True, now=world.now)
    assert world.store.query("SELECT name FROM meta WHERE name LIKE 'files-read:%'") == []
    [read] = world.sync()
    assert not read.again
    assert key not in {row.client for row in mirror.invoices(world.store)}
    assert world.sync()[0].again


def payflow(world: World, *words: str) -> Result:
    now = world.now.strftime("%Y-%m-%dT%H:%M")
    return CliRunner().invoke(main, ["-C", str(world.root), "--now", now, *words], catch_exceptions=False)


def test_bad_rows_are_told_again(make: Callable[..., World]) -> None:
    world = make().on("2026-11-05 09:00").books(ONE, TWO).on("2026-11-05 10:00")
    [path] = sorted((world.root / FOLDER).iterdir())
    moment = path.stat().st_mtime
    path.write_text(path.read_text(encoding="utf-8").replace("4000.00", "much"), encoding="utf-8")
    os.utime(path, (moment, moment))
    first, second, third = (payflow(world, "import", *more, str(path)) for more in ((), (), ("--again",)))
    assert "much" in first.stderr
    assert first.stderr == second.stderr == third.stderr
    assert (first.exit_code, second.exit_code, third.exit_code) == (4, 4, 4)
    assert "read: 1 new" in first.stdout
    assert "the very files that were read before" in second.stdout
    assert "1 unchanged" in third.stdout
    assert payflow(world, "sync").exit_code == 4


def test_a_file_is_not_parsed_when_it_is_taken_as_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sync()
    read: list[str] = []

    def gather(batches: object) -> object:
        read.append("read")
        return real(batches)

    real = taking.gather
    monkeypatch.setattr(taking, "gather", gather)
    world.sync()
    assert read == []
    world.sync(full=True)
    assert read == ["read"]
