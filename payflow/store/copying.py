"""Many rows into PostgreSQL at once, through COPY: several times as fast as a statement for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from operator import itemgetter

import psycopg

from payflow.store.database import Params, Row
from payflow.store.placeholders import numbered
from payflow.store.upserts import upsert_statement

#: Fewer rows than these go faster as single statements.
FEW = 64
#: Rows that are staged at a time, so that an import of any length takes bounded memory.
_CHUNK = 50_000


def copy_in(connection: psycopg.Connection[Row], table: str, columns: Sequence[str], rows: Iterable[Params]) -> int:
    """Insert rows; how many there were. Names are our own, never from outside."""
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
        return max(cursor.rowcount, 0)


def copy_upsert(
    connection: psycopg.Connection[Row], table: str, columns: Sequence[str], keys: Sequence[str], rows: Iterable[Params]
) -> int:
    """Insert rows, or update those whose keys are there and that differ; the number of rows really written."""
    source, written = iter(rows), 0
    while chunk := list(islice(source, _CHUNK)):
        if any(len(row) != len(columns) for row in chunk):
            raise ValueError(f"a row for {table} has not {len(columns)} values")
        put = _few if len(chunk) < FEW else _many
        written += put(connection, table, columns, keys, chunk)
    return written


def _few(
    connection: psycopg.Connection[Row], table: str, columns: Sequence[str], keys: Sequence[str], rows: Sequence[Params]
) -> int:
    with connection.cursor() as cursor:
        cursor.executemany(numbered(upsert_statement(table, columns, keys)), rows)
        return max(cursor.rowcount, 0)


def _many(
    connection: psycopg.Connection[Row], table: str, columns: Sequence[str], keys: Sequence[str], rows: Sequence[Params]
) -> int:
    """Through a table of this session's own, from where one statement takes them over."""
    key = itemgetter(*(columns.index(name) for name in keys))
    # one statement may not touch a row twice: of rows with one key the last counts, as if they came one by one
    last = {key(row): row for row in rows}
    names, stage = ", ".join(columns), f"incoming_{table}"
    connection.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {stage} (LIKE {table} INCLUDING DEFAULTS)".encode())
    connection.execute(f"TRUNCATE {stage}".encode())
    copy_in(connection, stage, columns, last.values())
    values = f"({', '.join('?' * len(columns))})"
    statement = upsert_statement(table, columns, keys)
    taken_over = statement.replace(f"VALUES {values}", f"SELECT {names} FROM {stage} ORDER BY {', '.join(keys)}")  # noqa: S608 (own names)
    assert taken_over != statement, "the statement of an upsert has changed"
    return max(connection.execute(taken_over.encode()).rowcount, 0)
