"""Movements of money that a reading tells, into the mirror."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from payflow.model.facts import Scope
from payflow.store import mirror, mirror_writes
from payflow.store.mirror import EntryRow, ReadingRow
from payflow.sync.tables import Entry
from payflow.sync.work import Work


def write_entries(work: Work) -> None:
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
    mirror_writes.delete_entries(work.tx, source, gone)
    mirror_writes.write_entries(work.tx, rows)


def _kept_by_rivals(work: Work, have: Iterable[EntryRow], told: Iterable[EntryRow]) -> set[int]:
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


def write_entries_by_day(work: Work) -> None:
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
    mirror_writes.delete_entries(work.tx, source, gone)
    mirror_writes.write_entries(work.tx, rows.values())


def _covers(reading: ReadingRow, day: int | None) -> bool:
    if day is None:
        return True
    after = reading.covers_from is None or day >= reading.covers_from
    return after and (reading.covers_to is None or day <= reading.covers_to)


def _entry_row(source: str, entry: Entry, invoice: int | None, key: str) -> EntryRow:
    return EntryRow(
        source, key, invoice, entry.client, entry.kind, entry.on, entry.amount, entry.currency, entry.settlement
    )
