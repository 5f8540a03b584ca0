"""Books behind an API: a connector that says what the story put into it, with every money movement and its day.

ledger.says(world.now, [debt("in_1", 300000, number="INV-0012")], [move("py_1", "in_1", 300000, "2026-11-03")])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from payflow.columns import Kind
from payflow.connector import (
    CLIENTS,
    ENTRIES,
    INVOICES,
    Batch,
    ChargeOrder,
    ConnectorError,
    Limits,
    Problem,
    SourceContext,
)
from payflow.model.facts import Reading, Scope
from stories.till import Till

LEDGER = """\
[[source]]
name = "books"
connector = "ledger"
"""


def debt(
    key: str,
    total: int,
    *,
    number: str = "",
    client: str = "c1",
    issued: str = "2026-10-20",
    due: str | None = "2026-11-04",
    status: str = "",
    paid: int | None = None,
    credited: int | None = None,
    balance: int | None = None,
    closed: str | None = None,
    reference: str = "",
    currency: str = "GBP",
) -> dict[str, Any]:
    """A row of canonical invoices; money in minor units."""
    return {
        "key": key,
        "number": number or key,
        "client": client,
        "currency": currency,
        "total": total,
        "paid": paid,
        "credited": credited,
        "balance": balance,
        "issued_on": issued,
        "due_on": due,
        "closed_on": closed,
        "status": status,
        "reference": reference,
        "pay_url": "",
    }


def move(
    key: str,
    invoice: str,
    amount: int,
    on: str | None,
    *,
    kind: str = "payment",
    settlement: str = "settled",
    client: str = "c1",
    currency: str = "GBP",
) -> dict[str, Any]:
    """A row of canonical entries; without an invoice it is open credit."""
    return {
        "key": key,
        "invoice": invoice,
        "client": client,
        "kind": kind,
        "on": on,
        "amount": amount,
        "currency": currency,
        "settlement": settlement,
    }


ACME_CLIENT = {"key": "c1", "name": "Acme Ltd", "email": "", "language": "", "country": ""}


def batch(
    as_of: datetime,
    invoices: Iterable[Mapping[str, Any]],
    entries: Iterable[Mapping[str, Any]] = (),
    *,
    clients: Iterable[Mapping[str, Any]] = (ACME_CLIENT,),
    scope: Scope = Scope.ALL,
    dated: bool = True,
    finished: bool = True,
    report: str = "ledger",
    origin: str = "",
    cursor: Mapping[str, Any] | None = None,
    covers_from: Any = None,
) -> Batch:
    """One reading."""
    reading = Reading(
        scope,
        as_of,
        finished=finished,
        dated_entries=dated,
        origin=origin or f"ledger {as_of:%Y-%m-%d %H:%M}",
        report=report,
        covers_from=covers_from,
    )
    frames = [_frame(rows, columns) for rows, columns in ((clients, CLIENTS), (invoices, INVOICES), (entries, ENTRIES))]
    return Batch(*frames, reading, cursor=cursor)


def _frame(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, Kind]) -> pd.DataFrame:
    """The rows in columns; that they are canonical is checked where they are read."""
    listed = list(rows)
    return pd.DataFrame({name: _column([row[name] for row in listed], kind) for name, kind in columns.items()})


def _column(values: list[Any], kind: Kind) -> Any:
    # far quicker than a series that first finds out by itself what it holds
    if kind is Kind.DATE:
        return np.array(values, dtype="datetime64[s]")
    return pd.array(values, dtype="Int64" if kind is Kind.MONEY else "str")


@dataclass
class Ledger:
    """The connector and its source at once: `batches` are what the next pull yields."""

    name: str = "ledger"
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    stale_after: int = 2
    looked_for: Sequence[str] = ()
    batches: dict[str, list[Batch]] = field(default_factory=dict)
    cursors: list[Mapping[str, Any] | None] = field(default_factory=list)
    down: bool = False
    #: a fault of the connector's own, raised in the middle of a pull
    fault: Exception | None = None
    #: whether it can be asked about single invoices; what it says then, what it was asked, and how it fails at that
    askable: bool = False
    now_says: tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]] = ((), ())
    asked: list[tuple[str, list[str]]] = field(default_factory=list)
    silent: Exception | None = None
    #: where charges are posted to
    till: Till | None = None

    @property
    def posts_charges(self) -> bool:
        """Whether it can be written to."""
        return self.till is not None

    def says(
        self,
        as_of: datetime,
        invoices: Iterable[Mapping[str, Any]],
        entries: Iterable[Mapping[str, Any]] = (),
        *,
        source: str = "books",
        **more: Any,
    ) -> None:
        """What a pull tells from now on."""
        self.batches[source] = [batch(as_of, invoices, entries, **more)]

    def told_of(self, keys: Sequence[str], context: SourceContext) -> Iterator[Batch]:
        """What the source says when it is asked about single invoices: `books` as they are by now."""
        self.asked.append((context.name, sorted(keys)))
        if self.silent:
            raise self.silent
        listed, moves = self.now_says
        yield batch(
            context.now,
            [row for row in listed if row["key"] in keys],
            [row for row in moves if row["invoice"] in keys],
            scope=Scope.CHANGED,
            origin="asked",
        )

    def claims(self, path: Path) -> str | None:
        return None

    def limits(self, context: SourceContext) -> Sequence[Limits]:
        return []

    def open(self, context: SourceContext) -> _Pull:
        kind = _Writes if self.till is not None else _Asked if self.askable else _Pull
        return kind(self, context.name, context)


@dataclass
class _Pull:
    ledger: Ledger
    source: str
    context: SourceContext

    def pull(self, cursor: Mapping[str, Any] | None) -> Iterator[Batch]:
        self.ledger.cursors.append(cursor)
        yield from self.ledger.batches.get(self.source, [])
        if self.ledger.fault is not None and self.source == "books":
            raise self.ledger.fault
        if self.ledger.down:
            raise ConnectorError(Problem("ledger", "the service does not answer", "Try again later."))


class _Asked(_Pull):
    """One that can also be asked about single invoices."""

    def reread(self, keys: Sequence[str]) -> Iterator[Batch]:
        yield from self.ledger.told_of(keys, self.context)


class _Writes(_Asked):
    """One that charges are posted to."""

    @property
    def till(self) -> Till:
        assert self.ledger.till is not None
        self.ledger.till.now = self.context.now
        return self.ledger.till

    def post(self, order: ChargeOrder, key: str) -> str:
        return self.till.make("post", order, key)

    def reverse(self, order: ChargeOrder, key: str) -> str:
        return self.till.make("reverse", order, key)

    def find(self, order: ChargeOrder) -> str:
        return self.till.find(order)
