"""From columns to the views of invoices and the cases that planning works on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date

from msgspec.structs import replace

from payflow.charging import Case, may_repeat, next_claim
from payflow.columns import NO_DAY, to_date
from payflow.decide.in_instalments import accrued_in_parts, instalment_views, next_instalment
from payflow.decide.setting import ASKING, Setting
from payflow.decide.why import due_why, due_why_of_instalment, interest_words, why_none, why_not
from payflow.model.agreement import ClientKind, Step
from payflow.model.facts import Role, State
from payflow.model.invoice_view import Flag, InvoiceView
from payflow.model.journal import Charge, ChargeKind, ChargeState, Hold, Memory
from payflow.policy import binding, ladder
from payflow.policy.claims import Governed
from payflow.policy.rates import OutOfTable
from payflow.policy.rows import accrued, movements
from payflow.store.mirror import InvoiceRow


def cases(setting: Setting) -> list[Case]:
    """One case per invoice, with its view."""
    moved = movements(setting.book)
    return [_case(setting, index, moved.get(index, ())) for index in range(len(setting.facts.invoices))]


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
        interest_words=interest_words(setting, index, view, step),
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
    if why_not(setting, case.view):
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
        due_why=due_why_of_instalment(parts, found.due_on) or due_why(row, item.policy, found, setting.anchors[index]),
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
    why = why_none(setting, view)
    if why or item.policy is None or view.due_on is None:
        return ladder.Next(None, None, why or "no due date is known")
    again = may_repeat(item.policy, view.currency, setting.binds[index], setting.memory.charges.get(view.id, ()))
    notices = setting.memory.notices.get(view.id, ())
    if view.instalments:
        tolerance = item.policy.tolerance.get(view.currency, 0)
        return next_instalment(item.policy, view, tolerance, setting.as_of, notices, holds, again=again)
    return ladder.next_step(item.policy, view.due_on, setting.as_of, notices, holds, again=again)
