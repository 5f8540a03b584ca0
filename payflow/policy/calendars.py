"""Business days: what a calendar is, and how a day that is none moves to one that is.

Where public holidays come from is not known here: a calendar is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from payflow.columns import Ints

#: Saturday and Sunday, as `date.weekday` counts.
WEEKEND = frozenset((5, 6))
#: No country rests longer; a search that goes on is a mistake in the calendar.
_LONGEST_REST = 60


class Calendar(Protocol):
    """The business days of a country or a part of it."""

    def is_business_day(self, day: date) -> bool:
        """Whether business is done on that day."""


class Roll(IntEnum):
    """Which way a day moves that is no business day; the value is the step in days."""

    # to the next business day
    FOLLOWING = 1
    # to the last business day before it
    PRECEDING = -1
    # not at all
    NONE = 0


class Holidays(Struct, frozen=True):
    """A calendar of weekends and of the public holidays of a year, which a function tells."""

    of_year: Callable[[int], Collection[date]]
    weekend: Collection[int] = WEEKEND

    def is_business_day(self, day: date) -> bool:
        """Neither weekend nor public holiday."""
        return day.weekday() not in self.weekend and day not in self.of_year(day.year)


#: Monday to Friday, where no public holidays are known.
WEEKDAYS: Calendar = Holidays(lambda _: ())


def roll(day: date, way: Roll, calendar: Calendar) -> date:
    """The day itself if business is done on it, else the nearest business day that way."""
    if way is Roll.NONE:
        return day
    for _ in range(_LONGEST_REST):
        if calendar.is_business_day(day):
            return day
        day += timedelta(days=way)
    raise ValueError(f"the calendar has no business day in {_LONGEST_REST} days up to {day.isoformat()}")


def roll_days(days: Ints, way: Roll, calendar: Calendar) -> Ints:
    """`roll` for many days at once: int64 days since 1970-01-01 in and out. Each day that occurs is rolled once."""
    import numpy as np

    from payflow.columns import to_date, to_day

    if not len(days):
        return days
    low = int(days.min())
    occurring = np.flatnonzero(np.bincount(days - low))
    rolled = np.zeros(int(days.max()) - low + 1, dtype=np.int64)
    rolled[occurring] = [to_day(roll(to_date(low + offset), way, calendar)) for offset in occurring.tolist()]
    return rolled[days - low]
