"""`payflow outbox` and `payflow outbox retry`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from payflow.cli.options import json_option, reason_option
from payflow.cli.session import Session, pass_session

if TYPE_CHECKING:
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
@pass_session
def retry(session: Session, key: str, reason: str) -> None:
    """Drop a message that was refused, so that the next run decides about its notices afresh.

    Correct what it was refused for first, such as the client's address.

    \b
    Example:
      payflow outbox retry acme-20261121-3f9a --reason "address corrected"
    """
    from payflow import rulings

    with session.store() as store:
        session.say(rulings.retry(store, session.workspace, key, reason=reason, now=session.now))


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
