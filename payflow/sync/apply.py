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
from payflow.store.moments import to_day, to_moment
from payflow.sync import bulk
from payflow.sync.known import Identified, Known, identify, last_seen, name, rekey
from payflow.sync.merge import STATE, completed, merge
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
    #: whether another report tells of this very moment too
    rival: bool = False
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

    def journal(self, kind: RecordKind, bodies: Iterable[Mapping[str, Any]]) -> None:
        """Append records of what is seen and known today."""
        day = self.now.astimezone(self.zone).date()
        for body in bodies:
            journal.append(self.tx, [Record(kind, day, body)], at=self.now)


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
    work = _Work(
        tx=tx,
        read=read,
        state=state,
        reading=reading,
        rival=bool(rivals) and not corrected,
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
    _write_clients(work)
    if read.reading.by_day:
        _write_entries_by_day(work)
    else:
        _write_entries(work)
    work.counts.missing = _mark_missing(work)
    if before is None:
        number = mirror.add_reading(tx, reading)
        state.readings.append(reading._replace(id=number))
    elif corrected:
        mirror.replace_reading(tx, reading._replace(id=before.id))
        state.readings[state.readings.index(before)] = reading._replace(id=before.id)
    return work.counts


def _same_report(readings: Iterable[ReadingRow], reading: ReadingRow) -> ReadingRow | None:
    """The reading of the same report that speaks for the same moment: the very file, whatever became of its contents."""
    for one in readings:
        same = (one.as_of, one.origin, one.report) == (reading.as_of, reading.origin, reading.report)
        if same and (reading.digest or one.scope == reading.scope):
            return one
    return None


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
    if work.rival and work.read.entries:
        same = bulk.Unchanged(np.zeros_like(same.rows), np.zeros_like(same.rows))  # whose payments count is told by row
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
        row = new if old is None else merge(old, new, rival=work.rival)
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
            level = work.rival and old is not None and old.read_at == work.stamp
            shown = row if level else new
            found, seen_before = worth_remembering(shown, old, seen_before, work.before, work.zone, rival=work.rival)
            memorable.extend(one.as_json() for one in found)
        if again:
            work.several[identity] = row, seen_before
        if row.read_at > work.stamp:
            work.outdated.add(item.key)
        elif work.rival and old is not None and old.read_at == work.stamp:
            _among_rivals(work, item.key, row, old, new)
    work.journal(
        RecordKind.OBSERVATIONS,
        ({"rows": memorable[start : start + _PORTION]} for start in range(0, len(memorable), _PORTION)),
    )
    mirror.write_invoices(work.tx, rows)


def _among_rivals(work: _Work, key: str, row: InvoiceRow, old: InvoiceRow, new: InvoiceRow) -> None:
    """Note whose payments count: those of the report whose state does."""
    states = [tuple(getattr(one, name) for name in STATE) for one in (row, old, new)]
    if states[1] == states[2]:
        work.level.add(key)
    elif states[0] == states[1]:
        work.outdated.add(key)


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


def _write_clients(work: _Work) -> None:
    """Newer readings describe a client; an older one only adds clients that nobody knew."""
    tx, source = work.tx, work.state.source
    rows = [ClientRow(source, one.key, one.name, one.email, one.language, one.country) for one in work.read.clients]
    if any(one.as_of > work.stamp for one in work.state.readings if one.finished):
        have = {key for (key,) in tx.query("SELECT key FROM client WHERE source = ?", (source,))}
        rows = [row for row in rows if row.key not in have]
    else:
        have_rows = {row.key: row for row in mirror.clients(tx, source)}
        rows = [_filled(row, have_rows.get(row.key), work.rival) for row in rows]
    mirror.write_clients(tx, rows)


def _filled(new: ClientRow, old: ClientRow | None, rival: bool) -> ClientRow:
    if old is None:
        return new
    if rival:
        return ClientRow(*map(max, new, old))
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
    # where not every movement is told, a later report takes back only what a report of its own kind told
    whole_key = bool(read.reading.dated_entries)
    told = [
        _entry_row(
            source,
            one,
            state.identities[one.invoice] if one.invoice else None,
            one.key if whole_key and one.invoice else prefix + one.key,
        )
        for one in read.entries
    ]
    current = set(work.found.keys.to_pylist()) - work.outdated if have or told else set()
    listed = {state.identities[key] for key in current} - _kept_by_rivals(work, have, told)
    rows = [row for row in told if (row.invoice in listed if row.invoice is not None else newest)]
    known_credit = {one.key: one for one in have if one.invoice is None} if work.rival else {}
    rows = [max(row, known_credit.get(row.key, row), key=_weight) for row in rows]
    kept = {row.key for row in rows}
    whole = newest and read.reading.scope != Scope.CHANGED and not work.rival
    gone = [
        one.key
        for one in have
        if one.key not in kept
        and (whole_key or one.key.startswith(prefix))
        and (one.invoice in listed if one.invoice is not None else whole and one.key.startswith(prefix))
    ]
    mirror.delete_entries(work.tx, source, gone)
    mirror.write_entries(work.tx, rows)


def _kept_by_rivals(work: _Work, have: Iterable[EntryRow], told: Iterable[EntryRow]) -> set[int]:
    """Of the invoices whose state a rival told alike, those whose payments stay as they are: less money, or later."""
    level = {work.state.identities[key] for key in work.level}
    if not level:
        return set()
    sides: tuple[dict[int, list[Any]], dict[int, list[Any]]] = {}, {}
    for side, entries in zip(sides, (have, told), strict=True):
        for one in entries:
            if one.invoice in level:
                side.setdefault(one.invoice, []).append(_weight(one))
    return {one for one in level if sorted(sides[0].get(one, [])) < sorted(sides[1].get(one, []))}


def _weight(entry: EntryRow) -> tuple[Any, ...]:
    """Orders what two reports of one moment tell of one entry: by its amount, then its day, unknown ones first."""
    return (entry.amount, entry.paid_on is not None, entry.paid_on or 0, entry.settlement, *map(str, entry))


def _write_entries_by_day(work: _Work) -> None:
    """Entries of a reading that tells them by day, on whichever invoices: each day as the newest such report that covers it says.

    An invoice may be listed by another file, read earlier, later or never. Of several reports of one moment each entry
    counts that one of them tells; told differently, the one of less money.
    """
    read, state, source, own = work.read, work.state, work.state.source, work.reading
    prefix = f"{read.reading.report}|"
    kind = [one for one in state.readings if one.report == own.report]
    newer = [one for one in kind if one.finished and one.as_of > work.stamp]
    rivals = [one for one in kind if one.as_of == work.stamp and one.origin != own.origin] if work.rival else []
    rows = {
        prefix + entry.key: _entry_row(
            source, entry, state.identities[entry.invoice] if entry.invoice else None, prefix + entry.key
        )
        for entry in read.entries
        if not any(_covers(one, entry.on) for one in newer)
    }
    gone = []
    for one in mirror.entries(work.tx, source):
        if not one.key.startswith(prefix):
            continue
        of_rivals = any(_covers(other, one.paid_on) for other in rivals)
        if one.key in rows:
            if of_rivals:
                rows[one.key] = min(one, rows[one.key], key=_weight)
        elif own.finished and not of_rivals and _covers(own, one.paid_on):
            gone += [] if any(_covers(other, one.paid_on) for other in newer) else [one.key]
    mirror.delete_entries(work.tx, source, gone)
    mirror.write_entries(work.tx, rows.values())


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


def _reading_row(source: str, read: Read, stamp: str, now: datetime, digest: str) -> ReadingRow:
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
        digest=digest,
        recorded_at=to_moment(now),
        problem="",
        report=reading.report,
    )
