"""`payflow run`."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import click

from payflow.cli.options import json_option
from payflow.cli.session import LEFT_OUT, Session
from payflow.errors import Refused

if TYPE_CHECKING:
    from payflow.decide.parts import Pool


@click.command()
@click.option("--dry-run", is_flag=True, help="Show the plan from what is known; read and write nothing.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="Wait for another run that is going on. Default: do not.",
)
@click.option("--quiet", is_flag=True, help="Print nothing when nothing was done and nothing is wrong: for cron.")
@click.option(
    "--accept-clock", is_flag=True, help="Run although the last run was at a later moment: its clock was wrong."
)
@click.option(
    "--workers",
    metavar="ADDRESS",
    help="Decide on the workers of a running Dask cluster, such as tcp://scheduler:8786; docs/scale.md.",
)
@json_option
@click.pass_context
def command(
    context: click.Context,
    dry_run: bool,
    wait: float,
    quiet: bool,
    accept_clock: bool,
    workers: str | None,
    as_json: bool,
) -> None:
    """Read the sources, decide, and send what is due.

    Meant for cron, every hour: prints one line. Until `payflow live`, every run is a preview that writes to nobody. Running
    twice, late or at the same time does no harm: a run that finds another one going on leaves with a sentence and exit
    code 1, or waits for it as long as --wait says. docs/running.md has lines for cron and systemd.

    \b
    Example:
      payflow run
      payflow run --quiet --wait 300
      payflow run --dry-run
    """
    from payflow.cli.progress import progress
    from payflow.nightly import run
    from payflow.report import operations_json
    from payflow.report.readings import is_uneventful, run_line
    from payflow.report.text import clean
    from payflow.workspace.secrets import masked

    session = context.ensure_object(Session)
    session.quiet = quiet
    _check_rehearsal(session, dry_run)
    with (
        _pool(workers) as pool,
        session.store() as store,
        store.lock(wait),
        progress(silent=as_json or quiet) as line,
    ):
        report = run(
            store,
            session.workspace,
            now=session.now,
            dry_run=dry_run,
            accept_clock=accept_clock,
            pool=pool,
            tell=line.tell,
        )
    if not dry_run:
        session.foresee(context)
    for source in report.synced:
        session.complain(source.problems)
        if source.error:
            click.echo(masked(clean(f"{source.source}: {source.error}")), err=True)
    left_out = operations_json.run_left_out(report)
    fault = ""
    if not dry_run and not left_out:
        from payflow.cli.heartbeat import beat

        fault = beat(session.workspace.run, session.now)
    if fault:
        click.echo(f"warning: {fault}", err=True)
    if as_json:
        session.say_json(operations_json.run(report, fault))
    else:
        if dry_run:
            from payflow.report.plan_text import plan_text

            session.say(plan_text(report.decision, session.style))
        if dry_run or fault or not (quiet and is_uneventful(report)):
            session.say(run_line(report, session.now))
    if left_out:
        context.exit(LEFT_OUT)


def _pool(workers: str | None) -> AbstractContextManager[Pool | None]:
    """The cluster that was named, if one was."""
    if not workers:
        return nullcontext()
    from payflow.cluster import connect

    return connect(workers)


def _check_rehearsal(session: Session, dry_run: bool) -> None:
    """Real mail is dated by the real clock only."""
    if session.rehearsal is not None and not dry_run and session.workspace.mail.transport != "folder":
        raise Refused(
            "--now rehearses another moment, and this workspace sends real mail. Leave --now out, add --dry-run, or write "
            'transport = "folder" under [mail] in payflow.toml.'
        )
