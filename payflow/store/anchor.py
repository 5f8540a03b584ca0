"""The anchor: a text file outside the database that remembers how far the journal had come.

One line per run, `seq hash at`. Whoever cuts the journal's end or puts an older copy in its place leaves this file behind.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from payflow.errors import JournalError, Problem
from payflow.store.database import Reader
from payflow.store.failures import unreachable
from payflow.store.moments import to_moment


class Head(Struct, frozen=True):
    """The number and hash of a record that the journal ended with."""

    seq: int
    hash: str


def read_anchor(path: Path) -> list[Head]:
    """Every complete line of the file, oldest first; none when there is no file."""
    return _heads(_bytes(path, 0))


def last_anchored(path: Path) -> Head | None:
    """The last complete line of the file, without reading all of it."""
    found = _heads(_bytes(path, _TAIL).partition(b"\n")[2]) or read_anchor(path)
    return found[-1] if found else None


#: Bytes at the end of the file that hold its last lines, whole.
_TAIL = 1024


def _bytes(path: Path, last: int) -> bytes:
    """The file's last so many bytes, all of them for 0; empty when there is no file."""
    try:
        with path.open("rb") as file:
            if last:
                file.seek(max(0, file.seek(0, os.SEEK_END) - last))
            return file.read()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise unreachable(error, path) from error


def _heads(text: bytes) -> list[Head]:
    words = (line.split(" ") for line in text.decode("ascii", "replace").splitlines())
    # a line cut short by a crash says nothing; the next run writes it again
    return [
        Head(int(line[0]), line[1])
        for line in words
        if len(line) == 3 and _NUMBER.fullmatch(line[0]) and len(line[1]) == 64
    ]


#: A record's number, which a database can hold.
_NUMBER = re.compile(r"[0-9]{1,18}")


def write_anchor(path: Path, head: Head, at: datetime) -> None:
    """Append the head when the journal has moved since the last line, and have the file on the disk.

    Raises `JournalError` when the file already knows more than the journal, `StoreError` when it cannot be written.
    """
    _note(path, last_anchored(path), head, at)


def advance(path: Path, db: Reader, at: datetime, *, synced: bool = True) -> None:
    """Note how far the journal has come by now, whoever else notes the same meanwhile. Raises as `write_anchor` does.

    What is not `synced` outlives the death of this process, but perhaps not that of the machine, until a later one is.
    """
    # the file first: what another process noted there, the journal has by the time it is asked
    known = last_anchored(path)
    rows = db.query("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
    _note(path, known, Head(*rows[0]) if rows else Head(0, ""), at, synced=synced)


def _note(path: Path, known: Head | None, head: Head, at: datetime, *, synced: bool = True) -> None:
    fault = _fault(known, head.seq, head.hash) if known is not None and known.seq >= head.seq else ""
    if fault:
        raise JournalError(str(Problem(str(path), fault, _REMEDY)))
    if head.seq == 0:
        return
    try:
        if known != head:
            _append(path, f"{head.seq} {head.hash} {to_moment(at)}\n")
        if synced:
            _sync(path)
    except OSError as error:
        raise unreachable(error, path) from error


def check_anchor(path: Path, db: Reader, *, required: bool = False) -> str:
    """Empty when the journal holds the last anchored record, else a sentence that says what is wrong.

    `required` where the store was switched on beside this file: without it nobody can tell whether the end was cut off.
    """
    known = last_anchored(path)
    if known is None:
        return _gone(path) if required else ""
    [(end,)] = db.query("SELECT coalesce(max(seq), 0) FROM journal")
    found = db.query("SELECT hash FROM journal WHERE seq = ?", (known.seq,))
    return _fault(known, int(end), str(found[0][0]) if found else "")


def _gone(path: Path) -> str:
    return f"the anchor file {path.name} is gone or empty: nothing tells whether this is the whole journal"


def faults_of(path: Path, *, required: bool) -> list[str]:
    """What is wrong with the file itself, a sentence each: that it is gone, or lines that payflow did not write so."""
    gone = required and not read_anchor(path)
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        lines = []
    found = [_gone(path)] if gone else []
    for number, line in enumerate(lines, start=1):
        if not _WHOLE.fullmatch(line) and not _CUT_SHORT.fullmatch(line):
            found.append(f"line {number} of the anchor file {path.name} was changed after it was written")
    return found


#: A line as it is written, and what a crash may leave of one.
_WHOLE = re.compile(r"[0-9]{1,18} [0-9a-f]{64} \S+Z")
_CUT_SHORT = re.compile(r"[0-9]{0,18}|[0-9]{1,18} [0-9a-f]{0,64}|[0-9]{1,18} [0-9a-f]{64} [-0-9T:.]{0,26}")


_REMEDY = "Put the right database back, or ask `payflow log verify` what is missing."


def _fault(known: Head, end: int, found: str) -> str:
    if end < known.seq:
        return f"the journal ends at record {end}, the anchor knows record {known.seq}: this is an older copy"
    if found != known.hash:
        return f"record {known.seq} of the journal is not the one the anchor knows: this is another journal"
    return ""


def _append(path: Path, line: str) -> None:
    fresh = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, (f"\n{line}" if torn else line).encode())
    finally:
        os.close(descriptor)
    if fresh:
        _sync(path.parent)


def _sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
