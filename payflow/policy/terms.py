"""Payment terms: from the date of an invoice to the day it falls due.

Terms are an ordered list of moves (`TermPart`); calendar days throughout. `due_date` and `due_days` give the same day, one
for a date, one for an array of day numbers.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING

from payflow.model.agreement import TermPart, Terms

if TYPE_CHECKING:
    from payflow.columns import Ints

#: What `terms = "..."` may say, for messages.
ACCEPTED = (
    '"due-on-receipt", "net-N" (N days), "eom" (end of the month) or "net-N-eom" (N days, then end of that month)'
)

#: Longer terms are a slip of the keyboard: no contract grants more than ten years.
LONGEST = 3650

_TERMS = re.compile(r"net-(?P<days>[0-9]{1,4})(?P<eom>-eom)?", re.ASCII)
_END_OF_MONTH = (TermPart.END_OF_MONTH, 0)


def parse_terms(text: str) -> Terms:
    """The terms that a short name stands for: `net-15`, `eom`, ... Raises `ValueError` that lists what is accepted."""
    if text == "due-on-receipt":
        return Terms(text, ())
    if text == "eom":
        return Terms(text, (_END_OF_MONTH,))
    match = _TERMS.fullmatch(text)
    if match is None or int(match["days"]) > LONGEST:
        raise ValueError(f"Write {ACCEPTED}, N from 0 to {LONGEST}")
    days = (TermPart.DAYS, int(match["days"]))
    return Terms(text, (days, _END_OF_MONTH) if match["eom"] else (days,))


def due_date(terms: Terms, issued: date) -> date:
    """The day an invoice of that date falls due."""
    day = issued
    for part, count in terms.parts:
        if part is TermPart.DAYS:
            day += timedelta(days=count)
        else:
            day = day.replace(day=monthrange(day.year, day.month)[1])
    return day


def due_days(terms: Terms, issued: Ints) -> Ints:
    """`due_date` for many invoices at once: int64 days since 1970-01-01 in and out; `NO_DAY` stays `NO_DAY`."""
    import numpy as np

    from payflow.columns import NO_DAY

    days = issued.astype(np.int64)
    for part, count in terms.parts:
        if part is TermPart.DAYS:
            days = days + count
        else:
            month = days.astype("datetime64[D]").astype("datetime64[M]")
            days = (month + 1).astype("datetime64[D]").astype(np.int64) - 1
    return np.where(issued == NO_DAY, NO_DAY, days)
