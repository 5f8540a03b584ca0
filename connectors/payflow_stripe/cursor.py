"""What a pull remembers for the next one: a moment, and the few ids that the next one must look at again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from payflow.connector import Cursor

#: Raised when what is remembered, or how objects are understood, changes its meaning: then everything is read again.
FORM = 1
#: Stripe forgets events after 30 days; five days are kept in hand.
OLDEST = timedelta(days=25)
#: Everything is read again this often even if nothing seems to be missed.
FULL_EVERY = timedelta(days=7)
#: And this often while an invoice that Stripe calls paid is owed again: no list of open invoices shows that it still is.
FULL_EVERY_IF_OWED = timedelta(hours=20)
#: Events are asked for from this much earlier than the last pull: their stamps are whole seconds and they may come late.
OVERLAP = timedelta(hours=1)
#: With more ids than this, reading everything is no dearer than asking for them one by one.
MOST_IDS = 2000


class Memory(Struct, frozen=True):
    """The last pull told everything up to `until`, and everything was read last at `full`.

    `unsettled` are the invoices that were open, draft or given up; `owed_again` says that some paid one is owed again, after a
    refund or in a dispute; `scene` is what must not have changed since.
    """

    until: datetime
    full: datetime
    unsettled: Sequence[str]
    owed_again: bool
    scene: Sequence[str]

    def to_cursor(self) -> Cursor:
        """As JSON values. Too many ids leave nothing worth remembering but the moment, so the next pull is a full one."""
        fits = len(self.unsettled) <= MOST_IDS
        return {
            "form": FORM if fits else 0,
            "until": int(self.until.timestamp()),
            "full": int(self.full.timestamp()),
            "unsettled": sorted(self.unsettled) if fits else [],
            "owed-again": self.owed_again,
            "scene": list(self.scene),
        }


def recall(cursor: Cursor | None, scene: Sequence[str], now: datetime) -> Memory | None:
    """What the cursor remembers; None when everything has to be read: no cursor, too old, another key or zone, not ours."""
    if not isinstance(cursor, Mapping) or cursor.get("form") != FORM or cursor.get("scene") != list(scene):
        return None
    until, full = _moment(cursor.get("until")), _moment(cursor.get("full"))
    unsettled, owed_again = _ids(cursor.get("unsettled")), bool(cursor.get("owed-again"))
    if until is None or full is None or unsettled is None:
        return None
    often = FULL_EVERY_IF_OWED if owed_again else FULL_EVERY
    if now - until > OLDEST or now - full > often or until > now + OVERLAP:
        return None
    return Memory(until, full, unsettled, owed_again, tuple(scene))


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(value, UTC) if isinstance(value, int) else None
    except (ValueError, OverflowError, OSError):
        return None


def _ids(value: Any) -> Sequence[str] | None:
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else None
