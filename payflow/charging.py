"""Which charges the facts justify: late fees, compensation and interest. Pure; what goes back is in `takebacks`.

Charges are desired state: what the rules say for the known facts, less what the journal holds. Each is unique by invoice,
kind, occurrence and generation; a corrected one only ever goes down and does not come again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from payflow.columns import to_day
from payflow.model.acts import FeeDraft
from payflow.model.agreement import Bill, Contract, Policy, Step
from payflow.model.facts import State
from payflow.model.invoice_view import InvoiceView
from payflow.model.journal import Charge, ChargeKind, ChargeState, Hold, Notice
from payflow.model.serial import late_fee_to_json
from payflow.money import show
from payflow.policy import binding, compensation, fees, ladder, timeline
from payflow.policy.bearing import starts_on
from payflow.policy.discounts import Offer
from payflow.policy.parts import spread
from payflow.policy.statutes import statute

#: The kind of charge that a step of the ladder claims.
LATE_FEE: str = ChargeKind.LATE_FEE

#: The occurrence of what is claimed once per invoice.
ONCE = "once"

#: The step whose notice asks for charges alone: interest, and what was left when the principal was paid.
CHARGES = Step("charges", "charges", 0, "charges")

_DAY = timedelta(days=1)


class Case(Struct, frozen=True):
    """One invoice with what planning needs beside its view. `movements` are (day number, amount) that count."""

    view: InvoiceView
    policy: Policy | None
    contract: Contract | None
    digest: str
    binds: bool
    next: ladder.Next
    notices: Sequence[Notice]
    charges: Sequence[Charge]
    holds: Sequence[Hold]
    movements: Sequence[tuple[int, int]]
    #: whether interest arises: as a fee does, or by law
    bears: bool = False
    #: what a notice that is due now says of interest; empty where none arises
    interest_words: str = ""
    #: false when it turned out to be another invoice's debt, or a charge of ours
    own_debt: bool = True
    #: discounts for early payment
    offers: Sequence[Offer] = ()
    #: the interest that had arisen by the end of a day, in minor units; None where none arises
    interest_at: Callable[[date], int] | None = None
    #: references of charges that a person wants claimed, and of ones given up before
    wanted: frozenset[str] = frozenset()
    forgone: frozenset[str] = frozenset()
    #: whether a compensation arises: as a fee does, or by law
    compensates: bool = False


def instalment_of(view: InvoiceView, number: int) -> InvoiceView:
    """One part of an invoice as a letter speaks of it."""
    part = view.instalments[number - 1]
    return view._replace(
        number=f"{view.number}, instalment {number} of {len(view.instalments)}",
        total=part.amount,
        paid=part.amount - part.outstanding,
        credited=0,
        outstanding=part.outstanding,
        due_on=part.due_on,
        days_overdue=part.days_overdue,
        interest=part.interest,
        interest_per_day=part.interest_per_day,
    )


def of_part(case: Case, number: int) -> Case:
    """The case of one instalment, from 1, as if it were an invoice of its own; of no instalment, the case as it is.

    Its due date, its money and the notices about it; charges stay those of the whole invoice.
    """
    if not 0 < number <= len(case.view.instalments):
        return case
    shares = spread([one.amount for one in case.view.instalments], [amount for _, amount in case.movements])
    return replace(
        case,
        view=instalment_of(case.view, number),
        notices=ladder.of_instalment(case.notices, number),
        movements=[(on, share[number - 1]) for (on, _), share in zip(case.movements, shares, strict=True)],
    )


def _of_part(occurrence: str, number: int) -> str:
    """An occurrence among those of an invoice in instalments; the first one has the plain name."""
    return f"{occurrence}{ladder.PART}{number}" if number > 1 else occurrence


def fee_draft(case: Case, step: Step, policy: Policy, as_of: date, store: str) -> FeeDraft | None:
    """The fee that a notice claims: bound, named by an earlier notice that was handed over, in a currency it exists in."""
    number, case = case.next.instalment, of_part(case, case.next.instalment)
    announced, view, fee = ladder.announcement_of(step, case.notices), case.view, policy.late_fee
    if not step.fee or fee is None or not case.binds or announced is None or view.due_on is None:
        return None
    found = fees.worked_out(fee, view.currency, view.outstanding, view.total, claimed_fees(case.charges))
    # what was announced is what may be claimed: under other terms by now, nothing is
    if not found or not found[0] or announced.text not in _named_with_fee(case, policy):
        return None
    period = ladder.period(policy, view.due_on, as_of) if fee.repeats else None
    again = case.next.period
    occurrence = step.key if period is None else (again if isinstance(again, date) else period[0]).isoformat()
    occurrence = _of_part(occurrence, number)
    generation = sum(charge.kind == LATE_FEE and charge.occurrence == occurrence for charge in case.charges)
    if fee.repeats and generation:
        return None
    rests_on = binding.rests_on(policy, case.contract, view.issued_on)
    terms = _made_in(case, policy, found[1]) | {
        "percent": f"{fee.percent.numerator * 100}/{fee.percent.denominator}" if fee.percent is not None else None,
        "fee": late_fee_to_json(fee),
        "day": step.day,
        "base": view.outstanding,
    }
    terms |= {"instalment": number} if number else {}
    ref = reference(store, view.id, occurrence, generation)
    return FeeDraft(
        ref, found[0], view.currency, occurrence, generation, found[1], rests_on, ChargeKind.LATE_FEE, terms
    )


def claimed_fees(charges: Iterable[Charge]) -> int:
    """The sum of the late fees of an invoice that were not taken back; what was waived counts, so that none takes its place."""
    return sum(
        charge.amount - sum(back.amount for back in charge.reversals) for charge in charges if charge.kind == LATE_FEE
    )


def may_repeat(policy: Policy, currency: str, binds: bool, charges: Sequence[Charge]) -> bool:
    """Whether a late fee that repeats may arise once more: it binds, exists in the currency, and its cap is not reached."""
    fee = policy.late_fee
    if fee is None or not fee.repeats or not binds or not fees.exists(fee, currency):
        return False
    return currency not in fee.cap or claimed_fees(charges) < fee.cap[currency]


def reference(store: str, invoice: int, occurrence: str, generation: int) -> str:
    """The reference of a charge: the same every time it is worked out, and unlike any other charge's or store's.

    Sixty bits: among ten million charges two share one with a chance of 1 in 23,000. It was forty bits long at first, the first
    eight signs of what it is now; what the journal knows under such a one keeps it.
    """
    digest = hashlib.sha256(f"{store}|{invoice}|{occurrence}|{generation}".encode()).digest()
    number = int.from_bytes(digest[:8], "big") >> 4
    return "PF-" + "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> shift & 31] for shift in range(55, -5, -5))


#: Signs of a reference as it was at first, `PF-` included.
_AT_FIRST = 11


def is_among(ref: str, said: Container[str]) -> bool:
    """Whether a reference is among those that people spoke of, also as they knew it when references were shorter."""
    return ref in said or ref[:_AT_FIRST] in said


def _made_in(case: Case, policy: Policy, words: str) -> dict[str, Any]:
    """What the journal keeps with every charge: the terms it is made under, and the due date it goes by."""
    view = case.view
    return {
        "policy": policy.name,
        "agreement": case.digest,
        "words": words,
        "rests_on": binding.rests_on(policy, case.contract, view.issued_on),
        "due_on": view.due_on.isoformat() if view.due_on else None,
    }


def named(case: Case, policy: Policy) -> str:
    """What a step with `fee = true` claims, as notices name it before; empty where nothing binds or exists in the currency."""
    fixed = _fixed_words(case, policy)
    if case.next.instalment and _compensated(case, policy, case.next.instalment):
        fixed = ""
    return " and ".join(filter(None, (_fee_words(case, policy), fixed)))


def _named_with_fee(case: Case, policy: Policy) -> tuple[str, ...]:
    """How a notice may have named the fee: alone, or with the compensation that was still to be claimed."""
    fee = _fee_words(case, policy)
    return (fee, " and ".join(filter(None, (fee, _fixed_words(case, policy))))) if fee else ()


def _fee_words(case: Case, policy: Policy) -> str:
    fee, currency = policy.late_fee, case.view.currency
    exists = case.binds and fee is not None and fees.exists(fee, currency)
    return f"a late fee of {fees.words(fee, currency)}" if fee is not None and exists else ""


def _fixed_words(case: Case, policy: Policy) -> str:
    fixed = fixed_sum(policy, case.view.currency) if case.compensates else None
    if fixed is None:
        return ""
    sums = f" of {show(fixed.bands[0].sum, fixed.currency)}" if fixed.flat else ""
    return f"a fixed compensation{sums} ({fixed.rule})"


def _compensated(case: Case, policy: Policy, number: int) -> bool:
    """Whether the compensation was claimed: that of this instalment, or that of the invoice."""
    return any(
        charge.kind == ChargeKind.COMPENSATION and charge.occurrence == _once(case, policy, number)
        for charge in case.charges
    )


def _once(case: Case, policy: Policy, number: int) -> str:
    """The occurrence of a compensation: one for each instalment where the law says so, else one for each invoice."""
    fixed = fixed_sum(policy, case.view.currency)
    return _of_part(ONCE, number) if fixed is not None and fixed.each_instalment else ONCE


def fixed_sum(policy: Policy, currency: str) -> compensation.FixedSum | None:
    """The compensation of a policy for an invoice in a currency; None where there is none, or the law names another currency."""
    agreed = policy.compensation
    if agreed is None:
        return None
    if agreed.statute:
        fixed = statute(agreed.statute).compensation
        return fixed if fixed is not None and compensation.speaks_of(fixed, currency) else None
    return compensation.flat(agreed.amounts[currency], currency, "as agreed") if currency in agreed.amounts else None


def compensation_draft(case: Case, step: Step, policy: Policy, store: str) -> FeeDraft | None:
    """The compensation, once: with the notice of the step that claims fees, named by an earlier one."""
    number, case = case.next.instalment, of_part(case, case.next.instalment)
    view, announced, fixed = (
        case.view,
        ladder.announcement_of(step, case.notices),
        fixed_sum(policy, case.view.currency),
    )
    if not step.fee or fixed is None or not case.compensates or announced is None or view.due_on is None:
        return None
    occurrence = _once(case, policy, number)
    if _compensated(case, policy, number) or announced.text != named(case, policy):
        return None
    debt = debt_when_due(case, policy)
    amount = compensation.payable(fixed, debt, view.currency) if debt > tolerance(case) else None
    if not amount:
        return None
    terms = _made_in(case, policy, fixed.rule) | {
        "statute": policy.compensation.statute if policy.compensation else "",
        "base": debt,
        "grace": policy.grace,
        "rests_on": binding.compensation_rests_on(policy, case.contract, view.issued_on),
    }
    terms |= {"instalment": number} if number else {}
    ref = reference(store, view.id, f"{ChargeKind.COMPENSATION}:{occurrence}", 0)
    return FeeDraft(
        ref, amount, view.currency, occurrence, 0, fixed.rule, str(terms["rests_on"]), ChargeKind.COMPENSATION, terms
    )


def tolerance(case: Case) -> int:
    """What may be left of an invoice without being asked for, in minor units."""
    return case.policy.tolerance.get(case.view.currency, 0) if case.policy else 0


def debt_when_due(case: Case, policy: Policy) -> int:
    """What was owed at the end of the last day on which the client could pay in time."""
    if case.view.due_on is None:
        return 0
    return timeline.balance_on(case.view.total, case.movements, to_day(case.view.due_on) + policy.grace)


def interest_drafts(case: Case, as_of: date, store: str) -> tuple[FeeDraft, ...]:
    """The interest that may be made charges on a day: by month, or all at once when the principal is paid.

    Each month is the whole through its end, rounded, less the whole through the month before: they add up to the rounded sum.
    """
    policy, view = case.policy, case.view
    if (
        policy is None
        or policy.interest is None
        or case.interest_at is None
        or view.first_due_on is None
        or not case.own_debt
    ):
        return ()
    told = any(notice.handed_over and not notice.step.startswith(ladder.CORRECTION) for notice in case.notices)
    if view.state is State.UNKNOWN or not (told or case.wanted):
        return ()
    once = once_ref(case, store)
    paid, wanted = view.state is State.PAID, is_among(once, case.wanted)
    if is_among(once, case.forgone) or not (wanted or told):
        return ()
    if policy.bill is Bill.MONTHLY:
        return tuple(_by_month(case, policy, as_of, store, ended=not paid))
    if not paid or not (policy.bill is Bill.ON_PAYMENT or wanted):
        return ()
    if any(charge.kind == ChargeKind.INTEREST for charge in case.charges):
        return ()
    amount = case.interest_at(as_of)
    draft = _interest_draft(
        case, policy, store, ONCE, amount, starts_on(policy.interest, view.first_due_on, policy.grace), as_of
    )
    return (draft,) if amount > 0 else ()


def _by_month(case: Case, policy: Policy, as_of: date, store: str, *, ended: bool) -> Iterator[FeeDraft]:
    first_due_on = case.view.first_due_on
    assert first_due_on is not None
    assert case.interest_at is not None
    assert policy.interest is not None
    billed = {charge.occurrence for charge in case.charges if charge.kind == ChargeKind.INTEREST}
    start = first_due_on.replace(day=1)
    while start <= as_of:
        following = (start + 31 * _DAY).replace(day=1)
        last = min(following - _DAY, as_of)
        if start.isoformat() not in billed and not (ended and following > as_of):
            amount = case.interest_at(last) - case.interest_at(start - _DAY)
            if amount > 0:
                first = max(start, starts_on(policy.interest, first_due_on, policy.grace))
                yield _interest_draft(case, policy, store, start.isoformat(), amount, first, last)
        start = following


def _interest_draft(
    case: Case, policy: Policy, store: str, occurrence: str, amount: int, first: date, last: date
) -> FeeDraft:
    words = f"interest from {first.isoformat()} to {last.isoformat()}"
    terms = _made_in(case, policy, words) | {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "rests_on": binding.interest_rests_on(policy, case.contract, case.view.issued_on),
    }
    ref = reference(store, case.view.id, f"{ChargeKind.INTEREST}:{occurrence}", 0)
    rests_on = str(terms["rests_on"])
    return FeeDraft(ref, amount, case.view.currency, occurrence, 0, words, rests_on, ChargeKind.INTEREST, terms)


def once_ref(case: Case, store: str) -> str:
    """The reference of the charge for all interest of an invoice at once."""
    return reference(store, case.view.id, f"{ChargeKind.INTEREST}:{ONCE}", 0)


def interest_left(case: Case, as_of: date) -> int:
    """Interest that arose on a paid invoice, and that is in no charge."""
    if case.interest_at is None or case.view.state is not State.PAID:
        return 0
    return max(0, case.interest_at(as_of) - sum(c.amount for c in case.charges if c.kind == ChargeKind.INTEREST))


def charges_left(case: Case) -> list[Charge]:
    """Charges that were claimed and not paid, though the principal is."""
    if case.view.state is not State.PAID or not case.own_debt:
        return []
    return [one for one in case.charges if one.state is ChargeState.CLAIMED and one.standing > 0]


def next_claim(case: Case, as_of: date, store: str) -> ladder.Next | None:
    """The notice that asks for charges alone, and the first day on which it may go out; None where there is nothing to ask."""
    policy = case.policy
    if policy is None:
        return None
    drafts = interest_drafts(case, as_of, store)
    again = [one.ref for one in charges_left(case) if one.ref in case.wanted]
    taken = {notice.step for notice in case.notices}
    names = [*(draft.occurrence for draft in drafts[-1:]), *again]
    name = next((one for one in names if ladder.claim_key(one) not in taken), None)
    since = as_of
    if name is None and policy.bill is Bill.MONTHLY and case.view.interest_per_day and not drafts:
        # the month that runs is claimed when it is over
        name = as_of.replace(day=1).isoformat()
        since = (as_of.replace(day=1) + 31 * _DAY).replace(day=1)
    if name is None:
        return None
    on = ladder.spaced(policy, since, case.notices, case.holds)
    return ladder.Next(CHARGES, on, "" if on else "held until a person releases it", name)
