"""The report Aged Receivables Detail, as XLSX or CSV: what was open on its day, grouped by contact.

Which columns and ageing periods stand in it is the user's choice. It tells what is open of an invoice, not what its total was.
Sums are formulas that Xero never calculates: they read 0.00, so an amount is taken from the ageing columns where its total is 0.
"""

from __future__ import annotations

import re
from datetime import UTC, date
from typing import TYPE_CHECKING

import numpy as np

from payflow.connector import EntryKind, Kind, Limits, Scope, Status
from payflow_exports.dates import read
from payflow_exports.format import About, DayOrder, Format, Frame, Portion

if TYPE_CHECKING:
    from payflow_exports.sheet import Amounts, Sheet
    from payflow_exports.texts import Texts

_AS_AT = re.compile(r"^as (?:at|of) (?P<date>.+)$", re.IGNORECASE)
_PERIOD = re.compile(r"^(current|older|(< ?)?[0-9]+( ?- ?[0-9]+)? (day|week|month)s?)$")


def _about(frame: Frame) -> About:
    """The day in the titles: `As at 31 March 2026`."""
    texts = [" ".join(cell.split()) for cells in frame.titles for cell in cells]
    days = [day for match in map(_AS_AT.match, texts) if match and (day := _day(match["date"]))]
    return About(as_of=days[0] if days else None)


def _day(text: str) -> date | None:
    written = read(text)
    return written.on(DayOrder.DAY_FIRST, UTC, utc=True) if written else None


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, open_credit

    currencies = sheet.currencies()
    rest = _open(sheet, currencies)
    sheet = sheet.with_money("total", rest, currencies).with_money("balance", rest, currencies)
    nothing = rest.known & (rest.values == 0) | ~rest.known
    sheet.reject(
        nothing & sheet.good,
        "total",
        lambda row: (
            f"nothing is open of {sheet.text('number')[row]!r}, so its amounts may be formulas without a result"
        ),
        "Open the workbook in a spreadsheet, save it and read that; the row is left out.",
    )
    owed = np.asarray(rest.values > 0, dtype=np.bool_)
    invoices = invoices_of(sheet.keep(owed & sheet.good), {}, by_line=False)
    return Portion(
        clients=clients_of(sheet.keep(sheet.good)),
        invoices=invoices.assign(status=Status.OPEN.value).astype({"status": "str"}),
        entries=open_credit(sheet.keep(~owed & sheet.good), "balance", EntryKind.CREDIT, "credit:"),
    )


def _open(sheet: Sheet, currencies: Texts) -> Amounts:
    """What is open in every row: its total, else the sum of its ageing columns."""
    from payflow_exports.sheet import Amounts

    total = sheet.money("total", currencies)
    periods = [sheet.money(name, currencies) for name in sheet.columns if name.startswith("period ")]
    added = np.sum([period.values for period in periods], axis=0)
    filled = np.logical_or.reduce([period.known for period in periods])
    stated = total.known & (total.values != 0)
    return Amounts(np.where(stated, total.values, added), stated | filled)


AGED_RECEIVABLES = Format(
    name="Xero Aged Receivables Detail",
    columns={
        "account": ("Contact Account Number",),
        "email": ("Email",),
        "number": ("Invoice Number",),
        "reference": ("Invoice Reference",),
        "issued_on": ("Invoice Date",),
        "due_on": ("Due Date",),
        "total": ("Total",),
    },
    required=("number", "issued_on", "total"),
    families={"period": lambda name: bool(_PERIOD.match(name))},
    kinds={"period": Kind.MONEY},
    heading="client",
    build=_build,
    grouped=False,
    report=True,
    day_order=DayOrder.DAY_FIRST,
    scope=Scope.OPEN,
    open_only=True,
    about=_about,
    limits=Limits(
        cannot_tell=(
            "an invoice's total: what is open of it is taken for its total until a sales invoice export tells more",
            "whether an invoice that is no longer listed was paid, voided or deleted: it becomes unknown until confirmed",
            "when an invoice was paid, and which payments and credit notes lowered what is open",
            "the currency: all amounts are in the organisation's own",
        ),
        better="The sales invoice export (Business > Invoices > Export) tells totals, what was paid and what was voided.",
    ),
)
