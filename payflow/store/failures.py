"""What SQLite says when something is wrong, in sentences that end in what to do."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from payflow.errors import Problem, StoreError


class DuplicateKeyError(StoreError):
    """A unique key refused a row that is already there: the second notice, charge or message of its kind."""


#: What `sqlite3` raises while it binds or runs a statement. Numbers beyond 64 bits and broken text are not `sqlite3.Error`s.
CAUGHT = (sqlite3.Error, OverflowError, UnicodeEncodeError)

RIGHTS = "Give this user the right to write the file and its folder."
_FREE = "Free some space and try again; nothing was half-written."
_BACKUP = "Restore it from a backup; payflow writes nothing to a database it cannot trust."
_BUG = "This is a mistake in payflow: please report it with this line."

#: SQLite's primary result code -> what was found, what to do (https://www.sqlite.org/rescode.html).
_SENTENCES = {
    sqlite3.SQLITE_NOTADB: (
        "this file is not a payflow database",
        "Check `url` under [store] in payflow.toml, or move the file away.",
    ),
    sqlite3.SQLITE_READONLY: ("the database is read-only", RIGHTS),
    sqlite3.SQLITE_PERM: ("the database is read-only", RIGHTS),
    sqlite3.SQLITE_CANTOPEN: ("the database cannot be opened", RIGHTS),
    sqlite3.SQLITE_BUSY: (
        "the database is locked by another program",
        "Wait until the other payflow is done, or end it, and try again.",
    ),
    sqlite3.SQLITE_LOCKED: (
        "the database is locked by another program",
        "Wait until the other payflow is done, or end it, and try again.",
    ),
    sqlite3.SQLITE_FULL: ("the disk is full", _FREE),
    sqlite3.SQLITE_IOERR: ("the disk could not be read or written", "Check the disk and its free space and try again."),
    sqlite3.SQLITE_CORRUPT: ("the database is damaged", _BACKUP),
}

_UNIQUE = frozenset(
    (
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_CONSTRAINT_ROWID,
    )
)


def explain(error: Exception, path: Path) -> StoreError:
    """The error to raise instead: where, what, remedy. A broken unique key is a `DuplicateKeyError`."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    if code in _UNIQUE:
        return DuplicateKeyError(str(Problem(str(path), f"a unique key refused a second row ({error})", _BUG)))
    if isinstance(error, OverflowError):
        return StoreError(
            str(Problem(str(path), "a number has more than 18 digits", "Correct it where it comes from."))
        )
    if isinstance(error, UnicodeEncodeError):
        return StoreError(str(Problem(str(path), f"a text cannot be stored ({error})", "Correct it at its source.")))
    if "Could not decode to UTF-8" in str(error):
        # what no payflow wrote
        return StoreError(str(Problem(str(path), "a text in the database is damaged, or was changed", _BACKUP)))
    found, remedy = _SENTENCES.get(code & 0xFF, (f"the database answered {error}", _BUG))
    return StoreError(str(Problem(str(path), found, remedy)))


def unreachable(error: OSError, path: Path) -> StoreError:
    """The error to raise when the file system, not SQLite, says no."""
    remedy = _FREE if error.errno in (errno.ENOSPC, errno.EDQUOT) else RIGHTS
    return StoreError(str(Problem(str(path), f"this file cannot be used ({error.strerror})", remedy)))
