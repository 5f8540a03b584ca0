"""The first and the last rows of a table in a file, be it text or a sheet of a workbook."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from payflow.connector import ConnectorError, Problem
from payflow_exports.encoding import EMPTY, HEAD_BYTES, byte_order, read_bytes, refuse_binaries
from payflow_exports.options import Options
from payflow_exports.workbook import is_workbook, sheets

_TAIL_BYTES = 4 * 1024
#: The header stands in one of the first rows.
_HEAD_ROWS = 60
_TAIL_ROWS = 10


class View(Struct, frozen=True):
    """The first rows of a table in a file: the text from its beginning, and where it comes from."""

    text: str
    bom: int
    encoding: str
    content: bytes | None = None
    sheet: str = ""


def first_look(path: Path, options: Options) -> None:
    """Refuse what is no table at all: empty files, web pages, binaries. Raises `ConnectorError`."""
    raw = read_bytes(path, 0, HEAD_BYTES)
    if is_workbook(raw):
        sheet_views(path, options)
    else:
        text_view(path, raw, options, None)


def text_view(path: Path, raw: bytes, options: Options, encoding: str | None) -> View:
    """The beginning of a file of text. Raises `ConnectorError` for what is empty, a web page or no text."""
    bom, encoding = byte_order(raw, options.encoding or encoding or "utf-8")
    refuse_binaries(path, raw, encoding)
    text = raw[bom:].decode(encoding, errors="replace")
    if not text.strip():
        whole = len(raw) < HEAD_BYTES
        found = "is empty" if whole else f"begins with {HEAD_BYTES // 1024} KiB of blanks, so it is empty or damaged"
        raise ConnectorError(Problem(path.name, found, EMPTY))
    if is_page(text):
        raise ConnectorError(Problem(path.name, "holds a web page or XML, not CSV", "Export the report as CSV again."))
    return View(text, bom, encoding)


def is_page(text: str) -> bool:
    """Whether a text is a web page or XML, whatever its file is called."""
    return text.lstrip("\ufeff \t\r\n")[:200].casefold().startswith(("<!doctype html", "<html", "<?xml", "<table"))


def sheet_views(path: Path, options: Options) -> list[View]:
    """The beginnings of the sheets of a workbook. Raises `ConnectorError`."""
    found = sheets(path)
    if options.sheet is not None:
        if options.sheet not in found:
            names = ", ".join(map(repr, found)) or "none"
            raise ConnectorError(
                Problem(path.name, f"has no sheet {options.sheet!r}; it has {names}", "Correct the option `sheet`.")
            )
        found = {options.sheet: found[options.sheet]}
    if not any(content.strip(b",\n") for content in found.values()):
        raise ConnectorError(Problem(path.name, "is empty", EMPTY))
    return [
        View(content[:HEAD_BYTES].decode("utf-8", errors="replace"), 0, "utf-8", content, name)
        for name, content in found.items()
    ]


@lru_cache(maxsize=8)
def first_rows(text: str, delimiter: str) -> Sequence[tuple[Sequence[str], int]]:
    """The first rows with the position in the text where each ends. Every connector asks for those of a file in turn."""
    ends = [0]

    def lines() -> Iterator[str]:
        # as far as they are asked for: the first rows of a long text are few of its lines
        for line in io.StringIO(text, newline=""):
            ends.append(ends[-1] + len(line))
            yield line

    reader = csv.reader(lines(), delimiter=delimiter)
    rows: list[tuple[Sequence[str], int]] = []
    try:
        for cells in reader:
            rows.append((cells, ends[reader.line_num]))
            if len(rows) >= _HEAD_ROWS:
                break
    except csv.Error:  # a cell beyond all measure: no header will follow
        pass
    return rows


def last_rows(path: Path, view: View, delimiter: str) -> list[str]:
    """The texts of the last rows, joined per row; the first may be cut."""
    raw = read_bytes(path, -_TAIL_BYTES, _TAIL_BYTES) if view.content is None else view.content[-_TAIL_BYTES:]
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
