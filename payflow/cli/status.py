"""`payflow status`."""

from __future__ import annotations

from datetime import date

import click

from payflow.cli.options import as_of_option, json_option
from payflow.cli.session import Session, pass_session


@click.command()
@click.argument("project", required=False)
@as_of_option
@json_option
@pass_session
def command(session: Session, project: str | None, as_of: date | None, as_json: bool) -> None:
    """Show the board: what needs you, projects, invoices, totals.

    With PROJECT, the phases, invoices and totals of that project only.

    \b
    Example:
      payflow status
      payflow status acme-website --as-of 2026-12-01
    """
    session.answer(lambda: _answer(session, project, as_of, as_json), "status", project, as_of, as_json)


def _answer(session: Session, project: str | None, as_of: date | None, as_json: bool) -> tuple[str, int]:
    decision = session.decision(as_of)
    if project is not None:
        from payflow.report.select import of_project

        decision = of_project(decision, project)
    if as_json:
        from payflow.report import as_json as report

        return session.as_json(report.status(decision)), 0
    from payflow.report.board import board

    return board(decision, session.style), 0
