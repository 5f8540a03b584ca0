"""`payflow link`."""

from __future__ import annotations

import click

from payflow.cli.options import reason_option
from payflow.cli.session import Session, pass_session


@click.command()
@click.argument("invoice")
@click.option("--same-as", metavar="INVOICE", help="It is the same debt as this one.")
@click.option("--charge", metavar="REF", help="It is this charge of payflow's.")
@click.option("--own", is_flag=True, help="It is a debt of its own.")
@reason_option
@pass_session
def command(session: Session, invoice: str, same_as: str | None, charge: str | None, own: bool, reason: str) -> None:
    """Say what an invoice is that looks like another or like a charge.

    Until then it is held: neither chased nor counted twice.

    \b
    Example:
      payflow link stripe:INV-0031 --same-as books:INV-0007 --reason "paid through Stripe"
      payflow link INV-0040 --own --reason "a second order of the same amount"
    """
    from payflow import rulings

    if (same_as is not None) + (charge is not None) + own != 1:
        raise click.UsageError("Say what it is with one of --same-as INVOICE, --charge REF and --own.")
    with session.store() as store:
        said = rulings.link(
            store,
            session.workspace,
            invoice,
            same_as=same_as,
            charge=charge,
            own=own,
            reason=reason,
            now=session.now,
        )
    session.say(said)
