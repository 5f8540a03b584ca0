"""An amount paid in several lines, each with terms of its own: percentages, fixed amounts, and the balance.

The lines always add up to the total: each percentage is rounded half up, and the last line takes what is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from msgspec import Struct

from payflow.model.agreement import Anchor, InstalmentTerms, Terms
from payflow.money import round_half_up
from payflow.policy.calendars import Calendar
from payflow.policy.terms import due_date


class Percent(Struct, frozen=True):
    """A share of the total; `share` is an exact fraction of one."""

    share: Fraction
    terms: Terms


class Fixed(Struct, frozen=True):
    """An amount in minor units, or what is left where that is less."""

    amount: int
    terms: Terms


class Balance(Struct, frozen=True):
    """What the lines before leave; it comes last."""

    terms: Terms


Line = Percent | Fixed | Balance


class Instalment(Struct, frozen=True):
    """An amount in minor units and the day it falls due."""

    due_on: date
    amount: int


def lines_in(agreed: Sequence[InstalmentTerms], currency: str) -> list[Line] | None:
    """The lines of a policy for an invoice in a currency; None where a fixed instalment has no amount in it."""
    if any(one.amount and currency not in one.amount for one in agreed):
        return None
    return [
        Percent(one.percent, one.terms)
        if one.percent is not None
        else Fixed(one.amount[currency], one.terms)
        if one.amount
        else Balance(one.terms)
        for one in agreed
    ]


def check(lines: Sequence[Line]) -> None:
    """Raise `ValueError` for lines that do not add up to every total: the message says which line and what to do."""
    if not lines:
        raise ValueError("no instalments: give at least one line")
    for place, line in enumerate(lines, 1):
        if isinstance(line, Balance) and place < len(lines):
            raise ValueError(f"line {place} takes the balance, and others follow: put it last")
        if isinstance(line, Percent) and not 0 < line.share <= 1:
            raise ValueError(f"line {place}: a percentage is more than 0 and at most 100")
        if isinstance(line, Fixed) and line.amount <= 0:
            raise ValueError(f"line {place}: a fixed amount is more than nothing")
    share = sum((line.share for line in lines if isinstance(line, Percent)), Fraction(0))
    if share > 1:
        raise ValueError("the percentages add up to more than 100: lower one of them")
    if not isinstance(lines[-1], Balance) and (share != 1 or any(isinstance(line, Fixed) for line in lines)):
        raise ValueError("the lines do not add up to every total: make the last one the balance")


def split(total: int, lines: Sequence[Line]) -> list[int]:
    """The amount of each line in minor units; they add up to `total`, and none goes beyond what is left.

    A negative total, a credit note's, is split as its opposite is. Raises `ValueError` as `check` does.
    """
    check(lines)
    left, amounts = abs(total), []
    for line in lines[:-1]:
        amount = min(_wanted(line, abs(total)), left)
        amounts.append(amount)
        left -= amount
    amounts.append(left)
    return amounts if total >= 0 else [-amount for amount in amounts]


def instalments(
    total: int,
    lines: Sequence[Line],
    issued: date,
    *,
    calendar: Calendar | None = None,
    anchors: Mapping[Anchor, date] | None = None,
) -> list[Instalment]:
    """Each line with its amount and the day it falls due, in the order of the lines."""
    amounts = split(total, lines)
    return [
        Instalment(due_date(line.terms, issued, calendar=calendar, anchors=anchors), amount)
        for line, amount in zip(lines, amounts, strict=True)
    ]


def _wanted(line: Line, total: int) -> int:
    if isinstance(line, Percent):
        exact = line.share * total
        return round_half_up(exact.numerator, exact.denominator)
    return line.amount if isinstance(line, Fixed) else total
