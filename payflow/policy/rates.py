"""Interest rates over time."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import NamedTuple


class Rate(NamedTuple):
    """A yearly rate as an exact fraction of one, in force from the day `since`; `why` says what it rests on."""

    since: date
    annual: Fraction
    why: str
