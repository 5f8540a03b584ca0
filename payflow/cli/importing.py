"""`payflow import`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from payflow.cli.options import json_option
from payflow.cli.session import LEFT_OUT, LOCK_PATIENCE, Session
from payflow.errors import ConnectorError

if TYPE_CHECKING:
    from payflow.store import Store
    from payflow.sync import SyncReport
    from payflow.sync.one_file import File

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _options(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """`key=value` texts as a mapping."""
    pairs = [value.partition("=") for value in values]
    for key, equals, _value in pairs:
        if not key or not equals:
            raise click.BadParameter(f"{key!r} is no option of a connector. Write KEY=VALUE, such as currency=EUR.")
    return {key: value for key, _equals, value in pairs}


@click.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_FILE)
@click.option("--as", "connector", metavar="CONNECTOR", help="Read it as this format instead of recognising it.")
@click.option("--source", metavar="NAME", help="The source it belongs to, where several could have written it.")
@click.option(
    "--option",
    "options",
    metavar="KEY=VALUE",
    multiple=True,
    callback=_options,
    help="An option of the connector, as in its [[source]]; may be repeated.",
)
@click.option("--again", is_flag=True, help="Read a file even if it is the very one that was read last.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    files: tuple[Path, ...],
    connector: str | None,
    source: str | None,
    options: dict[str, str],
    again: bool,
    as_json: bool,
) -> None:
    """Read exported files into the store.

    The format is recognised from the header. Reading a file twice, or an older one after a newer one, changes nothing; the very
    file that its source was last read from is known by its digest and not read again, unless --again. Good rows load, bad ones
    are listed, and the exit code is then 4. The first import makes the store.

    \b
    Example:
      payflow import exports/sales.csv
      payflow import report.csv --as quickbooks --source books
    """
    from payflow.cli.progress import progress
    from payflow.report import operations_json
    from payflow.report.readings import synced_line
    from payflow.report.text import clean
    from payflow.sync import file_at

    session = context.ensure_object(Session)
    reports, refused = [], 0
    with ExitStack() as opened:
        intake = _Intake(session, opened, again=again)
        for path in files:
            try:
                with progress(silent=as_json) as line:
                    line.tell(f"reading {clean(path.name)}")
                    file = file_at(
                        session.workspace, path, connector=connector, source=source, options=options, now=session.now
                    )
                    report = intake.take(file, line.tell)
            except ConnectorError as error:
                # one file that cannot be read does not keep the others out
                refused += 1
                session.complain([error.problem])
                continue
            session.complain(report.problems)
            reports.append(report)
            if not as_json:
                session.say(synced_line(report))
    session.foresee(context)
    if as_json:
        session.say_json(operations_json.sync(reports))
    if refused == len(files):
        context.exit(1)
    if refused or operations_json.left_out(reports):
        context.exit(LEFT_OUT)


class _Intake:
    """Files taken over one after the other; the first that can be read makes the store, if there is none."""

    def __init__(self, session: Session, opened: ExitStack, *, again: bool) -> None:
        self._session, self._opened, self._again = session, opened, again
        self._store = opened.enter_context(session.store_if_any())
        self._locked = False

    def take(self, file: File, tell: Callable[[str], None]) -> SyncReport:
        """Read a file and store it, unless it is the very one that its source was last read from. Raises `ConnectorError`."""
        from payflow.report.text import clean
        from payflow.sync import fetch, file_before, keep_file, read_file

        workspace, now = self._session.workspace, self._session.now
        if self._store is not None and not self._again:
            before = file_before(self._store, workspace, file, now=now)
            if before is not None:
                return before
        fetched = None if self._store is None else fetch(self._store, workspace, file, now=now)
        read = read_file(file, fetched)
        store = self._locked_store()
        tell(f"storing {clean(file.context.files[0].name)}")
        return keep_file(store, workspace, read, now=now)

    def _locked_store(self) -> Store:
        if self._store is None:
            self._store = self._opened.enter_context(self._session.store(create=True))
        if not self._locked:
            self._opened.enter_context(self._store.lock(LOCK_PATIENCE))
            self._locked = True
        return self._store
