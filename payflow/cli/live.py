"""`payflow live`."""

from __future__ import annotations

from datetime import date

import click

from payflow.cli.options import DAY
from payflow.cli.session import Session, pass_session


@click.command()
@click.option("--from", "since", type=DAY, metavar="DATE", help="Leave alone what fell due before. Default: today.")
@pass_session
def command(session: Session, since: date | None) -> None:
    """Switch on: from now on, runs write to clients.

    Invoices due before the day given are shown and gate, but get no notice, fee or interest until `payflow chase` takes them in.
    Look at `payflow plan` first.

    \b
    Example:
      payflow live --from 2026-11-01
    """
    from payflow import rulings

    with session.store() as store:
        session.say(rulings.live(store, session.workspace, since, session.now))
