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
from payflow.sync.tables import Read

if TYPE_CHECKING:
    from payflow.store import Reader, Store


#: An identity to be journaled, its key and its number: new, moved to another key, or told its number.
Minted = tuple[int, str, str]


class Known(Struct):
    """Kept up to date while readings are applied. `unnumbered` are keys of invoices that so far only payments named."""

    source: str
    identities: dict[str, int]
    readings: list[ReadingRow]
    next_id: int
    unnumbered: set[str]
    #: identities that are not journaled yet
    fresh: list[Minted] = field(default_factory=list)

    def told(self) -> Mapping[str, Sequence[ReadingRow]]:
        """Its readings, as freshness goes by them."""
        return freshness.by_source(self.readings)


class Identified(Struct, frozen=True):
    """The identities of a reading's invoices, row by row; `new` where one was minted for this row, `again` where a key
    stands in several rows."""

    keys: list[str]
    ids: Ints
    new: NDArray[np.bool_]
    again: NDArray[np.bool_]


def known(store: Store | Reader, source: str) -> Known:
    """Load what is known of a source."""
    rows = store.query("SELECT id, key, number FROM identity WHERE source = ?", (source,))
    (last,) = store.query("SELECT COALESCE(MAX(id), 0) FROM identity")[0]
    return Known(
        source=source,
        identities={key: identity for identity, key, _ in rows},
        readings=mirror.readings(store, source),
        next_id=last + 1,
        unnumbered={key for _, key, number in rows if not number},
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
    keys: list[str] = read.invoices.column("key").to_pylist()
    repeated = len(set(keys)) < len(keys)
    again = _repeated(keys) if repeated else np.zeros(len(keys), dtype=np.bool_)
    have = state.identities
    ids = np.fromiter((have.get(key, 0) for key in keys), dtype=np.int64, count=len(keys))
    absent = np.flatnonzero(ids == 0)
    new = np.zeros(len(keys), dtype=np.bool_)
    if len(absent):
        first = np.array(_firsts(keys, absent.tolist()), dtype=np.int64)
        numbers = read.invoices.column("number").take(first).to_pylist()
        minted = range(state.next_id, state.next_id + len(first))
        state.next_id += len(first)
        fresh = [keys[row] for row in first.tolist()]
        have.update(zip(fresh, minted, strict=True))
        state.fresh.extend(zip(minted, fresh, numbers, strict=True))
        state.unnumbered.update(key for key, number in zip(fresh, numbers, strict=True) if not number)
        ids[absent] = np.fromiter((have[keys[row]] for row in absent.tolist()), dtype=np.int64, count=len(absent))
        new[first] = True
    if state.unnumbered:
        _learn(state, keys, read)
    return Identified(keys, ids, new, again)


def _repeated(keys: list[str]) -> NDArray[np.bool_]:
    import pandas as pd

    return np.asarray(pd.Series(keys, dtype="object").duplicated(keep=False), dtype=np.bool_)


def _firsts(keys: list[str], rows: list[int]) -> list[int]:
    """Of some rows the first of each key."""
    seen: dict[str, int] = {}
    for row in rows:
        seen.setdefault(keys[row], row)
    return list(seen.values())


def _learn(state: Known, keys: list[str], read: Read) -> None:
    """Numbers of invoices that were known by their key alone."""
    unnumbered = state.unnumbered
    rows = [row for row, key in enumerate(keys) if key in unnumbered]
    for row, number in zip(rows, read.invoices.column("number").take(rows).to_pylist() if rows else (), strict=True):
        if number and keys[row] in unnumbered:
            unnumbered.discard(keys[row])
            state.fresh.append((state.identities[keys[row]], keys[row], number))


def name(state: Known, key: str) -> int:
    """The identity of an invoice that a payment names."""
    identity = state.identities.get(key)
    if identity is None:
        identity = state.next_id
        state.next_id += 1
        state.identities[key] = identity
        state.unnumbered.add(key)
        state.fresh.append((identity, key, ""))
    return identity


def rekey(db: Reader, state: Known, read: Read) -> set[int]:
    """Identities that moved to another key, as from an export to an API: same source, same number, old key gone."""
    if not state.identities:
        return set()
    keys: list[str] = read.invoices.column("key").to_pylist()
    strange = [row for row, key in enumerate(keys) if key not in state.identities]
    if not strange:
        return set()
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
        del state.identities[former[0]]
        state.identities[keys[row]] = identity
        state.unnumbered.discard(former[0])
        state.fresh.append((identity, keys[row], number))
        moved.add(identity)
    return moved
