"""The two kinds of store: many rows into PostgreSQL, and answers that are kept while nothing changes.

python -m benchmarks.stores copy|executemany URL ROWS   as many invoices into a new schema, payflow's way or one statement each
python -m benchmarks.stores ask URL|FILE                a connection and one question

The server is the tests' own, or the one that PAYFLOW_TEST_POSTGRESQL names.
"""

from __future__ import annotations

import atexit
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from secrets import token_hex
from typing import Any

from benchmarks.books import LAST, write_workspace
from benchmarks.figures import NOW, PAYFLOW, Row
from benchmarks.measure import Run, in_turn, once

_TESTS = Path(__file__).parents[1] / "tests"
#: Rows that the yardstick hands to `executemany` at a time, as payflow stages them.
_AT_ONCE = 50_000
_INVOICES = 10_000


def postgresql(folder: Path, scale: float) -> list[Row]:  # noqa: ARG001  # nothing is written but to the server
    """Invoices into a new store in PostgreSQL, through COPY, beside `executemany` of the same upsert."""
    rows = int(200_000 * scale)
    url, bare = _server(), [sys.executable, "-m", "benchmarks.stores"]
    runs = in_turn({way: [*bare, way, url, rows] for way in ("copy", "executemany")}, rounds=3)
    what = f"{rows:,} invoices into a new store in PostgreSQL"
    return [Row(what, runs["copy"], "psycopg's `executemany` of the same rows", runs["executemany"], "0.5 times")]


def glance(folder: Path, scale: float) -> list[Row]:
    """`payflow status` and `gate check`, asked again while nothing changed, on both stores.

    Beside a process that imports what it takes to ask a database, and asks it one question.
    """
    count = int(_INVOICES * scale)
    url, ask = _server(), [sys.executable, "-m", "benchmarks.stores", "ask"]
    # of four invoices, one has two lines
    sqlite = _again(folder / "file", count * 5 // 4, "", [*ask, folder / "file" / "payflow.db"])
    server = _again(folder / "server", count * 5 // 4, url, [*ask, url])
    rows = []
    for runs, where, limit in ((sqlite, "SQLite", "0.15 s"), (server, "PostgreSQL", "0.4 s")):
        for name in ("status", "gate check"):
            what = f"`payflow {name}`, {count:,} invoices in {where}, asked again"
            rows.append(Row(what, runs[name], f"a process that asks {where} one question", runs["ask"], limit))
    return rows


def _again(root: Path, rows: int, url: str, ask: Sequence[object]) -> dict[str, Run]:
    export = write_workspace(root, rows)
    if url:
        settings = root / "payflow.toml"
        settings.write_text(f'[store]\nurl = "{url}"\n\n{settings.read_text("utf-8")}', "utf-8")
    at = [PAYFLOW, "-C", root]
    once([*at, "--now", NOW, "import", export])
    commands: dict[str, Sequence[object]] = {
        "ask": ask,
        "status": [*at, "status"],
        # its deposit is paid, so that the answer is yes and the exit code 0
        "gate check": [*at, "gate", "check", "acme-website", "design"],
    }
    for command in commands.values():
        once(command)
    return in_turn(commands, rounds=11)


def _server() -> str:
    """The address of a place for a store, on a server that runs until this process ends."""
    if str(_TESTS) not in sys.path:
        sys.path.append(str(_TESTS))
    servers: Any = import_module("servers")
    servers.begin_session()
    atexit.register(servers.end_session)
    return str(servers.fresh_url())


def _invoices(count: int) -> Iterator[tuple[object, ...]]:
    """Rows of the mirror's table."""
    moment = f"{LAST.isoformat()}T09:00:00.000000Z"
    for number in range(1, count + 1):
        total = 10_000 + number * 6151 % 900_000
        key, client, day = f"INV-{number:07}", f"client {number % 977:05}", 20_000 + number % 700
        yield (
            *(number, "books", key, key, client, "GBP", total, total // 3, None, total - total // 3),
            *(day, day + 14, None, "open", f"order {number % 9973}", "", 0, moment, moment, None),
        )


def copy(url: str, count: int) -> None:
    """Payflow's way."""
    from payflow.store import mirror_writes, open_store

    with open_store(f"{url}_{token_hex(4)}", Path.cwd(), create=True) as store, store.transaction() as tx:
        assert mirror_writes.write_invoices(tx, _invoices(count)) == count


def executemany(url: str, count: int) -> None:
    """The same upsert, once for each row, in one transaction."""
    import psycopg
    from psycopg import RawCursor

    from payflow.store import mirror, open_store
    from payflow.store.address import ServerAddress, read_address
    from payflow.store.placeholders import numbered
    from payflow.store.upserts import upsert_statement

    place = f"{url}_{token_hex(4)}"
    open_store(place, Path.cwd(), create=True).close()
    address = read_address(place, Path.cwd())
    assert isinstance(address, ServerAddress)
    statement = numbered(upsert_statement("invoice", mirror.InvoiceRow._fields, ("id",)))
    rows = _invoices(count)
    with psycopg.connect(address.conninfo, cursor_factory=RawCursor) as connection, connection.cursor() as cursor:
        cursor.execute(f"SET search_path = {address.schema}".encode())
        while part := list(islice(rows, _AT_ONCE)):
            cursor.executemany(statement, part)


def ask(url: str) -> None:
    """What the database's clock says; of a file, how many invoices it has."""
    if not url.startswith("postgresql"):
        import sqlite3

        import click  # imported to be paid for

        assert sqlite3.connect(url).execute("SELECT count(*) FROM invoice").fetchone()
        return
    import click  # noqa: F401  # likewise
    import psycopg

    from payflow.store.address import ServerAddress, read_address

    address = read_address(url, Path.cwd())
    assert isinstance(address, ServerAddress)
    with psycopg.connect(address.conninfo) as connection:
        assert connection.execute("SELECT now()").fetchone()


if __name__ == "__main__":
    program, address, *more = sys.argv[1:]
    if program == "ask":
        ask(address)
    else:
        {"copy": copy, "executemany": executemany}[program](address, int(more[0]))
