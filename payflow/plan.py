"""What is to be done: messages to clients, charges to take back, news for the owner. Pure; nothing is carried out here.

The plan is desired state less what the journal holds, so that planning again after carrying out plans nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from payflow.charging import (
    CHARGES,
    LATE_FEE,
    Case,
    compensation_draft,
    fee_draft,
    instalment_of,
    interest_drafts,
    may_repeat,
    named,
    of_part,
    reference,
)
from payflow.model.acts import (
    ClientMessage,
    CorrectionItem,
    FeeDraft,
    Need,
    NoticeItem,
    Plan,
    Recipient,
    Takeback,
    VerdictChange,
)
from payflow.model.agreement import Policy, Step
from payflow.model.decision import Decision
from payflow.model.journal import Announcement, Charge, ChargeState, Memory, Notice
from payflow.model.verdict import BlockedWork, ProjectView, Reason
from payflow.policy import ladder
from payflow.takebacks import takeback

__all__ = [
    "LATE_FEE",
    "Acts",
    "Case",
    "acts",
    "blocked_by",
    "correction_step",
    "may_repeat",
    "notice_item",
    "plan",
    "reference",
    "takeback",
    "together",
    "told_by",
    "verdicts",
]


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
    return together((acts(case, as_of, store) for case in cases), projects, memory, recipients, needs, as_of)


class Acts(Struct, frozen=True):
    """What is to be done about one invoice, before it is known which work waits for it.

    `number` is the invoice's own; a notice about an instalment goes by another.
    """

    client: str
    number: str
    notice: NoticeItem | None = None
    takebacks: tuple[Takeback, ...] = ()
    corrections: tuple[CorrectionItem, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return self.notice is not None or bool(self.takebacks or self.corrections)


def acts(case: Case, as_of: date, store: str) -> Acts:
    """What is to be done about one invoice on a day. It follows from the invoice's own facts alone."""
    takebacks: list[Takeback] = []
    corrections: list[CorrectionItem] = []
    for charge in case.charges:
        back = takeback(case, charge)
        if back is not None:
            takebacks.append(back)
        corrections.extend(_corrections(case, charge, back))
    return Acts(
        case.view.client, case.view.number, notice_item(case, (), as_of, store), tuple(takebacks), tuple(corrections)
    )


def together(
    every: Iterable[Acts],
    projects: Sequence[ProjectView],
    memory: Memory,
    recipients: Mapping[str, Recipient],
    needs: Sequence[Need],
    as_of: date,
) -> Plan:
    """The plan of what is to be done about single invoices, given in their order."""
    notices: dict[str, list[NoticeItem]] = {}
    corrections: dict[str, list[CorrectionItem]] = {}
    takebacks: list[Takeback] = []
    of_project: dict[str, list[ProjectView]] = {}
    for view in projects:
        of_project.setdefault(view.project, []).append(view)
    for one in every:
        if one.notice is not None:
            project = one.notice.invoice.project
            blocks = blocked_by(one.number, project, of_project.get(project, ()))
            notices.setdefault(one.client, []).append(replace(one.notice, blocks=blocks))
        takebacks.extend(one.takebacks)
        if one.corrections:
            corrections.setdefault(one.client, []).extend(one.corrections)
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
    if case.next.instalment:
        view = instalment_of(view, case.next.instalment)
    return NoticeItem(
        invoice=view,
        step=case.next.key,
        step_name=step.name,
        template=step.email,
        fee=fee_draft(case, step, policy, as_of, store),
        announces=_announcement(case, step, policy, as_of),
        blocks=blocked_by(case.view.number, view.project, projects),
        charges=tuple(charge for charge in case.charges if charge.state is ChargeState.CLAIMED),
        interest_words=case.interest_words,
        claims=_claims(case, step, policy, as_of, store),
        discount=next(
            (
                (one.until, one.amount)
                for one in case.offers
                if one.instalment == case.next.instalment and as_of <= one.until and view.outstanding > one.amount
            ),
            None,
        ),
    )


def _claims(case: Case, step: Step, policy: Policy, as_of: date, store: str) -> tuple[FeeDraft, ...]:
    """The charges beside the fee: interest with the notice that asks for charges, else the compensation."""
    if step == CHARGES:
        return interest_drafts(case, as_of, store)
    draft = compensation_draft(case, step, policy, store)
    return () if draft is None else (draft,)


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


def _announcement(case: Case, step: Step, policy: Policy, as_of: date) -> Announcement | None:
    """The next fee of the ladder, named before it arises, with the first day on which it may."""
    case = of_part(case, case.next.instalment)
    due_on, text = case.view.due_on, named(case, policy)
    if due_on is None or not text:
        return None
    later = policy.ladder[policy.ladder.index(step) + 1 :] if step in policy.ladder else ()
    ahead = next((one for one in later if one.fee), None)
    # an instalment's own ladder knows its steps by their plain names
    this = Notice(case.view.id, case.next._replace(instalment=0).key, as_of, due_on)
    if ahead is None:
        return _again(case, policy, this, as_of)
    on = ladder.earliest(policy, ahead, due_on, [*case.notices, this], case.holds)
    if on is None:
        return None
    return Announcement(ahead.key, on, text)


def _again(case: Case, policy: Policy, this: Notice, as_of: date) -> Announcement | None:
    """The fee of the next period, where the late fee repeats."""
    ahead, due_on = ladder.fee_step(policy), case.view.due_on
    if ahead is None or due_on is None:
        return None
    if not may_repeat(policy, case.view.currency, case.binds, case.charges):
        return None
    notices = [*case.notices, this]
    found = ladder.next_again(policy, due_on, as_of, notices, case.holds)
    if found is None or found.on is None:
        return None
    return Announcement(ahead.key, found.on, named(case, policy))


def _corrections(case: Case, charge: Charge, back: Takeback | None) -> Iterable[CorrectionItem]:
    """What the client has not been told yet of charges taken back, this day's included."""
    told = {notice.step for notice in case.notices}
    whole = [(item.amount, item.why) for item in charge.reversals]
    if back is not None:
        whole.append((back.amount, back.why))
    standing, waived = charge.amount, charge.state is ChargeState.WAIVED
    if waived:
        # a person's reason is for the journal, and not for the client
        left = charge.amount - sum(amount for amount, _ in whole)
        whole.append((left, "we waive it"))
    for count, (amount, why) in enumerate(whole, start=1):
        standing -= amount
        if correction_step(charge.ref, count) not in told:
            last = waived and count == len(whole)
            yield CorrectionItem(charge.ref, case.view, amount, standing, why, count, charge.kind, last)


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
