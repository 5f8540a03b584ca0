"""The business days of federal agencies of the United States, by 5 U.S.C. 6103 and Executive Order 11582.

A holiday that falls on a Saturday is kept on the Friday before, one on a Sunday on the Monday after. Days off that a President
orders once, such as a day of mourning, are not known here.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from payflow.policy.calendars import Calendar, Holidays, Roll, roll

_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


@lru_cache(maxsize=256)
def federal_holidays(year: int) -> frozenset[date]:
    """The days of a year on which agencies are closed beside weekends, as they are kept."""
    days = [
        *(date(year, month, day) for month, day in ((1, 1), (7, 4), (11, 11), (12, 25))),
        _nth(year, 2, 3, _MONDAY),  # Washington's Birthday
        _nth(year, 6, 1, _MONDAY) - 7 * _DAY,  # Memorial Day, the last Monday of May
        _nth(year, 9, 1, _MONDAY),  # Labor Day
        _nth(year, 10, 2, _MONDAY),  # Columbus Day
        _nth(year, 11, 4, _THURSDAY),  # Thanksgiving Day
        date(year + 1, 1, 1),  # kept on 31 December where it is a Saturday
    ]
    if year >= 1986:
        days.append(_nth(year, 1, 3, _MONDAY))  # Birthday of Martin Luther King, Jr.
    if year >= 2021:
        days.append(date(year, 6, 19))  # Juneteenth
    return frozenset(kept for kept in map(_kept, days) if kept.year == year)


#: Monday to Friday but for federal holidays.
FEDERAL_DAYS: Calendar = Holidays(federal_holidays)


def days_until_open(day: date) -> int:
    """Days from a day until the next one on which agencies are open; 0 where they are."""
    return (roll(day, Roll.FOLLOWING, FEDERAL_DAYS) - day).days


def _nth(year: int, month: int, count: int, weekday: int) -> date:
    first = date(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * (count - 1)) * _DAY


def _kept(day: date) -> date:
    """The day on which a holiday is kept."""
    return day + {_SATURDAY: -_DAY, _SUNDAY: _DAY}.get(day.weekday(), timedelta(0))
