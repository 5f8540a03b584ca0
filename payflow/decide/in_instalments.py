"""Invoices that are paid in instalments: what is shown of each part, and which one is written about next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from payflow.columns import to_date
from payflow.model.agreement import Policy
from payflow.model.invoice_view import InstalmentView, InvoiceView
from payflow.model.journal import Hold, Notice
from payflow.policy import ladder
from payflow.policy.accrual import Accrual
from payflow.policy.parts import Parts
from payflow.policy.rows import accrued


def instalment_views(
    parts: Parts | None, row: int, policy: Policy | None, days_overdue: int, as_of: date
) -> tuple[InstalmentView, ...]:
    """The parts of an invoice in order of due date; empty where it is paid at once. Nothing is late unless the invoice is."""
    if parts is None or policy is None or row not in parts.of:
        return ()
    tolerance = policy.tolerance.get(parts.book.currencies[int(parts.book.currency[parts.of[row][0]])], 0)
    found = []
    for number, part in enumerate(parts.of[row], start=1):
        left, due_on = max(0, int(parts.left[part])), to_date(int(parts.due_on[part]))
        late = max(0, (as_of - due_on).days) if days_overdue and left > tolerance else 0
        found.append(
            InstalmentView(
                number=number,
                due_on=due_on,
                amount=int(parts.book.total[part]),
                outstanding=left,
                days_overdue=late,
                terms=policy.instalments[parts.lines[part]].terms.name,
                interest=int(parts.interest[part]),
                interest_per_day=int(parts.interest_per_day[part]),
            )
        )
    return tuple(found)


def accrued_in_parts(
    parts: Parts | None, row: int, policy: Policy, as_of: date, extra: Path | None = None
) -> list[Accrual]:
    """What became of each part of an invoice by a day, in order of due date. Raises `OutOfTable`."""
    assert parts is not None
    return [accrued(parts.bearing, part, policy, int(parts.due_on[part]), as_of, extra) for part in parts.of[row]]


def next_instalment(
    policy: Policy,
    view: InvoiceView,
    tolerance: int,
    as_of: date,
    notices: Sequence[Notice],
    holds: Sequence[Hold],
    *,
    again: bool,
) -> ladder.Next:
    """The next notice about any part that is not paid: each climbs the ladder by itself, spaced from all the others.

    `again` says that a late fee which repeats may arise once more. On one day a step that was not taken yet goes first, then
    the part that was written about longest ago: so the fees of one never keep those of another waiting for good.
    """
    nexts = []
    for one in view.instalments:
        if one.outstanding > tolerance:
            own = ladder.of_instalment(notices, one.number)
            step = ladder.next_step(policy, one.due_on, as_of, own, holds, again=again)
            last = max((notice.on for notice in own if ladder.is_plain(notice)), default=date.min)
            nexts.append((step._replace(instalment=one.number), date.min if step.period is None else last))
    ahead = [(step, last) for step, last in nexts if step.on is not None]
    if ahead:
        return min(ahead, key=lambda found: (found[0].on, found[1], found[0].instalment))[0]
    return nexts[0][0] if nexts else ladder.Next(None, None, "every instalment is paid")
