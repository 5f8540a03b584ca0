"""The sales-invoice export: one row per line, the invoice's own figures repeated on each.

Bills have the very same header, so `Type` decides. Credit notes and overpayments are open credit of the client with what is left
of them; a credit note has a number of its own, an overpayment has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from payflow.connector import EntryKind, Limits, Scope, Status
from payflow_exports.common import BANK_STATEMENT
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

#: Columns that the template for imports has too.
SHARED = {
    "client": ("ContactName",),
    "email": ("EmailAddress",),
    "number": ("InvoiceNumber",),
    "reference": ("Reference",),
    "issued_on": ("InvoiceDate",),
    "due_on": ("DueDate",),
    "total": ("Total",),
}
_COLUMNS = {
    **SHARED,
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
    standing = {name: _standing(part[name]) for name in ("credit", "overpayment")}
    invoices = _credited(invoices_of(part["invoice"], _STATUSES, by_line=True), part["invoice"])
    invoices = _overpaid(invoices, part["invoice"], standing["credit"], standing["overpayment"])
    credit = open_credit(standing["credit"], "balance", EntryKind.CREDIT, "credit:")
    over = open_credit(standing["overpayment"], "balance", EntryKind.PAYMENT, "overpayment:")
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


def _overpaid(invoices: pd.DataFrame, sheet: Sheet, credit: Sheet, over: Sheet) -> pd.DataFrame:
    """With what overpayments of a client settled told as paid: it is money that came in, and no lower price.

    The export has what was taken off an invoice in one figure. It is all money where the client's overpayments used up in the
    export cover it and no credit note of theirs was used; where both were used, it is not told which, and that is said.
    """
    settled, lowered = _used(over), _used(credit)
    invoices = invoices.copy()
    taken = invoices["credited"].fillna(0).astype("int64")
    for who, amount in settled.items():
        mine = (invoices["client"] == who[0]) & (invoices["currency"] == who[1]) & (taken > 0)
        if not amount or not mine.any():
            continue
        if lowered.get(who) or int(taken[mine].sum()) > amount:
            found = (
                f"{who[0]!r} used an overpayment, and what was taken off their invoices may be that or a credit note"
            )
            remedy = (
                "It is taken as credited. Add the day of the payment with a bank statement, or look at them in Xero."
            )
            place = f"{invoices.index[mine][0]}: {sheet.conventions.header('balance')}"
            sheet.problems.add(place, found, remedy, warning=True)
            continue
        invoices.loc[mine, "paid"] += invoices.loc[mine, "credited"]
        invoices.loc[mine, "credited"] = 0
    return invoices


def _used(sheet: Sheet) -> dict[tuple[str, str], int]:
    """What of a client's credit notes or overpayments, by currency, is no longer open."""
    from msgspec.structs import replace

    from payflow_exports.problems import Problems

    quiet = replace(sheet, problems=Problems(""), good=sheet.good.copy())
    currencies = quiet.currencies()
    total, rest = quiet.money("total", currencies), quiet.money("balance", currencies)
    clients = quiet.text("client")
    used: dict[tuple[str, str], int] = {}
    for row in np.flatnonzero(quiet.good & total.known & rest.known).tolist():
        who = (clients[row], currencies[row])
        used[who] = used.get(who, 0) + abs(int(total.values[row])) - abs(int(rest.values[row]))
    return used


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
        better=BANK_STATEMENT,
    ),
)
