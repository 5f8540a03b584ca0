"""Writing to the mirror: upserts that touch only rows that differ, and return how many they wrote.

Each write wakes the invoices about which it wrote anything (`payflow.store.resting`), in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from payflow.store import mirror, resting
from payflow.store.database import Reader, Transaction
from payflow.store.mirror import BankLineRow, ClientRow, EntryRow, InvoiceRow, ReadingRow, SaidRow
from payflow.store.some import AT_ONCE, execute_some, query_some
from payflow.store.upserts import Bulk


def write_clients(tx: Transaction, rows: Iterable[ClientRow]) -> int:
    """Insert or update clients; returns how many were really written."""
    told = list(rows)
    touched = _of_clients(tx, told) if resting.is_kept(tx) else []
    return _count(tx, tx.upsert("client", ClientRow._fields, ("source", "key"), told), touched)


def write_said(tx: Transaction, rows: Iterable[SaidRow]) -> int:
    """Insert or update what reports say of clients; returns how many rows were really written."""
    # what counts of it is written to the clients themselves
    return _count(tx, tx.upsert("client_said", SaidRow._fields, ("source", "key", "report"), rows), ())


def write_invoices(tx: Transaction, rows: Iterable[tuple[Any, ...]] | Bulk) -> int:
    """Insert or update invoices, rows of `InvoiceRow`'s columns, by identity; returns how many were really written."""
    touched: list[int] = []
    told = rows
    if isinstance(rows, Bulk):
        touched = [row[0] for row in rows.rows] if resting.is_kept(tx) else []
    elif resting.is_kept(tx):
        told = _noted(rows, touched)
    return _count(tx, tx.upsert("invoice", InvoiceRow._fields, ("id",), told), touched)


def write_entries(tx: Transaction, rows: Iterable[EntryRow]) -> int:
    """Insert or update entries; returns how many were really written."""
    told = list(rows)
    touched = _of_entries(tx, told) if resting.is_kept(tx) else []
    return _count(tx, tx.upsert("entry", EntryRow._fields, ("source", "key"), told), touched)


def write_bank_lines(tx: Transaction, rows: Iterable[BankLineRow]) -> int:
    """Insert or update lines of bank statements; returns how many were really written."""
    # where there is any line, nothing rests
    return _count(tx, tx.upsert("bank_line", BankLineRow._fields, ("source", "key"), rows), ())


def delete_entries(tx: Transaction, source: str, keys: Iterable[str]) -> int:
    """Delete entries that the source no longer has; returns how many there were."""
    gone = list(keys)
    old = _entries_of(tx, source, gone) if resting.is_kept(tx) else {}
    deleted = tx.executemany("DELETE FROM entry WHERE source = ? AND key = ?", ((source, key) for key in gone))
    return _count(tx, deleted, [one.invoice for one in old.values() if one.invoice is not None])


def listed_again(tx: Transaction, ids: Sequence[int], stamp: str) -> int:
    """These invoices were listed once more and said the same."""
    sql = "UPDATE invoice SET read_at = ?, state_as_of = ? WHERE id IN (?)"
    written = execute_some(tx, sql, ids, stamp, stamp)
    # only how fresh they are: what rests was not stale, and being fresh brings nothing about that was not there
    return _count(tx, written, ())


def add_reading(tx: Transaction, row: ReadingRow) -> int:
    """Record a reading and return its id; the row's own id is not used."""
    names = ReadingRow._fields[1:]
    # writers queue, so that no two count alike; names of our own, no value from outside, go into the text
    sql = (
        f"INSERT INTO reading (id, {', '.join(names)}) VALUES ((SELECT coalesce(max(id), 0) + 1 FROM reading), "  # noqa: S608 (see above)
        f"{', '.join('?' * len(names))}) RETURNING id"
    )
    [(number,)] = tx.query(sql, row[1:])
    _count(tx, 1, ())
    return int(number)


def replace_reading(tx: Transaction, row: ReadingRow) -> None:
    """Record what a reading with this row's id says now."""
    names = ReadingRow._fields[1:]
    sql = f"UPDATE reading SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?"  # noqa: S608 (names of our own)
    tx.execute(sql, (*row[1:], row.id))
    _count(tx, 1, ())


def mark_unknown(tx: Transaction, ids: Iterable[int], since: str) -> int:
    """These invoices should have been listed and were not; one already unknown keeps the earlier moment."""
    sql = "UPDATE invoice SET unknown_since = ? WHERE id = ? AND (unknown_since IS NULL OR unknown_since > ?)"
    missing = list(ids)
    return _count(tx, tx.executemany(sql, ((since, number, since) for number in missing)), missing)


def touch(tx: Transaction) -> None:
    """Say that the mirror changed, where another module changed it: nobody knows which invoices it touched."""
    _count(tx, 1, None)


def _noted(rows: Iterable[tuple[Any, ...]], ids: list[int]) -> Iterator[tuple[Any, ...]]:
    """The same rows of invoices; their identities are added to `ids` as they pass."""
    for row in rows:
        ids.append(row[0])
        yield row


def _of_clients(db: Reader, rows: Sequence[ClientRow]) -> list[int]:
    """The invoices of those clients that are not known just so."""
    found: list[int] = []
    for source in dict.fromkeys(row.source for row in rows):
        known = set(mirror.clients(db, source))
        changed = sorted({row.key for row in rows if row.source == source and row not in known})
        if len(changed) > AT_ONCE:
            wanted = set(changed)
            listed = db.query("SELECT id, client FROM invoice WHERE source = ?", (source,))
            found += [number for number, client in listed if client in wanted]
        else:
            sql = "SELECT id FROM invoice WHERE source = ? AND client IN (?)"
            found += [number for (number,) in query_some(db, sql, changed, source)]
    return found


def _of_entries(db: Reader, rows: Sequence[EntryRow]) -> list[int]:
    """The invoices of those entries that are not known just so, and those that they were on before."""
    found: set[int | None] = set()
    for source in dict.fromkeys(row.source for row in rows):
        told = [row for row in rows if row.source == source]
        old = _entries_of(db, source, [row.key for row in told])
        for row in told:
            before = old.get(row.key)
            if before != row:
                found |= {row.invoice, before.invoice if before is not None else None}
    return [number for number in found if number is not None]


def _entries_of(db: Reader, source: str, keys: Sequence[str]) -> dict[str, EntryRow]:
    """Entries of a source by their keys."""
    if len(keys) > mirror.PAGE:
        wanted = set(keys)
        return {one.key: one for one in mirror.entries(db, source) if one.key in wanted}
    sql = f"SELECT {', '.join(EntryRow._fields)} FROM entry WHERE source = ? AND key IN (?)"  # noqa: S608 (names of our own)
    return {one.key: one for one in map(EntryRow._make, query_some(db, sql, keys, source))}


def _count(tx: Transaction, written: int, touched: Collection[int] | None) -> int:
    """Note that so many rows were written, about the invoices `touched`; None where nobody knows about which."""
    if written:
        tx.execute(
            "INSERT INTO meta (name, value) VALUES (?, '1') ON CONFLICT (name) DO UPDATE "
            "SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)",
            (mirror.COUNTER,),
        )
        if touched is not None:
            resting.wake(tx, touched)
    return written
