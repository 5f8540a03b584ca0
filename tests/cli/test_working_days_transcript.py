"""A studio's working days at the terminal, from an empty folder to a late fee, as a transcript beside this file."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from payflow.cli import main
from payflow.report.as_json import schema_text
from report import golden
from stories.papers import ACME, LATE, settings
from xero_exports import sales_export, sales_invoice

GOLDEN = Path(__file__).parent / "golden"

SETTINGS = settings(steps=LATE)
CONTRACT = f'{ACME}after = ["design"]\n'

ROWS = (
    sales_invoice("INV-0012", "Acme Ltd", "02/10/2026", "17/10/2026", "3000.00", "3000.00", "0.00", "Paid"),
    sales_invoice("INV-0013", "Acme Ltd", "20/10/2026", "04/11/2026", "4000.00", "0.00", "4000.00", "Awaiting Payment"),
    sales_invoice(
        "INV-0014", "Brook & Daughters", "10/11/2026", "25/11/2026", "480.00", "180.00", "300.00", "Awaiting Payment"
    ),
)


class Terminal:
    """Calls `payflow` in a folder at a moment and writes down what a person would see."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lines: list[str] = []

    def export(self, moment: str, *rows: Mapping[str, str]) -> None:
        path = self.root / "exports" / "sales.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(sales_export(rows), encoding="utf-8")
        stamp = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
        os.utime(path, (stamp, stamp))

    def __call__(self, moment: str, words: str, exit_code: int = 0) -> str:
        command = ["-C", str(self.root), "--now", moment, *shlex.split(words)]
        result = CliRunner().invoke(main, command, env={"LOGNAME": "nora"})
        assert result.exit_code == exit_code, (words, result.output, result.exception)
        self.lines += [f"# {moment}", f"$ payflow {words}", result.output.rstrip("\n")]
        self.lines += [f"(exit code {exit_code})", ""] if exit_code else [""]
        return result.output

    def transcript(self) -> str:
        """What was seen, without what differs from machine to machine."""
        text = "\n".join(self.lines).replace(str(self.root), "WORKSPACE")
        text = re.sub(r"PF-[0-9A-Z]{12}", "PF-XXXXXXXX", text)
        return re.sub(r"-[0-9a-f]{10}\b", "-xxxxxxxxxx", text)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "payflow.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "contracts" / "acme-website.toml").write_text(CONTRACT, encoding="utf-8")
    return Terminal(tmp_path)


def test_working_days_at_the_terminal(terminal):
    terminal("2026-11-05T09:00", "status", 1)
    terminal("2026-11-05T09:00", "run", 1)
    terminal.export("2026-11-05T08:00", *ROWS[:2])
    terminal("2026-11-05T09:00", "sync")
    terminal("2026-11-05T09:00", "sync")
    terminal("2026-11-05T09:00", "status")
    terminal("2026-11-05T09:00", "gate check acme-website design")
    terminal("2026-11-05T09:00", "phase start acme-website design")
    terminal("2026-11-05T09:00", "gate check acme-website build", 3)
    terminal("2026-11-05T09:00", "phase start acme-website build", 3)
    terminal("2026-11-05T09:00", "phase finish acme-website design")
    terminal("2026-11-05T09:00", "plan")
    terminal("2026-11-05T09:00", "run")
    terminal("2026-11-05T09:00", "live --from 2026-11-01")
    terminal("2026-11-05T09:00", "run --dry-run")
    terminal("2026-11-05T10:00", "run")
    terminal("2026-11-05T11:00", "run")
    terminal("2026-11-06T09:00", 'hold INV-0013 --until 2026-11-09 --reason "we were late ourselves"')
    terminal("2026-11-06T09:00", 'release INV-0013 --reason "delivered"')
    terminal.export("2026-11-12T08:00", *ROWS)
    terminal("2026-11-12T09:00", "run")
    terminal("2026-11-12T10:00", "explain INV-0013")
    terminal("2026-11-12T10:00", "status acme-website")
    terminal("2026-11-12T10:00", 'gate waive acme-website build --until 2026-11-30 --reason "cheque in the post"')
    terminal("2026-11-12T10:00", "phase start acme-website build")
    terminal("2026-11-12T10:00", "gate check acme-website build")
    terminal("2026-11-12T10:00", "gate check acme-website build --as-of 2026-12-01", 3)
    terminal("2026-11-12T10:00", "outbox")
    terminal("2026-11-25T09:00", "run", 4)
    golden.check(GOLDEN / "working_days.txt", terminal.transcript())


def test_the_journal_is_listed_by_what_it_concerns_and_verifies(terminal):
    terminal.export("2026-11-05T08:00", *ROWS)
    terminal("2026-11-05T09:00", "sync")
    terminal("2026-11-05T09:00", "phase start acme-website design")
    terminal("2026-11-05T09:00", 'hold INV-0013 --reason "we were late ourselves"')
    terminal("2026-11-05T09:00", 'hold client:acme --until 2026-11-09 --reason "holidays"')
    everything = terminal("2026-11-05T09:00", "log")
    of_project = terminal("2026-11-05T09:00", "log --project acme-website")
    of_invoice = terminal("2026-11-05T09:00", "log --invoice INV-0013")
    assert "identities" in everything
    assert "phase-started" in of_project
    assert "we were late ourselves" in " ".join(of_invoice.split())
    assert "holidays" not in of_invoice
    assert "no invoice called 'INV-0099'" in terminal("2026-11-05T09:00", "log --invoice INV-0099", 1)
    records = len(json.loads(terminal("2026-11-05T09:00", "log --json"))["records"])
    assert terminal("2026-11-05T09:00", "log verify") == f"{records} records, chain holds\n"


def test_status_and_gate_load_nothing_that_makes_a_person_wait(terminal):
    terminal.export("2026-11-05T08:00", *ROWS)
    terminal("2026-11-05T09:00", "sync")
    for words in ("status", "status --json", "gate check acme-website design", "gate check acme-website design --json"):
        code = (
            "import sys\nfrom payflow.cli import main\n"
            "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
            "print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}))"
        )
        command = [sys.executable, "-c", code, "-C", str(terminal.root), *words.split()]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        loaded = set(run.stdout.split("LOADED")[1].split())
        heavy = {"pandas", "pyarrow", "jinja2", "requests", "stripe", "holidays", "iso4217", "smtplib"}
        assert not loaded & heavy, words


def test_every_json_output_of_a_real_workspace_holds_against_its_schema(terminal):
    terminal.export("2026-11-05T08:00", *ROWS)
    outputs = {
        "sync": "sync --json",
        "status": "status --json",
        "gate": "gate check acme-website design --json",
        "plan": "plan --json",
        "explain": "explain INV-0013 --json",
        "doctor": "doctor --json",
        "connectors": "connectors --json",
    }
    for name, words in outputs.items():
        check(name, terminal("2026-11-05T09:00", words))
    terminal("2026-11-05T09:00", "live --from 2026-11-01")
    for name, words in {"run": "run --json", "log": "log --json", "outbox": "outbox --json"}.items():
        check(name, terminal("2026-11-05T10:00", words))


def check(name: str, text: str) -> None:
    data = json.loads(text)
    Draft202012Validator(json.loads(schema_text(name))).validate(data)
    assert data["schema"] == f"payflow.{name}/1"


def test_bad_rows_load_the_good_ones_and_exit_with_4(terminal):
    bad = sales_invoice(
        "INV-0015", "Acme Ltd", "20/10/2026", "04/11/2026", "12x.00", "0.00", "0.00", "Awaiting Payment"
    )
    terminal.export("2026-11-05T08:00", ROWS[0], bad)
    command = ["-C", str(terminal.root), "--now", "2026-11-05T09:00", "import"]
    result = CliRunner().invoke(main, [*command, str(terminal.root / "exports" / "sales.csv")])
    assert result.exit_code == 4
    assert "12x.00" in result.stderr
    assert "books (xero): 1 invoice read: 1 new" in result.stdout


def test_a_file_nobody_knows_fails_alone(terminal):
    terminal.export("2026-11-05T08:00", *ROWS)
    other = terminal.root / "photos.csv"
    other.write_text("name,size\ncat,1\n", encoding="utf-8")
    command = ["-C", str(terminal.root), "--now", "2026-11-05T09:00", "import", str(other)]
    alone = CliRunner().invoke(main, command)
    assert alone.exit_code == 1
    assert "no connector knows this file; it begins with 'name, size'." in alone.stderr
    together = CliRunner().invoke(main, [*command, str(terminal.root / "exports" / "sales.csv")])
    assert together.exit_code == 4
    assert "3 new" in together.stdout


def test_a_rehearsal_never_sends_real_mail(terminal):
    path = terminal.root / "payflow.toml"
    smtp = 'transport = "smtp"\nhost = "mail.studio-north.example"\n'
    text = path.read_text(encoding="utf-8").replace('transport = "folder"\nfolder = "outbox"\n', smtp)
    path.write_text(text, encoding="utf-8")
    terminal.export("2026-11-05T08:00", *ROWS)
    terminal("2026-11-05T09:00", "sync")
    terminal("2026-11-05T09:00", "run --dry-run")
    said = CliRunner().invoke(main, ["-C", str(terminal.root), "--now", "2026-11-05T09:00", "run"])
    assert said.exit_code == 1
    assert "--now rehearses another moment, and this workspace sends real mail" in said.stderr


def test_two_runs_at_a_time_are_one_too_many(terminal):
    from payflow.store import open_store

    terminal.export("2026-11-05T08:00", *ROWS)
    terminal("2026-11-05T09:00", "sync")
    with open_store("sqlite:///payflow.db", terminal.root) as store, store.lock():
        said = CliRunner().invoke(main, ["-C", str(terminal.root), "--now", "2026-11-05T09:00", "run"])
    assert said.exit_code == 1
    assert "another run is going on" in said.stderr
    assert "Traceback" not in said.stderr


def test_doctor_finds_a_changed_journal(terminal):
    import sqlite3

    terminal.export("2026-11-05T08:00", *ROWS)
    terminal("2026-11-05T09:00", "sync")
    terminal("2026-11-05T09:00", "doctor")
    with sqlite3.connect(terminal.root / "payflow.db") as connection:
        connection.execute("UPDATE journal_body SET body = '{}' WHERE seq = 2")
    connection.close()
    assert "the body of record 2 was changed" in terminal("2026-11-05T09:00", "doctor", 1)
    terminal("2026-11-05T09:00", "log verify", 1)


def test_mistakes_in_the_workspace_are_listed_one_per_line(terminal):
    path = terminal.root / "payflow.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("grace", "gracee").replace("net-15", "net15"), encoding="utf-8"
    )
    said = CliRunner().invoke(main, ["-C", str(terminal.root), "status"])
    assert said.exit_code == 1
    assert len(said.stderr.strip().splitlines()) == 2
    assert all(line.startswith("payflow.toml") for line in said.stderr.splitlines())
    assert CliRunner().invoke(main, ["-C", str(terminal.root), "doctor"]).exit_code == 1
