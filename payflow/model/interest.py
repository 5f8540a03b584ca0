"""What a policy agrees on interest, and the words it is written with."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction

from msgspec import Struct, field


class Per(StrEnum):
    """The time that a rate was agreed for."""

    # a year
    ANNUAL = "annual"
    # a month; twelve of them are a year
    MONTHLY = "monthly"
    # a day; a year has as many as the day count says
    DAILY = "daily"


class DayCount(StrEnum):
    """A convention. The first three count the days of the calendar, the last two months of 30 days."""

    # a year has 365 days, a leap year too
    ACTUAL_365 = "actual/365"
    # a year has 360 days, so a whole calendar year earns 365/360 of the rate
    ACTUAL_360 = "actual/360"
    # each day is 1/365 or, in a leap year, 1/366 of a year (ISDA)
    ACTUAL_ACTUAL = "actual/actual"
    # bond basis: the 31st counts as the 30th at the start, and at the end if the start was the 30th or 31st
    THIRTY_360 = "30/360"
    # eurobond basis: the 31st counts as the 30th at both ends
    THIRTY_E_360 = "30E/360"


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


class Compound(StrEnum):
    """When unpaid interest begins to bear interest. Days and months count from the day before interest starts."""

    # never
    NONE = "none"
    # after each year: BW 6:119a(3), 28 USC 1961
    YEARLY = "yearly"
    # after each month
    MONTHLY = "monthly"
    # after each 30 days: 5 CFR 1315.10
    DAYS_30 = "30-days"


class Allocation(StrEnum):
    """The order in which a part payment pays."""

    # principal, then interest, then costs: as a contract may say
    PRINCIPAL_FIRST = "principal-first"
    # interest, then principal, then costs: Code civil 1343-1, most states of the US
    INTEREST_FIRST = "interest-first"
    # costs, then interest, then principal: BGB 367, BW 6:44
    COSTS_FIRST = "costs-first"


class Interest(Struct, frozen=True):
    """The rate of a year as an exact fraction of one (8 % is Fraction(8, 100)), or a statute by name, whose rate is then 0 here.

    What a statute says of day count, rounding and the like is written out here, so that a version of the agreement keeps it.
    `grace` None: the policy's. `floor` in minor units per currency: less interest than that is not claimed.
    """

    annual: Fraction
    per: Per = Per.ANNUAL
    statute: str = ""
    day_count: DayCount = DayCount.ACTUAL_365
    rounding: Rounding = Rounding.END
    mode: Mode = Mode.HALF_UP
    compound: Compound = Compound.NONE
    grace: int | None = None
    grace_counts: bool = False
    floor: Mapping[str, int] = field(default_factory=dict)
