"""What PostgreSQL says when something is wrong, in sentences that end in what to do.

The text that libpq and the server give may quote an address or a row, so mostly it is not repeated.
"""

from __future__ import annotations

import psycopg

from payflow.errors import Problem, StoreError
from payflow.store.failures import DuplicateKeyError

#: What psycopg raises while it binds or runs a statement; a broken text is no `psycopg.Error`.
CAUGHT = (psycopg.Error, UnicodeEncodeError)

_BUG = "This is a mistake in payflow: please report it with this line."
_AGAIN = "Nothing was half-written: check the server and the network, and try again."
_PASSWORD = "Correct user and password: in `url`, in PGPASSWORD or in ~/.pgpass."  # noqa: S105 (a sentence)
_RIGHTS = "Let the owner of the database grant this user what payflow needs (docs/store.md)."

#: SQLSTATE, or its first two characters -> what was found, what to do (PostgreSQL's documentation, appendix A).
_SENTENCES = {
    "23505": ("a unique key refused a second row", _BUG),
    "55P03": ("another payflow is writing", "Wait until it is done, or end it, and try again."),
    "57014": ("the server stopped a statement that took too long", "Raise statement_timeout, or try again later."),
    "57P01": ("the server closed the connection", _AGAIN),
    "57P02": ("the server crashed", _AGAIN),
    "57P03": ("the server is starting up or shutting down", "Try again in a moment."),
    "57P05": ("the server closed a connection that was idle", _AGAIN),
    "25P03": ("the server closed a connection that was idle", _AGAIN),
    "53100": ("the server's disk is full", "Free some space there and try again; nothing was half-written."),
    "53200": ("the server is out of memory", "Try again when it has less to do."),
    "53300": ("the server takes no more connections", "Try again when it has less to do, or raise max_connections."),
    "25006": ("the database is read-only", "Name the primary server in `url`, or let this user write."),
    "42501": ("this user lacks a right", _RIGHTS),
    "3D000": ("there is no such database on this server", "Make it (createdb), or correct `url` under [store]."),
    "28": ("the server turned the login down", _PASSWORD),
    "08": ("the connection was lost", _AGAIN),
    "40": ("the server undid this because others wrote at the same time", "Try again; nothing was half-written."),
    "22003": ("a number has more than 18 digits", "Correct it where it comes from."),
    "22021": ("a text cannot be stored (it holds a NUL)", "Correct it at its source."),
    "58": ("the server could not read or write its disk", "Look at the server's log."),
    "XX001": ("the database is damaged", "Restore it from a backup; payflow writes nothing to what it cannot trust."),
    "XX002": ("the database is damaged", "Restore it from a backup; payflow writes nothing to what it cannot trust."),
}


def explain(error: Exception, where: str) -> StoreError:
    """The error to raise instead: where, what, remedy. A broken unique key is a `DuplicateKeyError`."""
    if isinstance(error, UnicodeEncodeError):
        return StoreError(str(Problem(where, f"a text cannot be stored ({error})", "Correct it at its source.")))
    state = getattr(error, "sqlstate", None) or ""
    found, remedy = _SENTENCES.get(state) or _SENTENCES.get(state[:2]) or _without_state(error, state)
    kind = DuplicateKeyError if state == "23505" else StoreError
    return kind(str(Problem(where, found, remedy)))


def _without_state(error: Exception, state: str) -> tuple[str, str]:
    text = str(error)
    if state:
        said = getattr(getattr(error, "diag", None), "message_primary", None) or type(error).__name__
        return f"the database answered {said} ({state})", _BUG
    if "NUL" in text:
        return _SENTENCES["22021"]
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return _SENTENCES["08"]
    return f"the database answered {text}", _BUG


_UNKNOWN_HOST = ("its host is not known", "Correct the host in `url` under [store].")
#: Words of libpq, which has no codes for a connection that never came about -> what was found, what to do.
_UNREACHED = (
    ("pg_hba", "the server lets no such user in from here", "Let its owner allow it in pg_hba.conf."),
    ("password", "the server turned the login down", _PASSWORD),
    ("authentication", "the server turned the login down", _PASSWORD),
    ("too many clients", *_SENTENCES["53300"]),
    ("starting up", *_SENTENCES["57P03"]),
    ("shutting down", *_SENTENCES["57P03"]),
    (
        "certificate",
        "its certificate could not be verified",
        "Name the right one in `sslrootcert`, or correct the host.",
    ),
    ("SSL", "no encrypted connection came about", "Correct `sslmode` in `url`, or switch TLS on at the server."),
    ("translate host", *_UNKNOWN_HOST),
    ("resolve host", *_UNKNOWN_HOST),
    ("name resolution", *_UNKNOWN_HOST),
    ("not known", *_UNKNOWN_HOST),
    ("database", *_SENTENCES["3D000"]),
    ("role", "the server turned the login down", _PASSWORD),
    ("timeout", "the server does not answer", "Check the host in `url`, the network and the server."),
)


def unreached(error: psycopg.Error, where: str) -> StoreError:
    """The error to raise when no connection came about."""
    state = error.sqlstate or ""
    known = _SENTENCES.get(state) or _SENTENCES.get(state[:2])
    text = str(error)
    words = next(((found, remedy) for word, found, remedy in _UNREACHED if word in text), None)
    found, remedy = known or words or ("no server answers there", "Start it, or correct `url` under [store].")
    return StoreError(str(Problem(where, found, remedy)))
