"""The mirror: what the books say, read. Rows come and go as named tuples that match the tables; `mirror_writes` writes them.

Days are whole numbers since 1970-01-01, moments the text of `moments.to_moment`, amounts minor units, yes and no 1 and 0.
`source` is the source's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from payflow.store.database import Reader
from payflow.store.some import query_some
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
COUNTER = "mirror-counter"
PAGE = 50_000
_FEW = 5_000


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
    sql = f"SELECT {names} FROM invoice WHERE id > ? AND ? IN ('', source) ORDER BY id LIMIT {PAGE}"  # noqa: S608 (see above)
    found: list[InvoiceRow] = []
    while True:
        page = db.query(sql, (found[-1].id if found else 0, source or ""))
        # in a few rows there is nothing to save
        found.extend(map(InvoiceRow._make, page if len(page) < _FEW else (map(shared.of, values) for values in page)))
        if len(page) < PAGE:
            return found


def some_invoices(db: Reader, ids: Sequence[int]) -> list[InvoiceRow]:
    """The invoices of these identities, by identity; those that the mirror does not hold are not among them."""
    names = ", ".join(InvoiceRow._fields)
    sql = f"SELECT {names} FROM invoice WHERE id IN (?) ORDER BY id"  # noqa: S608 (names of our own, no value from outside)
    return [InvoiceRow._make(values) for values in query_some(db, sql, sorted(ids))]


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
        if len(self._texts) < PAGE:
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


def counter(db: Reader) -> int:
    """A number that grows with every write to the mirror, so that what was computed from it knows when it is old."""
    return int(get_meta(db, COUNTER) or 0)


def _read(db: Reader, row: type[_R], table: str, order: str, source: str | None) -> list[_R]:
    where, params = ("", ()) if source is None else (" WHERE source = ?", (source,))
    # names of our own, no value from outside, go into the text
    sql = f"SELECT {', '.join(row._fields)} FROM {table}{where} ORDER BY {order}"  # noqa: S608 (see above)
    return [row._make(values) for values in db.query(sql, params)]
