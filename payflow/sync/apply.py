"""One reading into the mirror, and what must be remembered of it into the journal; all in the caller's transaction.

Identities are minted here, once, and journaled; so are balances that change what can be inferred, and due dates later than
any seen before. Rows that say nothing new are not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from payflow.columns import Ints
from payflow.model.journal import RecordKind
from payflow.store import mirror_writes
from payflow.store.journal import Prepared
from payflow.store.mirror import ReadingRow
from payflow.store.moments import to_day, to_moment
from payflow.store.upserts import Bulk
from payflow.sync import bulk
from payflow.sync.by_row import row_by_row
from payflow.sync.clients import write_clients
from payflow.sync.entries import write_entries, write_entries_by_day
from payflow.sync.known import Known, identify, name, rekey
from payflow.sync.meanwhile import ahead
from payflow.sync.missing import mark_missing
from payflow.sync.quiet import Seen
from payflow.sync.tables import Read
from payflow.sync.work import PORTION, Counts, Work, journal_identities

if TYPE_CHECKING:
    from payflow.store import Transaction

#: Invoices that are worked out before they are written.
_BATCH = 4 * PORTION


def apply(
    tx: Transaction,
    source: str,
    read: Read,
    state: Known,
    *,
    timezone: str,
    now: datetime,
    by_row: bool = False,
    digest: str = "",
) -> Counts:
    """Take one finished reading into the mirror. Returns the counts.

    `digest` is what a file's reading rests on. The same file with another one was corrected, or is read with other options, and
    what it says now counts. Other reports of the very same moment are its rivals: whichever is read last, one outcome (`merge`).

    What is new or unchanged in the newest reading of a source is worked out in columns (`bulk`), all else row by row. `by_row`
    works out everything row by row: the outcome is the same.
    """
    stamp = to_moment(min(read.reading.as_of, now))
    moved = rekey(tx, state, read)
    reading = _reading_row(source, read, stamp, now, digest)
    before = _same_report(state.readings, reading)
    corrected = before is not None and before.digest != digest
    rivals = [one for one in state.readings if one.as_of == stamp and one.origin != reading.origin]
    work = Work(
        tx=tx,
        read=read,
        state=state,
        reading=reading,
        rival=bool(rivals) and not corrected,
        corrected=corrected,
        before=state.told().get(source, ()),
        found=identify(state, read),
        moved=moved,
        zone=ZoneInfo(timezone),
        now=now,
        counts=Counts(read=len(read.invoices)),
    )
    journal_identities(work)
    newest = not work.before or stamp >= work.before[0].as_of
    rest = np.arange(len(read.invoices))
    if newest and not read.reading.open_only and not by_row:
        rest = rest[~_in_columns(work)]
    for start in range(0, len(rest), _BATCH):
        row_by_row(work, rest[start : start + _BATCH])
    for entry in read.entries:
        if read.reading.by_day and entry.invoice:
            name(state, entry.invoice)
    journal_identities(work)
    write_clients(work)
    if read.reading.by_day:
        write_entries_by_day(work)
    else:
        write_entries(work)
    work.counts.missing = mark_missing(work)
    if before is None:
        number = mirror_writes.add_reading(tx, reading)
        state.readings.append(reading._replace(id=number))
    elif corrected:
        mirror_writes.replace_reading(tx, reading._replace(id=before.id))
        state.readings[state.readings.index(before)] = reading._replace(id=before.id)
    return work.counts


def _same_report(readings: Iterable[ReadingRow], reading: ReadingRow) -> ReadingRow | None:
    """The reading of the same report that speaks for the same moment: the very file, whatever became of its contents."""
    for one in readings:
        same = (one.as_of, one.origin, one.report) == (reading.as_of, reading.origin, reading.report)
        if same and (reading.digest or one.scope == reading.scope):
            return one
    return None


def _in_columns(work: Work) -> NDArray[np.bool_]:
    """Take in the rows that are new, and those that are unchanged; which these are."""
    invoices, found, dated = work.read.invoices, work.found, bool(work.reading.dated_entries)
    shown = bulk.seen(invoices, dated=dated)
    held = None if work.state.held is None else work.state.held.seen(work.tx)
    same = bulk.unchanged(
        work.tx, work.state.source, invoices, found, shown, work.reading, work.before, work.moved, held
    )
    if work.rival and work.read.entries:
        same = bulk.Unchanged(np.zeros_like(same.rows), np.zeros_like(same.rows))  # whose payments count is told by row
    mirror_writes.listed_again(work.tx, found.ids[same.to_write].tolist(), work.stamp)
    new = found.new & ~found.again
    rows = np.flatnonzero(new)
    portions = _portions(work, shown, rows)
    for record, portion in ahead(portions) if len(rows) > PORTION else portions:
        work.journal([record] if record else [])
        mirror_writes.write_invoices(work.tx, portion)
    work.counts.new += len(rows)
    work.counts.unchanged += int(same.rows.sum())
    return np.asarray(new | same.rows, dtype=np.bool_)


def _portions(work: Work, shown: Seen, rows: Ints) -> Iterator[tuple[Prepared | None, Bulk]]:
    """Of invoices met for the first time, so many at once: what is remembered of them, and their rows of the mirror."""
    invoices, ids = work.read.invoices, work.found.ids
    for start in range(0, len(rows), PORTION):
        some = rows[start : start + PORTION]
        told = bulk.first_sightings(shown, ids, some)
        record = work.record(RecordKind.OBSERVATIONS, {"as_of": work.stamp, "columns": told})
        part = invoices.slice(int(some[0]), len(some)) if some[-1] - some[0] == len(some) - 1 else invoices.take(some)
        dated = bool(work.reading.dated_entries)
        yield (
            record if told["invoice"] else None,
            bulk.rows_of(work.state.source, part, ids[some], work.stamp, dated=dated),
        )


def _reading_row(source: str, read: Read, stamp: str, now: datetime, digest: str) -> ReadingRow:
    reading = read.reading
    faults = [str(problem) for problem in read.problems if not problem.warning] if not reading.finished else []
    return ReadingRow(
        id=0,
        source=source,
        scope=reading.scope.value,
        as_of=stamp,
        finished=int(reading.finished),
        covers_from=to_day(reading.covers_from) if reading.covers_from else None,
        covers_to=to_day(reading.covers_to) if reading.covers_to else None,
        dated_entries=int(reading.dated_entries),
        origin=reading.origin,
        digest=digest,
        recorded_at=to_moment(now),
        problem=faults[0] if faults else "",
        report=reading.report,
    )
