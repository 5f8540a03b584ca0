"""Akaunting: the workbook of Sales > Invoices > Export, whose sheets are joined by the invoice's number.

The sheet of transactions tells every payment with its day. The sheets of items, taxes, totals and histories tell nothing that
the first one does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from payflow.connector import ENTRIES, EntryKind, Kind, Limits, Scope, Status, empty
from payflow_exports.common import BANK_STATEMENT
from payflow_exports.format import Format, Portion

if TYPE_CHECKING:
    import pandas as pd

    from payflow_exports.sheet import Sheet

_STATUSES = {
    "draft": Status.DRAFT,
    **dict.fromkeys(("sent", "viewed", "approved", "received", "partial", "unpaid", "overdue"), Status.OPEN),
    "paid": Status.PAID,
    **dict.fromkeys(("cancelled", "canceled", "voided"), Status.VOID),
}


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, issued_between
    from payflow_exports.lines import joined

    sheet = sheet.with_columns(reference=joined(sheet, "order", "title", "notes"))
    invoices = invoices_of(sheet, _STATUSES, by_line=False)
    first, last = issued_between(sheet)
    payments = sheet.parts.get("payments")
    if payments is None:
        found, remedy = "has no sheet of transactions", "Export the invoices of Akaunting again, as they come."
        sheet.problems.add("", f"{found}, so that nothing is known of payments", remedy, warning=True)
        return Portion(clients_of(sheet), _settled(invoices), empty(ENTRIES), covers_from=first, covers_to=last)
    entries, foreign = _payments(payments, invoices)
    return Portion(
        clients_of(sheet), _paid(invoices, entries, foreign, sheet), entries, covers_from=first, covers_to=last
    )


def _payments(sheet: Sheet, invoices: pd.DataFrame) -> tuple[pd.DataFrame, set[str]]:
    """The payments of the invoices as entries, and the numbers of invoices that have some in another currency."""
    from payflow_exports.entries import entries_of
    from payflow_exports.invoices import require
    from payflow_exports.sheet import day_text
    from payflow_exports.texts import Texts

    known = invoices.set_index("key")[["client", "currency"]].to_dict("index")
    sheet = sheet.with_currency()
    sheet = sheet.keep(sheet.text("number").where(lambda text: text in known))
    if not len(sheet):
        return empty(ENTRIES), set()
    require(sheet, "amount", "on")
    currencies, numbers = sheet.currencies(), sheet.text("number").objects().tolist()
    own = np.array([known[number]["currency"] for number in numbers], dtype=np.object_)
    other = currencies.objects() != own
    foreign = {number for number, elsewhere in zip(numbers, other.tolist(), strict=True) if elsewhere}
    sheet = sheet.with_columns(client=Texts.of(known[number]["client"] for number in numbers)).keep(~other)
    currencies, days = sheet.currencies(), sheet.days("on")
    amounts = sheet.money("amount", currencies)
    facts = zip(sheet.text("transaction").objects(), sheet.text("number").objects(), days, amounts.values, strict=True)
    entries = entries_of(
        sheet,
        keys=(own_key or f"{number}|{day_text(int(day))}|{amount}" for own_key, number, day, amount in facts),
        invoices=sheet.text("number").objects().tolist(),
        kinds=np.where(amounts.values < 0, EntryKind.REFUND.value, EntryKind.PAYMENT.value),
        days=days,
        amounts=amounts.values,
        currencies=currencies,
    )
    return entries, foreign | _unread(sheet)


def _unread(sheet: Sheet) -> set[str]:
    """Numbers of invoices that have a payment which cannot be read."""
    return set(sheet.text("number").take(~sheet.good).used())


def _paid(invoices: pd.DataFrame, entries: pd.DataFrame, foreign: set[str], sheet: Sheet) -> pd.DataFrame:
    """With what was paid: all of it where the status says so, else the sum of the payments where all of them are known."""
    sums = entries.groupby("invoice")["amount"].sum().to_dict()
    told = invoices["key"].map(lambda key: sums.get(key, 0)).astype("Int64")
    done = invoices["status"].eq(Status.PAID.value)
    unknown = ~done & invoices["status"].eq(Status.OPEN.value) & invoices["key"].isin(list(foreign))
    for row, number in invoices.loc[unknown, "number"].items():
        found = f"invoice {number!r} has a payment in another currency or one that cannot be read, so what is open is not certain"
        sheet.problems.add(f"{row}", found, "Look at its payments in Akaunting; the invoice is left out.")
    paid = told.mask(done, invoices["total"])
    return _settled(invoices.assign(paid=paid))[~unknown]


def _settled(invoices: pd.DataFrame) -> pd.DataFrame:
    """Drafts and void invoices owe nothing and were paid nothing."""
    live = invoices["status"].isin([Status.OPEN.value, Status.PAID.value])
    return invoices.assign(paid=invoices["paid"].where(live))


_TRANSACTIONS = Format(
    name="Akaunting transactions",
    columns={
        "number": ("invoice_number",),
        "transaction": ("transaction_number",),
        "on": ("paid_at",),
        "amount": ("amount",),
        "currency": ("currency_code",),
    },
    required=("number", "on", "amount", "currency"),
    kinds={"amount": Kind.MONEY, "on": Kind.DATE},
    build=_build,
)

INVOICES = Format(
    name="Akaunting invoices",
    columns={
        "number": ("invoice_number",),
        "order": ("order_number",),
        "status": ("status",),
        "issued_on": ("invoiced_at",),
        "due_on": ("due_at",),
        "total": ("amount",),
        "currency": ("currency_code",),
        "client": ("contact_name",),
        "email": ("contact_email",),
        "title": ("title",),
        "notes": ("notes",),
    },
    required=("number", "status", "issued_on", "due_on", "total", "currency", "client"),
    build=_build,
    parts={"payments": _TRANSACTIONS},
    scope=Scope.ALL,
    limits=Limits(
        cannot_tell=(
            "credit notes set against an invoice",
            "what a payment in another currency took off an invoice that is not paid in full",
        ),
        better=f"Record payments in the invoice's currency. {BANK_STATEMENT}",
    ),
)
