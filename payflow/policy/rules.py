"""Rates compiled for columns: a running sum of weights by day for each rule, so that interest is a gather and a subtraction.

For simple interest that is rounded once, let T(d) be the running sum, up to day d, of what one unit earns on each day. Then

    interest = sum over stretches of balance x (T(last) - T(day before the first))

in whole numbers, over one denominator. A fixed rate needs the days alone, times the rate; a floating one has its rates in the
table. What has no such form (compounding, rounding on the way, interest paid first, ...) is left to the exact engine.
Sums are counted back from the day asked for, on which T is 0: then nothing is left of the second term but its amount x T(start).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import lcm
from pathlib import Path

import numpy as np
from msgspec import Struct

from payflow.columns import Ints, to_date, to_day
from payflow.model.agreement import Policy
from payflow.model.interest import Allocation, Compound, DayCount, Interest, Mode, Rounding
from payflow.policy import daycount
from payflow.policy.bearing import law_of
from payflow.policy.law import Fixing, Reference, Statute
from payflow.policy.rates import OutOfTable, half_years, load_table
from payflow.policy.statutes import rates_for

_DAY = timedelta(days=1)


class Rule(Struct, frozen=True):
    """Interest = S x `above` / `below`, where S is the sum of balance x (T(last) - T(before)) with `table` as T.

    `table[0]` is of the first day compiled, and `table[-1]`, of the day asked for, is 0. `unknown` is a running count of the
    days whose rate no table holds; None where all are known. `day_above` / `day_below` is what one day earns on the day asked
    for. `thirty`: by bond basis, where a stretch that ends on a 31st has a day more unless it begins on a 30th or 31st.
    """

    table: Ints
    above: int
    below: int
    day_above: int
    day_below: int
    mode: Mode
    unknown: Ints | None = None
    thirty: bool = False

    @property
    def reach(self) -> int:
        """The most that one unit can earn, before it is divided."""
        return -int(self.table[0]) * self.above + (len(self.table) * self.above if self.thirty else 0)


def has_columns(policy: Policy) -> bool:
    """Whether interest under a policy is simple, rounded once, and leaves the principal alone."""
    interest = policy.interest
    if interest is None or policy.allocation is not Allocation.PRINCIPAL_FIRST:
        return False
    if interest.compound is not Compound.NONE or interest.rounding is not Rounding.END:
        return False
    law = law_of(interest)
    if law is None:
        return True
    if law.years is not None or law.fixing is Fixing.END:
        return False
    if law.fixing is Fixing.START:
        return law.reference is Reference.HALF_YEAR
    return law.fixing is Fixing.FLAT or interest.day_count is not DayCount.THIRTY_360


def fixed_rule(interest: Interest, annual: Fraction | None, first: int, today: int) -> Rule:
    """A rate that does not change; None: one that no table holds."""
    table, year = _scale(interest.day_count, first, today)
    rate = annual if annual is not None else Fraction(0)
    single = rate / _year_of_day(interest.day_count, today)
    return Rule(
        table - table[-1],
        rate.numerator,
        rate.denominator * year,
        single.numerator,
        single.denominator,
        interest.mode,
        unknown=None if annual is not None else np.arange(today - first + 1, dtype=np.int64),
        thirty=interest.day_count is DayCount.THIRTY_360,
    )


def floating_rule(
    interest: Interest, law: Statute, arose: date, first: int, today: int, extra: Path | None
) -> Rule | None:
    """The rates of a statute that change with its table, for debts of that day; None where they are too fine for int64."""
    scale, year = _scale(interest.day_count, first, today)
    known = list(_rates_by_day(law, arose, to_date(first), to_date(today), extra))
    below = lcm(1, *(rate.denominator for _, rate in known if rate is not None))
    if below >= 2**31:
        return None
    since = np.array([day - first for day, _ in known])
    weights = np.array([0 if rate is None else int(rate * below) for _, rate in known], dtype=np.int64)
    missing = np.array([rate is None for _, rate in known])
    # the rate of a day weighs what the scale grows by on that day
    place = np.searchsorted(since, np.arange(1, len(scale)), side="right") - 1
    table = np.zeros(len(scale), dtype=np.int64)
    np.cumsum(np.diff(scale) * weights[place], out=table[1:])
    unknown = None
    if missing.any():
        unknown = np.zeros(len(scale), dtype=np.int64)
        np.cumsum(missing[place], out=unknown[1:])
    last = known[-1][1] or Fraction(0)
    single = last / _year_of_day(interest.day_count, today)
    return Rule(table - table[-1], 1, below * year, single.numerator, single.denominator, interest.mode, unknown)


def rate_on(law: Statute, day: date, arose: date, extra: Path | None) -> Fraction | None:
    """The rate of one day on which interest starts; None where no table holds it."""
    try:
        return rates_for(law, day, day, extra=extra, arose=arose)[0].annual
    except OutOfTable:
        return None


def _rates_by_day(
    law: Statute, arose: date, first: date, last: date, extra: Path | None
) -> Iterator[tuple[int, Fraction | None]]:
    """(day number, rate) from each day on which the rate may change, the first one included."""
    days = {first, *half_years(first, last)[1:]}
    if law.reference is Reference.DAY:
        days |= {row.since for row in load_table(law.table, extra).rows if first < row.since <= last}
    for day in sorted(days):
        yield to_day(day), rate_on(law, day, arose, extra)


def _scale(convention: DayCount, first: int, today: int) -> tuple[Ints, int]:
    """A running count of days from `first` through `today`, 0 on `first`, and how many of its units a year has."""
    days = np.arange(first, today + 1, dtype=np.int64)
    if convention is DayCount.ACTUAL_ACTUAL:
        years = days[1:].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
        leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
        scale = np.zeros(len(days), dtype=np.int64)
        np.cumsum(np.where(leap, 365, 366), out=scale[1:])
        return scale, 365 * 366
    if convention in (DayCount.THIRTY_360, DayCount.THIRTY_E_360):
        return _thirties(days) - _thirties(days[:1]), 360
    return days - first, daycount.year_of(convention)


def _thirties(days: Ints) -> Ints:
    """Day numbers in months of 30 days, the 31st being the 30th."""
    month = days.astype("datetime64[D]").astype("datetime64[M]")
    of_month = days - month.astype("datetime64[D]").astype(np.int64) + 1
    numbers: Ints = month.astype(np.int64) * 30 + np.minimum(of_month, 30)
    return numbers


def _year_of_day(convention: DayCount, today: int) -> int:
    """The days of the year by which the day after `today` counts."""
    if convention is DayCount.ACTUAL_ACTUAL:
        return daycount.days_in((to_date(today) + _DAY).year)
    return daycount.year_of(convention)


def margin_days(law: Statute) -> Sequence[int]:
    """Day numbers from which debts have another margin."""
    return [to_day(margin.since) for margin in law.margins]
