"""Which notice is next: one step at a time, in order, spaced, never after payment, never late when meant for before.

The ladder is the only part with a memory: it goes by the notices that were carried out. Days on hold do not count: a step
of day 7 is due when 7 days have passed since the due date on which nobody held the chasing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from payflow.model.agreement import Policy, Step
from payflow.model.journal import Announcement, Hold, Notice

_DAY = timedelta(days=1)

#: What the journal's steps begin with that are no steps of a ladder: words about charges taken back.
CORRECTION = "correction:"


class Next(NamedTuple):
    """The next step and the first day it may be taken, or why there is none."""

    step: Step | None
    on: date | None
    why: str


def next_step(policy: Policy, due_on: date, as_of: date, notices: Sequence[Notice], holds: Sequence[Hold]) -> Next:
    """The step an invoice is to get next. `notices` are all that were sent about it, `holds` those that touch it.

    `on` is never before `as_of`; a step with `on == as_of` is due now.
    """
    if not policy.ladder:
        return Next(None, None, f"policy {policy.name} has no steps")
    for step in _remaining(policy, notices):
        if step.day < 0 and as_of > due_on:
            continue
        on = earliest(policy, step, due_on, notices, holds)
        # a step that was due before is still not taken while somebody holds the chasing
        on = None if on is None else _after_holds(max(on, as_of), holds)
        if on is None:
            return Next(None, None, "held until a person releases it")
        if step.day < 0 and on > due_on:
            continue
        return Next(step, on, "")
    return Next(None, None, "every step of the ladder was taken")


def _remaining(policy: Policy, notices: Sequence[Notice]) -> Sequence[Step]:
    taken = {notice.step for notice in notices}
    last = max((index for index, step in enumerate(policy.ladder) if step.key in taken), default=-1)
    return policy.ladder[last + 1 :]


def earliest(policy: Policy, step: Step, due_on: date, notices: Sequence[Notice], holds: Sequence[Hold]) -> date | None:
    """The first day on which `step` may be taken: its day, the spacing, the grace, what was announced, no hold.

    None when a hold without an end stands in the way.
    """
    on = _unheld(due_on, step.day, holds)
    if on is None:
        return None
    for notice in notices:
        # steps of a ladder that governed the invoice before count too: the client had them
        if not notice.step.startswith(CORRECTION):
            on = max(on, notice.on + max(policy.spacing, 1) * _DAY)
    if step.fee:
        on = max(on, due_on + (policy.grace + 1) * _DAY)
        announced = announcement_of(step, notices)
        if announced is not None:
            on = max(on, announced.on)
    return _after_holds(on, holds)


def announcement_of(step: Step, notices: Sequence[Notice]) -> Announcement | None:
    """How the last notice that was handed over named the fee of `step`, if one did."""
    for notice in reversed(notices):
        if notice.handed_over and notice.announced is not None and notice.announced.step == step.key:
            return notice.announced
    return None


def held_on(day: date, holds: Collection[Hold]) -> Hold | None:
    """The hold that stands on a day, the longest if there are several."""
    standing = [hold for hold in holds if hold.since <= day and (hold.until is None or day <= hold.until)]
    return max(standing, key=lambda hold: hold.until or date.max, default=None)


def _unheld(due_on: date, days: int, holds: Sequence[Hold]) -> date | None:
    """The day on which `days` unheld days have passed since the due date; before the due date holds do not shift."""
    on = due_on + days * _DAY
    if days <= 0 or not holds:
        return on
    on, passed = due_on, 0
    while passed < days:
        on += _DAY
        hold = held_on(on, holds)
        if hold is None:
            passed += 1
        elif hold.until is None:
            return None
        else:
            on = hold.until
    return on


def _after_holds(on: date, holds: Sequence[Hold]) -> date | None:
    while (hold := held_on(on, holds)) is not None:
        if hold.until is None:
            return None
        on = hold.until + _DAY
    return on
