"""A glance answers at once while nothing changed, and never when anything did."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from payflow.cli import foresight, main
from payflow.store import open_store
from stores import store_kind, store_url
from stories.papers import contract, settings, step
from xero_exports import sales_export, sales_invoice

__all__ = ["store_kind", "store_url"]

SETTINGS = settings(sources="", steps=step("reminder", 1), grace="", late_fee="")
CONTRACT = contract(
    "harbour-app",
    "Harbour Cafe",
    milestones={"deposit": ("100.00", ["INV-1"])},
    needs={"start": ["deposit"]},
    signed="2026-01-01",
    email="office@harbour.example",
)


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    return asked_nothing(made(tmp_path / "studio", SETTINGS), "sqlite:///payflow.db")


@pytest.fixture
def either(tmp_path: Path, store_url: str) -> Path:
    """The same with its store in either database."""
    return asked_nothing(made(tmp_path / "studio", f'{SETTINGS}\n[store]\nurl = "{store_url}"\n'), store_url)


def asked_nothing(root: Path, url: str) -> Path:
    """Without what is kept before anybody asks."""
    with open_store(url, root) as store, store.transaction() as tx:
        tx.execute("DELETE FROM meta WHERE name LIKE 'glance:%'")
    return root


def made(root: Path, text: str) -> Path:
    (root / "contracts").mkdir(parents=True)
    (root / "payflow.toml").write_text(text)
    (root / "contracts" / "harbour.toml").write_text(CONTRACT)
    export(root, paid="0.00", due="100.00", status="Awaiting Payment")
    # in this process, which has loaded by now what an import takes
    imported = CliRunner().invoke(main, ["-C", str(root), "import", str(root / "export.csv")])
    assert imported.exit_code == 0, imported.output
    return root


def export(root: Path, *, paid: str, due: str, status: str) -> None:
    row = sales_invoice("INV-1", "Harbour Cafe", "13/10/2026", "28/10/2026", "100.00", paid, due, status)
    (root / "export.csv").write_text(sales_export([row]))


def payflow(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PAYFLOW")}
    command = [sys.executable, "-m", "payflow", *words]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def loaded(root: Path, *words: str) -> set[str]:
    """The modules that a command loads."""
    program = (
        "import sys\nfrom payflow.cli import main\n"
        f"try: main({list(words)!r})\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def kept(root: Path) -> int:
    with sqlite3.connect(root / "payflow.db") as database:
        (count,) = database.execute("SELECT COUNT(*) FROM meta WHERE name LIKE 'glance:%'").fetchone()
    database.close()
    return int(count)


def test_the_second_answer_is_the_first_one_and_loads_nothing_that_decides(either: Path):
    first, second = payflow(either, "status"), payflow(either, "status")
    assert "INV-1" in first.stdout
    assert (second.stdout, second.stderr, second.returncode) == (first.stdout, first.stderr, first.returncode)
    assert not {"numpy", "payflow.decide", "payflow.workspace"} & loaded(either, "status")


@pytest.mark.parametrize(
    "words", [("import", "export.csv", "--again"), ("sync",), ("run",)], ids=lambda words: words[0]
)
def test_what_was_read_or_done_is_on_the_board_before_anybody_asks(
    either: Path, store_url: str, words: tuple[str, ...]
):
    done = payflow(either, *words)
    assert done.returncode == 0, done.stderr
    assert not {"numpy", "payflow.decide", "payflow.workspace"} & loaded(either, "status")
    foreseen = payflow(either, "status")
    afresh = payflow(asked_nothing(either, store_url), "status")
    assert (foreseen.stdout, foreseen.stderr, foreseen.returncode) == (afresh.stdout, afresh.stderr, afresh.returncode)
    assert "INV-1" in afresh.stdout


def test_a_warning_about_the_workspace_is_said_once_by_each_command(studio: Path):
    (studio / "contracts" / "harbour.toml").write_text(CONTRACT.replace("signed = 2026-01-01\n", ""))
    told = payflow(studio, "import", "export.csv", "--again").stderr
    foreseen = payflow(studio, "status").stderr
    assert told == foreseen == payflow(asked_nothing(studio, "sqlite:///payflow.db"), "status").stderr
    assert told.count("warning") == 1


def test_of_large_books_nothing_is_foreseen(studio: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(foresight, "MOST", 0)
    words = ["-C", str(studio), "import", str(studio / "export.csv"), "--again"]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert kept(studio) == 0
    monkeypatch.undo()
    assert CliRunner().invoke(main, words).exit_code == 0
    assert kept(studio) > 1


def test_the_gate_keeps_its_exit_code(either: Path):
    first, second = (payflow(either, "gate", "check", "harbour-app", "start") for _ in range(2))
    assert first.returncode == second.returncode == 3
    assert second.stdout == first.stdout
    assert "numpy" not in loaded(either, "gate", "check", "harbour-app", "start")


def test_a_payment_opens_the_gate_at_once(either: Path):
    assert payflow(either, "gate", "check", "harbour-app", "start").returncode == 3
    export(either, paid="100.00", due="0.00", status="Paid")
    assert payflow(either, "import", "export.csv").returncode == 0
    assert payflow(either, "gate", "check", "harbour-app", "start").returncode == 0


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda root: payflow(root, "hold", "INV-1", "--reason", "their holiday"), id="a hold"),
        pytest.param(
            lambda root: (root / "payflow.toml").write_text(SETTINGS.replace('annual = "8"', 'annual = "9"')),
            id="a policy edited",
        ),
        pytest.param(
            lambda root: (root / "contracts" / "harbour.toml").write_text(CONTRACT.replace("Harbour app", "Other app")),
            id="a contract edited",
        ),
        pytest.param(lambda root: payflow(root, "live"), id="switched on"),
    ],
)
def test_what_changes_the_answer_ends_the_glance(studio: Path, change: Callable[[Path], object]):
    before = payflow(studio, "status").stdout
    change(studio)
    assert payflow(studio, "status").stdout != before


def test_a_copy_does_not_repeat_that_it_is_live(studio: Path, tmp_path: Path):
    payflow(studio, "live")
    assert "PREVIEW" not in payflow(studio, "status").stdout
    shutil.copytree(studio, tmp_path / "copy")
    assert "PREVIEW" in payflow(tmp_path / "copy", "status").stdout


@pytest.mark.parametrize("value", ["'{\"token\": '", "replace(value, 'blocked', 'open')", "replace(value, '3', '0')"])
def test_a_glance_that_was_damaged_or_changed_costs_time_only(either: Path, store_url: str, value: str):
    question = ("gate", "check", "harbour-app", "start")
    before = payflow(either, *question)
    assert (before.returncode, "blocked" in before.stdout) == (3, True)
    with open_store(store_url, either) as store, store.transaction() as tx:
        assert tx.execute(f"UPDATE meta SET value = {value} WHERE name LIKE 'glance:%'") == 1
    after = payflow(either, *question)
    assert (after.stdout, after.returncode) == (before.stdout, before.returncode)


def test_errors_are_not_kept(studio: Path):
    unknown = payflow(studio, "gate", "check", "harbour-app", "nowhere")
    assert unknown.returncode == 1
    assert kept(studio) == 0


def test_a_rehearsal_neither_keeps_nor_uses_a_glance(studio: Path):
    payflow(studio, "--now", "2026-11-01T09:00", "status")
    assert kept(studio) == 0
    today = payflow(studio, "status").stdout
    assert payflow(studio, "--now", "2026-11-01T09:00", "status").stdout != today


def test_ways_of_asking_do_not_pile_up(studio: Path):
    with sqlite3.connect(studio / "payflow.db") as database:
        database.executemany(
            "INSERT INTO meta (name, value) VALUES (?, '{}')", [(f"glance:{number}",) for number in range(40)]
        )
    database.close()
    payflow(studio, "status")
    assert kept(studio) == 1
