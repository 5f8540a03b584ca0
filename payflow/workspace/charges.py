"""`compensation` and `interest.bill` of a policy: the charges beside the late fee, and what may not stand together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from payflow.errors import UnknownName
from payflow.model.agreement import Bill, Compensation
from payflow.policy.statutes import statute
from payflow.workspace import values
from payflow.workspace.document import Table


def read_bill(table: Table) -> Bill | None:
    """When interest is billed: `interest = { ..., bill = "on-payment" }`; None where nothing is said, or it is wrong."""
    interest = table.data.get("interest")
    if not isinstance(interest, Mapping) or interest.get("bill") is None:
        return None
    inner = Table(table.document, (*table.path, "interest"), interest, table.findings)
    known = tuple(Bill)
    before = len(table.findings.problems)
    word = inner.word("bill", known)
    return Bill(word) if len(table.findings.problems) == before else None


def read_compensation(table: Table, currency: str) -> Compensation | None:
    """The fixed sum: `true` for that of the interest's statute, `{ statute = "uk" }`, or an amount that was agreed."""
    value = table.get("compensation")
    if value is None or value is False:
        return None
    if value is True:
        return _by_law(table, ("compensation",), _law_of_interest(table))
    if isinstance(value, Mapping) and "statute" in value:
        inner = table.table("compensation")
        assert inner is not None
        name = inner.text("statute", example='"uk"')
        inner.finish()
        return _by_law(inner, ("statute",), name) if name else None
    amounts = values.amounts(table, "compensation", currency, least=1)
    return Compensation(amounts) if amounts else None


def _by_law(table: Table, path: tuple[str, ...], name: str) -> Compensation | None:
    if not name:
        remedy = 'Write interest = { statute = "uk" }, or the sum that was agreed: compensation = "40.00".'
        table.wrong(path, "no statute is named that could grant one", remedy)
        return None
    try:
        law = statute(name)
    except UnknownName as error:
        table.wrong(path, f"there is no statute {name!r}", str(error).partition(". ")[2])
        return None
    if law.compensation is None:
        table.wrong(path, f"{law.title} grants no fixed sum", 'Leave it out, or write what was agreed: "40.00".')
        return None
    return Compensation(statute=name)


def _law_of_interest(table: Table) -> str:
    interest: Any = table.data.get("interest")
    name = interest.get("statute") if isinstance(interest, Mapping) else None
    return name if isinstance(name, str) else ""


def check_stack(table: Table, compensation: Compensation | None) -> None:
    """Note what stands beside an agreed late fee or rate, and does not add to it by itself (design 6.2)."""
    if (
        compensation is not None
        and compensation.statute == "uk"
        and "interest" in table
        and not _law_of_interest(table)
    ):
        # the Act's sum is due once its own interest runs (s. 5A(1)); the directive's also beside interest that was agreed
        found = "the fixed sum of the Act goes with the interest of the Act, not with a rate that was agreed"
        remedy = 'Write interest = { statute = "uk" }, or the sum that was agreed: compensation = "40.00".'
        table.wrong("compensation", found, remedy, warning=True)
    both = table.flag("stack", False)
    if both or "late_fee" not in table:
        return
    remedy = "Leave one of them out; or write stack = true, if the contract says both and the law lets it."
    if _law_of_interest(table):
        found = "interest by statute does not add to an agreed late fee by itself"
        table.wrong(("interest", "statute"), found, remedy)
    if compensation is not None:
        table.wrong("compensation", "a compensation does not add to an agreed late fee by itself", remedy)
