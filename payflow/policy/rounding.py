"""Rounding an exact figure to whole minor units: in which direction, and how often."""

from __future__ import annotations

from fractions import Fraction

from payflow.model.interest import Mode as Mode
from payflow.model.interest import Rounding as Rounding
from payflow.money import round_half_up


def rounded(value: Fraction, mode: Mode) -> int:
    """The nearest whole number in that mode, exact at any size."""
    if mode is Mode.HALF_UP:
        return round_half_up(value.numerator, value.denominator)
    if mode is Mode.HALF_EVEN:
        return round(value)
    return int(value)
