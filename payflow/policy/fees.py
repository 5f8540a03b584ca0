"""What a late fee amounts to, in figures and in words."""

from __future__ import annotations

from fractions import Fraction

from payflow.model.agreement import LateFee
from payflow.money import round_half_up, show


def amount(fee: LateFee, currency: str, outstanding: int) -> int | None:
    """The fee in minor units on what is outstanding when its step is taken; None where the fee names no such currency.

    A percent is rounded half up, once. A flat fee exists only in the currencies it names (design 6.10).
    """
    if fee.percent is not None:
        return round_half_up(outstanding * fee.percent.numerator, fee.percent.denominator)
    return fee.flat.get(currency)


def words(fee: LateFee, currency: str) -> str:
    """The fee as agreed: `25.00 GBP`, or `1.5 % of what is outstanding`."""
    if fee.percent is not None:
        return f"{percent(fee.percent)} % of what is outstanding"
    return show(fee.flat[currency], currency)


def percent(fraction: Fraction) -> str:
    """A fraction of one as percent text without needless zeros: Fraction(47, 400) is `11.75`.

    Every percent comes from decimal text, so the digits end.
    """
    value = fraction * 100
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
    scaled = int(value * 10**digits)
    text = str(abs(scaled)).rjust(digits + 1, "0")
    sign = "-" if scaled < 0 else ""
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}"


def from_percent(text: str) -> Fraction:
    """Percent text as an exact fraction of one: `1.5` is 3/200."""
    return Fraction(text) / 100
