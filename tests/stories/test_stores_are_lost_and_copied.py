"""A new, lost or copied store is never live by itself, and nobody gets a letter twice because a file went astray."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from payflow import place
from payflow.errors import StoreError
from payflow.store.address import ServerAddress, read_address
from stores import ON_POSTGRESQL, ON_SQLITE
from stories.papers import invoice
from stories.world import World

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
    address = _server(world)
    if address:
        with psycopg.connect(address.conninfo, autocommit=True) as server:
            server.execute(f"DROP SCHEMA {address.schema} CASCADE".encode())
    for path in world.root.glob("payflow.db*"):
        if not path.name.endswith(".anchor"):
            path.unlink()


def _server(world: World) -> ServerAddress | None:
    address = read_address(world.store_url, world.root)
    return address if isinstance(address, ServerAddress) else None


def _with_database(url: str, name: str) -> str:
    """The same address with another database in it."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


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


@ON_SQLITE
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


@ON_SQLITE
def test_a_copy_on_another_machine_is_a_preview(reminded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_machine", lambda: "another machine")
    report = reminded.on("2026-11-11").books(INVOICE).run()
    assert (report.live, report.sent) == (False, ())
    assert "in another place" in report.decision.not_live_because


@ON_POSTGRESQL
def test_a_copy_of_the_database_is_a_preview_and_the_original_goes_on(
    reminded: World, make: Callable[..., World]
) -> None:
    reminded.close()
    address = _server(reminded)
    assert address
    # a database that nobody else is connected to
    colleague, studio, night = make(), f"studio_{token_hex(6)}", f"night_{token_hex(6)}"
    with psycopg.connect(address.conninfo, autocommit=True) as server:
        try:
            ours = server.info.dbname
            server.execute(f"CREATE DATABASE {studio} TEMPLATE {ours}".encode())
            _go_to(reminded, _with_database(reminded.store_url, studio))
            reminded.live("2026-10-01")
            reminded.close()
            server.execute(f"CREATE DATABASE {night} TEMPLATE {studio}".encode())
            shutil.rmtree(colleague.root)
            shutil.copytree(reminded.root, colleague.root)
            _go_to(colleague, _with_database(reminded.store_url, night))
            colleague.on("2026-11-11").books(INVOICE)
            report = colleague.run()
            assert (report.live, report.sent) == (False, ())
            assert "in another place" in report.decision.not_live_because
            assert [message.notices[0].step for message in report.decision.plan.messages] == ["late-fee"]
            assert len(colleague.mails()) == 1
            assert reminded.on("2026-11-11").books(INVOICE).run().live
            assert len(reminded.to_clients()) == 2
            # the copy takes the place of a database that is gone: its name is the same, and it is not
            colleague.close()
            reminded.close()
            server.execute(f"DROP DATABASE {studio}".encode())
            server.execute(f"ALTER DATABASE {night} RENAME TO {studio}".encode())
            assert not reminded.run("2026-11-12").live
            assert len(reminded.to_clients()) == 2
        finally:
            for world in (reminded, colleague):
                world.close()
            for name in (studio, night):
                server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def _go_to(world: World, url: str) -> None:
    text = (world.root / "payflow.toml").read_text("utf-8")
    (world.root / "payflow.toml").write_text(re.sub(r'url = ".*"', f'url = "{url}"', text, count=1), "utf-8")
    world.store_url = url


@ON_POSTGRESQL
def test_rows_of_an_earlier_day_put_back_are_older_than_the_anchor(reminded: World) -> None:
    tables = [table.name for table in reminded.store.tables()]
    earlier = {name: reminded.store.query(f"SELECT * FROM {name}") for name in tables}
    reminded.on("2026-11-11").books(INVOICE).run()
    assert len(reminded.to_clients()) == 2
    with reminded.store.transaction() as tx:
        tx.execute(f"TRUNCATE {', '.join(tables)}")
        for name, rows in earlier.items():
            if rows:
                tx.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    report = reminded.run("2026-11-12")
    assert (report.live, report.sent) == (False, ())
    assert "older copy" in report.decision.not_live_because
    assert len(reminded.to_clients()) == 2
    reminded.live("2026-11-12")
    assert reminded.run("2026-11-12 10:00").live
    assert len(reminded.to_clients()) == 2


@ON_POSTGRESQL
def test_a_workspace_that_is_moved_keeps_its_store_on_the_server_and_goes_on(
    reminded: World, make: Callable[..., World]
) -> None:
    reminded.close()
    moved = make()
    shutil.rmtree(moved.root)
    shutil.move(reminded.root, moved.root)
    moved.store_url = reminded.store_url
    assert moved.on("2026-11-06").books(INVOICE).run().live
    assert len(moved.to_clients()) == 1


@ON_SQLITE
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


@ON_SQLITE
def test_an_empty_file_is_no_store(world: World) -> None:
    (world.root / "payflow.db").write_bytes(b"")
    with pytest.raises(StoreError):
        world.run("2026-11-06")


@ON_SQLITE
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


MIRROR = ("entry", "invoice", "client", "reading", "cursor")
JOURNALED = ("identity", "observation", "sighted", "charge")
OUTBOX = ("message", "intent", "effect")


@pytest.mark.parametrize(
    "tables",
    [("identity",), ("identity WHERE id = 1", "invoice WHERE id = 1", "meta"), OUTBOX, (*MIRROR, *JOURNALED, *OUTBOX)],
    ids=["ids", "one id and the workings", "outbox", "all"],
)
def test_what_the_journal_can_fill_again_costs_time_and_no_second_letter(
    reminded: World, tables: tuple[str, ...]
) -> None:
    reminded.on("2026-11-06").books(invoice("INV-0012", "3000.00"), invoice("INV-0013", "4000.00", due="2026-12-01"))
    reminded.run()
    letters, known = len(reminded.to_clients()), {one.number: one.id for one in reminded.decision().invoices}
    with reminded.store.transaction() as tx:
        for table in tables:
            tx.execute(f"DELETE FROM {table}")
    assert reminded.verify() == []
    for day in ("2026-11-09", "2026-11-10"):
        # in another order, so that new identities would be others
        reminded.on(day).books(invoice("INV-0013", "4000.00", due="2026-12-01"), invoice("INV-0012", "3000.00"))
        reminded.run()
    assert len(reminded.to_clients()) == letters
    assert {one.number: one.id for one in reminded.decision().invoices} == known
    # its charges go on under the references of the store that it was
    [born] = reminded.journal("created")
    assert born.body["store"] == reminded.store.query("SELECT value FROM meta WHERE name = 'store'")[0][0]
