"""Invoice2go: the CSV of all invoices, one row each, 40 columns; items, taxes and payments lie in cells as tables of their own.

Such a cell holds a header and rows, fields apart by commas and rows by semicolons, cells in it that hold a table again in quotes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from payflow.connector import (
    ENTRIES,
    AmountError,
    EntryKind,
    Limits,
    Marks,
    Scope,
    Status,
    empty,
    parse,
    to_day,
)
from payflow_exports.common import BANK_STATEMENT
from payflow_exports.format import Format, Portion

if TYPE_CHECKING:
    import pandas as pd

    from payflow_exports.sheet import Sheet

_DRAFT, _VOID = "unsent", ("void", "voided", "cancelled", "canceled", "deleted")
_STATUSES = {
    **dict.fromkeys((_DRAFT, "draft"), Status.DRAFT),
    **dict.fromkeys(
        ("sent", "viewed", "open", "unpaid", "overdue", "partial", "partially paid", "partially_paid"), Status.OPEN
    ),
    **dict.fromkeys(("paid", "fully_paid"), Status.PAID),
    **dict.fromkeys(_VOID, Status.VOID),
}
#: Names of the two columns of the payments that matter.
_DAYS = ("date", "payment_date", "paid_date", "date_paid", "paid_on")
_AMOUNTS = ("amount", "payment_amount", "paid_amount", "amount_paid")
#: Longer cells are not read: no invoice has so many payments.
_LONGEST = 100_000


class _Payment(NamedTuple):
    day: int
    amount: int


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, issued_between, merged, require
    from payflow_exports.lines import with_terms

    one = merged(sheet, ("id",), by_line=False)
    require(one, "id", "paid", "balance")
    one = with_terms(one.keep(one.good), "terms", 1)
    invoices = _derived(invoices_of(one, _STATUSES, by_line=False, key=("id",)))
    first, last = issued_between(sheet)
    return Portion(clients_of(one), invoices, _entries(one, invoices), covers_from=first, covers_to=last)


def _derived(invoices: pd.DataFrame) -> pd.DataFrame:
    """With the status that the amounts tell: on an invoice that was never sent by e-mail money may have come in all the same."""
    from payflow_exports.statuses import closed_when_paid

    live = invoices["status"] != Status.VOID.value
    settled = live & (invoices["balance"] == 0) & (invoices["total"] > 0)
    begun = live & (invoices["paid"] > 0) & (invoices["balance"] > 0)
    status = invoices["status"].mask(begun, Status.OPEN.value).mask(settled, Status.PAID.value)
    return closed_when_paid(invoices.assign(status=status))


def _entries(one: Sheet, invoices: pd.DataFrame) -> pd.DataFrame:
    """Payments of the invoices on which they add up to what was paid; those of others are inferred from what was paid."""
    from payflow_exports.entries import entries_of

    rows: list[int] = []
    found: list[_Payment] = []
    cells, currencies = one.text("payments"), one.text("currency")
    paid = dict(zip(invoices.index.tolist(), invoices["paid"].fillna(0).tolist(), strict=True))
    for row in np.flatnonzero(~cells.equal("")).tolist():
        payments = list(_payments(cells[row], currencies[row]))
        if payments and sum(payment.amount for payment in payments) == paid.get(int(one.rows[row])):
            rows.extend([row] * len(payments))
            found.extend(payments)
    if not found:
        return empty(ENTRIES)
    part = one.keep(np.array(rows, dtype=np.int64))
    amounts = np.array([payment.amount for payment in found], dtype=np.int64)
    days = np.array([payment.day for payment in found], dtype=np.int64)
    keys = part.text("id").objects().tolist()
    return entries_of(
        part,
        keys=(f"{key}|{payment.day}|{payment.amount}" for key, payment in zip(keys, found, strict=True)),
        invoices=keys,
        kinds=np.where(amounts < 0, EntryKind.REFUND.value, EntryKind.PAYMENT.value),
        days=days,
        amounts=amounts,
        currencies=part.currencies(),
    )


def _payments(cell: str, currency: str) -> list[_Payment]:
    """The payments in a cell; none at all where one of them cannot be read."""
    header, *rows = _table(cell) or [[]]
    places = {name.strip().casefold(): place for place, name in reversed(list(enumerate(header)))}
    day, amount = (next((places[name] for name in names if name in places), None) for names in (_DAYS, _AMOUNTS))
    if day is None or amount is None:
        return []
    payments = [_payment(row, day, amount, currency) for row in rows if row]
    whole = [payment for payment in payments if payment is not None]
    return whole if len(whole) == len(payments) else []


def _payment(row: Sequence[str], day: int, amount: int, currency: str) -> _Payment | None:
    if max(day, amount) >= len(row):
        return None
    try:
        # a stamp begins with the day, as all dates in this export do
        return _Payment(to_day(date.fromisoformat(row[day].strip()[:10])), parse(row[amount], currency, Marks.POINT))
    except (AmountError, ValueError):
        return None


def _table(cell: str) -> list[list[str]]:
    """The rows of a table within a cell."""
    if len(cell) > _LONGEST:
        return []
    try:
        return list(csv.reader(_split(cell)))
    except csv.Error:
        return []


def _split(cell: str) -> Iterator[str]:
    """The cell cut at semicolons outside of quotes."""
    start, quoted = 0, False
    for place, sign in enumerate(cell):
        if sign == '"':
            quoted = not quoted
        elif sign == ";" and not quoted:
            yield cell[start:place]
            start = place + 1
    yield cell[start:]


INVOICES = Format(
    name="Invoice2go invoices",
    columns={
        "id": ("Id",),
        "number": ("DocumentNumber",),
        "client": ("Name",),
        "email": ("EmailRecipient",),
        "issued_on": ("DocumentDate",),
        "status": ("DocumentStatus",),
        "reference": ("Comment",),
        "closed_on": ("DatePaid",),
        "terms": ("TermsOld",),
        "payments": ("Payments",),
        "currency": ("CurrencyCode",),
        "total": ("TotalAmount",),
        "balance": ("BalanceDueAmount",),
        "paid": ("AmountPaidAmount",),
    },
    required=("id", "number", "client", "issued_on", "total", "balance", "paid"),
    build=_build,
    scope=Scope.ALL,
    limits=Limits(
        cannot_tell=(
            "the due date printed on an invoice: it is computed from the days of its terms; without them the contract tells",
            "whether an invoice that Invoice2go did not send reached the client: it is a draft until money comes in",
            "credits apart from payments, and refunds",
        ),
        better=BANK_STATEMENT,
    ),
)
