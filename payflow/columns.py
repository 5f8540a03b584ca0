"""Canonical columns of clients, invoices, entries and bank lines, and the Book that the pure parts work on.

Tables come in and go out as pandas frames whose dtypes are checked by `check`: text (never missing), money (`Int64` minor
units, NA for "not stated"), dates (`datetime64`, NaT for "not stated"). Inside, a `Book` holds the same facts as frozen
NumPy arrays: int64 minor units, int64 days since 1970-01-01, codes, and `NO_DAY` where a date is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]

#: A date that is not known, in arrays of days.
NO_DAY = -(2**31)
#: So many rows are worked out at a time: their columns stay within a processor's caches.
AT_ONCE = 2**16
_EPOCH = date(1970, 1, 1).toordinal()


class Kind(StrEnum):
    """What a canonical column holds."""

    TEXT = "text"
    MONEY = "money"
    DATE = "date"


def _columns(**kinds: Kind) -> Mapping[str, Kind]:
    return MappingProxyType(kinds)


#: Who pays, as the source knows them. `key` is unique within the source.
CLIENTS = _columns(key=Kind.TEXT, name=Kind.TEXT, email=Kind.TEXT, language=Kind.TEXT, country=Kind.TEXT)

#: One row per invoice. `key` is the source's own, unique within it; `client` a key of CLIENTS. `total` with tax. `paid`,
#: `credited` and `balance` are what the source says as of the reading; at least one of `paid` and `balance` unless entries
#: tell it all. `due_on` is the date printed on the invoice. `closed_on`: the day it was paid or voided, where stated.
#: `status` is a word of `facts.Status`. `reference` is every text in which a milestone or a reference of ours may stand.
INVOICES = _columns(
    key=Kind.TEXT,
    number=Kind.TEXT,
    client=Kind.TEXT,
    currency=Kind.TEXT,
    total=Kind.MONEY,
    paid=Kind.MONEY,
    credited=Kind.MONEY,
    balance=Kind.MONEY,
    issued_on=Kind.DATE,
    due_on=Kind.DATE,
    closed_on=Kind.DATE,
    status=Kind.TEXT,
    reference=Kind.TEXT,
    pay_url=Kind.TEXT,
)

#: One row per money movement. `invoice` is a key of INVOICES, or empty for open credit of `client`. `amount` is signed by its
#: effect: positive lowers what is owed (payment, credit, write-off), negative raises it (refund, dispute).
#: `kind` and `settlement` are words of `facts.EntryKind` and `facts.Settlement`; `on` is the day the money was sent.
ENTRIES = _columns(
    key=Kind.TEXT,
    invoice=Kind.TEXT,
    client=Kind.TEXT,
    kind=Kind.TEXT,
    on=Kind.DATE,
    amount=Kind.MONEY,
    currency=Kind.TEXT,
    settlement=Kind.TEXT,
)

#: One row per booked line of a bank statement. `key` is unique within the source, and the same for the same line in every
#: statement that tells it (`payflow_exports.line_keys`). `account` is ours (IBAN, or the bank's own number); `amount` is
#: signed, positive is money in. `text` is the free remittance text; `reference` a structured one (ISO 11649 RF, SCOR, ESR or
#: QR, an end-to-end id that carries one); `bank_id` the bank's own id of the line. `kind` is a word of `facts.LineKind`.
#: Texts other than `key` and `account` may be empty.
LINES = _columns(
    key=Kind.TEXT,
    account=Kind.TEXT,
    on=Kind.DATE,
    value_on=Kind.DATE,
    amount=Kind.MONEY,
    currency=Kind.TEXT,
    payer=Kind.TEXT,
    payer_account=Kind.TEXT,
    text=Kind.TEXT,
    reference=Kind.TEXT,
    bank_id=Kind.TEXT,
    kind=Kind.TEXT,
)


def empty(columns: Mapping[str, Kind]) -> pd.DataFrame:
    """A frame of those columns with no rows and the right dtypes."""
    import pandas as pd

    return pd.DataFrame({name: pd.Series([], dtype=_DTYPES[kind]) for name, kind in columns.items()})


_DTYPES = {Kind.TEXT: "str", Kind.MONEY: "Int64", Kind.DATE: "datetime64[s]"}


def check(frame: pd.DataFrame, columns: Mapping[str, Kind]) -> pd.DataFrame:
    """The frame with exactly these columns, in order, in canonical dtypes; missing columns become "not stated".

    Raises `TypeError` for a column that is unknown or holds the wrong kind, above all a float where money belongs.
    """
    import pandas as pd

    unknown = [name for name in frame.columns if name not in columns]
    if unknown:
        raise TypeError(f"unknown columns {unknown}; known are {list(columns)}")
    return pd.DataFrame({name: _column(frame, name, kind) for name, kind in columns.items()}, index=frame.index)


def _column(frame: pd.DataFrame, name: str, kind: Kind) -> pd.Series[Any]:
    import pandas as pd
    from pandas.api import types

    # where there are no rows, the kind that a column of nothing happens to have says nothing
    if name not in frame.columns or frame.empty:
        fill = {Kind.TEXT: "", Kind.MONEY: pd.NA, Kind.DATE: pd.NaT}[kind]
        return pd.Series([fill] * len(frame), index=frame.index, dtype=_DTYPES[kind])
    series = frame[name]
    if kind is Kind.MONEY:
        if not (types.is_integer_dtype(series.dtype) and not types.is_bool_dtype(series.dtype)):
            raise TypeError(f"column {name!r} holds {series.dtype}; money is Int64 minor units")
        return series.astype("Int64")
    if kind is Kind.DATE:
        if not types.is_datetime64_any_dtype(series.dtype):
            raise TypeError(f"column {name!r} holds {series.dtype}; dates are datetime64")
        return series.astype("datetime64[s]")
    if not types.is_string_dtype(series.dtype):
        raise TypeError(f"column {name!r} holds {series.dtype}; keys and names are text")
    return series.astype("str").fillna("")


def to_day(value: date) -> int:
    """Days since 1970-01-01."""
    return value.toordinal() - _EPOCH


def to_date(day: int) -> date:
    """The date of a day number."""
    return date.fromordinal(int(day) + _EPOCH)


def same(value: int, size: int) -> Ints:
    """A column that is the same everywhere: it takes no memory, and cannot be written to."""
    return np.broadcast_to(np.int64(value), size)


def no_rows(size: int) -> NDArray[np.bool_]:
    """A mask that holds nowhere, likewise."""
    return np.broadcast_to(np.False_, size)


def pieces(size: int) -> Iterator[slice]:
    """Where the pieces of so many rows stand that are worked out one after the other."""
    return (slice(at, min(at + AT_ONCE, size)) for at in range(0, size, AT_ONCE))


class Book(Struct, frozen=True):
    """Everything the pure parts need to know of the books, one row per invoice, entries beside.

    Invoices: `id` minted once and journaled; `total` minor units with tax; `issued_on` day; `due_printed` day or `NO_DAY`: the
    latest due date ever seen printed on it; `due_shown` day or `NO_DAY`: the latest due date a notice showed; `status` index
    into `STATUSES`; `role_charge` true for a charge of ours that came back; `stale`, `unknown` masks (design 6.4);
    `client` and `currency` indices into `clients` and `currencies`.

    Entries, sorted by row and day: `entry_row` row of the invoice, -1 for open credit; `entry_on` day; `entry_amount`
    signed by its effect, positive lowers what is owed; `entry_kind`, `entry_settlement` indices into `ENTRY_KINDS` and
    `SETTLEMENTS`; `entry_inferred` true where the day was inferred from readings.
    """

    id: Ints
    total: Ints
    issued_on: Ints
    due_printed: Ints
    due_shown: Ints
    status: Ints
    client: Ints
    currency: Ints
    role_charge: NDArray[np.bool_]
    stale: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    entry_row: Ints
    entry_on: Ints
    entry_amount: Ints
    entry_kind: Ints
    entry_settlement: Ints
    entry_inferred: NDArray[np.bool_]
    entry_client: Ints
    entry_currency: Ints
    clients: Sequence[str]
    currencies: Sequence[str]

    def __len__(self) -> int:
        return len(self.id)

    def part(self, first: int, last: int) -> Book:
        """The invoices from row `first` up to `last` with their entries; open credit belongs to no part."""
        low, high = np.searchsorted(self.entry_row, [max(first, 0), last])
        rows, entries = slice(first, last), slice(int(low), int(high))
        parts: dict[str, Any] = {}
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if name == "entry_row":
                value = value[entries] - first
            elif name not in ("clients", "currencies"):
                value = value[entries if name.startswith("entry_") else rows]
            parts[name] = value
        return Book(**parts)

    def entries_of(self, row: int) -> slice:
        """Where the entries of one invoice stand."""
        low, high = np.searchsorted(self.entry_row, [row, row + 1])
        return slice(int(low), int(high))
