"""Payment terms: from the day they count from to the day an invoice falls due.

Terms are an ordered list of moves (`TermPart`). `due_date` and `due_days` give the same day, one for a date, one for an
array of day numbers. How terms are written is in `terms_in_words`, business days are in `calendars`.

Months are added from the day that stands before them, all that follow one another at once: 31 January and one month is
28 February, and one month more is 31 March, not 28 March (BGB 188(3); `docs/terms.md`).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from payflow.model.agreement import Anchor, Parts, TermPart, Terms
from payflow.policy.calendars import Calendar, Roll, roll, roll_days
from payflow.policy.terms_in_words import LONGEST, TermsError, parse_terms

if TYPE_CHECKING:
    from payflow.columns import Ints

_ROLLS = {TermPart.FOLLOWING: Roll.FOLLOWING, TermPart.PRECEDING: Roll.PRECEDING}


def due_date(
    terms: Terms,
    issued: date,
    *,
    calendar: Calendar | None = None,
    anchors: Mapping[Anchor, date] | None = None,
) -> date:
    """The day an invoice of that date falls due.

    `anchors` tells the days of receipt, delivery or acceptance where the terms count from one of them, `calendar` the
    business days where they move to one. Raises `ValueError` when the one that is asked for is missing.
    """
    return moved(terms.parts, anchored(terms, issued, anchors), calendar)


def anchored(terms: Terms, issued: date, anchors: Mapping[Anchor, date] | None) -> date:
    """The day that the terms count from. Raises `ValueError` when it is not told."""
    if terms.anchor in (anchors or {}):
        return (anchors or {})[terms.anchor]
    if terms.anchor is Anchor.INVOICE:
        return issued
    raise ValueError(f"the terms count from the day of {terms.anchor}, and that day is not known")


def moved(parts: Parts, start: date, calendar: Calendar | None = None) -> date:
    """The day that the parts lead to, in order; never one before `start`."""
    day = start
    for part, count in _at_once(parts):
        if part is TermPart.DAYS:
            day += timedelta(days=count)
        elif part is TermPart.MONTHS:
            day = _in_month(day, count, day.day)
        elif part is TermPart.END_OF_MONTH:
            day = _in_month(day, 0, 31)
        elif part is TermPart.DAY_OF_MONTH:
            this_month = _in_month(day, 0, count)
            day = this_month if this_month >= day else _in_month(day, 1, count)
        else:
            day = max(roll(day, _ROLLS[part], _given(calendar)), start)
    return day


def due_days(terms: Terms, issued: Ints, *, calendar: Calendar | None = None) -> Ints:
    """`due_date` for many invoices at once: int64 days since 1970-01-01 in and out; `NO_DAY` stays `NO_DAY`.

    `issued` is the day the terms count from, whichever that is.
    """
    import numpy as np

    from payflow.columns import NO_DAY

    if not len(issued):
        return issued.astype(np.int64)
    low = int(issued.min())
    if low != NO_DAY and all(part is TermPart.DAYS for part, _ in terms.parts):
        return issued.astype(np.int64) + sum(count for _, count in terms.parts)
    if low != NO_DAY and int(issued.max()) - low < len(issued):
        # many invoices of few days: each day is worked out once
        table = _moved_days(terms.parts, np.arange(low, int(issued.max()) + 1, dtype=np.int64), calendar)
        return table[issued - low]
    days = issued.astype(np.int64)
    known = days != NO_DAY
    days[known] = _moved_days(terms.parts, days[known], calendar)
    return days


def _moved_days(parts: Parts, start: Ints, calendar: Calendar | None) -> Ints:
    """`moved` for an array."""
    import numpy as np

    days = start
    for part, count in _at_once(parts):
        if part is TermPart.DAYS:
            days = days + count
        elif part is TermPart.MONTHS:
            days = _in_month_days(days, count, None)
        elif part is TermPart.END_OF_MONTH:
            days = _in_month_days(days, 0, 31)
        elif part is TermPart.DAY_OF_MONTH:
            this_month = _in_month_days(days, 0, count)
            days = np.where(this_month >= days, this_month, _in_month_days(days, 1, count))
        else:
            days = np.maximum(roll_days(days, _ROLLS[part], _given(calendar)), start)
    return days


def _at_once(parts: Parts) -> Parts:
    """The parts with months that follow one another added up, so that a short month between them takes nothing away."""
    merged: list[tuple[TermPart, int]] = []
    for part, several in groupby(parts, key=lambda item: item[0]):
        counts = [count for _, count in several]
        merged += [(part, sum(counts))] if part is TermPart.MONTHS else [(part, count) for count in counts]
    return tuple(merged)


def _in_month(day: date, ahead: int, number: int) -> date:
    """The day with that number in the month `ahead` months on; the last of that month if it has no such day."""
    years, month = divmod(day.month - 1 + ahead, 12)
    year = day.year + years
    return date(year, month + 1, min(number, monthrange(year, month + 1)[1]))


def _in_month_days(days: Ints, ahead: int, number: int | None) -> Ints:
    """`_in_month` for an array; `number` None: the number that each day has in its own month."""
    import numpy as np

    month = days.astype("datetime64[D]").astype("datetime64[M]")
    first: Ints = (month + ahead).astype("datetime64[D]").astype(np.int64)
    last: Ints = (month + (ahead + 1)).astype("datetime64[D]").astype(np.int64) - 1
    before = days - month.astype("datetime64[D]").astype(np.int64) if number is None else np.int64(number - 1)
    moved_days: Ints = np.minimum(first + before, last)
    return moved_days


def _given(calendar: Calendar | None) -> Calendar:
    if calendar is None:
        raise ValueError("the terms move to a business day, and no calendar says which days those are")
    return calendar


__all__ = ["LONGEST", "TermsError", "anchored", "due_date", "due_days", "moved", "parse_terms"]
