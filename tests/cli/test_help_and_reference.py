"""Every command has an imperative first line, an example that parses, and a place in `docs/cli.md`."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from payflow.cli import COMMANDS, main
from payflow.cli.reference import reference

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"


def every_command(command: click.Command = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from every_command(child, (*path, name))


ALL = dict(every_command())


def examples(command: click.Command) -> list[str]:
    """The lines under `Example:` in a help text."""
    _, _, rest = (command.help or "").partition("Example:\n")
    lines = rest.split("\n\n")[0].splitlines()
    return [line.strip() for line in lines if line.strip()]


@pytest.mark.parametrize("path", ALL)
def test_the_first_line_is_an_imperative_sentence(path):
    first = (ALL[path].help or "").splitlines()[0]
    assert re.fullmatch(r"[A-Z][a-z]+ [^.]+\.|Switch on: [^.]+\.", first), first
    verb = first.split()[0]
    assert not verb.endswith(("ing", "ed")), first
    assert not re.fullmatch(r"(Shows|Lists|Writes|Reads|Prints|The|This|A)", verb), first


@pytest.mark.parametrize("path", ALL)
def test_every_help_has_an_example_that_parses(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exports").mkdir()
    for name in ("exports/sales.csv", "report.csv", "invoices.csv"):
        (tmp_path / name).touch()
    (tmp_path / "studio").mkdir()
    lines = examples(ALL[path])
    assert lines, f"no example in the help of {path or 'payflow'}"
    for line in lines:
        parse(line)
        if path:
            assert line.startswith(f"payflow {path}"), line


def parse(line: str) -> None:
    """Parse a command line down to its last command, running nothing; usage errors are raised."""
    words = shlex.split(re.split(r" (?:&&|\|) ", line)[0])
    assert words.pop(0) == "payflow"
    command: click.Command = main
    parent: click.Context | None = None
    while True:
        context = command.make_context(command.name, words, parent=parent)
        # a group leaves the words of its subcommand unparsed
        words = [*context._protected_args, *context.args]
        if not isinstance(command, click.Group) or not words:
            return
        _, child, words = command.resolve_command(context, words)
        assert child is not None
        command, parent = child, context


@pytest.mark.parametrize("name", COMMANDS)
def test_the_short_help_in_the_table_is_the_first_line_of_the_command(name):
    assert (ALL[name].help or "").splitlines()[0] == COMMANDS[name][1]
    assert ALL[name].name in (name, "command")


def test_the_reference_is_up_to_date():
    assert DOCS.read_text(encoding="utf-8") == reference(), "run `python -m payflow.cli.reference docs/cli.md`"


@pytest.mark.parametrize("path", ALL)
def test_every_command_stands_in_the_reference(path):
    assert f"\n## {' '.join(['payflow', path]).strip()}\n" in DOCS.read_text(encoding="utf-8")


def test_listing_the_commands_imports_none_of_them_and_nothing_heavy():
    code = (
        "import sys\nfrom payflow.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print('LOADED', *sorted(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split("LOADED")[1].split())
    assert {name for name in loaded if name.startswith("payflow")} == {
        "payflow",
        "payflow.cli",
        "payflow.cli.lazy",
        "payflow.cli.options",
        "payflow.cli.session",
        "payflow.errors",
    }
    assert not loaded & {"numpy", "pandas", "pyarrow", "sqlite3", "tomllib", "zoneinfo", "json"}
