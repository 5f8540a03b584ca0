"""`payflow release`."""

from __future__ import annotations

import click

from payflow.cli.options import TARGET, reason_option
from payflow.cli.session import Session, pass_session


@click.command()
@click.argument("target", metavar=TARGET)
@reason_option
@pass_session
def command(session: Session, target: str, reason: str) -> None:
    """End a hold before its day.

    \b
    Example:
      payflow release INV-0013 --reason "delivered"
    """
    from payflow import rulings

    with session.store() as store:
        session.say(rulings.release(store, session.workspace, target, reason=reason, now=session.now))
