"""Money movements inferred from balances seen on different days.

Many exports say how much was paid, not when. A payment is then dated the day after the last reading that did not show it;
never seen unpaid, the day of issue (design 6.3). Money that went back is dated the day it was seen. The result depends on the
set of sightings only, not on the order in which the files were read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct

from payflow.model.facts import EntryKind


class Sighting(NamedTuple):
    """What a source said of an invoice as of a moment: minor units paid and credited by then.

    `stamp` is an ISO 8601 text in UTC and orders sightings; `day` is its day number in the business's zone.
    """

    stamp: str
    day: int
    paid: int
    credited: int


class Movement(Struct, frozen=True):
    """An inferred entry: the day, what it was, its effect (positive lowers what is owed), and the day it was first seen."""

    day: int
    kind: EntryKind
    amount: int
    seen: int = 0


def movements(sightings: Iterable[Sighting], issued_on: int) -> list[Movement]:
    """The movements that explain what was seen."""
    found: list[Movement] = []
    before: Sighting | None = None
    for seen in sorted(sightings):
        # never later than the day on which it was seen, and never before the invoice was there
        since = issued_on if before is None else min(before.day + 1, seen.day)
        for kind, amount in (
            (EntryKind.PAYMENT, seen.paid - (before.paid if before else 0)),
            (EntryKind.CREDIT, seen.credited - (before.credited if before else 0)),
        ):
            if amount > 0:
                found.append(Movement(max(since, issued_on), kind, amount, seen.day))
            elif amount < 0:
                found.append(
                    Movement(seen.day, EntryKind.REFUND if kind is EntryKind.PAYMENT else kind, amount, seen.day)
                )
        before = seen
    return found


def untold(sightings: Sequence[Sighting], told: Sequence[tuple[int, int]]) -> list[Sighting]:
    """What the sightings show beyond money movements that are known by themselves, as (day, amount); below zero is money back.

    A list of payments of the same books tells some of the money that balances show; the rest is still inferred. What was sent
    after the last sighting is not in it and takes nothing away from it. Books show what was paid with refunds taken off or not.
    """
    last = max((seen.day for seen in sightings), default=0)
    came = sum(amount for day, amount in told if amount > 0 and day <= last)
    if not came:
        return list(sightings)
    left = []
    for seen in sightings:
        back = -sum(amount for day, amount in told if amount < 0 and day <= seen.day)
        beyond = seen.paid - came if seen.paid >= came else max(seen.paid - came + back, 0)
        left.append(seen._replace(paid=beyond))
    return left
