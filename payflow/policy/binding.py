"""Whether fees and interest arise on an invoice: by what was agreed, or by law (design 6.2)."""

from __future__ import annotations

from datetime import date

from payflow.model.agreement import Binding, ClientKind, Contract, Policy
from payflow.policy.bearing import law_of
from payflow.policy.statutes import STATUTES, statute

#: Statutes on what consumers owe, and no one else.
FOR_CONSUMERS = frozenset(law.consumers for law in STATUTES.values() if law.consumers)


def binds(policy: Policy, contract: Contract | None, issued_on: date) -> bool:
    """True when the terms stand on the invoices, or a contract claims this one and was signed by its date."""
    if policy.binding is Binding.INVOICE:
        return True
    return _signed_by(contract, issued_on)


def interest_binds(policy: Policy, contract: Contract | None, issued_on: date, kind: ClientKind) -> bool:
    """Where interest arises: statutory interest by law, with no signature, if the law holds for such a client."""
    law = law_of(policy.interest)
    if law is not None and kind is ClientKind.BUSINESS and law.name not in FOR_CONSUMERS:
        return True
    return suits(policy, kind) and binds(policy, contract, issued_on)


def compensation_binds(policy: Policy, contract: Contract | None, issued_on: date, kind: ClientKind) -> bool:
    """Where a compensation arises: a fixed sum by law from businesses alone, with no signature; an agreed one as a fee does."""
    if policy.compensation is None or not policy.compensation.statute:
        return policy.compensation is not None and binds(policy, contract, issued_on)
    return kind is ClientKind.BUSINESS


def suits(policy: Policy, kind: ClientKind) -> bool:
    """Whether the statute of a policy holds for a client: a business statute is no ground for interest from a consumer."""
    law = law_of(policy.interest)
    return law is None or kind is ClientKind.BUSINESS or not law.business_only


def rests_on(policy: Policy, contract: Contract | None, issued_on: date) -> str:
    """What a fee or interest rests on, for the client to read; a contract that was signed later is no ground for it."""
    if contract is not None and contract.signed is not None and _signed_by(contract, issued_on):
        return f"the contract for {contract.name}, signed {contract.signed.isoformat()}"
    return f"the terms printed on the invoice ({policy.terms.name})"


def interest_rests_on(policy: Policy, contract: Contract | None, issued_on: date) -> str:
    """What interest rests on: a statute, or what `rests_on` says."""
    law = law_of(policy.interest)
    return law.title if law is not None else rests_on(policy, contract, issued_on)


def compensation_rests_on(policy: Policy, contract: Contract | None, issued_on: date) -> str:
    """What a compensation rests on: a statute, or what `rests_on` says."""
    if policy.compensation is not None and policy.compensation.statute:
        return statute(policy.compensation.statute).title
    return rests_on(policy, contract, issued_on)


def _signed_by(contract: Contract | None, day: date) -> bool:
    return contract is not None and contract.signed is not None and contract.signed <= day
