"""What both ways of reading two CSV files yield, and what they agree on."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO

from msgspec import Struct

from payflow.columns import Ints
from payflow.errors import ConnectorError, Problem

#: By file, the columns that are read.
INVOICES = ("invoice", "client", "currency", "issued_on", "due_on", "total")
PAYMENTS = ("invoice", "paid_on", "amount")
#: Invoices without it have no date printed.
OPTIONAL = "due_on"
#: Decimals of the currency that has most, in which amounts are held until their currency is known.
DECIMALS = 4
#: The largest amount in that form: beyond it, decimals might not fit 18 digits.
LARGEST = 10**18 - 1
#: The days that dates may lie on: those of four digits, as in `payflow.columns`.
FIRST_YEAR, LAST_YEAR = 1900, 2199


class Told(NamedTuple):
    """Columns of invoices and of movements on them. Money in minor units, days as numbers, `NO_DAY` for no due date.

    `client` and `currency` are places in `clients` and `currencies`, `paid_row` the row of a movement's invoice.
    """

    numbers: Sequence[str]
    client: Ints
    clients: Sequence[str]
    currency: Ints
    currencies: Sequence[str]
    issued_on: Ints
    due_on: Ints
    total: Ints
    paid_row: Ints
    paid_on: Ints
    paid: Ints


class Headings(Struct, frozen=True):
    """How the files call their columns; a column that is not named here is called by its own name."""

    given: Mapping[str, str]

    def __post_init__(self) -> None:
        if unknown := [name for name in self.given if name not in (*INVOICES, *PAYMENTS)]:
            raise ValueError(f"there is no column {unknown[0]!r}; there are {', '.join((*INVOICES, *PAYMENTS[1:]))}")

    def of(self, column: str) -> str:
        """The heading of a column."""
        return self.given.get(column, column)

    def found(self, path: Path, header: Sequence[str], columns: Sequence[str]) -> dict[str, int]:
        """Where each column stands in the header. Raises `ConnectorError` where one is missing or there twice."""
        wanted = {column: self.of(column) for column in columns}
        missing = [head for column, head in wanted.items() if head not in header and column != OPTIONAL]
        if missing:
            there = ", ".join(header[:20]) or "nothing"
            raise ConnectorError(
                Problem(
                    f"{path.name}:1",
                    f"there is no column {' and no column '.join(map(repr, missing))}",
                    f"Name it as it is called there ({there}).",
                )
            )
        twice = [head for head in wanted.values() if header.count(head) > 1]
        if twice:
            raise ConnectorError(
                Problem(f"{path.name}:1", f"there are two columns {twice[0]!r}", "Rename or remove one.")
            )
        return {column: header.index(head) for column, head in wanted.items() if head in header}


def header_of(path: Path) -> list[str]:
    """The first row of a file. Raises `ConnectorError` where there is none."""
    with reading(path) as file:
        header = next(csv.reader(file), [])
    if not header:
        raise ConnectorError(Problem(path.name, "it has no header", "Its first row names the columns."))
    return header


@contextmanager
def reading(path: Path) -> Iterator[TextIO]:
    """The open file. Raises `ConnectorError` where it, or its text, cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except OSError as error:
        problem = Problem(str(path), f"it cannot be read ({error.strerror})", "Check its name and who may read it.")
        raise ConnectorError(problem) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConnectorError(Problem(path.name, f"it is no CSV file in UTF-8 ({error})", "Save it as one.")) from error
