"""Batches as rows: one reading's frames become plain tuples of the mirror's columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from payflow.columns import CLIENTS, ENTRIES, INVOICES, LINES, Kind, check
from payflow.connector import Batch
from payflow.errors import Problem
from payflow.model.facts import Reading

if TYPE_CHECKING:
    import pandas as pd


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


@dataclass(frozen=True, slots=True)
class Read:
    """One whole reading."""

    reading: Reading
    clients: Sequence[Client]
    invoices: list[Invoice]
    entries: Sequence[Entry]
    problems: Sequence[Problem]
    lines: Sequence[Line] = ()


def gather(batches: Iterable[Batch]) -> tuple[list[Read], dict[str, Any] | None]:
    """Whole readings, in the order given, and the last cursor. Raises `TypeError` for a frame that is not canonical."""
    reads: list[Read] = []
    cursor: dict[str, Any] | None = None
    for batch in batches:
        read = _read(batch)
        if reads and reads[-1].reading == read.reading:
            read = _joined(reads.pop(), read)
        reads.append(read)
        if batch.cursor is not None:
            cursor = dict(batch.cursor)
    return reads, cursor


def _joined(first: Read, second: Read) -> Read:
    return Read(
        first.reading,
        [*first.clients, *second.clients],
        [*first.invoices, *second.invoices],
        [*first.entries, *second.entries],
        [*first.problems, *second.problems],
        [*first.lines, *second.lines],
    )


def _read(batch: Batch) -> Read:
    origin = batch.reading.origin
    invoices, problems = _complete(check(batch.invoices, INVOICES), INVOICES, ("total", "issued_on"), origin)
    entries, more = _complete(check(batch.entries, ENTRIES), ENTRIES, ("amount",), origin)
    lines: list[tuple[Any, ...]] = []
    if batch.lines is not None:
        lines, bad = _complete(check(batch.lines, LINES), LINES, ("on", "amount"), origin)
        more = [*more, *bad]
    return Read(
        batch.reading,
        [Client(*row) for row in _rows(check(batch.clients, CLIENTS), CLIENTS)],
        [Invoice(*row) for row in invoices],
        [Entry(*row) for row in entries],
        [*batch.problems, *problems, *more],
        [Line(*row) for row in lines],
    )


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
            found = f"{row[0]!r} has no {' and no '.join(missing)}"
            problems.append(Problem(origin, found, "Correct it in the books and export again."))
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
