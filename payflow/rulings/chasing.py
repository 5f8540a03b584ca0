"""Whether invoices are chased, and what they are: live, hold, release, chase, confirm, link."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from payflow.decide import Ground
from payflow.decide.explained import find
from payflow.errors import Refused, UnknownName
from payflow.model.agreement import Workspace
from payflow.model.facts import State
from payflow.model.invoice_view import Flag
from payflow.model.journal import Record, RecordKind
from payflow.place import who
from payflow.plan import told_by
from payflow.rulings.charges import charge_of
from payflow.rulings.word import about_invoice, looked_at, note
from payflow.store.anchor import advance, check_anchor

if TYPE_CHECKING:
    from payflow.store import Store


def live(store: Store, workspace: Workspace, since: date | None, now: datetime) -> str:
    """Switch on. Invoices due before `since` (default: today) are left alone until `chase` takes them in."""
    found = looked_at(store, workspace, now)
    if found.agreed.problems:
        raise Refused("\n".join(str(problem) for problem in found.agreed.problems))
    as_of = found.decision.as_of
    start = since or as_of
    switched = Record(RecordKind.LIVE, as_of, {"from": start.isoformat(), "place": store.place()})
    told = Record(RecordKind.TOLD, as_of, told_by(found.decision))
    note(store, found, [switched, *found.agreed.news(as_of), told], now)
    if store.anchor.exists() and check_anchor(store.anchor, store):
        # a restored copy goes on from here; what the old anchor knew is kept beside it
        store.anchor.rename(store.anchor.with_name(f"{store.anchor.name}.until-{as_of.isoformat()}"))
    advance(store.anchor, store, now)
    old = sum(
        1
        for view in found.decision.invoices
        if view.state in (State.OPEN, State.OVERDUE) and view.due_on is not None and view.due_on < start
    )
    left = (
        f" {old} older one{'s are' if old != 1 else ' is'} shown and left alone; payflow chase takes one in."
        if old
        else ""
    )
    return f"Live: invoices due from {start.isoformat()} on get notices, fees and interest.{left}"


def hold(store: Store, workspace: Workspace, target: str, *, until: date | None, reason: str, now: datetime) -> str:
    """Stop the chasing of an invoice, a project or `client:ID`, through `until` or until released."""
    found = looked_at(store, workspace, now)
    if until is not None and until < found.decision.as_of:
        raise Refused(f"{until.isoformat()} is over. Give a day that is still to come.")
    scope, name, words = _target(found, target)
    body = {"scope": scope, "id": name, "until": until.isoformat() if until else None, "reason": reason, "by": who()}
    note(store, found, [_about(found, RecordKind.HOLD, scope, name, body)], now)
    end = f"through {until.isoformat()}" if until else f"until payflow release {target}"
    return f"{words} is not chased {end}. It opens nothing."


def release(store: Store, workspace: Workspace, target: str, *, reason: str, now: datetime) -> str:
    """End a hold early."""
    found = looked_at(store, workspace, now)
    scope, name, words = _target(found, target)
    as_of = found.decision.as_of
    standing = [
        one
        for one in found.memory.holds
        if (one.scope, one.id) == (scope, name) and (one.until is None or one.until >= as_of)
    ]
    if not standing:
        raise Refused(f"{words} is not held. payflow status shows what is.")
    body = {"scope": scope, "id": name, "reason": reason, "by": who()}
    note(store, found, [_about(found, RecordKind.RELEASE, scope, name, body)], now)
    return f"{words} is chased again."


def chase(store: Store, workspace: Workspace, invoice: str, *, reason: str, now: datetime) -> str:
    """Take in an invoice that is left alone: due before payflow was switched on, or paid back."""
    found = looked_at(store, workspace, now)
    case = find(found.cases, invoice)
    view = case.view
    if Flag.OLD not in view.flags and Flag.REFUNDED not in view.flags:
        raise Refused(f"{view.number} is not left alone: {view.next_why or 'its ladder goes on by itself'}.")
    body = {"invoice": view.id, "reason": reason, "by": who()}
    note(store, found, [about_invoice(case, RecordKind.CHASE, found, body)], now)
    return f"{view.number} is taken in: its ladder starts with the next run."


def confirm(
    store: Store, workspace: Workspace, invoice: str, *, outcome: str, on: date | None, reason: str, now: datetime
) -> str:
    """Say what became of an invoice that its source no longer lists: `paid`, `void` or `open`.

    A payment whose day is not told is dated as any other (design section 6.3): the day after the books last showed it unpaid.
    """
    found = looked_at(store, workspace, now)
    case = find(found.cases, invoice)
    view = case.view
    if view.state is not State.UNKNOWN:
        raise Refused(f"{view.number} is {view.state.word}, not unknown; its source says what it is.")
    day = on or found.decision.as_of
    if on is None and outcome == "paid":
        day = min(day, view.read_at.date() + timedelta(days=1))
    body = {"invoice": view.id, "as": outcome, "on": day.isoformat(), "reason": reason, "by": who()}
    note(store, found, [about_invoice(case, RecordKind.CONFIRM, found, body)], now)
    return f"{view.number} counts as {outcome} as of {day.isoformat()}, until its source lists it again."


def link(
    store: Store,
    workspace: Workspace,
    invoice: str,
    *,
    same_as: str | None,
    charge: str | None,
    own: bool,
    reason: str,
    now: datetime,
) -> str:
    """Say what an invoice is: the same debt as another, a charge of ours, or a debt of its own."""
    if sum((same_as is not None, charge is not None, own)) != 1:
        raise Refused("say one of --same-as INVOICE, --charge REF and --own.")
    found = looked_at(store, workspace, now)
    case = find(found.cases, invoice)
    view = case.view
    if same_as is not None:
        twin = find(found.cases, same_as)
        other = twin.view
        if other.id == view.id:
            raise Refused(f"{view.number} cannot be the same debt as itself.")
        if not twin.own_debt:
            raise Refused(f"{other.source}:{other.number} is no debt of its own. Name the invoice that is.")
        outcome, to, words = "same", str(other.id), f"the same debt as {other.source}:{other.number}"
    elif charge is not None:
        charge_of(found, charge)
        outcome, to, words = "charge", charge, f"the charge {charge}"
    else:
        outcome, to, words = "debt", "", "a debt of its own"
    body = {"invoice": view.id, "as": outcome, "to": to, "reason": reason, "by": who()}
    note(store, found, [about_invoice(case, RecordKind.LINK, found, body)], now)
    return f"{view.source}:{view.number} is {words}."


def _target(found: Ground, target: str) -> tuple[str, str, str]:
    """(scope, id, words) of `client:ID`, a project, or an invoice."""
    if target.startswith("client:"):
        name = target.removeprefix("client:")
        clients = {view.client for view in found.decision.invoices} | {one.client for one in found.decision.projects}
        if name not in clients:
            raise UnknownName("client", name, sorted(clients))
        return "client", name, f"Client {name}"
    for project in found.decision.projects:
        if project.project == target:
            return "project", project.key, f"Project {target}"
    case = find(found.cases, target)
    return "invoice", str(case.view.id), case.view.number


def _about(found: Ground, kind: RecordKind, scope: str, name: str, body: Mapping[str, Any]) -> Record:
    return Record(
        kind,
        found.decision.as_of,
        body,
        client=name if scope == "client" else "",
        project=name if scope == "project" else "",
        invoice=int(name) if scope == "invoice" else None,
    )
