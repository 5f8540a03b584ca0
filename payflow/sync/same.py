"""The very same files once more: known by a digest, and taken as read without being read.

What a pull of files comes to rests on what the digest is made of, and on what the source said before. So a pull that was the
last one of its source need not be repeated: nothing would be written. Its problems are told again.
"""

from __future__ import annotations

import hashlib
import json
import time
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
from payflow.sync.meanwhile import Meanwhile

if TYPE_CHECKING:
    from payflow.store import Reader, Transaction

#: Named values with what a source was last read from; `forget` deletes them, since problems quote what was read.
_NAME = "files-read:"
#: More problems than these are not kept: the files are read again to tell them.
_MOST = 1000
#: Bytes of files that are worth another thread.
_LARGE = 8 * 1024**2
#: Nanoseconds after which a file's next change has another time for certain.
_SETTLED = 1_000_000_000


class Before(Struct, frozen=True):
    """What the last pull of a source came to: invoices and bank lines read, and problems."""

    read: int
    lines: int | None
    problems: tuple[Problem, ...]


class Contents:
    """Names, times and digests of a source's files as they are when this is made.

    Large ones are digested by another thread while they are read. One that is written to meanwhile has no digest: what was
    read of it may be older or newer than what was digested, so it is read next time.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._stamps = _stamps(paths)
        sizes, times = [size for size, _ in self._stamps or ()], [changed for _, changed in self._stamps or ()]
        # of a file that was written to just now another write may bear the same time
        settled = time.time_ns() - max(times, default=0) > _SETTLED
        #: whether there is enough to read for another thread to be worth its while
        self.large = sum(sizes) > _LARGE
        later = self.large and settled
        self._digests = Meanwhile(self._made) if later else None
        self._rows = [] if later else self._made()

    def rows(self) -> Sequence[tuple[str, int, str]]:
        """Name, time and digest of each file, oldest first. Nothing for a source without files, and where one cannot be
        read, or became another one while it was digested and read."""
        if self._digests is None:
            return self._rows
        rows = self._digests.result()
        return rows if _stamps(self._paths) == self._stamps else []

    def _made(self) -> list[tuple[str, int, str]]:
        changed = [stamp[1] for stamp in self._stamps or ()]
        try:
            return [(path.name, at, _digest(path)) for path, at in zip(self._paths, changed, strict=False)]
        except OSError:
            return []


def _stamps(paths: Sequence[Path]) -> list[tuple[int, int]] | None:
    """Size and time of change of each; None where one cannot be asked."""
    try:
        return [(status.st_size, status.st_mtime_ns) for status in (path.stat() for path in paths)]
    except OSError:
        return None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(db: Reader, spec: ConnectorSpec, key: str, context: SourceContext, contents: Contents) -> str:
    """All that a pull of files rests on; empty where there are none.

    That is: their contents, names and times (a report without a date of its own speaks for its file's), what the connector is
    told, its release and ours, and who is to be kept out.
    """
    files = contents.rows()
    if not files:
        return ""
    told = [context.name, context.currency, context.timezone, dict(context.options)]
    out = sorted((one.name, one.salt, sorted(one.hashes)) for one in forgotten(db))
    everything = [list(files), key, spec.name, release(spec.name), told, out]
    return hashlib.sha256(json.dumps(everything, sort_keys=True, default=str).encode()).hexdigest()


def of_files(spec: ConnectorSpec, context: SourceContext, contents: Contents) -> dict[str, str]:
    """What the reading of each file rests on, by the file's name: its contents and how it is read."""
    how = [context.currency, context.timezone, dict(context.options), spec.name, release(spec.name)]
    return {
        name: hashlib.sha256(json.dumps([digest, how], sort_keys=True, default=str).encode()).hexdigest()
        for name, _, digest in contents.rows()
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
