"""The command reference `docs/cli.md`, made from the commands' own help: `python -m payflow.cli.reference docs/cli.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

_INTRODUCTION = """\
# The command line

<!-- Made by `python -m payflow.cli.reference docs/cli.md`; edit the help texts in `payflow/cli/` instead. -->

`payflow` looks for its workspace, a folder with `payflow.toml`, in the folder it is called in, then in that folder's parents;
`-C DIR` names another. What is written on the command line comes first, then the environment, then the default. Every option
has a variable: `PAYFLOW_`, the command and the option, in capitals (`PAYFLOW_DIRECTORY`, `PAYFLOW_STATUS_AS_OF`,
`PAYFLOW_GATE_CHECK_AS_OF`).

| exit code | means |
|---|---|
| 0 | done, or yes |
| 1 | failed; standard error says where, what was found and what to do |
| 2 | wrong usage |
| 3 | blocked: the gate is shut |
| 4 | done, but something was left out: bad rows, a failed or stale source, an undelivered message |

Colours appear on a terminal only, and never with `NO_COLOR` set. Every listing takes `--json`; each output names its schema
(`"schema": "payflow.status/1"`), and the JSON Schemas are installed with payflow, in the folder `payflow/report/schemas`.
Amounts are decimal text, days `YYYY-MM-DD`; within a version keys are only ever added, together with the schema.
"""


def reference() -> str:
    """The whole page, as it must stand in `docs/cli.md`."""
    from payflow.cli import main

    with click.Context(main, info_name="payflow", terminal_width=80, max_content_width=80) as context:
        sections = list(_sections(main, context))
    return _INTRODUCTION + "".join(f"\n## {path}\n\n```text\n{text}\n```\n" for path, text in sections)


def _sections(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """The command's path and help, then those of its subcommands."""
    yield context.command_path, command.get_help(context)
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        with click.Context(child, info_name=name, parent=context, terminal_width=80, max_content_width=80) as inner:
            yield from _sections(child, inner)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
