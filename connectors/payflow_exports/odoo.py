"""Odoo: invoices exported from their list, with columns that the user chose, by label or by technical name.

Lines of an invoice stand on rows of their own, whose other columns are blank. `in_payment` is money that was registered but that
no bank statement shows yet: it is under way, not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from payflow.connector import ENTRIES, EntryKind, Limits, Scope, Settlement, Status, empty
from payflow_exports.common import BANK_STATEMENT
from payflow_exports.format import Format, Portion

if TYPE_CHECKING:
    import pandas as pd

    from payflow_exports.sheet import Sheet

_TYPES = {
    **dict.fromkeys(("out_invoice", "customer invoice"), "invoice"),
    **dict.fromkeys(("out_refund", "customer credit note"), "credit"),
    **dict.fromkeys(
        (
            *("in_invoice", "vendor bill", "in_refund", "vendor credit note", "entry", "journal entry"),
            *("out_receipt", "sales receipt", "in_receipt", "purchase receipt"),
        ),
        "other",
    ),
}
_STATES = {"draft": Status.DRAFT, "posted": Status.OPEN, "cancel": Status.VOID, "cancelled": Status.VOID}
_PAYMENT_STATES = {
    **dict.fromkeys(("not_paid", "not paid", "partial", "partially paid", "blocked"), "open"),
    **dict.fromkeys(("in_payment", "in payment"), "pending"),
    "paid": "paid",
    "reversed": "reversed",
    **dict.fromkeys(("invoicing_legacy", "invoicing app legacy"), ""),
}
#: What stands for the number of a draft.
_UNNUMBERED = ("/", "false")


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, issued_between, open_credit
    from payflow_exports.lines import joined

    sheet = sheet.with_columns(
        number=sheet.text("number").map(lambda text: "" if text.casefold() in _UNNUMBERED else text),
        reference=joined(sheet, "reference", "origin", "payment_reference"),
    )
    undated = sheet.text("issued_on").equal("") & sheet.text("number").equal("")
    sheet = sheet.keep(~undated)  # a draft gets its date when it is posted
    types = sheet.words("type", _TYPES, "other")
    draft = (sheet.words("state", _STATES, Status.OPEN) == Status.DRAFT) | sheet.text("number").equal("")
    billed, refunds = (sheet.keep((types == kind) & sheet.good) for kind in ("invoice", "credit"))
    invoices = _stated(invoices_of(billed, {}, by_line=False), billed)
    first, last = issued_between(sheet.keep(~draft & (types == "invoice")))
    live = refunds.words("state", _STATES, Status.OPEN) == Status.OPEN
    return Portion(
        clients_of(billed, refunds),
        invoices,
        _entries(invoices, billed, open_credit(refunds.keep(live), "balance", EntryKind.CREDIT, "credit:")),
        covers_from=first,
        covers_to=last,
    )


def _stated(invoices: pd.DataFrame, sheet: Sheet) -> pd.DataFrame:
    """With what the two states say: of a reversed invoice nothing was paid, of one in payment nothing is there yet."""
    state, payment = _words(sheet, invoices)
    status = state.mask(state.eq(Status.OPEN.value) & payment.eq("paid"), Status.PAID.value)
    status = status.mask(invoices["number"].eq("") & status.eq(Status.OPEN.value), Status.DRAFT.value)
    live = status.isin([Status.OPEN.value, Status.PAID.value])
    pending, reversed_ = live & payment.eq("pending"), live & payment.eq("reversed")
    settled = live & ~payment.isin(["pending", "reversed", "open", "paid"]) & invoices["balance"].eq(0)
    balance = invoices["balance"].mask(pending, invoices["total"])
    credited = invoices["credited"].mask(reversed_, invoices["total"] - balance)
    return invoices.assign(
        status=status.mask(settled, Status.PAID.value).astype("str"),
        balance=balance,
        credited=credited,
        paid=invoices["paid"].mask(reversed_, 0),
    )


def _words(sheet: Sheet, invoices: pd.DataFrame) -> tuple[pd.Series[str], pd.Series[str]]:
    import pandas as pd

    state = sheet.words("state", _STATES, Status.OPEN)
    payment = sheet.words("payment", _PAYMENT_STATES, "", warn=True)
    index = pd.Index(sheet.rows)
    told = (pd.Series([str(word) for word in words], index=index, dtype="str") for words in (state, payment))
    first, second = (words[invoices.index] for words in told)
    return first, second


def _entries(invoices: pd.DataFrame, sheet: Sheet, credit: pd.DataFrame) -> pd.DataFrame:
    """Open credit, and the money under way of invoices in payment, on a day that is not told."""
    import pandas as pd

    _, payment = _words(sheet, invoices)
    waiting = invoices[invoices["status"].eq(Status.OPEN.value) & payment.eq("pending") & invoices["total"].gt(0)]
    if not len(waiting):
        return credit
    frame = (
        empty(ENTRIES)
        .reindex(waiting.index)
        .assign(
            key="pending:" + waiting["key"],
            invoice=waiting["key"],
            client=waiting["client"],
            kind=EntryKind.PAYMENT.value,
            amount=waiting["total"],
            on=np.datetime64("NaT", "s"),
            currency=waiting["currency"],
            settlement=Settlement.PENDING.value,
        )
    )
    words = dict.fromkeys(("key", "invoice", "client", "kind", "currency", "settlement"), "str")
    return pd.concat([part for part in (frame.astype(words), credit) if len(part)])


INVOICES = Format(
    name="Odoo invoices",
    columns={
        "number": ("Number", "name"),
        "client": ("Customer/ID", "Partner/ID", "partner_id/id", "Customer", "Partner", "partner_id"),
        "client_name": (
            "Customer",
            "Partner",
            "Invoice Partner Display Name",
            "partner_id",
            "invoice_partner_display_name",
        ),
        "email": ("Customer/Email", "Partner/Email", "partner_id/email"),
        "issued_on": ("Invoice/Bill Date", "invoice_date"),
        "due_on": ("Due Date", "invoice_date_due"),
        "total": ("Total", "amount_total"),
        "balance": ("Amount Due", "amount_residual"),
        "currency": ("Currency", "Currency/Currency", "currency_id", "currency_id/name"),
        "type": ("Type", "move_type"),
        "state": ("Status", "State", "state"),
        "payment": ("Payment Status", "Payment State", "payment_state"),
        "reference": ("Reference", "ref"),
        "origin": ("Origin", "Source Document", "invoice_origin"),
        "payment_reference": ("Payment Reference", "payment_reference"),
    },
    required=("number", "client", "issued_on", "total", "balance", "type"),
    build=_build,
    scope=Scope.ALL,
    limits=Limits(
        cannot_tell=(
            "when an invoice was paid: payment days are inferred from one export to the next",
            "which payments and credit notes lowered what is open",
            "whether an invoice is a draft, cancelled, or paid by money under way, without Status and Payment Status",
        ),
        better=f"Export the columns Status, Payment Status, Customer/Email and Reference too. {BANK_STATEMENT}",
    ),
)
