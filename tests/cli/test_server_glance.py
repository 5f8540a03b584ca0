"""The glance of a store in PostgreSQL: at once while nothing changed, and never when anything did."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from payflow.cli.server_glance import server_shelf
from payflow.errors import StoreError
from payflow.store import open_store
from stores import url_of
from stories.papers import invoice
from stories.world import World

DAY = datetime.now(UTC).date()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Today: the books are read."""
    made = World(tmp_path / "studio", store_url=url_of("postgresql"))
    made.contract("acme_website", None)
    made.now = datetime.now(made.zone)
    made.books(invoice("INV-0012", "3000.00", issued=str(DAY - timedelta(days=30)), due=str(DAY - timedelta(days=9))))
    made.sync()
    made.close()
    yield made
    made.close()


def ask(world: World, *words: str) -> tuple[str, bool]:
    """What a command prints, and whether it had to load what decides."""
    program = (
        "import sys\nfrom payflow.cli import main\n"
        f"try: main({list(words)!r})\nexcept SystemExit: pass\nprint('payflow.decide' in sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=world.root, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr.split()[-1] == "True"


def test_the_same_question_is_answered_at_once_while_nothing_changed(world: World) -> None:
    first, decided = ask(world, "status")
    assert "INV-0012" in first
    assert decided
    assert ask(world, "status") == (first, False)
    with open_store(world.store_url, world.root) as store, store.transaction() as tx:
        tx.execute("UPDATE meta SET value = '99' WHERE name = 'mirror-counter'")
    assert ask(world, "status") == (first, True)
    assert ask(world, "status") == (first, False)
    (world.root / "payflow.anchor").write_text("1 " + "0" * 64 + " 2026-11-21T09:00:00.000000Z\n")
    assert ask(world, "status")[1]


def test_an_address_kept_as_a_secret_is_looked_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_STORE", world.store_url)
    place = world.root / "store.url"
    place.write_text(world.store_url)
    place.chmod(0o600)
    shelves = [server_shelf(url, world.root) for url in (world.store_url, "env:STUDIO_STORE", "file:store.url")]
    assert shelves[0] is not None
    assert shelves == [shelves[0]] * 3
    place.chmod(0o644)
    assert server_shelf("file:store.url", world.root) is None


def test_where_there_is_no_store_or_no_server_there_is_no_glance(world: World) -> None:
    for url in (url_of("postgresql"), "postgresql://u:secret@127.0.0.1:1/d?connect_timeout=2"):
        shelf = server_shelf(url, world.root)
        assert shelf is not None
        with pytest.raises(StoreError):
            shelf.look("glance:status")
        shelf.put("glance:status", "{}")
