"""Runs the code blocks of a Markdown page, so that what the page shows is what happens.

The conventions are written down in CONTRIBUTING.md, under "Pages that run".
"""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: Commands that set a machine up: they are shown, not run.
SETTING_UP = ("git clone", "make", "pip install", "pipx install", "python -m pip", "python3 -m pip", "python -m venv")
#: Prints commands with what they print: all below it in its block is its output.
SHOWS_COMMANDS = ["payflow", "demo"]
_FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,})(?P<info>[^`\n]*)\n(?P<text>.*?)^(?P=indent)(?P=fence) *$",
    re.MULTILINE | re.DOTALL,
)
_SETTING = re.compile(r"<!-- (?P<name>PAYFLOW_[A-Z_]+)=(?P<value>.+?) -->")
_ENDS_WITH = re.compile(r"#\s*exit code (?P<code>\d+)\s*$")
#: A reference of a charge is new in every store: in a page, any one stands for any.
_REFERENCE = re.compile(r"PF-[0-9A-HJKMNP-TV-Z]{8}(?:[0-9A-HJKMNP-TV-Z]{4})?\b")
_END = "\x1e"


@dataclass(frozen=True)
class Command:
    """A line after `$ ` and what the page shows below it."""

    text: str
    shown: str

    @property
    def exit_code(self) -> int:
        """0, unless the line ends in a comment that names another."""
        match = _ENDS_WITH.search(self.text)
        return int(match["code"]) if match else 0


@dataclass(frozen=True)
class Block:
    """A fenced block; `path` is the second word after the fence: the file that it is."""

    line: int
    language: str
    path: str
    text: str
    #: variables of the environment that comments above it set
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def commands(self) -> Sequence[Command]:
        """The commands of a console block."""
        return list(_commands(self.text))

    @property
    def runs(self) -> bool:
        """Whether it is a terminal session that is to be run."""
        return self.language == "console" and not any(sets_up(command) for command in self.commands)


@dataclass(frozen=True)
class Outcome:
    """What a command printed, errors included, and how it ended."""

    printed: str
    exit_code: int


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = []
    for match in _FENCE.finditer(page):
        language, _, path = match["info"].strip().partition(" ")
        above = page[: match.start()]
        settings = {item["name"]: item["value"] for item in _SETTING.finditer(above)}
        text = re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
        found.append(Block(above.count("\n") + 1, language, path.strip(), text, settings))
    return found


def sets_up(command: Command) -> bool:
    """Whether a command sets a machine up."""
    return any(command.text == words or command.text.startswith(f"{words} ") for words in SETTING_UP)


def run(page: Sequence[Block], folder: Path) -> dict[int, list[Outcome]]:
    """Write the files of a page and run its sessions, all in one shell that starts in `folder`; by line of the block."""
    script, counts = [], {}
    for block in page:
        if block.path:
            target = folder / block.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.runs:
            counts[block.line] = len(block.commands)
            script += [f"export {name}='{value}'" for name, value in block.settings.items()]
            for command in block.commands:
                script += [command.text, f"printf '{_END}%s{_END}' $?"]
    shell = ["sh", "-c", "\n".join(script)]
    done = subprocess.run(
        shell,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    parts = iter(done.stdout.decode().split(_END))
    outcomes = [Outcome(printed, int(code)) for printed, code in zip(parts, parts, strict=False)]
    assert len(outcomes) == sum(counts.values()), f"the shell stopped early:\n{done.stdout.decode()}"
    return {line: [outcomes.pop(0) for _ in range(count)] for line, count in counts.items()}


def environment() -> dict[str, str]:
    """What every session runs in: this Python's commands first, 80 columns, UTC, and no settings of whoever runs the tests."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PAYFLOW", "COLUMNS", "NO_COLOR"))
    }
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
    return {**kept, "PATH": path, "COLUMNS": "80", "TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}


def matches(shown: str, printed: str) -> bool:
    """Whether a command printed what the page shows; a line `...` stands for any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line) + r"\n" for line in tidy(shown))
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in tidy(printed))) is not None


def tidy(text: str) -> list[str]:
    """Lines without what no reader sees: blanks at their ends and empty lines at the end."""
    return [line.rstrip() for line in _REFERENCE.sub("PF-________", text).rstrip().splitlines()]


def make_targets(page: Iterable[Block]) -> set[str]:
    """The targets that a page tells its reader to make."""
    commands = (command for block in page if block.language == "console" for command in block.commands)
    words = (word for command in commands if command.text.startswith("make ") for word in command.text.split()[1:])
    return {word for word in words if re.fullmatch(r"[a-z-]+", word)}


def _commands(text: str) -> Iterator[Command]:
    command: list[str] = []
    shown: list[str] = []
    for line in text.splitlines():
        showing = bool(command) and command[0].split()[:2] == SHOWS_COMMANDS
        if line.startswith("$ ") and not showing:
            if command:
                yield Command("\n".join(command), "\n".join(shown))
            command, shown = [line[2:]], []
        elif line.startswith("> ") and command and not shown and command[-1].endswith("\\"):
            command.append(line[2:])
        else:
            shown.append(line)
    if command:
        yield Command("\n".join(command), "\n".join(shown))
