"""What a person decides: each ruling is one journal record with its reason, and answers with one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from payflow.charging import Case, charges_left, interest_left, is_among, once_ref
from payflow.decide import Ground, bank, ground, today
from payflow.decide.explained import find
from payflow.errors import Refused, UnknownName
from payflow.model.agreement import Workspace
from payflow.model.facts import State
from payflow.model.invoice_view import Flag
from payflow.model.journal import Charge, ChargeState, Record, RecordKind
from payflow.model.verdict import Verdict
from payflow.money import AmountError, parse, show
from payflow.place import who
from payflow.plan import told_by
from payflow.policy.bank_lines import BankLine, Part
from payflow.store import journal
from payflow.store.anchor import advance, check_anchor
from payflow.store.stamp import stamp

if TYPE_CHECKING:
    from payflow.store import Store


def live(store: Store, workspace: Workspace, since: date | None, now: datetime) -> str:
    """Switch on. Invoices due before `since` (default: today) are left alone until `chase` takes them in."""
    found = _ground(store, workspace, now)
    if found.agreed.problems:
        raise Refused("\n".join(str(problem) for problem in found.agreed.problems))
    as_of = found.decision.as_of
    start = since or as_of
    switched = Record(RecordKind.LIVE, as_of, {"from": start.isoformat(), "place": store.place()})
    told = Record(RecordKind.TOLD, as_of, told_by(found.decision))
    _append(store, found, [switched, *found.agreed.news(as_of), told], now)
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
    found = _ground(store, workspace, now)
    if until is not None and until < found.decision.as_of:
        raise Refused(f"{until.isoformat()} is over. Give a day that is still to come.")
    scope, name, words = _target(found, target)
    body = {"scope": scope, "id": name, "until": until.isoformat() if until else None, "reason": reason, "by": who()}
    _append(store, found, [_about(found, RecordKind.HOLD, scope, name, body)], now)
    end = f"through {until.isoformat()}" if until else f"until payflow release {target}"
    return f"{words} is not chased {end}. It opens nothing."


def release(store: Store, workspace: Workspace, target: str, *, reason: str, now: datetime) -> str:
    """End a hold early."""
    found = _ground(store, workspace, now)
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
    _append(store, found, [_about(found, RecordKind.RELEASE, scope, name, body)], now)
    return f"{words} is chased again."


def chase(store: Store, workspace: Workspace, invoice: str, *, reason: str, now: datetime) -> str:
    """Take in an invoice that is left alone: due before payflow was switched on, or paid back."""
    found = _ground(store, workspace, now)
    case = find(found.cases, invoice)
    view = case.view
    if Flag.OLD not in view.flags and Flag.REFUNDED not in view.flags:
        raise Refused(f"{view.number} is not left alone: {view.next_why or 'its ladder goes on by itself'}.")
    body = {"invoice": view.id, "reason": reason, "by": who()}
    _append(store, found, [_of(case, RecordKind.CHASE, found, body)], now)
    return f"{view.number} is taken in: its ladder starts with the next run."


def confirm(
    store: Store, workspace: Workspace, invoice: str, *, outcome: str, on: date | None, reason: str, now: datetime
) -> str:
    """Say what became of an invoice that its source no longer lists: `paid`, `void` or `open`."""
    found = _ground(store, workspace, now)
    case = find(found.cases, invoice)
    view = case.view
    if view.state is not State.UNKNOWN:
        raise Refused(f"{view.number} is {view.state.word}, not unknown; its source says what it is.")
    day = on or found.decision.as_of
    body = {"invoice": view.id, "as": outcome, "on": day.isoformat(), "reason": reason, "by": who()}
    _append(store, found, [_of(case, RecordKind.CONFIRM, found, body)], now)
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
    found = _ground(store, workspace, now)
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
        _charge(found, charge)
        outcome, to, words = "charge", charge, f"the charge {charge}"
    else:
        outcome, to, words = "debt", "", "a debt of its own"
    body = {"invoice": view.id, "as": outcome, "to": to, "reason": reason, "by": who()}
    _append(store, found, [_of(case, RecordKind.LINK, found, body)], now)
    return f"{view.source}:{view.number} is {words}."


def charge_claim(store: Store, workspace: Workspace, ref: str, *, reason: str, now: datetime) -> str:
    """Ask for what a client left who paid the principal alone: a charge, or the interest that arose until then."""
    found = _ground(store, workspace, now)
    left = _interest_left(found, ref)
    if left is None:
        case, charge = _charge(found, ref)
        if charge not in charges_left(case):
            raise Refused(
                f"{ref} is {charge.state.value} already, or {case.view.number} is not paid: nothing was left."
            )
    else:
        case = left
    if is_among(ref, case.forgone | case.wanted):
        raise Refused(f"{ref} is {'waived' if is_among(ref, case.forgone) else 'claimed'} already.")
    _append(
        store, found, [_of(case, RecordKind.CHARGE_WANTED, found, {"ref": ref, "reason": reason, "by": who()})], now
    )
    return f"{ref} on {case.view.number} is claimed with a notice of its own, by the next run."


def _interest_left(found: Ground, ref: str) -> Case | None:
    """The paid invoice whose interest has that reference and is in no charge yet."""
    as_of = found.decision.as_of
    return next(
        (
            case
            for case in found.cases
            if case.interest_at is not None
            and is_among(once_ref(case, found.store_id), (ref,))
            and interest_left(case, as_of)
        ),
        None,
    )


def match_accept(
    store: Store,
    workspace: Workspace,
    line: str,
    *,
    invoices: Sequence[tuple[str, str | None]] = (),
    reason: str,
    now: datetime,
) -> str:
    """Say what a bank line pays: its only candidate, or the invoices named, each with an amount as text if it is not obvious."""
    found = _ground(store, workspace, now)
    one, candidates = bank.find(found.setting.bank, line)
    if invoices:
        parts = _parts(found, one, invoices)
    elif len(candidates) == 1:
        parts = list(candidates[0].parts)
    elif candidates:
        raise Refused(f"{bank.short_id(one)} may pay one of several. Say which with --invoice NUMBER.")
    else:
        raise Refused(f"nothing suggests what {bank.short_id(one)} pays. Say it with --invoice NUMBER.")
    if not parts:
        raise Refused(
            f"nothing is open that {bank.short_id(one)} could pay. Say --invoice NUMBER=AMOUNT, or --reject it."
        )
    _match(store, found, one, "accepted", parts, reason, now)
    names = {case.view.id: case.view.number for case in found.cases}
    said = " and ".join(f"{show(part.amount, one.currency)} of {names[part.invoice]}" for part in parts)
    rest = one.amount - sum(part.amount for part in parts)
    beyond = f" {show(rest, one.currency)} of it is open credit." if rest else ""
    return f"{bank.short_id(one)} pays {said}.{beyond}"


def match_reject(store: Store, workspace: Workspace, line: str, *, reason: str, now: datetime) -> str:
    """Say that a bank line pays no invoice, though it may look so."""
    found = _ground(store, workspace, now)
    one, _ = bank.find(found.setting.bank, line)
    _match(store, found, one, "rejected", (), reason, now)
    return f"{bank.short_id(one)} pays no invoice."


def _match(
    store: Store, found: Ground, line: BankLine, word: str, parts: Sequence[Part], reason: str, now: datetime
) -> None:
    body = {"line": line.id, "as": word, "parts": [list(part) for part in parts], "reason": reason, "by": who()}
    cases = {case.view.id: case for case in found.cases}
    if parts:
        record = _of(cases[parts[0].invoice], RecordKind.MATCH, found, body)
    else:
        record = Record(RecordKind.MATCH, found.decision.as_of, body)
    _append(store, found, [record], now)


def _parts(found: Ground, line: BankLine, invoices: Sequence[tuple[str, str | None]]) -> list[Part]:
    """The invoices named, each with its amount; one without an amount gets what is left of the line and open of it."""
    sign, left = (1 if line.amount > 0 else -1), abs(line.amount)
    parts: list[Part] = []
    for name, text in invoices:
        case = find(found.cases, name)
        view = case.view
        if not case.own_debt:
            raise Refused(f"{view.number} is no debt of its own. Name the invoice that is.")
        if view.currency != line.currency:
            raise Refused(f"{view.number} asks for {view.currency}, and {bank.short_id(line)} is {line.currency}.")
        if any(part.invoice == view.id for part in parts):
            raise Refused(f"{view.number} is named twice.")
        given = _amount(text, line.currency) if text is not None else min(left, _open_of(found, line, case, sign))
        if given <= 0:
            raise Refused(
                f"nothing is left for {view.number}. Say how much of the line is its own: {view.number}=AMOUNT."
            )
        if given > left:
            raise Refused(
                f"the line is {show(abs(line.amount), line.currency)}, less than the amounts given. Correct them."
            )
        if given > view.total:
            raise Refused(f"{view.number} is {show(view.total, view.currency)} in all. Give it no more.")
        left -= given
        parts.append(Part(view.id, sign * given))
    return parts


def _open_of(found: Ground, line: BankLine, case: Case, sign: int) -> int:
    """What an invoice can take of a line: what is open without it; of money back, what was paid without it."""
    own = found.setting.bank.by_line().get(line.id)
    given = sum(part.amount for part in own.parts if part.invoice == case.view.id) if own else 0
    return case.view.outstanding + given if sign > 0 else case.view.paid - given


def _amount(text: str, currency: str) -> int:
    try:
        return parse(text, currency)
    except AmountError as error:
        raise Refused(f"{text!r} is no amount: {error}. Write it as 1250.00.") from error


def charge_waive(store: Store, workspace: Workspace, ref: str, *, reason: str, now: datetime) -> str:
    """Give up a charge, or interest that arose and was not claimed yet. What was claimed, the client is told of."""
    found = _ground(store, workspace, now)
    case = _interest_left(found, ref)
    if case is not None and all(not is_among(charge.ref, (ref,)) for charge in case.charges):
        if is_among(ref, case.forgone):
            raise Refused(f"{ref} is waived already.")
        body = {"ref": ref, "reason": reason, "by": who()}
        _append(store, found, [_of(case, RecordKind.CHARGE_WAIVED, found, body)], now)
        return f"The interest on {case.view.number} is waived."
    return _rule_charge(store, workspace, ref, RecordKind.CHARGE_WAIVED, "waived", reason, now)


def charge_settle(store: Store, workspace: Workspace, ref: str, *, reason: str, now: datetime) -> str:
    """Note that a charge was paid."""
    return _rule_charge(store, workspace, ref, RecordKind.CHARGE_SETTLED, "settled", reason, now)


def _rule_charge(
    store: Store, workspace: Workspace, ref: str, kind: RecordKind, word: str, reason: str, now: datetime
) -> str:
    found = _ground(store, workspace, now)
    case, charge = _charge(found, ref)
    if charge.state is not ChargeState.CLAIMED:
        raise Refused(f"{charge.ref} is {charge.state.value} already.")
    body = {"ref": charge.ref, "reason": reason, "by": who()}
    _append(store, found, [_of(case, kind, found, body)], now)
    return f"{charge.ref} of {show(charge.standing, charge.currency)} on {case.view.number} is {word}."


def waive(
    store: Store, workspace: Workspace, project: str, phase: str, *, until: date, reason: str, now: datetime
) -> str:
    """Let work on a phase start or go on unpaid, through `until`."""
    found = _ground(store, workspace, now)
    verdict, key = _phase(found, project, phase)
    if until < found.decision.as_of:
        raise Refused(f"{until.isoformat()} is over. Give a day that is still to come.")
    if not verdict.reasons:
        raise Refused(f"{verdict.name} is open; there is nothing to waive.")
    body = {"project": key, "phase": phase, "until": until.isoformat(), "reason": reason, "by": who()}
    _append(store, found, [Record(RecordKind.WAIVER, found.decision.as_of, body, project=key)], now)
    return f"{verdict.name} of {project} is open through {until.isoformat()}, although it is not paid."


def start_phase(store: Store, workspace: Workspace, project: str, phase: str, *, now: datetime) -> Verdict:
    """Note that work on a phase began, if the gate is open; the verdict says whether it was."""
    found = _ground(store, workspace, now)
    verdict, key = _phase(found, project, phase)
    if verdict.open and (verdict.started is None or verdict.finished is not None):
        body = {"project": key, "phase": phase, "by": who()}
        _append(store, found, [Record(RecordKind.PHASE_STARTED, found.decision.as_of, body, project=key)], now)
    return verdict


def finish_phase(store: Store, workspace: Workspace, project: str, phase: str, *, now: datetime) -> str:
    """Note that work on a phase ended."""
    found = _ground(store, workspace, now)
    verdict, key = _phase(found, project, phase)
    if verdict.started is None:
        raise Refused(f"{verdict.name} was never started: payflow phase start {project} {phase}.")
    if verdict.finished is not None:
        raise Refused(f"{verdict.name} was finished on {verdict.finished.isoformat()}.")
    body = {"project": key, "phase": phase, "by": who()}
    _append(store, found, [Record(RecordKind.PHASE_FINISHED, found.decision.as_of, body, project=key)], now)
    return f"{verdict.name} of {project} is finished."


def _ground(store: Store, workspace: Workspace, now: datetime) -> Ground:
    return ground(store, workspace, today(workspace, now), now)


def _append(store: Store, found: Ground, records: list[Record], now: datetime) -> None:
    """Journal a ruling, unless something became known since the facts it rests on were looked at."""
    with store.transaction() as tx:
        if stamp(tx) != found.stamp:
            raise Refused("the books or the journal changed at this very moment. Ask again.")
        journal.append(tx, records, at=now)


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


def _of(case: Case, kind: RecordKind, found: Ground, body: Mapping[str, Any]) -> Record:
    project = case.contract.key if case.contract else ""
    return Record(kind, found.decision.as_of, body, client=case.view.client, project=project, invoice=case.view.id)


def _charge(found: Ground, ref: str) -> tuple[Case, Charge]:
    charges = {charge.ref: (case, charge) for case in found.cases for charge in case.charges}
    if ref not in charges:
        raise UnknownName("charge", ref, list(charges))
    return charges[ref]


def _phase(found: Ground, project: str, phase: str) -> tuple[Verdict, str]:
    for view in found.decision.projects:
        if view.project == project:
            for verdict in view.phases:
                if verdict.phase == phase:
                    return verdict, view.key
            raise UnknownName(f"phase of {project}", phase, [one.phase for one in view.phases])
    raise UnknownName("project", project, [view.project for view in found.decision.projects])
