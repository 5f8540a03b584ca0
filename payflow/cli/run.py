"""`payflow run`."""

from __future__ import annotations

import click

from payflow.cli.options import json_option
from payflow.cli.session import LEFT_OUT, Session
from payflow.errors import Refused


@click.command()
@click.option("--dry-run", is_flag=True, help="Show the plan from what is known; read and write nothing.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="Wait for another run that is going on. Default: do not.",
)
@json_option
@click.pass_context
def command(context: click.Context, dry_run: bool, wait: float, as_json: bool) -> None:
    """Read the sources, decide, and send what is due.

    Meant for cron, every hour: prints one line. Until `payflow live`, every run is a preview that writes to nobody.
    Running twice, late or at the same time does no harm.

    \b
    Example:
      payflow run
      payflow run --dry-run
    """
    from payflow.nightly import run
    from payflow.report import operations_json
    from payflow.report.readings import run_line

    session = context.ensure_object(Session)
    _check_rehearsal(session, dry_run)
    with session.store() as store, store.lock(wait):
        report = run(store, session.workspace, now=session.now, dry_run=dry_run)
    for source in report.synced:
        session.complain(source.problems)
        if source.error:
            click.echo(f"{source.source}: {source.error}", err=True)
    if as_json:
        session.say_json(operations_json.run(report))
    else:
        if dry_run:
            from payflow.report.plan_text import plan_text

            session.say(plan_text(report.decision, session.style))
        session.say(run_line(report, session.now))
    if operations_json.run_left_out(report):
        context.exit(LEFT_OUT)


def _check_rehearsal(session: Session, dry_run: bool) -> None:
    """Real mail is dated by the real clock only."""
    if session.rehearsal is not None and not dry_run and session.workspace.mail.transport != "folder":
        raise Refused(
            "--now rehearses another moment, and this workspace sends real mail. Leave --now out, add --dry-run, or write "
            'transport = "folder" under [mail] in payflow.toml.'
        )
