"""What was seen of invoices: rows of `observation`, and first sightings of very many, which stay in the records that tell them.

A large export is read once for the first time: its sightings are thousands to a record, in columns, and a row for each of them
would say all of it twice. `sighted` says which record speaks of which identities.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from payflow.store.database import Reader, Row, Transaction
from payflow.store.moments import to_moment
from payflow.store.some import query_some

#: First sightings of fewer invoices become rows: a record is read whole, however few of its sightings are asked for.
MANY = 1000
_COLUMNS = ("paid", "credited", "due_on")
_SELECT = "SELECT invoice, as_of, paid, credited, due_on FROM observation"


class First(NamedTuple):
    """First sightings of many invoices in one reading, in columns; `due_on` a day or None."""

    as_of: str
    invoice: Sequence[int]
    paid: Sequence[int]
    credited: Sequence[int]
    due_on: Sequence[int | None]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> First:
        """As a record tells them."""
        columns = body["columns"]
        as_of = to_moment(datetime.fromisoformat(body["as_of"]))
        return cls(as_of, columns["invoice"], *(columns[name] for name in _COLUMNS))

    def rows(self) -> Iterator[Row]:
        """As rows of `observation`."""
        return zip(self.invoice, repeat(self.as_of), self.paid, self.credited, self.due_on, strict=False)


def project(tx: Transaction, seq: int, body: Mapping[str, Any]) -> None:
    """Take in the record `seq` of first sightings."""
    first = First.of(body)
    if len(first.invoice) < MANY:
        names = ("invoice", "as_of", *_COLUMNS)
        tx.upsert("observation", names, names[:2], first.rows())
    else:
        low, high = min(first.invoice), max(first.invoice)
        tx.execute("INSERT INTO sighted (record, low, high) VALUES (?, ?, ?)", (seq, low, high))


def firsts(db: Reader, low: int, high: int) -> Iterator[First]:
    """First sightings in records that speak of any identity from `low` to `high`; of others too."""
    for (record,) in db.query("SELECT record FROM sighted WHERE high >= ? AND low <= ? ORDER BY record", (low, high)):
        # one at a time: all of them together are as large as the books
        for (body,) in db.query("SELECT body FROM journal_body WHERE seq = ?", (record,)):
            yield First.of(msgspec.json.decode(body))


def later(db: Reader, low: int, high: int) -> list[Row]:
    """The rows of `observation` about identities from `low` to `high`, by identity and moment."""
    return db.query(f"{_SELECT} WHERE invoice >= ? AND invoice <= ? ORDER BY invoice, as_of", (low, high))


def rows(db: Reader, ids: Sequence[int] | None = None) -> list[Row]:
    """(invoice, as_of, paid, credited, due_on) of every invoice, or of those named: of each by moment, one row a moment."""
    if ids is None:
        told, low, high = db.query(f"{_SELECT} ORDER BY invoice, as_of"), 0, 2**62
    else:
        told, low, high = query_some(db, f"{_SELECT} WHERE invoice IN (?) ORDER BY invoice, as_of", ids), *_ends(ids)
    wanted = None if ids is None else set(ids)
    seen = [row for first in firsts(db, low, high) for row in first.rows() if wanted is None or row[0] in wanted]
    again = {row[0] for row in told} if seen else set()
    if not again:
        return seen or told
    return [row for row in seen if row[0] not in again] + _merged([row for row in seen if row[0] in again], told)


def _ends(ids: Sequence[int]) -> tuple[int, int]:
    return min(ids, default=0), max(ids, default=-1)


def _merged(seen: Sequence[Row], told: Sequence[Row]) -> list[Row]:
    """Both, by identity and moment; the later word about a moment counts, and a due date that it does not tell stays."""
    found = {row[:2]: row for row in seen}
    for row in told:
        before = found.get(row[:2])
        found[row[:2]] = row if before is None or row[4] is not None else (*row[:4], before[4])
    return sorted(found.values(), key=itemgetter(0, 1))
