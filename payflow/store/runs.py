"""When payflow ran: the last moments, kept in the workings so that `doctor` can tell whether any was inside the hours."""

from __future__ import annotations

import json
from datetime import datetime

from payflow.store.database import Reader, Transaction
from payflow.store.moments import from_moment, to_moment
from payflow.store.workings import get_meta, set_meta

_NAME = "runs"
#: Enough for a week of hourly runs.
_KEPT = 168


def note_run(tx: Transaction, now: datetime) -> None:
    """Remember a run."""
    set_meta(tx, _NAME, json.dumps([*(to_moment(one) for one in runs(tx)), to_moment(now)][-_KEPT:]))


def runs(db: Reader) -> list[datetime]:
    """The last runs, in order."""
    return [from_moment(text) for text in json.loads(get_meta(db, _NAME) or "[]")]
