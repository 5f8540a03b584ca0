"""Interest rates over time: the type of a rate, and tables that say what they know and refuse to guess the rest.

A table is a list of days from which a rate holds, each with its source. How long its last word counts differs:

- published for half-years: until the end of the half-year of its last row;
- with half-years missing: each row for its own half-year only;
- a central bank's rate, changed at any time: until the last day that somebody is known to have read it.

The tables that come with payflow stand in `payflow/policy/data`, described in `payflow.policy.tables`. A folder of files in the
same form may extend or correct them, row by row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from payflow.errors import PayflowError, UnknownName
from payflow.policy.fees import percent
from payflow.policy.tables import TABLES, Series, Speaks, half_year_end, half_year_start, next_half_year

if TYPE_CHECKING:
    from payflow.policy.rate_files import Row


class Rate(Struct, frozen=True):
    """A yearly rate as an exact fraction of one, in force from the day `since`; `why` says what it rests on."""

    since: date
    annual: Fraction
    why: str


class OutOfTable(PayflowError, ValueError):
    """A rate was asked for that nobody has written down; the message says what is there and how to add what is not."""


class RateTable(Struct, frozen=True):
    """A series of rates: `rows` in order of their day, none of them empty of a source."""

    series: Series
    rows: tuple[Row, ...]
    #: Through this day rows carry over days that have none of their own; later ones were added one by one and do not.
    complete_until: date | None = None

    @property
    def name(self) -> str:
        """How statutes, files and `payflow rates` call it."""
        return self.series.name

    @property
    def until(self) -> date | None:
        """The last day this table speaks of; None when it has no rows at all."""
        if not self.rows:
            return None
        last = self.rows[-1].since
        if self.series.speaks is Speaks.UNTIL_READ:
            return max(last, self.series.read_on or last)
        return half_year_end(last)

    def at(self, day: date) -> Rate:
        """The rate in force on a day. Raises `OutOfTable` where the table does not speak."""
        place = bisect_right(self.rows, day, key=lambda row: row.since) - 1
        if place < 0 or not self._carries(self.rows[place], day):
            raise OutOfTable(self._beyond(day))
        row = self.rows[place]
        return Rate(row.since, row.annual, f"{self.series.title} {percent(row.annual)} % from {row.since}")

    def _carries(self, row: Row, day: date) -> bool:
        """Whether a row, the last one before or on `day`, tells the rate of that day."""
        if self.until is None or day > self.until:
            return False
        if self.series.speaks is Speaks.UNTIL_READ:
            return self.complete_until is None or day <= self.complete_until or row.since > self.complete_until
        alone = self.series.speaks is Speaks.OWN_HALF_YEAR or (self.complete_until or day) < day
        return not alone or half_year_start(row.since) == half_year_start(day)

    def between(self, first: date, last: date) -> Sequence[Rate]:
        """The rates in force on the days from `first` through `last`, in order; the first one covers `first`.

        Empty when `last` is before `first`. Raises `OutOfTable` if any of the days is not spoken of.
        """
        if last < first:
            return ()
        days = {first, last} | {row.since for row in self.rows if first < row.since <= last}
        if self.series.speaks is not Speaks.UNTIL_READ:
            days |= set(half_years(first, last)[1:])
        rates = [self.at(day) for day in sorted(days)]
        return tuple(rate for before, rate in zip([None, *rates], rates, strict=False) if rate != before)

    def _beyond(self, day: date) -> str:
        """What is there, what was asked for, and how to add it."""
        if not self.rows:
            there = "has no rows yet"
        elif day < self.rows[0].since:
            there = f"begins on {self.rows[0].since}"
        elif self.until is not None and day > self.until:
            there = f"ends on {self.until} (its last row is of {self.rows[-1].since})"
        else:
            there = f"has no rate for the half-year from {half_year_start(day)}"
        start = day if self.series.speaks is Speaks.UNTIL_READ else half_year_start(day)
        look = f" Look it up: {self.series.home}." if self.series.home else ""
        return (
            f"the rate table {self.name} {there}, and {day} was asked for.{look} Add the rate with "
            f"`payflow rates add {self.name} --from {start} --rate PERCENT --source TEXT`, "
            f"or as a row of rates/{self.name}.csv in your workspace."
        )


def half_years(first: date, last: date) -> list[date]:
    """The first days of the half-years that the days from `first` through `last` touch."""
    start = half_year_start(first)
    starts = []
    while start <= last:
        starts.append(start)
        start = next_half_year(start)
    return starts


def load_table(name: str, extra: Path | None = None) -> RateTable:
    """A table by its name, with the rows of `extra/NAME.csv` added; they win for days that both have.

    A table that only the user has is taken as published for half-years. Raises `UnknownName`, and `WorkspaceError` with
    every mistake in the user's file.
    """
    from payflow.policy.rate_files import own_rows

    added = own_rows(extra, name) if extra is not None else ()
    if name not in TABLES and not added:
        raise UnknownName("rate table", name, table_names(extra))
    return joined(name, added)


@lru_cache(maxsize=256)
def joined(name: str, added: tuple[Row, ...]) -> RateTable:
    """A table with the rows that a user added: made once for each state that these are in."""
    if not added:
        return _shipped(name)
    base = _shipped(name) if name in TABLES else RateTable(Series(name, name), ())
    rows = {row.since: row for row in (*base.rows, *added)}
    return RateTable(base.series, tuple(rows[since] for since in sorted(rows)), base.until)


def table_names(extra: Path | None = None) -> list[str]:
    """Names of all tables, those that come with payflow first."""
    from payflow.policy.rate_files import own_tables

    return [*TABLES, *(name for name in own_tables(extra) if name not in TABLES)]


@cache
def _shipped(name: str) -> RateTable:
    from payflow.policy.rate_files import shipped_rows

    return RateTable(TABLES[name], shipped_rows(name))
