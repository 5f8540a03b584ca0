"""Backups, restores and moves between databases: nothing is lost, and nothing is sent twice by either store."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from payflow.errors import StoreError
from payflow.model.journal import Record, RecordKind
from payflow.store import Store, journal, open_store
from payflow.store.anchor import write_anchor
from payflow.store.backup import restore, write_backup
from payflow.store.carry import first_difference, rows_of
from payflow.store.move import move
from stores import KINDS, url_of
from stories.papers import invoice
from stories.world import World

INVOICE = invoice("INV-0012", "3000.00")
OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(kind: str, tmp_path: Path) -> Iterator[World]:
    """5 November, on either database: live, and one reminder sent."""
    made = World(tmp_path / "studio", store_url=url_of(kind))
    made.on("2026-11-05").books(INVOICE).begin()
    made.run()
    assert len(made.to_clients()) == 1
    yield made
    made.close()


@pytest.fixture
def elsewhere(kind: str) -> str:
    """An empty place in the other database."""
    return "sqlite:///other.db" if kind == "postgresql" else url_of("postgresql")


def go_to(world: World, url: str) -> World:
    """Write the new address into payflow.toml, as a person does."""
    old = world.store_url
    world.close()
    text = (world.root / "payflow.toml").read_text("utf-8")
    (world.root / "payflow.toml").write_text(text.replace(f'url = "{old}"', f'url = "{url}"'), "utf-8")
    world.store_url = url
    return world


def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.snapshot() as reader:
        return {table.name: list(rows_of(reader, table)) for table in store.tables()}


def test_a_moved_store_holds_the_same_rows_and_goes_on_where_the_old_one_stopped(world: World, elsewhere: str) -> None:
    moved = move(world.store, elsewhere, world.root, world.now, live=True)
    assert (str(moved.live_from), moved.records) == ("2026-10-01", journal.head(world.store).seq)
    old = contents(world.store)
    # The old store never sends again by itself, though the fee is due.
    report = world.on("2026-11-11").books(INVOICE).run()
    assert (report.live, report.sent) == (False, ())
    assert f"moved to {moved.where}" in report.decision.not_live_because
    go_to(world, elsewhere)
    carried = contents(world.store)
    assert {name: rows for name, rows in carried.items() if not name.startswith("journal")} == {
        name: rows for name, rows in old.items() if not name.startswith("journal")
    }
    assert carried["journal"][:-1] == old["journal"]
    assert world.verify() == []
    assert world.run().live
    assert [step for step, _ in world.steps("INV-0012")] == ["reminder", "late-fee"]
    assert len(world.to_clients()) == 2


def test_without_a_word_about_it_a_moved_store_is_not_live_until_a_person_says_so(world: World, elsewhere: str) -> None:
    moved = move(world.store, elsewhere, world.root, world.now, live=False)
    assert (moved.live_from, str(moved.was_live_from)) == (None, "2026-10-01")
    go_to(world, elsewhere)
    assert not world.on("2026-11-11").books(INVOICE).run().live
    world.live("2026-10-01")
    assert world.run().live
    assert len(world.to_clients()) == 2


def test_a_store_moves_there_and_back(world: World, elsewhere: str, kind: str) -> None:
    before = world.journal()
    move(world.store, elsewhere, world.root, world.now, live=True)
    go_to(world, elsewhere)
    home = "sqlite:///back.db" if kind == "sqlite" else url_of("postgresql")
    move(world.store, home, world.root, world.now, live=True)
    go_to(world, home)
    assert [entry for entry in world.journal() if entry.kind not in ("moved", "live")] == [
        entry for entry in before if entry.kind != "live"
    ]
    assert world.verify() == []
    assert world.on("2026-11-11").books(INVOICE).run().live
    assert len(world.to_clients()) == 2


def test_nothing_is_carried_onto_a_store_that_is_there(world: World, elsewhere: str) -> None:
    head = journal.head(world.store)
    with open_store(elsewhere, world.root, create=True) as there, there.transaction() as tx:
        tx.execute("INSERT INTO meta (name, value) VALUES ('a', 'b')")
    for url in (elsewhere, world.workspace.store_url):
        with pytest.raises(
            StoreError, match=r"there is a store already, and nothing is written over it\. Name an empty"
        ):
            move(world.store, url, world.root, world.now, live=True)
    assert journal.head(world.store) == head
    assert world.on("2026-11-11").books(INVOICE).run().live


def test_a_move_waits_for_no_run_and_takes_no_broken_journal(
    world: World, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        open_store(world.workspace.store_url, world.root) as running,
        running.lock(),
        pytest.raises(StoreError, match="another run is going on"),
    ):
        move(world.store, elsewhere, world.root, world.now, live=True)
    monkeypatch.setattr(journal, "verify", lambda *_: ["record 2 was changed"])
    with pytest.raises(StoreError, match=r"record 2 was changed\. Ask `payflow log verify`; nothing was moved"):
        move(world.store, elsewhere, world.root, world.now, live=True)
    assert not (world.root / "other.db").exists()
    monkeypatch.undo()
    assert world.on("2026-11-11").books(INVOICE).run().live


def test_a_move_that_fails_anywhere_leaves_the_old_store_live_and_the_new_place_empty(
    world: World, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payflow.store.move.first_difference", lambda *_: "row 1 of the table client is not the same")
    with pytest.raises(StoreError, match="row 1 of the table client is not the same"):
        move(world.store, elsewhere, world.root, world.now, live=True)
    monkeypatch.undo()
    move(world.store, elsewhere, world.root, world.now, live=True)
    assert not world.run().live
    assert go_to(world, elsewhere).run().live


def test_an_anchor_of_another_journal_at_the_new_place_stops_the_move(world: World, tmp_path: Path) -> None:
    with open_store("sqlite:///another.db", tmp_path, create=True) as another:
        with another.transaction() as tx:
            journal.append(tx, [Record(RecordKind.CHASE, world.now.date(), {})], at=world.now)
        write_anchor(another.anchor, journal.head(another), world.now)
    (tmp_path / "another.db").unlink()
    with pytest.raises(StoreError, match="another"):
        move(world.store, f"sqlite:///{tmp_path}/another.db", world.root, world.now, live=True)
    assert world.on("2026-11-11").books(INVOICE).run().live


def test_a_backup_restored_is_the_store_of_that_moment_and_not_live(world: World, elsewhere: str) -> None:
    file = world.root / "studio.backup"
    before = contents(world.store)
    written = write_backup(world.store, file, world.now)
    assert file.stat().st_mode & 0o777 == 0o600
    assert (written.records, written.rows) == (len(before["journal"]), sum(map(len, before.values())))
    # 11 November: the late fee goes out. Then the backup of the 5th is restored.
    world.on("2026-11-11").books(INVOICE).run()
    done = restore(file, elsewhere, world.root, world.now)
    assert (done.records, done.rows, done.faults) == (written.records, written.rows, ())
    go_to(world, elsewhere)
    after = contents(world.store)
    assert {name: rows[: len(before[name])] for name, rows in after.items()} == before
    assert [entry.kind for entry in world.journal()][len(before["journal"]) :] == ["restored"]
    report = world.on("2026-11-12").books(INVOICE).run()
    assert (report.live, report.sent) == (False, ())
    assert "restored from a backup of 2026-11-05" in report.decision.not_live_because
    world.live()
    assert world.run().live
    assert len(world.to_clients()) == 2


def test_a_backup_restored_in_place_is_not_live_though_nothing_happened_since(world: World, kind: str) -> None:
    write_backup(world.store, world.root / "studio.backup", world.now)
    world.close()
    if kind == "postgresql":
        with open_store(world.store_url, world.root) as store, store.transaction() as tx:
            tx.execute(f"DROP SCHEMA {world.store_url.rpartition('schema=')[2]} CASCADE")
    else:
        for path in world.root.glob("payflow.db*"):
            if not path.name.endswith(".anchor"):
                path.unlink()
    restore(world.root / "studio.backup", world.workspace.store_url, world.root, world.now)
    assert not world.on("2026-11-11").books(INVOICE).run().live
    world.live("2026-10-01")
    assert world.run().live
    assert [step for step, _ in world.steps("INV-0012")] == ["reminder", "late-fee"]


def test_a_backup_may_be_made_while_others_write_and_is_of_one_moment(world: World, elsewhere: str) -> None:
    with open_store(world.workspace.store_url, world.root) as running, running.lock():
        tables = running.tables()
        write_backup(world.store, world.root / "quiet.backup", world.now)

        def busy(reader: object, table: object) -> Iterator[tuple[object, ...]]:
            with running.transaction() as tx:
                tx.execute("INSERT INTO meta (name, value) VALUES (?, '')", (f"busy {len(seen)}",))
            seen.append(table)
            return rows_of(reader, table)  # type: ignore[arg-type]  # as the backup calls it

        seen: list[object] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("payflow.store.backup.rows_of", busy)
            write_backup(world.store, world.root / "busy.backup", world.now)
    assert len(seen) == len(tables)
    quiet, loud = (manifest(world.root / name)["tables"] for name in ("quiet.backup", "busy.backup"))
    assert loud["journal"] == quiet["journal"]
    # written between the first look and the last; the snapshot began with the first
    assert loud["meta"]["rows"] <= quiet["meta"]["rows"] + 1


def manifest(path: Path) -> dict[str, dict[str, dict[str, int]]]:
    with zipfile.ZipFile(path) as archive:
        found: dict[str, dict[str, dict[str, int]]] = json.loads(archive.read("manifest.json"))
        return found


def test_a_backup_is_never_written_over_and_nothing_is_restored_over_a_store(world: World) -> None:
    file = world.root / "studio.backup"
    write_backup(world.store, file, world.now)
    before = file.read_bytes()
    with pytest.raises(StoreError, match="this file exists already"):
        write_backup(world.store, file, world.now)
    assert file.read_bytes() == before
    with pytest.raises(StoreError, match="there is a store already"):
        restore(file, world.workspace.store_url, world.root, world.now)
    assert world.run("2026-11-06").live


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda raw: b"Invoice,Amount\n", "this is no backup of payflow's"),
        (lambda raw: raw[: len(raw) // 2], "its end is missing"),
        (lambda raw: raw[:900] + bytes(byte ^ 0x55 for byte in raw[900:960]) + raw[960:], "it is damaged"),
    ],
)
def test_a_damaged_backup_restores_nothing(
    world: World, tmp_path: Path, spoil: Callable[[bytes], bytes], said: str
) -> None:
    file = tmp_path / "studio.backup"
    write_backup(world.store, file, world.now)
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(StoreError, match=said):
        restore(file, "sqlite:///new.db", tmp_path, world.now)
    assert not list(tmp_path.glob("new.db*"))


@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_payflow_never_wrote_is_not_backed_up(world: World, tmp_path: Path) -> None:
    with world.store.transaction() as tx:
        tx.execute("UPDATE journal SET kind = CAST(kind AS BLOB) WHERE seq = 1")
    with pytest.raises(StoreError, match="the table journal holds what payflow never wrote"):
        write_backup(world.store, tmp_path / "studio.backup", world.now)
    assert not list(tmp_path.glob("*.backup*"))


def test_a_backup_that_was_changed_restores_nothing(world: World, tmp_path: Path) -> None:
    write_backup(world.store, tmp_path / "true.backup", world.now)
    for number, (before, after, said) in enumerate(
        [
            (b"300000", b"900000", r"it is damaged: its table \w+ is not what was backed up"),
            (b'["store",', b'["store","more",', "it is damaged: its table meta cannot be read"),
            (b'["store",', b'["store",{},', "it is damaged: its table meta cannot be read"),
            (b'["store",', b'{"store":1}#', "it is damaged: its table meta cannot be read"),
            (b'"tables"', b'"chairs"', "this is no backup of payflow's, or it is damaged"),
            (b'"sha256"', b'"sha"', "this is no backup of payflow's, or it is damaged"),
            (b'"schema": ', b'"schema": -', "this is no backup of payflow's, or it is damaged"),
            (b'"made_at": "', b'"made_at": 5, "x": "', "this is no backup of payflow's, or it is damaged"),
        ]
    ):
        name = f"false-{number}.backup"
        with zipfile.ZipFile(tmp_path / "true.backup") as true, zipfile.ZipFile(tmp_path / name, "w") as false:
            for member in true.namelist():
                false.writestr(member, true.read(member).replace(before, after))
        with pytest.raises(StoreError, match=said):
            restore(tmp_path / name, "sqlite:///new.db", tmp_path, world.now)
        assert not list(tmp_path.glob("new.db*"))


def test_every_table_has_a_key_and_rows_come_in_its_order_page_by_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = contents(world.store)
    monkeypatch.setattr("payflow.store.carry._PAGE", 2)
    assert all(table.keys for table in world.store.tables())
    assert contents(world.store) == whole
    assert all(one < other for one, other in pairwise(row[0] for row in whole["journal"]))  # type: ignore[operator]  # numbers


def test_a_row_that_differs_is_named(world: World, elsewhere: str) -> None:
    with (
        open_store(elsewhere, world.root, create=True) as other,
        other.snapshot() as right,
        world.store.snapshot() as left,
    ):
        told = [first_difference(left, right, table) for table in world.store.tables()]
    assert "row 1 of the table invoice is not the same" in told
