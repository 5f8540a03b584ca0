"""Day counts: how long a stretch of days is, in days and in years, by the convention agreed.

Everywhere a stretch is written by two dates, the day before its first day and its last day: an invoice due on 14 May and
paid on 3 July has the stretch (14 May, 3 July], the days that bear interest, 15 May through 3 July.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from payflow.model.interest import DayCount as DayCount

_DAY = timedelta(days=1)


def days(convention: DayCount, start: date, end: date) -> int:
    """How many days the stretch has: calendar days, or days of months of 30."""
    if convention not in _OF_THIRTY:
        return (end - start).days
    first, last = min(start.day, 30), end.day
    if convention is DayCount.THIRTY_E_360 or first == 30:
        last = min(last, 30)
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first


def years(convention: DayCount, start: date, end: date) -> Fraction:
    """How many years the stretch is, as an exact fraction.

    By `actual/actual` every day belongs to the year that it lies in: the day of (31 December, 1 January] to the new one. So
    (start, end] is what ISDA writes as the period from start + 1 to end + 1.
    """
    if convention in _OF_THIRTY:
        return Fraction(days(convention, start, end), 360)
    return sum((weight * count for weight, count in each_day(convention, start, end)), Fraction(0))


def each_day(convention: DayCount, start: date, end: date) -> Iterator[tuple[Fraction, int]]:
    """The single days of a stretch as (part of a year, how many such days), for figures that are rounded day by day.

    By months of 30 the days are unequal: the 31st is none, and the last of February makes up for what is missing. They
    add up to the whole stretch.
    """
    if convention is DayCount.ACTUAL_ACTUAL:
        for year in range(start.year, end.year + 1):
            first = start if year == start.year else date(year - 1, 12, 31)
            last = min(end, date(year, 12, 31))
            if first < last:
                yield Fraction(1, days_in(year)), (last - first).days
    elif convention in _OF_THIRTY:
        before = 0
        for ahead in range(1, (end - start).days + 1):
            so_far = days(convention, start, start + ahead * _DAY)
            yield Fraction(so_far - before, 360), 1
            before = so_far
    else:
        yield Fraction(1, year_of(convention)), (end - start).days


def year_of(convention: DayCount) -> int:
    """The days of a year by the convention; 365 by `actual/actual`."""
    return 360 if convention in (*_OF_THIRTY, DayCount.ACTUAL_360) else 365


def days_in(year: int) -> int:
    """The days of a calendar year."""
    return 366 if isleap(year) else 365


def add_months(day: date, months: int) -> date:
    """The day with the same number so many months on, or the last day of that month where it is missing (BGB 188(3))."""
    years_on, month = divmod(day.month - 1 + months, 12)
    year = day.year + years_on
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


_OF_THIRTY = (DayCount.THIRTY_360, DayCount.THIRTY_E_360)
