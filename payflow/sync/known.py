"""What the store knows of one source before a reading, and the identities of its invoices: minted once, at first sight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from payflow.columns import Ints
from payflow.decide import freshness
from payflow.store import mirror
from payflow.store.mirror import InvoiceRow, ReadingRow
from payflow.sync.identities import Identities, load
from payflow.sync.tables import Read

if TYPE_CHECKING:
    import pyarrow as pa

    from payflow.store import Reader, Store
    from payflow.sync.held import Held


#: Identities to be journaled, in columns: these, their keys, their numbers. New ones, and those moved to another key or told
#: their number.
Minted = tuple[Sequence[int], Sequence[str], Sequence[str]]


class Known(Struct):
    """Kept up to date while readings are applied. `unnumbered` are keys of invoices that so far only payments named."""

    source: str
    identities: Identities
    readings: list[ReadingRow]
    next_id: int
    unnumbered: set[str]
    #: identities that are not journaled yet
    fresh: list[Minted] = field(default_factory=list)
    #: what was fetched before this was known
    held: Held | None = None

    def told(self) -> Mapping[str, Sequence[ReadingRow]]:
        """Its readings, as freshness goes by them."""
        return freshness.by_source(self.readings)


class Identified(Struct, frozen=True):
    """The identities of a reading's invoices, row by row; `new` where one was minted for this row, `again` where a key
    stands in several rows."""

    keys: pa.Array
    ids: Ints
    new: NDArray[np.bool_]
    again: NDArray[np.bool_]


def known(store: Store | Reader, source: str, held: Held | None = None) -> Known:
    """Load what is known of a source, or take it from what was fetched ahead where that still holds."""
    identities, unnumbered = (None if held is None else held.known(store)) or load(store, source)
    (last,) = store.query("SELECT COALESCE(MAX(id), 0) FROM identity")[0]
    return Known(
        source=source,
        identities=identities,
        readings=mirror.readings(store, source),
        next_id=last + 1,
        unnumbered=unnumbered,
        held=held,
    )


def last_seen(rows: Iterable[InvoiceRow], told: Mapping[str, Sequence[ReadingRow]]) -> dict[int, InvoiceRow]:
    """Invoices as they were last seen, by identity: with the moments of the last reading that listed them, written or not."""
    return {row.id: _as_last_seen(row, told) for row in rows}


def _as_last_seen(row: InvoiceRow, told: Mapping[str, Sequence[ReadingRow]]) -> InvoiceRow:
    at = freshness.fresh_at(row, told)
    if at == row.read_at:
        return row
    return row._replace(read_at=at, state_as_of=at if row.state_as_of == row.read_at else row.state_as_of)


def identify(state: Known, read: Read) -> Identified:
    """The identity of every row, minted at the first sight of its key; one that a payment named first learns its number."""
    keys = read.invoices.column("key")
    again = np.zeros(len(keys), dtype=np.bool_) if state.identities.are(keys) else _repeated(keys)
    ids = state.identities.of(keys)
    absent = np.flatnonzero(ids == 0)
    new = np.zeros(len(keys), dtype=np.bool_)
    if len(absent):
        first = _firsts(keys, absent) if again.any() else absent
        _mint(state, keys.take(first), read.invoices.column("number").take(first))
        ids[absent] = state.identities.of(keys.take(absent))
        new[first] = True
    if state.unnumbered:
        _learn(state, keys.to_pylist(), read)
    return Identified(keys, ids, new, again)


def _mint(state: Known, keys: pa.Array, numbers: pa.Array) -> None:
    minted = np.arange(state.next_id, state.next_id + len(keys), dtype=np.int64)
    state.next_id += len(keys)
    state.identities.add_columns(keys, minted)
    names = keys.to_pylist()
    # one object each where they are the same, since of a large export every copy counts
    printed = names if keys.equals(numbers) else numbers.to_pylist()
    state.fresh.append((minted.tolist(), names, printed))
    if "" in printed:
        state.unnumbered.update(key for key, number in zip(names, printed, strict=True) if not number)


def _repeated(keys: pa.Array) -> NDArray[np.bool_]:
    """Where a key stands in several rows."""
    if _ascending(keys):
        return np.zeros(len(keys), dtype=np.bool_)
    codes = keys.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    several = np.bincount(codes) > 1
    return np.asarray(several[codes], dtype=np.bool_)


def _ascending(keys: pa.Array) -> bool:
    """Whether every key sorts behind the one before, as in most lists of invoices; then none stands twice."""
    import pyarrow.compute as pc

    return bool(pc.all(pc.less(keys[:-1], keys[1:]), min_count=0).as_py())


def _firsts(keys: pa.Array, rows: Ints) -> Ints:
    """Of some rows the first of each key."""
    codes = keys.take(rows).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return rows[np.sort(np.unique(codes, return_index=True)[1])]


def _learn(state: Known, keys: list[str], read: Read) -> None:
    """Numbers of invoices that were known by their key alone."""
    unnumbered = state.unnumbered
    rows = [row for row, key in enumerate(keys) if key in unnumbered]
    for row, number in zip(rows, read.invoices.column("number").take(rows).to_pylist() if rows else (), strict=True):
        if number and keys[row] in unnumbered:
            unnumbered.discard(keys[row])
            state.fresh.append(([state.identities[keys[row]]], [keys[row]], [number]))


def name(state: Known, key: str) -> int:
    """The identity of an invoice that a payment names."""
    identity = state.identities.get(key)
    if identity is None:
        identity = state.next_id
        state.next_id += 1
        state.identities.add(key, identity)
        state.unnumbered.add(key)
        state.fresh.append(([identity], [key], [""]))
    return identity


def rekey(db: Reader, state: Known, read: Read) -> set[int]:
    """Identities that moved to another key, as from an export to an API: same source, same number, old key gone."""
    if not len(state.identities):
        return set()
    strange = np.flatnonzero(state.identities.of(read.invoices.column("key")) == 0).tolist()
    if not strange:
        return set()
    keys: list[str] = read.invoices.column("key").to_pylist()
    part = read.invoices.take(strange)
    numbers, currencies, days = (part.column(name).to_pylist() for name in ("number", "currency", "issued_on"))
    listed, wanted = set(keys), set(numbers) - {""}
    by_number: dict[str, list[str]] = {}
    for key, number in db.query("SELECT key, number FROM identity WHERE source = ?", (state.source,)):
        if number in wanted and key not in listed:
            by_number.setdefault(number, []).append(key)
    moved: set[int] = set()
    for row, number, currency, issued_on in zip(strange, numbers, currencies, days, strict=True):
        former = by_number.get(number, ())
        if keys[row] in state.identities or len(former) != 1 or former[0] not in state.identities:
            continue
        identity = state.identities[former[0]]
        rows = mirror.some_invoices(db, [identity])
        if rows and (rows[0].currency, rows[0].issued_on) != (currency, issued_on):
            continue
        state.identities.move(former[0], keys[row])
        state.unnumbered.discard(former[0])
        state.fresh.append(([identity], [keys[row]], [number]))
        moved.add(identity)
    return moved
