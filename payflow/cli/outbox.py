"""`payflow outbox`, `payflow outbox retry` and `payflow outbox resolve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from payflow.cli.options import json_option, reason_option
from payflow.cli.session import Session, pass_session

if TYPE_CHECKING:
    from payflow.store import Store
    from payflow.store.effects import EffectRow
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
    from payflow.store.effects import effects
    from payflow.store.messages import messages

    session = context.ensure_object(Session)
    with session.store() as store:
        found = [_plain(row) for row in messages(store)]
        others = [_plain_effect(row) for kind in ("hook", "charge") for row in effects(store, kind)]
    if as_json:
        from payflow.report import operations_json

        session.say_json(operations_json.outbox(found, others))
    else:
        from payflow.report.listings import outbox_text

        session.say(outbox_text(found, session.style, others))


@command.command()
@click.argument("key")
@reason_option
@json_option
@pass_session
def retry(session: Session, key: str, reason: str, as_json: bool) -> None:
    """Try again what was refused or given up, or what waits for another try: a message, a hook's event, a charge.

    A message that was refused for good is dropped, and the next run decides about its notices afresh: correct what it was
    refused for first, such as the client's address. One that waits goes with the next run. The beginning of a key will do.

    \b
    Example:
      payflow outbox retry 2026-11-21-acme --reason "address corrected"
    """
    from payflow.outbox import settle

    with session.store() as store:
        name = settle.key_of(store, key)
        words = settle.retry(store, name, reason=reason, as_of=session.today, now=session.now)
        _answer(session, store, name, words, as_json)


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
    from payflow.outbox.charges import posting

    if sent is None:
        raise click.UsageError("Say --sent or --not-sent.")
    with session.store() as store:
        row = settle.find(store, key)
        to = posting(store, session.workspace, session.today)
        words = settle.resolve(
            store, row.key, sent=sent, reason=reason, as_of=session.today, now=session.now, posting=to
        )
        _answer(session, store, row.key, words, as_json)


def _answer(session: Session, store: Store, key: str, words: str, as_json: bool) -> None:
    """The sentence, or the message as it stands now in the form of the listing."""
    if not as_json:
        session.say(words)
        return
    from payflow.report import operations_json
    from payflow.store.effects import effect
    from payflow.store.messages import message

    row, other = message(store, key), effect(store, key)
    session.say_json(operations_json.outbox([_plain(row)] if row else [], [_plain_effect(other)] if other else []))


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


def _plain_effect(row: EffectRow) -> dict[str, Any]:
    """An effect as JSON values; never what it sends, which may be long."""
    return {
        "key": row.key,
        "kind": row.kind,
        "target": row.target,
        "about": row.body.get("event") or f"{row.body.get('deed', '')} {row.body.get('ref', '')}",
        "state": row.state.value,
        "attempts": row.attempts,
        "not_before": row.not_before,
        "detail": row.detail or None,
        "created_at": row.created_at,
    }
