"""Reports in groups: the text above the rows of a group, such as the client's name, as a column.

A group begins with a row that holds nothing but its name, in the first column or in one of the unnamed columns before the
first named one, and ends with its total. Groups stand inside groups: a job of a customer is `Customer:Job`, as lists of
invoices write it; some reports write a group's full name themselves.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from payflow_exports.source import Found
from payflow_exports.texts import Mask, Texts

if TYPE_CHECKING:
    from payflow_exports.sheet import Sheet

#: First words of rows that hold sums, in the languages of those who keep such tables.
_TOTALS = (
    "total",
    "totals",
    "subtotal",
    "sub-total",
    "sum",
    "summe",
    "gesamt",
    "totale",
    "totaal",
    "totalt",
    "totaux",
    "suma",
)
_INSIDE = ":"


def is_total(text: str, more: Sequence[str] = ()) -> bool:
    """Whether the first text of a report's row says that sums follow; `more` are further first words that do."""
    words = text.strip().casefold()
    first = words.split(" ", 1)[0].rstrip(":")
    return first in _TOTALS or first in more or words == "percentage of total"


def leading(found: Found) -> Sequence[int]:
    """Positions of the columns that hold headings: the unnamed ones before the first named one, else the first."""
    unnamed = next((place for place, name in enumerate(found.header) if name.strip()), len(found.header))
    return range(unnamed) if 0 < unnamed < len(found.header) else range(1)


def headings(found: Found, columns: Mapping[int, Texts]) -> Texts:
    """The heading of every row, empty where none stands above it."""
    lead = leading(found)
    count = len(next(iter(columns.values())))
    alone = np.ones(count, dtype=np.bool_)
    for place, texts in columns.items():
        if place not in lead:
            alone &= texts.equal("")
    first = _first_filled([columns[place] for place in lead], count)
    rows = np.flatnonzero(~first.equal(""))
    marks = [(row, first[row], bool(alone[row])) for row in rows.tolist() if alone[row] or is_total(first[row])]
    return _carried(marks, count)


def _first_filled(columns: Sequence[Texts], count: int) -> Texts:
    result = Texts.constant("", count)
    for texts in columns:
        empty: Mask = result.equal("")
        words = [
            other if blank else own for own, other, blank in zip(result.objects(), texts.objects(), empty, strict=True)
        ]
        result = Texts.of(words) if texts.used() else result
    return result


def _carried(marks: Sequence[tuple[int, str, bool]], count: int) -> Texts:
    """The names of the open groups in every row; `marks` are row, text and whether it stands alone, of headings and totals."""
    ends: dict[str, list[int]] = {}
    for row, text, _ in marks:
        if is_total(text):
            ends.setdefault(_summed(text), []).append(row)
    values, codes = [""], np.zeros(count, dtype=np.int32)
    open_groups: list[str] = []
    for number, (row, text, alone) in enumerate(marks):
        if is_total(text) and not (alone and _summed(text) and _summed(text) not in open_groups):
            if _summed(text) in open_groups:
                del open_groups[len(open_groups) - 1 - open_groups[::-1].index(_summed(text)) :]
        else:
            while open_groups and not _ends_after(ends, open_groups[-1], row):
                open_groups.pop()
            open_groups.append(text)
        values.append(_full_name(open_groups))
        codes[row : marks[number + 1][0] if number + 1 < len(marks) else count] = len(values) - 1
    return Texts(codes, values).map(str.strip)


def _full_name(groups: Sequence[str]) -> str:
    """Names of groups inside groups as one; one that begins with the name around it has it already."""
    name = ""
    for group in groups:
        name = group if not name or group.startswith(name + _INSIDE) else name + _INSIDE + group
    return name


def _summed(text: str) -> str:
    """The group that a total names: `Total for Ash with sub-customers` is Ash's; the total of all names none."""
    name = text.strip().partition(" ")[2].strip()
    name = name.removeprefix("for ").partition(" with sub-")[0]
    return name.strip()


def _ends_after(ends: Mapping[str, Sequence[int]], name: str, row: int) -> bool:
    """Whether the total of a group is still to come; a group without one ends at the next heading."""
    rows = ends.get(name, ())
    return bisect_right(rows, row) < len(rows)


def continued(sheet: Sheet, *names: str) -> Sheet:
    """With the columns that stand on the first line of a transaction only filled in on its further lines.

    A row is a further line where all of these are empty.
    """
    blank = np.ones(len(sheet), dtype=np.bool_)
    for name in names:
        blank &= sheet.text(name).equal("")
    if not blank.any():
        return sheet
    first = np.maximum.accumulate(np.where(blank, 0, np.arange(len(sheet))))
    return sheet.with_columns(**{name: sheet.columns[name].take(first) for name in names if name in sheet})
