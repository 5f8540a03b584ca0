"""Dates as exports write them, and which slot of 3/4/2026 is the day.

The order is decided once per file from all values of all its date columns: a first slot above 12 proves day-first, a second
slot above 12 proves month-first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from msgspec import Struct

from payflow_exports.format import DayOrder

_TIME = (
    r"(?:[T ]+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]+)?)?"
    r" ?(?P<half>[AaPp][Mm])?(?: ?(?P<zone>Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?)?$"
)
_YEAR_FIRST = re.compile(r"^(?P<year>[0-9]{4})([-/.])(?P<month>[0-9]{1,2})\2(?P<day>[0-9]{1,2})" + _TIME)
#: `20261014`, as banks write it; eight digits that begin otherwise are no date that anybody could be sure of.
_DIGITS = re.compile(r"^(?P<year>(?:19|20)[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12][0-9]|3[01])" + _TIME)
_SLOTS = re.compile(
    r"^(?P<first>[0-9]{1,2})(?P<mark>[-/.])(?P<second_>[0-9]{1,2})\2(?P<year>[0-9]{4}|[0-9]{2})" + _TIME
)
_MONTH_NAMED = re.compile(r"^(?P<name>[A-Za-z]{3,9})\.? (?P<day>[0-9]{1,2}),? (?P<year>[0-9]{4})" + _TIME)
_DAY_NAMED = re.compile(
    r"^(?P<day>[0-9]{1,2})[ -](?P<name>[A-Za-z]{3,9})\.?[ ,-]{1,2}(?P<year>[0-9]{4}|[0-9]{2})" + _TIME
)
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
#: Longer cells are no dates; the limit keeps hostile ones cheap.
_LONGEST = 60
_YEARS = range(1900, 2200)
#: Two-digit years up to this one are of this century, as POSIX has it.
_LATEST_SHORT_YEAR = 68


class Written(Struct, frozen=True):
    """A date as it stands in a cell. Where `open` is true, `first` and `second` are slots in an order yet to be decided;
    otherwise `first` is the month and `second` the day."""

    first: int
    second: int
    year: int
    open: bool
    at: tuple[int, int, int] | None = None
    zone: tzinfo | None = None

    def on(self, order: DayOrder, home: tzinfo, *, utc: bool) -> date | None:
        """The day in the business's zone, or None where there is no such day. Stamps with a zone, or in UTC, are moved."""
        month, day = (
            (self.second, self.first) if self.open and order is DayOrder.DAY_FIRST else (self.first, self.second)
        )
        try:
            if self.at is None:
                return date(self.year, month, day)
            zone = self.zone or (UTC if utc else home)
            return datetime(self.year, month, day, *self.at, tzinfo=zone).astimezone(home).date()
        except (ValueError, OverflowError):
            return None


def read(text: str) -> Written | None:
    """The date in a cell, or None where it is none."""
    if len(text) > _LONGEST:
        return None
    if match := _YEAR_FIRST.match(text) or _DIGITS.match(text):
        return _written(match, int(match["month"]), int(match["day"]))
    if match := _SLOTS.match(text):
        first, second = int(match["first"]), int(match["second_"])
        if match["mark"] == ".":  # nobody writes the month first with dots
            return _written(match, second, first)
        return _written(match, first, second, undecided=True)
    if match := _MONTH_NAMED.match(text) or _DAY_NAMED.match(text):
        month = month_of(match["name"])
        return _written(match, month, int(match["day"])) if month else None
    return None


def month_of(name: str) -> int:
    """1 to 12 for an English month's name or its beginning of at least three letters, else 0."""
    found = [index for index, month in enumerate(_MONTHS, 1) if len(name) >= 3 and month.startswith(name.casefold())]
    if not found and name.casefold() == "sept":
        return 9
    return found[0] if found else 0


def _written(match: re.Match[str], first: int, second: int, *, undecided: bool = False) -> Written | None:
    year = int(match["year"])
    if len(match["year"]) == 2:
        year += 2000 if year <= _LATEST_SHORT_YEAR else 1900
    if year not in _YEARS or first < 1 or second < 1:
        return None
    if match["hour"] is None:
        return Written(first, second, year, undecided)
    hour, half = int(match["hour"]), (match["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    at = (hour, int(match["minute"]), int(match["second"] or 0))
    return Written(first, second, year, undecided, at, _zone(match["zone"]))


def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text in ("Z", "UTC", "GMT"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours >= 24 or minutes >= 60:
        return UTC
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


class Proof(Struct, frozen=True):
    """Texts that prove an order, empty where none does, and one whose meaning depends on it."""

    day_first: str = ""
    month_first: str = ""
    either: str = ""


def proof(texts: Iterable[str]) -> Proof:
    """What a file's dates say about their order."""
    day_first = month_first = either = ""
    for text in texts:
        written = read(text)
        if written is None or not written.open or (written.first > 12 and written.second > 12):
            continue
        if written.first > 12:
            day_first = day_first or text
        elif written.second > 12:
            month_first = month_first or text
        elif written.first != written.second:
            either = either or text
    return Proof(day_first, month_first, either)


def fits(texts: Iterable[str], order: DayOrder, earliest: date | None, latest: date | None) -> bool:
    """Whether all dates fall into a period when read in this order."""
    for text in texts:
        written = read(text)
        day = written.on(order, UTC, utc=True) if written else None
        if day is None or (earliest and day < earliest) or (latest and day > latest):
            return False
    return True
