"""Workings: invoices that rest, since nothing can come up about them before a day unless something new is known.

Whoever writes to the mirror wakes the invoices that he writes about, in the same transaction (`mirror_writes`). A write that does
not say about which invoices it is leaves the counts apart: then nothing rests any more. Losing all this costs time only.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from payflow.store.database import Reader, Transaction
from payflow.store.some import execute_some, query_some
from payflow.store.workings import get_meta, set_meta

_KEPT = "resting"
#: The mirror's counter, as far as every write to the mirror woke what it touched.
_DECLARED = "resting-mirror"


class Rest(NamedTuple):
    """An invoice at rest: whose it is (a client's id of the agreement), and the first day on which it is looked at again.

    `asks` is what its one standing charge asks for, -1 where several do; None without one.
    """

    invoice: int
    client: str
    until: int
    asks: int | None


class Kept(NamedTuple):
    """What the rest of all was found under: a digest of everything but facts, the journal's last record, and the day."""

    basis: str
    journal: int
    as_of: date


def is_kept(db: Reader) -> bool:
    """Whether anything may rest at all."""
    return get_meta(db, _DECLARED) is not None


def kept(db: Reader, counter: int) -> Kept | None:
    """Under what invoices rest; None where none do, or the mirror, at `counter`, was written to by someone who woke nobody."""
    declared, text = get_meta(db, _DECLARED), get_meta(db, _KEPT)
    if declared is None or text is None or int(declared) != counter:
        return None
    found = json.loads(text)
    return Kept(found["basis"], found["journal"], date.fromisoformat(found["as_of"]))


def wake(tx: Transaction, ids: Collection[int]) -> None:
    """These invoices are to be looked at again: the write to the mirror that was just counted is about them and no others."""
    count = "UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = ?"
    if tx.execute(count, (_DECLARED,)):
        _remove(tx, list(ids))


def forget(tx: Transaction) -> None:
    """Let nothing rest any more."""
    tx.execute("DELETE FROM meta WHERE name IN (?, ?)", (_KEPT, _DECLARED))
    tx.execute("DELETE FROM resting")


def keep(tx: Transaction, under: Kept, counter: int, rests: Iterable[Rest], looked_at: Sequence[int] | None) -> None:
    """Let invoices rest, and of those `looked_at` (None: all there are) no others. `counter` is the mirror's."""
    if looked_at is None:
        tx.execute("DELETE FROM resting")
    else:
        _remove(tx, looked_at)
    tx.upsert("resting", Rest._fields, ("invoice",), rests)
    body = {"basis": under.basis, "journal": under.journal, "as_of": under.as_of.isoformat()}
    set_meta(tx, _KEPT, json.dumps(body, sort_keys=True))
    set_meta(tx, _DECLARED, str(counter))


def awake(db: Reader, today: int) -> list[int]:
    """Invoices that do not rest on a day."""
    sql = (
        "SELECT id FROM invoice WHERE NOT EXISTS "
        "(SELECT 1 FROM resting WHERE resting.invoice = invoice.id AND resting.until > ?)"
    )
    return [number for (number,) in db.query(sql, (today,))]


def of_clients(db: Reader, clients: Collection[str], *, asking: bool = False) -> list[Rest]:
    """What rests of these clients, and what would if its day had not come; `asking`: only where a charge stands."""
    more = " AND asks IS NOT NULL" if asking else ""
    sql = f"SELECT invoice, client, until, asks FROM resting WHERE client IN (?){more}"  # noqa: S608 (words of our own)
    return [Rest._make(row) for row in query_some(db, sql, sorted(clients))]


def of_totals(db: Reader, owed: Collection[tuple[str, int]]) -> set[int]:
    """What rests of these clients and asks for just so much: (client, total)."""
    sql = (
        "SELECT resting.invoice, resting.client, invoice.total FROM resting "
        "JOIN invoice ON invoice.id = resting.invoice WHERE resting.client IN (?)"
    )
    rests = query_some(db, sql, sorted({client for client, _ in owed}))
    return {number for number, client, total in rests if (client, total) in owed}


def _remove(tx: Transaction, ids: Sequence[int]) -> None:
    execute_some(tx, "DELETE FROM resting WHERE invoice IN (?)", ids)
