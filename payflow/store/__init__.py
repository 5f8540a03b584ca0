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
from payflow.store.database import Database, Params, Reader, Row, SqliteDatabase, Transaction
from payflow.store.failures import DuplicateKeyError, unreachable
from payflow.store.migrations import migrate

__all__ = ["DuplicateKeyError", "Reader", "Store", "Transaction", "open_store"]


class Store:
    """An open store. Use it as a context manager, or `close` it."""

    def __init__(self, database: Database, path: Path) -> None:
        self._database = database
        self.path = path

    @property
    def anchor(self) -> Path:
        """The file that remembers how far the journal had come."""
        return self.path.with_name(f"{self.path.name}.anchor")

    def query(self, sql: str, params: Params = ()) -> list[Row]:
        """All rows of a query. Raises `StoreError`."""
        return self._database.query(sql, params)

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin to write: commits at the end, rolls back on any exception. One at a time, never inside a snapshot."""
        return self._database.transaction()

    def snapshot(self) -> AbstractContextManager[Reader]:
        """Until it ends, every query of this store sees one and the same state, whatever others commit meanwhile."""
        return self._database.snapshot()

    def lock(self, wait: float = 0) -> AbstractContextManager[None]:
        """Be the only run: an OS lock beside the file. Raises `StoreError` when not obtained within `wait` seconds."""
        from payflow.store.lock import hold_lock

        return hold_lock(self.path.with_name(f"{self.path.name}.lock"), wait)

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

    `sqlite:///payflow.db` is relative to `root`, `sqlite:////var/lib/payflow.db` absolute. Raises `StoreError`.
    """
    path = _path(url, root)
    _check_place(path, create)
    database = SqliteDatabase.create(path) if create else SqliteDatabase(path)
    try:
        if not create and database.schema_version() == 0:
            raise _missing(path, "nothing was ever stored in this database")
        migrate(database, str(path))
    except BaseException:
        database.close()
        raise
    return Store(database, path)


def _path(url: str, root: Path) -> Path:
    scheme, colon, rest = url.partition("://")
    if scheme in ("postgresql", "postgres"):
        raise _wrong_url("payflow of this version keeps its store in SQLite only")
    name = rest.removeprefix("/")
    if scheme != "sqlite" or not colon or not rest.startswith("/") or not name or name == ":memory:":
        # never the text itself: a URL may carry a password
        raise _wrong_url("this is not the address of a SQLite file")
    return (root / name).absolute()


def _wrong_url(found: str) -> StoreError:
    return StoreError(str(Problem("payflow.toml, [store] url", found, 'Write url = "sqlite:///payflow.db".')))


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
        raise _missing(path, "there is no store yet")


def _missing(path: Path, found: str) -> StoreError:
    remedy = "Read your invoices with `payflow sync` or `payflow import`, which begin one, or restore a backup."
    return StoreError(str(Problem(str(path), found, remedy)))
