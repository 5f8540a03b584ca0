"""What every command starts from: the workspace, the store, the moment, and the streams to write to."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from payflow.errors import Problem
    from payflow.model.agreement import Workspace
    from payflow.model.decision import Decision
    from payflow.report.ansi import Style
    from payflow.store import Store

#: Exit codes of the interface; 0 is done or yes, 2 wrong usage.
FAILED = 1
BLOCKED = 3
LEFT_OUT = 4

#: Seconds that reading waits for a run that is going on: two that read at once could remember different ends.
LOCK_PATIENCE = 60

#: A file in the wrong format has as many problems as rows; cron mails what is printed.
_SHOWN = 50


class Session:
    """One call of `payflow`. Nothing is read before it is asked for."""

    def __init__(self, directory: Path | None, rehearsal: datetime | None) -> None:
        self.directory = directory
        self.rehearsal = rehearsal
        #: say nothing of what is allowed and merely worth a word
        self.quiet = False
        #: keep complaints to itself
        self.silent = False
        #: what went to standard error, line by line
        self.complaints: list[str] = []

    @cached_property
    def root(self) -> Path:
        """The workspace's folder. Raises `WorkspaceError` when there is none."""
        from payflow.workspace import find_root

        return find_root(self.directory or Path.cwd())

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace, read and checked; its warnings go to standard error."""
        from payflow.workspace import load

        loaded = load(self.root)
        self.complain(loaded.warnings)
        return loaded.workspace

    @cached_property
    def now(self) -> datetime:
        """The moment, aware, in the business's time zone."""
        zone = _zone(self.workspace.business.timezone)
        if self.rehearsal is None:
            return datetime.now(zone)
        return self.rehearsal.replace(tzinfo=zone) if self.rehearsal.tzinfo is None else self.rehearsal.astimezone(zone)

    @property
    def today(self) -> date:
        """The business's day."""
        return self.now.date()

    @contextmanager
    def store(self, *, create: bool = False) -> Iterator[Store]:
        """The open store; only reading invoices begins a new one. Raises `StoreError`."""
        from payflow.store import open_store

        workspace = self.workspace
        store = open_store(workspace.store_url, workspace.root, create=create)
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def store_if_any(self) -> Iterator[Store | None]:
        """The open store; None where there is none, or none that can be used: `store` says why."""
        from payflow.errors import StoreError

        with ExitStack() as opened:
            store = None
            with suppress(StoreError):
                store = opened.enter_context(self.store())
            yield store

    def decision(self, as_of: date | None) -> Decision:
        """What follows for a day, today unless another is asked for."""
        from payflow.decide import decide

        with self.store() as store:
            return decide(store, self.workspace, as_of or self.today, self.now)

    @cached_property
    def style(self) -> Style:
        """How to print on standard output."""
        from payflow.report.ansi import style_for

        return style_for(sys.stdout, os.environ)

    def say(self, text: str) -> None:
        """Print text to standard output; a line break is added where it has none."""
        click.echo(text, nl=not text.endswith("\n"))

    def say_json(self, data: Mapping[str, Any]) -> None:
        """Print JSON to standard output."""
        self.say(self.as_json(data))

    def as_json(self, data: Mapping[str, Any]) -> str:
        """JSON text that standard output can take."""
        import json

        return json.dumps(data, indent=2, ensure_ascii=not self.style.signs)

    def answer(self, work_out: Callable[[], tuple[str, int]], *question: object) -> int:
        """Print the answer to a question, at a glance where one holds, else as worked out; returns its exit code."""
        from payflow.cli.glance import Answer, glance

        place = glance(self, *question)
        kept = place.read() if place is not None else None
        if kept is None:
            with _no_collecting():
                kept = Answer(*work_out(), self.complaints)
            if place is not None:
                place.keep(kept)
        else:
            for line in kept.warnings:
                click.echo(line, err=True)
        self.say(kept.text)
        return kept.exit_code

    def foresee(self, context: click.Context) -> None:
        """Once the command is over, work out what is asked next (`payflow.cli.foresight`)."""
        from payflow.cli.foresight import foresee

        context.call_on_close(lambda: foresee(self))

    def complain(self, problems: Sequence[Problem]) -> None:
        """Print problems to standard error, one per line; of very many only the first. Warnings only unless quiet."""
        problems = [problem for problem in problems if not (self.quiet and problem.warning)]
        lines = [f"{'warning: ' if problem.warning else ''}{problem}" for problem in problems[:_SHOWN]]
        if len(problems) > _SHOWN:
            lines.append(f"and {len(problems) - _SHOWN} more like these; --json lists them all")
        if not lines:
            return
        from payflow.report.text import clean
        from payflow.workspace.secrets import masked

        lines = [masked(clean(line)) for line in lines]
        for line in lines if not self.silent else ():
            click.echo(line, err=True)
        self.complaints.extend(lines)


@contextmanager
def _no_collecting() -> Iterator[None]:
    """No looking for garbage that refers to itself: an answer makes many objects and hardly any of that."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


#: Hands the session to a command as its first argument.
pass_session = click.make_pass_decorator(Session)


def _zone(name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)
