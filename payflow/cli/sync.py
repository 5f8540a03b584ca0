"""`payflow sync`."""

from __future__ import annotations

import click

from payflow.cli.options import json_option
from payflow.cli.session import FAILED, LEFT_OUT, LOCK_PATIENCE, Session


@click.command()
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@click.option(
    "--full", is_flag=True, help="Read everything again, not only what changed; files too that are as they were."
)
@json_option
@click.pass_context
def command(context: click.Context, sources: tuple[str, ...], full: bool, as_json: bool) -> None:
    """Read all configured sources, or the named ones.

    Files that are, by their digests, the very ones that their source was last read from are not read again. A source that fails
    does not stop the others; the exit code is then 4, or 1 when none could be read. The first reading makes the store.

    \b
    Example:
      payflow sync
      payflow sync books --full
    """
    from payflow.cli.progress import progress
    from payflow.report import operations_json
    from payflow.report.readings import synced_line
    from payflow.sync import sync

    session = context.ensure_object(Session)
    with session.store(create=True) as store, store.lock(LOCK_PATIENCE), progress(silent=as_json) as line:
        reports = sync(store, session.workspace, sources, full=full, now=session.now, tell=line.tell)
    session.foresee(context)
    for report in reports:
        session.complain(report.problems)
    if as_json:
        session.say_json(operations_json.sync(reports))
    else:
        lines = [synced_line(report) for report in reports]
        session.say("\n".join(lines) if lines else "No source is configured: add a [[source]] to payflow.toml.")
    if reports and all(report.failed for report in reports):
        context.exit(FAILED)
    if operations_json.left_out(reports):
        context.exit(LEFT_OUT)
