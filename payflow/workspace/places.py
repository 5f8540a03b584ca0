"""What a client's place says of interest and late payment: warnings with their source, for `payflow doctor`. They cap nothing."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from payflow.errors import Problem
from payflow.model.agreement import Contract, Policy, Workspace
from payflow.policy.bearing import law_of
from payflow.policy.cautions import Caution, warnings_for
from payflow.policy.late_fees import terms_in, yearly

#: The currencies in which the laws of a country name their amounts.
_CURRENCY = {"US": "USD", "CA": "CAD"}


def cautions(workspace: Workspace) -> Iterator[Problem]:
    """One warning for each law that concerns a contract, with the projects that it concerns."""
    concerned: dict[Caution, list[str]] = {}
    for contract in sorted(workspace.agreement.contracts.values(), key=lambda one: one.project):
        place = contract.client.country or workspace.business.country
        policies = [workspace.agreement.policies.get(name) for name in contract.policies()]
        amount = _largest(contract, place)
        found = [
            one
            for policy in policies
            for one in warnings_for(
                place, annual=_annual(policy, contract.currency), amount=amount, agreed=contract.signed
            )
        ]
        for caution in dict.fromkeys(found):
            concerned.setdefault(caution, []).append(contract.project)
    for caution, projects in concerned.items():
        where = f"clients in {caution.place} ({', '.join(projects[:3])}{' and more' if len(projects) > 3 else ''})"
        yield Problem(where, caution.text.rstrip("."), f"A hint, not advice; source: {caution.source}.")


def unmoved(workspace: Workspace) -> Iterator[Problem]:
    """One warning for each policy by whose statute a due day moves to a working day, and by whose terms it does not."""
    for policy in workspace.agreement.policies.values():
        law = law_of(policy.interest)
        terms = [one.terms for one in policy.instalments] or [policy.terms]
        if law is None or not law.moves_by or all(one.rolls for one in terms):
            continue
        found = f"a due day on a weekend or holiday moves to the next working day by {law.moves_by}, and by its terms it does not"
        remedy = f'Write terms = ["30 days", "next business day in {law.country}"], else interest counts from a day too early.'
        yield Problem(f"policy {policy.name}", found, remedy)


def _annual(policy: Policy | None, currency: str) -> Fraction | None:
    """The yearly rate that was agreed, as interest or as a percentage that comes again; None where a statute says it."""
    if policy is None:
        return Fraction(0)
    fee = yearly(terms_in(policy.late_fee, currency)) if policy.late_fee is not None else Fraction(0)
    if policy.interest is None:
        return fee
    return None if policy.interest.statute else max(policy.interest.annual, fee)


def _largest(contract: Contract, place: str) -> int | None:
    """The largest milestone, where it is in the currency of the place; what is in another may be worth any amount there."""
    if contract.currency != _CURRENCY.get(place[:2]) or not contract.milestones:
        return None
    return max(milestone.amount for milestone in contract.milestones)
