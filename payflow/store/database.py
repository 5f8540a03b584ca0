"""The small protocol that all of payflow speaks to its database, and SQLite behind it.

SQL is plain, with `?` for parameters. Two rules keep it the same on every database: a statement that fails dooms its
transaction (use `ON CONFLICT DO NOTHING` where a duplicate is expected), and there is one transaction at a time.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from payflow.errors import Problem, StoreError
from payflow.place import fingerprint
from payflow.store.failures import CAUGHT, explain, unreachable
from payflow.store.lock import hold_lock
from payflow.store.upserts import Bulk, joined, upsert_statement

#: A row as it comes and goes; values are `int`, `str` or None.
Row = tuple[Any, ...]
Params = Sequence[Any]


class Table(Struct, frozen=True):
    """A table: its columns in order, and those of its primary key."""

    name: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]


class Reader(Protocol):
    """Whatever answers a query: a store, a database, a transaction."""

    def query(self, sql: str, params: Params = ()) -> list[Row]:
        """All rows of a query. Raises `StoreError`."""
        ...


class Transaction(Reader, Protocol):
    """A write transaction: all of it happens, or nothing."""

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement; the number of rows it wrote."""
        ...

    def executemany(self, sql: str, rows: Iterable[Params]) -> int:
        """Run one statement for each row; the number of rows written in all."""
        ...

    def upsert(self, table: str, columns: Sequence[str], keys: Sequence[str], rows: Iterable[Params] | Bulk) -> int:
        """Insert rows, or update those whose `keys` are there already; the number of rows really written.

        `table`, `columns` and `keys` are names of our own; each row has a value for every column, in their order. A row that
        is there already and says the same is not written. Rows may be very many: they are taken as they come.
        """
        ...

    def set_schema_version(self, number: int) -> None:
        """Say which schema the database has once this transaction commits."""
        ...


class Database(Reader, Protocol):
    """One open database."""

    @property
    def where(self) -> str:
        """The database in words, for people; no password is in it."""
        ...

    def transaction(self, *, sharing: bool = False) -> AbstractContextManager[Transaction]:
        """Begin to write: commits at the end, rolls back on any exception. Waits for other writers.

        Those that are `sharing` need not wait for one another where the database can do without.
        """
        ...

    def snapshot(self) -> AbstractContextManager[Reader]:
        """Several queries that see one and the same state, whatever others commit meanwhile."""
        ...

    def schema_version(self) -> int:
        """The number of the last migration applied; 0 for an empty database. Raises `StoreError` for a foreign one."""
        ...

    def tables(self) -> list[Table]:
        """Every table of ours, in the order in which they can be filled."""
        ...

    def place(self) -> str:
        """Where this database stands: of a copy of it this is another."""
        ...

    def lock(self, wait: float) -> AbstractContextManager[None]:
        """Be the only run. Raises `StoreError` naming who is, after `wait` seconds."""
        ...

    def announce(self, owner: str) -> None:
        """Let others see, for as long as this connection lasts, that the owner of claims is there."""
        ...

    def is_gone(self, owner: str) -> bool | None:
        """Whether nobody announces that owner any more; None where the database cannot tell."""
        ...

    def purge(self) -> None:
        """Let nothing that was deleted or replaced remain in the files. Raises `StoreError`, also while others read."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


#: Marks a SQLite file as ours (`PRAGMA application_id`): the letters "payf".
_APPLICATION = 0x70617966
#: Seconds to wait for another writer: longer than the largest import takes to commit.
_PATIENCE = 30.0
#: Seconds between two tries where SQLite does not wait by itself.
_PAUSE = 0.02
#: KiB of pages that a writer may hold. Keys in no order are written all over an index, and with SQLite's usual 2 MiB each of its
#: pages goes to the disk many times: 400,000 such invoices take a third less time with these.
_CACHE = 64 * 1024
#: Rows of one statement. The fewer are as quick for SQLite itself; but of many rows a statement runs long without Python's lock,
#: and another thread goes on meanwhile.
_AT_ONCE = (1000, 20, 1)
#: Rows that are gathered before they are written, and values that one statement may have.
_GATHERED = 10_000
_MOST_VALUES = 32_000
#: `RETURNING` came with this release.
_OLDEST = (3, 35, 0)


class SqliteDatabase:
    """SQLite through Python's `sqlite3`: write-ahead log, every commit synced, explicit transactions."""

    def __init__(self, path: Path, *, patience: float = _PATIENCE) -> None:
        """Open an existing file; see `create`. Raises `StoreError`, also for the database of another program."""
        self.path, self.where = path, str(path)
        self._writes = False
        if sqlite3.sqlite_version_info < _OLDEST:
            found = f"SQLite {sqlite3.sqlite_version} is too old"
            raise StoreError(str(Problem("python", found, "Use a Python built with SQLite 3.35 or later.")))
        try:
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw",
                uri=True,
                isolation_level=None,
                timeout=patience,
                # used by one thread after the other, never by two at once
                check_same_thread=False,
            )
        except CAUGHT as error:
            raise explain(error, path) from error
        try:
            self._set_up(time.monotonic() + patience)
        except StoreError:
            self.close()
            raise

    @classmethod
    def create(cls, path: Path, *, patience: float = _PATIENCE) -> SqliteDatabase:
        """Open the file, made empty first when there is none, readable by its owner only."""
        # SQLite gives the -wal and -shm files the mode of this one. An existing file is never opened here: closing it would
        # drop the locks that SQLite holds on it for other connections of this process
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            pass
        except OSError as error:
            raise unreachable(error, path) from error
        return cls(path, patience=patience)

    def query(self, sql: str, params: Params = ()) -> list[Row]:
        """All rows of a query. Raises `StoreError`."""
        try:
            return self._connection.execute(dialect(sql), params).fetchall()
        except CAUGHT as error:
            raise explain(error, self.path) from error

    @contextmanager
    def transaction(self, *, sharing: bool = False) -> Iterator[Transaction]:  # noqa: ARG002 (here writers always queue)
        """Begin to write at once, so that two writers queue instead of failing at their first write."""
        transaction = SqliteTransaction(self._connection, self.path)
        if not self._writes:
            self.query(f"PRAGMA cache_size = -{_CACHE}")
            self._writes = True
        with self._between("BEGIN IMMEDIATE"):
            yield transaction
            if transaction.doomed:
                raise StoreError(str(Problem(str(self.path), "a statement failed", "Nothing was written.")))

    @contextmanager
    def snapshot(self) -> Iterator[Reader]:
        """Several queries that see one and the same state, whatever others commit meanwhile."""
        with self._between("BEGIN"):
            yield self

    def schema_version(self) -> int:
        """The number of the last migration applied; 0 for an empty file."""
        # in this order: whoever creates the store meanwhile commits its mark together with its first tables
        [(tables,)] = self.query("SELECT count(*) FROM sqlite_master")
        [(application,)] = self.query("PRAGMA application_id")
        if application != _APPLICATION and (application or tables):
            found = "this database belongs to another program"
            remedy = "Check `url` under [store] in payflow.toml, or move the file away."
            raise StoreError(str(Problem(str(self.path), found, remedy)))
        [(version,)] = self.query("PRAGMA user_version")
        return int(version)

    def tables(self) -> list[Table]:
        """Every table, in the order in which they were made."""
        names = self.query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid"
        )
        found = {
            name: self.query("SELECT name, pk FROM pragma_table_info(?) ORDER BY cid", (name,)) for (name,) in names
        }
        return [
            Table(
                name,
                tuple(column for column, _ in columns),
                tuple(key for rank, key in sorted((pk, key) for key, pk in columns) if rank),
            )
            for name, columns in found.items()
        ]

    def place(self) -> str:
        """A fingerprint of this machine and of the path of the file."""
        return fingerprint(self.path)

    def lock(self, wait: float) -> AbstractContextManager[None]:
        """Be the only run: an OS lock beside the file. Raises `StoreError` naming who is, after `wait` seconds."""
        return hold_lock(self.path.with_name(f"{self.path.name}.lock"), wait)

    def announce(self, owner: str) -> None:
        """Nothing: whether a process on this machine still runs, the system tells."""

    def is_gone(self, owner: str) -> bool | None:  # noqa: ARG002 (the protocol's)
        """Not to be told from a file."""
        return None

    def purge(self) -> None:
        """Write the file anew without its free pages, and empty the log that it was written through."""
        self.query("VACUUM")
        [(busy, *_)] = self.query("PRAGMA wal_checkpoint(TRUNCATE)")
        if busy:
            found = "another program reads this database, so that what was deleted stays in its log for now"
            raise StoreError(str(Problem(str(self.path), found, "End that program and try again.")))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _set_up(self, deadline: float) -> None:
        # nothing is changed in the database of another program
        self.schema_version()
        # a mode once set stays with the file; two processes that set it at once do not queue, one of them is turned away
        while self.query("PRAGMA journal_mode") != [("wal",)]:
            try:
                self.query("PRAGMA journal_mode = WAL")
            except StoreError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_PAUSE)
        self.query("PRAGMA synchronous = FULL")
        self.query("PRAGMA foreign_keys = ON")

    @contextmanager
    def _between(self, begin: str) -> Iterator[None]:
        if self._connection.in_transaction:
            raise RuntimeError("a transaction is already open on this database")
        self.query(begin)
        try:
            yield
            self.query("COMMIT")
        except BaseException:
            # a full disk has already rolled back; what is to be told is the first error
            with suppress(sqlite3.Error):
                self._connection.rollback()
            raise


class SqliteTransaction:
    """An open transaction; only `SqliteDatabase.transaction` makes one."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        #: a statement failed: what was written before it may not be committed
        self.doomed = False

    def query(self, sql: str, params: Params = ()) -> list[Row]:
        """All rows of a query, or of a statement with `RETURNING`."""
        with self._guard():
            return self._connection.execute(dialect(sql), params).fetchall()

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement; the number of rows it wrote."""
        with self._guard():
            return max(self._connection.execute(dialect(sql), params).rowcount, 0)

    def executemany(self, sql: str, rows: Iterable[Params]) -> int:
        """Run one statement for each row; the number of rows written in all."""
        with self._guard():
            return max(self._connection.executemany(dialect(sql), rows).rowcount, 0)

    def upsert(self, table: str, columns: Sequence[str], keys: Sequence[str], rows: Iterable[Params] | Bulk) -> int:
        """Insert rows, or update those whose `keys` are there already; the number of rows really written.

        Several rows go into one statement, which takes two thirds of the time of as many statements; of a `Bulk` each value that
        is told once is handed over once, which takes another third off.
        """
        bulk = rows if isinstance(rows, Bulk) else Bulk((), {}, {})
        source: Iterator[Params] = iter(rows.rows if isinstance(rows, Bulk) else rows)
        shared, width, written = [*bulk.shared.values()], len(bulk.others(columns)), 0
        with self._guard():
            while batch := list(islice(source, _GATHERED)):
                if set(map(len, batch)) != {width}:
                    # values of one row would stand in the next
                    raise ValueError(f"a row for {table} has not {width} values")
                start = 0
                for count in _AT_ONCE:
                    end = len(batch) - (len(batch) - start) % count
                    if start < end and count * width + len(shared) <= _MOST_VALUES:
                        statement = upsert_statement(table, columns, keys, count, bulk)
                        parts = (joined(shared, batch[at : at + count]) for at in range(start, end, count))
                        written += self.executemany(statement, parts)
                        start = end
        return written

    def set_schema_version(self, number: int) -> None:
        """Say which schema the file has once this transaction commits."""
        self.execute(f"PRAGMA user_version = {int(number)}")
        self.execute(f"PRAGMA application_id = {_APPLICATION}")

    @contextmanager
    def _guard(self) -> Iterator[None]:
        if self.doomed:
            raise StoreError(str(Problem(str(self._path), "an earlier statement failed", "Nothing was written.")))
        try:
            yield
        except CAUGHT as error:
            self.doomed = True
            raise explain(error, self._path) from error
        except BaseException:
            # the rows of `executemany` come from the caller and may raise half-way
            self.doomed = True
            raise


def dialect(sql: str, version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> str:
    """The statement as this SQLite understands it: before 3.44 it spells `string_agg` as `group_concat`, before 3.39
    `IS DISTINCT FROM` as `IS NOT`, before 3.38 `format` as `printf`.

    It locks the whole database for a writer, and so knows no locks of single rows.
    """
    sql = sql.removesuffix(" FOR UPDATE SKIP LOCKED")
    if version < (3, 38, 0):
        sql = sql.replace("format(", "printf(")
    if version < (3, 44, 0):
        sql = sql.replace("string_agg(", "group_concat(")
    return sql if version >= (3, 39, 0) else sql.replace("IS DISTINCT FROM", "IS NOT")
