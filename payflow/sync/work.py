"""One reading on its way into the mirror: what all parts of `apply` share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from payflow.decide.facts import Observed
from payflow.model.journal import Record, RecordKind
from payflow.store import journal
from payflow.store.journal import Prepared
from payflow.store.mirror import InvoiceRow, ReadingRow
from payflow.sync.known import Identified, Known
from payflow.sync.meanwhile import ahead
from payflow.sync.tables import Read

if TYPE_CHECKING:
    from payflow.store import Transaction

#: Invoices of one journal record; more are split, so that no record grows without bound.
PORTION = 5000
#: Fewer identities than these are journaled row by row, for those who read the journal.
_FEW = 100


class Counts(Struct):
    """What a reading came to."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0


class Work(Struct):
    """One reading on its way into the mirror. `before` are earlier readings that speak for more than they list, newest first."""

    tx: Transaction
    read: Read
    state: Known
    reading: ReadingRow
    before: Sequence[ReadingRow]
    found: Identified
    moved: Collection[int]
    zone: ZoneInfo
    now: datetime
    counts: Counts
    #: whether another report tells of this very moment too
    rival: bool = False
    #: whether it is the same report as one that was read before, with other contents
    corrected: bool = False
    #: invoices that a newer reading than this one has listed
    outdated: set[str] = field(default_factory=set)
    #: invoices of which a rival told the same
    level: set[str] = field(default_factory=set)
    #: invoices whose key stands in several rows, as they are after the rows so far
    several: dict[int, tuple[InvoiceRow, Observed]] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """The moment that the reading speaks for."""
        return self.reading.as_of

    def record(self, kind: RecordKind, body: Mapping[str, Any]) -> Prepared:
        """A record of what is seen and known today."""
        return journal.prepare(Record(kind, self.now.astimezone(self.zone).date(), body))

    def journal(self, records: Iterable[Prepared]) -> None:
        """Append records, one by one: of many each is long."""
        for one in records:
            journal.append(self.tx, [one], at=self.now)


def journal_identities(work: Work) -> None:
    """Journal what was minted, before anything that rests on it."""
    source, fresh = work.state.source, work.state.fresh
    parts = zip(*fresh, strict=True) if fresh else ([], [], [])
    ids, keys, numbers = (list(chain.from_iterable(part)) for part in parts)
    if ids and len(ids) < _FEW:
        rows = [[number, source, key, printed] for number, key, printed in zip(ids, keys, numbers, strict=True)]
        work.journal([work.record(RecordKind.IDENTITIES, {"rows": rows})])
    elif ids:
        portions = (slice(start, start + PORTION) for start in range(0, len(ids), PORTION))
        columns = ({"id": ids[part], "key": keys[part], "number": numbers[part]} for part in portions)
        told = (work.record(RecordKind.IDENTITIES, {"source": source, "columns": part}) for part in columns)
        work.journal(ahead(told) if len(ids) > PORTION else told)
    fresh.clear()
