"""`payflow explain`."""

from __future__ import annotations

from datetime import date

import click

from payflow.cli.options import as_of_option, json_option
from payflow.cli.session import Session, pass_session


@click.command()
@click.argument("invoice")
@as_of_option
@json_option
@pass_session
def command(session: Session, invoice: str, as_of: date | None, as_json: bool) -> None:
    """Explain every figure of an invoice.

    Prints its due date, each stretch of days with balance, rate and interest, each fee with the notice that claimed it, and the
    sum. Where several sources have an invoice of that number, write SOURCE:NUMBER.

    \b
    Example:
      payflow explain INV-0013
    """
    from payflow.decide import explain

    day = as_of or session.today
    with session.store() as store:
        explanation = explain(store, session.workspace, day, session.now, invoice)
    if as_json:
        from payflow.report import as_json as report

        session.say_json(report.explain(explanation, day))
    else:
        from payflow.report import explain as report_text

        session.say(report_text.explain(explanation, session.style))
