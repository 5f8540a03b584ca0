"""When payflow ran: the last moments and the last day decided for, kept in the workings.

`doctor` tells from them whether any run was inside the hours, a run whether the clock went backwards.
"""

from __future__ import annotations

import json
from datetime import date, datetime

from payflow.store.database import Reader, Transaction
from payflow.store.moments import from_moment, to_moment
from payflow.store.workings import get_meta, set_meta

_NAME = "runs"
#: Enough for a week of hourly runs.
_KEPT = 168


_DAY = "run-day"


def note_run(tx: Transaction, now: datetime, day: date | None = None) -> None:
    """Remember a run, and the day it decides for."""
    if day is not None:
        set_meta(tx, _DAY, day.isoformat())
    set_meta(tx, _NAME, json.dumps([*(to_moment(one) for one in runs(tx)), to_moment(now)][-_KEPT:]))


def runs(db: Reader) -> list[datetime]:
    """The last runs, in the order they came."""
    return [from_moment(text) for text in json.loads(get_meta(db, _NAME) or "[]")]


def last_day(db: Reader) -> date | None:
    """The day that the last run decided for."""
    text = get_meta(db, _DAY)
    return date.fromisoformat(text) if text else None
