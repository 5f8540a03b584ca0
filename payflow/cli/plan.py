"""`payflow plan`."""

from __future__ import annotations

from datetime import date

import click

from payflow.cli.options import as_of_option, json_option
from payflow.cli.session import Session, pass_session


@click.command()
@as_of_option
@json_option
@pass_session
def command(session: Session, as_of: date | None, as_json: bool) -> None:
    """Show what a run would do, and do none of it.

    Works from what was read last: `payflow sync` first asks the sources.

    \b
    Example:
      payflow plan --as-of 2026-12-01
    """
    decision = session.decision(as_of)
    if as_json:
        from payflow.report import as_json as report

        session.say_json(report.plan(decision))
    else:
        from payflow.report.plan_text import plan_text

        session.say(plan_text(decision, session.style))
