"""Harvest: the invoice report as CSV, one row per invoice, numbers as the account writes them.

It has no status: nothing open is paid, unless less was paid than billed, which is a write-off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from payflow.connector import ENTRIES, Limits, Scope, Status, empty
from payflow_exports.common import BANK_STATEMENT
from payflow_exports.format import Format, Portion

if TYPE_CHECKING:
    import pandas as pd

    from payflow_exports.sheet import Sheet


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, issued_between, merged, require
    from payflow_exports.lines import joined
    from payflow_exports.statuses import closed_when_paid

    one = merged(sheet, ("number",), by_line=False)
    require(one, "paid", "balance")
    one = one.with_columns(reference=joined(one, "order", "subject"))
    invoices = closed_when_paid(_derived(invoices_of(one, {}, by_line=False)))
    first, last = issued_between(sheet)
    return Portion(clients_of(one), invoices, empty(ENTRIES), covers_from=first, covers_to=last)


def _derived(invoices: pd.DataFrame) -> pd.DataFrame:
    """With the status that the amounts tell. Nothing was credited where the rest was given up."""
    closed = invoices["balance"] == 0
    given_up = closed & (invoices["paid"] < invoices["total"])
    status = invoices["status"].mask(~closed, Status.OPEN.value).mask(closed, Status.PAID.value)
    return invoices.assign(
        status=status.mask(given_up, Status.WRITTEN_OFF.value), credited=invoices["credited"].mask(given_up, 0)
    )


INVOICES = Format(
    name="Harvest invoice report",
    columns={
        "issued_on": ("Issue Date",),
        "closed_on": ("Last Payment Date",),
        "number": ("ID",),
        "order": ("PO Number",),
        "client": ("Client",),
        "subject": ("Subject",),
        "total": ("Invoice Amount",),
        "paid": ("Paid Amount",),
        "balance": ("Balance",),
        "currency": ("Currency",),
    },
    required=("issued_on", "number", "client", "total", "paid", "balance"),
    build=_build,
    scope=Scope.ALL,
    limits=Limits(
        cannot_tell=(
            "the due date: it comes from the terms",
            "whether an invoice is a draft: each one listed is taken as issued, so leave drafts out of the report",
            "single payments: only the day of the last one, which counts once nothing is open",
            "a write-off apart from a credit: nothing open with less paid than billed is taken as written off",
            "clients' addresses: contracts have to name them",
        ),
        better=BANK_STATEMENT,
    ),
)
