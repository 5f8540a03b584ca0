"""Wave: the export of accounting transactions, double entry, one row per line of a transaction.

A line in the account of receivables that raises it is an invoice; one that lowers it is a payment on the invoice of that
customer and number, or a credit where no money came. `Amount (One column)` is signed by its effect on the account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from payflow.connector import EntryKind, Limits, Scope
from payflow_exports.format import Format, Portion

if TYPE_CHECKING:
    import pandas as pd

    from payflow_exports.sheet import Sheet
    from payflow_exports.texts import Codes, Mask

_RECEIVABLE = "system receivable invoice"
#: Types of accounts in which money lies.
_MONEY = ("cash and bank", "money in transit", "credit card")
_KEY = ("client", "number")


class _Others(NamedTuple):
    """What the other lines of each receivable line's transaction show: whether money moved, or only an expense was booked."""

    money: Mask
    expense: Mask


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, issued_between

    receivable = sheet.text("type").where(lambda text: text.casefold() == _RECEIVABLE)
    others = _others(sheet, receivable)
    rows = sheet.keep(receivable & sheet.good)
    money, expense = (mask[receivable & sheet.good] for mask in others)
    amounts = rows.money("total", rows.currencies()).values
    issued = rows.keep((amounts > 0) & ~money & rows.good)
    moved = (amounts < 0) | (amounts > 0) & money
    entries = _entries(rows.keep(moved), _Others(money[moved], expense[moved]))
    invoices = invoices_of(issued, {}, by_line=False, key=_KEY)
    first, last = issued_between(sheet)
    return Portion(clients_of(issued, rows.keep(moved)), invoices, entries, covers_from=first, covers_to=last)


def _others(sheet: Sheet, receivable: Mask) -> _Others:
    transaction = sheet.text("transaction")
    of_money = sheet.text("type").where(lambda text: text.casefold() in _MONEY)
    of_expense = sheet.text("group").where(lambda text: text.casefold() == "expense")
    money, expense, elsewhere = (
        _of_transactions(transaction.codes, lines, len(transaction.values))
        for lines in (of_money, of_expense, ~receivable & ~of_expense)
    )
    return _Others(money, expense & ~elsewhere)


def _of_transactions(codes: Codes, lines: Mask, size: int) -> Mask:
    """For every line whether its transaction has such a line."""
    any_line = np.zeros(size, dtype=np.bool_)
    any_line[codes[lines]] = True
    return any_line[codes]


def _entries(rows: Sheet, others: _Others) -> pd.DataFrame:
    """Payments, refunds, credits and write-offs. One that names no invoice is open credit, which money back cannot be."""
    from payflow_exports.entries import entries_of
    from payflow_exports.invoices import require

    require(rows, "client", "transaction", "issued_on")
    currencies = rows.currencies()
    lowered = -rows.money("total", currencies).values
    unnamed = rows.text("number").equal("") & (lowered < 0)
    remedy = "Book it on the invoice in Wave, then export it again; the row is left out."
    rows.reject(unnamed, "number", lambda _: "is empty, so that it is not known which invoice was refunded", remedy)
    paid = rows.text("description").where(lambda text: text.casefold().startswith("invoice payment"))
    kinds = np.select(
        [lowered < 0, others.money, others.expense, paid],
        [EntryKind.REFUND.value, EntryKind.PAYMENT.value, EntryKind.WRITE_OFF.value, EntryKind.PAYMENT.value],
        EntryKind.CREDIT.value,
    )
    clients, numbers = (rows.text(name).objects().tolist() for name in _KEY)
    invoices = [f"{client}|{number}" if number else "" for client, number in zip(clients, numbers, strict=True)]
    transactions = rows.text("transaction").objects().tolist()
    return entries_of(
        rows,
        keys=(f"{transaction}|{invoice}" for transaction, invoice in zip(transactions, invoices, strict=True)),
        invoices=invoices,
        kinds=kinds,
        days=rows.days("issued_on"),
        amounts=lowered,
        currencies=currencies,
    )


TRANSACTIONS = Format(
    name="Wave accounting transactions",
    columns={
        "transaction": ("Transaction ID",),
        "issued_on": ("Transaction Date",),
        "description": ("Transaction Description",),
        "total": ("Amount (One column)",),
        "client": ("Customer",),
        "number": ("Invoice Number",),
        "reference": ("Notes / Memo",),
        "group": ("Account Group",),
        "type": ("Account Type",),
    },
    required=("transaction", "issued_on", "total", "client", "number", "type"),
    build=_build,
    dated_entries=True,
    by_day=True,
    scope=Scope.ALL,
    limits=Limits(
        cannot_tell=(
            "the due date: it comes from the terms",
            "the currency: amounts are in the business's",
            "payments before and after its period: export from the first unpaid invoice until today",
            "drafts, and invoices whose approval was taken back: they are not booked",
            "clients' addresses: contracts have to name them",
        ),
        better="Export the whole period: Settings > Data export, from the first invoice that still matters. Due dates and "
        'clients\' addresses stand in contracts, or in a CSV of invoices read with `columns` (connector = "tabular").',
    ),
)
