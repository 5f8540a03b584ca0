"""Batches as the mirror's columns: invoices, of which there may be millions, stay columns; the rest become plain tuples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from msgspec import Struct

from payflow.columns import CLIENTS, ENTRIES, INVOICES, LINES, Kind, check
from payflow.connector import Batch
from payflow.errors import Problem
from payflow.model.facts import Reading

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class Invoice(NamedTuple):
    """A row of `columns.INVOICES`; money int or None, dates day numbers or None."""

    key: str
    number: str
    client: str
    currency: str
    total: int
    paid: int | None
    credited: int | None
    balance: int | None
    issued_on: int
    due_on: int | None
    closed_on: int | None
    status: str
    reference: str
    pay_url: str


class Client(NamedTuple):
    """A row of `columns.CLIENTS`."""

    key: str
    name: str
    email: str
    language: str
    country: str


class Entry(NamedTuple):
    """A row of `columns.ENTRIES`."""

    key: str
    invoice: str
    client: str
    kind: str
    on: int | None
    amount: int
    currency: str
    settlement: str


class Line(NamedTuple):
    """A row of `columns.LINES`."""

    key: str
    account: str
    on: int
    value_on: int | None
    amount: int
    currency: str
    payer: str
    payer_account: str
    text: str
    reference: str
    bank_id: str
    kind: str


class Read(Struct, frozen=True):
    """One whole reading. `lines` are those of statements, None for a reading of anything else.

    `invoices` has the columns of `columns.INVOICES`: texts, and 64-bit numbers, null where not stated.
    """

    reading: Reading
    clients: Sequence[Client]
    invoices: pa.RecordBatch
    entries: Sequence[Entry]
    problems: Sequence[Problem]
    lines: Sequence[Line] | None = None


def gather(batches: Iterable[Batch]) -> tuple[list[Read], dict[str, Any] | None]:
    """Whole readings, in the order given, and the last cursor. Raises `TypeError` for a frame that is not canonical."""
    read: list[Read] = []
    cursor: dict[str, Any] | None = None
    for batch in batches:
        read.append(_read(batch))
        if batch.cursor is not None:
            cursor = dict(batch.cursor)
    return [_joined(list(parts)) for _, parts in groupby(read, key=lambda one: one.reading)], cursor


def _joined(parts: Sequence[Read]) -> Read:
    """Consecutive batches of one reading as one."""
    if len(parts) == 1:
        return parts[0]
    import pyarrow as pa

    return Read(
        parts[0].reading,
        [row for part in parts for row in part.clients],
        pa.concat_batches([part.invoices for part in parts]),
        [row for part in parts for row in part.entries],
        [problem for part in parts for problem in part.problems],
        [row for part in parts for row in part.lines or ()] if any(part.lines is not None for part in parts) else None,
    )


def invoice_rows(invoices: pa.RecordBatch) -> list[Invoice]:
    """Columns of invoices as rows."""
    return [Invoice(*row) for row in zip(*map(values_of, invoices.columns), strict=True)]


def with_rows(invoices: pa.RecordBatch, rows: Mapping[int, Invoice]) -> pa.RecordBatch:
    """Columns of invoices with some rows replaced."""
    import pyarrow as pa

    columns = []
    for place, column in enumerate(invoices.columns):
        values = column.to_pylist()
        for row, item in rows.items():
            values[row] = item[place]
        columns.append(pa.array(values, type=column.type))
    return pa.RecordBatch.from_arrays(columns, schema=invoices.schema)


def values_of(column: pa.Array) -> list[Any]:
    """Python's values of a column. Texts that recur are one object each, since of a large export every copy counts."""
    import pyarrow as pa

    if not pa.types.is_large_string(column.type):
        values: list[Any] = column.to_pylist()
        return values
    encoded = column.dictionary_encode()
    if 2 * len(encoded.dictionary) > len(column):
        texts: list[Any] = column.to_pylist()
        return texts
    distinct = np.array([*encoded.dictionary.to_pylist(), ""], dtype=np.object_)
    shared: list[Any] = distinct[encoded.indices.to_numpy(zero_copy_only=False)].tolist()
    return shared


def _read(batch: Batch) -> Read:
    origin = batch.reading.origin
    invoices, problems = _complete_columns(check(batch.invoices, INVOICES), INVOICES, ("total", "issued_on"), origin)
    entries, more = _complete(check(batch.entries, ENTRIES), ENTRIES, ("amount",), origin)
    lines: list[Line] | None = None
    if batch.lines is not None:
        rows, bad = _complete(check(batch.lines, LINES), LINES, ("on", "amount"), origin)
        lines, more = [Line(*row) for row in rows], [*more, *bad]
    return Read(
        batch.reading,
        [Client(*row) for row in _rows(check(batch.clients, CLIENTS), CLIENTS)],
        invoices,
        [Entry(*row) for row in entries],
        [*batch.problems, *problems, *more],
        lines,
    )


def _complete_columns(
    frame: pd.DataFrame, columns: Mapping[str, Kind], required: Sequence[str], origin: str
) -> tuple[pa.RecordBatch, list[Problem]]:
    """The same as `_complete`, in columns."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pa.RecordBatch.from_arrays([_array(frame[name], kind) for name, kind in columns.items()], list(columns))
    whole = pc.is_valid(table.column(required[0]))
    for name in required[1:]:
        whole = pc.and_(whole, pc.is_valid(table.column(name)))
    if pc.all(whole, min_count=0).as_py():
        return table, []
    problems = [
        _incomplete(row[next(iter(columns))], [name for name in required if row[name] is None], origin)
        for row in table.filter(pc.invert(whole)).to_pylist()
    ]
    return table.filter(whole), problems


def _array(series: pd.Series[Any], kind: Kind) -> pa.Array:
    import pyarrow as pa

    if kind is Kind.DATE:
        days = series.to_numpy("datetime64[D]").astype("int64")
        return pa.array(days, mask=series.isna().to_numpy())
    array = pa.array(series.array, type=pa.large_string() if kind is Kind.TEXT else pa.int64())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _incomplete(key: str, missing: Sequence[str], origin: str) -> Problem:
    return Problem(origin, f"{key!r} has no {' and no '.join(missing)}", "Correct it in the books and export again.")


def _complete(
    frame: pd.DataFrame, columns: Mapping[str, Kind], required: Sequence[str], origin: str
) -> tuple[list[tuple[Any, ...]], list[Problem]]:
    """Rows that have what no row can do without; a problem for each other one, should a connector let it through."""
    places = [list(columns).index(name) for name in required]
    whole: list[tuple[Any, ...]] = []
    problems: list[Problem] = []
    for row in _rows(frame, columns):
        missing = [name for name, place in zip(required, places, strict=True) if row[place] is None]
        if missing:
            problems.append(_incomplete(row[0], missing, origin))
        else:
            whole.append(row)
    return whole, problems


def _rows(frame: pd.DataFrame, columns: Mapping[str, Kind]) -> list[tuple[Any, ...]]:
    texts: dict[str, str] = {}
    return list(zip(*(_values(frame[name], kind, texts) for name, kind in columns.items()), strict=True))


def _values(series: pd.Series[Any], kind: Kind, texts: dict[str, str]) -> list[Any]:
    """Python values of a column: text, int or None. Equal texts become one object: `texts` are those met before."""
    if kind is Kind.TEXT:
        return [texts.setdefault(text, text) for text in series.tolist()]
    missing = series.isna()
    if kind is Kind.DATE:
        numbers = (series.to_numpy("datetime64[D]")).astype("int64").tolist()
    else:
        numbers = series.fillna(0).to_numpy("int64").tolist()
    if not missing.any():
        return numbers
    return [None if gone else number for number, gone in zip(numbers, missing.tolist(), strict=True)]
