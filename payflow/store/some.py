"""Statements that name many values, some hundreds at a time: a database takes only so many.

Such a statement has one mark `(?)` for these values, last of its marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from payflow.store.database import Params, Reader, Row, Transaction

#: Values that one statement names.
AT_ONCE = 500


def query_some(db: Reader, sql: str, values: Sequence[Any], *first: Any) -> list[Row]:
    """All rows of a query for some values; `first` are those of the marks before."""
    return [row for text, params in _statements(sql, values, first) for row in db.query(text, params)]


def execute_some(tx: Transaction, sql: str, values: Sequence[Any], *first: Any) -> int:
    """Run a statement for some values; the number of rows it wrote. `first` are the values of the marks before."""
    return sum(tx.execute(text, params) for text, params in _statements(sql, values, first))


def _statements(sql: str, values: Sequence[Any], first: Params) -> Iterator[tuple[str, Params]]:
    for start in range(0, len(values), AT_ONCE):
        some = values[start : start + AT_ONCE]
        yield sql.replace("(?)", f"({', '.join('?' * len(some))})", 1), (*first, *some)
