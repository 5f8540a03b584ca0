"""The hash chain of the journal: how a body is written and salted, and what a record's hash covers.

A record's hash covers a digest of whom it is about and what it says, never these themselves: a person's data can be erased and
the chain still holds. The salt keeps anyone from guessing what was erased out of its digest.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec.json import Encoder

#: How records are hashed today; each record says under which version it was written. In the first one the hash covered client
#: and project in clear, so that they cannot be erased from such a record.
VERSION = 2
_IN_CLEAR = 1
#: What the first record follows.
GENESIS = "0" * 64
#: Random bytes that salt a body.
SALT_BYTES = 16


def new_salt() -> str:
    """Salt for one body, from the system's source of random bytes."""
    return os.urandom(SALT_BYTES).hex()


class Sealed(NamedTuple):
    """One row of the journal, in the order of its columns. `day` in days since 1970-01-01, `at` a moment's text."""

    seq: int
    at: str
    kind: str
    day: int
    client: str
    project: str
    invoice: int | None
    version: int
    digest: str
    prev: str
    hash: str


def canonical(body: Mapping[str, Any]) -> str:
    """The one way to write a body: JSON, keys sorted, ASCII. Raises `TypeError` for anything but JSON without floats."""
    checked = dict(body)
    _check(checked, "body")
    return _quick(checked) or _json(checked)


def digest_of(version: int, salt: str, client: str, project: str, body: str) -> str:
    """SHA-256 of salt, client, project and body; empty, which is no digest, where these cannot be what payflow wrote."""
    try:
        raw = bytes.fromhex(salt)
        # one length and one spelling: else its end could move into the body, or blanks into it, unseen
        sound = len(raw) == SALT_BYTES and raw.hex() == salt
        covered = body if version == _IN_CLEAR else _json((client, project, body))
        return hashlib.sha256(raw + covered.encode()).hexdigest() if sound else ""
    except (AttributeError, TypeError, ValueError):
        return ""


def hash_of(record: Sealed) -> str:
    """SHA-256 over the row but the hash itself and what the digest covers, as a JSON array: no two rows are written alike.

    Empty, which is no hash, where a value cannot be what payflow wrote.
    """
    names = (record.client, record.project) if record.version == _IN_CLEAR else ()
    covered = (
        record.version,
        record.seq,
        record.prev,
        record.kind,
        *names,
        record.invoice,
        record.day,
        record.at,
        record.digest,
    )
    try:
        return hashlib.sha256(_json(covered).encode()).hexdigest()
    except (TypeError, ValueError):
        return ""


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


#: Eight times as quick as `json`, and the same but for what is escaped in texts that are not plain.
_QUICK = Encoder(order="sorted")


def _quick(checked: dict[str, Any]) -> str:
    """What `_json` gives; empty where that may be something else."""
    try:
        written = _QUICK.encode(checked)
    except (TypeError, ValueError):  # a kind of text that it does not know, or half a character
        return ""
    return written.decode() if written.isascii() and b"\x7f" not in written else ""


_PLAIN = frozenset({str, int, bool, type(None)})


def _check(value: Any, where: str) -> None:
    if value is None or isinstance(value, (str, int)):
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{where} has the key {key!r}; keys in the journal are text")
            _check(item, f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        if _PLAIN.issuperset(map(type, value)):  # long columns, told by their kinds
            return
        for item in value:
            _check(item, f"{where}[]")
    else:
        raise TypeError(f"{where} holds {value!r}, a {type(value).__name__}; the journal holds JSON values, no floats")
