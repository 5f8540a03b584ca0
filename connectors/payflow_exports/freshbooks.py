"""FreshBooks: the export of invoice details, one row per line; 18 columns, 17 in older ones without the due date.

An invoice's total is the sum of its lines. What was paid stands nowhere: a status tells all or nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from payflow.connector import ENTRIES, Limits, Scope, Status, empty
from payflow_exports.common import BANK_STATEMENT
from payflow_exports.format import Format, Portion

if TYPE_CHECKING:
    from payflow_exports.sheet import Sheet

#: Numbers are counted per client; equal ones of two clients are two invoices.
_KEY = ("client", "number")
_STATUSES = {
    **dict.fromkeys(("draft", "created"), Status.DRAFT),
    **dict.fromkeys(
        ("sent", "viewed", "outstanding", "unpaid", "overdue", "disputed", "declined", "failed", "retry", "pending"),
        Status.OPEN,
    ),
    **dict.fromkeys(("paid", "auto-paid", "autopaid"), Status.PAID),
    **dict.fromkeys(("void", "voided", "deleted"), Status.VOID),
}
#: A deposit that was paid is a part of the invoice as well.
_PARTIAL = ("partial", "partially paid", "partially-paid", "deposit-partial", "deposit-paid")


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, issued_between, merged
    from payflow_exports.lines import summed, texts_of_lines
    from payflow_exports.statuses import closed_when_paid, stated, without_parts

    lines = summed(sheet, "total", _KEY)
    lines = lines.with_columns(reference=texts_of_lines(lines, _KEY, "item", "description"))
    remedy = "The invoice is left out until it is paid in full, or another source tells what is open."
    one = without_parts(merged(lines, _KEY, by_line=True), remedy, _PARTIAL)
    invoices = closed_when_paid(stated(invoices_of(one, _STATUSES, by_line=False, key=_KEY), one))
    first, last = issued_between(sheet)
    return Portion(clients_of(one), invoices, empty(ENTRIES), covers_from=first, covers_to=last)


INVOICES = Format(
    name="FreshBooks invoice details",
    columns={
        "client": ("Client Name",),
        "number": ("Invoice #",),
        "issued_on": ("Date Issued",),
        "due_on": ("Date Due",),
        "status": ("Invoice Status",),
        "closed_on": ("Date Paid",),
        "item": ("Item Name",),
        "description": ("Item Description",),
        "total": ("Line Total",),
        "currency": ("Currency",),
    },
    required=("client", "number", "issued_on", "status", "total"),
    build=_build,
    scope=Scope.ALL,
    limits=Limits(
        cannot_tell=(
            "how much of an invoice was paid in part: it is listed as a problem and left out, unknown until it is paid in full",
            "single payments, refunds and credits, and what was paid before the day an invoice was paid in full",
            "the due date, in the older export with 17 columns: it comes from the terms",
            "clients' addresses: contracts have to name them",
        ),
        better=f"The export with 18 columns has the due date. {BANK_STATEMENT}",
    ),
)
