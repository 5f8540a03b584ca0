"""SIGKILL at every boundary: mail goes out once, a charge is made once, nothing in the journal is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from stories.papers import invoice, paid
from stories.world import World

INVOICE = invoice("INV-0012", "3000.00")

RUN = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from payflow import nightly, workspace
from payflow.store import open_store

root, moment, place = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), sys.argv[3]

def pause(here):
    if here == place:
        os.kill(os.getpid(), signal.SIGKILL)

loaded = workspace.load(root, {}).workspace
nightly.run(open_store(loaded.store_url, root), loaded, now=moment, pause=pause)
"""

IMPORT = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from payflow import sync, workspace
from payflow.store import mirror_writes, open_store

root, moment, place = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), sys.argv[3]

def stop(*_):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(mirror_writes, place, stop)
loaded = workspace.load(root, {}).workspace
sync.sync(open_store(loaded.store_url, root), loaded, now=moment)
"""


@pytest.fixture
def due(world: World) -> World:
    """11 November: the late fee is due today; it was named in the reminder of the 5th."""
    world.on("2026-11-05").books(INVOICE).begin()
    world.run()
    return world.on("2026-11-11").books(INVOICE)


def _killed(program: str, world: World, place: str) -> None:
    world.close()
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-c", program, str(world.root), world.now.isoformat(), place]
    done = subprocess.run(words, cwd=world.root, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("place", ["synced", "proposed", "prepared", "claimed", "handed over", "recorded"])
def test_a_run_killed_at_any_boundary_sends_one_mail_and_claims_one_fee(due: World, place: str) -> None:
    _killed(RUN, due, place)
    due.run("2026-11-11 10:30")
    due.run("2026-11-11 11:30")
    assert [mail.subject for mail in due.to_clients()] == [
        "Invoice INV-0012: 3,000.00 GBP is 1 day overdue",
        "Invoice INV-0012: 3,000.00 GBP is 7 days overdue",
    ]
    assert due.steps("INV-0012") == [("reminder", "2026-11-05"), ("late-fee", "2026-11-11")]
    [charge] = due.charges()
    assert charge["ref"] in due.to_clients()[-1].text
    assert due.view("INV-0012").fees == 2500
    assert due.verify() == []
    assert not list((due.root / "outbox" / "tmp").iterdir())


@pytest.mark.parametrize("place", ["proposed", "prepared"])
def test_what_a_killed_run_had_not_claimed_is_dropped_when_the_money_comes(due: World, place: str) -> None:
    _killed(RUN, due, place)
    due.on("2026-11-11 10:00").books(paid("INV-0012", "3000.00")).run()
    assert len(due.to_clients()) == 1
    assert due.charges() == []
    assert due.verify() == []


def test_a_run_killed_after_the_claim_is_finished_days_later_and_dated_as_it_was_claimed(due: World) -> None:
    _killed(RUN, due, "claimed")
    due.on("2026-11-13").books(INVOICE).run()
    assert due.steps("INV-0012")[-1] == ("late-fee", "2026-11-11")
    assert len(due.to_clients()) == 2


@pytest.mark.parametrize("place", ["write_invoices", "write_entries", "add_reading"])
def test_an_import_killed_before_its_commit_leaves_the_old_state(world: World, place: str) -> None:
    world.on("2026-11-05").books(INVOICE).begin()
    before = _tables(world)
    world.on("2026-11-06").books(paid("INV-0012", "3000.00"), invoice("INV-0013", "4000.00"))
    _killed(IMPORT, world, place)
    assert _tables(world) == before
    assert world.verify() == []
    world.sync()
    assert {one.number: one.state.word for one in world.decision().invoices} == {
        "INV-0012": "paid",
        "INV-0013": "overdue",
    }


def _tables(world: World) -> list[object]:
    tables = ("client", "invoice", "entry", "reading", "journal", "identity", "observation")
    return [world.store.query(f"SELECT * FROM {table}") for table in tables]
