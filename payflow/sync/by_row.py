"""Invoices of a reading row by row: what it makes of those that are known, and what of it must be remembered."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from payflow.columns import Ints
from payflow.decide import freshness
from payflow.decide.facts import Observed, observations
from payflow.model.journal import RecordKind
from payflow.store import mirror, mirror_writes
from payflow.store.mirror import InvoiceRow, ReadingRow
from payflow.sync.known import last_seen
from payflow.sync.merge import STATE, completed, merge
from payflow.sync.remember import worth_remembering
from payflow.sync.tables import Invoice, invoice_rows
from payflow.sync.work import PORTION, Work

_NEVER = Observed((), None)


def row_by_row(work: Work, places: Ints) -> None:
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
        work.record(RecordKind.OBSERVATIONS, {"rows": memorable[start : start + PORTION]})
        for start in range(0, len(memorable), PORTION)
    )
    mirror_writes.write_invoices(work.tx, rows)


def _among_rivals(work: Work, key: str, row: InvoiceRow, old: InvoiceRow, new: InvoiceRow) -> None:
    """Note whose payments count: those of the report whose state does."""
    states = [tuple(getattr(one, name) for name in STATE) for one in (row, old, new)]
    if states[1] == states[2]:
        work.level.add(key)
    elif states[0] == states[1]:
        work.outdated.add(key)


def _row(work: Work, item: Invoice, identity: int) -> InvoiceRow:
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
