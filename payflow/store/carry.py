"""All rows of a store, whichever database it is in: read in order, written into an empty one, compared record by record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

from payflow.errors import Problem, StoreError
from payflow.store import connect
from payflow.store.address import FileAddress, ServerAddress
from payflow.store.database import Database, Reader, Row, Table, Transaction
from payflow.store.migrations import migrate
from payflow.store.schema import MIGRATIONS

#: Rows read at a time.
_PAGE = 5000


def rows_of(reader: Reader, table: Table) -> Iterator[Row]:
    """Every row in the order of its key, page by page; read inside a snapshot or a transaction."""
    names, keys, marks = ", ".join(table.columns), ", ".join(table.keys), ", ".join("?" * len(table.keys))
    # names of our own, no value from outside, go into the text
    sql = f"SELECT {names} FROM {table.name} {{}} ORDER BY {keys} LIMIT {_PAGE}"  # noqa: S608 (see above)
    positions = [table.columns.index(name) for name in table.keys]
    page = reader.query(sql.format(""))
    while page:
        yield from page
        last = [page[-1][position] for position in positions]
        more = len(page) == _PAGE
        page = reader.query(sql.format(f"WHERE ({keys}) > ({marks})"), last) if more else []


def fill(tx: Transaction, table: Table, rows: Iterable[Row]) -> int:
    """Insert rows as they are; how many there were."""
    marks = ", ".join("?" * len(table.columns))
    sql = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"  # noqa: S608 (names of our own)
    return tx.executemany(sql, rows)


def first_difference(one: Reader, other: Reader, table: Table) -> str:
    """Where two stores differ in a table, in words; empty when every row is the same."""
    for number, (left, right) in enumerate(zip_longest(rows_of(one, table), rows_of(other, table)), 1):
        if left != right:
            return f"row {number} of the table {table.name} is not the same"
    return ""


def open_target(address: FileAddress | ServerAddress, schema: int) -> Database:
    """An empty database with the tables of that schema, made where there is none. Raises `StoreError` when it holds anything."""
    database = connect(address, create=True)
    try:
        version = database.schema_version()
        if version not in (0, schema) or any(
            database.query(f"SELECT 1 FROM {table.name} LIMIT 1")  # noqa: S608 (names of our own)
            for table in database.tables()
        ):
            found = "there is a store already, and nothing is written over it"
            remedy = "Name an empty place, or move the old store away first."
            raise StoreError(str(Problem(database.where, found, remedy)))
        migrate(database, database.where, MIGRATIONS[:schema])
    except BaseException:
        database.close()
        raise
    return database


def is_new(address: FileAddress | ServerAddress) -> bool:
    """Whether there is no file yet, so that one that was begun in vain may be taken away again."""
    return isinstance(address, FileAddress) and not address.path.exists()


def take_away(address: FileAddress | ServerAddress) -> None:
    """Remove a file that was begun in vain."""
    if isinstance(address, FileAddress):
        for end in ("", "-wal", "-shm"):
            Path(f"{address.path}{end}").unlink(missing_ok=True)
