"""`payflow gate check` and `payflow gate waive`."""

from __future__ import annotations

from datetime import date

import click

from payflow.cli.options import DAY, as_of_option, json_option, reason_option
from payflow.cli.session import BLOCKED, Session, pass_session


@click.group()
def command() -> None:
    """Ask whether a phase may start, or let it start unpaid.

    \b
    Example:
      payflow gate check acme-website build
    """


@command.command()
@click.argument("project")
@click.argument("phase")
@as_of_option
@json_option
@click.pass_context
def check(context: click.Context, project: str, phase: str, as_of: date | None, as_json: bool) -> None:
    """Answer whether work on a phase may start, or go on.

    Prints `open` or `blocked` with the reasons and what would open it. Exit code 0: open; 3: blocked.

    \b
    Example:
      payflow gate check acme-website build && echo "go on"
    """
    session = context.ensure_object(Session)
    words = ("gate", project, phase, as_of, as_json)
    context.exit(session.answer(lambda: _answer(session, project, phase, as_of, as_json), *words))


def _answer(session: Session, project: str, phase: str, as_of: date | None, as_json: bool) -> tuple[str, int]:
    from payflow.report.select import phase_of

    decision = session.decision(as_of)
    verdict = phase_of(decision, project, phase)
    exit_code = 0 if verdict.open else BLOCKED
    if as_json:
        from payflow.report import as_json as report

        return session.as_json(report.gate(verdict, decision.as_of)), exit_code
    from payflow.report.projects import gate_text

    return gate_text(verdict, session.style), exit_code


@command.command()
@click.argument("project")
@click.argument("phase")
@click.option("--until", type=DAY, required=True, metavar="DATE", help="The last day of the exception.")
@reason_option
@pass_session
def waive(session: Session, project: str, phase: str, until: date, reason: str) -> None:
    """Let work on a phase start or go on unpaid, until a day.

    The exception is journaled with its reason and ends by itself.

    \b
    Example:
      payflow gate waive acme-website build --until 2026-12-01 --reason "paid by cheque, in the post"
    """
    from payflow import rulings

    with session.store() as store:
        said = rulings.waive(store, session.workspace, project, phase, until=until, reason=reason, now=session.now)
    session.say(said)
