"""One reading into the mirror, and what must be remembered of it into the journal; all in the caller's transaction.

Identities are minted here, once, and journaled; so are balances that change what can be inferred, and due dates later than
any seen before. Rows that say nothing new are not written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from payflow.decide import freshness
from payflow.decide.facts import Observed, observations
from payflow.model.facts import Scope, Status
from payflow.model.journal import Record, RecordKind
from payflow.store import journal, mirror
from payflow.store.mirror import ClientRow, EntryRow, InvoiceRow, ReadingRow
from payflow.store.moments import from_moment, to_day, to_moment
from payflow.sync.merge import completed, merge
from payflow.sync.remember import worth_remembering
from payflow.sync.tables import Entry, Invoice, Read

if TYPE_CHECKING:
    from payflow.store import Store, Transaction

#: Rows of one journal record; more are split, so that no record grows without bound.
_PORTION = 1000
#: Invoices after which what was worked out is written, so that a large export need not be held twice.
_BATCH = 20 * _PORTION


@dataclass(slots=True)
class Counts:
    """What a reading came to."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0


@dataclass(slots=True)
class Known:
    """What the store knows of one source before a reading; kept up to date while readings are applied.

    `invoices` stand as they were last seen: their moments are those of the last reading that listed them, written or not.
    `unnumbered` are keys of invoices that so far only payments named.
    """

    invoices: dict[str, InvoiceRow]
    identities: dict[str, int]
    by_number: dict[str, list[str]]
    observed: dict[int, Observed]
    readings: list[ReadingRow]
    next_id: int
    unnumbered: set[str]
    fresh: list[tuple[int, str, str, str]] = field(default_factory=list)


def known(store: Store, source: str, timezone: str) -> Known:
    """Load what is known of a source."""
    identities = store.query("SELECT id, key, number FROM identity WHERE source = ?", (source,))
    by_number: dict[str, list[str]] = {}
    for _, key, number in identities:
        if number:
            by_number.setdefault(number, []).append(key)
    (last,) = store.query("SELECT COALESCE(MAX(id), 0) FROM identity")[0]
    readings = mirror.readings(store, source)
    told = freshness.by_source(readings)
    return Known(
        invoices={row.key: _as_last_seen(row, told) for row in mirror.invoices(store, source)},
        identities={key: identity for identity, key, _ in identities},
        by_number=by_number,
        observed=observations(store, timezone, source),
        readings=readings,
        next_id=last + 1,
        unnumbered={key for _, key, number in identities if not number},
    )


def _as_last_seen(row: InvoiceRow, readings: Mapping[str, Sequence[ReadingRow]]) -> InvoiceRow:
    at = freshness.fresh_at(row, readings)
    if at == row.read_at:
        return row
    return row._replace(read_at=at, state_as_of=at if row.state_as_of == row.read_at else row.state_as_of)


def apply(tx: Transaction, source: str, read: Read, state: Known, *, timezone: str, now: datetime) -> Counts:
    """Take one finished reading into the mirror. Returns the counts. The reading's invoices are used up."""
    stamp = to_moment(min(read.reading.as_of, now))
    before = freshness.by_source(state.readings).get(source, ())
    reading = _reading_row(source, read, stamp, now)
    rekeyed = _rekey(source, read, state)
    moved = {row[2] for row in rekeyed}
    counts = Counts(read=len(read.invoices))
    listed = {item.key for item in read.invoices}
    current = set(listed)
    zone = ZoneInfo(timezone)
    writer = _Writer(tx, rekeyed, now.astimezone(zone).date(), now)
    for item in _consumed(read.invoices):
        old = state.invoices.get(item.key)
        new = _row(source, item, stamp, read.reading.dated_entries, state)
        if read.reading.open_only:
            new = completed(new, old)
        row = new if old is None else merge(old, new)
        row = row._replace(unknown_since=_unknown_since(row, before))
        if old is None:
            counts.new += 1
        elif _same(row, old):
            counts.unchanged += 1
        else:
            counts.changed += 1
        if item.key in moved or _needs_writing(row, old, reading):
            writer.rows.append(row)
        if not read.reading.open_only or new.paid is not None:  # of an unknown total nobody knows what was paid
            observed = state.observed.get(row.id, _NEVER)
            found, state.observed[row.id] = worth_remembering(new, old, observed, before, zone)
            writer.memorable.extend(one.as_json() for one in found)
        state.invoices[item.key] = row
        if row.read_at > stamp:
            current.discard(item.key)
        writer.flush(state, at_least=_BATCH)
    for entry in read.entries:
        if read.reading.by_day and entry.invoice:
            _identity(source, entry.invoice, "", state)
    writer.flush(state)
    _write_clients(tx, source, read, state, stamp)
    if read.reading.by_day:
        _write_entries_by_day(tx, source, read, state, stamp)
    else:
        _write_entries(tx, source, read, state, stamp, current)
    counts.missing = _mark_missing(tx, reading, listed, state)
    if not any(
        one.as_of == stamp and one.origin == reading.origin and one.scope == reading.scope for one in state.readings
    ):
        mirror.add_reading(tx, reading)
        state.readings.append(reading)
    return counts


_NEVER = Observed((), None)


def _consumed(items: list[Invoice]) -> Iterator[Invoice]:
    """The items in order; the list is emptied meanwhile, since of a large export each copy counts."""
    items.reverse()
    while items:
        yield items.pop()


@dataclass(slots=True)
class _Writer:
    """Writes what was worked out in portions, all in one transaction: identities first, then what rests on them."""

    tx: Transaction
    rekeyed: list[list[Any]]
    day: date
    now: datetime
    rows: list[InvoiceRow] = field(default_factory=list)
    memorable: list[list[Any]] = field(default_factory=list)

    def flush(self, state: Known, at_least: int = 0) -> None:
        """Write what there is, if it is as much as that."""
        if max(len(self.rows), len(self.memorable), len(state.fresh)) < at_least:
            return
        minted = [list(row) for row in state.fresh]
        state.fresh.clear()
        records = [
            Record(kind, self.day, {"rows": rows[start : start + _PORTION]})
            for kind, rows in (
                (RecordKind.IDENTITIES, [*self.rekeyed, *minted]),
                (RecordKind.OBSERVATIONS, self.memorable),
            )
            for start in range(0, len(rows), _PORTION)
        ]
        if records:
            journal.append(self.tx, records, at=self.now)
        mirror.write_invoices(self.tx, self.rows)
        self.rekeyed, self.rows, self.memorable = [], [], []


def _row(source: str, item: Invoice, stamp: str, dated: bool, state: Known) -> InvoiceRow:
    return InvoiceRow(
        id=_identity(source, item.key, item.number, state),
        source=source,
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
        dated_entries=int(dated),
        state_as_of=stamp,
        read_at=stamp,
    )


def _identity(source: str, key: str, number: str, state: Known) -> int:
    """The identity of a key, minted at the first sight of it; one that was first named by a payment learns its number."""
    identity = state.identities.get(key)
    if identity is not None and not (number and key in state.unnumbered):
        return identity
    if identity is None:
        identity = state.next_id
        state.next_id += 1
        state.identities[key] = identity
    (state.unnumbered.discard if number else state.unnumbered.add)(key)
    state.fresh.append((identity, source, key, number))
    return identity


def _rekey(source: str, read: Read, state: Known) -> list[list[Any]]:
    """Identities that moved to another key, as from an export to an API: same source, same number, old key gone."""
    if not state.identities:
        return []
    listed = {item.key for item in read.invoices}
    moved: list[list[Any]] = []
    for item in read.invoices:
        if item.key in state.identities or not item.number:
            continue
        former = [key for key in state.by_number.get(item.number, ()) if key not in listed]
        if len(former) != 1 or not _same_invoice(state.invoices.get(former[0]), item):
            continue
        identity = state.identities.pop(former[0])
        state.identities[item.key] = identity
        row = state.invoices.pop(former[0], None)
        if row is not None:
            state.invoices[item.key] = row._replace(key=item.key)
        moved.append([identity, source, item.key, item.number])
    return moved


def _same_invoice(row: InvoiceRow | None, item: Invoice) -> bool:
    return row is None or (row.currency == item.currency and row.issued_on == item.issued_on)


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


def _write_entries(
    tx: Transaction, source: str, read: Read, state: Known, stamp: str, current: Collection[str]
) -> None:
    """Entries of the invoices this reading is the newest to list, and open credit if no newer report of its kind was read.

    `current` are the keys of those invoices.
    """
    have = mirror.entries(tx, source)
    prefix = f"{read.reading.report}|"
    newest = not any(one.as_of > stamp and one.finished and one.scope != Scope.CHANGED for one in state.readings)
    dated = read.reading.dated_entries
    rows, kept = [], set()
    for entry in read.entries:
        # where not every movement is told, a later report takes back only what a report of its own kind told
        key = entry.key if dated and entry.invoice else prefix + entry.key
        if entry.invoice in current if entry.invoice else newest:
            rows.append(_entry_row(source, entry, state.identities[entry.invoice] if entry.invoice else None, key))
            kept.add(key)
    listed = {state.invoices[key].id for key in current}
    whole = newest and read.reading.scope != Scope.CHANGED
    gone = [
        one.key
        for one in have
        if one.key not in kept
        and (dated or one.key.startswith(prefix))
        and (one.invoice in listed if one.invoice is not None else whole and one.key.startswith(prefix))
    ]
    mirror.delete_entries(tx, source, gone)
    mirror.write_entries(tx, rows)


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


def _mark_missing(tx: Transaction, reading: ReadingRow, listed: Collection[str], state: Known) -> int:
    """Invoices that this reading should have listed and did not become unknown (design 6.4). A draft may simply go."""
    missing = [
        row
        for key, row in state.invoices.items()
        if key not in listed
        and row.read_at < reading.as_of
        and (row.unknown_since is None or row.unknown_since > reading.as_of)
        and freshness.could_list(reading, row)
    ]
    mirror.mark_unknown(tx, [row.id for row in missing], reading.as_of)
    for row in missing:
        state.invoices[row.key] = row._replace(unknown_since=reading.as_of)
    return sum(row.unknown_since is None and row.status != Status.DRAFT for row in missing)


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
