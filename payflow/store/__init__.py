"""The store: mirror, journal and workings in one database, behind plain SQL.

database     the protocol, and SQLite behind it          anchor       how far the journal had come, outside it
migrations   numbered steps (`schema`)                   projections  tables made from the journal
mirror       what the books say                          memory       the journal as the pure parts need it
journal      what payflow did; `append` (`chain`)        workings     cursors, small named values
stamp        how far all that has come
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from payflow.errors import Problem, StoreError
from payflow.store.address import FileAddress, ServerAddress, read_address
from payflow.store.database import Database, Params, Reader, Row, SqliteDatabase, Table, Transaction
from payflow.store.failures import DuplicateKeyError, unreachable
from payflow.store.migrations import migrate

__all__ = ["DuplicateKeyError", "Reader", "Store", "Transaction", "connect", "open_store"]


class Store:
    """An open store. Use it as a context manager, or `close` it.

    `path` is the file of the database; a database on a server has a path of that kind in the workspace too, for what is
    kept beside it.
    """

    def __init__(self, database: Database, path: Path) -> None:
        self._database = database
        self.path = path

    @classmethod
    def at(cls, database: Database, address: FileAddress | ServerAddress, root: Path) -> Store:
        """The store in a database that is open, for the workspace at `root`."""
        return cls(database, address.path if isinstance(address, FileAddress) else root.absolute() / "payflow")

    @property
    def where(self) -> str:
        """The database in words, for people; no password is in it."""
        return self._database.where

    @property
    def anchor(self) -> Path:
        """The file that remembers how far the journal had come."""
        return self.path.with_name(f"{self.path.name}.anchor")

    def place(self) -> str:
        """Where this store stands: of a copy of it this is another."""
        return self._database.place()

    def tables(self) -> list[Table]:
        """Every table, in the order in which they can be filled."""
        return self._database.tables()

    def schema_version(self) -> int:
        """The number of the last migration applied."""
        return self._database.schema_version()

    def query(self, sql: str, params: Params = ()) -> list[Row]:
        """All rows of a query. Raises `StoreError`."""
        return self._database.query(sql, params)

    def transaction(self, *, sharing: bool = False) -> AbstractContextManager[Transaction]:
        """Begin to write: commits at the end, rolls back on any exception. One at a time, never inside a snapshot.

        Several that are `sharing` may go on at once, on different rows, each locked first by `FOR UPDATE SKIP LOCKED`; they
        write no journal.
        """
        return self._database.transaction(sharing=sharing)

    def snapshot(self) -> AbstractContextManager[Reader]:
        """Until it ends, every query of this store sees one and the same state, whatever others commit meanwhile."""
        return self._database.snapshot()

    def lock(self, wait: float = 0) -> AbstractContextManager[None]:
        """Be the only run on this store. Raises `StoreError` when that is not obtained within `wait` seconds."""
        return self._database.lock(wait)

    def announce(self, owner: str) -> None:
        """Let others see, for as long as this store is open, that the owner of claims is there."""
        self._database.announce(owner)

    def is_gone(self, owner: str) -> bool | None:
        """Whether nobody announces that owner any more; None where the database cannot tell."""
        return self._database.is_gone(owner)

    def purge(self) -> None:
        """Let nothing that was deleted or replaced remain on the disk. Raises `StoreError`, also while others read."""
        self._database.purge()

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(url: str, root: Path, *, create: bool = False) -> Store:
    """Open the store at `url` and bring its schema up to date; with `create` also where there is none yet.

    `sqlite:///payflow.db` is relative to `root`, `sqlite:////var/lib/payflow.db` absolute; `postgresql://user@host/database`
    is as libpq reads it, and `?schema=name` is ours. Raises `StoreError`.
    """
    address = read_address(url, root)
    database = connect(address, create=create)
    try:
        if not create and database.schema_version() == 0:
            raise _missing(database.where, "there is no store yet: nothing was ever stored in this database")
        migrate(database, database.where)
    except BaseException:
        database.close()
        raise
    return Store.at(database, address, root)


def connect(address: FileAddress | ServerAddress, *, create: bool) -> Database:
    """The database at an address, as it is; `open_store` brings its schema up to date. Raises `StoreError`."""
    if isinstance(address, FileAddress):
        _check_place(address.path, create)
        return SqliteDatabase.create(address.path) if create else SqliteDatabase(address.path)
    try:
        from payflow.store.postgresql import PostgresqlDatabase
    except ImportError as error:
        found = f"a store in PostgreSQL needs psycopg 3, which cannot be loaded ({error})".replace("\n", " ")
        remedy = "Install it: pip install 'payflow-gate[postgresql]'."
        raise StoreError(str(Problem("payflow.toml, [store] url", found, remedy))) from error
    return PostgresqlDatabase.create(address) if create else PostgresqlDatabase(address)


def _check_place(path: Path, create: bool) -> None:
    try:
        has_folder, is_there, is_file = path.parent.is_dir(), path.exists(), path.is_file()
    except OSError as error:
        raise unreachable(error, path) from error
    if not has_folder:
        remedy = "Make the folder, or correct `url` under [store] in payflow.toml."
        raise StoreError(str(Problem(str(path), "the folder of the store does not exist", remedy)))
    if is_there and not is_file:
        remedy = "Correct `url` under [store] in payflow.toml."
        raise StoreError(str(Problem(str(path), "the store must be a file, and this is none", remedy)))
    if not is_there and not create:
        raise _missing(str(path), "there is no store yet")


def _missing(where: str, found: str) -> StoreError:
    remedy = "Read your invoices with `payflow sync` or `payflow import`, which begin one, or restore a backup."
    return StoreError(str(Problem(where, found, remedy)))
