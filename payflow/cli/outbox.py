"""`payflow outbox`, `payflow outbox retry` and `payflow outbox resolve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from payflow.cli.options import json_option, reason_option
from payflow.cli.session import Session, pass_session

if TYPE_CHECKING:
    from payflow.store import Store
    from payflow.store.messages import MessageRow


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List messages and what became of them.

    A message is waiting, claimed by a run, sent, unsure (perhaps sent: never sent again by itself), failed or dropped.

    \b
    Example:
      payflow outbox
    """
    if context.invoked_subcommand is not None:
        return
    from payflow.store.messages import messages

    session = context.ensure_object(Session)
    with session.store() as store:
        found = [_plain(row) for row in messages(store)]
    if as_json:
        from payflow.report import operations_json

        session.say_json(operations_json.outbox(found))
    else:
        from payflow.report.listings import outbox_text

        session.say(outbox_text(found, session.style))


@command.command()
@click.argument("key")
@reason_option
@json_option
@pass_session
def retry(session: Session, key: str, reason: str, as_json: bool) -> None:
    """Try again what was refused, or what waits for another try.

    A message that was refused for good is dropped, and the next run decides about its notices afresh: correct what it was
    refused for first, such as the client's address. One that waits goes with the next run. The beginning of a key will do.

    \b
    Example:
      payflow outbox retry 2026-11-21-acme --reason "address corrected"
    """
    from payflow.outbox import settle

    with session.store() as store:
        row = settle.find(store, key)
        words = settle.retry(store, row.key, reason=reason, as_of=session.today, now=session.now)
        _answer(session, store, row.key, words, as_json)


@command.command()
@click.argument("key")
@click.option(
    "--sent", "sent", flag_value=True, type=bool, default=None, help="It arrived: its notices and fees count."
)
@click.option(
    "--not-sent", "sent", flag_value=False, type=bool, help="It did not arrive: its steps are decided afresh."
)
@reason_option
@json_option
@pass_session
def resolve(session: Session, key: str, sent: bool | None, reason: str, as_json: bool) -> None:
    """Say whether a message arrived of which nobody knew.

    Look for its key in the mail server's log, or ask. The beginning of a key will do.

    \b
    Example:
      payflow outbox resolve 2026-11-21-acme --sent --reason "found in the server's log"
    """
    from payflow.outbox import settle

    if sent is None:
        raise click.UsageError("Say --sent or --not-sent.")
    with session.store() as store:
        row = settle.find(store, key)
        words = settle.resolve(store, row.key, sent=sent, reason=reason, as_of=session.today, now=session.now)
        _answer(session, store, row.key, words, as_json)


def _answer(session: Session, store: Store, key: str, words: str, as_json: bool) -> None:
    """The sentence, or the message as it stands now in the form of the listing."""
    from payflow.report import operations_json
    from payflow.store.messages import message

    row = message(store, key)
    if as_json and row is not None:
        session.say_json(operations_json.outbox([_plain(row)]))
    else:
        session.say(words)


def _plain(row: MessageRow) -> dict[str, Any]:
    """A message as JSON values; the owner's have no client."""
    from payflow.store.moments import to_date

    return {
        "key": row.key,
        "client": None if row.client.startswith("owner:") else row.client,
        "day": None if row.day is None else to_date(row.day).isoformat(),
        "state": row.state.value,
        "attempts": row.attempts,
        "not_before": row.not_before,
        "transport": row.transport or None,
        "detail": row.detail or None,
        "created_at": row.created_at,
    }
