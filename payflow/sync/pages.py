"""Long columns of the store as Arrow's: the database joins each page of a column to one text, which takes no lock of Python's.

Fetched row by row, the same takes twice the time, and no other thread can work meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from payflow.columns import Ints

if TYPE_CHECKING:
    import pyarrow as pa

    from payflow.store import Reader

#: What stands between two rows; nobody types it, and a page of which a text holds it is known by its count.
_BETWEEN = "\x1e"
_PAGE = 50_000


def pages(
    db: Reader, table: str, source: str, columns: Sequence[str], where: str = "1 = 1"
) -> Iterator[tuple[Ints, Sequence[pa.Array] | None]]:
    """Identities and columns of one source's rows, so many at a time; no columns where a text holds what stands between two.

    Tables, columns (texts that are never NULL) and conditions are words of our own.
    """
    joined = ", ".join(f"string_agg(c{place}, '{_BETWEEN}')" for place in range(len(columns)))
    told = ", ".join(f"{column} AS c{place}" for place, column in enumerate(columns))
    sql = (
        f"SELECT coalesce(max(id), 0), string_agg(CAST(id AS TEXT), '{_BETWEEN}'), {joined} FROM ("  # noqa: S608 (own words)
        f"SELECT id, {told} FROM {table} WHERE id > ? AND ? IN ('', source) AND {where} ORDER BY id LIMIT {_PAGE}) AS page"
    )
    last = 0
    while True:
        [(last, ids, *texts)] = db.query(sql, (last, source))
        if ids is None:
            return
        numbers = np.asarray(_divided(ids).cast("int64").to_numpy(zero_copy_only=False), dtype=np.int64)
        arrays = [_divided(text) for text in texts]
        yield numbers, arrays if all(len(array) == len(numbers) for array in arrays) else None


def _divided(text: str) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.split_pattern(pa.array([text], pa.large_string()), _BETWEEN).values
