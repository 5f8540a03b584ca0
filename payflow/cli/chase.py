"""`payflow chase`."""

from __future__ import annotations

import click

from payflow.cli.options import reason_option
from payflow.cli.session import Session, pass_session


@click.command()
@click.argument("invoice")
@reason_option
@pass_session
def command(session: Session, invoice: str, reason: str) -> None:
    """Take an invoice from before the start in after all.

    It climbs the ladder of notices from its first step, like any other.

    \b
    Example:
      payflow chase INV-0002 --reason "still owed, spoke to them"
    """
    from payflow import rulings

    with session.store() as store:
        session.say(rulings.chase(store, session.workspace, invoice, reason=reason, now=session.now))
