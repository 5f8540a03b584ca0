"""Files of rates: `effective_from,rate_percent,source`, one row per day from which a rate holds.

Those that come with payflow are read as package data; a user's own stand in a folder, `rates/` of the workspace, and are checked
cell by cell.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from payflow.errors import Problem, WorkspaceError
from payflow.policy.fees import from_percent, percent

COLUMNS = ("effective_from", "rate_percent", "source")

#: A name is also the name of a file.
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
#: Percents a year as text; no law knows a rate of four digits.
_PERCENT = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,9})?", re.ASCII)


class Row(NamedTuple):
    """From a day on a yearly rate, as a fraction of one; `source` is where it stands. `own` rows are a user's."""

    since: date
    annual: Fraction
    source: str
    own: bool = False


def shipped_rows(name: str) -> tuple[Row, ...]:
    """The rows that come with payflow; none for a table that everybody has to fill."""
    resource = files("payflow.policy").joinpath("data", f"{name}.csv")
    if not resource.is_file():
        return ()
    reader = csv.DictReader(io.StringIO(resource.read_text(encoding="utf-8")))
    return tuple(parsed(line["effective_from"], line["rate_percent"], line["source"], own=False) for line in reader)


def own_tables(folder: Path | None) -> list[str]:
    """Names of the tables that a folder has files for."""
    if folder is None or not folder.is_dir():
        return []
    return sorted(path.stem for path in folder.glob("*.csv") if NAME.fullmatch(path.stem))


def own_rows(folder: Path, name: str) -> tuple[Row, ...]:
    """The rows of a user's file, in order of their day; none when there is no file. Raises `WorkspaceError`."""
    path = folder / f"{name}.csv"
    if not NAME.fullmatch(name) or not path.is_file():
        return ()
    found = path.stat()
    return _read(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int, _size: int) -> tuple[Row, ...]:
    """Parse a file; it is read once for each state it is in."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise WorkspaceError([Problem(str(path), "is not UTF-8 text", "Save it as CSV in UTF-8")]) from None
    reader = csv.reader(io.StringIO(text))
    header = [cell.strip() for cell in next(reader, [])]
    if header != list(COLUMNS):
        found = f"its first line is {','.join(header)[:80]!r}"
        raise WorkspaceError([Problem(f"{path}:1", found, f"Write {','.join(COLUMNS)}")])
    rows: dict[date, Row] = {}
    problems: list[Problem] = []
    for cells in reader:
        where = f"{path}:{reader.line_num}"
        mistakes = list(mistakes_of(cells, where))
        problems += mistakes
        if mistakes or not cells:
            continue
        row = parsed(*(cell.strip() for cell in cells))
        if row.since in rows:
            problems.append(Problem(where, f"{row.since} stands here twice", "Keep one row for each day"))
        rows[row.since] = row
    if problems:
        raise WorkspaceError(problems)
    return tuple(rows[since] for since in sorted(rows))


#: What begins a formula where a file is opened as a spreadsheet.
_FORMULAS = "=+-@\t\r"


def mistakes_of(cells: Sequence[str], where: str) -> Iterator[Problem]:
    """What is wrong with a row that a user wrote; an empty line is not wrong."""
    if not cells:
        return
    if len(cells) != len(COLUMNS):
        yield Problem(where, f"{len(cells)} cells", f"Write {','.join(COLUMNS)}; quote a source with commas in it")
        return
    since, rate, source = (cell.strip() for cell in cells)
    if not _is_day(since):
        yield Problem(where, f"effective_from is {since!r}", "Write the day as YYYY-MM-DD")
    if not _PERCENT.fullmatch(rate):
        yield Problem(where, f"rate_percent is {rate!r}", "Write percent a year with a decimal point, such as 2.15")
    if not source:
        yield Problem(where, "there is no source", "Say where the rate stands, such as a web address")
    elif source[0] in _FORMULAS:
        yield Problem(
            where, f"the source begins with {source[0]!r}", "A spreadsheet would run it as a formula: begin with a word"
        )


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def parsed(since: str, rate: str, source: str, *, own: bool = True) -> Row:
    """A row of cells in which `mistakes_of` finds nothing wrong."""
    return Row(date.fromisoformat(since), from_percent(rate), source, own)


def as_text(rows: Iterable[Row]) -> str:
    """A file of these rows, as `own_rows` reads it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((row.since.isoformat(), percent(row.annual), row.source) for row in rows)
    return text.getvalue()
