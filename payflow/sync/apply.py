"""One reading into the mirror, and what must be remembered of it into the journal; all in the caller's transaction.

Identities are minted here, once, and journaled; so are balances that change what can be inferred, and due dates later than
any seen before. Rows that say nothing new are not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from payflow.decide import freshness
from payflow.decide.facts import Observed, local_day, observations
from payflow.model.facts import Scope, Status
from payflow.model.journal import Record, RecordKind
from payflow.policy.sightings import Sighting, tells_more
from payflow.store import journal, mirror
from payflow.store.mirror import ClientRow, EntryRow, InvoiceRow, ReadingRow
from payflow.store.moments import from_moment, to_day, to_moment
from payflow.sync.merge import merge, seen
from payflow.sync.tables import Entry, Invoice, Read

if TYPE_CHECKING:
    from payflow.store import Store, Transaction

#: Rows of one journal record; more are split, so that no record grows without bound.
_PORTION = 1000


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
    """What the store knows of one source before a reading; kept up to date while readings are applied."""

    invoices: dict[str, InvoiceRow]
    identities: dict[str, int]
    by_number: dict[str, list[str]]
    observed: dict[int, Observed]
    readings: list[ReadingRow]
    next_id: int
    fresh: list[tuple[int, str, str, str]] = field(default_factory=list)


def known(store: Store, source: str, timezone: str) -> Known:
    """Load what is known of a source."""
    identities = store.query("SELECT id, key, number FROM identity WHERE source = ?", (source,))
    by_number: dict[str, list[str]] = {}
    for _, key, number in identities:
        if number:
            by_number.setdefault(number, []).append(key)
    (last,) = store.query("SELECT COALESCE(MAX(id), 0) FROM identity")[0]
    return Known(
        invoices={row.key: row for row in mirror.invoices(store, source)},
        identities={key: identity for identity, key, _ in identities},
        by_number=by_number,
        observed=observations(store, timezone, source),
        readings=mirror.readings(store, source),
        next_id=last + 1,
    )


def apply(
    tx: Transaction, source: str, read: Read, state: Known, *, timezone: str, now: datetime, digest: str = ""
) -> Counts:
    """Take one finished reading into the mirror. Returns the counts."""
    stamp = to_moment(min(read.reading.as_of, now))
    before = freshness.by_source(state.readings)
    rekeyed = _rekey(source, read, state)
    counts = Counts(read=len(read.invoices))
    rows: list[InvoiceRow] = []
    sightings: list[list[Any]] = []
    zone = ZoneInfo(timezone)
    for item in read.invoices:
        old = state.invoices.get(item.key)
        new = _row(source, item, stamp, read.reading.dated_entries, state)
        row = new if old is None else merge(old, new)
        if old is None and (missed := _missed(row, before.get(source, ()))) is not None:
            row = row._replace(unknown_since=missed)
        if old is None:
            counts.new += 1
        elif row._replace(read_at=old.read_at, state_as_of=old.state_as_of) == old:
            counts.unchanged += 1
            # nothing new but the moment; written only where no reading of the whole source tells it
            if row.read_at == old.read_at or freshness.could_list(_reading_row(source, read, stamp, now, digest), row):
                row = old
        else:
            counts.changed += 1
        if row is not old:
            rows.append(row)
        sightings.extend(_worth_remembering(new, old, state, before, zone))
        state.invoices[item.key] = row
    _journal(tx, state, rekeyed, sightings, now.astimezone(zone).date(), now)
    mirror.write_invoices(tx, rows)
    _write_clients(tx, source, read, state, stamp)
    _write_entries(tx, source, read, state, stamp)
    counts.missing = _mark_missing(tx, source, read, state, stamp)
    reading = _reading_row(source, read, stamp, now, digest)
    if not any(
        one.as_of == stamp and one.origin == reading.origin and one.scope == reading.scope for one in state.readings
    ):
        mirror.add_reading(tx, reading)
        state.readings.append(reading)
    return counts


def _row(source: str, item: Invoice, stamp: str, dated: bool, state: Known) -> InvoiceRow:
    identity = state.identities.get(item.key)
    if identity is None:
        identity = state.next_id
        state.next_id += 1
        state.identities[item.key] = identity
        state.fresh.append((identity, source, item.key, item.number))
    return InvoiceRow(
        id=identity,
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


def _rekey(source: str, read: Read, state: Known) -> list[list[Any]]:
    """Identities that moved to another key, as from an export to an API: same source, same number, old key gone."""
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


def _missed(row: InvoiceRow, newer: Sequence[ReadingRow]) -> str | None:
    """For an invoice first met in an older file: the newest reading that should have listed it and did not."""
    found = [one.as_of for one in newer if one.as_of > row.read_at and freshness.could_list(one, row)]
    return min(found, default=None)


def _worth_remembering(
    new: InvoiceRow,
    old: InvoiceRow | None,
    state: Known,
    before: Mapping[str, Sequence[ReadingRow]],
    zone: ZoneInfo,
) -> Iterable[list[Any]]:
    """Rows of an observation record: what was seen, where it tells more than is known already."""
    observed = state.observed.get(new.id, Observed((), None))
    due_on = None if new.status == Status.DRAFT else new.due_on
    due_is_news = due_on is not None and (observed.due_on is None or due_on > observed.due_on)
    balance = None if new.dated_entries else seen(new)
    candidates = []
    if balance is not None:
        candidates.append(Sighting(new.read_at, local_day(from_moment(new.read_at), zone), *balance))
        if old is not None and not old.dated_entries and new.read_at > old.read_at:
            # the last reading that still showed the old balance: only now does it bound when that changed
            last, last_seen = seen(old), freshness.fresh_at(old, before)
            if last is not None and last != balance and last_seen < new.read_at:
                candidates.append(Sighting(last_seen, local_day(from_moment(last_seen), zone), *last))
    told = list(observed.sightings)
    for sighting in candidates:
        if tells_more(told, sighting, new.issued_on) or (due_is_news and sighting is candidates[0]):
            told.append(sighting)
            dated = due_is_news and sighting is candidates[0]
            yield [new.id, sighting.stamp, sighting.paid, sighting.credited, due_on if dated else None]
    if due_is_news and not candidates:
        yield [new.id, new.read_at, 0, 0, due_on]
    if due_is_news or len(told) > len(observed.sightings):
        latest = due_on if due_is_news else observed.due_on
        state.observed[new.id] = Observed(told, latest)


def _journal(
    tx: Transaction, state: Known, rekeyed: list[list[Any]], sightings: list[list[Any]], day: date, now: datetime
) -> None:
    minted = [list(row) for row in state.fresh]
    state.fresh.clear()
    records = [
        Record(kind, day, {"rows": rows[start : start + _PORTION]})
        for kind, rows in (
            (RecordKind.IDENTITIES, [*rekeyed, *minted]),
            (RecordKind.OBSERVATIONS, sightings),
        )
        for start in range(0, len(rows), _PORTION)
    ]
    if records:
        journal.append(tx, records, at=now)


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


def _write_entries(tx: Transaction, source: str, read: Read, state: Known, stamp: str) -> None:
    """Entries of the invoices this reading is the newest to list, and open credit if no newer report of its kind was read."""
    current = {item.key for item in read.invoices if state.invoices[item.key].read_at <= stamp}
    have = mirror.entries(tx, source)
    prefix = f"{read.reading.report}|"
    newest = not any(one.as_of > stamp and one.finished and one.scope != Scope.CHANGED for one in state.readings)
    rows, kept = [], set()
    for entry in read.entries:
        if entry.invoice:
            if entry.invoice in current:
                rows.append(_entry_row(source, entry, state.invoices[entry.invoice].id, entry.key))
                kept.add(entry.key)
        elif newest:
            rows.append(_entry_row(source, entry, None, prefix + entry.key))
            kept.add(prefix + entry.key)
    listed = {state.invoices[key].id for key in current} if read.reading.dated_entries else set()
    whole = newest and read.reading.scope != Scope.CHANGED
    gone = [
        one.key
        for one in have
        if one.key not in kept
        and (one.invoice in listed if one.invoice is not None else whole and one.key.startswith(prefix))
    ]
    mirror.delete_entries(tx, source, gone)
    mirror.write_entries(tx, rows)


def _entry_row(source: str, entry: Entry, invoice: int | None, key: str) -> EntryRow:
    return EntryRow(
        source, key, invoice, entry.client, entry.kind, entry.on, entry.amount, entry.currency, entry.settlement
    )


def _mark_missing(tx: Transaction, source: str, read: Read, state: Known, stamp: str) -> int:
    """Invoices that this reading should have listed and did not become unknown (design 6.4). A draft may simply go."""
    if not read.reading.finished or read.reading.scope is Scope.CHANGED:
        return 0
    listed = {item.key for item in read.invoices}
    reading = _reading_row(source, read, stamp, from_moment(stamp), "")
    missing = [
        row
        for key, row in state.invoices.items()
        if key not in listed
        and row.unknown_since is None
        and row.status != Status.DRAFT
        and row.read_at < stamp
        and freshness.could_list(reading, row)
        and not any(one.as_of > stamp and freshness.could_list(one, row) for one in state.readings)
    ]
    mirror.mark_unknown(tx, [row.id for row in missing], stamp)
    for row in missing:
        state.invoices[row.key] = row._replace(unknown_since=stamp)
    return len(missing)


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
