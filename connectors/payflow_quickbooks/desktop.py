"""QuickBooks Desktop: reports of transactions as CSV and in the Excel layout with a blank column between every two, and IIF.

A transaction has one row per account that it touches; what an invoice comes to stands in the row of accounts receivable.
`Balance` is a running total.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from payflow.connector import ENTRIES, Limits, Scope, Status, empty
from payflow_exports.common import BANK_STATEMENT
from payflow_exports.format import DayOrder, Format, Portion
from payflow_quickbooks.reports import TYPES

if TYPE_CHECKING:
    from payflow_exports.sheet import Sheet

_RECEIVABLE = re.compile(r"receivable|debtors", re.IGNORECASE)
_PAID = {"y": Status.PAID, "n": Status.OPEN}
_BILLED_ONLY = (
    "what is open or paid of an invoice: it stays unknown until another report or a person says",
    "which invoice a payment was for",
    "due dates: they come from the terms",
    "invoices apart that share a number",
)


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of
    from payflow_quickbooks.details import voided

    billed = sheet.keep((sheet.words("type", TYPES, "other") == "invoice") & sheet.good)
    part = billed.keep(billed.text("account").where(lambda text: bool(_RECEIVABLE.search(text))))
    if len(billed) and not len(part):
        found = "has invoices, but no row of accounts receivable, which tells what an invoice comes to"
        sheet.problems.add("", found, "Show all accounts in the report, or Accounts Receivable, and export it again.")
    return Portion(clients_of(part), voided(invoices_of(part, {}, by_line=False)), empty(ENTRIES))


DESKTOP = Format(
    name="QuickBooks Desktop transactions",
    columns={
        "type": ("Type",),
        "issued_on": ("Date",),
        "number": ("Num",),
        "client": ("Name",),
        "reference": ("Memo",),
        "account": ("Account",),
        "cleared": ("Clr",),
        "split": ("Split",),
        "total": ("Amount",),
        "running": ("Balance",),
    },
    required=("type", "issued_on", "number", "client", "account", "split", "total"),
    foreign=("Debit", "Open balance"),
    build=_build,
    report=True,
    scope=Scope.CHANGED,
    limits=Limits(_BILLED_ONLY, f"IIF with the column PAID tells which invoices are paid. {BANK_STATEMENT}"),
)


def unfold_iif(text: str) -> str | None:
    """The TRNS lines of an IIF file as a table, row for row; every `!TRNS` line may set another order of columns."""
    if not text.lstrip("\ufeff \r\n").startswith("!") or "!TRNS\t" not in text:
        return None
    lines = [_cells(line) for line in text.splitlines()]
    names = list(dict.fromkeys(name for cells in lines if cells[0] == "!TRNS" for name in cells))
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    order: list[str] = []
    headed = False
    for cells in lines:
        row: list[str] = []
        if cells[0] == "!TRNS":
            order = ["!TRNS", *cells[1:]]
            row, headed = ([], True) if headed else (names, True)
        elif cells[0] == "TRNS":
            told = dict(zip(order, cells, strict=False))
            row = [told.get(name, "") for name in names]
        writer.writerow(row or [""] * len(names))
    return out.getvalue()


def _cells(line: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter="\t"), None) or [""]
    except csv.Error:
        cells = line.split("\t")
    return [cells[0].strip().upper(), *(cell.strip() for cell in cells[1:])]


def _build_iif(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of

    part = sheet.keep(sheet.text("type").where(lambda text: text.casefold() == "invoice"))
    return Portion(clients_of(part), invoices_of(part, _PAID, by_line=False), empty(ENTRIES))


IIF = Format(
    name="QuickBooks IIF",
    columns={
        "type": ("TRNSTYPE",),
        "issued_on": ("DATE",),
        "due_on": ("DUEDATE",),
        "client": ("NAME",),
        "total": ("AMOUNT",),
        "number": ("DOCNUM",),
        "reference": ("MEMO",),
        "status": ("PAID",),
    },
    required=("type", "issued_on", "client", "total", "number"),
    unfold=unfold_iif,
    build=_build_iif,
    day_order=DayOrder.MONTH_FIRST,
    scope=Scope.CHANGED,
    limits=Limits(
        (
            "what is open of an invoice, unless its column PAID says that it is paid, or that it is not",
            "which invoice a payment was for, and what is left of a credit memo",
            "invoices apart that share a number",
        ),
        BANK_STATEMENT,
    ),
)
