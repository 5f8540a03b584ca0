"""PostgreSQL goes away, stops or makes wait in the middle of a run: a sentence, exit code 1, and each message goes out once."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
from click.testing import CliRunner, Result

from outbox.post import GONE_WRONG, Post
from payflow import nightly
from payflow.cli import main
from payflow.nightly import night
from payflow.store import messages
from payflow.store.address import ServerAddress, read_address
from payflow.store.postgresql import PostgresqlDatabase
from stores import url_of
from stories.papers import invoice
from stories.world import World

INVOICE = invoice("INV-0012", "3000.00")
REMINDER = "Invoice INV-0012: 3,000.00 GBP is 1 day overdue"


@pytest.fixture
def due(tmp_path: Path) -> Iterator[World]:
    """5 November: a reminder is due."""
    world = World(tmp_path / "studio", store_url=url_of("postgresql"))
    world.on("2026-11-04").books(INVOICE).begin()
    world.close()
    yield world.on("2026-11-05")
    world.close()


def payflow(world: World, *words: str) -> Result:
    """A command at the world's moment."""
    world.close()
    return CliRunner().invoke(
        main, ["-C", str(world.root), "--now", world.now.replace(tzinfo=None).isoformat(), *words]
    )


def address_of(world: World) -> ServerAddress:
    address = read_address(world.store_url, world.root)
    assert isinstance(address, ServerAddress)
    return address


def cut(world: World) -> None:
    """End every session of payflow's, as an administrator does, and see them gone."""
    sessions = "FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'payflow %'"
    with psycopg.connect(address_of(world).conninfo, autocommit=True) as server:
        # the server needs a moment for it
        while server.execute(f"SELECT pg_terminate_backend(pid) {sessions}".encode()).fetchall():
            time.sleep(0.01)


def is_told(done: Result) -> bool:
    """One sentence on standard error, exit code 1, and no traceback."""
    lines = done.stderr.splitlines()
    return done.exit_code == 1 and len(lines) == 1 and lines[0].startswith("payflow: PostgreSQL database ")


def after(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, then: Callable[[], None]) -> None:
    """Let something happen once, right after a function."""
    plain = getattr(owner, name)

    def watched(*words: Any, **more: Any) -> Any:
        result = plain(*words, **more)
        monkeypatch.setattr(owner, name, plain)
        then()
        return result

    monkeypatch.setattr(owner, name, watched)


def at(monkeypatch: pytest.MonkeyPatch, place: str, then: Callable[[], None]) -> None:
    """Let something happen at a boundary of the next run."""

    def pause(here: str) -> None:
        if here == place:
            monkeypatch.setattr(nightly, "run", nightly_run)
            then()

    nightly_run = nightly.run
    monkeypatch.setattr(nightly, "run", partial(nightly_run, pause=pause))


def goes_on(world: World) -> None:
    """The next run finds all in order, and the reminder has gone out once."""
    done = payflow(world.on("2026-11-05 10:30"), "run")
    assert (done.exit_code, done.stderr) == (0, "")
    assert [mail.subject for mail in world.to_clients()] == [REMINDER]
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]
    assert not list((world.root / "outbox" / "tmp").iterdir())
    assert world.verify() == []
    # and one more does nothing
    payflow(world.on("2026-11-05 11:30"), "run")
    assert len(world.to_clients()) == 1


@pytest.mark.parametrize("place", ["synced", "proposed", "prepared", "claimed", "handed over", "recorded"])
def test_a_connection_cut_between_two_steps_is_told_and_the_next_run_sends_once(
    due: World, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    at(monkeypatch, place, partial(cut, due))
    assert is_told(payflow(due, "run"))
    goes_on(due)


@pytest.mark.parametrize(
    ("owner", "name", "said"),
    [
        pytest.param(night, "propose", "Nothing was half-written", id="T1"),
        pytest.param(messages, "claim", "all of it was written, or nothing", id="T2, at its commit"),
        pytest.param(messages, "settle", "Nothing was half-written", id="T3"),
    ],
)
def test_a_connection_cut_within_a_transaction_is_told_and_the_next_run_sends_once(
    due: World, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, said: str
) -> None:
    after(monkeypatch, owner, name, partial(cut, due))
    done = payflow(due, "run")
    assert is_told(done)
    assert said in done.stderr
    goes_on(due)


def test_a_connection_cut_after_a_mail_server_took_the_message_leaves_it_unsure_and_never_sends_it_again(
    due: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Post(recovers=GONE_WRONG)
    monkeypatch.setattr(night, "open_transport", lambda _mail: post)
    at(monkeypatch, "handed over", partial(cut, due))
    assert is_told(payflow(due, "run"))
    assert len(post.tried) == 1
    assert payflow(due.on("2026-11-05 10:30"), "run").exit_code == 4
    assert "message-unsure" in due.needs()
    assert due.steps("INV-0012") == [("reminder", "2026-11-05")]
    assert [to for to in post.to if "accounts@acme.example" in to] == [["accounts@acme.example"]]
    assert due.verify() == []


class Line:
    """A line to the server that can be down: then nobody is let in, and who is in is cut off."""

    def __init__(self, folder: Path, address: ServerAddress) -> None:
        info = psycopg.conninfo.conninfo_to_dict(address.conninfo)
        self._host, self._port = str(info.get("host", "localhost")), str(info.get("port", "5432"))
        self._path, self._pairs = folder / ".s.PGSQL.5432", list[socket.socket]()
        self.up()

    def up(self) -> None:
        """Let come in who wants."""
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self._path))
        self._server.listen()
        Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def down(self) -> None:
        """Cut off everybody."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._path.unlink()
        for one in self._pairs:
            _hang_up(one)
        self._pairs.clear()

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            far = self._reach()
            self._pairs += [near, far]
            for one, other in ((near, far), (far, near)):
                Thread(target=_pass_on, args=(one, other), daemon=True).start()

    def _reach(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, int(self._port)))
        far = socket.socket(socket.AF_UNIX)
        far.connect(f"{self._host}/.s.PGSQL.{self._port}")
        return far


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(65536):
            other.sendall(data)
    except OSError:
        pass
    _hang_up(other)


def _hang_up(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@pytest.fixture
def line(due: World, tmp_path: Path) -> Iterator[Line]:
    """The world's store is reached over a line; sockets have short names."""
    folder = Path(os.path.relpath(tmp_path)) if len(str(tmp_path)) > 80 else tmp_path
    made = Line(folder, address_of(due))
    parts = urlsplit(due.store_url)
    schema = parts.query.rpartition("schema=")[2]
    user = parts.username or "postgres"
    url = urlunsplit(parts._replace(netloc=f"{user}@", query=f"host={quote(str(folder), safe='')}&schema={schema}"))
    text = (due.root / "payflow.toml").read_text("utf-8")
    (due.root / "payflow.toml").write_text(text.replace(due.store_url, url), "utf-8")
    yield made
    due.close()
    made.down()


@pytest.mark.parametrize("place", ["synced", "handed over"])
def test_a_server_that_is_gone_during_a_run_and_back_for_the_next_loses_and_doubles_nothing(
    due: World, line: Line, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    at(monkeypatch, place, line.down)
    assert is_told(payflow(due, "run"))
    # still down
    away = payflow(due.on("2026-11-05 10:00"), "run")
    assert is_told(away)
    assert "no server answers there" in away.stderr
    line.up()
    # the server has seen by now that the session of the dead run is over
    goes_on(due)


def test_a_statement_that_the_server_stops_is_told_and_the_next_run_sends_once(
    due: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(address_of(due).conninfo) as other:
        monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=400")
        other.execute(f"LOCK TABLE {address_of(due).schema}.journal IN ACCESS EXCLUSIVE MODE".encode())
        done = payflow(due, "run")
        assert is_told(done)
        assert "the server stopped a statement that took too long" in done.stderr
        monkeypatch.delenv("PGOPTIONS")
    goes_on(due)


def test_a_run_that_waits_too_long_for_another_writer_is_told_and_the_next_one_sends_once(
    due: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(address_of(due).conninfo) as other:
        other.execute(f"LOCK TABLE {address_of(due).schema}.message IN ACCESS EXCLUSIVE MODE".encode())
        with monkeypatch.context() as hurried:
            hurried.setitem(PostgresqlDatabase.__init__.__kwdefaults__, "patience", 0.3)
            done = payflow(due, "run")
        assert is_told(done)
        assert "another payflow is writing" in done.stderr
    goes_on(due)
