"""The reports of QuickBooks Online that say what was billed and nothing of what is open.

Payments stand in some of them under the client, and no row says which invoice they paid: none is made up. `Balance` in them is
a running total of the report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from payflow.connector import ENTRIES, Limits, Scope, Status, empty
from payflow_exports.format import About, Format, Frame, Portion
from payflow_quickbooks.about import about_list
from payflow_quickbooks.reports import SHARED, TYPES

if TYPE_CHECKING:
    import pandas as pd

    from payflow_exports.sheet import Sheet

_BILLED_ONLY = (
    "what is open or paid of an invoice: it stays unknown until another report or a person says",
    "which invoice a payment was for",
    "due dates: they come from the terms",
    "invoices apart that share a number: the report has no internal id",
)
_BETTER = "Invoice List by Date tells due dates and what is open."


def _about(frame: Frame) -> About:
    """The period and the printing; which invoices are absent means nothing where none is said to be open."""
    return replace(about_list(frame), scope=Scope.CHANGED)


def build_billed(sheet: Sheet) -> Portion:
    """The rows of type Invoice, one each."""
    from payflow_exports.invoices import clients_of, invoices_of

    part = sheet.keep((sheet.words("type", TYPES, "other") == "invoice") & sheet.good)
    invoices = voided(invoices_of(part, {}, by_line=False))
    return Portion(clients_of(part), invoices, empty(ENTRIES))


def voided(invoices: pd.DataFrame) -> pd.DataFrame:
    """An invoice of nothing whose memo begins with `Voided` is void."""
    says_so = invoices["reference"].str.casefold().str.startswith("void")
    void = says_so & (invoices["total"] == 0)
    return invoices.assign(status=invoices["status"].mask(void, Status.VOID.value))


def _build_lines(sheet: Sheet) -> Portion:
    """One row per line; older layouts print what concerns the transaction on its first line only."""
    from payflow_exports.headings import continued
    from payflow_exports.invoices import clients_of, invoices_of
    from payflow_exports.lines import summed

    sheet = continued(sheet, "issued_on", "type", "number")
    part = sheet.keep((sheet.words("type", TYPES, "other") == "invoice") & sheet.good)
    part = summed(part, "total", ("number",))
    part = part.keep(part.good)
    return Portion(clients_of(part), voided(invoices_of(part, {}, by_line=True)), empty(ENTRIES))


TRANSACTIONS = Format(
    name="QuickBooks Transaction List by Date",
    columns={**SHARED, "total": ("Amount",), "split": ("Split",), "posting": ("Posting (Y/N)", "Posting")},
    required=("issued_on", "type", "number", "client", "total", "split"),
    foreign=("Open balance", "Balance", "Clr"),
    build=build_billed,
    grouped=False,
    report=True,
    scope=Scope.CHANGED,
    about=_about,
    limits=Limits(_BILLED_ONLY, _BETTER),
)

RECEIVED = Format(
    name="QuickBooks Invoices and Received Payments",
    columns={**SHARED, "total": ("Amount",)},
    required=("issued_on", "type", "number", "reference", "total"),
    foreign=("Open balance", "Balance", "Split", "Account", "Account name", "Name", "Customer full name"),
    heading="client",
    build=build_billed,
    grouped=True,
    report=True,
    scope=Scope.CHANGED,
    about=_about,
    limits=Limits(_BILLED_ONLY, _BETTER),
)

SALES_DETAIL = Format(
    name="QuickBooks Sales by Customer Detail",
    columns={
        **{name: headers for name, headers in SHARED.items() if name != "reference"},
        "reference": ("Memo",),
        "item": ("Product/Service full name", "Product/Service"),
        "quantity": ("Quantity", "Qty"),
        "price": ("Sales price",),
        "total": ("Amount",),
        "running": ("Balance",),
    },
    required=("issued_on", "type", "number", "item", "quantity", "price", "total"),
    heading="client",
    build=_build_lines,
    grouped=True,
    report=True,
    scope=Scope.CHANGED,
    about=_about,
    limits=Limits(
        ("sales tax: an invoice's total is the sum of its lines before tax", *_BILLED_ONLY),
        "Invoice List by Date tells totals with tax, due dates and what is open.",
    ),
)
