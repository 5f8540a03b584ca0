"""Statutes by name, the rates that follow from one for a stretch of time, and its fixed sum.

    statute("uk")                                    what the law says (`payflow.policy.law`)
    rates_for(statute, starts, until)                the yearly rate of each day of interest
    compensation(statute, amount, currency)          the fixed sum beside the interest

A rate that no table holds is never guessed: `rates_for` raises `OutOfTable`, which says how to add it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

from msgspec.structs import replace

from payflow.errors import UnknownName
from payflow.policy import acts
from payflow.policy import compensation as fixed_sums
from payflow.policy.fees import percent
from payflow.policy.law import Fixing, Reference, Statute
from payflow.policy.rates import OutOfTable, Rate, RateTable, half_years, load_table
from payflow.policy.tables import half_year_start

#: All statutes by name, in the order in which they are listed.
STATUTES: Mapping[str, Statute] = MappingProxyType({act.name: act for act in acts.ALL})


def statute(name: str) -> Statute:
    """A statute by its name. Raises `UnknownName` with the nearest one."""
    if name not in STATUTES:
        raise UnknownName("statute", name, list(STATUTES))
    return STATUTES[name]


def rates_for(
    statute: Statute, starts: date, until: date, *, extra: Path | None = None, arose: date | None = None
) -> Sequence[Rate]:
    """The yearly rates from `starts`, the first day that bears interest, through `until`, in order.

    The first begins on `starts`, each further one where another rate begins (in the Netherlands also with each half-year), so
    they cover every day once.
    `arose` is the day of the debt, for laws that treat older debts otherwise; left out, it is `starts`. `extra` is a folder
    with tables of the user's own. Empty when `until` is before `starts`. Raises `OutOfTable`.
    """
    if until < starts:
        return ()
    points = _points(statute, arose or starts)
    last = _last_day(statute, starts)
    counted = until if last is None else min(until, last)
    rates = [_raised(statute, points, rate) for rate in _read(statute, starts, counted, extra)]
    if statute.reference is Reference.HALF_YEAR:
        rates = _changing(rates)
    rates[0] = replace(rates[0], since=starts)
    if last is not None and until > last:
        years = "one year" if statute.years == 1 else f"{statute.years} years"
        stop = Rate(date.fromordinal(last.toordinal() + 1), Fraction(0), f"interest stops after {years}")
        rates.append(stop)
    return tuple(rates)


def _points(statute: Statute, arose: date) -> Fraction:
    points = statute.margin(arose)
    if points is None:
        raise OutOfTable(
            f"the statute {statute.name} is written out for debts from {statute.margins[0].since}, and this one is of {arose}. "
            f"Name the rate yourself: interest = {{ annual = PERCENT }}."
        )
    return points


def _last_day(statute: Statute, starts: date) -> date | None:
    """The last day that bears interest; None where nothing but payment ends it."""
    if statute.years is None:
        return None
    day = starts if (starts.month, starts.day) != (2, 29) else date(starts.year, 3, 1)
    return date.fromordinal(day.replace(year=day.year + statute.years).toordinal() - 1)


def _read(statute: Statute, starts: date, until: date, extra: Path | None) -> list[Rate]:
    """What the statute's table says for the days from `starts` through `until`."""
    if statute.fixing is Fixing.FLAT:
        return [Rate(starts, Fraction(0), statute.title)]
    table = load_table(statute.table, extra)
    if statute.fixing is Fixing.FLOATING:
        if statute.reference is Reference.DAY:
            return _by_half_year(table, starts, until)
        return [_of_half_year(table, day) for day in half_years(starts, until)]
    day = starts if statute.fixing is Fixing.START else until
    return [table.at(day) if statute.reference is Reference.DAY else _of_half_year(table, half_year_start(day))]


def _changing(rates: list[Rate]) -> list[Rate]:
    """Without those that stay what they were, rounded as the statute rounds: they open no stretch."""
    return [
        rate for before, rate in zip([None, *rates], rates, strict=False) if not before or rate.annual != before.annual
    ]


def _by_half_year(table: RateTable, starts: date, until: date) -> list[Rate]:
    """A table read from each row's own day, where each half-year is a stretch also when its rate is the old one.

    So the published Dutch example rounds (`NL-10` of docs/conformance.md).
    """
    days = {starts, *half_years(starts, until)[1:], *(rate.since for rate in table.between(starts, until)[1:])}
    return [replace(table.at(day), since=day) for day in sorted(days)]


def _of_half_year(table: RateTable, first: date) -> Rate:
    """The rate of the first day of a half-year, which counts from that day."""
    return replace(table.at(first), since=first)


def _raised(statute: Statute, points: Fraction, rate: Rate) -> Rate:
    """A rate with the statute's margin on it, rounded as the statute rounds."""
    annual = rate.annual + points
    if statute.fixing is Fixing.FLAT:
        return Rate(rate.since, annual, f"{percent(annual)} % a year, {statute.title}")
    why = f"{rate.why} + {percent(points)} points" if points else rate.why
    step = statute.rounded_up_to
    if step is not None and annual % step:
        annual += step - annual % step
        why += f", rounded up to {percent(annual)} %"
    if statute.fixing is Fixing.START:
        why += ", fixed on the day interest starts"
    elif statute.fixing is Fixing.END:
        why += ", the rate of the last day throughout"
    return Rate(rate.since, annual, why)


def compensation(statute: Statute, amount: int, currency: str, *, exchange: Fraction | None = None) -> int | None:
    """The fixed sum for a debt of `amount` minor units of `currency`, in minor units of that currency.

    None where the law grants none, and where it is granted in another currency and no rate of `exchange` (what one unit of
    the law's currency costs in `currency`) is given: `compensation_note` says which.
    """
    fixed = statute.compensation
    return fixed_sums.payable(fixed, amount, currency, exchange) if fixed is not None else None


def compensation_note(statute: Statute, amount: int, currency: str) -> str:
    """Where the fixed sum comes from, or why `compensation` gives no figure."""
    fixed = statute.compensation
    if fixed is None:
        return f"{statute.title} grants no fixed sum."
    found = fixed_sums.granted(fixed, amount, currency)
    if found is not None and found.currency == currency:
        return f"{fixed.rule}."
    return fixed_sums.missing(fixed, amount, currency)


def lowest_agreed(statute: Statute, day: date, *, extra: Path | None = None) -> Rate | None:
    """The least yearly rate that a contract may agree on a day, where the law sets one by a table: France. Else None.

    Raises `OutOfTable` where the table has no row for the day.
    """
    if statute.name != acts.FR.name:
        return None
    legal = load_table("fr_taux_legal_pro_partial", extra).at(day)
    return Rate(legal.since, legal.annual * 3, f"three times the {legal.why}")
