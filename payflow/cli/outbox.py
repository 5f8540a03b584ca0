"""`payflow outbox`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from payflow.cli.options import json_option
from payflow.cli.session import Session, pass_session

if TYPE_CHECKING:
    from payflow.store import Store

_FIELDS = ("key", "client", "day", "state", "attempts", "not_before", "transport", "detail", "created_at")


@click.command()
@json_option
@pass_session
def command(session: Session, as_json: bool) -> None:
    """List messages and what became of them.

    A message is waiting, claimed by a run, sent, unsure (perhaps sent: never sent again by itself), failed or dropped.

    \b
    Example:
      payflow outbox
    """
    with session.store() as store:
        messages = _messages(store)
    if as_json:
        from payflow.report import operations_json

        session.say_json(operations_json.outbox(messages))
    else:
        from payflow.report.listings import outbox_text

        session.say(outbox_text(messages, session.style))


def _messages(store: Store) -> list[dict[str, Any]]:
    from payflow.store.moments import to_date

    rows = store.query(f"SELECT {', '.join(_FIELDS)} FROM message ORDER BY created_at, key")  # noqa: S608 (own names)
    messages = [dict(zip(_FIELDS, row, strict=True)) for row in rows]
    for message in messages:
        message["day"] = None if message["day"] is None else to_date(message["day"]).isoformat()
        message |= {name: message[name] or None for name in ("not_before", "transport", "detail")}
    return messages
