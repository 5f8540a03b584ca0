"""The address of a store: `[store] url`, read into what its database needs. No message repeats it: it may hold a password."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from msgspec import Struct

from payflow.errors import Problem, StoreError

#: The PostgreSQL schema (namespace) that payflow keeps its tables in, unless the address says `?schema=...`.
DEFAULT_SCHEMA = "payflow"

_POSTGRESQL = ("postgresql", "postgres")
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class FileAddress(Struct, frozen=True):
    """A SQLite file."""

    path: Path


class ServerAddress(Struct, frozen=True):
    """A PostgreSQL database: what libpq is told, and the schema our tables are in."""

    conninfo: str
    schema: str


def read_address(url: str, root: Path) -> FileAddress | ServerAddress:
    """Read an address; `sqlite:///payflow.db` is relative to `root`. Raises `StoreError` for anything else."""
    scheme, colon, rest = url.partition("://")
    if scheme in _POSTGRESQL and colon:
        return _server(scheme, rest)
    name = rest.removeprefix("/")
    if scheme != "sqlite" or not colon or not rest.startswith("/") or not name or name == ":memory:":
        raise wrong_url("this is not the address of a database")
    return FileAddress((root / name).absolute())


def wrong_url(found: str, remedy: str = 'Write url = "sqlite:///payflow.db" or "postgresql://...".') -> StoreError:
    """The error for an address that cannot be used."""
    return StoreError(str(Problem("payflow.toml, [store] url", found, remedy)))


def _server(scheme: str, rest: str) -> ServerAddress:
    # only our own option is taken out; all others, TLS too, are libpq's
    address, _, query = rest.partition("?")
    schema, kept = DEFAULT_SCHEMA, []
    for option in query.split("&"):
        name, _, value = option.partition("=")
        if name == "schema":
            schema = unquote(value)
        elif option:
            kept.append(option)
    if not _NAME.fullmatch(schema) or schema.startswith("pg_") or schema == "information_schema":
        raise wrong_url("its schema is no name", "Write small letters, digits and _, such as ?schema=payflow.")
    return ServerAddress(f"{scheme}://{address}{'?' if kept else ''}{'&'.join(kept)}", schema)
