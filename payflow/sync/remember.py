"""What of a reading the journal must remember, so that payment days can be inferred whatever becomes of the mirror.

Only what tells more is kept: a balance that differs from the one before, and the moments just before and after at which the
old and the new balance were still, and already, seen. The same is kept in whatever order the readings come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from payflow.decide import freshness
from payflow.decide.facts import Observed, local_day
from payflow.model.facts import Status
from payflow.policy.sightings import Sighting
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
    new: InvoiceRow,
    old: InvoiceRow | None,
    observed: Observed,
    readings: Sequence[ReadingRow],
    zone: ZoneInfo,
    *,
    rival: bool = False,
) -> tuple[list[Memorable], Observed]:
    """What `new` tells beyond `observed`, and both together. `old` is what was known before; `readings` newest first.

    `rival`: another report of that moment told something too; then the one counts that shows less money.
    """
    due_on = None if new.status == Status.DRAFT else new.due_on
    is_news = due_on is not None and (observed.due_on is None or due_on > observed.due_on)
    due = to_date(due_on) if is_news and due_on is not None else None
    told = {one.stamp: one for one in observed.sightings}
    found: list[Memorable] = []
    now = _now(new, zone)
    if now is not None and rival:
        others = told.get(now.stamp) or _of_rivals(now, new, sorted(told.values()), readings) or now
        now = min(now, others, key=lambda one: (one.paid + one.credited, one))
    kept = _kept(now, new, old, sorted(told.values()), readings, zone)
    if now is not None and due is not None:
        kept[now.stamp] = now
    for stamp, sighting in kept.items():
        here = due if stamp == new.read_at else None
        if told.get(stamp) != sighting or here is not None:
            told[stamp] = sighting
            found.append(Memorable(new.id, stamp, sighting.paid, sighting.credited, here))
    if due is not None and not found:
        # a due date to be remembered where no balance is: beside the last that was seen, which changes nothing
        last = max((one for one in told.values() if one.stamp <= new.read_at), default=None)
        paid, credited = _balance(last) if last else (0, 0)
        found.append(Memorable(new.id, new.read_at, paid, credited, due))
    return found, Observed(sorted(told.values()), due_on if is_news else observed.due_on)


def _of_rivals(
    now: Sighting, new: InvoiceRow, told: Sequence[Sighting], readings: Iterable[ReadingRow]
) -> Sighting | None:
    """What another report of this moment showed that was not kept, since it was as before."""
    before = max((one for one in told if one.stamp < now.stamp), default=None)
    if before is None or not any(one.as_of == now.stamp and _could_list(one, new, before) for one in readings):
        return None
    return before._replace(stamp=now.stamp, day=now.day)


def _now(new: InvoiceRow, zone: ZoneInfo) -> Sighting | None:
    balance = None if new.dated_entries else seen(new)
    return None if balance is None else _sighting(new.read_at, balance, zone)


def _kept(
    now: Sighting | None,
    new: InvoiceRow,
    old: InvoiceRow | None,
    told: Sequence[Sighting],
    readings: Sequence[ReadingRow],
    zone: ZoneInfo,
) -> dict[str, Sighting]:
    """What is to be known by its moment: what was seen now, unless its neighbours in time say the same.

    The earliest is always kept. A sighting that differs from a neighbour is kept together with the nearest one that did not,
    since what was not kept was like the one before: so both sides of every change are known, whatever is read later.
    """
    if now is None:
        return {}
    before = max((one for one in told if one.stamp < now.stamp), default=None)
    after = min((one for one in told if one.stamp > now.stamp), default=None)
    replaced = next((one for one in told if one.stamp == now.stamp), None)
    if before is not None and replaced is None and _balance(before) == _balance(now) == _balance(after or before):
        return {}
    kept = {now.stamp: now}
    if old is None or old.dated_entries or (replaced is not None and _balance(replaced) == _balance(now)):
        return kept
    if before is not None and _balance(before) != _balance(now):
        last = old.read_at
        if last >= now.stamp:
            last = max(_listings(new, before, readings, before.stamp, now.stamp), default=before.stamp)
        kept.setdefault(last, _sighting(last, _balance(before), zone))
    then = replaced or after or before  # what was seen after it and not kept was like the one it replaces
    if then is not None and _balance(then) != _balance(now) and old.read_at > now.stamp:
        until = after.stamp if after else old.read_at
        first = min(_listings(new, then, readings, now.stamp, until), default=until)
        if replaced is None or after is None or first != until:
            kept[first] = _sighting(first, _balance(then), zone)
    return kept


def _listings(
    row: InvoiceRow, state: Sighting, readings: Iterable[ReadingRow], since: str, until: str
) -> Iterable[str]:
    """Moments between two others of readings that listed the invoice, its balance being that of `state`."""
    return (one.as_of for one in readings if since < one.as_of < until and _could_list(one, row, state))


def _could_list(reading: ReadingRow, row: InvoiceRow, state: Sighting) -> bool:
    """Whether a reading would have listed the invoice with the balance of `state`."""
    as_it_was = row._replace(status=Status.UNSTATED, balance=row.total - state.paid - state.credited)
    return freshness.could_list(reading, as_it_was)


def _balance(sighting: Sighting) -> tuple[int, int]:
    return sighting.paid, sighting.credited


def _sighting(stamp: str, balance: tuple[int, int], zone: ZoneInfo) -> Sighting:
    return Sighting(stamp, _day(stamp, zone), *balance)


@lru_cache(maxsize=1024)
def _day(stamp: str, zone: ZoneInfo) -> int:
    """The day of a moment: one reading has one, and very many invoices."""
    return local_day(from_moment(stamp), zone)
