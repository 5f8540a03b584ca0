"""Which rows of a reading tell nothing that would have to be remembered: `remember`, in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from payflow.columns import NO_DAY, Ints
from payflow.store import observations
from payflow.store.observations import First

if TYPE_CHECKING:
    from collections.abc import Sequence

    from payflow.store import Reader

Mask = NDArray[np.bool_]


class Seen(Struct, frozen=True):
    """(paid, credited) as the source shows them, and the due date to be remembered: `merge.seen` and `remember` in columns."""

    shown: Mask
    paid: Ints
    credited: Ints
    due_on: Ints


def quiet(db: Reader, shown: Seen, rows: Ints, ids: Ints, stamp: str) -> Mask:
    """Of some rows, those of which the last that was seen was just this, before `stamp`, and no later due date is printed."""
    low, high = int(ids.min()), int(ids.max())
    last = _Last(low, high - low + 1)
    for first in observations.firsts(db, low, high):
        last.take_in_first(first)
    last.take_in_later(observations.later(db, low, high))
    at = ids - low
    same = last.seen[at] & last.until(stamp)[at]
    same &= (last.paid[at] == shown.paid[rows]) & (last.credited[at] == shown.credited[rows])
    return np.asarray((~shown.shown[rows] | same) & (shown.due_on[rows] <= last.due_on[at]), dtype=np.bool_)


class _Last:
    """The last that was seen of `count` identities from `low` on, and the latest due date."""

    def __init__(self, low: int, count: int) -> None:
        self.low, self.count = low, count
        self.seen = np.zeros(count, dtype=np.bool_)
        self.paid, self.credited, self.at = (np.zeros(count, dtype=np.int64) for _ in range(3))
        self.due_on = np.full(count, NO_DAY, dtype=np.int64)
        #: the moments that `at` counts
        self.stamps: list[str] = []

    def until(self, stamp: str) -> Mask:
        """Whether it was seen by then."""
        return np.array([one <= stamp for one in self.stamps] or [False], dtype=np.bool_)[self.at]

    def take_in_first(self, first: First) -> None:
        """First sightings, of which there is one for each identity."""
        places = np.array(first.invoice, dtype=np.int64) - self.low
        inside = (places >= 0) & (places < self.count)
        places = places[inside]
        self.seen[places] = True
        self.paid[places] = np.array(first.paid, dtype=np.int64)[inside]
        self.credited[places] = np.array(first.credited, dtype=np.int64)[inside]
        self.due_on[places] = _days(first.due_on)[inside]
        self.at[places] = len(self.stamps)
        self.stamps.append(first.as_of)

    def take_in_later(self, told: Sequence[tuple[int, str, int, int, int | None]]) -> None:
        """Single sightings, by identity and moment; at the moment of a first one, instead of it."""
        if not told:
            return
        invoices, stamps, paid, credited, due_on = zip(*told, strict=True)
        places = np.array(invoices, dtype=np.int64) - self.low
        np.maximum.at(self.due_on, places, _days(due_on))
        ends = np.append(places[1:] != places[:-1], True)  # of several the last
        places, rows = places[ends], np.flatnonzero(ends)
        known = {stamp: len(self.stamps) + number for number, stamp in enumerate(dict.fromkeys(stamps))}
        self.stamps.extend(known)
        at = np.array([known[stamps[row]] for row in rows.tolist()], dtype=np.int64)
        order = np.searchsorted(np.sort(self.stamps), self.stamps)  # the same moment twice has the same place
        newer = ~self.seen[places] | (order[at] >= order[self.at[places]])
        places, rows, at = places[newer], rows[newer], at[newer]
        self.seen[places] = True
        self.paid[places] = np.array(paid, dtype=np.int64)[rows]
        self.credited[places] = np.array(credited, dtype=np.int64)[rows]
        self.at[places] = at


def _days(days: Sequence[int | None]) -> Ints:
    return np.array([NO_DAY if day is None else day for day in days], dtype=np.int64)
