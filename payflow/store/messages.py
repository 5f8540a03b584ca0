"""The outbox's tables: messages and their intents. The unique keys here make a second notice impossible.

intent   (invoice, step): one message ever speaks of a step
message  one waiting per client; one claimed, sent or unsure per client and day
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from payflow.model.journal import MessageState
from payflow.store.database import Reader, Transaction
from payflow.store.moments import to_moment

Intent = tuple[int, str]


class MessageRow(NamedTuple):
    """A message of the outbox; `day` is a day number once claimed, `body` what its outcome will record."""

    key: str
    client: str
    day: int | None
    state: MessageState
    attempts: int
    not_before: str | None
    owner: str
    transport: str
    detail: str
    created_at: str
    body: Mapping[str, Any]


_SELECT = (
    "SELECT key, client, day, state, attempts, not_before, owner, transport, detail, created_at, body FROM message"
)


def messages(db: Reader, *states: MessageState) -> list[MessageRow]:
    """Messages in any of the states (all without), oldest first."""
    where = f" WHERE state IN ({', '.join('?' * len(states))})" if states else ""
    return [_row(row) for row in db.query(f"{_SELECT}{where} ORDER BY created_at, key", states)]


def message(db: Reader, key: str) -> MessageRow | None:
    """One message, if it is there."""
    rows = db.query(f"{_SELECT} WHERE key = ?", (key,))
    return _row(rows[0]) if rows else None


def waiting_for(db: Reader, client: str) -> MessageRow | None:
    """The message that waits for a client; there is one at most."""
    rows = db.query(f"{_SELECT} WHERE client = ? AND state = ?", (client, MessageState.WAITING.value))
    return _row(rows[0]) if rows else None


def _row(row: Sequence[Any]) -> MessageRow:
    key, client, day, state, attempts, not_before, owner, transport, detail, created_at, body = row
    return MessageRow(
        key,
        client,
        day,
        MessageState(state),
        attempts,
        not_before,
        owner,
        transport,
        detail,
        created_at,
        json.loads(body),
    )


def intents_of(db: Reader, key: str) -> set[Intent]:
    """The (invoice, step) pairs that a message is to speak of."""
    return {(invoice, step) for invoice, step in db.query("SELECT invoice, step FROM intent WHERE message = ?", (key,))}


def intended(db: Reader) -> dict[Intent, str]:
    """Every (invoice, step) that any message speaks of or spoke of, and which."""
    return {(invoice, step): key for invoice, step, key in db.query("SELECT invoice, step, message FROM intent")}


def add(tx: Transaction, key: str, client: str, at: datetime) -> None:
    """A new waiting message. Raises `DuplicateKeyError` when the client has one waiting."""
    tx.execute(
        "INSERT INTO message (key, client, state, created_at, body) VALUES (?, ?, ?, ?, ?)",
        (key, client, MessageState.WAITING.value, to_moment(at), "{}"),
    )


def add_intents(tx: Transaction, key: str, intents: Sequence[Intent]) -> None:
    """Reserve steps for a message. Raises `DuplicateKeyError` when another message has one of them."""
    tx.executemany(
        "INSERT INTO intent (invoice, step, message) VALUES (?, ?, ?)",
        [(invoice, step, key) for invoice, step in intents],
    )


def remove_intents(tx: Transaction, key: str, intents: Sequence[Intent]) -> None:
    """Give steps free again."""
    tx.executemany(
        "DELETE FROM intent WHERE invoice = ? AND step = ? AND message = ?",
        [(invoice, step, key) for invoice, step in intents],
    )


def claim(tx: Transaction, key: str, *, day: int, owner: str, transport: str, body: Mapping[str, Any]) -> bool:
    """T2: make a waiting message ours to hand over. False when it is not waiting any more, or another takes it this moment.

    Several hosts may claim at once: each takes rows that no other has locked. Raises `DuplicateKeyError` when the client had a
    message on that day already.
    """
    waiting = "SELECT key FROM message WHERE key = ? AND state = ? FOR UPDATE SKIP LOCKED"
    if not tx.query(waiting, (key, MessageState.WAITING.value)):
        return False
    return bool(
        tx.execute(
            "UPDATE message SET state = ?, day = ?, owner = ?, transport = ?, body = ?, attempts = attempts + 1 "
            "WHERE key = ? AND state = ?",
            (
                MessageState.CLAIMED.value,
                day,
                owner,
                transport,
                json.dumps(body, sort_keys=True),
                key,
                MessageState.WAITING.value,
            ),
        )
    )


def settle(tx: Transaction, key: str, state: MessageState, detail: str, *, not_before: datetime | None = None) -> None:
    """Note where a message stands; one that waits again has no day and no owner."""
    waits = state is MessageState.WAITING
    tx.execute(
        "UPDATE message SET state = ?, detail = ?, not_before = ?, owner = '', day = CASE WHEN ? = 1 THEN NULL ELSE day END "
        "WHERE key = ?",
        (state.value, detail, to_moment(not_before) if not_before else None, int(waits), key),
    )


def count_attempt(tx: Transaction, key: str) -> None:
    """One more try that did not come as far as a claim."""
    tx.execute("UPDATE message SET attempts = attempts + 1 WHERE key = ?", (key,))


def release(tx: Transaction, key: str, why: str) -> None:
    """Drop a message and give all of its steps free, so that they are decided about anew."""
    tx.execute("DELETE FROM intent WHERE message = ?", (key,))
    settle(tx, key, MessageState.DROPPED, why)
