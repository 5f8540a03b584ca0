"""The dashboard's export of payments, in its three generations: payments.csv of 2014, of later years, and unified_payments.csv.

One row per charge, stamps in UTC, amounts in major units. `Invoice ID` names the invoice, which another file lists; a payment
that names none is a sale without an invoice. When money went back is not told, so it counts as if it had gone back at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from payflow.connector import INVOICES, NO_DAY, EntryKind, Kind, Limits, Scope, Settlement, empty, to_date
from payflow_exports.format import Format, Portion
from payflow_stripe.facts import NO_LOSS

if TYPE_CHECKING:
    import pandas as pd

    from payflow_exports.sheet import Sheet
    from payflow_exports.texts import Texts

_SETTLEMENTS: dict[str, Settlement | None] = {
    # what went back, or was withdrawn, stands in columns of its own
    **dict.fromkeys(("paid", "succeeded", "refunded", "partially refunded", "partial refund"), Settlement.SETTLED),
    **dict.fromkeys(("partially_refunded", "disputed", "early fraud warning"), Settlement.SETTLED),
    **dict.fromkeys(("pending", "processing"), Settlement.PENDING),
    **dict.fromkeys(("failed", "canceled", "cancelled", "uncaptured", "requires_capture", "blocked", "expired"), None),
    **dict.fromkeys(("incomplete", "requires_payment_method", "requires_action", "requires_confirmation"), None),
}


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, require

    days = sheet.days("on")
    known = days[days != NO_DAY]
    covers = [to_date(int(end)) for end in (known.min(), known.max())] if len(known) else [None, None]
    linked = sheet.keep(_live(sheet) & ~sheet.text("invoice").equal("") & sheet.good)
    if len(sheet) and not len(linked):
        found = f"none of {len(sheet)} payments names an invoice, so nothing is known of whose they are"
        sheet.problems.add(
            "", found, "Export again with the column Invoice ID, as unified_payments.csv has it.", warning=True
        )
    require(linked, "id", "on", "amount")
    settlements = linked.words("status", _SETTLEMENTS, None, warn=True)
    linked = linked.keep(linked.good & (settlements != None))  # noqa: E711  # an array of objects is compared by element
    return Portion(
        clients_of(linked).assign(name=""),
        empty(INVOICES),
        _entries(linked),
        covers_from=covers[0],
        covers_to=covers[1],
    )


def _live(sheet: Sheet) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Rows that are money: neither of test mode, nor only reserved."""
    test = sheet.text("mode").where(lambda text: text.casefold() == "test")
    reserved = sheet.text("captured").where(lambda text: text.casefold() == "false")
    return np.asarray(~test & ~reserved, dtype=np.bool_)


def _entries(sheet: Sheet) -> pd.DataFrame:
    """Per charge what came, what was refunded and what the bank withdrew: all that was left, unless the file says how much."""
    import pandas as pd

    currencies, days = sheet.currencies(), sheet.days("on")
    came, refunded, disputed = (sheet.money(name, currencies) for name in ("amount", "refunded", "disputed"))
    if "dispute" in sheet:
        lost = sheet.text("dispute").where(lambda text: bool(text) and not _kept(text))
    else:
        lost = sheet.text("status").where(lambda text: text.casefold() == "disputed")
    withdrawn = np.where(disputed.known, np.abs(disputed.values), came.values - refunded.values)
    told = pd.Series(sheet.words("status", _SETTLEMENTS, None), index=pd.Index(sheet.rows)).astype("str")
    frames = []
    for kind, amounts in (
        (EntryKind.PAYMENT, came.values),
        (EntryKind.REFUND, -np.abs(refunded.values)),
        (EntryKind.DISPUTE, -np.where(lost, withdrawn, 0)),
    ):
        frame = _of_kind(sheet, kind, days, amounts, currencies)
        settled = Settlement.DISPUTED.value if kind is EntryKind.DISPUTE else told[frame.index]
        frames.append(frame.assign(settlement=settled).astype({"settlement": "str"}))
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1])


def _of_kind(sheet: Sheet, kind: EntryKind, days: np.ndarray, amounts: np.ndarray, currencies: Texts) -> pd.DataFrame:
    from payflow_exports.entries import entries_of

    ending = "" if kind is EntryKind.PAYMENT else f":{kind.value}"
    return entries_of(
        sheet,
        keys=(f"{key}{ending}" for key in sheet.text("id").objects().tolist()),
        invoices=sheet.text("invoice").objects().tolist(),
        kinds=[kind.value] * len(sheet),
        days=days,
        amounts=amounts,
        currencies=currencies,
    )


def _kept(status: str) -> bool:
    """Whether a dispute took no money, by its status; an inquiry takes none."""
    word = "_".join(status.casefold().split())
    return word in NO_LOSS or word.startswith("warning_")


PAYMENTS = Format(
    name="Stripe payments",
    columns={
        "id": ("id",),
        "on": ("Created date (UTC)", "Created (UTC)", "Created"),
        "amount": ("Amount",),
        "refunded": ("Amount Refunded",),
        "currency": ("Currency",),
        "captured": ("Captured",),
        "mode": ("Mode",),
        "status": ("Status",),
        "client": ("Customer ID",),
        "email": ("Customer Email",),
        "disputed": ("Disputed Amount",),
        "dispute": ("Dispute Status",),
        "invoice": ("Invoice ID",),
        "invoice_number": ("Invoice Number",),
    },
    required=("id", "on", "amount", "refunded", "currency", "status"),
    kinds={"on": Kind.DATE, **dict.fromkeys(("amount", "refunded", "disputed"), Kind.MONEY)},
    foreign=("Amount Due", "User ID", "User Email"),
    build=_build,
    utc=True,
    by_day=True,
    scope=Scope.CHANGED,
    limits=Limits(
        cannot_tell=(
            "invoices: it tells payments of invoices that invoices.csv lists",
            "when money was refunded or withdrawn: it counts as if it had gone back at once",
            "payments outside of Stripe, credit notes, and credit of the client's balance",
        ),
        better="Put invoices.csv beside it, or read the API, which tells all of this.",
    ),
)
