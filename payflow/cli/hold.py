"""`payflow hold`."""

from __future__ import annotations

from datetime import date

import click

from payflow.cli.options import DAY, TARGET, reason_option
from payflow.cli.session import Session, pass_session


@click.command()
@click.argument("target", metavar=TARGET)
@click.option("--until", type=DAY, metavar="DATE", help="The last day of the hold. Default: until released.")
@reason_option
@pass_session
def command(session: Session, target: str, until: date | None, reason: str) -> None:
    """Stop the chasing of an invoice, a project or a client.

    A hold opens no gate, and its days do not count for the ladder of notices.

    \b
    Example:
      payflow hold INV-0013 --until 2026-12-01 --reason "we are late ourselves"
    """
    from payflow import rulings

    with session.store() as store:
        session.say(rulings.hold(store, session.workspace, target, until=until, reason=reason, now=session.now))
