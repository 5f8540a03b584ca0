"""The lines for cron and systemd in docs/running.md, tried: as cron calls them, and as systemd reads them."""

from __future__ import annotations

import configparser
import fcntl
import getpass
import re
import shlex
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from documents import ROOT
from stories.papers import ANY_HOUR, invoice, settings
from stories.world import World

PAGE = (ROOT / "docs" / "running.md").read_text("utf-8")
PROGRAM = Path(sysconfig.get_path("scripts")) / "payflow"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)


def in_place(text: str, root: Path) -> str:
    """A line of the page with the places of this machine."""
    return text.replace("/home/you/studio/.venv/bin/payflow", str(PROGRAM)).replace("/home/you/studio", str(root))


def cron_command() -> str:
    [line] = [line for line in blocks("cron")[0].splitlines() if line and "=" not in line.split()[0]]
    minute, *rest, command = line.split(None, 5)
    assert (minute, rest) == ("5", ["*"] * 4)
    assert "%" not in command
    return command


def as_cron(command: str, root: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Cron's own way: /bin/sh, nothing of a person's environment, the home as the folder."""
    bare = ["env", "-i", "PATH=/usr/bin:/bin", "SHELL=/bin/sh", f"HOME={root.parent}", f"LOGNAME={getpass.getuser()}"]
    call = " ".join([in_place(command, root), *more])
    return subprocess.run(
        [*bare, "/bin/sh", "-c", call], cwd=root.parent, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def studio(world: World) -> World:
    """Books of today, by the real clock, since cron has no other; one reminder is due."""
    today = datetime.now(UTC).date()
    world.settings(settings(mail=ANY_HOUR, business='policy = "standard"'))
    world.now = datetime.now(world.zone)
    due, issued = today - timedelta(days=1), today - timedelta(days=16)
    row = invoice("INV-0012", "3000.00", issued=issued.isoformat(), due=due.isoformat(), email="accounts@acme.example")
    world.books(row, at=world.now.strftime("%Y-%m-%dT%H:%M:%S"))
    world.sync()
    world.live(issued.isoformat())
    world.close()
    return world


def test_the_crontab_line_sends_under_crons_bare_environment_and_then_keeps_quiet(studio: World) -> None:
    first = as_cron(cron_command(), studio.root)
    assert (first.returncode, first.stderr) == (0, "")
    assert re.fullmatch(r"payflow [-0-9]{10} [0-9:]{5} live: 1 source read; 1 message sent.*\n", first.stdout)
    assert len(studio.to_clients()) == 1
    again = as_cron(cron_command(), studio.root)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert len(studio.to_clients()) == 1


def test_without_quiet_every_run_leaves_one_line(studio: World) -> None:
    command = cron_command().replace(" --quiet", "")
    for _ in range(2):
        assert len(as_cron(command, studio.root).stdout.splitlines()) == 1


def test_a_second_run_leaves_with_a_sentence_or_waits_as_asked(studio: World) -> None:
    lock = studio.root / "payflow.db.lock"
    with lock.open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        left = as_cron(cron_command().replace(" --wait 300", ""), studio.root)
        assert (left.returncode, left.stdout) == (1, "")
        assert "another run is going on" in left.stderr
        command = shlex.split(in_place(cron_command(), studio.root))
        waiting = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(1)
        assert waiting.poll() is None
        fcntl.flock(held, fcntl.LOCK_UN)
        said, complained = waiting.communicate(timeout=60)
    assert (waiting.returncode, complained) == (0, "")
    assert "1 message sent" in said


def test_quiet_says_what_is_wrong(studio: World) -> None:
    for path in (studio.root / "exports").iterdir():
        path.unlink()
    result = as_cron(cron_command(), studio.root)
    assert result.returncode == 4
    assert "SOMETHING WAS LEFT OUT" in result.stdout
    assert "no file matches exports/*.csv" in result.stderr


def units(root: Path, folder: Path) -> Sequence[Path]:
    service, timer = blocks("ini")
    paths = [folder / "payflow.service", folder / "payflow.timer"]
    for path, text in zip(paths, (service, timer), strict=True):
        path.write_text(in_place(text, root).replace("User=you", f"User={getpass.getuser()}"))
    return paths


def test_the_units_are_what_systemd_reads(studio: World, tmp_path: Path) -> None:
    service, timer = units(studio.root, tmp_path)
    read = [configparser.ConfigParser(interpolation=None, strict=True) for _ in range(2)]
    for parser, path in zip(read, (service, timer), strict=True):
        parser.optionxform = str  # type: ignore[assignment, method-assign]  # the documented way to keep the case of keys
        parser.read_string(path.read_text())
    assert read[0]["Service"]["Type"] == "oneshot"
    assert read[1]["Timer"] == {"OnCalendar": "*-*-* *:05:00", "Persistent": "true"}
    assert read[0]["Service"]["ReadWritePaths"] == str(studio.root)
    if shutil.which("systemd-analyze") is None:
        return
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(service), str(timer)], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_the_command_of_the_service_runs(studio: World, tmp_path: Path) -> None:
    service, _ = units(studio.root, tmp_path)
    [line] = [one for one in service.read_text().splitlines() if one.startswith("ExecStart=")]
    result = subprocess.run(
        shlex.split(line.removeprefix("ExecStart=")), capture_output=True, text=True, check=False, env={}, cwd="/"
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "1 message sent" in result.stdout


def test_the_page_has_the_exit_codes_and_sentences_of_the_program(studio: World) -> None:
    assert "payflow run --accept-clock" in PAGE
    ahead = ["--now", (datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="minutes")]
    command = [str(PROGRAM), "-C", str(studio.root)]
    subprocess.run([*command, *ahead, "run"], capture_output=True, check=False)
    back = subprocess.run([*command, "run"], capture_output=True, text=True, check=False)
    assert (back.returncode, back.stdout) == (1, "")
    assert "the clock went backwards, or the day is over" in back.stderr
    assert subprocess.run([*command, "run", "--accept-clock"], capture_output=True, check=False).returncode == 0
