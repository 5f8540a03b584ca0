"""From a file to its header: which format it is, under which delimiter, and where the data begin.

Nothing here reads more than the file's two ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from payflow.connector import ConnectorError, Problem
from payflow_exports.encoding import HEAD_BYTES, read_bytes
from payflow_exports.format import Format, Frame
from payflow_exports.options import Options
from payflow_exports.unknown_header import unknown_header
from payflow_exports.view import View, first_rows, last_rows, sheet_views, text_view
from payflow_exports.workbook import is_workbook, sheets

#: Marks that some programs put between columns, and that stand in texts too often to be tried at first.
_STRANGE = ("^", "~", ":", "\x1f")
_DELIMITERS = (",", ";", "\t", "|")
_LARGEST_UNFOLDED = 64 * 1024**2


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


class _Look(Struct, frozen=True):
    """The headers found in a file, and what was looked at."""

    found: Sequence[Found]
    views: Sequence[View]
    delimiters: Sequence[str]


def recognise(path: Path, formats: Sequence[Format], options: Options, encoding: str | None = None) -> Found:
    """Find the header of a file. `encoding` None: guess it from the first bytes, good enough for names.

    Raises `ConnectorError` that says what was looked for.
    """
    look = _look(path, formats, options, encoding)
    if not look.found:
        _otherwise_divided(path, look.views, formats, options)
        raise unknown_header(path, look.views, formats, look.delimiters)
    best = max(look.found, key=lambda item: len(item.places))  # of equals the first
    if best.body_at >= HEAD_BYTES:
        too_long = Problem(path.name, f"has a header longer than {HEAD_BYTES // 1024} KiB", "Export fewer columns.")
        raise ConnectorError(too_long)
    alike = [item.sheet for item in look.found if item.format is best.format and item is not best]
    return replace(best, rivals=alike)


def claimed(path: Path, formats: Sequence[Format]) -> Format | None:
    """The format whose header a file has; None for all other files, whatever is wrong with them."""
    try:
        found = _look(path, formats, Options(), None).found
    except ConnectorError:
        return None
    return max(found, key=lambda item: len(item.places)).format if found else None


def _look(path: Path, formats: Sequence[Format], options: Options, encoding: str | None) -> _Look:
    raw = read_bytes(path, 0, HEAD_BYTES)
    if is_workbook(raw):
        views = sheet_views(path, options)
        delimiters: Sequence[str] = (",",)
    else:
        views = [text_view(path, raw, options, encoding)]
        delimiters = [options.delimiter] if options.delimiter else _DELIMITERS
    found = [best for view in views if (best := _best(path, view, formats, delimiters))]
    found += [best for item in formats if item.unfold and (best := _unfolded(path, views[0], item, options))]
    if not found and encoding is None and options.encoding is None and "\ufffd" in views[0].text:
        return _look(path, formats, options, "cp1252")  # the header's own names may hold umlauts
    return _Look(found, views, delimiters)


def beside(found: Found, part: Format) -> Found | None:
    """Another sheet of the same workbook, known by its header; None where there is none."""
    for name, content in (sheets(found.path) if found.sheet else {}).items():
        view = View(content[:HEAD_BYTES].decode("utf-8", errors="replace"), 0, "utf-8", content, name)
        if name != found.sheet and (best := _best(found.path, view, [part], (",",))):
            return best
    return None


def _best(path: Path, view: View, formats: Sequence[Format], delimiters: Sequence[str]) -> Found | None:
    """The header that knows most names."""
    best: Found | None = None
    for delimiter in delimiters:
        rows = first_rows(view.text, delimiter)
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
                        frame=Frame([title for title, _ in rows[:index]], last_rows(path, view, delimiter)),
                        content=view.content,
                        sheet=view.sheet,
                    )
            if best is not None and best.delimiter == delimiter:
                break
    return best


def _unfolded(path: Path, view: View, item: Format, options: Options) -> Found | None:
    """A file that is no table, made into one by its format."""
    if view.content is not None or item.unfold is None or item.unfold(view.text) is None:
        return None
    raw = read_bytes(path, 0, _LARGEST_UNFOLDED + 1)[view.bom :]
    if len(raw) > _LARGEST_UNFOLDED:
        raise ConnectorError(Problem(path.name, "is larger than 64 MiB", "Export a shorter period."))
    try:
        text = raw.decode(view.encoding)
    except UnicodeError:
        text = raw.decode(options.encoding or "cp1252", errors="replace")
    table = (item.unfold(text) or "").encode()
    head = table[:HEAD_BYTES].decode(errors="replace")
    return _best(path, View(head, 0, "utf-8", table), [item], ("\t",))


def _width(header: Sequence[str], first: Sequence[str]) -> int:
    """Cells per row: some files end every row, but not the header, in an extra delimiter."""
    extra = first[len(header) :]
    return len(header) + (len(extra) if not any(cell.strip() for cell in extra) else 0)


def _otherwise_divided(path: Path, views: Sequence[View], formats: Sequence[Format], options: Options) -> None:
    """Say so where the header is known under another delimiter than was asked for, or than payflow reads."""
    for mark in (*_DELIMITERS, *_STRANGE):
        if any(view.content is None and _best(path, view, formats, (mark,)) for view in views):
            found = f"its columns are divided by {mark!r}" + (
                f", not by {options.delimiter!r}" if options.delimiter else ", which is not read"
            )
            remedy = "Correct or leave out the option `delimiter`." if options.delimiter else "Save it with commas."
            raise ConnectorError(Problem(path.name, found, remedy))
