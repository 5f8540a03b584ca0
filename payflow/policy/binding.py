"""Whether fees and contractual interest arise on an invoice (design 6.2)."""

from __future__ import annotations

from datetime import date

from payflow.model.agreement import Binding, Contract, Policy


def binds(policy: Policy, contract: Contract | None, issued_on: date) -> bool:
    """True when the terms stand on the invoices, or a contract claims this one and was signed by its date."""
    if policy.binding is Binding.INVOICE:
        return True
    return _signed_by(contract, issued_on)


def rests_on(policy: Policy, contract: Contract | None, issued_on: date) -> str:
    """What a fee or interest rests on, for the client to read; a contract that was signed later is no ground for it."""
    if contract is not None and contract.signed is not None and _signed_by(contract, issued_on):
        return f"the contract for {contract.name}, signed {contract.signed.isoformat()}"
    return f"the terms printed on the invoice ({policy.terms.name})"


def _signed_by(contract: Contract | None, day: date) -> bool:
    return contract is not None and contract.signed is not None and contract.signed <= day
