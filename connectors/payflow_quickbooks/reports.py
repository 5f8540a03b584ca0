"""The reports of QuickBooks Online that list invoices.

Titles above, headings and `Total for ...` between, `TOTAL` and a footer below; two generations of column names, and the word for
customers that the company chose. No internal id is exported: an invoice is known by its number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from payflow.connector import EntryKind, Limits, Scope, Status
from payflow_exports.format import Format, Portion
from payflow_exports.sheet import Sheet
from payflow_quickbooks.about import about_aging, about_list

if TYPE_CHECKING:
    import pandas as pd

#: Company > Advanced > Other preferences lets a company choose what its customers are called.
_TERMS = ("Customer", "Client", "Donor", "Guest", "Member", "Patient", "Tenant", "Shopper", "Student", "Family")
_NAMES = ("Name", *_TERMS, *(f"{term} full name" for term in _TERMS))

SHARED: Mapping[str, Sequence[str]] = {
    "issued_on": ("Transaction date", "Date"),
    "type": ("Transaction type",),
    "number": ("Num", "No.", "No", "#", "Transaction number"),
    "client": _NAMES,
    "email": ("Email",),
    "reference": ("Memo/Description", "Memo", "Description"),
    "due_on": ("Due date",),
    "status": ("Status",),
    "currency": ("Currency",),
}

TYPES = {
    "invoice": "invoice",
    "credit memo": "credit",
    "payment": "payment",
    **dict.fromkeys(
        (
            "bill",
            "bill payment (check)",
            "bill payment (credit card)",
            "bill pmt -check",
            "billable expense charge",
            "charge",
            "check",
            "credit card credit",
            "credit card expense",
            "delayed charge",
            "delayed credit",
            "deposit",
            "estimate",
            "expense",
            "inventory qty adjust",
            "journal entry",
            "purchase order",
            "refund",
            "refund receipt",
            "sales order",
            "sales receipt",
            "statement",
            "statement charge",
            "time charge",
            "transfer",
            "vendor credit",
        ),
        "other",
    ),
}

_STATUSES = {
    "draft": Status.DRAFT,
    "open": Status.OPEN,
    "unpaid": Status.OPEN,
    "overdue": Status.OPEN,
    "sent": Status.OPEN,
    "viewed": Status.OPEN,
    "delivered": Status.OPEN,
    "not sent": Status.OPEN,
    "due": Status.OPEN,
    "partially paid": Status.OPEN,
    "partial": Status.OPEN,
    "paid": Status.PAID,
    "deposited": Status.PAID,
    "closed": Status.PAID,
    "void": Status.VOID,
    "voided": Status.VOID,
}


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, merged, open_credit, require

    types = sheet.words("type", TYPES, "invoice")
    part = {name: sheet.keep((types == name) & sheet.good) for name in ("invoice", "credit", "payment", "other")}
    require(part["invoice"], "balance")
    part["invoice"] = part["invoice"].keep(part["invoice"].good)
    invoices = _derived(invoices_of(part["invoice"], _STATUSES, by_line=False))
    import pandas as pd

    entries = [
        open_credit(merged(part["credit"], ("number",), by_line=False), "balance", EntryKind.CREDIT, "credit memo:")
    ]
    for name, kind in (("payment", EntryKind.PAYMENT), ("other", EntryKind.CREDIT)):
        entries.append(open_credit(_negative(part[name]), "balance", kind, f"{name}:"))
    credit = pd.concat([frame for frame in entries if len(frame)] or entries[:1])
    part.pop("other")
    return Portion(clients_of(*part.values()), invoices, credit)


def _negative(sheet: Sheet) -> Sheet:
    """Rows that leave money of the client unused: payments and journal entries with less than nothing open."""
    if not len(sheet):
        return sheet
    rest = sheet.money("balance", sheet.currencies())
    return sheet.keep(np.asarray(rest.known & (rest.values < 0) & sheet.good, dtype=np.bool_))


def _derived(invoices: pd.DataFrame) -> pd.DataFrame:
    """With the status that the amounts tell where no column does: nothing billed and nothing open is a voided invoice."""
    unstated = invoices["status"] == Status.UNSTATED.value
    nothing_open = (invoices["balance"] == 0).fillna(False).astype(bool)
    nothing_billed = (invoices["total"] == 0).fillna(False).astype(bool)
    status = invoices["status"].mask(unstated, Status.OPEN.value)
    status = status.mask(unstated & nothing_open, Status.PAID.value)
    status = status.mask(unstated & nothing_open & nothing_billed, Status.VOID.value)
    return invoices.assign(status=status)


_CANNOT_TELL = (
    "when an invoice was paid: payment days are inferred from one export to the next",
    "payments, credits and refunds one by one: only what is open",
    "invoices apart that share a number: the report has no internal id",
)

INVOICE_LIST = Format(
    name="QuickBooks Invoice List by Date",
    columns={**SHARED, "total": ("Amount", "Total"), "balance": ("Open balance",)},
    required=("issued_on", "number", "client", "total", "balance"),
    build=_build,
    grouped=False,
    report=True,
    about=about_list,
    limits=Limits(_CANNOT_TELL, "A/R Aging Detail also shows credit that a client has not used."),
)

SALES_LIST = Format(
    name="QuickBooks sales list",
    columns={**SHARED, "total": ("Total",), "balance": ("Balance",)},
    required=("issued_on", "type", "number", "client", "total", "balance"),
    build=_build,
    foreign=("Open balance", "Amount"),
    grouped=False,
    report=True,
    about=about_list,
    limits=Limits(_CANNOT_TELL, "Invoice List by Date names its period."),
)

_OPEN_ONLY = Limits(
    (
        *_CANNOT_TELL,
        "whether an invoice that is no longer listed was paid, voided or deleted: it becomes unknown until confirmed",
    ),
    "Invoice List by Date also lists paid and voided invoices.",
)

CUSTOMER_BALANCE = Format(
    name="QuickBooks Customer Balance Detail",
    columns={**SHARED, "total": ("Amount",), "balance": ("Open balance",), "running": ("Balance",)},
    required=("issued_on", "type", "number", "total", "balance", "running"),
    foreign=("Product/Service", "Product/Service full name"),
    build=_build,
    heading="client",
    grouped=True,
    report=True,
    scope=Scope.OPEN,
    about=about_aging,
    limits=_OPEN_ONLY,
)

AGING_DETAIL = Format(
    name="QuickBooks A/R Aging Detail",
    columns={**SHARED, "total": ("Amount",), "balance": ("Open balance",)},
    required=("issued_on", "number", "client", "total", "balance"),
    build=_build,
    grouped=True,
    report=True,
    scope=Scope.OPEN,
    about=about_aging,
    limits=_OPEN_ONLY,
)
