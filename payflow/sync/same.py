"""The very same files once more: known by a digest, and taken as read without being read.

What a pull of files comes to rests on what the digest is made of, and on what the source said before. So a pull that was the
last one of its source need not be repeated: nothing would be written. Its problems are told again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

from payflow.connector import ConnectorSpec, SourceContext, release
from payflow.errors import Problem
from payflow.store.memory import forgotten
from payflow.store.moments import from_moment, to_moment
from payflow.store.workings import get_meta, set_meta

if TYPE_CHECKING:
    from payflow.store import Reader, Transaction

#: Name, time and digest of each file, oldest first.
Contents = Sequence[tuple[str, int, str]]

#: Named values with what a source was last read from; `forget` deletes them, since problems quote what was read.
_NAME = "files-read:"
#: More problems than these are not kept: the files are read again to tell them.
_MOST = 1000


class Before(Struct, frozen=True):
    """What the last pull of a source came to: invoices and bank lines read, and problems."""

    read: int
    lines: int | None
    problems: tuple[Problem, ...]


def contents(context: SourceContext) -> Contents:
    """Names, times and digests of a source's files, as they are now: taken before they are read, so that what is written into
    one meanwhile is read next time. Nothing for a source without files, and where one cannot be read."""
    try:
        return [_of_file(path) for path in context.files]
    except OSError:
        return []


def _of_file(path: Path) -> tuple[str, int, str]:
    changed = path.stat().st_mtime_ns
    with path.open("rb") as file:
        return path.name, changed, hashlib.file_digest(file, "sha256").hexdigest()


def digest(db: Reader, spec: ConnectorSpec, key: str, context: SourceContext, files: Contents) -> str:
    """All that a pull of files rests on; empty where there are none.

    That is: their contents, names and times (a report without a date of its own speaks for its file's), what the connector is
    told, its release and ours, and who is to be kept out.
    """
    if not files:
        return ""
    told = [context.name, context.currency, context.timezone, dict(context.options)]
    out = sorted((one.name, one.salt, sorted(one.hashes)) for one in forgotten(db))
    everything = [files, key, spec.name, release(spec.name), told, out]
    return hashlib.sha256(json.dumps(everything, sort_keys=True, default=str).encode()).hexdigest()


def of_files(spec: ConnectorSpec, context: SourceContext, files: Contents) -> dict[str, str]:
    """What the reading of each file rests on, by the file's name: its contents and how it is read."""
    how = [context.currency, context.timezone, dict(context.options), spec.name, release(spec.name)]
    return {
        name: hashlib.sha256(json.dumps([digest, how], sort_keys=True, default=str).encode()).hexdigest()
        for name, _, digest in files
    }


def taken(db: Reader, key: str, digest: str, now: datetime) -> Before | None:
    """What reading the source came to, if it was last read from just this; None where it has to be read."""
    text = get_meta(db, _NAME + key) if digest else None
    if text is None:
        return None
    kept = json.loads(text)
    # no file speaks for a moment after now: one that was cut to it, or would be now, speaks for another moment each time
    moved = to_moment(now) != kept["as_of"] if kept["cut"] else from_moment(kept["as_of"]) > now
    if kept["digest"] != digest or moved:
        return None
    return Before(kept["read"], kept["lines"], tuple(Problem(*problem) for problem in kept["problems"]))


def note(tx: Transaction, key: str, digest: str, came: Before, newest: datetime, now: datetime) -> None:
    """Remember what a source was last read from, what it came to, and the newest moment that it spoke for.

    Without a digest: that it has to be read next time.
    """
    if not digest or len(came.problems) > _MOST:
        tx.execute("DELETE FROM meta WHERE name = ?", (_NAME + key,))
        return
    kept = {"digest": digest, "as_of": to_moment(min(newest, now)), "cut": newest >= now, **asdict(came)}
    kept["problems"] = [list(problem) for problem in came.problems]
    set_meta(tx, _NAME + key, json.dumps(kept))


def forget(tx: Transaction) -> None:
    """Forget what any source was last read from."""
    tx.execute(f"DELETE FROM meta WHERE name LIKE '{_NAME}%'")  # noqa: S608 (a name of our own)
