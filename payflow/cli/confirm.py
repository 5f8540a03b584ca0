"""`payflow confirm`."""

from __future__ import annotations

from datetime import date
from typing import Literal

import click

from payflow.cli.options import DAY, reason_option
from payflow.cli.session import Session, pass_session


@click.command()
@click.argument("invoice")
@click.option("--paid", "outcome", flag_value="paid", help="It was paid in full.")
@click.option("--void", "outcome", flag_value="void", help="It was cancelled.")
@click.option("--open", "outcome", flag_value="open", help="It is still owed.")
@click.option(
    "--on",
    type=DAY,
    metavar="DATE",
    help="The day of it. Default: today; of a payment the day after the books last listed it.",
)
@reason_option
@pass_session
def command(
    session: Session, invoice: str, outcome: Literal["paid", "void", "open"] | None, on: date | None, reason: str
) -> None:
    """Say what became of an invoice the books no longer list.

    The word holds until the books say otherwise.

    \b
    Example:
      payflow confirm INV-0015 --paid --on 2026-11-20 --reason "seen on the bank statement"
    """
    from payflow import rulings

    if outcome is None:
        raise click.UsageError("Say what became of it: --paid, --void or --open.")
    with session.store() as store:
        said = rulings.confirm(
            store, session.workspace, invoice, outcome=outcome, on=on, reason=reason, now=session.now
        )
    session.say(said)
