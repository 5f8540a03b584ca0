"""Percentages as exact fractions of one, and as text."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache


@lru_cache(maxsize=1024)  # a policy's rate stands on every notice
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
