"""What is to be done: messages to clients, charges to take back, news for the owner. Pure; nothing is carried out here.

The plan is desired state less what the journal holds, so that planning again after carrying out plans nothing new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from payflow.columns import to_date, to_day
from payflow.model.agreement import Contract, LateFee, Policy, Step
from payflow.model.decision import (
    BlockedWork,
    ClientMessage,
    CorrectionItem,
    Decision,
    FeeDraft,
    InvoiceView,
    Need,
    NoticeItem,
    Plan,
    ProjectView,
    Reason,
    Recipient,
    Takeback,
    VerdictChange,
)
from payflow.model.facts import State
from payflow.model.journal import Announcement, Charge, ChargeKind, ChargeState, Hold, Memory, Notice
from payflow.model.serial import late_fee_from_json, late_fee_to_json
from payflow.policy import binding, fees, ladder, timeline
from payflow.policy.late_fees import fee_days, terms_in

#: The kind of charge that a step of the ladder claims.
LATE_FEE: str = ChargeKind.LATE_FEE

#: An invoice in one of these states was never owed, so nothing was ever late on it.
_NEVER_OWED = frozenset({State.DRAFT, State.VOID, State.CREDITED})


@dataclass(frozen=True, slots=True)
class Case:
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
    #: false when it turned out to be another invoice's debt, or a charge of ours
    own_debt: bool = True


def plan(
    cases: Iterable[Case],
    projects: Sequence[ProjectView],
    memory: Memory,
    recipients: Mapping[str, Recipient],
    needs: Sequence[Need],
    as_of: date,
    store: str,
) -> Plan:
    """The acts of a day. `recipients` by client id; a client without an address gets nothing (a need says so)."""
    notices: dict[str, list[NoticeItem]] = {}
    corrections: dict[str, list[CorrectionItem]] = {}
    takebacks: list[Takeback] = []
    for case in cases:
        item = notice_item(case, projects, as_of, store)
        if item is not None:
            notices.setdefault(case.view.client, []).append(item)
        for charge in case.charges:
            back = takeback(case, charge)
            if back is not None:
                takebacks.append(back)
            corrections.setdefault(case.view.client, []).extend(_corrections(case, charge, back))
    messages = [
        ClientMessage(recipients[client], tuple(notices.get(client, ())), tuple(corrections.get(client, ())))
        for client in sorted({*notices, *corrections})
        if client in recipients
        and (client, as_of) not in memory.written
        and (notices.get(client) or corrections.get(client))
    ]
    return Plan(
        messages=tuple(messages),
        takebacks=tuple(takebacks),
        changes=tuple(_changes(projects, memory)),
        news=tuple(need for need in needs if need.key not in memory.told_needs),
        baseline=any(place not in memory.told_verdicts for place in verdicts(projects)),
    )


def notice_item(case: Case, projects: Sequence[ProjectView], as_of: date, store: str) -> NoticeItem | None:
    """The notice that is due on an invoice on this very day, if one is."""
    step, policy, view = case.next.step, case.policy, case.view
    if step is None or policy is None or view.due_on is None or case.next.on != as_of:
        return None
    interest_words = ""
    if case.binds and policy.interest is not None:
        starts = view.due_on + timedelta(days=policy.grace + 1)
        interest_words = (
            f"{fees.percent(policy.interest.annual)} % a year on what is outstanding, from {starts.isoformat()}"
        )
    return NoticeItem(
        invoice=view,
        step=case.next.key,
        step_name=step.name,
        template=step.email,
        fee=_fee(case, step, policy, as_of, store),
        announces=_announcement(case, step, policy, as_of),
        blocks=blocked_by(view.number, view.project, projects),
        charges=tuple(charge for charge in case.charges if charge.state is ChargeState.CLAIMED),
        interest_words=interest_words,
    )


def blocked_by(number: str, project: str, projects: Sequence[ProjectView]) -> tuple[BlockedWork, ...]:
    """The phases that an invoice keeps from starting or going on."""
    return tuple(
        BlockedWork(view.name, verdict.name, reason.opens)
        for view in projects
        if view.project == project
        for verdict in view.phases
        if not verdict.open and verdict.finished is None
        for reason in verdict.reasons
        if reason.invoice == number
    )


def _fee(case: Case, step: Step, policy: Policy, as_of: date, store: str) -> FeeDraft | None:
    """The fee that a notice claims: bound, named by an earlier notice that was handed over, in a currency it exists in."""
    announced, view, fee = ladder.announcement_of(step, case.notices), case.view, policy.late_fee
    if not step.fee or fee is None or not case.binds or announced is None or view.due_on is None:
        return None
    found = fees.worked_out(fee, view.currency, view.outstanding, view.total, claimed_fees(case.charges))
    # what was announced is what may be claimed: under other terms by now, nothing is
    if not found or not found[0] or announced.text != _named(fee, view.currency):
        return None
    period = ladder.period(policy, view.due_on, as_of) if fee.repeats else None
    occurrence = step.key if period is None else (case.next.period or period[0]).isoformat()
    generation = sum(charge.kind == LATE_FEE and charge.occurrence == occurrence for charge in case.charges)
    if fee.repeats and generation:
        return None
    rests_on = binding.rests_on(policy, case.contract, view.issued_on)
    terms = {
        "policy": policy.name,
        "agreement": case.digest,
        "words": found[1],
        "rests_on": rests_on,
        "percent": f"{fee.percent.numerator * 100}/{fee.percent.denominator}" if fee.percent is not None else None,
        "fee": late_fee_to_json(fee),
        "day": step.day,
        "base": view.outstanding,
        "due_on": view.due_on.isoformat(),
    }
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
    """The reference of a charge: the same every time it is worked out, and unlike any other store's."""
    digest = hashlib.sha256(f"{store}|{invoice}|{occurrence}|{generation}".encode()).digest()
    number = int.from_bytes(digest[:5], "big")
    return "PF-" + "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> shift & 31] for shift in range(35, -5, -5))


def _announcement(case: Case, step: Step, policy: Policy, as_of: date) -> Announcement | None:
    """The next fee of the ladder, named before it arises, with the first day on which it may."""
    fee, due_on, currency = policy.late_fee, case.view.due_on, case.view.currency
    if not case.binds or fee is None or due_on is None or not fees.exists(fee, currency):
        return None
    later = policy.ladder[policy.ladder.index(step) + 1 :] if step in policy.ladder else ()
    ahead = next((one for one in later if one.fee), None)
    this = Notice(case.view.id, case.next.key, as_of, due_on)
    if ahead is None:
        return _again(case, policy, this, as_of)
    on = ladder.earliest(policy, ahead, due_on, [*case.notices, this], case.holds)
    if on is None:
        return None
    return Announcement(ahead.key, on, _named(fee, currency))


def _again(case: Case, policy: Policy, this: Notice, as_of: date) -> Announcement | None:
    """The fee of the next period, where the late fee repeats."""
    ahead, fee, due_on = ladder.fee_step(policy), policy.late_fee, case.view.due_on
    if ahead is None or fee is None or due_on is None:
        return None
    if not may_repeat(policy, case.view.currency, case.binds, case.charges):
        return None
    notices = [*case.notices, this]
    found = ladder.next_again(policy, due_on, as_of, notices, case.holds)
    if found is None or found.on is None:
        return None
    return Announcement(ahead.key, found.on, _named(fee, case.view.currency))


def _named(fee: LateFee, currency: str) -> str:
    """A fee as a notice names it."""
    return f"a late fee of {fees.words(fee, currency)}"


def takeback(case: Case, charge: Charge) -> Takeback | None:
    """What of a claimed charge the facts known now no longer justify. Only ever down; a waived one is left alone."""
    if charge.state is not ChargeState.CLAIMED or charge.standing <= 0 or case.view.state is State.UNKNOWN:
        return None
    justified, why = _justified(case, charge)
    if justified >= charge.standing:
        return None
    return Takeback(charge.ref, case.view.id, case.view.client, charge.standing - justified, charge.currency, why)


def _justified(case: Case, charge: Charge) -> tuple[int, str]:
    """How much of a late fee today's facts justify, and why not more.

    The facts are judged as of the day before the claim: money sent on the day of the claim itself was late all the same.
    """
    view, claimed = case.view, charge.claimed_on.isoformat()
    if not case.own_debt:
        return 0, f"{view.number} is not a debt of its own"
    if view.state in _NEVER_OWED:
        return 0, f"{view.number} is {view.state.word} and was not owed"
    day = int(charge.terms.get("day", 0))
    if view.due_on is not None and view.due_on + timedelta(days=day) > charge.claimed_on:
        return 0, f"{view.number} fell due on {view.due_on.isoformat()}, too late for the fee of {claimed}"
    if _periods_over(case, charge):
        return 0, f"{view.number} fell due on {view.due_on}, and fewer periods had begun by {claimed}"
    total = view.total
    before = to_day(charge.claimed_on) - 1
    owed = timeline.balance_on(total, case.movements, before)
    tolerance = case.policy.tolerance.get(view.currency, 0) if case.policy else 0
    if owed <= tolerance:
        last = max((on for on, amount in case.movements if on <= before and amount > 0), default=before)
        return 0, f"{view.number} was paid by {to_date(last).isoformat()}, before the fee of {claimed}"
    fee = _made_under(charge)
    if fee is not None:
        figure = fees.amount(fee, view.currency, owed, total, _claimed_before(case, charge))
        if figure is not None and figure < charge.standing:
            return figure, f"less of {view.number} was outstanding on {claimed} than was known then"
    return charge.standing, ""


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
        begun = sum(1 for _ in fee_days(terms, due_on, one.claimed_on))
        if one.ref == charge.ref:
            return begun <= taken
        taken += begun > taken
    return False


def _corrections(case: Case, charge: Charge, back: Takeback | None) -> Iterable[CorrectionItem]:
    """What the client has not been told yet of charges taken back, this day's included."""
    told = {notice.step for notice in case.notices}
    whole = [(item.amount, item.why) for item in charge.reversals]
    if back is not None:
        whole.append((back.amount, back.why))
    standing = charge.amount
    for count, (amount, why) in enumerate(whole, start=1):
        standing -= amount
        if correction_step(charge.ref, count) not in told:
            yield CorrectionItem(charge.ref, case.view, amount, standing, why, count)


def correction_step(ref: str, count: int) -> str:
    """What the journal calls the word to a client about the n-th correction of a charge."""
    return f"{ladder.CORRECTION}{ref}:{count}"


def verdicts(projects: Sequence[ProjectView]) -> dict[str, str]:
    """ "project/phase" (stable project key) -> `open` or `blocked`, of phases that are not finished."""
    return {
        f"{view.key}/{verdict.phase}": verdict.word
        for view in projects
        for verdict in view.phases
        if verdict.finished is None
    }


def told_by(decision: Decision) -> dict[str, object]:
    """What the owner knows once told of a decision: every verdict and every need as they stand."""
    return {"verdicts": verdicts(decision.projects), "needs": sorted({need.key for need in decision.needs})}


def _changes(projects: Sequence[ProjectView], memory: Memory) -> Iterable[VerdictChange]:
    for view in projects:
        for verdict in view.phases:
            before = memory.told_verdicts.get(f"{view.key}/{verdict.phase}", "")
            if verdict.finished is None and before and before != verdict.word:
                yield VerdictChange(
                    view.project, verdict.phase, before, verdict.word, _why(verdict.reasons, verdict.word)
                )


def _why(reasons: Sequence[Reason], word: str) -> str:
    texts = [reason.text for reason in reasons]
    if word == "open":
        return "waived" if texts else "everything it needs is paid"
    return "; ".join(texts)
