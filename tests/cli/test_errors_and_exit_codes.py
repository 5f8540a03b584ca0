"""Whatever goes wrong: a sentence on standard error and the right exit code, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from payflow import __version__
from payflow.cli import main
from payflow.cli.session import Session
from payflow.errors import Problem, StoreError, UnknownName, WorkspaceError

RUNNER = CliRunner()
MISTAKES = WorkspaceError([Problem("payflow.toml, line 3", "a mistake", "Mend it."), Problem("b", "another", "Do.")])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StoreError("the store is locked. Wait."), "payflow: the store is locked. Wait.\n"),
        (UnknownName("invoice", "INV-1", []), "payflow: no invoice called 'INV-1'. None is known yet.\n"),
        (MISTAKES, "payflow.toml, line 3: a mistake. Mend it.\nb: another. Do.\n"),
        (PermissionError(13, "Permission denied", "/x/payflow.db"), "payflow: /x/payflow.db: Permission denied.\n"),
        (OSError("disk full"), "payflow: the system: disk full.\n"),
        (
            ZeroDivisionError("division by zero"),
            (
                "payflow: a fault of payflow's own (ZeroDivisionError: division by zero). Run it again with "
                "PAYFLOW_TRACEBACK=1 in the environment and report what it prints.\n"
            ),
        ),
    ],
)
def test_errors_become_sentences_and_exit_code_1(error, said, monkeypatch):
    def fail(_):
        raise error

    monkeypatch.setattr("payflow.workspace.find_root", fail)
    result = RUNNER.invoke(main, ["status"])
    assert (result.exit_code, result.stderr, result.stdout) == (1, said, "")


def test_a_traceback_is_shown_only_when_asked_for(monkeypatch):
    def fail(_):
        raise ZeroDivisionError

    monkeypatch.setattr("payflow.workspace.find_root", fail)
    result = RUNNER.invoke(main, ["status"], env={"PAYFLOW_TRACEBACK": "1"})
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback")
    assert "ZeroDivisionError" in result.stderr


def test_an_interrupt_ends_quietly(monkeypatch):
    def fail(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("payflow.workspace.find_root", fail)
    result = RUNNER.invoke(main, ["status"])
    assert (result.exit_code, result.stderr.strip()) == (1, "Aborted!")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["statsu"], "no command 'statsu'. Did you mean 'status'?"),
        (["status", "--as-of", "21.11.2026"], "'21.11.2026' is no day. Write it as YYYY-MM-DD, such as 2026-11-21."),
        (["--now", "noon", "status"], "'noon' is no moment. Write it as 2026-11-21T09:00."),
        (["hold", "INV-1"], "Missing option '--reason'. Say in a few words why"),
        (["gate", "waive", "a", "b", "--reason", "x"], "Missing option '--until'"),
        (["confirm", "INV-1", "--reason", "x"], "Say what became of it: --paid, --void or --open."),
        (["link", "INV-1", "--reason", "x"], "Say what it is with one of --same-as"),
        (["link", "INV-1", "--own", "--charge", "PF-1", "--reason", "x"], "Say what it is with one of --same-as"),
        (["import", "no-such-file.csv"], "File 'no-such-file.csv' does not exist."),
        (["import", __file__, "--option", "currency"], "'currency' is no option of a connector"),
        (["-C", "/no/such/folder", "status"], "Directory '/no/such/folder' does not exist."),
        (["run", "--wait", "-1"], "-1.0 is not in the range"),
    ],
)
def test_wrong_usage_is_exit_code_2(words, said):
    result = RUNNER.invoke(main, words)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_outside_a_workspace_it_says_how_to_begin(tmp_path):
    result = RUNNER.invoke(main, ["-C", str(tmp_path), "status"])
    assert result.exit_code == 1
    assert "there is no payflow.toml here or in a folder above. Run `payflow init`" in result.stderr


def test_version_and_module_agree():
    run = subprocess.run([sys.executable, "-m", "payflow", "--version"], capture_output=True, text=True, check=True)
    assert run.stdout == f"payflow {__version__}\n"


def test_a_reader_that_goes_away_leaves_no_traceback():
    code = "import sys\nfrom payflow.cli import main\nsys.stdin.read()\nmain(['connectors', '--json'])"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    process.stdin.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21T09:00", datetime(2026, 11, 21, 9, 0, tzinfo=ZoneInfo("Europe/London"))),
        ("2026-07-01", datetime(2026, 7, 1, 12, 0, tzinfo=ZoneInfo("Europe/London"))),
        ("2026-07-01T12:00:00+00:00", datetime(2026, 7, 1, 13, 0, tzinfo=ZoneInfo("Europe/London"))),
    ],
)
def test_a_rehearsal_is_in_the_business_time_zone(text, expected, tmp_path):
    from payflow.cli.options import MOMENT
    from payflow.workspace.new import write_new

    write_new(tmp_path)
    settings = tmp_path / "payflow.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('"UTC"', '"Europe/London"'), encoding="utf-8")
    session = Session(tmp_path, MOMENT.convert(text, None, None))
    assert session.now == expected
    assert session.now.utcoffset() == expected.utcoffset()
    assert session.today == expected.date()


def test_of_very_many_problems_the_first_are_shown(capsys):
    Session(None, None).complain(
        [Problem(f"row {number}", "bad", "Mend it.", warning=number == 1) for number in range(60)]
    )
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["row 0: bad. Mend it.", "warning: row 1: bad. Mend it."]
    assert lines[49:] == ["row 49: bad. Mend it.", "and 10 more like these; --json lists them all"]


def test_options_come_from_the_environment_too(tmp_path):
    result = RUNNER.invoke(
        main, ["status"], env={"PAYFLOW_DIRECTORY": str(tmp_path), "PAYFLOW_STATUS_AS_OF": "nonsense"}
    )
    assert result.exit_code == 2
    assert "'nonsense' is no day" in result.stderr


@pytest.mark.parametrize(
    ("encoding", "shown"),
    # click writes UTF-8 where a stream claims to know ASCII only, as LANG=C does
    [("ascii", "INV-0031 of Zażółć Studio".encode()), ("latin-1", "INV-0031 of Za?ó?? Studio".encode("latin-1"))],
)
def test_a_terminal_that_knows_few_signs_gets_no_traceback(encoding, shown):
    env = {key: value for key, value in os.environ.items() if key != "PYTHONUTF8"}
    env |= {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": encoding}
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from report import factories\nimport payflow.cli.session as session, payflow.workspace\n"
        "session.Session.decision = lambda self, as_of: factories.decision()\n"
        "from payflow.cli import main\nmain(['status'])"
    )
    tests = str(Path(__file__).parents[1])
    run = subprocess.run([sys.executable, "-c", code, tests], capture_output=True, env=env, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    assert shown in run.stdout
    assert "\u2026".encode() not in run.stdout
