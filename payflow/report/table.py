"""Aligned tables for a terminal: text is cut with an ellipsis, figures never are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from payflow.report.ansi import Style
from payflow.report.text import block, clean, cut, pad, width

_GAP = 2


class Column(Struct, frozen=True):
    """A column. `least` is the width to which its cells may be cut; None: never cut."""

    title: str
    right: bool = False
    least: int | None = None


class Row(Struct, frozen=True):
    """Cells, notes that stand below them, and how to paint a cell (by its column) or the notes."""

    cells: Sequence[str]
    notes: Sequence[str] = ()
    paint: Mapping[int, Callable[[str], str]] = MappingProxyType({})


def table(columns: Sequence[Column], rows: Sequence[Row], style: Style, *, indent: int = 2) -> list[str]:
    """Lines of a table within `style.columns`, headed by the columns' titles unless all of them are empty."""
    cells = [[clean(cell) for cell in row.cells] for row in rows]
    sizes = _sizes(columns, cells, style.columns - indent)
    margin = " " * indent
    lines = []
    if any(column.title for column in columns):
        lines.append(margin + style.dim(_line([column.title for column in columns], columns, sizes, style, {})))
    for row, texts in zip(rows, cells, strict=True):
        lines.append(margin + _line(texts, columns, sizes, style, row.paint))
        for note in row.notes:
            lines += [style.dim(line) for line in block(note, style.columns, margin + "  ")]
    return lines


def _sizes(columns: Sequence[Column], cells: Sequence[Sequence[str]], room: int) -> list[int]:
    """Widths that fit: the widest column that may be cut gives way first."""
    sizes = [
        max([width(column.title), *(width(line[at]) for line in cells)], default=0) for at, column in enumerate(columns)
    ]
    excess = sum(sizes) + _GAP * (len(sizes) - 1) - room
    while excess > 0:
        able = [at for at, column in enumerate(columns) if column.least is not None and sizes[at] > column.least]
        if not able:
            break
        widest = max(able, key=lambda at: sizes[at])
        sizes[widest] -= 1
        excess -= 1
    return sizes


def _line(
    texts: Sequence[str],
    columns: Sequence[Column],
    sizes: Sequence[int],
    style: Style,
    paint: Mapping[int, Callable[[str], str]],
) -> str:
    parts = []
    for at, (text, column, size) in enumerate(zip(texts, columns, sizes, strict=True)):
        shown = pad(cut(text, size, style.ellipsis), size, right=column.right)
        if at == len(columns) - 1 and not column.right:
            shown = shown.rstrip()  # before it is painted: blanks inside colours would stay
        parts.append(paint[at](shown) if at in paint else shown)
    return (" " * _GAP).join(parts).rstrip()
