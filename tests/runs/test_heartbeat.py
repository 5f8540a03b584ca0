"""The sign of life: given after a run that went well, never fails one, follows no redirect and tells no token."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from payflow.cli import heartbeat, main
from payflow.errors import WorkspaceError
from stories.papers import invoice, settings
from stories.world import World

TOKEN = "t0ken-of-the-monitor"


class Monitor(BaseHTTPRequestHandler):
    """Remembers what it was asked; `/moved` sends elsewhere, `/broken` fails."""

    asked: list[str]

    def do_GET(self) -> None:
        """Answer by the path."""
        self.asked.append(self.path)
        if "slow" in self.path:
            with suppress(OSError):
                for _ in range(30):
                    self.wfile.write(b"H")
                    time.sleep(0.01)
            return
        codes = {"moved": 302, "broken": 500}
        self.send_response(next((code for word, code in codes.items() if word in self.path), 200))
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name that http.server gives it)
        """Say nothing."""


@contextmanager
def monitor() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Asked", (Monitor,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def with_run(world: World, *lines: str) -> World:
    world.settings("\n".join((settings(), "[run]", *lines)))
    world.on("2026-10-20").books(invoice("INV-0012", "3000.00"))
    return world


def run(world: World, *words: str, moment: str = "2026-10-20T10:00") -> Result:
    if world.root.joinpath("payflow.db").exists():
        world.close()
    else:
        world.sync()
        world.close()
    return CliRunner().invoke(main, ["-C", str(world.root), "--now", moment, "run", *words])


def test_a_run_that_went_well_writes_its_moment_into_the_file(world: World) -> None:
    with_run(world, 'heartbeat = "payflow.heartbeat"')
    path = world.root / "payflow.heartbeat"
    assert run(world, "--dry-run").exit_code == 0
    assert not path.exists()
    assert run(world).exit_code == 0
    assert path.read_text() == "2026-10-20T10:00:00+01:00\n"
    run(world, moment="2026-10-20T11:00")
    assert path.read_text() == "2026-10-20T11:00:00+01:00\n"
    assert [one.name for one in world.root.iterdir() if "heartbeat" in one.name] == ["payflow.heartbeat"]


def test_a_run_that_left_something_out_gives_no_sign_of_life(world: World) -> None:
    with_run(world, 'heartbeat = "payflow.heartbeat"')
    for path in (world.root / "exports").iterdir():
        path.unlink()
    assert run(world).exit_code == 4
    assert not (world.root / "payflow.heartbeat").exists()


def test_the_address_is_asked_once(world: World) -> None:
    with monitor() as (url, asked):
        with_run(world, f'heartbeat_url = "{url}/ping/{TOKEN}"')
        result = run(world, "--json")
    assert asked == [f"/ping/{TOKEN}"]
    assert json.loads(result.stdout)["heartbeat"] is None
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("/broken/", "the heartbeat at 127.0.0.1 was answered 500"),
        ("/moved/", "the heartbeat at 127.0.0.1 was answered 302; redirects are not followed"),
    ],
)
def test_an_answer_that_is_none_is_said_and_fails_nothing(world: World, place: str, said: str) -> None:
    with monitor() as (url, asked):
        with_run(world, f'heartbeat_url = "{url}{place}{TOKEN}"')
        result = run(world, "--quiet")
    assert asked == [f"{place}{TOKEN}"]
    assert result.exit_code == 0
    assert result.stderr == f"warning: {said}\n"
    assert result.stdout.startswith("payflow 2026-10-20 10:00 ")
    assert TOKEN not in result.output


def test_an_answer_that_never_ends_holds_nobody_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_PATIENCE", 0.05)
    with monitor() as (url, _):
        with_run(world, f'heartbeat_url = "{url}/slow/{TOKEN}"')
        result = run(world, "--quiet")
        for asking in threading.enumerate():
            if asking.name == heartbeat._NAME:
                asking.join()
    assert result.exit_code == 0
    assert result.stderr == "warning: the heartbeat at 127.0.0.1 was not answered in time\n"


def test_nobody_there_is_said_and_fails_nothing(world: World) -> None:
    with monitor() as (url, _):
        pass
    with_run(world, f'heartbeat_url = "{url}/{TOKEN}"', 'heartbeat = "exports/../beat"')
    (world.root / "beat").mkdir()
    result = run(world, "--json")
    assert result.exit_code == 0
    fault = json.loads(result.stdout)["heartbeat"]
    assert "beat was not written (Is a directory)" in fault
    assert "the heartbeat at 127.0.0.1 was not answered (ConnectionRefusedError)" in fault
    assert TOKEN not in result.output


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('heartbeat = "nowhere/beat"', "there is no folder for the file nowhere/beat"),
        ('heartbeat_url = "ftp://monitor.example/x"', "this is no web address"),
        ('heartbeat_url = "file:///etc/passwd"', "cannot be read|others than you may open"),
        ('heartbeat_url = "https:///x"', "this is no web address"),
        ('heartbeat_url = "https://monitor.example/a b"', "this is no web address"),
        ('heartbeat_url = "https://[monitor.example/"', "this is no web address"),
        ('heartbeats = "x"', "heartbeats"),
    ],
)
def test_settings_that_cannot_work_are_told(tmp_path: Path, line: str, said: str) -> None:
    world = World(tmp_path).settings(f"{settings()}\n[run]\n{line}\n")
    with pytest.raises(WorkspaceError, match=said):
        _ = world.workspace
