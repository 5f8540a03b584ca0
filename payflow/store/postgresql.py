"""PostgreSQL behind the protocol of `payflow.store.database`, through psycopg 3.

All tables lie in a schema (namespace) of our own. Writers queue at an advisory lock of that schema, as SQLite's do at
`BEGIN IMMEDIATE`; the server lets go of it when the transaction or the connection ends, however it ends. Outside a
transaction the connection is read-only.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import chain, islice
from types import NoneType
from typing import Any
from zlib import crc32

import psycopg
from psycopg import RawCursor
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper, Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.bool import BoolLoader
from psycopg.types.none import NoneDumper
from psycopg.types.numeric import Int8Dumper, IntLoader
from psycopg.types.string import StrDumperUnknown, TextLoader

from payflow.errors import Problem, StoreError
from payflow.store.address import DEFAULT_SCHEMA, ServerAddress, wrong_url
from payflow.store.copying import FEW, copy_in, copy_upsert
from payflow.store.database import Params, Reader, Row, Table, Transaction
from payflow.store.placeholders import numbered, plain_insert
from payflow.store.server_failures import CAUGHT, explain, unreached

#: Seconds to wait for another writer: longer than the largest import takes to commit.
_PATIENCE = 30.0
#: Seconds to wait for a server that does not answer, unless the address says `connect_timeout`.
_CONNECTING = 10
#: Seconds between two tries while waiting for the run lock.
_PAUSE = 0.05

#: First number of our advisory locks: the letters "payf" for writers, "payr" for runs; the second is made of the schema.
_WRITER, _RUN = 0x70617966, 0x70617972

#: A host that is cut off or loses power lets go of its locks after about a minute; a hung transaction after ten.
_SESSION = {
    "default_transaction_read_only": "on",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "idle_in_transaction_session_timeout": "600000",
}


class _BoolDumper(Dumper):
    """Yes and no are 1 and 0, as in SQLite."""

    oid = Int8Dumper.oid

    def dump(self, obj: bool) -> bytes:
        """The digit."""
        return b"1" if obj else b"0"


class _WholeLoader(Loader):
    """The sum of whole numbers, which the server gives as a decimal number, is one too."""

    def load(self, data: Buffer) -> int:
        """The number."""
        return int(bytes(data))


def _adapters() -> AdaptersMap:
    """Only what SQLite takes too: whole numbers, text, nothing. A float, which an amount must never be, is refused."""
    adapters = AdaptersMap(types=psycopg.adapters.types)
    dumpers: dict[type, type[Dumper]] = {
        int: Int8Dumper,
        str: StrDumperUnknown,
        bool: _BoolDumper,
        NoneType: NoneDumper,
    }
    for kind, dumper in dumpers.items():
        adapters.register_dumper(kind, dumper)
    loaders: dict[str, type[Loader]] = {
        "int2": IntLoader,
        "int4": IntLoader,
        "int8": IntLoader,
        "oid": IntLoader,
        "bool": BoolLoader,
    }
    loaders["numeric"] = _WholeLoader
    for name, loader in loaders.items():
        adapters.register_loader(name, loader)
    # 0 stands for all other types
    adapters.register_loader(0, TextLoader)
    return adapters


class _Context:
    """What a connection takes its adapters from."""

    adapters = _adapters()
    connection = None


class PostgresqlDatabase:
    """A PostgreSQL database, with our tables in one schema of it."""

    def __init__(self, address: ServerAddress, *, patience: float = _PATIENCE) -> None:
        """Connect; see `create`. Raises `StoreError`, also for a schema of another program."""
        options = _options(address)
        self.where, self._schema = _where(options, address), address.schema
        self._address, self._patience = address, patience
        self._defaults = {name: value for name, value in _defaults().items() if name not in options}
        # a signed number of 32 bits, as the server's locks want it
        self._lock_number = crc32(address.schema.encode()) - 2**31
        self._locked = self._busy = False
        self._announced: set[str] = set()
        self._connection = self._connect()
        try:
            self.schema_version()
        except StoreError:
            self.close()
            raise

    @classmethod
    def create(cls, address: ServerAddress, *, patience: float = _PATIENCE) -> PostgresqlDatabase:
        """Connect, and make the schema when there is none."""
        database = cls(address, patience=patience)
        try:
            database._make_schema()
        except StoreError:
            database.close()
            raise
        return database

    def query(self, sql: str, params: Params = ()) -> list[Row]:
        """All rows of a query. Raises `StoreError`. A connection that was lost while nothing was going on is made anew."""
        self._revive()
        try:
            return _rows(self._connection.execute(numbered(sql), params))
        except CAUGHT as error:
            raise explain(error, self.where) from error

    @contextmanager
    def transaction(self, *, sharing: bool = False) -> Iterator[Transaction]:
        """Begin to write once no other writer is at it. Those that are `sharing` keep out others only, not one another."""
        transaction = PostgresqlTransaction(self._connection, self.where)
        with self._between("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"):
            transaction.renew(self._connection)
            lock = "pg_advisory_xact_lock_shared" if sharing else "pg_advisory_xact_lock"
            self.query(f"SELECT {lock}(?::int4, ?::int4)", (_WRITER, self._lock_number))
            yield transaction
            if transaction.doomed:
                raise StoreError(str(Problem(self.where, "a statement failed", "Nothing was written.")))

    @contextmanager
    def snapshot(self) -> Iterator[Reader]:
        """Several queries that see one and the same state, whatever others commit meanwhile."""
        with self._between("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"):
            yield self

    def schema_version(self) -> int:
        """The number of the last migration applied; 0 for an empty schema."""
        # one statement, one state: whoever creates the store meanwhile commits its mark together with its first tables
        [(tables, ours)] = self.query(
            "SELECT count(*), count(*) FILTER (WHERE relname = 'payflow_schema') FROM pg_catalog.pg_class "
            "WHERE relnamespace = to_regnamespace(?) AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')",
            (self._schema,),
        )
        if tables and not ours:
            found = f"the schema {self._schema} belongs to another program"
            remedy = "Name a schema of payflow's own in `url`: ?schema=payflow."
            raise StoreError(str(Problem(self.where, found, remedy)))
        rows = self.query("SELECT version FROM payflow_schema") if ours else []
        return int(rows[0][0]) if rows else 0

    def tables(self) -> list[Table]:
        """Every table of ours, in the order in which they were made."""
        columns, keys = self.query(_COLUMNS, (self._schema,)), self.query(_KEYS, (self._schema,))
        return [
            Table(
                name,
                tuple(column for table, column in columns if table == name),
                tuple(key for table, key in keys if table == name),
            )
            for name in dict.fromkeys(table for table, _ in columns)
        ]

    def place(self) -> str:
        """The same for whoever uses this schema of this database; another for every copy of it, whatever it is called."""
        try:
            # a cluster restored to an earlier moment goes on in a new timeline; a dump is read into other oids
            rows = _rows(self._connection.execute(numbered(_IDENTITY), (self._schema,)))
        except (psycopg.errors.UndefinedFunction, psycopg.errors.InsufficientPrivilege):
            rows = self.query(_POORER_IDENTITY, (self._schema,))
        except CAUGHT as error:
            raise explain(error, self.where) from error
        return sha256(f"postgresql\n{rows!r}".encode()).hexdigest()[:32]

    @contextmanager
    def lock(self, wait: float) -> Iterator[None]:
        """Be the only run on this store, on any host. Raises `StoreError` naming who is, after `wait` seconds."""
        deadline = time.monotonic() + wait
        numbers = (_RUN, self._lock_number)
        while self._locked or self.query("SELECT pg_try_advisory_lock(?::int4, ?::int4)", numbers) != [(True,)]:
            if time.monotonic() >= deadline:
                raise StoreError(str(Problem(self.where, self._holder(), "Wait until it is done and try again.")))
            time.sleep(_PAUSE)
        self._locked = True
        try:
            yield
        finally:
            self._locked = False
            # a connection that was lost has let go by itself
            with suppress(StoreError):
                self.query("SELECT pg_advisory_unlock(?::int4, ?::int4)", numbers)

    def announce(self, owner: str) -> None:
        """Hold a lock of the session in that name: the server lets go of it when the connection ends, however it ends."""
        if owner not in self._announced:
            self.query("SELECT pg_advisory_lock(?)", (self._number_of(owner),))
            self._announced.add(owner)

    def is_gone(self, owner: str) -> bool | None:
        """Whether no session holds the owner's lock."""
        if owner in self._announced:
            return False
        # obtained for the length of this statement only, and never instead of the owner's own
        return self.query("SELECT pg_try_advisory_xact_lock_shared(?)", (self._number_of(owner),)) == [(True,)]

    def _number_of(self, owner: str) -> int:
        """A number of 64 bits for the lock of an owner in this schema."""
        return int.from_bytes(sha256(f"{self._schema}\n{owner}".encode()).digest()[:8], "big", signed=True)

    def purge(self) -> None:
        """Write every table anew, so that its files hold nothing else; the server's own log goes on as it is set up.

        Rows that a transaction which is open by now may still see would be written again: those transactions are waited for.
        """
        self._outlast_others()
        tables = self.query(
            "SELECT quote_ident(tablename) FROM pg_catalog.pg_tables WHERE schemaname = ?", (self._schema,)
        )
        for (table,) in tables:
            self.query(f"VACUUM (FULL) {table}")

    def _outlast_others(self) -> None:
        """Wait for every transaction that has read or written a table of this database. Raises `StoreError`."""
        held = "SELECT DISTINCT virtualtransaction FROM pg_catalog.pg_locks WHERE locktype = 'relation'"
        here = "database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())"
        others = f"{held} AND {here} AND pid <> pg_backend_pid()"
        deadline = time.monotonic() + self._patience
        left = set(self.query(others))
        while left:
            if time.monotonic() >= deadline:
                found = "another program reads this database, so that what was deleted stays in its files for now"
                raise StoreError(str(Problem(self.where, found, "End that program and try again.")))
            time.sleep(_PAUSE)
            left &= set(self.query(others))

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _connect(self) -> psycopg.Connection[Row]:
        try:
            connection = psycopg.connect(
                self._address.conninfo,
                autocommit=True,
                cursor_factory=RawCursor,
                context=_Context(),
                **self._defaults,
            )
        except psycopg.Error as error:
            raise unreached(error, self.where) from None
        settings = _SESSION | {"search_path": self._schema, "lock_timeout": str(int(self._patience * 1000))}
        parts = ", ".join(f"set_config('{name}', ?, false)" for name in settings)
        try:
            connection.execute(numbered(f"SELECT {parts}"), list(settings.values()))
        except CAUGHT as error:
            connection.close()
            raise explain(error, self.where) from error
        return connection

    def _make_schema(self) -> None:
        if self.query("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = ?", (self._schema,)):
            return
        with self.transaction() as tx:
            # another process may have been first; IF NOT EXISTS alone would ask for the right to make one
            if not tx.query("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = ?", (self._schema,)):
                tx.execute(f"CREATE SCHEMA {self._schema}")

    def _revive(self) -> None:
        """Connect anew after a loss, unless something was going on that ended with the connection."""
        if self._connection.broken and not self._locked and not self._busy and not self._announced:
            self._connection.close()
            self._connection = self._connect()

    @contextmanager
    def _between(self, begin: str) -> Iterator[None]:
        if self._busy:
            raise RuntimeError("a transaction is already open on this database")
        self._begin(begin)
        self._busy = True
        try:
            yield
            self._commit()
        except BaseException:
            # what is to be told is the first error; a connection that was lost has rolled back by itself
            with suppress(psycopg.Error):
                self._connection.execute(b"ROLLBACK")
            raise
        finally:
            self._busy = False

    def _begin(self, begin: str) -> None:
        try:
            self.query(begin)
        except StoreError:
            # lost since it was last used: that is noticed only now, and nothing was begun
            if not self._connection.broken or self._locked or self._announced:
                raise
            self.query(begin)

    def _commit(self) -> None:
        try:
            self._connection.execute(b"COMMIT")
        except psycopg.errors.IntegrityError as error:
            raise explain(error, self.where) from error
        except psycopg.Error as error:
            if self._connection.broken:
                found = "the connection was lost while a change was being committed: all of it was written, or nothing"
                raise StoreError(str(Problem(self.where, found, "Try again: payflow looks what stands."))) from error
            raise explain(error, self.where) from error

    def _holder(self) -> str:
        rows = self.query(
            "SELECT application_name, client_addr::text FROM pg_catalog.pg_locks "
            "JOIN pg_catalog.pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
            "AND pg_locks.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) "
            "AND classid::int8 = ? AND objid::int8 = ?",
            (_RUN, self._lock_number % 2**32),
        )
        name = str(rows[0][0]) if rows and rows[0][0] else "unknown"
        return f"another run is going on ({name.removeprefix('payflow ')})"


_IDENTITY = (
    "SELECT (pg_catalog.pg_control_system()).system_identifier::text, "
    "substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8), "
    "(SELECT oid::text FROM pg_catalog.pg_database WHERE datname = current_database()), to_regnamespace(?)::oid::text"
)
#: Where the server does not tell more to this user, or is none of PostgreSQL's own.
_POORER_IDENTITY = (
    "SELECT (SELECT oid::text FROM pg_catalog.pg_database WHERE datname = current_database()), "
    "to_regnamespace(?)::oid::text"
)


_COLUMNS = (
    "SELECT relname, attname FROM pg_catalog.pg_class JOIN pg_catalog.pg_attribute ON attrelid = pg_class.oid "
    "WHERE relnamespace = to_regnamespace(?) AND relkind = 'r' AND relname <> 'payflow_schema' AND attnum > 0 "
    "AND NOT attisdropped ORDER BY pg_class.oid, attnum"
)
_KEYS = (
    "SELECT relname, attname FROM pg_catalog.pg_index JOIN pg_catalog.pg_class ON pg_class.oid = indrelid "
    "JOIN pg_catalog.pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey) "
    "WHERE relnamespace = to_regnamespace(?) AND indisprimary "
    "ORDER BY relname, array_position(indkey::int2[], attnum)"
)


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
            return _rows(self._connection.execute(numbered(sql), params))

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

    def upsert(self, table: str, columns: Sequence[str], keys: Sequence[str], rows: Iterable[Params]) -> int:
        """Insert rows, or update those whose `keys` are there already; the number of rows really written."""
        with self._guard():
            return copy_upsert(self._connection, table, columns, keys, rows)

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


def _rows(cursor: psycopg.Cursor[Row]) -> list[Row]:
    return cursor.fetchall() if cursor.description else []


def _options(address: ServerAddress) -> Mapping[str, object]:
    """What the address says, by libpq's names. Raises `StoreError`."""
    try:
        options = conninfo_to_dict(address.conninfo)
    except (psycopg.Error, UnicodeError):
        raise wrong_url("this is not the address of a PostgreSQL database", _REMEDY) from None
    if any("@" in str(options.get(name) or "") for name in ("host", "dbname")):
        raise wrong_url("there is more than one @ in this address", _REMEDY)
    if not str(options.get("port") or "0").replace(",", "").isdigit():
        raise wrong_url("its port is no number", _REMEDY)
    return options


_REMEDY = (
    'Write url = "postgresql://user@host/database", with %40 for @, %2F for / and %3A for : in names and passwords.'
)


def _defaults() -> Mapping[str, Any]:
    """What libpq is told where the address says nothing."""
    return {
        "connect_timeout": int(os.environ.get("PGCONNECT_TIMEOUT") or _CONNECTING),
        "application_name": f"payflow pid {os.getpid()} on {platform.node()}"[:63],
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
    }


def _where(options: Mapping[str, object], address: ServerAddress) -> str:
    """The database in words that hold no password."""
    host = options.get("host") or os.environ.get("PGHOST") or "this machine"
    name = options.get("dbname") or os.environ.get("PGDATABASE") or options.get("user") or "its default"
    schema = "" if address.schema == DEFAULT_SCHEMA else f", schema {address.schema}"
    return f"PostgreSQL database {name} on {host}{schema}"
