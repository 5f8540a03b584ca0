"""How a connection to PostgreSQL is set up: what the address says, what is told to the server, which values come and go."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from types import NoneType
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper, Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.bool import BoolLoader
from psycopg.types.none import NoneDumper
from psycopg.types.numeric import Int8Dumper, IntLoader
from psycopg.types.string import StrDumperUnknown, TextLoader

from payflow.store.address import DEFAULT_SCHEMA, ServerAddress, wrong_url

#: Seconds to wait for a server that does not answer, unless the address says `connect_timeout`.
_CONNECTING = 10
#: A host that is cut off or loses power lets go of its locks after about a minute; a hung transaction after ten.
SESSION = {
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


class Context:
    """What a connection takes its adapters from."""

    adapters = _adapters()
    connection = None


def options_of(address: ServerAddress) -> Mapping[str, object]:
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


def defaults() -> Mapping[str, Any]:
    """What libpq is told where the address says nothing."""
    return {
        "connect_timeout": int(os.environ.get("PGCONNECT_TIMEOUT") or _CONNECTING),
        "application_name": f"payflow pid {os.getpid()} on {platform.node()}"[:63],
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
    }


def described(options: Mapping[str, object], address: ServerAddress) -> str:
    """The database in words that hold no password."""
    host = options.get("host") or os.environ.get("PGHOST") or "this machine"
    name = options.get("dbname") or os.environ.get("PGDATABASE") or options.get("user") or "its default"
    schema = "" if address.schema == DEFAULT_SCHEMA else f", schema {address.schema}"
    return f"PostgreSQL database {name} on {host}{schema}"
