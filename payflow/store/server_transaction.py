"""A transaction in PostgreSQL, behind the protocol of `payflow.store.database`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice

import psycopg

from payflow.errors import Problem, StoreError
from payflow.store.copying import FEW, copy_in, copy_upsert
from payflow.store.database import Params, Row
from payflow.store.placeholders import numbered, plain_insert
from payflow.store.server_failures import CAUGHT, explain
from payflow.store.upserts import Bulk


class PostgresqlTransaction:
    """An open transaction; only `PostgresqlDatabase.transaction` makes one."""

    def __init__(self, connection: psycopg.Connection[Row], where: str) -> None:
        self._connection = connection
        self._where = where
        #: a statement failed: what was written before it may not be committed
        self.doomed = False

    def renew(self, connection: psycopg.Connection[Row]) -> None:
        """Use the connection that the transaction was really begun on."""
        self._connection = connection

    def query(self, sql: str, params: Params = ()) -> list[Row]:
        """All rows of a query, or of a statement with `RETURNING`."""
        with self._guard():
            return rows_of(self._connection.execute(numbered(sql), params))

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement; the number of rows it wrote."""
        with self._guard():
            return max(self._connection.execute(numbered(sql), params).rowcount, 0)

    def executemany(self, sql: str, rows: Iterable[Params]) -> int:
        """Run one statement for each row; the number of rows written in all. Many plain rows go through COPY."""
        with self._guard():
            source = iter(rows)
            first = list(islice(source, FEW))
            insert = plain_insert(sql) if len(first) == FEW else None
            if insert is not None:
                return copy_in(self._connection, insert.table, insert.columns, chain(first, source))
            with self._connection.cursor() as cursor:
                cursor.executemany(numbered(sql), chain(first, source))
                return max(cursor.rowcount, 0)

    def upsert(self, table: str, columns: Sequence[str], keys: Sequence[str], rows: Iterable[Params] | Bulk) -> int:
        """Insert rows, or update those whose `keys` are there already; the number of rows really written."""
        with self._guard():
            told = rows.whole(columns) if isinstance(rows, Bulk) else rows
            return copy_upsert(self._connection, table, columns, keys, told)

    def set_schema_version(self, number: int) -> None:
        """Say which schema the database has once this transaction commits."""
        self.execute("CREATE TABLE IF NOT EXISTS payflow_schema (version INTEGER NOT NULL)")
        self.execute("DELETE FROM payflow_schema")
        self.execute("INSERT INTO payflow_schema (version) VALUES (?)", (number,))

    @contextmanager
    def _guard(self) -> Iterator[None]:
        if self.doomed:
            raise StoreError(str(Problem(self._where, "an earlier statement failed", "Nothing was written.")))
        try:
            yield
        except CAUGHT as error:
            self.doomed = True
            raise explain(error, self._where) from error
        except BaseException:
            # the rows of `executemany` come from the caller and may raise half-way
            self.doomed = True
            raise


def rows_of(cursor: psycopg.Cursor[Row]) -> list[Row]:
    return cursor.fetchall() if cursor.description else []
