"""The sales-invoice export: one row per line, the invoice's own figures repeated on each.

Bills have the very same header, so `Type` decides. Credit notes and overpayments are open credit of the client with what is left
of them; a credit note has a number of its own, an overpayment has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from payflow.connector import EntryKind, Limits, Scope, Status
from payflow_exports.format import DayOrder, Format, Portion
from payflow_exports.sheet import Sheet

if TYPE_CHECKING:
    import pandas as pd

_TYPES = {
    "sales invoice": "invoice",
    "sales credit note": "credit",
    "sales overpayment": "overpayment",
    "sales prepayment": "overpayment",
    "bill": "bill",
    "bill credit note": "bill",
    "bill overpayment": "bill",
    "bill prepayment": "bill",
}

_STATUSES = {
    "draft": Status.DRAFT,
    "submitted": Status.DRAFT,
    "awaiting approval": Status.DRAFT,
    "awaiting payment": Status.OPEN,
    "authorised": Status.OPEN,
    "paid": Status.PAID,
    "voided": Status.VOID,
    "deleted": Status.VOID,
}

_COLUMNS = {
    "client": ("ContactName",),
    "email": ("EmailAddress",),
    "number": ("InvoiceNumber",),
    "reference": ("Reference",),
    "issued_on": ("InvoiceDate",),
    "due_on": ("DueDate",),
    "total": ("Total",),
    "paid": ("InvoiceAmountPaid",),
    "balance": ("InvoiceAmountDue",),
    "currency": ("Currency",),
    "type": ("Type",),
    "status": ("Status",),
}


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, open_credit

    types = sheet.words("type", _TYPES, None)
    sheet.reject(
        sheet.text("type").equal(""), "type", lambda _: "is empty", "Every row says what it is; export it again."
    )
    part = {name: sheet.keep((types == name) & sheet.good) for name in ("invoice", "credit", "overpayment")}
    invoices = _credited(invoices_of(part["invoice"], _STATUSES, by_line=True), part["invoice"])
    credit = open_credit(_standing(part["credit"]), "balance", EntryKind.CREDIT, "credit:")
    over = open_credit(_standing(part["overpayment"]), "balance", EntryKind.PAYMENT, "overpayment:")
    import pandas as pd

    entries = pd.concat([frame for frame in (credit, over) if len(frame)] or [credit])
    earliest = invoices["issued_on"].min()
    return Portion(
        clients=clients_of(*part.values()),
        invoices=invoices,
        entries=entries,
        scope=_scope(invoices, part["invoice"]),
        covers_from=None if pd.isna(earliest) else earliest.date(),
    )


def _scope(invoices: pd.DataFrame, sheet: Sheet) -> Scope:
    """An export of the tab "Paid" or "Draft" lists no open invoice, so that an absence from it means nothing."""
    if (invoices["status"] == Status.OPEN.value).any():
        return Scope.OPEN
    if not len(sheet):
        sheet.problems.add(
            "", "holds no sales invoice", "Export sales invoices, from Business > Invoices.", warning=True
        )
    return Scope.CHANGED


def _standing(sheet: Sheet) -> Sheet:
    """Credit notes or overpayments, their lines taken together; drafts and voided ones are no credit."""
    from payflow_exports.invoices import merged

    one = merged(sheet, ("number",), by_line=True)
    status = one.words("status", _STATUSES, Status.UNSTATED, warn=True)
    return one.keep(~np.isin(status.astype(str), [Status.DRAFT, Status.VOID]))


def _credited(invoices: pd.DataFrame, sheet: Sheet) -> pd.DataFrame:
    """With what credit notes took off: what of the total is neither paid nor due. Less than nothing cannot be."""
    live = invoices["status"] != Status.VOID.value
    credited = (invoices["total"] - invoices["paid"] - invoices["balance"]).where(live)
    wrong = (credited < 0).fillna(False).astype(bool)
    for row, number in invoices.loc[wrong, "number"].items():
        sheet.problems.add(
            f"{row}: {sheet.conventions.header('balance')}",
            f"invoice {number!r} has more paid and due than its total",
            "Look at the invoice in Xero, then export it again; it is left out.",
        )
    return invoices.assign(credited=credited)[~wrong]


SALES_INVOICES = Format(
    name="Xero sales invoices",
    columns=_COLUMNS,
    required=("client", "number", "issued_on", "total", "balance", "type"),
    build=_build,
    day_order=DayOrder.DAY_FIRST,
    scope=Scope.OPEN,
    limits=Limits(
        cannot_tell=(
            "when an invoice was paid: payment days are inferred from one export to the next",
            "which payments make up the amount paid, and refunds among them",
            "whether an invoice was disputed",
            "which credit notes were set against which invoice: only how much was credited",
        ),
        better="",
    ),
)
