"""How days and moments stand in the database: days as whole numbers, moments as UTC text that sorts.

The two day functions are also in `payflow.columns`; here they come without NumPy, so that a status answer from the store
alone need not load it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

_EPOCH = date(1970, 1, 1).toordinal()


def to_day(value: date) -> int:
    """Days since 1970-01-01."""
    return value.toordinal() - _EPOCH


def to_date(day: int) -> date:
    """The date of a day number."""
    return date.fromordinal(day + _EPOCH)


def to_moment(value: datetime) -> str:
    """An aware moment as UTC text of one width, `2026-11-21T09:00:00.000000Z`: text order is time order."""
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone; a moment in the store is in UTC")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_moment(text: str) -> datetime:
    """The aware moment, in UTC, that `to_moment` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)
