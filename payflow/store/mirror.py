"""The mirror: what the books say. Rows come and go as named tuples that match the tables.

Every writer is an upsert that touches only rows that differ and returns how many it wrote, and wakes the invoices about which
it wrote anything (`payflow.store.resting`). Days are whole numbers since
1970-01-01, moments the text of `moments.to_moment`, amounts minor units, yes and no 1 and 0. `source` is the source's key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from payflow.store import resting
from payflow.store.database import Reader, Row, Transaction
from payflow.store.upserts import Bulk
from payflow.store.workings import get_meta


class ClientRow(NamedTuple):
    """Who pays, as a source knows them."""

    source: str
    key: str
    name: str
    email: str = ""
    language: str = ""
    country: str = ""


class SaidRow(NamedTuple):
    """What one kind of report last said of a client. Each word has the moment at which it was last said; an empty one stands for
    that of the newest whole reading of this kind."""

    source: str
    key: str
    report: str
    name: str = ""
    email: str = ""
    language: str = ""
    country: str = ""
    name_at: str = ""
    email_at: str = ""
    language_at: str = ""
    country_at: str = ""


class InvoiceRow(NamedTuple):
    """An invoice; `id` is its journaled identity, `client` a key of the same source.

    `state_as_of` is the moment the reading that gave this state speaks for, `read_at` the last one that listed the invoice,
    `unknown_since` the one that should have listed it and did not.
    """

    id: int
    source: str
    key: str
    number: str
    client: str
    currency: str
    total: int
    paid: int | None
    credited: int | None
    balance: int | None
    issued_on: int
    due_on: int | None
    closed_on: int | None
    status: str
    reference: str
    pay_url: str
    dated_entries: int
    state_as_of: str
    read_at: str
    unknown_since: str | None = None


class EntryRow(NamedTuple):
    """A money movement; `invoice` an identity, None for open credit of the client. Positive amounts lower what is owed."""

    source: str
    key: str
    invoice: int | None
    client: str
    kind: str
    paid_on: int | None
    amount: int
    currency: str
    settlement: str


class BankLineRow(NamedTuple):
    """A line of a bank statement, as in `columns.LINES`; `remittance` is its free text.

    `reports` are the kinds of statement that tell it, divided by line breaks.
    """

    source: str
    key: str
    account: str
    booked_on: int
    value_on: int | None
    amount: int
    currency: str
    payer: str
    payer_account: str
    remittance: str
    reference: str
    bank_id: str
    kind: str
    reports: str


class ReadingRow(NamedTuple):
    """One reading of a source; `id` is given by the store (pass 0 to `add_reading`), `problem` empty when all went well."""

    id: int
    source: str
    scope: str
    as_of: str
    finished: int
    covers_from: int | None
    covers_to: int | None
    dated_entries: int
    origin: str
    digest: str
    recorded_at: str
    problem: str = ""
    #: the kind of report, as in `facts.Reading`
    report: str = ""


_R = TypeVar("_R", ClientRow, SaidRow, InvoiceRow, EntryRow, BankLineRow, ReadingRow)
#: Named value that counts the writes to the mirror.
_COUNTER = "mirror-counter"
_PAGE = 50_000
_FEW = 5_000
#: Identities that one statement names.
_SOME = 500


def clients(db: Reader, source: str | None = None) -> list[ClientRow]:
    """Every client, or those of one source."""
    return _read(db, ClientRow, "client", "source, key", source)


def said(db: Reader, source: str) -> list[SaidRow]:
    """What each kind of report said of the clients of a source."""
    return _read(db, SaidRow, "client_said", "source, key, report", source)


def invoices(db: Reader, source: str | None = None) -> list[InvoiceRow]:
    """Every invoice (of one source), by identity; read in pages, and texts that recur are held once: books can be large."""
    names, shared = ", ".join(InvoiceRow._fields), _Shared()
    # names of our own, no value from outside, go into the text
    sql = f"SELECT {names} FROM invoice WHERE id > ? AND ? IN ('', source) ORDER BY id LIMIT {_PAGE}"  # noqa: S608 (see above)
    found: list[InvoiceRow] = []
    while True:
        page = db.query(sql, (found[-1].id if found else 0, source or ""))
        # in a few rows there is nothing to save
        found.extend(map(InvoiceRow._make, page if len(page) < _FEW else (map(shared.of, values) for values in page)))
        if len(page) < _PAGE:
            return found


def some_invoices(db: Reader, ids: Sequence[int]) -> list[InvoiceRow]:
    """The invoices of these identities, by identity; those that the mirror does not hold are not among them."""
    names = ", ".join(InvoiceRow._fields)
    sql = f"SELECT {names} FROM invoice WHERE id IN (?) ORDER BY id"  # noqa: S608 (names of our own, no value from outside)
    return [InvoiceRow._make(values) for values in query_some(db, sql, sorted(ids))]


def query_some(db: Reader, sql: str, ids: Sequence[int]) -> list[Row]:
    """All rows of a query for some identities, which its only mark `(?)` takes, ever so many at a time."""
    found: list[Row] = []
    for start in range(0, len(ids), _SOME):
        some = ids[start : start + _SOME]
        found += db.query(sql.replace("(?)", f"({', '.join('?' * len(some))})", 1), some)
    return found


#: What stands between two values of an image; nobody types it, and a text that holds it is compared value by value.
APART = "\x1f"
#: The values of an image, in order.
IMAGE = (
    *("number", "client", "currency", "total", "paid", "credited", "balance", "issued_on", "due_on", "closed_on"),
    *("status", "reference", "pay_url", "dated_entries"),
)
#: What an invoice says, as one text: two invoices that say the same have the same one. One call, of half the time that joining
#: them two by two takes; what is not stated is an empty text to it.
IMAGED = f"format('{APART.join(['%s'] * len(IMAGE))}', {', '.join(IMAGE)})"
#: Invoices whose state is as old as their last sight, and that no later reading missed: these have an image.
HAS_IMAGE = "unknown_since IS NULL AND state_as_of = read_at"


def could_be_missing(
    db: Reader, source: str, *, only_open: bool, covers_from: int | None, covers_to: int | None
) -> list[int]:
    """Identities of a source's invoices that a reading should have listed, by what is simple to ask."""
    closed = " AND status NOT IN ('paid', 'void', 'written-off')" if only_open else ""
    return [
        number
        for (number,) in db.query(
            f"SELECT id FROM invoice WHERE source = ? AND issued_on >= ? AND issued_on <= ?{closed}",  # noqa: S608 (own words)
            (source, -(2**31) if covers_from is None else covers_from, 2**31 - 1 if covers_to is None else covers_to),
        )
    ]


def listed_again(tx: Transaction, ids: Sequence[int], stamp: str) -> int:
    """These invoices were listed once more and said the same."""
    written = 0
    for start in range(0, len(ids), _SOME):
        some = ids[start : start + _SOME]
        marks = ", ".join("?" * len(some))
        sql = f"UPDATE invoice SET read_at = ?, state_as_of = ? WHERE id IN ({marks})"  # noqa: S608 (marks only)
        written += tx.execute(sql, (stamp, stamp, *some))
    # only how fresh they are: what rests was not stale, and being fresh brings nothing about that was not there
    return _count(tx, written, ())


class _Shared:
    """Gives back the first of equal texts, so that a currency or a client is one object on however many rows."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def of(self, value: Any) -> Any:
        """The value, or the equal text met before."""
        if type(value) is not str:
            return value
        known = self._texts.get(value)
        if known is not None:
            return known
        if len(self._texts) < _PAGE:
            self._texts[value] = value
        return value


def entries(db: Reader, source: str | None = None) -> list[EntryRow]:
    """Every entry, or those of one source."""
    return _read(db, EntryRow, "entry", "source, key", source)


def some_entries(db: Reader, ids: Sequence[int]) -> list[EntryRow]:
    """Entries on the invoices of these identities, in the order of `entries` within each, and all open credit."""
    names = ", ".join(EntryRow._fields)
    credit = f"SELECT {names} FROM entry WHERE invoice IS NULL ORDER BY source, key"  # noqa: S608 (names of our own)
    own = f"SELECT {names} FROM entry WHERE invoice IN (?) ORDER BY source, key"  # noqa: S608 (names of our own)
    return [EntryRow._make(values) for values in (*db.query(credit), *query_some(db, own, ids))]


def bank_lines(db: Reader, source: str | None = None) -> list[BankLineRow]:
    """Every line of bank statements, or those of one source."""
    return _read(db, BankLineRow, "bank_line", "source, key", source)


def readings(db: Reader, source: str | None = None) -> list[ReadingRow]:
    """Every reading, or those of one source, in the order they were recorded."""
    return _read(db, ReadingRow, "reading", "id", source)


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


def counter(db: Reader) -> int:
    """A number that grows with every write to the mirror, so that what was computed from it knows when it is old."""
    return int(get_meta(db, _COUNTER) or 0)


def _read(db: Reader, row: type[_R], table: str, order: str, source: str | None) -> list[_R]:
    where, params = ("", ()) if source is None else (" WHERE source = ?", (source,))
    # names of our own, no value from outside, go into the text
    sql = f"SELECT {', '.join(row._fields)} FROM {table}{where} ORDER BY {order}"  # noqa: S608 (see above)
    return [row._make(values) for values in db.query(sql, params)]


def _noted(rows: Iterable[tuple[Any, ...]], ids: list[int]) -> Iterator[tuple[Any, ...]]:
    """The same rows of invoices; their identities are added to `ids` as they pass."""
    for row in rows:
        ids.append(row[0])
        yield row


def _of_clients(db: Reader, rows: Sequence[ClientRow]) -> list[int]:
    """The invoices of those clients that are not known just so."""
    found: list[int] = []
    for source in dict.fromkeys(row.source for row in rows):
        known = set(clients(db, source))
        changed = sorted({row.key for row in rows if row.source == source and row not in known})
        if len(changed) > _SOME:
            wanted = set(changed)
            listed = db.query("SELECT id, client FROM invoice WHERE source = ?", (source,))
            found += [number for number, client in listed if client in wanted]
        elif changed:
            marks = ", ".join("?" * len(changed))
            sql = f"SELECT id FROM invoice WHERE source = ? AND client IN ({marks})"  # noqa: S608 (marks only)
            found += [number for (number,) in db.query(sql, (source, *changed))]
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
    if len(keys) > _PAGE:
        wanted = set(keys)
        return {one.key: one for one in entries(db, source) if one.key in wanted}
    found: dict[str, EntryRow] = {}
    names = ", ".join(EntryRow._fields)
    for start in range(0, len(keys), _SOME):
        some = keys[start : start + _SOME]
        marks = ", ".join("?" * len(some))
        sql = f"SELECT {names} FROM entry WHERE source = ? AND key IN ({marks})"  # noqa: S608 (own names and marks)
        found |= {row[1]: EntryRow._make(row) for row in db.query(sql, (source, *some))}
    return found


def _count(tx: Transaction, written: int, touched: Collection[int] | None) -> int:
    """Note that so many rows were written, about the invoices `touched`; None where nobody knows about which."""
    if written:
        tx.execute(
            "INSERT INTO meta (name, value) VALUES (?, '1') ON CONFLICT (name) DO UPDATE "
            "SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)",
            (_COUNTER,),
        )
        if touched is not None:
            resting.wake(tx, touched)
    return written
