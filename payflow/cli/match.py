"""`payflow match`."""

from __future__ import annotations

from datetime import date

import click

from payflow.cli.options import as_of_option, json_option
from payflow.cli.session import Session, pass_session


@click.command()
@click.option("--accept", metavar="ID", help="This line pays what is suggested, or what --invoice says.")
@click.option("--reject", metavar="ID", help="This line pays no invoice.")
@click.option(
    "--invoice",
    "invoices",
    metavar="NUMBER[=AMOUNT]",
    multiple=True,
    help="With --accept: an invoice it pays, and how much of it; may be given again.",
)
@click.option("--reason", metavar="TEXT", help="With --accept or --reject: why; it is kept with the decision.")
@click.option(
    "--all", "every", is_flag=True, help="List the other lines too: certain, rejected, and those that say nothing."
)
@as_of_option
@json_option
@pass_session
def command(
    session: Session,
    accept: str | None,
    reject: str | None,
    invoices: tuple[str, ...],
    reason: str | None,
    every: bool,
    as_of: date | None,
    as_json: bool,
) -> None:
    """List bank lines that may be payments, and say what they are.

    A line that names its invoice is a payment by itself. Others wait here until a person says what they pay; until then they
    open no gate. The ID of a line stands before it; its first signs are enough.

    \b
    Example:
      payflow match
      payflow match --accept 3f9a12c7 --reason "remittance by e-mail"
      payflow match --accept 3f9a12c7 --invoice INV-0012 --invoice INV-0013=1500.00
      payflow match --reject 3f9a12c7 --reason "a loan"
    """
    if accept is not None and reject is not None:
        raise click.UsageError("Say one of --accept ID and --reject ID.")
    if (invoices or reason is not None) and accept is None and reject is None:
        raise click.UsageError("--invoice and --reason go with --accept ID or --reject ID.")
    if invoices and reject is not None:
        raise click.UsageError("--invoice goes with --accept ID.")
    if (accept or reject) is not None and (as_of is not None or every):
        raise click.UsageError("--all and --as-of list lines; a decision is made today.")
    if accept is not None or reject is not None:
        _decide(session, accept, reject, invoices, reason or "", as_json)
    else:
        _list(session, every, as_of or session.today, as_json)


def _decide(
    session: Session, accept: str | None, reject: str | None, invoices: tuple[str, ...], reason: str, as_json: bool
) -> None:
    from payflow import rulings

    with session.store() as store:
        if accept is not None:
            named = [_named(text) for text in invoices]
            said = rulings.match_accept(
                store, session.workspace, accept, invoices=named, reason=reason, now=session.now
            )
        else:
            said = rulings.match_reject(store, session.workspace, reject or "", reason=reason, now=session.now)
    if as_json:
        session.say_json({"schema": "payflow.match-decision/1", "line": accept or reject, "said": said})
    else:
        session.say(said)


def _named(text: str) -> tuple[str, str | None]:
    """An invoice and its amount; numbers may hold an equals sign, amounts do not."""
    number, sign, amount = text.rpartition("=")
    return (number, amount) if sign else (text, None)


def _list(session: Session, every: bool, day: date, as_json: bool) -> None:
    from payflow.decide import decide

    with session.store() as store:
        decision = decide(store, session.workspace, day, session.now)
    if as_json:
        from payflow.report import match_json

        session.say_json(match_json.match(decision, every=every))
    else:
        from payflow.report import match_text

        session.say(match_text.match(decision, session.style, every=every))
