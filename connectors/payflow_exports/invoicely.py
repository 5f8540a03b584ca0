"""Invoicely: the CSV of the list of invoices, one row each. What was paid stands nowhere: a status tells all or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from payflow.connector import ENTRIES, Limits, Scope, Status, empty
from payflow_exports.common import BANK_STATEMENT
from payflow_exports.format import Format, Portion

if TYPE_CHECKING:
    from payflow_exports.sheet import Sheet

_STATUSES = {
    "draft": Status.DRAFT,
    **dict.fromkeys(("due", "sent", "viewed", "open", "unpaid", "overdue", "late"), Status.OPEN),
    "paid": Status.PAID,
    **dict.fromkeys(("void", "voided", "cancelled", "canceled"), Status.VOID),
    **dict.fromkeys(("bad debt", "written off"), Status.WRITTEN_OFF),
}


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, issued_between
    from payflow_exports.statuses import stated, without_parts

    remedy = "The invoice is left out until it is paid in full, or another source tells what is open."
    whole = without_parts(sheet, remedy)
    invoices = stated(invoices_of(whole, _STATUSES, by_line=False), whole)
    first, last = issued_between(sheet)
    return Portion(clients_of(whole), invoices, empty(ENTRIES), covers_from=first, covers_to=last)


INVOICES = Format(
    name="Invoicely invoices",
    columns={
        "issued_on": ("Date",),
        "due_on": ("Due",),
        "number": ("Details",),
        "client": ("Client",),
        "status": ("Status",),
        "total": ("Total",),
    },
    required=("issued_on", "due_on", "number", "client", "status", "total"),
    build=_build,
    scope=Scope.ALL,
    limits=Limits(
        cannot_tell=(
            "the currency: the source's or the business's is assumed",
            "how much of an invoice was paid in part: it is listed as a problem and left out, unknown until it is paid in full",
            "when an invoice was paid: payment days are inferred from one export to the next",
            "references to milestones: contracts have to name their invoices",
            "clients' addresses: contracts have to name them",
        ),
        better=BANK_STATEMENT,
    ),
)
