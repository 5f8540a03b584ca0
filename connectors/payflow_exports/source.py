"""From a file to its header: encoding, delimiter, title rows, and where the data begin.

Nothing here reads more than the file's two ends, except `survey`, which streams through it once.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from payflow.connector import ConnectorError, Near, Problem
from payflow_exports.format import Format, Frame, known
from payflow_exports.options import Options
from payflow_exports.workbook import is_workbook, sheets

_HEAD_BYTES = 256 * 1024
_TAIL_BYTES = 4 * 1024
_CHUNK = 1024 * 1024
#: The header stands in one of the first rows.
_HEAD_ROWS = 60
_TAIL_ROWS = 10
#: Marks that some programs put between columns, and that stand in texts too often to be tried at first.
_STRANGE = ("^", "~", ":", "\x1f")
#: A row with so many known names is meant to be that header; so many formats are few enough to show their headers.
_LIKE = 2
_FEW = 2
_EXCERPT = 80
_DELIMITERS = (",", ";", "\t", "|")
_LARGEST_FILE = 8 * 1024**3
_LARGEST_UNFOLDED = 64 * 1024**2
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_BINARIES = {
    b"\xd0\xcf\x11\xe0": ("is an old Excel workbook, or one with a password", "Open it and save it as XLSX or CSV."),
    b"%PDF": ("is a PDF, not a CSV file", "Export the report as CSV."),
    b"\x1f\x8b": ("is compressed", "Unpack it first."),
}
_EMPTY = "Export it again and check that the download finished."


class Found(Struct, frozen=True):
    """A recognised file. `header_row` counts from 1; `body_at` is the byte after the header; `width` the cells of a row.

    `content` is the table in UTF-8 where the file holds it in another shape, such as a sheet of a workbook; `sheet` is that
    sheet's name, `rivals` are other sheets with the same header, all empty otherwise.
    """

    path: Path
    format: Format
    encoding: str
    delimiter: str
    header: Sequence[str]
    header_row: int
    body_at: int
    width: int
    places: dict[str, int]
    frame: Frame
    content: bytes | None = None
    sheet: str = ""
    rivals: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The file's name, as problems cite it."""
        return self.path.name


class Survey(Struct, frozen=True):
    """What one pass over a whole file tells: its encoding, whether it has quotes, and whether they come in pairs."""

    encoding: str
    quoted: bool
    paired_quotes: bool


class _View(Struct, frozen=True):
    """The first rows of a table in a file: the text from its beginning, and where it comes from."""

    text: str
    bom: int
    encoding: str
    content: bytes | None = None
    sheet: str = ""


def recognise(path: Path, formats: Sequence[Format], options: Options, encoding: str | None = None) -> Found:
    """Find the header of a file. `encoding` None: guess it from the first bytes, good enough for names.

    Raises `ConnectorError` that says what was looked for.
    """
    raw = _read(path, 0, _HEAD_BYTES)
    if is_workbook(raw):
        views = _sheet_views(path, options)
        delimiters: Sequence[str] = (",",)
    else:
        views = [_text_view(path, raw, options, encoding)]
        delimiters = [options.delimiter] if options.delimiter else _DELIMITERS
    found = [best for view in views if (best := _best(path, view, formats, delimiters))]
    found += [best for item in formats if item.unfold and (best := _unfolded(path, views[0], item, options))]
    if not found and encoding is None and options.encoding is None and "\ufffd" in views[0].text:
        return recognise(path, formats, options, "cp1252")  # the header's own names may hold umlauts
    if not found:
        _otherwise_divided(path, views, formats, options)
        raise _unknown(path, views, formats, delimiters)
    best = max(found, key=lambda item: len(item.places))  # of equals the first
    alike = [item.sheet for item in found if item.format is best.format and item is not best]
    return replace(best, rivals=alike)


def beside(found: Found, part: Format) -> Found | None:
    """Another sheet of the same workbook, known by its header; None where there is none."""
    for name, content in (sheets(found.path) if found.sheet else {}).items():
        view = _View(content[:_HEAD_BYTES].decode("utf-8", errors="replace"), 0, "utf-8", content, name)
        if name != found.sheet and (best := _best(found.path, view, [part], (",",))):
            return best
    return None


def first_look(path: Path, options: Options) -> None:
    """Refuse what is no table at all: empty files, web pages, binaries. Raises `ConnectorError`."""
    raw = _read(path, 0, _HEAD_BYTES)
    if is_workbook(raw):
        _sheet_views(path, options)
    else:
        _text_view(path, raw, options, None)


def _text_view(path: Path, raw: bytes, options: Options, encoding: str | None) -> _View:
    bom, encoding = _bom(raw, options.encoding or encoding or "utf-8")
    _refuse_binaries(path, raw, encoding)
    text = raw[bom:].decode(encoding, errors="replace")
    if not text.strip():
        whole = len(raw) < _HEAD_BYTES
        found = "is empty" if whole else f"begins with {_HEAD_BYTES // 1024} KiB of blanks, so it is empty or damaged"
        raise ConnectorError(Problem(path.name, found, _EMPTY))
    if is_page(text):
        raise ConnectorError(Problem(path.name, "holds a web page or XML, not CSV", "Export the report as CSV again."))
    return _View(text, bom, encoding)


def is_page(text: str) -> bool:
    """Whether a text is a web page or XML, whatever its file is called."""
    return text.lstrip("\ufeff \t\r\n")[:200].casefold().startswith(("<!doctype html", "<html", "<?xml", "<table"))


def _sheet_views(path: Path, options: Options) -> list[_View]:
    found = sheets(path)
    if options.sheet is not None:
        if options.sheet not in found:
            names = ", ".join(map(repr, found)) or "none"
            raise ConnectorError(
                Problem(path.name, f"has no sheet {options.sheet!r}; it has {names}", "Correct the option `sheet`.")
            )
        found = {options.sheet: found[options.sheet]}
    if not any(content.strip(b",\n") for content in found.values()):
        raise ConnectorError(Problem(path.name, "is empty", _EMPTY))
    return [
        _View(content[:_HEAD_BYTES].decode("utf-8", errors="replace"), 0, "utf-8", content, name)
        for name, content in found.items()
    ]


def _best(path: Path, view: _View, formats: Sequence[Format], delimiters: Sequence[str]) -> Found | None:
    """The header that knows most names."""
    best: Found | None = None
    for delimiter in delimiters:
        rows = _rows(view.text, delimiter)
        for index, (cells, end) in enumerate(rows):
            for candidate in formats:
                places = None if candidate.unfold and view.content is None else candidate.match(cells)
                if places is not None and (best is None or len(places) > len(best.places)):
                    best = Found(
                        path=path,
                        format=candidate,
                        encoding=view.encoding,
                        delimiter=delimiter,
                        header=cells,
                        header_row=index + 1,
                        body_at=view.bom + len(view.text[:end].encode(view.encoding, errors="replace")),
                        width=_width(cells, rows[index + 1][0] if index + 1 < len(rows) else ()),
                        places=dict(places),
                        frame=Frame([title for title, _ in rows[:index]], _tail(path, view, delimiter)),
                        content=view.content,
                        sheet=view.sheet,
                    )
            if best is not None and best.delimiter == delimiter:
                break
    return best


def _unfolded(path: Path, view: _View, item: Format, options: Options) -> Found | None:
    """A file that is no table, made into one by its format."""
    if view.content is not None or item.unfold is None or item.unfold(view.text) is None:
        return None
    raw = _read(path, 0, _LARGEST_UNFOLDED + 1)[view.bom :]
    if len(raw) > _LARGEST_UNFOLDED:
        raise ConnectorError(Problem(path.name, "is larger than 64 MiB", "Export a shorter period."))
    try:
        text = raw.decode(view.encoding)
    except UnicodeError:
        text = raw.decode(options.encoding or "cp1252", errors="replace")
    table = (item.unfold(text) or "").encode()
    head = table[:_HEAD_BYTES].decode(errors="replace")
    return _best(path, _View(head, 0, "utf-8", table), [item], ("\t",))


def survey(path: Path, options: Options) -> Survey:
    """Stream through the file once. Raises `ConnectorError` for NUL bytes, damaged or undecodable text."""
    head = _read(path, 0, 4)
    bom, encoding = _bom(head, options.encoding or "utf-8")
    decoder = codecs.getincrementaldecoder(encoding)()
    valid, quotes, plain = True, 0, codecs.lookup(encoding).name == "utf-8"
    for chunk in _chunks(path, bom):
        if not _wide(encoding) and b"\0" in chunk:
            raise ConnectorError(Problem(path.name, "holds NUL bytes, so it is damaged or no text at all", _EMPTY))
        quotes += chunk.count(b'"')
        # ASCII is right in itself where no sign is begun: most of most files need no decoding
        if valid and not (plain and chunk.isascii() and not decoder.getstate()[0]):
            try:
                decoder.decode(chunk)
            except UnicodeError:
                valid = False
    try:
        decoder.decode(b"", final=True)
    except UnicodeError:
        valid = False
    if not valid:
        encoding = _fallback(path, bom, options)
    wide = _wide(encoding)
    return Survey(encoding, wide or quotes > 0, wide or quotes % 2 == 0)


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
            chunk = self._file.read(_CHUNK)
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


def _read(path: Path, at: int, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            if (size := file.seek(0, io.SEEK_END)) > _LARGEST_FILE:
                raise ConnectorError(Problem(path.name, "is larger than 8 GiB", "Export a shorter period."))
            file.seek(max(0, size + at) if at < 0 else at)
            return file.read(count)
    except OSError as error:
        raise ConnectorError(
            Problem(path.name, f"cannot be read: {error.strerror}", "Check the path and its rights.")
        ) from error


def _chunks(path: Path, at: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(at)
        while chunk := file.read(_CHUNK):
            yield chunk


def _refuse_binaries(path: Path, raw: bytes, encoding: str) -> None:
    for magic, (found, remedy) in _BINARIES.items():
        if raw.startswith(magic):
            raise ConnectorError(Problem(path.name, found, remedy))
    if b"\0" in raw and not _wide(encoding):
        raise ConnectorError(Problem(path.name, "holds NUL bytes, so it is damaged or no text at all", _EMPTY))


def _wide(encoding: str) -> bool:
    """Whether characters take several bytes, zeros among them."""
    return codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))


def _bom(raw: bytes, otherwise: str) -> tuple[int, str]:
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return len(bom), encoding
    return 0, otherwise


def _fallback(path: Path, bom: int, options: Options) -> str:
    if options.encoding:
        found = f"is not in {options.encoding}"
        raise ConnectorError(Problem(path.name, found, "Correct or leave out the option `encoding`."))
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    western = codecs.getincrementaldecoder("cp1252")()
    good = bad = 0
    try:
        for chunk in _chunks(path, bom):
            text = decoder.decode(chunk)
            bad += text.count("\ufffd")
            good += 0 if text.isascii() else sum(1 for sign in text if sign > "\x7f" and sign != "\ufffd")
            western.decode(chunk)
    except UnicodeError:
        found, remedy = "is neither UTF-8 nor cp1252", 'Name its encoding: encoding = "cp1250" or the like.'
        raise ConnectorError(Problem(path.name, found, remedy)) from None
    if bom or good > bad:
        remedy = 'Export it again; if it is not UTF-8, name its encoding: encoding = "cp1252" or the like.'
        raise ConnectorError(Problem(path.name, f"is UTF-8 with {bad} damaged places", remedy))
    return "cp1252"


def _rows(text: str, delimiter: str) -> list[tuple[list[str], int]]:
    """The first rows with the position in the text where each ends."""
    ends = [0]

    def lines() -> Iterator[str]:
        # as far as they are asked for: the first rows of a long text are few of its lines
        for line in io.StringIO(text, newline=""):
            ends.append(ends[-1] + len(line))
            yield line

    reader = csv.reader(lines(), delimiter=delimiter)
    rows: list[tuple[list[str], int]] = []
    try:
        for cells in reader:
            rows.append((cells, ends[reader.line_num]))
            if len(rows) >= _HEAD_ROWS:
                break
    except csv.Error:  # a cell beyond all measure: no header will follow
        pass
    return rows


def _width(header: Sequence[str], first: Sequence[str]) -> int:
    """Cells per row: some files end every row, but not the header, in an extra delimiter."""
    extra = first[len(header) :]
    return len(header) + (len(extra) if not any(cell.strip() for cell in extra) else 0)


def _tail(path: Path, view: _View, delimiter: str) -> list[str]:
    """The texts of the last rows, joined per row; the first may be cut."""
    raw = _read(path, -_TAIL_BYTES, _TAIL_BYTES) if view.content is None else view.content[-_TAIL_BYTES:]
    lines = raw.decode(view.encoding, errors="replace").splitlines()[-_TAIL_ROWS * 2 :]
    rows = []
    for line in lines:
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            continue
        if text := " ".join(cell.strip() for cell in cells if cell.strip()):
            rows.append(text)
    return rows[-_TAIL_ROWS:]


def _otherwise_divided(path: Path, views: Sequence[_View], formats: Sequence[Format], options: Options) -> None:
    """Say so where the header is known under another delimiter than was asked for, or than payflow reads."""
    for mark in (*_DELIMITERS, *_STRANGE):
        if any(view.content is None and _best(path, view, formats, (mark,)) for view in views):
            found = f"its columns are divided by {mark!r}" + (
                f", not by {options.delimiter!r}" if options.delimiter else ", which is not read"
            )
            remedy = "Correct or leave out the option `delimiter`." if options.delimiter else "Save it with commas."
            raise ConnectorError(Problem(path.name, found, remedy))


class UnknownHeaderError(ConnectorError):
    """A table, but of no format that was looked for; `near` says which comes nearest."""

    def __init__(self, problem: Problem, near: Near) -> None:
        super().__init__(problem)
        self.near = near


def _unknown(
    path: Path, views: Sequence[_View], formats: Sequence[Format], delimiters: Sequence[str]
) -> UnknownHeaderError:
    """What was looked for, and what the most similar row lacks."""
    best, most = Near(begins=_beginning(views, delimiters)), (0, 0)
    for view, delimiter in product(views, delimiters):
        for index, (cells, _) in enumerate(_rows(view.text, delimiter)):
            for candidate in formats:
                places = known(candidate.columns, cells)
                lacks = [candidate.columns[name][0] for name in candidate.required if name not in places]
                score = (len(candidate.required) - 2 * len(lacks), len(places))
                if len(places) >= _LIKE and (score > most or not best.names):
                    best, most = (
                        replace(best, format=candidate.name, names=len(places), lacks=lacks, row=index + 1),
                        score,
                    )
    found = f"has no known header; it begins with {best.begins!r}"
    if best.lacks:
        found = f"has no known header; row {best.row} comes near to {best.format} but lacks {', '.join(best.lacks)}"
    looked = "; ".join(candidate.looked_for for candidate in formats)
    if len(formats) > _FEW:
        looked = f"{', '.join(candidate.name for candidate in formats)}; `payflow connectors` shows their headers"
    return UnknownHeaderError(Problem(path.name, found, f"Looked for {looked}."), best)


def _beginning(views: Sequence[_View], delimiters: Sequence[str]) -> str:
    """The first row that holds anything, as it is split best."""
    for view in views:
        rows = [next((cells for cells, _ in _rows(view.text, mark) if any(cells)), []) for mark in delimiters]
        cells = [cell.strip() for cell in max(rows, key=len, default=[])]
        if any(cells):
            return ", ".join(cells)[:_EXCERPT].strip(", ")
    return ""
