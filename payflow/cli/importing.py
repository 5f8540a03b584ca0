"""`payflow import`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from payflow.cli.options import json_option
from payflow.cli.session import LEFT_OUT, LOCK_PATIENCE, Session
from payflow.errors import ConnectorError

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
    from payflow.sync import fetch, file_at, file_before, keep_file, read_file

    session = context.ensure_object(Session)
    reports, refused = [], 0
    with ExitStack() as opened:
        store, locked = opened.enter_context(session.store_if_any()), False
        for path in files:
            try:
                with progress(silent=as_json) as line:
                    line.tell(f"reading {clean(path.name)}")
                    file = file_at(
                        session.workspace, path, connector=connector, source=source, options=options, now=session.now
                    )
                    report = None
                    if store is not None and not again:
                        report = file_before(store, session.workspace, file, now=session.now)
                    if report is None:
                        fetched = None if store is None else fetch(store, session.workspace, file, now=session.now)
                        read = read_file(file, fetched)
                        if store is None:  # the first file that can be read makes the store, if there is none
                            store = opened.enter_context(session.store(create=True))
                        if not locked:
                            opened.enter_context(store.lock(LOCK_PATIENCE))
                            locked = True
                        line.tell(f"storing {clean(path.name)}")
                        report = keep_file(store, session.workspace, read, now=session.now)
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
