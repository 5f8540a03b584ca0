"""ERPNext: sales invoices exported from their list or report view, by label or by field name.

Returns are credit notes with negative amounts. `outstanding_amount` is in the currency of the client's account, which may not be
the invoice's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from payflow.connector import EntryKind, Kind, Limits, Scope, Status
from payflow_exports.common import BANK_STATEMENT
from payflow_exports.format import Format, Portion

if TYPE_CHECKING:
    import pandas as pd

    from payflow_exports.sheet import Amounts, Sheet
    from payflow_exports.texts import Mask, Texts

_STATUSES = {
    "draft": Status.DRAFT,
    **dict.fromkeys(("submitted", "unpaid", "partly paid", "overdue"), Status.OPEN),
    **dict.fromkeys(
        ("unpaid and discounted", "partly paid and discounted", "overdue and discounted", "credit note issued"),
        Status.OPEN,
    ),
    "paid": Status.PAID,
    "cancelled": Status.VOID,
}
_RETURN, _INTERNAL, _CREDITED = "return", "internal transfer", "credit note issued"
_NO = ("", "0", "no", "false")


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, issued_between, open_credit

    status = sheet.text("status").map(lambda text: " ".join(text.casefold().split()))
    returned = ~sheet.text("is_return").where(lambda text: text.casefold() in _NO) | status.equal(_RETURN)
    sheet = sheet.with_columns(status=status.map(lambda text: "" if text == _RETURN else text))
    sheet = _in_own_currency(sheet)
    billed = sheet.keep(~returned & ~status.equal(_INTERNAL) & sheet.good)
    returns = sheet.keep(returned & sheet.good)
    first, last = issued_between(billed)
    live = returns.words("status", _STATUSES, Status.UNSTATED, warn=True)
    returns = returns.keep(~np.isin(live.astype(str), [Status.DRAFT, Status.VOID]))
    beyond = _owed(billed.keep(billed.money("total", billed.currencies()).values >= 0))
    billed = _nothing_open(billed)
    return Portion(
        clients_of(billed, returns),
        _credited(invoices_of(billed, _STATUSES, by_line=False), billed, returns),
        _joined(
            open_credit(_owed(returns), "balance", EntryKind.CREDIT, "return:"),
            open_credit(beyond, "balance", EntryKind.PAYMENT, "overpaid:"),
        ),
        covers_from=first,
        covers_to=last,
    )


def _in_own_currency(sheet: Sheet) -> Sheet:
    """With the total that was asked for, and what is open in the invoice's currency; where that is not certain, a problem."""
    currencies = sheet.currencies()
    rounded, grand = sheet.money("rounded", currencies), sheet.money("total", currencies)
    asked = np.where(rounded.known & (rounded.values != 0), rounded.values, grand.values)
    sheet = sheet.with_money("total", _amounts(asked, grand.known), currencies)
    rest = sheet.money("balance", currencies)
    foreign = _foreign(sheet, currencies)
    if not foreign.any():
        return sheet
    base = sheet.money("base", currencies)
    whole = foreign & base.known & (rest.values == base.values)
    certain = ~foreign | whole | (rest.values == 0)
    rests, rates = sheet.text("balance"), sheet.text("rate")
    sheet.reject(
        ~certain,
        "balance",
        lambda row: f"{rests[row]!r} may be in another currency than the invoice's, at the rate of {rates[row]}",
        "Export the column Party Account Currency too, or look at the invoice in ERPNext; it is left out.",
    )
    return sheet.with_money("balance", _amounts(np.where(whole, asked, rest.values), rest.known), currencies)


def _foreign(sheet: Sheet, currencies: Texts) -> Mask:
    """Rows whose client's account is, or may be, in another currency than the invoice."""
    account = sheet.text("account_currency").map(str.upper)
    told = ~account.equal("")
    same = np.array([a == b for a, b in zip(account.objects(), currencies.objects(), strict=True)], dtype=np.bool_)
    converted = ~sheet.text("rate").where(lambda text: not text.strip("0.,") or text.strip("0.,") == "1")
    return np.where(told, ~same, converted).astype(np.bool_)


def _amounts(values: object, known: Mask) -> Amounts:
    from payflow_exports.sheet import Amounts

    return Amounts(np.asarray(values, dtype=np.int64), known)


def _owed(rows: Sheet) -> Sheet:
    """Returns and invoices with something left for the client: their outstanding amount is negative."""
    if not len(rows):
        return rows
    return rows.keep(rows.money("balance", rows.currencies()).values < 0)


def _nothing_open(billed: Sheet) -> Sheet:
    """Invoices of which more was paid than asked leave nothing open; what is beyond is credit of the client."""
    if not len(billed):
        return billed
    currencies = billed.currencies()
    rest, total = billed.money("balance", currencies), billed.money("total", currencies)
    beyond = rest.known & (rest.values < 0) & (total.values >= 0)
    return billed.with_money("balance", _amounts(np.where(beyond, 0, rest.values), rest.known), currencies)


def _joined(*frames: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([frame for frame in frames if len(frame)] or frames[:1])


def _credited(invoices: pd.DataFrame, billed: Sheet, returns: Sheet) -> pd.DataFrame:
    """With what returns took off: what those in the file did, and all that is not open where the status says so."""
    taken: dict[str, int] = {}
    currencies = returns.currencies()
    total, rest = (returns.money(name, currencies) for name in ("total", "balance"))
    against = returns.text("against")
    for row in range(len(returns)):
        if against[row]:
            taken[against[row]] = taken.get(against[row], 0) + abs(int(total.values[row])) - abs(int(rest.values[row]))
    import pandas as pd

    closed = invoices["total"] - invoices["balance"]
    told = pd.Series([taken.get(key, 0) for key in invoices["key"]], index=invoices.index, dtype="Int64")
    says = pd.Series(billed.text("status").equal(_CREDITED), index=billed.rows)[invoices.index]
    credited = told.where(told.le(closed), closed).mask(says & told.eq(0), closed)
    return invoices.assign(credited=credited.mask(credited.eq(0)))


INVOICES = Format(
    name="ERPNext sales invoices",
    columns={
        "number": ("name", "ID", "Invoice"),
        "client": ("customer",),
        "client_name": ("customer_name", "Customer Name"),
        "email": ("contact_email", "Contact Email"),
        "issued_on": ("posting_date", "Posting Date", "Date"),
        "due_on": ("due_date", "Payment Due Date", "Due Date"),
        "total": ("grand_total", "Grand Total"),
        "rounded": ("rounded_total", "Rounded Total"),
        "base": ("base_grand_total", "Grand Total (Company Currency)"),
        "balance": ("outstanding_amount", "Outstanding Amount"),
        "currency": ("currency",),
        "rate": ("conversion_rate", "Exchange Rate"),
        "account_currency": ("party_account_currency", "Party Account Currency"),
        "status": ("status",),
        "is_return": ("is_return", "Is Return (Credit Note)"),
        "against": ("return_against", "Return Against"),
        "reference": ("po_no", "Customer's Purchase Order", "project", "Project", "remarks", "Remarks"),
    },
    required=("number", "client", "issued_on", "total", "balance", "status"),
    kinds={"rounded": Kind.MONEY, "base": Kind.MONEY},
    build=_build,
    scope=Scope.ALL,
    limits=Limits(
        cannot_tell=(
            "when an invoice was paid: payment days are inferred from one export to the next",
            "which payments make up what was paid",
            "what is open in the invoice's currency, where the client's account is in another one and part of it was paid",
        ),
        better="Export the columns Is Return, Return Against, Rounded Total, Party Account Currency and Contact Email too. "
        + BANK_STATEMENT,
    ),
)
