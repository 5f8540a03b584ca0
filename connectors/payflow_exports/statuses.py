"""Where a status alone tells what is open: all of it, or nothing. One that says part-paid tells neither."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from payflow.connector import Status

if TYPE_CHECKING:
    import pandas as pd

    from payflow_exports.sheet import Sheet

#: Words, in lower case, that say something was paid, and not how much.
PARTIAL = ("partial", "partially paid", "partiallypaid", "part paid", "part-paid", "partly paid")


def without_parts(sheet: Sheet, remedy: str, words: Collection[str] = PARTIAL) -> Sheet:
    """The rows whose status does not say part-paid; each other one is a problem, for its balance cannot be known."""
    partial = sheet.text("status").where(lambda text: " ".join(text.casefold().split()) in words)
    sheet.reject(partial, "status", lambda _: "says part-paid and not how much", remedy)
    return sheet.keep(sheet.good)


def stated(invoices: pd.DataFrame, sheet: Sheet) -> pd.DataFrame:
    """With the balance that the status tells where no amount does; what tells neither is a problem and left out."""
    silent = invoices["paid"].isna() & invoices["balance"].isna()
    status = invoices["status"]
    owed = silent & status.isin([Status.OPEN.value, Status.DRAFT.value])
    nothing = silent & status.isin([Status.PAID.value, Status.VOID.value, Status.WRITTEN_OFF.value])
    balance = invoices["balance"].mask(owed, invoices["total"]).mask(nothing, 0)
    unknown: Any = silent & ~owed & ~nothing
    for row, number in invoices.loc[unknown, "number"].items():
        found = f"invoice {number!r} says neither what was paid nor what is open"
        sheet.problems.add(
            f"{row}", found, "Fill in the amount (0 where nothing was paid) or the status; the invoice is left out."
        )
    told: pd.DataFrame = invoices.assign(balance=balance)[~unknown]
    return told


def closed_when_paid(invoices: pd.DataFrame) -> pd.DataFrame:
    """With the day of the last payment only where it is the day on which the invoice was paid in full."""
    paid = invoices["status"] == Status.PAID.value
    return invoices.assign(closed_on=invoices["closed_on"].where(paid))
