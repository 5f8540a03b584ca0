"""Discounts for early payment: by when each invoice, or each of its instalments, earns one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import accumulate

from msgspec.structs import replace

from payflow.model.agreement import Anchor, Policy, Terms
from payflow.policy.claims import Governed
from payflow.policy.discounts import Offer, offers
from payflow.policy.instalments import lines_in, split
from payflow.policy.terms import due_date
from payflow.store.mirror import InvoiceRow
from payflow.workspace.business_days import calendar_of


def discount_offers(
    governed: Sequence[Governed], rows: Sequence[InvoiceRow], anchors: Sequence[date | None], country: str
) -> dict[int, Sequence[Offer]]:
    """Discounts for early payment by row. Books do not tell the tax in a total, so one on the net amount is of the whole."""
    found: dict[int, Sequence[Offer]] = {}
    for place, (item, row, start) in enumerate(zip(governed, rows, anchors, strict=True)):
        if item.policy is None or start is None or row.total <= 0:
            continue
        home = (item.contract.client.country if item.contract else "") or country
        if item.policy.instalments:
            several = tuple(_of_instalments(item.policy, row, start, home))
            if several:
                found[place] = several
        elif item.policy.terms.discounts:
            found[place] = _offers(item.policy.terms, row.total, start)
    return found


def _of_instalments(policy: Policy, row: InvoiceRow, start: date, home: str) -> Iterator[Offer]:
    """Those of each instalment, in order of due date; an instalment that takes nothing is none."""
    lines = (
        lines_in(policy.instalments, row.currency) if any(one.terms.discounts for one in policy.instalments) else None
    )
    if lines is None:
        return
    parts = sorted(
        (_due(line.terms, start, home), place, amount)
        for place, (line, amount) in enumerate(zip(lines, split(row.total, lines), strict=True))
        if amount
    )
    through = accumulate(amount for _, _, amount in parts)
    for number, ((_, place, amount), so_far) in enumerate(zip(parts, through, strict=True), start=1):
        for one in _offers(lines[place].terms, amount, start):
            yield replace(one, instalment=number, through=so_far)


def _due(terms: Terms, start: date, home: str) -> date:
    calendar = calendar_of(terms.calendar or home) if terms.rolls else None
    return due_date(replace(terms, anchor=Anchor.INVOICE), start, calendar=calendar)


def _offers(terms: Terms, total: int, start: date) -> list[Offer]:
    """The last day of a discount is a day of the calendar, whatever moves the due date."""
    return offers(replace(terms, anchor=Anchor.INVOICE), total, 0, start)
