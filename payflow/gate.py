"""The gate: may work on a phase start, or go on? Facts and the day only; no memory but waivers and phase starts.

A milestone is paid when its live invoices add up to at least its amount and settled money covers all that they ask
(design 6.5). Void, fully credited or written off is not paid. The gate blocks the next work, never the billing of work done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from payflow.model.agreement import Contract, Milestone, Phase
from payflow.model.facts import State
from payflow.model.invoice_view import Flag, InvoiceView
from payflow.model.journal import Memory, Waiver
from payflow.model.verdict import MilestoneView, ProjectView, Reason, ReasonCode, Verdict
from payflow.money import show

#: Invoices in these states ask for nothing, so they pay for nothing.
_NOT_LIVE = frozenset({State.DRAFT, State.VOID, State.CREDITED, State.WRITTEN_OFF})
_GONE_WORDS = {State.VOID: "void", State.CREDITED: "credited in full", State.WRITTEN_OFF: "written off"}


def judge(
    contract: Contract,
    invoices: Mapping[str, Sequence[InvoiceView]],
    memory: Memory,
    as_of: date,
    *,
    charges_block: bool = False,
) -> ProjectView:
    """The verdicts on every phase of a contract. `invoices` are those of each milestone, by milestone id."""
    found = {
        milestone.id: milestone_reasons(
            contract, milestone, invoices.get(milestone.id, ()), charges_block=charges_block
        )
        for milestone in contract.milestones
    }
    return ProjectView(
        project=contract.project,
        key=contract.key,
        name=contract.name,
        client=contract.client.id,
        client_name=contract.client.name,
        currency=contract.currency,
        milestones=tuple(
            _milestone_view(contract, milestone, invoices.get(milestone.id, ()), paid=not found[milestone.id])
            for milestone in contract.milestones
        ),
        phases=tuple(
            _verdict(contract, index, phase, found, memory, as_of) for index, phase in enumerate(contract.phases)
        ),
    )


def _verdict(
    contract: Contract, index: int, phase: Phase, found: Mapping[str, Sequence[Reason]], memory: Memory, as_of: date
) -> Verdict:
    reasons = [reason for need in contract.needs_of(index) for reason in found[need]]
    if contract.signed is None or contract.signed > as_of:
        text = (
            "the contract is not signed"
            if contract.signed is None
            else f"the contract is only signed on {contract.signed}"
        )
        reasons.insert(
            0, Reason(ReasonCode.UNSIGNED, text, f"write signed = YYYY-MM-DD into the contract {contract.project}")
        )
    names = {one.id: one.name for one in contract.phases}
    reasons.extend(
        Reason(
            ReasonCode.PHASE_UNFINISHED,
            f"{names[before]} is not finished",
            f"payflow phase finish {contract.project} {before}",
        )
        for before in phase.after
        if (contract.key, before) not in memory.finished
    )
    place = (contract.key, phase.id)
    return Verdict(
        project=contract.project,
        phase=phase.id,
        name=phase.name,
        reasons=tuple(reasons),
        waiver=_waiver(place, memory.waivers, as_of) if reasons else None,
        started=memory.started.get(place),
        finished=memory.finished.get(place),
    )


def _waiver(place: tuple[str, str], waivers: Sequence[Waiver], as_of: date) -> Waiver | None:
    """The waiver standing on a day: it ends by itself after its last day, whatever else is known."""
    standing = [
        waiver
        for waiver in waivers
        if (waiver.project, waiver.phase) == place and waiver.since <= as_of <= waiver.until
    ]
    return max(standing, key=lambda waiver: waiver.until, default=None)


def milestone_reasons(
    contract: Contract, milestone: Milestone, invoices: Sequence[InvoiceView], *, charges_block: bool = False
) -> list[Reason]:
    """Why a milestone is not paid; empty when it is."""
    title = milestone.name or milestone.id
    price = show(milestone.amount, contract.currency)
    asking = [invoice for invoice in invoices if invoice.state not in _NOT_LIVE]
    live = [invoice for invoice in asking if invoice.currency == contract.currency]
    # what is asked in another currency pays for nothing here, and is to be paid all the same
    reasons = [reason for invoice in asking if (reason := _unpaid(invoice, milestone, title)) is not None]
    if not live:
        return [_nothing_live(contract, milestone, invoices, title, price), *reasons]
    billed = sum(invoice.total for invoice in live)
    if billed < milestone.amount:
        missing = show(milestone.amount - billed, contract.currency)
        reasons.append(
            Reason(
                ReasonCode.UNDER_BILLED,
                f"{title}: {show(billed, contract.currency)} of {price} is invoiced",
                f"invoice the missing {missing} and name the invoice in the milestone {milestone.id}",
                milestone.id,
            )
        )
    if charges_block:
        reasons.extend(
            Reason(
                ReasonCode.CHARGE_UNPAID,
                f"{title}: charges of {show(invoice.fees_owed, invoice.currency)} on {invoice.number} are unpaid",
                "payflow charge settle or payflow charge waive",
                milestone.id,
                invoice.number,
            )
            for invoice in asking
            if invoice.fees_owed > 0
        )
    return reasons


def _nothing_live(
    contract: Contract, milestone: Milestone, invoices: Sequence[InvoiceView], title: str, price: str
) -> Reason:
    strange = [invoice for invoice in invoices if invoice.currency != contract.currency]
    gone = [invoice for invoice in invoices if invoice.state in _GONE_WORDS]
    draft = [invoice for invoice in invoices if invoice.state is State.DRAFT]
    if draft:
        text, opens = f"{title}: {draft[0].number} is a draft", f"issue {draft[0].number}, and have it paid"
        return Reason(ReasonCode.DRAFT, text, opens, milestone.id, draft[0].number)
    if gone:
        invoice = gone[-1]
        text = f"{title}: {invoice.number} is {_GONE_WORDS[invoice.state]}, which is not payment"
        opens = f"invoice {price} anew, name the new invoice in the milestone {milestone.id}, and have it paid"
        return Reason(ReasonCode.CREDITED, text, opens, milestone.id, invoice.number)
    opens = f'issue an invoice of {price} and write its number into the milestone {milestone.id}: invoices = ["..."]'
    text = f"{title}: no invoice is known"
    if strange:
        text += f" in {contract.currency} ({strange[0].number} is in {strange[0].currency})"
    elif milestone.invoices:
        text = f"{title}: {', '.join(milestone.invoices)} is not in the books that were read"
        opens = "payflow sync, or check the number in the contract"
    return Reason(ReasonCode.NOT_INVOICED, text, opens, milestone.id)


def _unpaid(invoice: InvoiceView, milestone: Milestone, title: str) -> Reason | None:
    """Why one live invoice is not paid, the most telling reason only."""
    code, text, opens = _why_unpaid(invoice)
    if code is None:
        return None
    return Reason(code, f"{title}: {text}", opens, milestone.id, invoice.number)


def _why_unpaid(invoice: InvoiceView) -> tuple[ReasonCode | None, str, str]:
    missing = show(invoice.outstanding, invoice.currency)
    paid_in_full = f"{missing} paid on {invoice.number}"
    if Flag.AMBIGUOUS in invoice.flags:
        return (
            ReasonCode.AMBIGUOUS,
            f"{invoice.number} may be the same debt as another invoice",
            f"payflow link {invoice.number}",
        )
    if invoice.state is State.UNKNOWN:
        text = f"{invoice.number} is missing from a later reading of {invoice.source}"
        return ReasonCode.UNKNOWN, text, f"payflow confirm {invoice.number} --paid, --open or --void"
    if invoice.state is State.PAID:
        return None, "", ""
    if invoice.state is State.DISPUTED:
        return ReasonCode.DISPUTED, f"money on {invoice.number} is under dispute", "the dispute settled in your favour"
    if Flag.REFUNDED in invoice.flags:
        return ReasonCode.REFUNDED, f"money on {invoice.number} was paid back, {missing} is missing", paid_in_full
    if invoice.pending > 0:
        amount = show(invoice.pending, invoice.currency)
        return ReasonCode.PENDING, f"{amount} on {invoice.number} is on its way", "the payment settled"
    if Flag.STALE in invoice.flags:
        text = f"{missing} of {invoice.number} was unpaid when last read on {invoice.read_at.date()}"
        return ReasonCode.STALE, text, f"payflow sync {invoice.source}, showing {paid_in_full}"
    if invoice.paid > 0:
        return (
            ReasonCode.PART_PAID,
            f"{missing} of {show(invoice.total - invoice.credited, invoice.currency)} is missing on {invoice.number}",
            paid_in_full,
        )
    return ReasonCode.UNPAID, f"{invoice.number} is unpaid, {missing}{_lateness(invoice)}", paid_in_full


def _lateness(invoice: InvoiceView) -> str:
    if invoice.days_overdue:
        return f", {invoice.days_overdue} day{'s' if invoice.days_overdue != 1 else ''} overdue"
    return f", due {invoice.due_on}" if invoice.due_on else ""


def _milestone_view(
    contract: Contract, milestone: Milestone, invoices: Sequence[InvoiceView], *, paid: bool
) -> MilestoneView:
    live = [invoice for invoice in invoices if invoice.state not in _NOT_LIVE and invoice.currency == contract.currency]
    return MilestoneView(
        id=milestone.id,
        name=milestone.name or milestone.id,
        amount=milestone.amount,
        billed=sum(invoice.total for invoice in live),
        paid=sum(max(0, invoice.total - invoice.credited - invoice.outstanding) for invoice in live),
        is_paid=paid,
        invoices=tuple(invoice.number for invoice in invoices),
    )
