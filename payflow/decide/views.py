"""From columns to the views of invoices and the cases that planning works on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from payflow.charging import Case, may_repeat, next_claim
from payflow.columns import NO_DAY, Book, to_date, to_day
from payflow.decide.in_instalments import accrued_in_parts, instalment_views, next_instalment
from payflow.decide.known import Known
from payflow.model.agreement import Agreement, Anchor, ClientKind, Contract, DueRule, Policy, Step
from payflow.model.facts import Role, Settlement, State
from payflow.model.invoice_view import Flag, InstalmentView, InvoiceView
from payflow.model.journal import Charge, ChargeKind, ChargeState, Hold, Memory
from payflow.policy import bearing, binding, ladder
from payflow.policy.assess import SETTLEMENTS, Assessment
from payflow.policy.claims import Governed
from payflow.policy.discounts import Offer
from payflow.policy.rates import OutOfTable
from payflow.policy.rows import accrued, movements
from payflow.store.mirror import InvoiceRow

#: States in which an invoice asks for money, so that a notice may go out about it.
ASKING = frozenset({State.OPEN, State.OVERDUE})


class Figures(Struct, frozen=True):
    """One row of the assessment in Python's own numbers; see `Assessment` for their meaning."""

    due_on: int
    due_contract: int
    credited: int
    paid: int
    outstanding: int
    pending: int
    days_overdue: int
    state: State
    refunded: bool
    inferred: bool
    interest: int
    interest_per_day: int
    stale: bool


def figures(book: Book, assessment: Assessment) -> list[Figures]:
    """The columns as rows: reading a list is far quicker than reading an array cell by cell."""
    states = [State(code) for code in range(len(State))]
    return [
        Figures(*row)
        for row in zip(
            assessment.due_on.tolist(),
            assessment.due_contract.tolist(),
            assessment.credited.tolist(),
            assessment.paid.tolist(),
            assessment.outstanding.tolist(),
            assessment.pending.tolist(),
            assessment.days_overdue.tolist(),
            [states[code] for code in assessment.state.tolist()],
            assessment.refunded.tolist(),
            assessment.inferred.tolist(),
            assessment.interest.tolist(),
            assessment.interest_per_day.tolist(),
            book.stale.tolist(),
            strict=True,
        )
    ]


class Setting(Known, frozen=True, kw_only=True):
    """What is known, assessed: everything for the day before the ladder is asked."""

    book: Book
    assessment: Assessment
    figures: Sequence[Figures]
    #: the days that terms count from; None where that day is not known
    anchors: Sequence[date | None]
    #: discounts for early payment, by row
    offers: Mapping[int, Sequence[Offer]]
    binds: Sequence[bool]
    #: where interest arises; a statute asks for no signature
    bears: Sequence[bool]
    #: kinds of the clients that contracts name, by id
    kinds: Mapping[str, ClientKind]
    present: Mapping[str, str]
    step_names: Mapping[tuple[str, str], str]
    covered: frozenset[int]


def cases(setting: Setting) -> list[Case]:
    """One case per invoice, with its view."""
    moved = movements(setting.book)
    return [_case(setting, index, moved.get(index, ())) for index in range(len(setting.facts.invoices))]


def covered_by_credit(book: Book, assessment: Assessment, as_of: date) -> frozenset[int]:
    """Rows whose outstanding the client's open credit covers, oldest due first (design 6.8)."""
    today = to_day(as_of)
    free: dict[tuple[int, int], int] = {}
    settled = SETTLEMENTS.index(Settlement.SETTLED)
    for index in np.flatnonzero((book.entry_row < 0) & (book.entry_settlement == settled) & (book.entry_on <= today)):
        place = (int(book.entry_client[index]), int(book.entry_currency[index]))
        free[place] = free.get(place, 0) + int(book.entry_amount[index])
    if not free:
        return frozenset()
    covered: set[int] = set()
    asking = np.flatnonzero(np.isin(assessment.state, list(ASKING)) & ~book.role_charge)
    for row in sorted(asking.tolist(), key=lambda row: (int(assessment.due_on[row]), row)):
        place, owed = (int(book.client[row]), int(book.currency[row])), int(assessment.outstanding[row])
        if 0 < owed <= free.get(place, 0):
            free[place] -= owed
            covered.add(row)
    return frozenset(covered)


def _case(setting: Setting, index: int, moved: Sequence[tuple[int, int]]) -> Case:
    row, item = setting.facts.invoices[index], setting.governed[index]
    holds = _holds(setting.memory, row, item)
    view = _view(setting, index, holds)
    notices = setting.memory.notices.get(row.id, ())
    step = _next(setting, index, view, holds)
    case = Case(
        view=_with_next(setting, view, step),
        policy=item.policy,
        contract=item.contract,
        digest=item.digest,
        binds=setting.binds[index] and Flag.OLD not in view.flags,
        next=step,
        notices=notices,
        charges=setting.memory.charges.get(row.id, ()),
        holds=holds,
        offers=tuple(setting.offers.get(index, ())),
        movements=moved,
        bears=setting.bears[index] and Flag.OLD not in view.flags,
        compensates=_compensates(setting, index) and Flag.OLD not in view.flags,
        interest_words=_interest_words(setting, index, view, step),
        interest_at=_interest_at(setting, index, view),
        wanted=setting.memory.wanted,
        forgone=setting.memory.forgone,
        own_debt=setting.owns_debt(index),
    )
    first = _first(step, _claim(setting, index, case))
    return case if first is step else replace(case, next=first, view=_with_next(setting, view, first))


def _compensates(setting: Setting, index: int) -> bool:
    """Whether a compensation arises; a client of whom nothing is said is a business."""
    item, row = setting.governed[index], setting.facts.invoices[index]
    if item.policy is None or item.policy.compensation is None:
        return False
    kind = setting.kinds.get(item.client, ClientKind.BUSINESS)
    return binding.compensation_binds(item.policy, item.contract, to_date(row.issued_on), kind)


def _claim(setting: Setting, index: int, case: Case) -> ladder.Next | None:
    """The notice that asks for charges alone, where nothing stands in the way of one."""
    if case.view.state not in (*ASKING, State.PAID) or setting.figures[index].stale:
        return None
    if _why_not(setting, case.view):
        return None
    return next_claim(case, setting.as_of, setting.store_id)


def _first(step: ladder.Next, claim: ladder.Next | None) -> ladder.Next:
    """What comes first; on the same day the ladder."""
    if claim is None or (step.on is not None and (claim.on is None or step.on <= claim.on)):
        return step
    return claim if claim.on is not None or step.step is None else step


def _interest_at(setting: Setting, index: int, view: InvoiceView) -> Callable[[date], int] | None:
    """The interest that had arisen by the end of a day, by the facts known now; None where none arises and none was billed."""
    policy, found = setting.governed[index].policy, setting.figures[index]
    if policy is None or policy.interest is None or found.due_on == NO_DAY:
        return None
    if not view.interest and not view.interest_billed:
        return None
    due_on = found.due_on

    def at(day: date) -> int:
        if view.instalments:
            parts = accrued_in_parts(setting.assessment.parts, index, policy, min(day, setting.as_of), setting.rates)
            return sum(one.interest for one in parts)
        return accrued(setting.book, index, policy, due_on, min(day, setting.as_of), setting.rates).interest

    if not view.interest:
        # nothing that was billed goes back because a rate is missing
        with suppress(OutOfTable):
            at(setting.as_of)
            return at
        return None
    return at


def _interest_words(setting: Setting, index: int, view: InvoiceView, step: ladder.Next) -> str:
    """What a notice that is due now says of interest; empty where none binds."""
    policy = setting.governed[index].policy
    if step.on != setting.as_of or policy is None or policy.interest is None or view.due_on is None:
        return ""
    if not setting.bears[index] or Flag.OLD in view.flags:
        return ""
    due_on = view.instalments[step.instalment - 1].due_on if step.instalment else view.due_on
    return bearing.notice_words(policy.interest, due_on, policy.grace, view.issued_on, setting.as_of, setting.rates)


def _view(setting: Setting, index: int, holds: Sequence[Hold]) -> InvoiceView:
    row, item, found = setting.facts.invoices[index], setting.governed[index], setting.figures[index]
    due_on = to_date(found.due_on) if found.due_on != NO_DAY else None
    flags = frozenset(_flags(setting, index, due_on, holds))
    old = Flag.OLD in flags
    charges = setting.memory.charges.get(row.id, ())
    parts = instalment_views(setting.assessment.parts, index, item.policy, found.days_overdue, setting.as_of)
    return InvoiceView(
        id=row.id,
        source=setting.source_names.get(row.source, row.source),
        key=row.key,
        number=row.number or row.key,
        client=item.client,
        client_name=item.contract.client.name if item.contract else setting.names[index],
        project=setting.present.get(item.contract.key, item.contract.project) if item.contract else "",
        milestone=item.milestone,
        role=Role.CHARGE if Flag.CHARGE in flags else Role.PRINCIPAL,
        currency=row.currency,
        total=row.total,
        credited=found.credited,
        paid=found.paid,
        outstanding=found.outstanding,
        pending=found.pending,
        issued_on=to_date(row.issued_on),
        due_on=due_on,
        due_why=_due_why_of_instalment(parts, found.due_on)
        or _due_why(row, item.policy, found, setting.anchors[index]),
        days_overdue=found.days_overdue,
        state=found.state,
        flags=flags,
        fees=_standing(charges, ChargeKind.LATE_FEE),
        compensation=_standing(charges, ChargeKind.COMPENSATION),
        interest_billed=_standing(charges, ChargeKind.INTEREST),
        fees_owed=sum(charge.standing for charge in charges if charge.state is ChargeState.CLAIMED),
        interest=0 if old else found.interest,
        interest_per_day=0 if old else found.interest_per_day,
        next_step=None,
        next_on=None,
        next_why="",
        policy=item.policy.name if item.policy else "",
        pay_url=row.pay_url,
        read_at=setting.moments[setting.fresh[index]],
        instalments=parts if not old else tuple(replace(one, interest=0, interest_per_day=0) for one in parts),
    )


def _standing(charges: Sequence[Charge], kind: ChargeKind) -> int:
    return sum(charge.standing for charge in charges if charge.kind == kind)


def _with_next(setting: Setting, view: InvoiceView, step: ladder.Next) -> InvoiceView:
    name = step_name(setting, view.policy, step.step) if step.step else None
    return view._replace(next_step=name, next_on=step.on, next_why=step.why)


def step_name(setting: Setting, policy: str, step: Step) -> str:
    """What a step is called now, though the invoice stands under an earlier version of the agreement."""
    return setting.step_names.get((policy, step.key), step.name)


def _flags(setting: Setting, index: int, due_on: date | None, holds: Sequence[Hold]) -> Iterator[Flag]:
    found = setting.figures[index]
    if found.outstanding > 0 and (found.paid > 0 or found.credited > 0):
        yield Flag.PART_PAID
    if found.refunded:
        yield Flag.REFUNDED
    if found.inferred:
        yield Flag.INFERRED
    if index in setting.covered:
        yield Flag.COVERED
    if found.state in ASKING:
        if found.pending > 0:
            yield Flag.PENDING
        if found.stale:
            yield Flag.STALE
        if holds and ladder.held_on(setting.as_of, holds) is not None:
            yield Flag.HELD
    yield from _standing_flags(setting, index, due_on)


def _standing_flags(setting: Setting, index: int, due_on: date | None) -> Iterator[Flag]:
    """What an invoice is to payflow, whatever its figures."""
    row, policy, since = setting.facts.invoices[index], setting.governed[index].policy, setting.memory.live_from
    if since is not None and due_on is not None and due_on < since and row.id not in setting.memory.chased:
        yield Flag.OLD
    if policy is None:
        yield Flag.UNLINKED
    elif (policy.late_fee is not None and not setting.binds[index]) or (
        policy.interest is not None and not setting.bears[index]
    ):
        yield Flag.NOT_BINDING
    if row.id in setting.standing.doubtful:
        yield Flag.AMBIGUOUS
    if row.id in setting.standing.charges:
        yield Flag.CHARGE


def _holds(memory: Memory, row: InvoiceRow, item: Governed) -> Sequence[Hold]:
    if not memory.holds:
        return ()
    project = item.contract.key if item.contract else None
    wanted = {("invoice", str(row.id)), ("client", item.client), ("project", project)}
    return [hold for hold in memory.holds if (hold.scope, hold.id) in wanted]


def _next(setting: Setting, index: int, view: InvoiceView, holds: Sequence[Hold]) -> ladder.Next:
    item = setting.governed[index]
    why = _why_none(setting, view)
    if why or item.policy is None or view.due_on is None:
        return ladder.Next(None, None, why or "no due date is known")
    again = may_repeat(item.policy, view.currency, setting.binds[index], setting.memory.charges.get(view.id, ()))
    notices = setting.memory.notices.get(view.id, ())
    if view.instalments:
        tolerance = item.policy.tolerance.get(view.currency, 0)
        return next_instalment(item.policy, view, tolerance, setting.as_of, notices, holds, again=again)
    return ladder.next_step(item.policy, view.due_on, setting.as_of, notices, holds, again=again)


def _why_none(setting: Setting, view: InvoiceView) -> str:
    """Why an invoice gets no notice at all, whatever its ladder says; empty when it may get one."""
    return view.state.word if view.state not in ASKING else _why_not(setting, view)


def _why_not(setting: Setting, view: InvoiceView) -> str:
    """Why an invoice gets no notice, whether something is outstanding on it or not; empty when it may get one."""
    if view.id in setting.standing.same_as:
        return "another invoice is the same debt"
    if Flag.REFUNDED in view.flags and view.id not in setting.memory.chased:
        return f"money was paid back: payflow chase {view.number} if it is owed"
    if view.source in setting.unread:
        return f"{view.source} could not be read at the last try"
    flag = next((one for one in _SILENCING if one in view.flags), None) if view.flags else None
    return "" if flag is None else _words_of(setting, view, flag)


#: Flags of invoices that get no notice; of several, the first says why.
_SILENCING = (Flag.CHARGE, Flag.UNLINKED, Flag.AMBIGUOUS, Flag.OLD, Flag.PENDING, Flag.STALE, Flag.COVERED)


def _words_of(setting: Setting, view: InvoiceView, flag: Flag) -> str:
    return {
        Flag.CHARGE: "a charge of ours: no notice about a notice's fee",
        Flag.UNLINKED: "no contract claims it, and the business has no policy for such invoices",
        Flag.AMBIGUOUS: f"{setting.standing.doubtful.get(view.id, '')}: payflow link {view.number}",
        Flag.OLD: f"due before payflow was switched on: payflow chase {view.number}",
        Flag.PENDING: "a payment is on its way",
        Flag.STALE: f"last read {view.read_at.date().isoformat()}, too long ago to act on",
        Flag.COVERED: "open credit of the client covers it",
    }[flag]


def anchor_days(governed: Sequence[Governed], rows: Sequence[InvoiceRow], agreement: Agreement) -> list[date | None]:
    """The day that each invoice's terms count from. What was agreed has versions; whether it came about is a fact of today."""
    now = {contract.key: contract for contract in agreement.contracts.values()}
    return [_anchor_day(item, row, now) for item, row in zip(governed, rows, strict=True)]


def _anchor_day(item: Governed, row: InvoiceRow, now: Mapping[str, Contract]) -> date | None:
    if item.policy is None or item.policy.terms.anchor is Anchor.INVOICE:
        return to_date(row.issued_on)
    contract = now.get(item.contract.key, item.contract) if item.contract else None
    milestones = contract.milestones if contract is not None else ()
    found = next((one for one in milestones if one.id == item.milestone), None)
    return found.anchor_day(item.policy.terms.anchor) if found is not None else None


def _due_why_of_instalment(parts: Sequence[InstalmentView], due_on: int) -> str:
    """How the due date of an invoice in instalments came about; empty for others."""
    now = next((one for one in parts if to_day(one.due_on) == due_on), None)
    return f"instalment {now.number} of {len(parts)}, {now.terms}" if now is not None else ""


def _due_why(row: InvoiceRow, policy: Policy | None, found: Figures, start: date | None) -> str:
    due, agreed = found.due_on, found.due_contract
    if due == NO_DAY and policy is not None and start is None:
        key = {Anchor.RECEIPT: "received", Anchor.DELIVERY: "delivered"}.get(policy.terms.anchor, "accepted")
        return (
            f"not due yet: {policy.terms.name}, and that day is not known; write `{key}` to the milestone once it came"
        )
    if due == NO_DAY:
        return "no due date on the invoice, and no terms for it"
    if policy is None:
        return "printed on the invoice"
    terms = f"{policy.terms.name} from {(start or to_date(row.issued_on)).isoformat()}"
    if due == agreed:
        if row.due_on is not None and row.due_on < agreed and policy.due is DueRule.LATER:
            return f"{terms}, later than the {to_date(row.due_on).isoformat()} printed on the invoice"
        return terms
    if row.due_on == due:
        return f"printed on the invoice, later than {terms}"
    return f"shown before as {to_date(due).isoformat()}; a due date once shown never moves earlier"


def binding_rows(governed: Sequence[Governed], rows: Sequence[InvoiceRow]) -> list[bool]:
    """Where fees arise."""
    return [
        item.policy is not None and binding.binds(item.policy, item.contract, to_date(row.issued_on))
        for item, row in zip(governed, rows, strict=True)
    ]


def bearing_rows(
    governed: Sequence[Governed], rows: Sequence[InvoiceRow], binds: Sequence[bool], kinds: Mapping[str, ClientKind]
) -> list[bool]:
    """Where interest arises: as fees do, or by law. `kinds` of clients by id; a client of whom nothing is said is a business."""
    return [
        bound
        if item.policy is None or item.policy.interest is None or not item.policy.interest.statute
        else binding.interest_binds(
            item.policy, item.contract, to_date(row.issued_on), kinds.get(item.client, ClientKind.BUSINESS)
        )
        for item, row, bound in zip(governed, rows, binds, strict=True)
    ]


def charges_settled_by_books(setting_charges: Mapping[int, str], paid: frozenset[int]) -> frozenset[str]:
    """References of charges whose own invoice in the books is paid."""
    return frozenset(ref for invoice, ref in setting_charges.items() if invoice in paid and ref)


def settle(charges: Mapping[int, Sequence[Charge]], refs: frozenset[str]) -> Mapping[int, Sequence[Charge]]:
    """The charges with those references taken as settled."""
    if not refs:
        return charges
    return {
        invoice: [
            replace(charge, state=ChargeState.SETTLED)
            if charge.ref in refs and charge.state is ChargeState.CLAIMED
            else charge
            for charge in several
        ]
        for invoice, several in charges.items()
    }
