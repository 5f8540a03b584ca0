"""`payflow charge claim`, `payflow charge waive` and `payflow charge settle`."""

from __future__ import annotations

import click

from payflow.cli.options import reason_option
from payflow.cli.session import Session, pass_session


@click.group()
def command() -> None:
    """Claim a charge that was left, waive one, or record that it is settled.

    A charge is named by its reference, which stands in the notice that claimed it, in `payflow status` and in `payflow explain`.

    \b
    Example:
      payflow charge waive PF-7K2M9QXA3D5F --reason "a good client"
    """


@command.command()
@click.argument("ref")
@reason_option
@pass_session
def claim(session: Session, ref: str, reason: str) -> None:
    """Ask for what was left when only the principal was paid.

    That is a charge that stands unpaid, or interest that no charge was made of. The next run writes to the client.

    \b
    Example:
      payflow charge claim PF-7K2M9QXA3D5F --reason "the fee was agreed"
    """
    from payflow import rulings

    with session.store() as store:
        session.say(rulings.charge_claim(store, session.workspace, ref, reason=reason, now=session.now))


@command.command()
@click.argument("ref")
@reason_option
@pass_session
def waive(session: Session, ref: str, reason: str) -> None:
    """Give up a charge; the client is told.

    \b
    Example:
      payflow charge waive PF-7K2M9QXA3D5F --reason "a good client"
    """
    from payflow import rulings

    with session.store() as store:
        session.say(rulings.charge_waive(store, session.workspace, ref, reason=reason, now=session.now))


@command.command()
@click.argument("ref")
@reason_option
@pass_session
def settle(session: Session, ref: str, reason: str) -> None:
    """Record that a charge was paid.

    \b
    Example:
      payflow charge settle PF-7K2M9QXA3D5F --reason "came with the payment of 2026-11-20"
    """
    from payflow import rulings

    with session.store() as store:
        session.say(rulings.charge_settle(store, session.workspace, ref, reason=reason, now=session.now))
