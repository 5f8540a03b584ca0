"""Hooks: other programs are told when a verdict changes or a person is needed, at least once, under an id that stays.

What a hook was told is noted in the transaction that intends its events, so no change is lost and none is told under two ids.
A new hook starts from how things stand. Each try is signed anew with the moment it is made; the body never changes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from payflow.decide.needs import about_hook
from payflow.model.acts import Need
from payflow.model.agreement import HookSettings, Workspace
from payflow.model.decision import Decision
from payflow.model.journal import Record, RecordKind
from payflow.model.verdict import ProjectView, Verdict
from payflow.outbox.deliver import is_free, own_name, wait_after
from payflow.plan import told_by
from payflow.store import effects, journal
from payflow.store.effects import EffectRow, EffectState
from payflow.store.moments import from_moment
from payflow.store.stamp import Stamp, stamp
from payflow.store.workings import get_meta, set_meta

if TYPE_CHECKING:
    from payflow.store import Store, Transaction

KIND = "hook"
#: How long a claim lasts at most: no try takes longer.
_LEASE = timedelta(minutes=10)
#: How long an event is tried before a person is told.
GIVE_UP = timedelta(days=5)


class Told(Struct):
    """Ids of events by what became of them in this run."""

    sent: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def signed(hook_secret: str, key: str, body: bytes, moment: datetime) -> dict[str, str]:
    """The headers of one try. The signature is HMAC-SHA256 over `timestamp.id.body`, in hexadecimal."""
    stamp = str(int(moment.timestamp()))
    text = f"{stamp}.{key}.".encode() + body
    digest = hmac.new(hook_secret.encode(), text, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "payflow",
        "Payflow-Id": key,
        "Payflow-Timestamp": stamp,
        "Payflow-Signature": f"v1={digest}",
    }


def intend(store: Store, workspace: Workspace, decision: Decision, stood: Stamp, *, now: datetime) -> bool:
    """Note the events that each hook is to be told of; of a hook that is new, only how things stand.

    False, and nothing is noted, when the store knows more by now than it did at the stamp `stood` of the decision: another run
    may have told of that already, and what is old must not be told after it.
    """
    if not workspace.hooks:
        return True
    present = told_by(decision)
    with store.transaction() as tx:
        if stamp(tx) != stood:
            return False
        for hook in workspace.hooks:
            place = f"hook-told:{hook.name}"
            before = get_meta(tx, place)
            stands = json.dumps(present, sort_keys=True)
            if before == stands:
                continue
            if before is not None:
                _intend(tx, hook, json.loads(before), decision, workspace.business.name, now)
            set_meta(tx, place, stands)
    return True


def _intend(
    tx: Transaction, hook: HookSettings, before: Mapping[str, Any], decision: Decision, business: str, now: datetime
) -> None:
    count = int(get_meta(tx, f"hook-count:{hook.name}") or 0)
    store = get_meta(tx, "store") or ""
    for event, about in _events(hook, before, decision):
        count += 1
        key = hashlib.sha256(f"{store}|{hook.name}|{count}".encode()).hexdigest()[:32]
        body = {
            "schema": "payflow.hook/1",
            "id": key,
            "event": event,
            "at": now.isoformat(timespec="seconds"),
            "as_of": decision.as_of.isoformat(),
            "business": business,
            "verdict": None,
            "need": None,
            **about,
        }
        effects.intend(tx, key, KIND, hook.name, body, now)
    set_meta(tx, f"hook-count:{hook.name}", str(count))


def _events(
    hook: HookSettings, before: Mapping[str, Any], decision: Decision
) -> Iterator[tuple[str, dict[str, object]]]:
    if "verdict" in hook.events:
        for project in decision.projects:
            for verdict in project.phases:
                was = before["verdicts"].get(f"{project.key}/{verdict.phase}")
                if verdict.finished is None and was is not None and was != verdict.word:
                    yield "verdict", {"verdict": _verdict(project, verdict, was)}
    if "needs-you" in hook.events:
        known = set(before["needs"])
        for need in decision.needs:
            # that this very hook cannot be reached is no news for it
            if need.key not in known and need.key != about_hook(hook.name):
                yield "needs-you", {"need": _need(need)}


def _verdict(project: ProjectView, verdict: Verdict, was: str) -> dict[str, Any]:
    reasons = [
        {"code": str(one.code), "text": one.text, "opens": one.opens, "invoice": one.invoice or None}
        for one in verdict.reasons
    ]
    names = {"project": project.project, "phase": verdict.phase}
    return {**names, "before": was, "verdict": verdict.word, "waived": verdict.waiver is not None, "reasons": reasons}


def _need(need: Need) -> dict[str, Any]:
    return {"code": need.code, "key": need.key, "text": need.text, "remedy": need.remedy}


def deliver(
    store: Store,
    workspace: Workspace,
    *,
    as_of: date,
    now: datetime,
    pause: Callable[[str], None] = lambda _place: None,
) -> Told:
    """Try the events that are due, in order; a hook that does not take one is left alone until the next run."""
    told = Told()
    hooks = {hook.name: hook for hook in workspace.hooks}
    silent: set[str] = set()
    for row in effects.effects(store, KIND, EffectState.WAITING, EffectState.CLAIMED):
        hook = hooks.get(row.target)
        if hook is None:
            if is_free(store, row, now):
                _close(store, row, EffectState.DROPPED, "there is no such hook in payflow.toml any more", as_of, now)
        elif row.target in silent or not is_free(store, row, now):
            # those behind it wait too, so that a receiver is told in order
            silent.add(row.target)
            told.waiting.append(row.key)
        elif not _try(store, hook, row, told, (as_of, now), pause):
            silent.add(row.target)
    return told


def _try(
    store: Store,
    hook: HookSettings,
    row: EffectRow,
    told: Told,
    when: tuple[date, datetime],
    pause: Callable[[str], None],
) -> bool:
    """One try. One whose run died may have arrived; it arrives again under the same id."""
    # most nights have nothing to tell, and need no TLS
    from payflow.outbox import webpost

    as_of, now = when
    store.announce(own_name())
    with store.transaction() as tx:
        if not effects.claim(tx, row, own_name(), now + _LEASE):
            return False
    pause("hook claimed")
    body = json.dumps(row.body, sort_keys=True, separators=(",", ":")).encode()
    headers = signed(hook.secret, row.key, body, now)
    answer = webpost.post(hook.url, body, headers, private=hook.allow_private, ca_file=hook.ca_file)
    pause("hook posted")
    if answer.taken:
        _close(store, row, EffectState.DONE, answer.detail, as_of, now)
        told.sent.append(row.key)
        return True
    if now - from_moment(row.progress.get("since", row.created_at)) >= GIVE_UP:
        _close(store, row, EffectState.FAILED, answer.detail, as_of, now)
        told.failed.append(row.key)
        return False
    with store.transaction() as tx:
        later = now + wait_after(row.attempts + 1)
        effects.postpone(tx, row, own_name(), answer.detail, later)
    told.waiting.append(row.key)
    return False


def _close(store: Store, row: EffectRow, state: EffectState, detail: str, as_of: date, now: datetime) -> None:
    """Note for good what became of an event, unless another run did meanwhile."""
    with store.transaction() as tx:
        present = effects.effect(tx, row.key)
        if present is None or present.state not in (EffectState.WAITING, EffectState.CLAIMED):
            return
        effects.settle(tx, row.key, state, detail)
        body = {"key": row.key, "kind": KIND, "target": row.target, "deed": str(row.body.get("event", ""))}
        record = Record(RecordKind.EFFECT, as_of, {**body, "outcome": state.value, "detail": detail})
        journal.append(tx, [record], at=now)
