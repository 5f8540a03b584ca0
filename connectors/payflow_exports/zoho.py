"""Zoho Books and Zoho Invoice: the CSV of Invoices > Export, one row per line, the invoice's own figures on each.

The export dialog lets one choose columns; `Invoice ID`, 19 digits, is the key wherever it is among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from payflow.connector import ENTRIES, Kind, Limits, Scope, Status, empty
from payflow_exports.common import BANK_STATEMENT
from payflow_exports.format import Format, Portion

if TYPE_CHECKING:
    import pandas as pd

    from payflow_exports.sheet import Sheet

_STATUSES = {
    **dict.fromkeys(("draft", "pending approval", "pendingapproval", "approved", "rejected"), Status.DRAFT),
    **dict.fromkeys(
        ("sent", "viewed", "open", "unpaid", "overdue", "partially paid", "partiallypaid", "partially_paid"),
        Status.OPEN,
    ),
    **dict.fromkeys(("paid", "closed"), Status.PAID),
    **dict.fromkeys(("void", "voided"), Status.VOID),
    **dict.fromkeys(("written off", "writtenoff", "written_off"), Status.WRITTEN_OFF),
}


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, issued_between, merged, require
    from payflow_exports.lines import joined, with_terms
    from payflow_exports.statuses import closed_when_paid

    key = ("id",) if "id" in sheet else ("number",)
    one = merged(sheet, key, by_line=True)
    require(one, "balance")
    one = one.keep(one.good)
    one = with_terms(one, "terms", 0)
    one = one.with_columns(reference=joined(one, "order", "subject", "project", "notes"))
    given_up = one.money("written_off", one.currencies()).series(one.rows)
    invoices = invoices_of(one, _STATUSES, by_line=False, key=key)
    invoices = closed_when_paid(_written_off(invoices, given_up[invoices.index].fillna(0)))
    first, last = issued_between(sheet)
    return Portion(clients_of(one), invoices, empty(ENTRIES), covers_from=first, covers_to=last)


def _written_off(invoices: pd.DataFrame, given_up: pd.Series) -> pd.DataFrame:
    """With the status, and with what was paid, of invoices whose rest was given up: its balance is 0, and was not paid."""
    some = given_up > 0
    done = some & (invoices["balance"] == 0)
    status = invoices["status"].mask(done, Status.WRITTEN_OFF.value)
    paid = (invoices["total"] - invoices["balance"] - given_up).clip(lower=0)
    credited = given_up.mask(done, 0)
    return invoices.assign(
        status=status, paid=invoices["paid"].mask(some, paid), credited=invoices["credited"].mask(some, credited)
    )


INVOICES = Format(
    name="Zoho invoices",
    columns={
        "id": ("Invoice ID",),
        "number": ("Invoice Number",),
        "client": ("Customer ID", "Customer Name"),
        "client_name": ("Customer Name", "Company Name"),
        "email": ("Primary Contact EmailID",),
        "issued_on": ("Invoice Date",),
        "due_on": ("Due Date",),
        "terms": ("Payment Terms",),
        "status": ("Invoice Status",),
        "currency": ("Currency Code",),
        "total": ("Total",),
        "balance": ("Balance",),
        "closed_on": ("Last Payment Date",),
        "written_off": ("WriteOff Amount",),
        "order": ("PurchaseOrder",),
        "subject": ("Subject",),
        "project": ("Project Name",),
        "notes": ("Notes",),
    },
    required=("number", "client", "issued_on", "status", "total", "balance"),
    build=_build,
    kinds={"written_off": Kind.MONEY},
    scope=Scope.ALL,
    limits=Limits(
        cannot_tell=(
            "single payments: what was paid is the total less the balance, dated by the last payment once nothing is open",
            "credit notes apart from payments, and refunds",
            "whether an invoice was disputed",
        ),
        better="Choose all columns in the export dialog, above all Invoice ID, Currency Code and Last Payment Date. "
        + BANK_STATEMENT,
    ),
)
