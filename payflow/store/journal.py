"""The journal: what payflow did, saw or was told. Append-only, hash-chained; `append` is its only writer."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from payflow.errors import JournalError, Problem
from payflow.model.journal import Record, RecordKind
from payflow.store import chain, projections
from payflow.store.anchor import Head, faults_of, read_anchor
from payflow.store.chain import GENESIS, Sealed
from payflow.store.database import Reader, Row, Transaction
from payflow.store.moments import from_moment, to_date, to_day, to_moment

__all__ = [
    "Erased",
    "Head",
    "JournalEntry",
    "Prepared",
    "append",
    "entries",
    "erase",
    "erasures",
    "head",
    "prepare",
    "rebuild_projections",
    "restore_projections",
    "unreadable",
    "verify",
]

#: Records read at a time, so that a journal of any length is read in bounded memory.
_PAGE = 500
_COLUMNS = ", ".join(f"journal.{name}" for name in Sealed._fields)


class JournalEntry(NamedTuple):
    """A record read back. `at` is when it was written, `day` the business day it speaks of.

    `kind` is text, since a newer program may have written kinds this one does not know. `body` is empty once erased.
    """

    seq: int
    at: datetime
    kind: str
    day: date
    client: str
    project: str
    invoice: int | None
    body: Mapping[str, Any]


class Prepared(NamedTuple):
    """A record of which the body is written and digested: the long part of appending it, which needs no database."""

    record: Record
    salt: str
    body: str
    digest: str


def prepare(record: Record) -> Prepared:
    """Write and digest the body of a record. Raises `TypeError` for a body that is not JSON or holds a float."""
    body, salt = chain.canonical(record.body), chain.new_salt()
    return Prepared(record, salt, body, chain.digest_of(chain.VERSION, salt, record.client, record.project, body))


def append(tx: Transaction, records: Sequence[Record | Prepared], *, at: datetime) -> list[int]:
    """Append records in order and apply their projections; returns their sequence numbers.

    Raises `TypeError`, before anything is written, for a body that is not JSON or holds a float, and `DuplicateKeyError` for an
    identity or a charge that exists already; that dooms the transaction.
    """
    ready = [record if isinstance(record, Prepared) else prepare(record) for record in records]
    moment, last = to_moment(at), head(tx)
    sealed: list[Sealed] = []
    for one in ready:
        sealed.append(_seal(one.record, last, moment, one.digest))
        last = Head(sealed[-1].seq, sealed[-1].hash)
    tx.executemany(_INSERT, sealed)
    tx.executemany(
        "INSERT INTO journal_body (seq, salt, body) VALUES (?, ?, ?)",
        ((row.seq, one.salt, one.body) for row, one in zip(sealed, ready, strict=True)),
    )
    for row, one in zip(sealed, ready, strict=True):
        if row.kind in projections.PROJECTED:
            # as it is read back, so that a rebuilt projection equals this one; columns of texts and numbers come back as they are
            body = one.record.body
            projections.project(tx, row.seq, row.kind, body if "columns" in body else json.loads(one.body))
    return [row.seq for row in sealed]


_MARKS = ", ".join("?" * len(Sealed._fields))
_INSERT = f"INSERT INTO journal ({', '.join(Sealed._fields)}) VALUES ({_MARKS})"  # noqa: S608 (own names, no values)


def _seal(record: Record, last: Head, moment: str, digest: str) -> Sealed:
    row = Sealed(
        seq=last.seq + 1,
        at=moment,
        kind=str(record.kind),
        day=to_day(record.day),
        client=record.client,
        project=record.project,
        invoice=record.invoice,
        version=chain.VERSION,
        digest=digest,
        prev=last.hash,
        hash="",
    )
    return row._replace(hash=chain.hash_of(row))


def head(db: Reader) -> Head:
    """The last record's number and hash; number 0 for an empty journal."""
    rows = db.query("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
    return Head(*rows[0]) if rows else Head(0, GENESIS)


def entries(
    db: Reader,
    *,
    kinds: Iterable[str] | None = None,
    client: str | None = None,
    project: str | None = None,
    invoice: int | None = None,
    since: date | None = None,
    until: date | None = None,
    before: int | None = None,
    after: int | None = None,
) -> Iterator[JournalEntry]:
    """Records in order, by kind, by what they are about, by business day (both ends included), and before or after a record's
    number."""
    conditions, params = ["1 = 1"], list[Any]()
    if kinds is not None:
        wanted = [str(kind) for kind in kinds]
        conditions.append(f"journal.kind IN ({', '.join('?' * len(wanted)) or 'NULL'})")
        params += wanted
    for condition, value in (
        ("journal.client = ?", client),
        ("journal.project = ?", project),
        ("journal.invoice = ?", invoice),
        ("journal.day >= ?", None if since is None else to_day(since)),
        ("journal.day <= ?", None if until is None else to_day(until)),
        ("journal.seq < ?", before),
        ("journal.seq > ?", after),
    ):
        if value is not None:
            conditions.append(condition)
            params.append(value)
    for row in _pages(db, " AND ".join(conditions), params):
        try:
            yield _read_back(Sealed(*row[:11]), row[12])
        except (TypeError, ValueError, OverflowError) as error:
            raise unreadable(row[0], row[2], error) from error


def _read_back(record: Sealed, text: str | None) -> JournalEntry:
    body = json.loads(text) if text is not None else {}
    if not isinstance(body, dict) or not isinstance(record.kind, str):
        raise TypeError("its body is no JSON object, or its kind no text")
    return JournalEntry(
        seq=record.seq,
        at=from_moment(record.at),
        kind=record.kind,
        day=to_date(record.day),
        client=record.client,
        project=record.project,
        invoice=record.invoice,
        body=body,
    )


def unreadable(seq: int, kind: str, error: Exception) -> JournalError:
    """The error to raise for a record that makes no sense: it was changed, or a newer program wrote it."""
    found = f"record {seq} ({kind}) cannot be understood: {error!r}"
    return JournalError(str(Problem("the journal", found, "Check it with `payflow log verify`.")))


def _pages(db: Reader, where: str, params: Sequence[Any]) -> Iterator[Row]:
    """Rows of the journal with salt and body, page by page: eleven columns, salt, body."""
    sql = (
        f"SELECT {_COLUMNS}, journal_body.salt, journal_body.body FROM journal "  # noqa: S608 (own names, no values)
        f"LEFT JOIN journal_body ON journal_body.seq = journal.seq WHERE journal.seq > ? AND {where} "
        f"ORDER BY journal.seq LIMIT {_PAGE}"
    )
    page = db.query(sql, (0, *params))
    while page:
        yield from page
        # a page that is not full was the last one
        page = db.query(sql, (page[-1][0], *params)) if len(page) == _PAGE else []


class Erased(NamedTuple):
    """What is left of a record after a person's data was taken out of it."""

    seq: int
    client: str
    project: str
    body: Mapping[str, Any]


def erase(tx: Transaction, left: Sequence[Erased], record: Record, *, at: datetime) -> int:
    """Put what is left in the place of records, and append the record of it, which names each with its new digest.

    Nothing of what was there stays, its salt included. Returns the number of the appended record. The client and project of a
    record of the first form stay as they are, since its hash covers them.
    """
    named: list[list[Any]] = []
    for one in left:
        [(version, client, project)] = tx.query(
            "SELECT version, client, project FROM journal WHERE seq = ?", (one.seq,)
        )
        body, salt = chain.canonical(one.body), chain.new_salt()
        if version >= _ERASABLE:
            client, project = one.client, one.project
        tx.execute("UPDATE journal SET client = ?, project = ? WHERE seq = ?", (client, project, one.seq))
        tx.execute("UPDATE journal_body SET salt = ?, body = ? WHERE seq = ?", (salt, body, one.seq))
        named.append([one.seq, chain.digest_of(version, salt, client, project, body)])
    [number] = append(tx, [replace(record, body={**record.body, "records": named})], at=at)
    return number


#: From this form on, client and project can be erased.
_ERASABLE = 2


def restore_projections(tx: Transaction) -> None:
    """Recompute projections that are empty although the journal has records for them, and identities of which any is missing:
    losing them costs time, never truth.

    Without their identities invoices would be taken for new ones, and asked for anew.
    """
    # minted one after the other, and never taken away; each by itself is answered from an index
    [(count, last)] = tx.query("SELECT (SELECT COUNT(*) FROM identity), (SELECT COALESCE(MAX(id), 0) FROM identity)")
    if count != last:
        rebuild_projections(tx)
        return
    for kind, tables in _FILLED.items():
        is_filled = any(tx.query(f"SELECT 1 FROM {table} LIMIT 1") for table in tables)  # noqa: S608 (own names)
        if not is_filled and tx.query("SELECT 1 FROM journal WHERE kind = ? LIMIT 1", (kind.value,)):
            rebuild_projections(tx)
            return


#: Kinds of records -> the projections of which one has rows, once there is a record.
_FILLED = {RecordKind.IDENTITIES: ("identity",), RecordKind.OBSERVATIONS: ("observation", "sighted")}


def rebuild_projections(tx: Transaction) -> None:
    """Recompute identities, observations and charges from the records."""
    projections.clear(tx)
    for entry in entries(tx, kinds=projections.PROJECTED):
        if entry.body:
            projections.project(tx, entry.seq, entry.kind, entry.body)


def verify(db: Reader, anchor: Path, *, required: bool = False) -> list[str]:
    """One sentence for every fault, naming the record; empty when the chain holds and reaches what the anchor file knows.

    `required` says that there must be an anchor file. Read inside a snapshot while others may write.
    """
    faults = faults_of(anchor, required=required)
    erased = erasures(db)
    anchored = {line.seq: line.hash for line in read_anchor(anchor)}
    first = db.query("SELECT seq FROM journal WHERE seq < 1 ORDER BY seq")
    faults += [f"record {seq} was inserted: the first record is number 1" for (seq,) in first]
    last, told = Head(0, GENESIS), set[str]()
    for row in _pages(db, "1 = 1", ()):
        record = Sealed(*row[:11])
        told |= _settled(record.kind, row[12])
        faults += _faults(record, last, erased.get(record.seq), salt=row[11], body=row[12])
        known = anchored.pop(record.seq, record.hash)
        if known != record.hash:
            faults.append(
                f"record {record.seq} is not the one that the anchor file {anchor.name} knows under this number"
            )
        last = Head(record.seq, record.hash)
    faults += [
        f"there is a body for record {seq}, but no such record: it was removed"
        for (seq,) in db.query("SELECT seq FROM journal_body WHERE seq NOT IN (SELECT seq FROM journal) ORDER BY seq")
    ]
    cut = max(anchored, default=0)
    if cut > last.seq:
        faults.append(
            f"the journal ends at record {last.seq}, the anchor file {anchor.name} knows record {cut}: its end was cut off"
        )
    return [*faults, *_untold(db, told)]


def _settled(kind: str, body: Any) -> set[str]:
    """The message of which a record says what became of it, and the charges that were claimed with it."""
    if kind not in (RecordKind.OUTCOME, RecordKind.MESSAGE_RESOLVED):
        return set()
    with suppress(AttributeError, KeyError, TypeError, ValueError):
        found = json.loads(body)
        return {str(found["key"]), *(str(charge["ref"]) for charge in found.get("charges", ()))}
    return set()


def _untold(db: Reader, told: Container[str]) -> Iterator[str]:
    """What was done by the outbox and its unique keys, and stands in no record: somebody who cuts both the journal's end and the
    anchor's leaves it behind."""
    for key, state in db.query(
        "SELECT key, state FROM message WHERE state IN ('sent', 'unsure', 'failed') ORDER BY created_at, key"
    ):
        if key not in told:
            yield f"the message {key} is {state} in the outbox, and no record says so: one is missing or was changed"
    for (ref,) in db.query("SELECT ref FROM charge ORDER BY ref"):
        if ref not in told:
            yield f"the charge {ref} was claimed, and no record says so: one is missing or was changed"


def erasures(db: Reader) -> dict[int, str]:
    """Number -> digest of what is left, of every record from which a person's data was erased. A record of that which makes no
    sense, since it was changed, tells of none."""
    found: dict[int, str] = {}
    rows = "SELECT journal_body.body FROM journal JOIN journal_body ON journal_body.seq = journal.seq WHERE kind = ?"
    for (text,) in db.query(f"{rows} ORDER BY journal.seq", (RecordKind.ERASED.value,)):
        with suppress(AttributeError, TypeError, ValueError):
            found |= {int(seq): str(digest) for seq, digest in json.loads(text).get("records", ())}
    return found


def _faults(record: Sealed, last: Head, left: str | None, *, salt: Any, body: Any) -> Iterator[str]:
    """What is wrong with one record. `left` is the digest that an erasure put in the place of the record's own."""
    seq, expected = record.seq, last.seq + 1
    if seq > expected:
        gone = f"record {expected} is" if seq == expected + 1 else f"records {expected} to {seq - 1} are"
        yield f"{gone} missing before record {seq}"
    elif record.prev != last.hash:
        yield f"record {seq} does not follow record {last.seq}: one of them was changed, inserted or moved"
    if chain.hash_of(record) != record.hash:
        yield f"record {seq} was changed or moved after it was written"
    if body is None:
        yield f"the body of record {seq} is missing, and no record says that it was erased"
    elif chain.digest_of(record.version, salt, record.client, record.project, body) != (left or record.digest):
        when = "it was written" if left is None else "a person's data was erased from it"
        names = "" if record.version == 1 else ", or its client or project"
        yield f"the body of record {seq} was changed after {when}{names}"
