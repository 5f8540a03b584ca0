"""Charges that a person claims, gives up or saw paid."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from payflow.charging import Case, charges_left, interest_left, is_among, once_ref
from payflow.decide import Ground
from payflow.errors import Refused, UnknownName
from payflow.model.agreement import Workspace
from payflow.model.journal import Charge, ChargeState, RecordKind
from payflow.money import show
from payflow.place import who
from payflow.rulings.word import about_invoice, looked_at, note

if TYPE_CHECKING:
    from payflow.store import Store


def charge_claim(store: Store, workspace: Workspace, ref: str, *, reason: str, now: datetime) -> str:
    """Ask for what a client left who paid the principal alone: a charge, or the interest that arose until then."""
    found = looked_at(store, workspace, now)
    left = _interest_left(found, ref)
    if left is None:
        case, charge = charge_of(found, ref)
        if charge not in charges_left(case):
            raise Refused(
                f"{ref} is {charge.state.value} already, or {case.view.number} is not paid: nothing was left."
            )
    else:
        case = left
    if is_among(ref, case.forgone | case.wanted):
        raise Refused(f"{ref} is {'waived' if is_among(ref, case.forgone) else 'claimed'} already.")
    note(
        store,
        found,
        [about_invoice(case, RecordKind.CHARGE_WANTED, found, {"ref": ref, "reason": reason, "by": who()})],
        now,
    )
    return f"{ref} on {case.view.number} is claimed with a notice of its own, by the next run."


def charge_waive(store: Store, workspace: Workspace, ref: str, *, reason: str, now: datetime) -> str:
    """Give up a charge, or interest that arose and was not claimed yet. What was claimed, the client is told of."""
    found = looked_at(store, workspace, now)
    case = _interest_left(found, ref)
    if case is not None and all(not is_among(charge.ref, (ref,)) for charge in case.charges):
        if is_among(ref, case.forgone):
            raise Refused(f"{ref} is waived already.")
        body = {"ref": ref, "reason": reason, "by": who()}
        note(store, found, [about_invoice(case, RecordKind.CHARGE_WAIVED, found, body)], now)
        return f"The interest on {case.view.number} is waived."
    return _rule_charge(store, workspace, ref, RecordKind.CHARGE_WAIVED, "waived", reason, now)


def charge_settle(store: Store, workspace: Workspace, ref: str, *, reason: str, now: datetime) -> str:
    """Note that a charge was paid."""
    return _rule_charge(store, workspace, ref, RecordKind.CHARGE_SETTLED, "settled", reason, now)


def _rule_charge(
    store: Store, workspace: Workspace, ref: str, kind: RecordKind, word: str, reason: str, now: datetime
) -> str:
    found = looked_at(store, workspace, now)
    case, charge = charge_of(found, ref)
    if charge.state is not ChargeState.CLAIMED:
        raise Refused(f"{charge.ref} is {charge.state.value} already.")
    body = {"ref": charge.ref, "reason": reason, "by": who()}
    note(store, found, [about_invoice(case, kind, found, body)], now)
    return f"{charge.ref} of {show(charge.standing, charge.currency)} on {case.view.number} is {word}."


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


def charge_of(found: Ground, ref: str) -> tuple[Case, Charge]:
    """A charge by its reference, with its invoice. Raises `UnknownName`."""
    charges = {charge.ref: (case, charge) for case in found.cases for charge in case.charges}
    if ref not in charges:
        raise UnknownName("charge", ref, list(charges))
    return charges[ref]
