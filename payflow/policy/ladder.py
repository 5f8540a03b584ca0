"""Which notice is next: one step at a time, in order, spaced, never after payment, never late when meant for before.

The ladder is the only part with a memory: it goes by the notices that were carried out. Days on hold do not count: a step
of day 7 is due when 7 days have passed since the due date on which nobody held the chasing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from payflow.model.agreement import Policy, Step
from payflow.model.journal import Announcement, Hold, Notice
from payflow.policy.late_fees import period_of

_DAY = timedelta(days=1)

#: What the journal's steps begin with that are no steps of a ladder: words about charges taken back.
CORRECTION = "correction:"
#: What those begin with that ask for charges alone.
CLAIM = "claim:"
#: What stands between a step's key and the period for which the step comes again; no name has it.
AGAIN = "@"
#: What stands between a step's key and the number of the instalment it speaks of; no name has it. The first one has none.
PART = "#"


class Next(NamedTuple):
    """The next step and the first day it may be taken, or why there is none.

    `period` is the beginning of the period for which a step comes again, None the first time; or, as text, what a notice that
    asks for charges alone asks for. `instalment` counts from 1, where the invoice is paid in several.
    """

    step: Step | None
    on: date | None
    why: str
    period: date | str | None = None
    instalment: int = 0

    @property
    def key(self) -> str:
        """What the journal calls the notice: the step's key, with the period if it comes again."""
        step = self.step.key if self.step is not None else ""
        if isinstance(self.period, str):
            return claim_key(self.period)
        step = f"{step}{PART}{self.instalment}" if self.instalment > 1 else step
        return step if self.period is None else f"{step}{AGAIN}{self.period.isoformat()}"


def claim_key(name: str) -> str:
    """The key of a notice that asks for charges alone, by what it asks for."""
    return f"{CLAIM}{name}"


def shown(key: str, names: Mapping[str, str]) -> str:
    """A notice's step as it is called now, `names` by step key; with its period if it came again."""
    if key.startswith(CLAIM):
        return f"charges ({key.removeprefix(CLAIM)})"
    whole, _, period = key.partition(AGAIN)
    step, _, part = whole.partition(PART)
    name = names.get(step, step)
    if part:
        name = f"{name}, instalment {part}"
    return f"{name} of {period}" if period else name


def step_of(key: str) -> str:
    """The step that a notice's key repeats, or the key itself."""
    return key.partition(AGAIN)[0]


def of_instalment(notices: Sequence[Notice], number: int) -> list[Notice]:
    """The notices as one instalment's ladder knows them: its own under the names of the steps; others keep it waiting only."""
    found = []
    for notice in notices:
        whole, again, period = notice.step.partition(AGAIN)
        step, _, part = whole.partition(PART)
        if notice.step.startswith((CORRECTION, CLAIM)):
            found.append(notice)
        elif int(part or 1) == number:
            found.append(replace(notice, step=f"{step}{again}{period}"))
        else:
            found.append(replace(notice, step=f"{step}{PART}{part or 1}{again}{period}", announced=None))
    return found


def is_plain(notice: Notice) -> bool:
    """Whether a notice is one of the ladder that it is among: of no other instalment, and no word about charges."""
    return not notice.step.startswith((CORRECTION, CLAIM)) and PART not in notice.step


def next_step(
    policy: Policy,
    due_on: date,
    as_of: date,
    notices: Sequence[Notice],
    holds: Sequence[Hold],
    *,
    again: bool = False,
) -> Next:
    """The step an invoice is to get next. `notices` are all that were sent about it, `holds` those that touch it.

    `on` is never before `as_of`; a step with `on == as_of` is due now. `again` says that a fee which repeats may arise once
    more; then its step comes again with each period, between the others.
    """
    if not policy.ladder:
        return Next(None, None, f"policy {policy.name} has no steps")
    first = _next_new(policy, due_on, as_of, notices, holds)
    repeated = next_again(policy, due_on, as_of, notices, holds) if again else None
    if repeated is None or repeated.on is None:
        return first
    # on the same day the step that was not taken yet goes first, and the other waits for the spacing
    return first if first.on is not None and first.on <= repeated.on else repeated


def fee_step(policy: Policy) -> Step | None:
    """The first step that claims a fee."""
    return next((step for step in policy.ladder if step.fee), None)


def period(policy: Policy, due_on: date, day: date) -> tuple[date, date] | None:
    """Where the late fee repeats: the beginning of the period that holds `day`, and of the next one.

    The first begins on the day of the step that claims the fee, whether that step was late or not.
    """
    step = fee_step(policy)
    if step is None or policy.late_fee is None or not policy.late_fee.repeats:
        return None
    fee = policy.late_fee
    return period_of(due_on + step.day * _DAY, day, fee.every_days, fee.every_months)


def next_again(
    policy: Policy, due_on: date, as_of: date, notices: Sequence[Notice], holds: Sequence[Hold]
) -> Next | None:
    """The step that claims the fee, for the first period that had no notice. A period that went by without one is let go."""
    step = fee_step(policy)
    last = max((one for notice in notices if (one := _period_taken(policy, step, due_on, notice))), default=None)
    if step is None or last is None:
        return None
    on: date | None = as_of
    while on is not None:
        found = period(policy, due_on, on)
        if found is None:
            return None
        start, following = found
        if start > last:
            ready = earliest(policy, step, due_on, notices, holds)
            on = None if ready is None else _after_holds(max(on, ready), holds)
            if on is not None and on < following:
                return Next(step, on, "", start)
        else:
            on = following
    return Next(None, None, "held until a person releases it")


def _period_taken(policy: Policy, step: Step | None, due_on: date, notice: Notice) -> date | None:
    """The beginning of the period for which a notice spoke of the fee; None for other notices."""
    if step is None or step_of(notice.step) != step.key:
        return None
    if notice.step != step.key:
        return date.fromisoformat(notice.step.partition(AGAIN)[2])
    found = period(policy, due_on, notice.on)
    return found[0] if found is not None else None


def _next_new(policy: Policy, due_on: date, as_of: date, notices: Sequence[Notice], holds: Sequence[Hold]) -> Next:
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
    on = _apart(policy, on, notices)
    if step.fee:
        on = max(on, due_on + (fee_grace(policy) + 1) * _DAY)
        announced = announcement_of(step, notices)
        if announced is not None:
            on = max(on, announced.on)
    return _after_holds(on, holds)


def spaced(policy: Policy, on: date, notices: Sequence[Notice], holds: Sequence[Hold]) -> date | None:
    """The first day from `on` that keeps the spacing and is not held; None when a hold without an end stands in the way."""
    return _after_holds(_apart(policy, on, notices), holds)


def _apart(policy: Policy, on: date, notices: Sequence[Notice]) -> date:
    for notice in notices:
        # steps of a ladder that governed the invoice before count too: the client had them
        if not notice.step.startswith(CORRECTION):
            on = max(on, notice.on + max(policy.spacing, 1) * _DAY)
    return on


def fee_grace(policy: Policy) -> int:
    """Days after the due date on which no fee arises."""
    return max(policy.grace, policy.late_fee.grace if policy.late_fee is not None else 0)


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
