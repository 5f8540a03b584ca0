"""What a reading says, in columns: which invoices say what they said before, and rows of those met for the first time.

Both give what `merge`, `remember` and `apply` give row by row, for the rows where that is certain: of the newest reading of a
source, that tells totals and what was paid of them. All other rows are left to these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from payflow.columns import NO_DAY, Ints
from payflow.model.facts import Scope, Status
from payflow.store import mirror
from payflow.store.mirror import ReadingRow
from payflow.store.some import query_some
from payflow.store.upserts import Bulk
from payflow.sync.known import Identified
from payflow.sync.pages import pages
from payflow.sync.quiet import Mask, Seen, quiet
from payflow.sync.tables import values_of

if TYPE_CHECKING:
    import pyarrow as pa

    from payflow.store import Reader


class Unchanged(Struct, frozen=True):
    """Rows that say what is known; those among them whose moment must be written all the same."""

    rows: Mask
    to_write: Mask


#: A reading that lists fewer than one in so many of the invoices known looks these up one by one.
_SPARSE = 20

#: Identities; the moments at which these were last seen, and their images, unless these cannot be told in columns.
Images = tuple[Ints, "Sequence[pa.Array] | None"]


def images(db: Reader, source: str) -> Iterator[Images]:
    """What the mirror holds of a source's invoices, page by page."""
    return pages(db, "invoice", source, ["read_at", mirror.IMAGED], mirror.HAS_IMAGE)


def _listed(db: Reader, source: str, listed: Ints) -> Iterator[Images]:
    """The images of a source's invoices; where few of all are listed, of these alone."""
    [(count,)] = db.query("SELECT COUNT(*) FROM invoice")
    if len(listed) * _SPARSE >= count:
        yield from images(db, source)
        return
    import pyarrow as pa

    # names of our own, no value from outside, go into the text
    sql = f"SELECT id, read_at, {mirror.IMAGED} FROM invoice WHERE id IN (?) AND {mirror.HAS_IMAGE} ORDER BY id"  # noqa: S608 (see above)
    rows = query_some(db, sql, np.unique(listed).tolist())
    ids = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
    yield ids, [pa.array([row[place] for row in rows], type=pa.large_string()) for place in (1, 2)]


def seen(invoices: pa.RecordBatch, *, dated: bool) -> Seen:
    """What every row shows. Where entries tell every movement with its day, balances are not remembered."""
    total, _ = numbers(invoices, "total")
    paid, has_paid = numbers(invoices, "paid")
    credited, has_credited = numbers(invoices, "credited")
    balance, has_balance = numbers(invoices, "balance")
    due_on, has_due = numbers(invoices, "due_on")
    status = _Words(invoices, "status")
    # what was neither paid nor is open was credited
    rest = np.maximum(total - paid - balance, 0)
    credited = np.where(has_paid & ~has_credited & has_balance, rest, credited)
    came = np.where(has_paid, paid, np.where(has_balance, total - credited - balance, 0))
    settled = ~has_paid & ~has_balance & status.among(Status.PAID)
    came = np.where(settled, total - credited, came)
    says = has_paid | has_balance | status.among(Status.PAID, Status.OPEN, Status.WRITTEN_OFF)
    dead = status.among(Status.DRAFT, Status.VOID)
    shown = says & ~dead & (not dated)
    return Seen(shown, came, credited, np.where(has_due & ~status.among(Status.DRAFT), due_on, NO_DAY))


def unchanged(
    db: Reader,
    source: str,
    invoices: pa.RecordBatch,
    found: Identified,
    shown: Seen,
    reading: ReadingRow,
    readings: Sequence[ReadingRow],
    moved: Collection[int],
    held: Iterable[Images] | None = None,
) -> Unchanged:
    """Rows of the source's newest reading that say what the mirror holds and what was last observed.

    `readings` are those before, newest first; `moved` are identities whose key is another one now;
    `held` what `images` gives, where it is known already.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    same, late = np.zeros(len(found.ids), dtype=np.bool_), np.zeros(len(found.ids), dtype=np.bool_)
    if found.new.all():
        return Unchanged(same, late)
    told = _images(invoices, dated=bool(reading.dated_entries))
    usable = ~found.new & ~found.again & ~_odd(told) & ~np.isin(found.ids, list(moved))
    order = np.argsort(found.ids, kind="stable")
    ordered = found.ids[order]
    for ids, columns in held if held is not None else _listed(db, source, ordered):
        if columns is None:
            continue
        place = np.minimum(np.searchsorted(ordered, ids), max(len(ordered) - 1, 0))
        listed = ordered[place] == ids if len(ordered) else np.zeros(len(ids), dtype=np.bool_)
        rows = order[place[listed]]
        if not len(rows):
            continue
        moments, texts = (column if listed.all() else column.filter(pa.array(listed)) for column in columns)
        equal = pc.equal(told.take(pa.array(rows)), texts).to_numpy(zero_copy_only=False)
        equal &= pc.less_equal(moments, reading.as_of).to_numpy(zero_copy_only=False)
        equal &= quiet(db, shown, rows, found.ids[rows], reading.as_of)
        same[rows] = equal
        late[rows] = pc.not_equal(moments, reading.as_of).to_numpy(zero_copy_only=False)
    same &= usable
    late &= same & ~_could_list(reading, invoices)
    if any(one.as_of == reading.as_of for one in readings):
        # some of them may have been listed at this very moment already
        same, late = same & ~late, np.zeros_like(late)
    return Unchanged(same, late)


def rows_of(source: str, invoices: pa.RecordBatch, ids: Ints, stamp: str, *, dated: bool) -> Bulk:
    """Rows of the mirror for invoices met for the first time."""
    shared = {
        "source": source,
        "dated_entries": int(dated),
        "state_as_of": stamp,
        "read_at": stamp,
        "unknown_since": None,
    }
    alike: dict[str, str] = {}
    columns: list[list[Any]] = []
    for name, column in zip(invoices.schema.names, invoices.columns, strict=True):
        if name == "number" and column.equals(invoices.column("key")):
            alike[name] = "key"
        elif name != "key" and _is_one(column):
            shared[name] = column[0].as_py()
        else:
            columns.append(values_of(column))
    return Bulk(list(zip(ids.tolist(), *columns, strict=True)), shared, alike)


def _is_one(column: pa.Array) -> bool:
    """Whether a column holds the same in every row, of which there is one at least."""
    import pyarrow.compute as pc

    if column.null_count:
        return bool(column.null_count == len(column))
    return bool(pc.all(pc.equal(column, column[0])).as_py())


def first_sightings(shown: Seen, ids: Ints, rows: Ints) -> dict[str, list[Any]]:
    """What is remembered of invoices met for the first time, in columns: what they show, or a due date alone."""
    due_on = shown.due_on[rows]
    told = shown.shown[rows] | (due_on != NO_DAY)
    rows, due_on = rows[told], due_on[told]
    days = due_on.astype(np.object_)
    days[due_on == NO_DAY] = None
    return {
        "invoice": ids[rows].tolist(),
        "paid": np.where(shown.shown[rows], shown.paid[rows], 0).tolist(),
        "credited": np.where(shown.shown[rows], shown.credited[rows], 0).tolist(),
        "due_on": days.tolist(),
    }


def numbers(invoices: pa.RecordBatch, name: str) -> tuple[Ints, Mask]:
    """A column of numbers, 0 where not stated, and where it is stated."""
    import pyarrow.compute as pc

    column = invoices.column(name)
    known = np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False), dtype=np.bool_)
    return np.asarray(pc.fill_null(column, 0).to_numpy(zero_copy_only=False), dtype=np.int64), known


class _Words:
    """A column of few words."""

    def __init__(self, invoices: pa.RecordBatch, name: str) -> None:
        encoded = invoices.column(name).dictionary_encode()
        self._codes = encoded.indices.to_numpy(zero_copy_only=False)
        self._words: list[str] = encoded.dictionary.to_pylist()

    def among(self, *words: str) -> Mask:
        """Rows that hold one of these."""
        return np.isin(self._codes, [code for code, word in enumerate(self._words) if word in words])


def _images(invoices: pa.RecordBatch, *, dated: bool) -> Any:
    """Every row as the text of its `mirror.Image`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [
        pa.repeat(pa.scalar(str(int(dated)), pa.large_string()), len(invoices))
        if name == "dated_entries"
        else pc.fill_null(pc.cast(invoices.column(name), pa.large_string()), "")
        for name in mirror.IMAGE
    ]
    return pc.binary_join_element_wise(*texts, pa.scalar(mirror.APART, pa.large_string()))


def _odd(images: pa.Array) -> Mask:
    """Images with a text that holds what stands between the values."""
    import pyarrow.compute as pc

    return np.asarray(pc.count_substring(images, mirror.APART).to_numpy() >= len(mirror.IMAGE), dtype=np.bool_)


def _could_list(reading: ReadingRow, invoices: pa.RecordBatch) -> Mask:
    """`freshness.could_list` in columns."""
    if not reading.finished or reading.scope == Scope.CHANGED:
        return np.zeros(len(invoices), dtype=np.bool_)
    could = np.ones(len(invoices), dtype=np.bool_)
    if reading.scope == Scope.OPEN:
        status = _Words(invoices, "status")
        balance, known = numbers(invoices, "balance")
        could &= ~status.among(Status.PAID, Status.VOID, Status.WRITTEN_OFF)
        could &= ~(status.among(Status.UNSTATED) & known & (balance <= 0))
    issued, _ = numbers(invoices, "issued_on")
    if reading.covers_from is not None:
        could &= issued >= reading.covers_from
    if reading.covers_to is not None:
        could &= issued <= reading.covers_to
    return could
