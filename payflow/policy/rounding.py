"""Rounding an exact figure to whole minor units: in which direction, and how often."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

from payflow.money import round_half_up


class Mode(StrEnum):
    """What becomes of the part of a minor unit."""

    # halves go away from zero: 0.125 is 0.13
    HALF_UP = "half-up"
    # halves go to the even neighbour: 0.125 is 0.12, 0.135 is 0.14
    HALF_EVEN = "half-even"
    # what is not whole is cut off: 0.129 is 0.12
    DOWN = "down"


class Rounding(StrEnum):
    """Which figure is rounded; what is added up afterwards is whole already."""

    # the sum, once
    END = "end"
    # the interest of each stretch between two payments, rates or capitalisations
    SEGMENT = "segment"
    # the interest of each day, then times days, as gov.uk does it
    DAY = "day"


def rounded(value: Fraction, mode: Mode) -> int:
    """The nearest whole number in that mode, exact at any size."""
    if mode is Mode.HALF_UP:
        return round_half_up(value.numerator, value.denominator)
    if mode is Mode.HALF_EVEN:
        return round(value)
    return int(value)
