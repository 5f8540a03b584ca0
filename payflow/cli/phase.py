"""`payflow phase start` and `payflow phase finish`."""

from __future__ import annotations

import click

from payflow.cli.session import BLOCKED, Session, pass_session


@click.group()
def command() -> None:
    """Record that work on a phase starts or is finished.

    \b
    Example:
      payflow phase start acme-website design
    """


@command.command()
@click.argument("project")
@click.argument("phase")
@click.pass_context
def start(context: click.Context, project: str, phase: str) -> None:
    """Start work on a phase, if its gate is open.

    Exit code 3: blocked; nothing is recorded, and the reasons are printed.

    \b
    Example:
      payflow phase start acme-website build
    """
    from payflow import rulings
    from payflow.report.projects import gate_text

    session = context.ensure_object(Session)
    with session.store() as store:
        verdict = rulings.start_phase(store, session.workspace, project, phase, now=session.now)
    if not verdict.open:
        session.say(gate_text(verdict, session.style))
        context.exit(BLOCKED)
    session.say(f"{verdict.name or phase} of {project} started on {verdict.started or session.today}.")


@command.command()
@click.argument("project")
@click.argument("phase")
@pass_session
def finish(session: Session, project: str, phase: str) -> None:
    """Record that work on a phase is finished.

    Phases that come `after` it may then start, once they are paid for.

    \b
    Example:
      payflow phase finish acme-website design
    """
    from payflow import rulings

    with session.store() as store:
        session.say(rulings.finish_phase(store, session.workspace, project, phase, now=session.now))
