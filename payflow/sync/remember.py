"""What of a reading the journal must remember, so that payment days can be inferred whatever becomes of the mirror.

Only what tells more is kept: a balance that differs from the one before, and the moments just before and after at which the
old and the new balance were still, and already, seen. The same is kept in whatever order the readings come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from payflow.decide import freshness
from payflow.decide.facts import Observed, local_day
from payflow.model.facts import Status
from payflow.policy.sightings import Sighting, tells_more
from payflow.store.mirror import InvoiceRow, ReadingRow
from payflow.store.moments import from_moment, to_date
from payflow.sync.merge import seen


class Memorable(NamedTuple):
    """A row of an observation record."""

    invoice: int
    as_of: str
    paid: int
    credited: int
    due_on: date | None

    def as_json(self) -> list[int | str | None]:
        """As the record's body holds it."""
        return [self.invoice, self.as_of, self.paid, self.credited, self.due_on.isoformat() if self.due_on else None]


def worth_remembering(
    new: InvoiceRow, old: InvoiceRow | None, observed: Observed, readings: Sequence[ReadingRow], zone: ZoneInfo
) -> tuple[list[Memorable], Observed]:
    """What `new` tells beyond `observed`, and both together. `old` is what was known before; `readings` newest first."""
    due_on = None if new.status == Status.DRAFT else new.due_on
    is_news = due_on is not None and (observed.due_on is None or due_on > observed.due_on)
    due = to_date(due_on) if is_news and due_on is not None else None
    told = list(observed.sightings)
    found: list[Memorable] = []
    for sighting in _candidates(new, old, sorted(told), readings, zone):
        now = sighting.stamp == new.read_at
        if tells_more(told, sighting, new.issued_on) or (now and due is not None):
            told.append(sighting)
            found.append(Memorable(new.id, sighting.stamp, sighting.paid, sighting.credited, due if now else None))
    if due is not None and not found:
        # a due date to be remembered where no balance is: beside the last that was seen, which changes nothing
        last = max((one for one in told if one.stamp <= new.read_at), default=None)
        paid, credited = _balance(last) if last else (0, 0)
        found.append(Memorable(new.id, new.read_at, paid, credited, due))
    return found, Observed(told, due_on if is_news else observed.due_on)


def _candidates(
    new: InvoiceRow, old: InvoiceRow | None, told: Sequence[Sighting], readings: Sequence[ReadingRow], zone: ZoneInfo
) -> Iterator[Sighting]:
    """What was seen now, and where that is a change, the nearest readings before and after that saw something else."""
    balance = None if new.dated_entries else seen(new)
    if balance is None:
        return
    yield _sighting(new.read_at, balance, zone)
    before = max((one for one in told if one.stamp < new.read_at), default=None)
    after = min((one for one in told if one.stamp > new.read_at), default=None)
    if old is None or old.dated_entries:
        return
    if before is not None and _balance(before) != balance:
        last = old.read_at
        if last >= new.read_at:
            last = max(_listings(new, before, readings, before.stamp, new.read_at), default=before.stamp)
        if last > before.stamp:
            yield _sighting(last, _balance(before), zone)
    then = after or before
    if then is not None and _balance(then) != balance and old.read_at > new.read_at:
        until = after.stamp if after else old.read_at
        first = min(_listings(new, then, readings, new.read_at, until), default=until)
        yield _sighting(first, _balance(then), zone)


def _listings(
    row: InvoiceRow, state: Sighting, readings: Iterable[ReadingRow], since: str, until: str
) -> Iterable[str]:
    """Moments between two others of readings that listed the invoice, its balance being that of `state`."""
    as_it_was = row._replace(status=Status.UNSTATED, balance=row.total - state.paid - state.credited)
    return (one.as_of for one in readings if since < one.as_of < until and freshness.could_list(one, as_it_was))


def _balance(sighting: Sighting) -> tuple[int, int]:
    return sighting.paid, sighting.credited


def _sighting(stamp: str, balance: tuple[int, int], zone: ZoneInfo) -> Sighting:
    return Sighting(stamp, local_day(from_moment(stamp), zone), *balance)
