"""What goes back of charges that were claimed, once facts are known that no longer justify them. Pure.

A charge is judged by the facts as they are known today and by the terms that it was made under. It only ever goes down, and does
not come again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from msgspec.structs import replace

from payflow.charging import LATE_FEE, ONCE, Case, claimed_fees, of_part, tolerance
from payflow.columns import to_date, to_day
from payflow.model.acts import Takeback
from payflow.model.agreement import LateFee
from payflow.model.facts import State
from payflow.model.journal import Charge, ChargeKind, ChargeState
from payflow.model.serial import late_fee_from_json
from payflow.policy import compensation, fees, timeline
from payflow.policy.late_fees import fee_days, terms_in
from payflow.policy.statutes import statute

#: An invoice in one of these states was never owed, so nothing was ever late on it.
_NEVER_OWED = frozenset({State.DRAFT, State.VOID, State.CREDITED})

_DAY = timedelta(days=1)


def takeback(case: Case, charge: Charge) -> Takeback | None:
    """What of a claimed charge the facts known now no longer justify. Only ever down; a waived one is left alone."""
    if charge.state is not ChargeState.CLAIMED or charge.standing <= 0 or case.view.state is State.UNKNOWN:
        return None
    part = of_part(case, int(charge.terms.get("instalment", 0)))
    justified, why = _JUSTIFIED[ChargeKind(charge.kind)](part, charge)
    if justified >= charge.standing:
        return None
    return Takeback(
        charge.ref, case.view.id, case.view.client, charge.standing - justified, charge.currency, why, charge.kind
    )


def _justified_fee(case: Case, charge: Charge) -> tuple[int, str]:
    """How much of a late fee today's facts justify, and why not more.

    The facts are judged as of the day before the claim: money sent on the day of the claim itself was late all the same.
    """
    view, claimed, why = case.view, charge.claimed_on.isoformat(), _never_justified(case)
    if why:
        return 0, why
    day = int(charge.terms.get("day", 0))
    if view.due_on is not None and view.due_on + timedelta(days=day) > charge.claimed_on:
        return 0, f"{view.number} fell due on {view.due_on.isoformat()}, too late for the fee of {claimed}"
    if _periods_over(case, charge):
        return 0, f"{view.number} fell due on {view.due_on}, and fewer periods had begun by {claimed}"
    total = view.total
    before = to_day(charge.claimed_on) - 1
    owed = timeline.balance_on(total, case.movements, before)
    if owed <= tolerance(case):
        last = max((on for on, amount in case.movements if on <= before and amount > 0), default=before)
        return 0, f"{view.number} was paid by {to_date(last).isoformat()}, before the fee of {claimed}"
    fee = _made_under(charge)
    if fee is not None:
        figure = fees.amount(fee, view.currency, owed, total, _claimed_before(case, charge))
        if figure is not None and figure < charge.standing:
            return figure, f"less of {view.number} was outstanding on {claimed} than was known then"
    return charge.standing, ""


def _justified_interest(case: Case, charge: Charge) -> tuple[int, str]:
    """How much of the interest that was billed had arisen, by the facts known now."""
    view = case.view
    why = _never_justified(case)
    if why:
        return 0, why
    first, last = charge.terms.get("from"), charge.terms.get("to")
    if case.interest_at is None or first is None or last is None:
        return charge.standing, ""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    before = start.replace(day=1) - _DAY if charge.occurrence != ONCE else view.issued_on - _DAY
    arose = case.interest_at(end) - case.interest_at(before)
    if arose >= charge.standing:
        return charge.standing, ""
    return max(0, arose), f"less interest had arisen on {view.number} by {last} than was known then"


def _justified_compensation(case: Case, charge: Charge) -> tuple[int, str]:
    """The compensation for the debt that was owed when it fell due, by the facts known now."""
    view, why = case.view, _never_justified(case)
    if why:
        return 0, why
    if view.due_on is None or view.due_on >= charge.claimed_on:
        return 0, f"{view.number} had not fallen due by {charge.claimed_on.isoformat()}"
    last = to_day(view.due_on) + int(charge.terms.get("grace", 0))
    debt = timeline.balance_on(view.total, case.movements, last)
    if debt <= tolerance(case):
        return 0, f"{view.number} was paid in time"
    name = str(charge.terms.get("statute", ""))
    fixed = statute(name).compensation if name else None
    figure = compensation.payable(fixed, debt, view.currency) if fixed is not None else charge.standing
    if figure is not None and figure < charge.standing:
        return figure, f"less of {view.number} was owed when it fell due than was known then"
    return charge.standing, ""


def _never_justified(case: Case) -> str:
    """Why an invoice bears no charge at all; empty where it may."""
    view = case.view
    if not case.own_debt:
        return f"{view.number} is not a debt of its own"
    return f"{view.number} is {view.state.word} and was not owed" if view.state in _NEVER_OWED else ""


def _made_under(charge: Charge) -> LateFee | None:
    """The late fee as it was when the charge was made; None for a flat one of old, which nothing makes less."""
    if charge.terms.get("fee"):
        return late_fee_from_json(charge.terms["fee"])
    percent = charge.terms.get("percent")
    return LateFee(percent=fees.from_percent(str(percent))) if percent else None


def _claimed_before(case: Case, charge: Charge) -> int:
    """The late fees that stood before a charge, as far as they were not taken back."""
    earlier = [one for one in case.charges if (one.claimed_on, one.ref) < (charge.claimed_on, charge.ref)]
    return claimed_fees(earlier)


def _periods_over(case: Case, charge: Charge) -> bool:
    """Whether a fee has no period of its own any more, because the due date turned out later than it was known to be.

    One after the other, each fee takes the first period that is left and had begun when the fee was claimed.
    """
    fee, due_on = _made_under(charge), case.view.due_on
    if fee is None or not fee.repeats or due_on is None:
        return False
    terms = terms_in(replace(fee, grace=int(charge.terms.get("day", 1)) - 1), charge.currency)
    taken = 0
    for one in sorted(case.charges, key=lambda one: (one.claimed_on, one.ref)):
        if terms is None or one.kind != LATE_FEE or one.standing <= 0:
            continue
        if one.terms.get("instalment") != charge.terms.get("instalment"):
            # each instalment has periods of its own
            continue
        begun = sum(1 for _ in fee_days(terms, due_on, one.claimed_on))
        if one.ref == charge.ref:
            return begun <= taken
        taken += begun > taken
    return False


#: How much of a standing charge today's facts justify, by its kind.
_JUSTIFIED: Mapping[ChargeKind, Callable[[Case, Charge], tuple[int, str]]] = {
    ChargeKind.LATE_FEE: _justified_fee,
    ChargeKind.COMPENSATION: _justified_compensation,
    ChargeKind.INTEREST: _justified_interest,
}
