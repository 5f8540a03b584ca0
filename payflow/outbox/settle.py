"""What a person says of a message that payflow cannot settle by itself: refused, waiting, or perhaps sent.

Each word is one journal record with its reason. It is given to a message only as it stands at that very moment, so that a
run which handles the same message cannot be contradicted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from payflow.errors import Refused, UnknownName
from payflow.model.journal import MessageState, Record, RecordKind
from payflow.outbox.charges import intend_posts
from payflow.place import who
from payflow.store import effects, journal, messages
from payflow.store.effects import EffectState
from payflow.store.moments import to_date, to_moment

if TYPE_CHECKING:
    from payflow.store import Reader, Store, Transaction
    from payflow.store.effects import EffectRow
    from payflow.store.messages import MessageRow


def find(db: Reader, name: str) -> MessageRow:
    """The message of this key, or the only one whose key begins so. Raises `UnknownName`, or `Refused` for several."""
    known = messages.messages(db)
    found = [row for row in known if row.key == name] or [row for row in known if name and row.key.startswith(name)]
    if not found:
        raise UnknownName("message", name, [row.key for row in known])
    if len(found) > 1:
        raise Refused(f"{len(found)} messages begin with {name}: {', '.join(row.key for row in found[:5])}. Say more.")
    return found[0]


def key_of(db: Reader, name: str) -> str:
    """The key of the message or other effect that is named, in full or by its beginning."""
    others = [row.key for kind in ("hook", "charge") for row in effects.effects(db, kind) if row.key.startswith(name)]
    if len(others) == 1 and not any(row.key.startswith(name) for row in messages.messages(db)):
        return others[0]
    return find(db, name).key


def retry(store: Store, name: str, *, reason: str, as_of: date, now: datetime) -> str:
    """Try a message again: one that was refused for good is decided afresh, one that waits for another try goes next.

    Decided afresh means that its steps are free again: the next run asks the books whether they are still due.
    """
    with store.transaction() as tx:
        other = effects.effect(tx, name)
        if other is not None:
            return _retry_effect(tx, other, reason, as_of, now)
        row = find(tx, name)
        if row.state is MessageState.WAITING:
            messages.settle(tx, row.key, MessageState.WAITING, row.detail)
            outcome, words = "hurried", f"{row.key} is tried again by the next run."
        elif row.state is MessageState.FAILED:
            messages.release(tx, row.key, f"to be decided again: {reason}")
            outcome, words = "retry", f"{row.key} is dropped; the next run decides about its steps afresh."
        else:
            remedy = _RESOLVE if row.state is MessageState.UNSURE else ""
            raise Refused(f"{row.key} is {row.state.value}; only what was refused or waits can be tried again.{remedy}")
        journal.append(tx, [_record(row, outcome, as_of, reason)], at=now)
    return words


def _retry_effect(tx: Transaction, row: EffectRow, reason: str, as_of: date, now: datetime) -> str:
    if row.state not in (EffectState.WAITING, EffectState.FAILED):
        raise Refused(f"{row.key} is {row.state.value}; only what failed or waits can be tried again.")
    effects.settle(tx, row.key, EffectState.WAITING, row.detail)
    # given up only when as much time has passed again
    effects.note_progress(tx, row.key, {**row.progress, "since": to_moment(now)})
    body = {"key": row.key, "kind": row.kind, "target": row.target, "outcome": "retry", "detail": reason, "by": who()}
    journal.append(tx, [Record(RecordKind.EFFECT, as_of, body)], at=now)
    return f"{row.key} is tried again by the next run."


_RESOLVE = " Say what became of it: payflow outbox resolve KEY --sent or --not-sent."


def resolve(
    store: Store,
    name: str,
    *,
    sent: bool,
    reason: str,
    as_of: date,
    now: datetime,
    posting: frozenset[str] = frozenset(),
) -> str:
    """Settle a message of which nobody knew whether it arrived.

    Sent: it counts as handed over on the day of its claim, and what T3 would have recorded is recorded now, the notices and the
    fees they carry, and for sources in `posting` the effects that post them.
    Not sent: it never was, so its steps are free again and the next run decides about them.
    """
    with store.transaction() as tx:
        row = find(tx, name)
        if row.state is not MessageState.UNSURE:
            raise Refused(f"{row.key} is {row.state.value}; only a message that is unsure needs a person's word.")
        if sent:
            messages.settle(tx, row.key, MessageState.SENT, f"a person says that it arrived: {reason}")
        else:
            messages.release(tx, row.key, f"a person says that it did not arrive: {reason}")
        # a fee that exists already would break its unique key here, and with it all of this
        record = _record(row, "sent" if sent else "not-sent", as_of, reason)
        journal.append(tx, [record], at=now)
        intend_posts(tx, posting, record.body["charges"], date.fromisoformat(record.body["day"]), now)
    if not sent:
        return f"{row.key} counts as never sent; the next run decides about its steps afresh."
    fees = len(row.body.get("charges", ()))
    return f"{row.key} counts as sent{f', with {fees} fee' + ('s' if fees > 1 else '') if fees else ''}."


def _record(row: MessageRow, outcome: str, as_of: date, reason: str) -> Record:
    body: Mapping[str, Any] = row.body
    sent = outcome == "sent"
    day = as_of if row.day is None else to_date(row.day)
    client = "" if row.client.startswith("owner:") else row.client
    return Record(
        RecordKind.MESSAGE_RESOLVED,
        as_of,
        {
            "key": row.key,
            "client": client,
            "day": day.isoformat(),
            "outcome": outcome,
            "notices": body.get("notices", []) if sent else [],
            "charges": body.get("charges", []) if sent else [],
            "reason": reason,
            "by": who(),
        },
        client=client,
    )
