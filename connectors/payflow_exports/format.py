"""A file format is a declaration: which columns it has under which names, and the few lines that are truly its own.

    reader = Format(name=..., columns={"number": ("InvoiceNumber",), ...}, required=("number", ...), build=_build)

`columns` maps fields to the header names a product uses for them, best first. Fields called like a canonical column of
invoices hold that column; `client_name` and `email` describe the client; any other field is text unless `kinds` says more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct, field

from payflow.connector import INVOICES, Kind, Limits, Scope

if TYPE_CHECKING:
    import pandas as pd

    from payflow_exports.sheet import Sheet

#: A header row holds at least so many names that the format knows.
FEWEST_NAMES = 3


class DayOrder(StrEnum):
    """How dates like 3/4/2026 are meant."""

    # 3 April
    DAY_FIRST = "day-first"
    # 4 March
    MONTH_FIRST = "month-first"


class Frame(Struct, frozen=True):
    """What stands around the data of a report: cells of the rows above the header, texts of the last rows of the file."""

    titles: Sequence[Sequence[str]]
    tail: Sequence[str]


class About(Struct, frozen=True):
    """What a report says of itself: the day it speaks for, when it was printed, which invoices it lists.

    `printed` without a zone is the business's time. `covers_from` and `covers_to` bound the issue dates; None is unbounded.
    """

    as_of: date | None = None
    printed: datetime | None = None
    scope: Scope | None = None
    covers_from: date | None = None
    covers_to: date | None = None


class Portion(Struct, frozen=True):
    """The canonical tables that one file yields, and its scope and issue dates where only the rows can tell. `lines` are those
    of a bank statement."""

    clients: pd.DataFrame
    invoices: pd.DataFrame
    entries: pd.DataFrame
    scope: Scope | None = None
    covers_from: date | None = None
    covers_to: date | None = None
    lines: pd.DataFrame | None = None


class Format(Struct, frozen=True, dict=True):
    """One kind of file. `build` turns its rows into canonical tables; everything before that is shared.

    `required` fields make a header row; names in `foreign` show that the file is something else. `grouped` True: the first
    column has no name and holds group headings; False: it has one. `report`: rows that are headings, totals or a footer stand
    between the data. `day_order` is the product's own, overruled by dates that prove the opposite. `utc`: stamps are in UTC.
    `heading` names the field that holds the text above each group of rows. `families` are fields of many columns: which header
    names belong to one; the columns become fields `name 1`, `name 2` and so on.
    `parts` are other sheets of the same workbook that belong to this one, by the name under which the sheet holds them.
    `unfold` makes the text of a file that is no table into one, tab-separated and row for row; None for a file not its own.
    `sums` are first words, beside those for totals, of rows without a date that hold a sum or a balance.
    `dated_entries`: entries tell every movement of its invoices with its day. `by_day`: they are told by day, on whichever
    invoices, listed in the same file or not. `open_only`: it knows no other total of an invoice than what is open of it.
    """

    name: str
    columns: Mapping[str, Sequence[str]]
    required: Sequence[str]
    build: Callable[[Sheet], Portion]
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    foreign: Sequence[str] = ()
    grouped: bool | None = None
    report: bool = False
    day_order: DayOrder | None = None
    utc: bool = False
    dated_entries: bool = False
    by_day: bool = False
    open_only: bool = False
    scope: Scope = Scope.ALL
    about: Callable[[Frame], About] | None = None
    limits: Limits = field(default_factory=Limits)
    unfold: Callable[[str], str | None] | None = None
    heading: str = ""
    families: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)
    parts: Mapping[str, Format] = field(default_factory=dict)
    sums: Sequence[str] = ()

    def kind(self, name: str) -> Kind:
        """What a field holds."""
        family = name.rpartition(" ")[0]
        name = family if family in self.families else name
        return self.kinds.get(name) or INVOICES.get(name, Kind.TEXT)

    def match(self, cells: Sequence[str]) -> Mapping[str, int] | None:
        """Field -> position in a row of cells, if that row is a header of this format; else None."""
        if not self.families and self._names.isdisjoint(_positions(tuple(cells))):
            return None
        places = known(self.columns, cells)
        enough = len(places) >= min(FEWEST_NAMES, len(self.columns)) and all(name in places for name in self.required)
        for family, belongs in self.families.items():
            members = [
                place for place, cell in enumerate(cells) if belongs(plain(cell)) and place not in places.values()
            ]
            places.update({f"{family} {number}": place for number, place in enumerate(members, 1)})
            enough = enough and bool(members)
        if not enough or (self.grouped is not None and self.grouped is not _unnamed_first(cells)):
            return None
        names = {plain(cell) for cell in cells}
        return None if any(plain(name) in names for name in self.foreign) else places

    @cached_property
    def _names(self) -> frozenset[str]:
        """Every header name of a field, as it is compared."""
        return frozenset(plain(name) for accepted in self.columns.values() for name in accepted)

    @property
    def looked_for(self) -> str:
        """One line for people: the name, and the header names without which a file is not of this format."""
        return f"{self.name}: {', '.join(self.columns[name][0] for name in self.required)}"


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A header name as it is compared: case, blanks around and inside, and the star of required columns do not count."""
    return " ".join(name.replace("\ufeff", "").replace("*", "").casefold().split())


def known(columns: Mapping[str, Sequence[str]], cells: Sequence[str]) -> dict[str, int]:
    """Field -> position of the first cell under its best name."""
    places = _positions(tuple(cells))
    found: dict[str, int] = {}
    for name, accepted in columns.items():
        for header in accepted:
            if plain(header) in places:
                found[name] = places[plain(header)]
                break
    return found


@lru_cache(maxsize=512)
def _positions(cells: Sequence[str]) -> Mapping[str, int]:
    """Name, as it is compared -> position of the first cell that holds it. Every format asks for the same few rows."""
    places: dict[str, int] = {}
    for position, cell in enumerate(cells):
        places.setdefault(plain(cell), position)
    return places


def _unnamed_first(cells: Sequence[str]) -> bool:
    return bool(cells) and not plain(cells[0])
