"""Discounts for early payment: what a client may take off who pays by a day.

A discount changes what a payment settles, never the due date. Amounts are minor units; each discount is rounded once, half
up, so that the client is never told a fraction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from msgspec import Struct

from payflow.model.agreement import Anchor, Discount, DiscountBase, TermPart, Terms
from payflow.money import round_half_up
from payflow.policy.calendars import Calendar
from payflow.policy.terms import anchored, moved


class Offer(Struct, frozen=True):
    """What may be taken off by whoever pays up to and on the day `until`.

    Of an invoice in instalments, `instalment` is the one it is of, from 1, and `through` what it and those before come to.
    """

    until: date
    amount: int
    instalment: int = 0
    through: int = 0


class Moved(Struct, frozen=True):
    """What moved an invoice on a day, in minor units; positive lowers what is owed. `credit`: by a credit note."""

    on: date
    amount: int
    credit: bool = False


def offers(
    terms: Terms,
    total: int,
    tax: int,
    issued: date,
    *,
    calendar: Calendar | None = None,
    anchors: Mapping[Anchor, date] | None = None,
) -> list[Offer]:
    """Every discount of the terms on an invoice, by its last day. `total` with tax, `tax` the part of it that is tax."""
    start = anchored(terms, issued, anchors)
    found = [Offer(moved(one.parts, start, calendar), amount_of(one, total, tax)) for one in terms.discounts]
    return sorted(found, key=lambda offer: offer.until)


def discount(
    terms: Terms,
    total: int,
    tax: int,
    issued: date,
    paid_on: date,
    *,
    calendar: Calendar | None = None,
    anchors: Mapping[Anchor, date] | None = None,
) -> Offer | None:
    """The greatest discount that a payment on that day still earns; None when it comes too late for any."""
    open_still = [
        one for one in offers(terms, total, tax, issued, calendar=calendar, anchors=anchors) if paid_on <= one.until
    ]
    return max(open_still, key=lambda one: abs(one.amount), default=None)


def earned(total: int, offers: Sequence[Offer], moved: Sequence[Moved]) -> list[tuple[int, int]]:
    """The discounts that were earned: the place in `moved` of the last payment in time, and what is taken off.

    A discount is earned once all but it was sent by its day, and stays earned as long as all but it is there. What is taken off
    is what is then left. Of an instalment with others after it, money beyond it goes on to these, so that all of its discount
    is taken off, less what the books credited since.
    """
    found: list[tuple[int, int]] = []
    groups: dict[int, list[Offer]] = {}
    for offer in offers:
        groups.setdefault(offer.instalment, []).append(offer)
    given = booked = 0
    for several in groups.values():
        one = _earned_by(total, several, moved, given)
        if one is None:
            continue
        offer, last = one
        left = total - sum(one.amount for one in moved) - given
        if offer.through in (0, total):
            # nothing comes after it: money beyond it has nowhere to go
            amount = min(total - given - _by(moved, offer.until), left)
        else:
            since = sum(one.amount for one in moved if one.credit and one.on >= moved[last].on) - booked
            by_books = min(offer.amount, max(0, since))
            booked += by_books
            amount = min(offer.amount - by_books, left)
        if amount > 0:
            given += amount
            found.append((last, amount))
    return found


def _earned_by(total: int, offers: Sequence[Offer], moved: Sequence[Moved], given: int) -> tuple[Offer, int] | None:
    """The discount of an invoice or an instalment that was earned, after those `given` on the instalments before it."""
    there = sum(one.amount for one in moved) + given
    for offer in offers:
        asked = (offer.through or total) - offer.amount
        timely = [place for place, one in enumerate(moved) if one.on <= offer.until]
        if timely and _by(moved, offer.until) + given >= asked and there >= asked:
            return offer, max(timely, key=lambda place: (not moved[place].credit, moved[place].on))
    return None


def _by(moved: Sequence[Moved], day: date) -> int:
    return sum(one.amount for one in moved if one.on <= day)


def amount_of(offer: Discount, total: int, tax: int) -> int:
    """What a discount takes off: a percentage of the total, or of the total without tax, rounded half up."""
    base = total - tax if offer.base is DiscountBase.NET else total
    exact = base * offer.percent
    return round_half_up(exact.numerator, exact.denominator)


def yearly_cost(percent: Fraction, discount_days: int, net_days: int, year: int = 365) -> Fraction:
    """What it costs a client a year, as a fraction, to pay on the last day and let the discount go (simple, not compounded).

    The client keeps the discounted price for the days between, and pays the discount for it: 2/10 net 30 is
    2/98 for 20 days, 37.24 % in a year of 365 days.
    """
    if net_days <= discount_days:
        raise ValueError(f"{net_days} days net are no longer than the {discount_days} days of the discount")
    if not 0 <= percent < 1:
        raise ValueError("a discount is at least 0 % and less than 100 %")
    return percent / (1 - percent) * Fraction(year, net_days - discount_days)


#: One line of the German e-invoice's payment terms (XRechnung BT-20, rule BR-DE-18).
_SKONTO = re.compile(
    r"#SKONTO#TAGE=(?P<days>[0-9]+)#PROZENT=(?P<percent>[0-9]+\.[0-9]{2})#(?:BASISBETRAG=-?[0-9]+\.[0-9]{2}#)?",
    re.ASCII,
)


def is_skonto(line: str) -> bool:
    """Whether a line of an XRechnung's payment terms states a discount as the standard wants it; one discount a line."""
    return _SKONTO.fullmatch(line) is not None


def skonto(terms: Terms) -> str:
    """The discounts as the lines that an XRechnung wants, each ended by a line break. They know days and gross only."""
    lines = []
    for one in terms.discounts:
        hundredths = one.percent * 10_000
        if (
            [part for part, _ in one.parts] != [TermPart.DAYS]
            or one.base is not DiscountBase.GROSS
            or hundredths.denominator > 1
        ):
            raise ValueError(f"a discount of {terms.name!r} cannot be written as a #SKONTO# line")
        whole, cents = divmod(hundredths.numerator, 100)
        lines.append(f"#SKONTO#TAGE={one.parts[0][1]}#PROZENT={whole}.{cents:02}#\n")
    return "".join(lines)
