"""What a machine runs out of, and servers that do not answer: a sentence, nothing half-written, and the next run goes on."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from stories.papers import invoice, settings
from stories.world import World

INVOICE = invoice("INV-0012", "3000.00")
#: Files may not grow beyond so many bytes: writing fails as it does on a full disk, in the middle of a file.
SMALL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from payflow.cli import main
main(prog_name="payflow")
"""
PLAIN = """
from payflow.cli import main
main(prog_name="payflow")
"""


@pytest.fixture
def due(tmp_path: Path) -> Iterator[World]:
    """5 November: a reminder is due."""
    world = World(tmp_path)
    world.on("2026-11-04").books(INVOICE).begin()
    yield world.on("2026-11-05")
    world.close()


def _payflow(
    world: World, *words: str, program: str = PLAIN, limit: int | None = None
) -> subprocess.CompletedProcess[str]:
    world.close()
    first = [] if limit is None else [str(limit)]
    moment = world.now.replace(tzinfo=None).isoformat()
    return subprocess.run(
        [sys.executable, "-c", program, *first, "-C", str(world.root), "--now", moment, *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _tables(world: World) -> list[object]:
    found = [
        world.store.query(f"SELECT * FROM {table}") for table in ("client", "invoice", "entry", "reading", "journal")
    ]
    world.close()
    return found


def test_an_import_that_finds_the_disk_full_leaves_the_store_as_it_was(due: World) -> None:
    before = _tables(due)
    many = due.root / "many.csv"
    due.books(
        *(invoice(f"INV-{number}", "10.00", client=f"Client {number}") for number in range(1000, 4000)), name="many.csv"
    )
    (due.root / "exports" / "many.csv").rename(many)
    grown = due.store.path.stat().st_size + 64 * 1024
    done = _payflow(due, "import", str(many), program=SMALL, limit=grown)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "payflow.db" in done.stderr
    assert _tables(due) == before
    assert due.verify() == []
    assert _payflow(due, "import", str(many)).returncode == 0
    assert due.verify() == []


@pytest.mark.parametrize("limit", [2_000, 35_000, 55_000, 75_000])
def test_a_run_that_finds_the_disk_full_says_so_and_the_next_one_sends_once(due: World, limit: int) -> None:
    done = _payflow(due, "run", program=SMALL, limit=limit)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Check the disk and its free space" in done.stderr
    assert _payflow(due.on("2026-11-05 10:30"), "run").returncode == 0
    assert [mail.subject for mail in due.to_clients()] == ["Invoice INV-0012: 3,000.00 GBP is 1 day overdue"]
    assert due.verify() == []


@pytest.fixture
def silent() -> Iterator[int]:
    """A server that takes connections and never says a word; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def accept() -> None:
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return

        Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        for one in kept:
            one.close()


def test_a_mail_server_that_hangs_keeps_a_message_waiting_and_the_run_ends(due: World, silent: int) -> None:
    mail = f'transport = "smtp"\nhost = "127.0.0.1"\nport = {silent}\nsecurity = "none"\ntimeout = 1'
    due.settings(settings().replace('transport = "folder"\nfolder = "outbox"', mail))
    report = due.run()
    assert report.sent == ()
    assert len(report.waiting) >= 1
    assert due.verdict("design").word == "blocked"
    assert due.verify() == []
