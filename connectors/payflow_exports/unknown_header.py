"""What to say of a table whose header is not known: which format comes nearest, and what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from msgspec.structs import replace

from payflow.connector import ConnectorError, Near, Problem
from payflow_exports.format import Format, known
from payflow_exports.view import View, first_rows

#: A row with so many known names is meant to be that header; so many formats are few enough to show their headers.
_LIKE = 2
_FEW = 2
_EXCERPT = 80


class UnknownHeaderError(ConnectorError):
    """A table, but of no format that was looked for; `near` says which comes nearest."""

    def __init__(self, problem: Problem, near: Near) -> None:
        super().__init__(problem)
        self.near = near


def unknown_header(
    path: Path, views: Sequence[View], formats: Sequence[Format], delimiters: Sequence[str]
) -> UnknownHeaderError:
    """What was looked for, and what the most similar row lacks."""
    best, most = Near(begins=_beginning(views, delimiters)), (0, 0)
    for view, delimiter in product(views, delimiters):
        for index, (cells, _) in enumerate(first_rows(view.text, delimiter)):
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


def _beginning(views: Sequence[View], delimiters: Sequence[str]) -> str:
    """The first row that holds anything, as it is split best."""
    for view in views:
        rows = [next((cells for cells, _ in first_rows(view.text, mark) if any(cells)), []) for mark in delimiters]
        cells = [cell.strip() for cell in max(rows, key=len, default=[])]
        if any(cells):
            return ", ".join(cells)[:_EXCERPT].strip(", ")
    return ""
