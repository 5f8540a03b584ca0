"""The timeline behind every figure of one invoice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from msgspec import Struct

from payflow.columns import NO_DAY, to_date
from payflow.decide import bank
from payflow.decide.book import answers
from payflow.decide.in_instalments import accrued_in_parts
from payflow.decide.setting import Setting
from payflow.decide.views import step_name
from payflow.errors import UnknownName
from payflow.model.agreement import ClientKind, Policy
from payflow.model.explanation import EntryView, Explanation, Stretch
from payflow.model.interest import Allocation, Mode
from payflow.model.invoice_view import Flag
from payflow.model.verdict import ProjectView
from payflow.money import show
from payflow.plan import Case, blocked_by
from payflow.policy import binding, fees
from payflow.policy.accrual import Accrual
from payflow.policy.assess import ENTRY_KINDS, SETTLEMENTS, bears
from payflow.policy.bearing import law_of
from payflow.policy.claims import squeeze
from payflow.policy.rates import OutOfTable
from payflow.policy.rounding import rounded
from payflow.policy.rows import accrued


def find(cases: Sequence[Case], name: str) -> Case:
    """The invoice of that number, `source:number`, key or `#id`. Raises `UnknownName` for none, and for several."""
    wanted = squeeze(name)
    found = [
        case
        for case in cases
        if wanted in (squeeze(case.view.number), squeeze(f"{case.view.source}:{case.view.number}"), f"#{case.view.id}")
        or wanted == squeeze(case.view.key)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownName(
            "invoice (several have that number)", name, [f"{one.view.source}:{one.view.number}" for one in found]
        )
    raise UnknownName("invoice", name, [case.view.number for case in cases])


def explanation(case: Case, setting: Setting, projects: Sequence[ProjectView]) -> Explanation:
    """Entries, stretches, notices and charges of one case; the stretches add up to its interest."""
    view, policy = case.view, case.policy
    row = next(index for index, one in enumerate(setting.facts.invoices) if one.id == view.id)
    worked = _worked(case, setting, row)
    return Explanation(
        invoice=view,
        terms=policy.terms.name if policy else "",
        rests_on=_rests_on(case),
        entries=_entries(setting, row),
        stretches=_stretches(worked),
        notices=tuple(case.notices),
        charges=tuple(case.charges),
        step_names=tuple((step.key, step_name(setting, policy.name, step)) for step in policy.ladder) if policy else (),
        blocks=blocked_by(view.number, view.project, projects),
        remarks=(*_remarks(case, setting), *_confirmed(setting, row), *_of_interest(case, worked)),
        interest=policy.interest if policy is not None and case.bears else None,
    )


def _confirmed(setting: Setting, row: int) -> Iterator[str]:
    """What a person said became of an invoice of which its source says nothing, while that stands."""
    invoice = setting.facts.invoices[row]
    said = setting.memory.confirmations.get(invoice.id)
    if said is not None and answers(invoice, said):
        was = {"paid": "paid", "void": "cancelled", "open": "still owed"}.get(said.outcome, said.outcome)
        yield f"A person confirmed that it is {was}, as of {said.on.isoformat()}; `payflow log` has why."


def _entries(setting: Setting, row: int) -> tuple[EntryView, ...]:
    book = setting.book
    place = book.entries_of(row)
    lines = bank.notes(setting.bank, int(book.id[row]))
    return tuple(
        EntryView(
            to_date(int(book.entry_on[at])),
            ENTRY_KINDS[int(book.entry_kind[at])].value,
            int(book.entry_amount[at]),
            SETTLEMENTS[int(book.entry_settlement[at])].value,
            bool(book.entry_inferred[at]),
            lines.get((int(book.entry_on[at]), int(book.entry_amount[at])), ""),
        )
        for at in range(place.start, place.stop)
    )


class _Worked(Struct, frozen=True):
    """The exact engine's answer for the invoice, or why there is none."""

    found: tuple[Accrual, ...] = ()
    unrated: str = ""


def _worked(case: Case, setting: Setting, row: int) -> _Worked:
    """The timeline of the interest: of the same figures that the columns gave."""
    policy, due_on = case.policy, int(setting.assessment.due_on[row])
    if policy is None or policy.interest is None or not case.bears or due_on == NO_DAY:
        return _Worked()
    if not bears(case.view.state) or bool(setting.book.role_charge[row]):
        return _Worked()
    try:
        if case.view.instalments:
            parts = setting.assessment.parts
            return _Worked(tuple(accrued_in_parts(parts, row, policy, setting.as_of, setting.rates)))
        return _Worked((accrued(setting.book, row, policy, due_on, setting.as_of, setting.rates),))
    except OutOfTable as error:
        return _Worked(unrated=str(error))


def _stretches(worked: _Worked) -> tuple[Stretch, ...]:
    """The days with one balance and one rate; what they add up to is the interest."""
    several = len(worked.found) > 1
    return tuple(
        Stretch(
            one.first - timedelta(days=1),
            one.last,
            one.days,
            rounded(one.balance, Mode.HALF_UP),
            fees.percent(one.annual),
            one.exact.numerator,
            one.exact.denominator,
            one.interest,
            f"instalment {number} of {len(worked.found)}, {one.why}" if several else one.why,
        )
        for number, found in enumerate(worked.found, start=1)
        if found.interest
        for one in found.stretches
    )


def _of_interest(case: Case, worked: _Worked) -> Iterator[str]:
    """What the timeline alone does not tell."""
    policy, currency = case.policy, case.view.currency
    if worked.unrated:
        yield f"No interest is worked out: {worked.unrated}"
    if not worked.found or policy is None or policy.interest is None:
        return
    for found in worked.found:
        if found.below_floor:
            floor = show(policy.interest.floor.get(currency, 0), currency)
            yield f"Interest of {show(found.below_floor, currency)} is below {floor} and not claimed."
    if policy.allocation is not Allocation.PRINCIPAL_FIRST:
        several = len(worked.found) > 1
        for number, paid in ((at, one) for at, found in enumerate(worked.found, start=1) for one in found.allocations):
            if paid.interest:
                on = f" on instalment {number}" if several else ""
                yield (
                    f"Of the {show(paid.amount, currency)} paid on {paid.on}{on}, {show(paid.interest, currency)} paid interest "
                    f"and {show(paid.principal, currency)} principal ({policy.allocation})."
                )
    law = law_of(policy.interest)
    if law is not None and any(found.interest for found in worked.found):
        yield f"Interest by law: {law.title} ({'; '.join(law.sources)})."


def _rests_on(case: Case) -> str:
    """What fee and interest rest on, one after the other where they differ."""
    policy, contract, issued_on = case.policy, case.contract, case.view.issued_on
    if policy is None:
        return ""
    grounds = [binding.rests_on(policy, contract, issued_on)] if case.binds else []
    if case.bears and policy.interest is not None:
        grounds.append(binding.interest_rests_on(policy, contract, issued_on))
    return "; interest by ".join(dict.fromkeys(grounds))


def _not_binding(case: Case, policy: Policy) -> str:
    """Why no fee arises, or no interest, or neither."""
    kind = case.contract.client.kind if case.contract is not None else ClientKind.BUSINESS
    if policy.interest is not None and policy.interest.statute and not binding.suits(policy, kind):
        what = "No interest" if case.binds or policy.late_fee is None else "No fee and no interest"
        name, client = policy.interest.statute, case.view.client_name
        return f"{what}: the statute {name} is for business clients, and {client} is a consumer."
    what = "No fee" if case.bears else "No fee and no interest"
    if case.contract is None:
        return f"{what}: no contract claims this invoice, and the policy does not bind by itself."
    if case.contract.signed is None:
        return f"{what}: the contract is not signed."
    signed = case.contract.signed.isoformat()
    return f"{what}: the contract was signed on {signed}, after the invoice was issued."


def _remarks(case: Case, setting: Setting) -> list[str]:
    flags, policy = case.view.flags, case.policy
    remarks = []
    if Flag.NOT_BINDING in flags and policy is not None:
        remarks.append(_not_binding(case, policy))
    if Flag.OLD in flags:
        remarks.append(f"Due before payflow was switched on: left alone until `payflow chase {case.view.number}`.")
    if Flag.INFERRED in flags:
        remarks.append(
            "A payment's day was inferred: the day after the last reading that did not show it, or the day of issue."
        )
    if policy is not None and policy.grace and (case.binds or case.bears):
        remarks.append(
            f"Nothing arises for {policy.grace} days after the due date; interest counts from the day after them."
            if policy.interest is None or policy.interest.grace is None
            else f"No fee arises for {policy.grace} days after the due date."
        )
    if (doubt := setting.standing.doubtful.get(case.view.id)) is not None:
        remarks.append(f"Held: {doubt}.")
    return remarks
