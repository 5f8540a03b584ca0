"""Rows that are inserted, or updated where they are there and differ: the statement, and rows that are told shortly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from msgspec import Struct


class Bulk(Struct, frozen=True):
    """Many rows of a table, told shortly: `shared` columns hold the same in all of them, and an `alike` column what another
    column of its row holds. `rows` have the other columns, in their order."""

    rows: Sequence[Sequence[Any]]
    shared: Mapping[str, Any]
    alike: Mapping[str, str]

    def others(self, columns: Sequence[str]) -> list[str]:
        """The columns that the rows have."""
        return [name for name in columns if name not in self.shared and name not in self.alike]

    def whole(self, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        """The rows with all columns."""
        names = [*self.others(columns), *self.shared]
        take, shared = (
            itemgetter(*(names.index(self.alike.get(name, name)) for name in columns)),
            (*self.shared.values(),),
        )
        return (take((*row, *shared)) for row in self.rows)


def joined(first: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Sequence[Any]:
    """Some values and those of all rows, one after the other; a third of the time that iterators take."""
    values: list[Any] = [*first]
    for row in rows:
        values += row
    return values


@lru_cache(maxsize=64)
def _upsert_statement(table: str, columns: tuple[str, ...], keys: tuple[str, ...], rows: str) -> str:
    rest = [name for name in columns if name not in keys]
    changes = ", ".join(f"{name} = excluded.{name}" for name in rest)
    differs = " OR ".join(f"{table}.{name} IS DISTINCT FROM excluded.{name}" for name in rest)
    action = f"UPDATE SET {changes} WHERE {differs}" if rest else "NOTHING"
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {rows} "  # noqa: S608 (own names, no values)
        f"ON CONFLICT ({', '.join(keys)}) DO {action}"
    )


@lru_cache(maxsize=64)
def _marks(columns: tuple[str, ...], shared: tuple[str, ...], alike: tuple[tuple[str, str], ...], count: int) -> str:
    """The marks of so many rows: numbered where a value stands in several places."""
    if not shared and not alike:
        return ", ".join([f"({', '.join('?' * len(columns))})"] * count)
    others = [name for name in columns if name not in shared and name not in dict(alike)]
    rows = []
    for row in range(count):
        numbers = {name: place for place, name in enumerate(shared, 1)}
        numbers |= {name: place for place, name in enumerate(others, 1 + len(shared) + row * len(others))}
        numbers |= {name: numbers[other] for name, other in alike}
        rows.append(f"({', '.join(f'?{numbers[name]}' for name in columns)})")
    return ", ".join(rows)


def upsert_statement(
    table: str, columns: Sequence[str], keys: Sequence[str], count: int = 1, bulk: Bulk | None = None
) -> str:
    """The statement that inserts `count` rows, or updates those that are there and differ.

    Of a `bulk` the values that it shares come first.
    """
    shared, alike = (tuple(bulk.shared), tuple(bulk.alike.items())) if bulk else ((), ())
    rows = _marks(tuple(columns), shared, alike, count)
    return _upsert_statement(table, tuple(columns), tuple(keys), rows)
