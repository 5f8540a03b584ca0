"""Invoice Ninja v4: the exports of invoices, one row per line, and of payments, both below three rows of titles.

The first title says when it was made: `Invoice Ninja v4.5.17 - December 19, 2020 11:28 pm`. A payment names its invoice, so that
payments in a file of their own are entries of invoices that another file lists.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from payflow.connector import ENTRIES, EntryKind, Kind, Limits, Scope, Status, empty
from payflow.connector import INVOICES as CANONICAL
from payflow_exports.dates import month_of
from payflow_exports.format import About, Format, Frame, Portion

if TYPE_CHECKING:
    from payflow_exports.sheet import Sheet

_MADE = re.compile(
    r"Invoice Ninja .*- (?P<month>[A-Za-z]{3,9})\.? (?P<day>[0-9]{1,2}), (?P<year>[0-9]{4})"
    r" (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}) (?P<half>[AaPp][Mm])"
)
_STATUSES = {
    "draft": Status.DRAFT,
    **dict.fromkeys(("sent", "viewed", "approved", "partial", "unpaid", "overdue"), Status.OPEN),
    "paid": Status.PAID,
    **dict.fromkeys(("cancelled", "canceled", "reversed"), Status.VOID),
}
_CURRENCY = "the currency: amounts bear a sign that several currencies share; the source's or the business's is assumed"


def _about(frame: Frame) -> About:
    """When the export was made, by the business's clock."""
    for cells in frame.titles:
        if match := _MADE.search(" ".join(cells)):
            hour = int(match["hour"]) % 12 + (12 if match["half"].lower() == "pm" else 0)
            try:
                month = month_of(match["month"])
                made = datetime(int(match["year"]), month, int(match["day"]), hour, int(match["minute"]))  # noqa: DTZ001  # its zone is the business's
            except ValueError:
                return About()
            return About(printed=made)
    return About()


def _build_invoices(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, issued_between, merged, require
    from payflow_exports.lines import joined

    one = merged(sheet, ("number",), by_line=True)
    require(one, "paid")
    one = one.with_columns(reference=joined(one, "order", "notes", "private"))
    invoices = invoices_of(one, _STATUSES, by_line=False)
    first, last = issued_between(sheet)
    return Portion(clients_of(one), invoices, empty(ENTRIES), covers_from=first, covers_to=last)


def _build_payments(sheet: Sheet) -> Portion:
    from payflow_exports.entries import entries_of
    from payflow_exports.invoices import clients_of, require
    from payflow_exports.sheet import day_text

    require(sheet, "client", "amount", "on")
    currencies = sheet.currencies()
    amounts, days = sheet.money("amount", currencies).values, sheet.days("on")
    invoices = sheet.text("number").objects().tolist()
    facts = zip(invoices, days.tolist(), amounts.tolist(), strict=True)
    entries = entries_of(
        sheet,
        keys=(f"{invoice}|{day_text(day)}|{amount}" for invoice, day, amount in facts),
        invoices=invoices,
        kinds=np.where(amounts < 0, EntryKind.REFUND.value, EntryKind.PAYMENT.value),
        days=days,
        amounts=amounts,
        currencies=currencies,
    )
    return Portion(clients_of(sheet), empty(CANONICAL), entries)


INVOICES = Format(
    name="Invoice Ninja invoices",
    columns={
        "client": ("Client",),
        "email": ("Email",),
        "number": ("Invoice Number",),
        "total": ("Amount",),
        "paid": ("Paid",),
        "order": ("PO Number",),
        "status": ("Status",),
        "issued_on": ("Invoice Date",),
        "due_on": ("Due Date",),
        "notes": ("Public Notes",),
        "private": ("Private Notes",),
    },
    required=("client", "number", "total", "paid", "status", "issued_on"),
    build=_build_invoices,
    about=_about,
    scope=Scope.ALL,
    limits=Limits(
        cannot_tell=(
            _CURRENCY,
            "when an invoice was paid, unless the export of payments lies beside it",
            "when a part that is due earlier than the rest is due: the invoice's own due date counts",
        ),
        better="Export the payments too: they have their days, and refunds.",
    ),
)

PAYMENTS = Format(
    name="Invoice Ninja payments",
    columns={"client": ("Client",), "number": ("Invoice Number",), "amount": ("Amount",), "on": ("Date",)},
    required=("client", "number", "amount", "on"),
    build=_build_payments,
    kinds={"amount": Kind.MONEY, "on": Kind.DATE},
    # other lists of payments say more, and are other products'
    foreign=(
        "Paid",
        "Status",
        "Invoice Date",
        "Due Date",
        "Due",
        "Currency",
        "Currency Code",
        "Type",
        "Balance",
        "Total",
        "Description",
        "Memo",
        "Payment Number",
        "Payment Method",
        "Method",
    ),
    dated_entries=True,
    by_day=True,
    about=_about,
    scope=Scope.CHANGED,
    limits=Limits(
        cannot_tell=(
            "the invoices that were paid: it names them by number only",
            _CURRENCY,
        ),
        better="Export the invoices too.",
    ),
)
