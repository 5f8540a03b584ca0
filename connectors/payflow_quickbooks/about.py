"""What a QuickBooks report says in its titles and footer: the period, the day it speaks for, when it was printed.

Titles come as company, report, period or as report, company, period. Periods seen: `July 1-August 3, 2026`,
`As of Jul 25, 2026`, `January - March, 2026`, `All Dates`. The footer: `Accrual Basis Wednesday, September 02, 2026 01:27 AM
GMT-05:00`, in older reports `Wednesday, Sep 02, 2026 01:27:15 AM GMT-5 - Accrual Basis`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

from msgspec.structs import replace

from payflow.connector import Scope
from payflow_exports.dates import month_of, read
from payflow_exports.format import About, DayOrder, Frame

_PRINTED = re.compile(
    r"(?P<month>[A-Za-z]{3,9})\.? (?P<day>[0-9]{1,2}), (?P<year>[0-9]{4})"
    r" (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
    r" (?P<half>[AaPp][Mm]) GMT(?P<offset>[+-][0-9]{1,2}(?::?[0-9]{2})?)?(?![0-9])"
)
_RANGE = re.compile(
    r"^(?P<month>[A-Za-z]{3,9})(?: (?P<day>[0-9]{1,2}))?(?:, ?(?P<year>[0-9]{4}))? ?[-\u2013] ?"
    r"(?:(?P<month2>[A-Za-z]{3,9}) ?)?(?P<day2>[0-9]{1,2})?,? ?(?P<year2>[0-9]{4})$"
)
_ONE_MONTH = re.compile(r"^(?P<month>[A-Za-z]{3,9}),? (?P<year>[0-9]{4})$")
_NUMBERS = re.compile(r"^(?P<first>[0-9./-]{6,10}?) ?(?:-|\u2013|to) ?(?P<last>[0-9./-]{6,10})$")
_AS_OF = re.compile(r"^As (?:of|at) (?P<date>.+)$", re.IGNORECASE)
#: Reports of open items only, by words of their title; the company's name, such as Packaging Ltd, is a title as well.
_OPEN_ONLY = re.compile(r"\b(?:open invoices|age?ing|unpaid)\b", re.IGNORECASE)


def about_list(frame: Frame) -> About:
    """Of a list of invoices. Without a period that is understood, an absence from it means nothing."""
    titles = _titles(frame)
    about = next((found for found in map(period, titles) if found), About(scope=Scope.CHANGED))
    if about.as_of is not None:
        about = replace(about, covers_to=about.as_of)
    if any(map(_OPEN_ONLY.search, titles)):
        about = replace(about, scope=Scope.OPEN)
    return replace(about, printed=printed(frame.tail))


def about_aging(frame: Frame) -> About:
    """Of an ageing report: the day it speaks for; all that was open then is listed."""
    days = [found.as_of for found in map(period, _titles(frame)) if found and found.as_of]
    return About(as_of=days[0] if days else None, printed=printed(frame.tail), scope=Scope.OPEN)


def printed(tail: Sequence[str]) -> datetime | None:
    """The moment in the footer, with its own offset."""
    for text in reversed(tail):
        if match := _PRINTED.search(text):
            hour = int(match["hour"]) % 12 + (12 if match["half"].lower() == "pm" else 0)
            try:
                return datetime(
                    int(match["year"]),
                    month_of(match["month"]),
                    int(match["day"]),
                    hour,
                    int(match["minute"]),
                    int(match["second"] or 0),
                    tzinfo=_offset(match["offset"]),
                )
            except ValueError:
                return None
    return None


def period(title: str) -> About | None:
    """A title row as a period, None where it is none that is understood."""
    text = " ".join(title.split())
    if text.casefold() in ("all dates", "all"):
        return About(scope=Scope.ALL)
    if match := _AS_OF.match(text):
        written = read(match["date"].strip())
        sure = written and (
            not written.open or written.first == written.second or max(written.first, written.second) > 12
        )
        order = DayOrder.DAY_FIRST if written and written.first > 12 else DayOrder.MONTH_FIRST
        day = written.on(order, UTC, utc=True) if written and sure else None
        return About(as_of=day, scope=Scope.ALL) if day else None
    found = _named(text) or _numbers(text)
    return About(scope=Scope.ALL, covers_from=found[0], covers_to=found[1]) if found else None


def _titles(frame: Frame) -> list[str]:
    return [" ".join(cell.strip() for cell in cells if cell.strip()) for cells in frame.titles]


def _named(text: str) -> tuple[date, date] | None:
    if match := _ONE_MONTH.match(text):
        first = last = month_of(match["month"])
        return _span(int(match["year"]), first, None, int(match["year"]), last, None)
    if not (match := _RANGE.match(text)):
        return None
    year2 = int(match["year2"])
    first = month_of(match["month"])
    last = month_of(match["month2"]) if match["month2"] else first
    if not match["month2"] and not match["day2"]:
        return None
    day, day2 = (int(match[name]) if match[name] else None for name in ("day", "day2"))
    return _span(int(match["year"] or year2), first, day, year2, last, day2)


def _span(
    year: int, month: int, day: int | None, year2: int, month2: int, day2: int | None
) -> tuple[date, date] | None:
    try:
        start, end = date(year, month, day or 1), date(year2, month2, day2 or monthrange(year2, month2)[1])
    except ValueError:  # also for a month that is none; monthrange raises a kind of it
        return None
    return (start, end) if start <= end else None


def _numbers(text: str) -> tuple[date, date] | None:
    """A period in digits, if one order of its slots makes sense and the other does not."""
    match = _NUMBERS.match(text)
    if match is None:
        return None
    ends = [read(match[name].strip()) for name in ("first", "last")]
    spans = set()
    for order in DayOrder:
        start, end = (written.on(order, UTC, utc=True) if written else None for written in ends)
        if start and end and start <= end:
            spans.add((start, end))
    return spans.pop() if len(spans) == 1 else None


def _offset(text: str | None) -> timezone:
    """`-05:00`, `-5`, `+0530` or nothing."""
    if not text:
        return UTC
    hours, _, minutes = text[1:].partition(":")
    if not minutes and len(hours) > 2:
        hours, minutes = hours[:-2], hours[-2:]
    delta = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-delta if text[0] == "-" else delta)
