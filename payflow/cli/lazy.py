"""A group of commands that are imported when they are run, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from payflow.errors import PayflowError, WorkspaceError, nearest


class LazyGroup(click.Group):
    """Commands by name as (module, short help); each module holds its command as `command`."""

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], package: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lazy = lazy
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Names in the order of the table."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's signature)
        """Import the module of a command, and only that one."""
        if cmd_name not in self.lazy:
            return None
        command = import_module(f"{self._package}.{self.lazy[cmd_name][0]}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with the nearest command where a name is unknown."""
        if args[0] not in self.lazy and not args[0].startswith("-"):
            ctx.fail(f"no command {args[0]!r}. {nearest(args[0], list(self.lazy))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (click's)
        """List commands with their short help without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in self.lazy.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what goes wrong is told on standard error in a sentence, never as a traceback."""
        _forgive_encodings()
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:
            # click ends quietly when the reader of a pipe went away
            if isinstance(error, BrokenPipeError):
                raise
            from payflow.report.text import harmless
            from payflow.workspace.secrets import masked

            # a developer may ask for the traceback, whose messages may come from a library that repeats what it was told
            told = traceback.format_exc() if os.environ.get("PAYFLOW_TRACEBACK") else _told(error)
            click.echo(masked(harmless(told)), err=True)
            return ctx.exit(1)


def _told(error: Exception) -> str:
    if isinstance(error, WorkspaceError):
        return str(error)
    if isinstance(error, PayflowError):
        return f"payflow: {error}"
    if isinstance(error, OSError):
        return f"payflow: {error.filename or 'the system'}: {error.strerror or error}."
    fault = f"a fault of payflow's own ({type(error).__name__}: {error})"
    return f"payflow: {fault}. Run it again with PAYFLOW_TRACEBACK=1 in the environment and report what it prints."


def _forgive_encodings() -> None:
    """Where a stream cannot write a sign, write a question mark: a name from the books must not end a run."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and (stream.encoding or "").lower().replace("-", "") != "utf8":
            reconfigure(errors="replace")
