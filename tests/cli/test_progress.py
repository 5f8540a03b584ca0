"""Whoever waits at a terminal for more than a second is told for what; nobody else is told anything."""

from __future__ import annotations

import os
import pty
import select
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import TextIO

import pytest

from payflow.cli import main, progress
from payflow.sync import taking
from stories.fixtures import ledger, make
from stories.papers import invoice
from stories.world import World

__all__ = ["ledger", "make"]


@pytest.fixture
def store_kind() -> str:
    """What is shown does not depend on where the store is."""
    return "sqlite"


class Terminal:
    """A pseudo-terminal: `stream` is what a program writes to, `seen` what then stands there."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        self.stream: TextIO = os.fdopen(slave, "w", encoding="utf-8")

    def seen(self) -> str:
        """All that was written so far."""
        self.stream.flush()
        text = b""
        while select.select([self._master], [], [], 0.05)[0]:
            text += os.read(self._master, 65536)
        return text.decode()

    def close(self) -> None:
        """Hang up."""
        self.stream.close()
        os.close(self._master)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal, and little patience."""
    made = Terminal()
    monkeypatch.setattr(progress, "_AFTER", 0.01)
    yield made
    made.close()


@pytest.fixture
def slow(make: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> World:
    """Books that take a while to read."""
    world = make().on("2026-11-05").books(invoice("INV-0012", "3000.00"), name="books.csv")
    real = taking.gather

    def gather(batches: object) -> object:
        time.sleep(0.2)
        return real(batches)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(taking, "gather", gather)
    return world


def payflow(world: World, stream: TextIO, *words: str) -> object:
    """The exit code."""
    with redirect_stderr(stream):
        return main.main(
            ["-C", str(world.root), "--now", "2026-11-05T12:00", *words], prog_name="payflow", standalone_mode=False
        )


def books(world: World) -> Path:
    return world.root / "exports" / "books.csv"


def left_standing(text: str) -> str:
    """What a terminal shows in its last line after such text."""
    shown: list[str] = []
    place = 0
    for sign in text.rpartition("\n")[2]:
        if sign == "\r":
            place = 0
        else:
            shown[place : place + 1] = [sign]
            place += 1
    return "".join(shown).rstrip()


def test_an_import_says_what_it_reads_and_takes_the_line_away(slow: World, terminal: Terminal) -> None:
    payflow(slow, terminal.stream, "import", str(books(slow)))
    seen = terminal.seen()
    assert "reading books.csv ... 0 s" in seen
    assert left_standing(seen) == ""


def test_so_do_a_sync_and_a_run(slow: World, terminal: Terminal) -> None:
    for words in (("sync", "--full"), ("run",)):
        payflow(slow, terminal.stream, *words)
        os.utime(books(slow))
        seen = terminal.seen()
        assert "reading books ... 0 s" in seen, words
        assert left_standing(seen) == "", words


def test_a_line_that_fails_is_taken_away_before_the_error(slow: World, terminal: Terminal) -> None:
    header = books(slow).read_text(encoding="utf-8").splitlines()[0]
    books(slow).write_text(f"{header}\n", encoding="utf-8")
    assert payflow(slow, terminal.stream, "import", str(books(slow))) == 1
    shown, _, error = terminal.seen().rpartition("\rbooks.csv: has a header and no rows")
    assert "reading books.csv" in shown
    assert error.endswith("\n")


@pytest.mark.parametrize("words", [("sync", "--full", "--json"), ("run", "--quiet"), ("run", "--json")])
def test_programs_are_told_nothing(
    slow: World, terminal: Terminal, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    slow.sync()
    slow.close()
    terminal.seen()
    payflow(slow, terminal.stream, *words)
    assert "reading" not in terminal.seen()
    assert "reading books" not in capsys.readouterr().out


def test_what_is_quick_and_what_goes_into_a_pipe_shows_nothing(
    slow: World, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(progress, "_AFTER", 60.0)
    payflow(slow, terminal.stream, "sync", "--full")
    assert terminal.seen() == ""
    monkeypatch.setattr(progress, "_AFTER", 0.01)
    with (tmp_path / "log").open("w+", encoding="utf-8") as log:
        payflow(slow, log, "sync", "--full")
        log.seek(0)
        assert log.read() == ""
