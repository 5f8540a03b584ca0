"""The rows below a header as columns of text, each with the row number it has in the file.

pyarrow parses; its rule that all rows are equally wide is met by handing odd rows to `_Odd`, which knows blank rows, headings,
totals and footers of reports from rows that are damaged.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from payflow.connector import ConnectorError, Ints, Kind, Problem
from payflow_exports.dates import read
from payflow_exports.headings import headings, is_total, leading
from payflow_exports.problems import Problems
from payflow_exports.source import Found
from payflow_exports.stream import body, unclosed_row
from payflow_exports.texts import Mask, Texts

if TYPE_CHECKING:
    import pyarrow as pa

#: A row, quoted line breaks included, may be so long; memory stays bounded whatever a file holds.
_BLOCK = 8 * 1024 * 1024
#: The same where every core reads its own, which is quicker and takes less memory in small pieces.
_SMALL = 1024 * 1024
#: Rows of a file whose columns are worth more than one core, and so many cores: each holds a column twice while it works.
_LARGE = 100_000
_CORES = 2
#: Bytes of a file that takes longer to parse than a library to load.
_LARGE_FILE = 64 * 1024**2
#: Odd rows beyond this are not kept, nor longer ones.
_MOST_ODD = 100_000
_LONGEST_ODD = 100_000


class Body(Struct, frozen=True):
    """Columns of equal length by field; `rows` are their numbers in the file; `cut`: the file ends before its time.

    `damaged` are the numbers of rows that could not be read and are missing.
    """

    rows: Ints
    columns: Mapping[str, Texts]
    cut: bool
    #: whether anything stands below the header, were it only totals
    any_rows: bool
    damaged: Ints


def read_body(
    found: Found, fields: Sequence[str], problems: Problems, *, paired_quotes: bool, quoted: bool = True
) -> Body:
    """Read the columns of these fields; `quoted` false: no cell is in quotes, so that every line is a row.

    Raises `ConnectorError` where the file cannot be read as a table.
    """
    odd = _Odd(found, problems)
    first = leading(found) if found.format.report else ()
    positions = sorted({found.places[field] for field in fields}.union(first))
    names = {position: f"c{position}" for position in positions}
    table = _parse(found, list(names.values()), odd, quoted=quoted)
    total = table.num_rows + len(odd.numbers)
    rows = np.delete(np.arange(1, total + 1, dtype=np.int64), np.array(odd.numbers, dtype=np.int64) - 1)
    columns = _texts(table, names)
    del table
    if odd.usable:
        extra = np.array([number for number, _ in odd.usable], dtype=np.int64)
        rows = np.concatenate([rows, extra])
        order = np.argsort(rows, kind="stable")
        rows = rows[order]
        columns = {
            position: texts.extended([cells[position] for _, cells in odd.usable]).take(order)
            for position, texts in columns.items()
        }
    rows = rows + found.header_row
    keep = np.ones(len(rows), dtype=np.bool_)
    cut = odd.cut(total)
    damaged = [number + found.header_row for number in odd.damaged]
    if not paired_quotes and (unclosed := unclosed_row(found)) is not None:
        problems.forget_from(unclosed)
        problems.add(
            str(unclosed),
            "a quote opens here and is never closed",
            "Export it again; this row and all after it are left out.",
        )
        keep &= rows < unclosed
        cut = True
        damaged.append(unclosed)
    _only_one_header(found, rows, {found.places[field]: columns[found.places[field]] for field in fields})
    keep &= ~_furniture(found, columns, fields)
    whole = bool(keep.all())
    kept = {
        field: columns[found.places[field]] if whole else columns[found.places[field]].take(keep) for field in fields
    }
    if heading := found.format.heading:
        above = headings(found, columns).take(keep)
        kept[heading] = _filled(kept[heading], above) if heading in kept else above
    any_rows = odd.any_filled or any(len(texts.used_arrow()) for texts in columns.values())
    return Body(rows[keep], kept, cut, any_rows=any_rows, damaged=np.array(damaged, dtype=np.int64))


def _texts(table: pa.Table, names: Mapping[int, str]) -> dict[int, Texts]:
    """The columns by position. Of a large file two at a time, since pyarrow works without Python's lock."""
    if table.num_rows < _LARGE:
        return {position: Texts.of_arrow(table.column(name)) for position, name in names.items()}
    with ThreadPoolExecutor(_CORES) as pool:
        return dict(zip(names, pool.map(Texts.of_arrow, map(table.column, names.values())), strict=True))


def _filled(texts: Texts, others: Texts) -> Texts:
    """A column with the texts of another one where it is empty."""
    return Texts.of(text or other for text, other in zip(texts.objects(), others.objects(), strict=True))


def _parse(found: Found, names: Sequence[str], odd: _Odd, *, quoted: bool) -> pa.Table:
    """The columns of those names. Most files have no odd row: they are read on all cores, others once more, row by row."""
    import pyarrow as pa

    try:
        return _read(found, names, None, quoted=quoted)
    except pa.ArrowException:
        pass
    try:
        return _read(found, names, odd, quoted=True)
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return pa.table({name: pa.array([], type=pa.string()) for name in names})
        raise ConnectorError(_unreadable(found, str(error))) from error
    except pa.ArrowException as error:
        raise ConnectorError(_unreadable(found, str(error))) from error


def _read(found: Found, names: Sequence[str], odd: _Odd | None, *, quoted: bool) -> pa.Table:
    """Read the body; with `odd`, which numbers rows, on one core. Raises what pyarrow raises."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    with _stream(found) as stream, _loading_pandas(found):
        reader = arrow.open_csv if odd else arrow.read_csv
        read = reader(
            stream,
            read_options=arrow.ReadOptions(
                column_names=[f"c{index}" for index in range(found.width)],
                use_threads=odd is None,
                block_size=_BLOCK if odd else _SMALL,
            ),
            parse_options=arrow.ParseOptions(
                delimiter=found.delimiter, newlines_in_values=quoted, ignore_empty_lines=False, invalid_row_handler=odd
            ),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=list(names),
                strings_can_be_null=False,
                null_values=[],
            ),
        )
        return pa.Table.from_batches(list(read), schema=read.schema) if odd else read


def _stream(found: Found) -> Any:
    """The body in UTF-8; where it is that in the file, Arrow reads it without asking Python for every piece."""
    import pyarrow as pa

    if found.content is None and codecs.lookup(found.encoding).name == "utf-8":
        with suppress(UnicodeError):  # a file's name may be no text
            file = pa.OSFile(str(found.path))
            file.seek(found.body_at)
            return file
    return body(found)


@contextmanager
def _loading_pandas(found: Found) -> Iterator[None]:
    """Load pandas, which the next steps need, while a large file is parsed: that takes a third of a second."""
    if found.content is not None or found.path.stat().st_size < _LARGE_FILE:
        yield
        return
    with ThreadPoolExecutor(1) as pool:
        pool.submit(import_module, "pandas")
        yield


def _unreadable(found: Found, error: str) -> Problem:
    if "straddling" in error:
        why = f"has a row longer than {_BLOCK // 1024**2} MiB, so a quote is probably never closed"
    else:
        why = f"cannot be read as a table: {error.splitlines()[0][:200]}"
    return Problem(found.name, why, "Export it again.")


class _Odd:
    """Called by pyarrow with each row that has too few or too many cells; always skips it and keeps what can be used."""

    def __init__(self, found: Found, problems: Problems) -> None:
        self._found = found
        self._problems = problems
        self.damaged: list[int] = []
        self.any_filled = False
        self.numbers: list[int] = []
        self.usable: list[tuple[int, list[str]]] = []

    def __call__(self, row: Any) -> str:
        number = int(row.number)
        self.numbers.append(number)
        cells = self._cells(row.text)
        filled = [cell.strip() for cell in cells if cell.strip()]
        self.any_filled |= bool(filled)
        width = self._found.width
        if cells and not filled:
            return "skip"
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]) and len(self.usable) < _MOST_ODD:
            self.usable.append((number, cells[:width]))
        elif not (
            self._found.format.report and filled and (len(filled) == 1 or is_total(filled[0], self._found.format.sums))
        ):
            self._damaged(number, row.actual_columns)
        elif self._found.format.heading and len(cells) < width and len(self.usable) < _MOST_ODD:
            self.usable.append((number, cells + [""] * (width - len(cells))))
        return "skip"

    def _cells(self, text: str) -> list[str]:
        """The cells of a row; none where it is too long or too odd to be read."""
        try:
            return next(csv.reader([text], delimiter=self._found.delimiter), []) if len(text) < _LONGEST_ODD else []
        except csv.Error:
            return []

    def _damaged(self, number: int, count: int) -> None:
        self.damaged.append(number)
        self._problems.add(
            str(number + self._found.header_row),
            f"has {count} cells where the header has {len(self._found.header)}",
            "Put cells that hold the delimiter in quotes, or export it again; the row is left out.",
        )

    def cut(self, total: int) -> bool:
        """Whether the file's very last row is damaged."""
        return bool(self.damaged) and self.damaged[-1] == total


def _only_one_header(found: Found, rows: Ints, used: Mapping[int, Texts]) -> None:
    """Raise `ConnectorError` where the header stands again: two exports in one file may be of two days, or the same twice."""
    again = np.logical_and.reduce([texts.equal(found.header[place].strip()) for place, texts in used.items()])
    if again.any():
        raise ConnectorError(
            Problem(
                f"{found.name}:{int(rows[np.argmax(again)])}",
                "the header stands here a second time, as where one export was put behind another",
                "Export it again, or import each export from a file of its own.",
            )
        )


def _furniture(found: Found, columns: Mapping[int, Texts], fields: Iterable[str]) -> Mask:
    """Rows that are no data: blank ones, and in reports headings, totals and footers.

    A total says so in its first text and holds no date. A heading or a footer is a lone text in the first column, or any text in
    a first column that has no name.
    """
    used = {found.places[field]: columns[found.places[field]] for field in fields}
    filled = np.sum([~texts.equal("") for texts in used.values()], axis=0)
    drop: Mask = filled == 0
    if not found.format.report:
        return drop
    if found.format.grouped:
        for place in leading(found):
            drop |= ~columns[place].equal("")
    elif 0 in used:
        drop |= ~columns[0].equal("") & (filled == 1)
    return drop | _totals(columns, found.format.sums) & ~_dated(found, columns, fields)


def _totals(columns: Mapping[int, Texts], more: Sequence[str]) -> Mask:
    leading, total = (np.full(len(next(iter(columns.values()))), value) for value in (True, False))
    for place in sorted(columns):
        total |= leading & columns[place].where(lambda text: is_total(text, more))
        leading &= columns[place].equal("")
    return total


def _dated(found: Found, columns: Mapping[int, Texts], fields: Iterable[str]) -> Mask:
    dates = [columns[found.places[field]] for field in fields if found.format.kind(field) is Kind.DATE]
    dated = np.zeros(len(next(iter(columns.values()))), dtype=np.bool_)
    for texts in dates:
        dated |= texts.where(lambda text: read(text) is not None)
    return dated
