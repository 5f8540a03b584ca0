"""The timeline behind every figure of one invoice."""

from __future__ import annotations

from collections.abc import Sequence

from payflow.columns import NO_DAY, to_date, to_day
from payflow.decide import bank
from payflow.decide.views import Setting, step_name
from payflow.errors import UnknownName
from payflow.model.decision import EntryView, Explanation, Flag, ProjectView, Stretch
from payflow.plan import Case, blocked_by
from payflow.policy import binding, fees, interest, timeline
from payflow.policy.assess import ENTRY_KINDS, SETTLEMENTS
from payflow.policy.claims import squeeze


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
    return Explanation(
        invoice=view,
        terms=policy.terms.name if policy else "",
        rests_on=binding.rests_on(policy, case.contract, view.issued_on) if policy and case.binds else "",
        entries=_entries(setting, row),
        stretches=_stretches(case, setting, row),
        notices=tuple(case.notices),
        charges=tuple(case.charges),
        step_names=tuple((step.key, step_name(setting, policy.name, step)) for step in policy.ladder) if policy else (),
        blocks=blocked_by(view.number, view.project, projects),
        remarks=tuple(_remarks(case, setting)),
    )


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


def _stretches(case: Case, setting: Setting, row: int) -> tuple[Stretch, ...]:
    """The days with one balance; none where no interest arises. Their numerators add up to the row's balance-days."""
    policy, found = case.policy, setting.assessment
    if policy is None or policy.interest is None or not found.balance_days[row] or not case.binds:
        return ()
    if int(found.due_on[row]) == NO_DAY:
        return ()
    annual = policy.interest.annual
    start, until = int(found.due_on[row]) + policy.grace, to_day(setting.as_of)
    tolerance = policy.tolerance.get(case.view.currency, 0)
    result = []
    for span in timeline.spans(case.view.total, case.movements, start, until, tolerance):
        above, below = interest.numerator(span.balance * span.days, annual)
        rate = fees.percent(annual)
        result.append(Stretch(to_date(span.start), to_date(span.end), span.days, span.balance, rate, above, below))
    return tuple(result)


def _remarks(case: Case, setting: Setting) -> list[str]:
    flags, policy = case.view.flags, case.policy
    remarks = []
    if Flag.NOT_BINDING in flags:
        if case.contract is None:
            remarks.append(
                "No fee and no interest: no contract claims this invoice, and the policy does not bind by itself."
            )
        elif case.contract.signed is None:
            remarks.append("No fee and no interest: the contract is not signed.")
        else:
            remarks.append(
                f"No fee and no interest: the contract was signed on {case.contract.signed.isoformat()}, "
                "after the invoice was issued."
            )
    if Flag.OLD in flags:
        remarks.append(f"Due before payflow was switched on: left alone until `payflow chase {case.view.number}`.")
    if Flag.INFERRED in flags:
        remarks.append(
            "A payment's day was inferred: the day after the last reading that did not show it, or the day of issue."
        )
    if policy is not None and policy.grace and case.binds:
        remarks.append(
            f"Nothing arises for {policy.grace} days after the due date; interest counts from the day after them."
        )
    if (doubt := setting.standing.doubtful.get(case.view.id)) is not None:
        remarks.append(f"Held: {doubt}.")
    return remarks
