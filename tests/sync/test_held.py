"""What the store held is fetched while large files are read; it is used while it still holds, and makes no difference."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from payflow import sync as syncing
from payflow.store import mirror, mirror_writes
from payflow.sync import bulk, held, identities, same
from stories.papers import invoice
from stories.world import World

ONE, TWO, THREE = invoice("INV-0012", "3000.00"), invoice("INV-0013", "4000.00"), invoice("INV-0014", "50.00")


@pytest.fixture
def world(make: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> World:
    """A studio every file of which counts as large."""
    monkeypatch.setattr(same, "_LARGE", 0)
    world = make().on("2026-11-05 09:00").books(ONE, TWO).on("2026-11-05 10:00")
    world.sync()
    return world


def _forbidden(*_: object) -> None:
    raise AssertionError("asked for again")


def test_what_was_fetched_while_the_file_was_read_is_not_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    [path] = sorted((world.root / "exports").iterdir())
    file = syncing.file_at(world.workspace, path, now=world.now)
    read = syncing.read_file(file, syncing.fetch(world.store, world.workspace, file, now=world.now))
    monkeypatch.setattr(bulk, "images", _forbidden)
    monkeypatch.setattr(identities, "pages", _forbidden)
    report = syncing.keep_file(world.store, world.workspace, read, now=world.now)
    assert (report.new, report.changed, report.unchanged) == (0, 0, 2)


def test_what_changed_after_it_was_fetched_is_seen(world: World) -> None:
    [path] = sorted((world.root / "exports").iterdir())
    file = syncing.file_at(world.workspace, path, now=world.now)
    read = syncing.read_file(file, syncing.fetch(world.store, world.workspace, file, now=world.now))
    world.on("2026-11-05 10:30").books(THREE)
    world.take(max((world.root / "exports").iterdir(), key=lambda one: one.stat().st_mtime).relative_to(world.root))
    with world.store.transaction() as tx:
        first = mirror.invoices(tx)[0]
        mirror_writes.write_invoices(tx, [first._replace(reference="changed meanwhile")])
    report = syncing.keep_file(world.store, world.workspace, read, now=world.now)
    assert report.new == 0
    assert report.changed + report.unchanged == 2
    assert [row.number for row in mirror.invoices(world.store)] == ["INV-0012", "INV-0013", "INV-0014"]


def test_a_text_with_the_sign_between_rows_is_read_all_the_same(world: World) -> None:
    with world.store.transaction() as tx:
        first, second = mirror.invoices(tx)
        mirror_writes.write_invoices(
            tx, [first._replace(reference="one\x1eand two"), second._replace(reference="three")]
        )
        tx.execute("UPDATE identity SET key = ? WHERE id = ?", ("INV\x1e12", first.id))
    [(ids, columns)] = bulk.images(world.store, "books")
    assert (ids.tolist(), columns) == ([first.id, second.id], None)
    found, _ = identities.load(world.store, "books")
    assert (found["INV\x1e12"], found[second.key]) == (first.id, second.id)


def test_a_store_that_is_small_is_not_fetched_from_ahead(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same, "_LARGE", 2**30)
    contents = same.Contents(sorted((world.root / "exports").iterdir()))
    assert held.fetching(world.store, "books", contents) is None
