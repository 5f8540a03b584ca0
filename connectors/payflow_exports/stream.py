"""The bytes below a header, in UTF-8 whatever the file is in."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from payflow_exports.encoding import CHUNK
from payflow_exports.source import Found


def body(found: Found) -> io.RawIOBase:
    """The bytes after the header, in UTF-8."""
    return _Body(found)


def unclosed_row(found: Found) -> int | None:
    """The row in which a quote is opened and never closed, None where all are. Reads the whole file in Python."""
    end = "\x1e end of file"
    count, last = 0, [end]
    with io.TextIOWrapper(io.BufferedReader(body(found)), encoding="utf-8", newline="") as lines:
        reader = csv.reader(_with_end(lines, end), delimiter=found.delimiter)
        try:
            for cells in reader:
                count, last = count + 1, cells
        except csv.Error:
            return found.header_row + count + 1
    return None if last == [end] else found.header_row + count


def _with_end(lines: Iterator[str], end: str) -> Iterator[str]:
    last = "\n"
    for last in lines:
        yield last
    if not last.endswith(("\n", "\r")):
        yield "\n"
    yield end


class _Body(io.RawIOBase):
    """A file from a position on, transcoded to UTF-8 where it is not."""

    def __init__(self, found: Found) -> None:
        super().__init__()
        self._file: BinaryIO = found.path.open("rb") if found.content is None else io.BytesIO(found.content)
        self._file.seek(found.body_at)
        plain = codecs.lookup(found.encoding).name == "utf-8"
        self._decoder = None if plain else codecs.getincrementaldecoder(found.encoding)(errors="replace")
        self._pending = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # the stubs ask for a wider type
        if self._decoder is None:
            return self._file.readinto(buffer)  # type: ignore[attr-defined, no-any-return]  # files have it
        while not self._pending:
            chunk = self._file.read(CHUNK)
            self._pending = self._decoder.decode(chunk, final=not chunk).encode()
            if not chunk and not self._pending:
                return 0
        count = min(len(buffer), len(self._pending))
        buffer[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        return count

    def close(self) -> None:
        self._file.close()
        super().close()
