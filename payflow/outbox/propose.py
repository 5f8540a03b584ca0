"""T1: from the plan to the outbox, in one transaction.

Charges that the facts no longer justify are taken back here and then. Each client has at most one waiting message; its
steps are those of the plan as it is now. A step that some message has spoken of already is never proposed again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import count
from typing import Any

from msgspec import Struct, field

from payflow.model.acts import ClientMessage, Plan
from payflow.model.journal import MessageState, Record, RecordKind
from payflow.plan import correction_step
from payflow.store import Reader, Transaction, journal, messages
from payflow.store.messages import Intent


class Proposed(Struct, frozen=True):
    """What T1 did: keys of waiting messages by client, keys dropped, references of charges taken back."""

    waiting: dict[str, str]
    dropped: tuple[str, ...]
    reversed: tuple[str, ...]


class Stood(Struct, frozen=True):
    """What a plan stands on, as the journal keeps it: `basis` of them all, `facts` by invoice id (`payflow.decide.stood_on`)."""

    basis: Mapping[str, Any]
    facts: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


def propose(
    tx: Transaction,
    plan: Plan,
    *,
    stood: Stood,
    as_of: date,
    now: datetime,
    why: Callable[[int], str] = lambda _invoice: "",
) -> Proposed:
    """Bring the outbox in line with the plan. Nothing is journaled when nothing changes.

    `why` says, by invoice id, why nothing is due on it any more ("INV-0012 is paid"). What waits about invoices whose source
    could not be read goes on waiting.
    """
    taken = messages.intended(tx)
    waiting = {
        row.client: row.key
        for row in messages.messages(tx, MessageState.WAITING)
        if not row.client.startswith("owner:")
    }
    wanted = {
        message.recipient.client: [
            one for one in intents(message) if taken.get(one) in (None, waiting.get(client(message)))
        ]
        for message in plan.messages
    }
    dropped, decided, released = _drop(tx, waiting, wanted, plan.paused, why), [], []
    for name, steps in wanted.items():
        if not steps:
            continue
        key = waiting.get(name)
        if key is None:
            key = waiting[name] = free_key(tx, new_key(name, steps, as_of, now))
            messages.add(tx, key, name, now)
        have = messages.intents_of(tx, key)
        fresh = [step for step in steps if step not in have]
        if gone := sorted(have - set(steps)):
            messages.remove_intents(tx, key, gone)
            released.append({"key": key, "client": name, "why": _reasons(gone, why), "intents": [*map(list, gone)]})
        messages.add_intents(tx, key, fresh)
        if fresh:
            decided.append({"key": key, "client": name, "intents": [list(step) for step in fresh]})
    _journal(tx, plan, decided, dropped, released, stood, as_of, now)
    return Proposed(waiting, tuple(one["key"] for one in dropped), tuple(takeback.ref for takeback in plan.takebacks))


def client(message: ClientMessage) -> str:
    """Whom a message goes to."""
    return message.recipient.client


def intents(message: ClientMessage) -> list[Intent]:
    """The (invoice, step) pairs that a message speaks of; a correction is a step of its own."""
    return [
        *((item.invoice.id, item.step) for item in message.notices),
        *((item.invoice.id, correction_step(item.ref, item.count)) for item in message.corrections),
    ]


def part(message: ClientMessage, steps: Collection[Intent]) -> ClientMessage:
    """What a message says of some steps: those that it reserved, since another may have spoken of the rest."""
    return ClientMessage(
        message.recipient,
        tuple(item for item in message.notices if (item.invoice.id, item.step) in steps),
        tuple(
            item for item in message.corrections if (item.invoice.id, correction_step(item.ref, item.count)) in steps
        ),
    )


def new_key(name: str, steps: Sequence[Intent], as_of: date, now: datetime) -> str:
    """A name for a message that a person can read and a file system can hold."""
    digest = hashlib.sha256(f"{name}|{steps}|{now.isoformat()}".encode()).hexdigest()
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "client"
    return f"{as_of.isoformat()}-{readable}-{digest[:10]}"


def free_key(db: Reader, key: str) -> str:
    """The key, or one with a number behind it where another message has it: decided twice at one moment."""
    taken = {row.key for row in messages.messages(db)} if messages.message(db, key) else set()
    numbered = (f"{key}-{number}" for number in count(2))
    return next(one for one in numbered if one not in taken) if taken else key


def _drop(
    tx: Transaction,
    waiting: dict[str, str],
    wanted: dict[str, list[Intent]],
    paused: Collection[int],
    why: Callable[[int], str],
) -> list[dict[str, str]]:
    dropped = []
    for name in [name for name in waiting if not wanted.get(name)]:
        steps = sorted(messages.intents_of(tx, waiting[name]))
        if any(invoice in paused for invoice, _ in steps):
            continue
        key = waiting.pop(name)
        reason = _reasons(steps, why)
        messages.release(tx, key, reason)
        dropped.append({"key": key, "client": name, "why": reason})
    return dropped


def _reasons(steps: Iterable[Intent], why: Callable[[int], str]) -> str:
    told = [text for invoice in dict.fromkeys(invoice for invoice, _ in steps) if (text := why(invoice))]
    return ": ".join(["nothing of it is due any more", *(["; ".join(told)] if told else [])])


def _journal(
    tx: Transaction,
    plan: Plan,
    decided: Sequence[dict[str, Any]],
    dropped: Sequence[dict[str, str]],
    released: Sequence[dict[str, Any]],
    stood: Stood,
    as_of: date,
    now: datetime,
) -> None:
    records = [*_reversals(plan, as_of)]
    if decided or dropped or released or records:
        taken_back = [{"ref": one.ref, "invoice": one.invoice, "amount": one.amount} for one in plan.takebacks]
        spoken = {number for one in decided for number, _ in one["intents"]} | {one.invoice for one in plan.takebacks}
        body = {"messages": list(decided), "dropped": list(dropped), "taken_back": taken_back}
        if released:
            body["released"] = list(released)
        body |= {"facts": [dict(stood.facts[number]) for number in sorted(spoken) if number in stood.facts]}
        records.append(Record(RecordKind.DECISION, as_of, {**body, **stood.basis}))
    if records:
        journal.append(tx, records, at=now)


def _reversals(plan: Plan, as_of: date) -> Iterable[Record]:
    for takeback in plan.takebacks:
        body = {
            "ref": takeback.ref,
            "invoice": takeback.invoice,
            "kind": takeback.kind,
            "amount": takeback.amount,
            "currency": takeback.currency,
            "why": takeback.why,
        }
        yield Record(RecordKind.CHARGE_REVERSED, as_of, body, client=takeback.client, invoice=takeback.invoice)
