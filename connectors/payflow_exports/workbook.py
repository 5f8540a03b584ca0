"""XLSX workbooks: the cells of each sheet as CSV, so that everything below a header is read in one way.

Row 5 of the sheet is row 5 of the CSV. Numbers are written with a decimal point that nothing can mistake, dates as in ISO 8601.
python-calamine reads the cells, but allocates the whole rectangle that they span, and trusts sizes: so the archive is measured
first, and one that would take too much memory is refused.
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
import zlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from xml.parsers import expat

from payflow.connector import ConnectorError, Problem

#: The parts of a workbook may unpack to so many bytes in all.
LARGEST = 512 * 1024**2
#: A sheet may span so many cells, from its first row and column to its last.
MOST_CELLS = 10_000_000
_MAGIC = b"PK\x03\x04"
_CHUNK = 1024**2
_BOOK = "xl/workbook.xml"
_SMALLER = "Export a shorter period, or export it as CSV."
_AGAIN = "Export it again and check that the download finished, or export it as CSV."

#: What reading an archive that is damaged, protected or of a strange kind raises.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
)


def is_workbook(raw: bytes) -> bool:
    """Whether a file begins as XLSX does; so do other archives."""
    return raw.startswith(_MAGIC)


def sheets(path: Path) -> Mapping[str, bytes]:
    """The visible sheets of a workbook by name, each as CSV in UTF-8. Raises `ConnectorError`."""
    state = path.stat()
    found = _sheets(path, state.st_mtime_ns, state.st_size)
    if isinstance(found, ConnectorError):
        raise found
    return found


@lru_cache(maxsize=1)
def _sheets(path: Path, modified: int, size: int) -> Mapping[str, bytes] | ConnectorError:  # noqa: ARG001  # tell changes
    """Kept for the last file, since every connector is asked whether it is its own; so is what is wrong with it."""
    try:
        return _read(path)
    except ConnectorError as error:
        return error


def _read(path: Path) -> Mapping[str, bytes]:
    import python_calamine as calamine

    _measure(path)
    try:
        with calamine.load_workbook(path) as book:
            visible = [
                sheet.name
                for sheet in book.sheets_metadata
                if sheet.typ == calamine.SheetTypeEnum.WorkSheet and sheet.visible == calamine.SheetVisibleEnum.Visible
            ]
            return MappingProxyType({name: _csv(book.get_sheet_by_name(name)) for name in visible})
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error


def _csv(sheet: object) -> bytes:
    import python_calamine as calamine

    assert isinstance(sheet, calamine.CalamineSheet)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    left = [""] * (sheet.start[1] if sheet.start else 0)
    for cells in sheet.iter_rows():
        writer.writerow([*left, *map(_text, cells)])
    return out.getvalue().encode("utf-8", errors="replace")


def _text(cell: object) -> str:
    if isinstance(cell, str):
        return cell.replace("\0", "")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return _number(cell)
    if isinstance(cell, datetime) and cell.time() != cell.time().min:
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return str(cell)


def _number(value: float) -> str:
    """At most 15 digits, as spreadsheets keep them; never three decimals, which might be taken for thousands."""
    if value == int(value) and abs(value) < 10**15:
        return str(int(value))
    text = f"{value:.15g}"
    return text + "0" if len(text.partition(".")[2]) == 3 else text


def _measure(path: Path) -> None:
    """Refuse what is no workbook, is damaged, or would take more memory than it should, before anything is held of it."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if _BOOK not in archive.namelist():
                found = "is a workbook or an archive of another kind than XLSX"
                raise ConnectorError(Problem(path.name, found, "Open it and save it as XLSX or CSV."))
            if sum(part.file_size for part in parts) > LARGEST:
                raise _too_large(path)
            left = LARGEST
            for part in parts:
                left -= _measure_part(path, archive, part, left)
    except _UNREADABLE as error:
        raise _damaged(path, str(error)) from error


def _measure_part(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> int:
    """The unpacked size of one part, whatever the directory says of it."""
    part.file_size = sys.maxsize  # or zipfile stops at the size that the directory claims
    span, size = _Span(), 0
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise _too_large(path)
            if part.filename.endswith(".xml"):
                span.feed(chunk)
                if span.cells > MOST_CELLS:
                    raise _too_large(path)
    return size


class _Span:
    """How far the filled cells of a sheet reach, found while its XML streams through."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._sheet: bool | None = None
        self._row = self._column = 0
        self._rows = self._columns = 0

    @property
    def cells(self) -> int:
        """Cells of the rectangle from A1 to the last one."""
        return self._rows * self._columns

    def feed(self, chunk: bytes) -> None:
        if self._sheet is not False:
            self._parser.Parse(chunk, False)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        name = name.rpartition(":")[2]
        if self._sheet is None:
            self._sheet = name == "worksheet"
        if name == "row":
            self._row, self._column = int(attributes.get("r", self._row + 1)), 0
        elif name == "c":
            self._place(attributes.get("r", ""))
        elif name in ("v", "is"):
            self._rows, self._columns = max(self._rows, self._row), max(self._columns, self._column)

    def _place(self, reference: str) -> None:
        """`BC12` is row 12, column 55; without a reference a cell stands right of the last one."""
        letters = reference.rstrip("0123456789")
        if not reference:
            self._column += 1
            return
        self._row = int(reference[len(letters) :])
        self._column = 0
        for letter in letters:
            self._column = self._column * 26 + ord(letter.upper()) - 64


def _too_large(path: Path) -> ConnectorError:
    return ConnectorError(Problem(path.name, "unpacks to more than payflow reads of a workbook", _SMALLER))


def _damaged(path: Path, error: str) -> ConnectorError:
    why = (error.splitlines() or [""])[0][:120]
    return ConnectorError(Problem(path.name, f"is a workbook or an archive that is damaged ({why})", _AGAIN))
