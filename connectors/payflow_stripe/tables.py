"""Facts as the canonical tables of `payflow.columns`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from payflow.connector import CLIENTS, ENTRIES, INVOICES, check
from payflow_stripe.entries import Entry
from payflow_stripe.facts import Customer, Invoice

if TYPE_CHECKING:
    import pandas as pd


def clients_table(customers: Iterable[Customer]) -> pd.DataFrame:
    """One row per customer."""
    return _table(CLIENTS, [(item.key, item.name, item.email, item.language, item.country) for item in customers])


def invoices_table(invoices: Iterable[Invoice]) -> pd.DataFrame:
    """One row per invoice. `paid`, `credited` and `balance` stay "not stated": the entries tell it all."""
    return _table(
        INVOICES,
        [
            (
                item.key,
                item.number,
                item.client,
                item.currency,
                item.total,
                None,
                None,
                None,
                item.issued_on,
                item.due_on,
                item.closed_on,
                str(item.status),
                item.reference,
                item.pay_url,
            )
            for item in invoices
        ],
    )


def entries_table(entries: Iterable[Entry]) -> pd.DataFrame:
    """One row per movement."""
    return _table(
        ENTRIES,
        [
            (
                item.key,
                item.invoice,
                item.client,
                str(item.kind),
                item.on,
                item.amount,
                item.currency,
                str(item.settlement),
            )
            for item in entries
        ],
    )


def _table(columns: Mapping[str, Any], rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    import pandas as pd

    values = zip(*rows, strict=True) if rows else ([] for _ in columns)
    series = {
        name: _series(list(found), str(kind)) for (name, kind), found in zip(columns.items(), values, strict=True)
    }
    return check(pd.DataFrame(series), columns)


def _series(values: list[Any], kind: str) -> pd.Series[Any]:
    import numpy as np
    import pandas as pd

    if kind == "money":
        return pd.Series(values, dtype="Int64")
    if kind == "date":
        return pd.Series(np.array([_day(value) for value in values], dtype="datetime64[s]"))
    return pd.Series(values, dtype="str")


def _day(value: date | None) -> str:
    return "NaT" if value is None else value.isoformat()
