"""Effects: what is to happen outside beside e-mail, kept until it has happened. The unique keys here make each of them one.

key                                                an effect is intended once, and is known by its key wherever it arrives
(invoice, charge, occurrence, generation, deed)    one posting of a charge, one of each of its reversals

An effect is intended in the transaction that makes it necessary, claimed by one run at a time, and settled with what came of
it. Its body is frozen when it is intended, so that every try says the same; `progress` is what the tries left behind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from payflow.store.database import Reader, Transaction
from payflow.store.moments import to_moment


class EffectState(StrEnum):
    """Where an effect stands."""

    # intended, waiting for its first or another try
    WAITING = "waiting"
    # a run is at it right now
    CLAIMED = "claimed"
    # the other side said that it has it
    DONE = "done"
    # refused for good, or given up: a person is needed
    FAILED = "failed"
    # no longer wanted
    DROPPED = "dropped"


class Place(NamedTuple):
    """What makes an effect of a charge one: the charge, and what is done with it (`post`, `reverse:1`)."""

    invoice: int
    charge: str
    occurrence: str
    generation: int
    deed: str


class EffectRow(NamedTuple):
    """An effect; `kind` is `hook` or `charge`, `target` the hook's name or the source's key.

    `not_before` is when it may be tried again, or, while it is claimed, when nobody is taken to be at it any more.
    """

    key: str
    kind: str
    target: str
    state: EffectState
    attempts: int
    not_before: str | None
    owner: str
    detail: str
    created_at: str
    body: Mapping[str, Any]
    progress: Mapping[str, Any]


_NAMES = ", ".join(EffectRow._fields)


def intend(
    tx: Transaction,
    key: str,
    kind: str,
    target: str,
    body: Mapping[str, Any],
    at: datetime,
    place: Place | None = None,
) -> bool:
    """Note an effect that is to happen. False when it is noted already."""
    where = place or (None, None, None, None, None)
    return bool(
        tx.execute(
            "INSERT INTO effect (key, kind, target, invoice, charge, occurrence, generation, deed, state, created_at, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (key, kind, target, *where, EffectState.WAITING.value, to_moment(at), json.dumps(body, sort_keys=True)),
        )
    )


def effects(db: Reader, kind: str, *states: EffectState) -> list[EffectRow]:
    """Effects of a kind in any of the states (all without), oldest first."""
    where = f" AND state IN ({', '.join('?' * len(states))})" if states else ""
    sql = f"SELECT {_NAMES} FROM effect WHERE kind = ?{where} ORDER BY created_at, key"  # noqa: S608 (own names, no values)
    return [_row(*row) for row in db.query(sql, (kind, *states))]


def of_invoice(db: Reader, invoice: int) -> list[EffectRow]:
    """Effects of the charges of an invoice."""
    sql = f"SELECT {_NAMES} FROM effect WHERE invoice = ? ORDER BY created_at, key"  # noqa: S608 (own names, no values)
    return [_row(*row) for row in db.query(sql, (invoice,))]


def effect(db: Reader, key: str) -> EffectRow | None:
    """One effect, if it is there."""
    rows = db.query(f"SELECT {_NAMES} FROM effect WHERE key = ?", (key,))  # noqa: S608 (own names, no values)
    return _row(*rows[0]) if rows else None


def _row(*row: Any) -> EffectRow:
    plain = EffectRow(*row)
    body, progress = json.loads(str(plain.body)), json.loads(str(plain.progress))
    return plain._replace(state=EffectState(plain.state), body=body, progress=progress)


def claim(
    tx: Transaction, row: EffectRow, owner: str, until: datetime, progress: Mapping[str, Any] | None = None
) -> bool:
    """Make an effect ours for one try, through `until` at most. False when another run has taken it since it was looked at."""
    return bool(
        tx.execute(
            "UPDATE effect SET state = ?, owner = ?, not_before = ?, attempts = attempts + 1, progress = ? "
            "WHERE key = ? AND state = ? AND owner = ? AND attempts = ?",
            (
                EffectState.CLAIMED.value,
                owner,
                to_moment(until),
                json.dumps(progress or row.progress, sort_keys=True),
                row.key,
                row.state.value,
                row.owner,
                row.attempts,
            ),
        )
    )


def settle(tx: Transaction, key: str, state: EffectState, detail: str) -> None:
    """Note where an effect stands; one that waits may be tried at once."""
    sql = "UPDATE effect SET state = ?, detail = ?, owner = '', not_before = NULL WHERE key = ?"
    tx.execute(sql, (state.value, detail, key))


def postpone(tx: Transaction, row: EffectRow, owner: str, detail: str, until: datetime) -> None:
    """Let an effect wait after a try by `owner`, unless another took it meanwhile: what that one comes to is what stands."""
    sql = (
        "UPDATE effect SET state = ?, detail = ?, owner = '', not_before = ? "
        "WHERE key = ? AND state IN (?, ?) AND owner IN (?, ?)"
    )
    waits, claimed = EffectState.WAITING.value, EffectState.CLAIMED.value
    tx.execute(sql, (waits, detail, to_moment(until), row.key, waits, claimed, owner, row.owner))


def note_progress(tx: Transaction, key: str, progress: Mapping[str, Any]) -> None:
    """Remember what a try left behind."""
    tx.execute("UPDATE effect SET progress = ? WHERE key = ?", (json.dumps(progress, sort_keys=True), key))
