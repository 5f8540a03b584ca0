"""Late fees in every form a contract gives them, and the days on which they arise.

A fee is a flat sum, a percentage of what is outstanding or of the original amount, the greater or the lesser of both, or one
of these by bands of the amount; it has a least and a most, arises once or again and again, and may be capped in total. Fees
are taken on principal alone, never on interest or on other fees. They are rounded half up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from payflow.money import round_half_up, show
from payflow.policy.daycount import add_months
from payflow.policy.fees import percent as percent_text

_DAY = timedelta(days=1)


class FeeBase(StrEnum):
    """What percentages and bands go by."""

    # what is unpaid at the end of the day before the fee arises
    OUTSTANDING = "outstanding"
    # the invoice's amount, whatever was paid since
    ORIGINAL = "original"


class Take(StrEnum):
    """Which one, where a fee is both a sum and a percentage."""

    # the higher of the two
    GREATER = "greater"
    # the lower of the two
    LESSER = "lesser"


@dataclass(frozen=True, slots=True)
class FeeSize:
    """A sum in minor units, a percentage as a fraction of one, or both with the word which of them counts."""

    amount: int | None = None
    percent: Fraction | None = None
    take: Take | None = None

    def of(self, base: int) -> int:
        """The fee on a base, in minor units."""
        sizes = [] if self.amount is None else [self.amount]
        if self.percent is not None:
            sizes.append(round_half_up(base * self.percent.numerator, self.percent.denominator))
        return min(sizes, default=0) if self.take is Take.LESSER else max(sizes, default=0)

    def words(self, currency: str, base: FeeBase) -> str:
        """As agreed: `25.00 GBP`, `the greater of 25.00 GBP and 1.5 % of what is outstanding`."""
        of = "what is outstanding" if base is FeeBase.OUTSTANDING else "the original amount"
        parts = [] if self.amount is None else [show(self.amount, currency)]
        if self.percent is not None:
            parts.append(f"{percent_text(self.percent)} % of {of}")
        return f"the {self.take} of {' and '.join(parts)}" if len(parts) == 2 else "".join(parts)


@dataclass(frozen=True, slots=True)
class FeeBand:
    """A fee for amounts up to a limit that belongs to it, or below one that does not, or for all the rest."""

    size: FeeSize
    up_to: int | None = None
    below: int | None = None

    def holds(self, base: int) -> bool:
        """Whether an amount lies within the limit."""
        return (self.up_to is None or base <= self.up_to) and (self.below is None or base < self.below)


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """What was agreed. Money in minor units of one currency, `grace` in days after the due date.

    `bands` are asked in order and the first that holds counts; a fee without bands has one. `every_days` or `every_months`
    repeat the fee as long as principal is outstanding; `cap` limits the sum of all.
    """

    bands: tuple[FeeBand, ...]
    base: FeeBase = FeeBase.OUTSTANDING
    minimum: int | None = None
    maximum: int | None = None
    every_days: int = 0
    every_months: int = 0
    cap: int | None = None
    grace: int = 0


def fee_on(terms: FeeTerms, currency: str, outstanding: int, original: int, before: int = 0) -> tuple[int, str]:
    """One fee in minor units, and in words; `before` is the sum of those that arose already. Nothing on nothing."""
    base = outstanding if terms.base is FeeBase.OUTSTANDING else original
    band = next((band for band in terms.bands if band.holds(base)), None)
    if outstanding <= 0 or band is None:
        return 0, ""
    fee, words = band.size.of(base), band.size.words(currency, terms.base)
    if terms.minimum is not None and fee < terms.minimum:
        fee, words = terms.minimum, f"{words}, at least {show(terms.minimum, currency)}"
    if terms.maximum is not None and fee > terms.maximum:
        fee, words = terms.maximum, f"{words}, at most {show(terms.maximum, currency)}"
    if terms.cap is not None and before + fee > terms.cap:
        fee, words = max(0, terms.cap - before), f"{words}, {show(terms.cap, currency)} in total"
    return fee, words


def fee_days(terms: FeeTerms, due_on: date, until: date) -> Iterator[date]:
    """The days on which fees arise, through `until`: the day after due date and grace, then every so many days or months."""
    last = due_on + terms.grace * _DAY
    ahead = 0
    while (on := _ahead(terms, last, ahead)) <= until:
        yield on
        ahead += 1
        if not terms.every_days and not terms.every_months:
            return


def _ahead(terms: FeeTerms, last: date, ahead: int) -> date:
    if terms.every_months:
        return add_months(last, ahead * terms.every_months) + _DAY
    return last + (1 + ahead * terms.every_days) * _DAY
