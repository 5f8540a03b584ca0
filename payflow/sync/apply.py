"""One reading into the mirror, and what must be remembered of it into the journal; all in the caller's transaction.

Identities are minted here, once, and journaled; so are balances that change what can be inferred, and due dates later than
any seen before. Rows that say nothing new are not written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from payflow.columns import Ints
from payflow.decide import freshness
from payflow.decide.facts import Observed, observations
from payflow.model.facts import Scope, Status
from payflow.model.journal import Record, RecordKind
from payflow.store import journal, mirror
from payflow.store.mirror import ClientRow, EntryRow, InvoiceRow, ReadingRow
from payflow.store.moments import from_moment, to_day, to_moment
from payflow.sync import bulk
from payflow.sync.known import Identified, Known, identify, last_seen, name, rekey
from payflow.sync.merge import completed, merge
from payflow.sync.remember import worth_remembering
from payflow.sync.tables import Entry, Invoice, Read, invoice_rows

if TYPE_CHECKING:
    from payflow.store import Transaction

#: Invoices of one journal record; more are split, so that no record grows without bound.
_PORTION = 5000
#: Invoices that are worked out before they are written.
_BATCH = 4 * _PORTION
#: Fewer identities than these are journaled row by row, for those who read the journal.
_FEW = 100


class Counts(Struct):
    """What a reading came to."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0


class _Work(Struct):
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
    #: invoices that a newer reading than this one has listed
    outdated: set[str] = field(default_factory=set)
    #: invoices whose key stands in several rows, as they are after the rows so far
    several: dict[int, tuple[InvoiceRow, Observed]] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """The moment that the reading speaks for."""
        return self.reading.as_of

    def journal(self, kind: RecordKind, bodies: Iterable[Mapping[str, Any]]) -> None:
        """Append records of what is seen and known today."""
        day = self.now.astimezone(self.zone).date()
        for body in bodies:
            journal.append(self.tx, [Record(kind, day, body)], at=self.now)


def apply(
    tx: Transaction, source: str, read: Read, state: Known, *, timezone: str, now: datetime, by_row: bool = False
) -> Counts:
    """Take one finished reading into the mirror. Returns the counts.

    What is new or unchanged in the newest reading of a source is worked out in columns (`bulk`), all else row by row. `by_row`
    works out everything row by row: the outcome is the same.
    """
    stamp = to_moment(min(read.reading.as_of, now))
    moved = rekey(tx, state, read)
    work = _Work(
        tx=tx,
        read=read,
        state=state,
        reading=_reading_row(source, read, stamp, now),
        before=state.told().get(source, ()),
        found=identify(state, read),
        moved=moved,
        zone=ZoneInfo(timezone),
        now=now,
        counts=Counts(read=len(read.invoices)),
    )
    _journal_identities(work)
    newest = not work.before or stamp >= work.before[0].as_of
    rest = np.arange(len(read.invoices))
    if newest and not read.reading.open_only and not by_row:
        rest = rest[~_in_columns(work)]
    for start in range(0, len(rest), _BATCH):
        _row_by_row(work, rest[start : start + _BATCH])
    for entry in read.entries:
        if read.reading.by_day and entry.invoice:
            name(state, entry.invoice)
    _journal_identities(work)
    _write_clients(tx, source, read, state, stamp)
    if read.reading.by_day:
        _write_entries_by_day(tx, source, read, state, stamp)
    else:
        _write_entries(work)
    work.counts.missing = _mark_missing(work)
    if not any(
        one.as_of == stamp and one.origin == work.reading.origin and one.scope == work.reading.scope
        for one in state.readings
    ):
        mirror.add_reading(tx, work.reading)
        state.readings.append(work.reading)
    return work.counts


_NEVER = Observed((), None)


def _journal_identities(work: _Work) -> None:
    """Journal what was minted, before anything that rests on it."""
    source, fresh = work.state.source, work.state.fresh
    ids, keys, numbers = ([value for part in fresh for value in part[place]] for place in range(3))
    if len(ids) < _FEW:
        rows = [[number, source, key, printed] for number, key, printed in zip(ids, keys, numbers, strict=True)]
        work.journal(RecordKind.IDENTITIES, [{"rows": rows}] if rows else [])
    else:
        portions = (slice(start, start + _PORTION) for start in range(0, len(ids), _PORTION))
        work.journal(
            RecordKind.IDENTITIES,
            (
                {"source": source, "columns": {"id": ids[part], "key": keys[part], "number": numbers[part]}}
                for part in portions
            ),
        )
    fresh.clear()


def _in_columns(work: _Work) -> NDArray[np.bool_]:
    """Take in the rows that are new, and those that are unchanged; which these are."""
    invoices, found, dated = work.read.invoices, work.found, bool(work.reading.dated_entries)
    shown = bulk.seen(invoices, dated=dated)
    same = bulk.unchanged(work.tx, work.state.source, invoices, found, shown, work.reading, work.before, work.moved)
    mirror.listed_again(work.tx, found.ids[same.to_write].tolist(), work.stamp)
    new = found.new & ~found.again
    rows = np.flatnonzero(new)
    for start in range(0, len(rows), _PORTION):
        some = rows[start : start + _PORTION]
        told = bulk.first_sightings(shown, found.ids, some)
        if told["invoice"]:
            work.journal(RecordKind.OBSERVATIONS, [{"as_of": work.stamp, "columns": told}])
        part = invoices.slice(int(some[0]), len(some)) if some[-1] - some[0] == len(some) - 1 else invoices.take(some)
        mirror.write_invoices(work.tx, bulk.rows_of(work.state.source, part, found.ids[some], work.stamp, dated=dated))
    work.counts.new += len(rows)
    work.counts.unchanged += int(same.rows.sum())
    return np.asarray(new | same.rows, dtype=np.bool_)


def _row_by_row(work: _Work, places: Ints) -> None:
    """Take in some rows, each by itself, and write them."""
    read, told = work.read, work.state.told()
    ids = work.found.ids[places].tolist()
    known_rows = last_seen(mirror.some_invoices(work.tx, ids), told)
    observed = observations(work.tx, work.zone.key, ids)
    rows: list[InvoiceRow] = []
    memorable: list[list[Any]] = []
    for item, identity, again in zip(
        invoice_rows(read.invoices.take(places)), ids, work.found.again[places].tolist(), strict=True
    ):
        old, seen_before = work.several.get(identity, (known_rows.get(identity), observed.get(identity, _NEVER)))
        new = _row(work, item, identity)
        if read.reading.open_only:
            new = completed(new, old)
        if old is not None and old.key != new.key:
            old = old._replace(key=new.key)
        row = new if old is None else merge(old, new)
        row = row._replace(unknown_since=_unknown_since(row, work.before))
        if old is None:
            work.counts.new += 1
        elif _same(row, old):
            work.counts.unchanged += 1
        else:
            work.counts.changed += 1
        if identity in work.moved or _needs_writing(row, old, work.reading):
            rows.append(row)
        if not read.reading.open_only or new.paid is not None:  # of an unknown total nobody knows what was paid
            found, seen_before = worth_remembering(new, old, seen_before, work.before, work.zone)
            memorable.extend(one.as_json() for one in found)
        if again:
            work.several[identity] = row, seen_before
        if row.read_at > work.stamp:
            work.outdated.add(item.key)
    work.journal(
        RecordKind.OBSERVATIONS,
        ({"rows": memorable[start : start + _PORTION]} for start in range(0, len(memorable), _PORTION)),
    )
    mirror.write_invoices(work.tx, rows)


def _row(work: _Work, item: Invoice, identity: int) -> InvoiceRow:
    return InvoiceRow(
        id=identity,
        source=work.state.source,
        key=item.key,
        number=item.number,
        client=item.client,
        currency=item.currency,
        total=item.total,
        paid=item.paid,
        credited=item.credited,
        balance=item.balance,
        issued_on=item.issued_on,
        due_on=item.due_on,
        closed_on=item.closed_on,
        status=item.status,
        reference=item.reference,
        pay_url=item.pay_url,
        dated_entries=work.reading.dated_entries,
        state_as_of=work.stamp,
        read_at=work.stamp,
    )


def _unknown_since(row: InvoiceRow, readings: Sequence[ReadingRow]) -> str | None:
    """The first reading after the last that listed the invoice which should have listed it, and so did not."""
    newer = takewhile(lambda one: one.as_of > row.read_at, readings)
    return min((one.as_of for one in newer if freshness.could_list(one, row)), default=None)


def _needs_writing(row: InvoiceRow, old: InvoiceRow | None, reading: ReadingRow) -> bool:
    """Whether the mirror would not know this row from what it holds.

    A reading of the whole source tells by itself that the rows it could list were seen again; only where a row's state is
    older than its last sight, because some report says nothing of balances, both moments have to be written.
    """
    if old is None or not _same(row, old):
        return True
    if (row.read_at, row.state_as_of) == (old.read_at, old.state_as_of):
        return False
    lags = row.state_as_of != row.read_at or old.state_as_of != old.read_at
    return lags or not freshness.could_list(reading, row)


def _same(row: InvoiceRow, old: InvoiceRow) -> bool:
    return row._replace(read_at=old.read_at, state_as_of=old.state_as_of) == old


def _write_clients(tx: Transaction, source: str, read: Read, state: Known, stamp: str) -> None:
    """Newer readings describe a client; an older one only adds clients that nobody knew."""
    rows = [ClientRow(source, one.key, one.name, one.email, one.language, one.country) for one in read.clients]
    if any(one.as_of > stamp for one in state.readings if one.finished):
        have = {key for (key,) in tx.query("SELECT key FROM client WHERE source = ?", (source,))}
        rows = [row for row in rows if row.key not in have]
    else:
        have_rows = {row.key: row for row in mirror.clients(tx, source)}
        rows = [_filled(row, have_rows.get(row.key)) for row in rows]
    mirror.write_clients(tx, rows)


def _filled(new: ClientRow, old: ClientRow | None) -> ClientRow:
    if old is None:
        return new
    return ClientRow(*(fresh or known for fresh, known in zip(new, old, strict=True)))


def _write_entries(work: _Work) -> None:
    """Entries of the invoices this reading is the newest to list, and open credit if no newer report of its kind was read."""
    read, state, source = work.read, work.state, work.state.source
    have = mirror.entries(work.tx, source)
    prefix = f"{read.reading.report}|"
    newest = not any(
        one.as_of > work.stamp and one.finished and one.scope != Scope.CHANGED and one.report == read.reading.report
        for one in state.readings
    )
    dated = read.reading.dated_entries
    current = set(work.found.keys.to_pylist()) - work.outdated if have or read.entries else set()
    rows, kept = [], set()
    for entry in read.entries:
        # where not every movement is told, a later report takes back only what a report of its own kind told
        key = entry.key if dated and entry.invoice else prefix + entry.key
        if entry.invoice in current if entry.invoice else newest:
            rows.append(_entry_row(source, entry, state.identities[entry.invoice] if entry.invoice else None, key))
            kept.add(key)
    listed = {state.identities[key] for key in current}
    whole = newest and read.reading.scope != Scope.CHANGED
    gone = [
        one.key
        for one in have
        if one.key not in kept
        and (dated or one.key.startswith(prefix))
        and (one.invoice in listed if one.invoice is not None else whole and one.key.startswith(prefix))
    ]
    mirror.delete_entries(work.tx, source, gone)
    mirror.write_entries(work.tx, rows)


def _write_entries_by_day(tx: Transaction, source: str, read: Read, state: Known, stamp: str) -> None:
    """Entries of a reading that tells them by day, on whichever invoices: each day as the newest such report that covers it says.

    An invoice may be listed by another file, read earlier, later or never.
    """
    prefix = f"{read.reading.report}|"
    own = _reading_row(source, read, stamp, from_moment(stamp))
    newer = [one for one in state.readings if one.report == own.report and one.finished and one.as_of > stamp]
    rows = {
        prefix + entry.key: _entry_row(
            source, entry, state.identities[entry.invoice] if entry.invoice else None, prefix + entry.key
        )
        for entry in read.entries
        if not any(_covers(one, entry.on) for one in newer)
    }
    gone = [
        one.key
        for one in mirror.entries(tx, source)
        if one.key.startswith(prefix)
        and one.key not in rows
        and own.finished
        and _covers(own, one.paid_on)
        and not any(_covers(other, one.paid_on) for other in newer)
    ]
    mirror.delete_entries(tx, source, gone)
    mirror.write_entries(tx, rows.values())


def _covers(reading: ReadingRow, day: int | None) -> bool:
    if day is None:
        return True
    after = reading.covers_from is None or day >= reading.covers_from
    return after and (reading.covers_to is None or day <= reading.covers_to)


def _entry_row(source: str, entry: Entry, invoice: int | None, key: str) -> EntryRow:
    return EntryRow(
        source, key, invoice, entry.client, entry.kind, entry.on, entry.amount, entry.currency, entry.settlement
    )


def _mark_missing(work: _Work) -> int:
    """Invoices that this reading should have listed and did not become unknown (design 6.4). A draft may simply go."""
    reading = work.reading
    if not reading.finished or reading.scope == Scope.CHANGED or _lists_all(work):
        return 0
    likely = mirror.could_be_missing(
        work.tx,
        work.state.source,
        only_open=reading.scope == Scope.OPEN,
        covers_from=reading.covers_from,
        covers_to=reading.covers_to,
    )
    absent = _without(np.array(likely, dtype=np.int64), work.found.ids).tolist()
    counted = 0
    for start in range(0, len(absent), _BATCH):
        rows = mirror.some_invoices(work.tx, absent[start : start + _BATCH])
        missing = [
            row
            for row in last_seen(rows, work.state.told()).values()
            if row.read_at < reading.as_of
            and (row.unknown_since is None or row.unknown_since > reading.as_of)
            and freshness.could_list(reading, row)
        ]
        mirror.mark_unknown(work.tx, [row.id for row in missing], reading.as_of)
        counted += sum(row.unknown_since is None and row.status != Status.DRAFT for row in missing)
    return counted


def _lists_all(work: _Work) -> bool:
    """Whether every invoice that is known of the source stands in the reading."""
    return not work.found.again.any() and len(work.found.ids) == len(work.state.identities)


def _without(ids: Ints, others: Ints) -> Ints:
    """Identities that are not among others."""
    listed = np.zeros(max(ids.max(initial=0), others.max(initial=0)) + 1, dtype=np.bool_)
    listed[others] = True
    return ids[~listed[ids]]


def _reading_row(source: str, read: Read, stamp: str, now: datetime) -> ReadingRow:
    reading = read.reading
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
        digest="",
        recorded_at=to_moment(now),
        problem="",
        report=reading.report,
    )
