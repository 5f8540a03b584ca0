"""PostgreSQL behind the protocol of `payflow.store.database`, through psycopg 3.

All tables lie in a schema (namespace) of our own. Writers queue at an advisory lock of that schema, as SQLite's do at
`BEGIN IMMEDIATE`; the server lets go of it when the transaction or the connection ends, however it ends. Outside a
transaction the connection is read-only.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from zlib import crc32

import psycopg
from psycopg import RawCursor

from payflow.errors import Problem, StoreError
from payflow.store.address import ServerAddress
from payflow.store.database import Params, Reader, Row, Table, Transaction
from payflow.store.placeholders import numbered
from payflow.store.server_connection import SESSION, Context, defaults, described, options_of
from payflow.store.server_failures import CAUGHT, explain, unreached
from payflow.store.server_transaction import PostgresqlTransaction, rows_of

#: Seconds to wait for another writer: longer than the largest import takes to commit.
_PATIENCE = 30.0
#: Seconds between two tries while waiting for the run lock.
_PAUSE = 0.05

#: First number of our advisory locks: the letters "payf" for writers, "payr" for runs; the second is made of the schema.
_WRITER, _RUN = 0x70617966, 0x70617972

#: Whether anything on the server may still see rows that were deleted before a number of a transaction, given twice.
_STILL_SEEN = """
    SELECT pg_snapshot_xmin(pg_current_snapshot()) < ?::xid8 OR EXISTS (
        SELECT 1 FROM (
            SELECT backend_xmin FROM pg_stat_activity
            WHERE coalesce(datname, current_database()) = current_database() AND pid <> pg_backend_pid()
            UNION ALL SELECT xmin FROM pg_replication_slots
        ) AS held (since) WHERE age(since) > age(?::xid8::xid)
    )
"""


class PostgresqlDatabase:
    """A PostgreSQL database, with our tables in one schema of it."""

    def __init__(self, address: ServerAddress, *, patience: float = _PATIENCE) -> None:
        """Connect; see `create`. Raises `StoreError`, also for a schema of another program."""
        options = options_of(address)
        self.where, self._schema = described(options, address), address.schema
        self._address, self._patience = address, patience
        self._defaults = {name: value for name, value in defaults().items() if name not in options}
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
            return rows_of(self._connection.execute(numbered(sql), params))
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
            rows = rows_of(self._connection.execute(numbered(_IDENTITY), (self._schema,)))
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

        Rows that something may still see would be written again: what began before is waited for. Raises `StoreError`.
        """
        self._outlast_others()
        tables = self.query(
            "SELECT quote_ident(tablename) FROM pg_catalog.pg_tables WHERE schemaname = ?", (self._schema,)
        )
        for (table,) in tables:
            self.query(f"VACUUM (FULL) {table}")

    def _outlast_others(self) -> None:
        """Wait until nothing on the server can see what has been deleted by now. Raises `StoreError`.

        A transaction that writes holds dead rows back from whatever database it is in: every snapshot taken meanwhile, that of
        VACUUM too, begins with it. One that only reads holds back those of its own database; a standby may hold back all.
        """
        [(now,)] = self.query("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        deadline = time.monotonic() + self._patience
        while self.query(_STILL_SEEN, (now, now)) == [(True,)]:
            if time.monotonic() >= deadline:
                found = "another program uses this database server, so that what was deleted stays in its files for now"
                raise StoreError(str(Problem(self.where, found, "End that program and try again.")))
            time.sleep(_PAUSE)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _connect(self) -> psycopg.Connection[Row]:
        try:
            connection = psycopg.connect(
                self._address.conninfo,
                autocommit=True,
                cursor_factory=RawCursor,
                context=Context(),
                **self._defaults,
            )
        except psycopg.Error as error:
            raise unreached(error, self.where) from None
        settings = SESSION | {"search_path": self._schema, "lock_timeout": str(int(self._patience * 1000))}
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
