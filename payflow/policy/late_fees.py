"""Late fees in every form a contract gives them, and the days on which they arise.

A fee is a flat sum, a percentage of what is outstanding or of the original amount, the greater or the lesser of both, or one
of these by bands of the amount; it has a least and a most, arises once or again and again, and may be capped in total. Fees
are taken on principal alone, never on interest or on other fees. They are rounded half up.

`LateFee` is what was agreed, in all its currencies; `FeeTerms` is the same in the one currency of an invoice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction

from msgspec import Struct

from payflow.model.agreement import FeeBase, LateFee, LateFeeBand, Take
from payflow.money import round_half_up, show
from payflow.policy.daycount import add_months
from payflow.policy.percents import percent as percent_text

__all__ = [
    "FeeBand",
    "FeeBase",
    "FeeSize",
    "FeeTerms",
    "Take",
    "fee_days",
    "fee_on",
    "period_of",
    "silent_in",
    "terms_in",
    "terms_words",
    "yearly",
]

_DAY = timedelta(days=1)


class FeeSize(Struct, frozen=True):
    """A sum in minor units, a percentage as a fraction of one, or both with the word which of them counts."""

    amount: int | None = None
    percent: Fraction | None = None
    take: Take | None = None

    @property
    def nothing(self) -> bool:
        """Whether no fee was agreed at all: a band of 0.00, which no minimum raises."""
        return self.amount == 0 and self.percent is None

    def of(self, base: int | Fraction) -> int:
        """The fee on a base, in minor units."""
        sizes = [] if self.amount is None else [self.amount]
        if self.percent is not None:
            exact = base * self.percent
            sizes.append(round_half_up(exact.numerator, exact.denominator))
        return min(sizes, default=0) if self.take is Take.LESSER else max(sizes, default=0)

    def words(self, currency: str, base: FeeBase, tax: Fraction | None = None) -> str:
        """As agreed: `25.00 GBP`, `the greater of 25.00 GBP and 1.5 % of what is outstanding`."""
        of = "what is outstanding" if base is FeeBase.OUTSTANDING else "the original amount"
        net = "" if tax is None else f" without {percent_text(tax)} % tax"
        if self.nothing:
            return "no fee"
        parts = [] if self.amount is None else [show(self.amount, currency)]
        if self.percent is not None:
            parts.append(f"{percent_text(self.percent)} % of {of}{net}")
        return f"the {self.take} of {' and '.join(parts)}" if len(parts) == 2 else "".join(parts)


class FeeBand(Struct, frozen=True):
    """A fee for amounts up to a limit that belongs to it, or below one that does not, or for all the rest."""

    size: FeeSize
    up_to: int | None = None
    below: int | None = None

    def holds(self, base: int | Fraction) -> bool:
        """Whether an amount lies within the limit."""
        return (self.up_to is None or base <= self.up_to) and (self.below is None or base < self.below)


class FeeTerms(Struct, frozen=True):
    """What was agreed. Money in minor units of one currency, `grace` in days after the due date.

    `bands` are asked in order and the first that holds counts; a fee without bands has one. `every_days` or `every_months`
    repeat the fee as long as principal is outstanding; `cap` limits the sum of all. With `tax`, the rate of the tax that
    amounts contain, percentages and bands go by the amount without it; without, by the amount with it.
    """

    bands: tuple[FeeBand, ...]
    base: FeeBase = FeeBase.OUTSTANDING
    minimum: int | None = None
    maximum: int | None = None
    every_days: int = 0
    every_months: int = 0
    cap: int | None = None
    grace: int = 0
    tax: Fraction | None = None


def terms_in(fee: LateFee, currency: str) -> FeeTerms | None:
    """The fee in one currency; None where an amount of it does not name that currency, so that none is made up."""
    if silent_in(fee, currency):
        return None
    bands = fee.bands or (LateFeeBand(fee.flat, fee.percent, fee.take),)
    return FeeTerms(
        bands=tuple(
            FeeBand(
                FeeSize(band.flat.get(currency), band.percent, band.take),
                band.up_to.get(currency),
                band.below.get(currency),
            )
            for band in bands
        ),
        base=fee.of,
        minimum=fee.minimum.get(currency),
        maximum=fee.maximum.get(currency),
        every_days=fee.every_days,
        every_months=fee.every_months,
        cap=fee.cap.get(currency),
        grace=fee.grace,
        tax=fee.tax,
    )


def silent_in(fee: LateFee, currency: str) -> tuple[str, ...]:
    """The keys whose amounts do not name a currency, as people write them: `amount`, `bands#1.up_to`."""
    named: list[tuple[str, Mapping[str, int]]] = [("amount", fee.flat)]
    for place, band in enumerate(fee.bands, 1):
        named += [(f"bands#{place}.{key}", getattr(band, field)) for key, field in _OF_BANDS]
    named += [("minimum", fee.minimum), ("maximum", fee.maximum), ("cap", fee.cap)]
    return tuple(key for key, amounts in named if amounts and currency not in amounts)


_OF_BANDS = (("amount", "flat"), ("up_to", "up_to"), ("below", "below"))


def fee_on(terms: FeeTerms, currency: str, outstanding: int, original: int, before: int = 0) -> tuple[int, str]:
    """One fee in minor units, and in words; `before` is the sum of those that arose already. Nothing on nothing."""
    base = _without_tax(terms, outstanding if terms.base is FeeBase.OUTSTANDING else original)
    band = next((band for band in terms.bands if band.holds(base)), None)
    if outstanding <= 0 or band is None or band.size.nothing:
        return 0, ""
    fee, words = band.size.of(base), band.size.words(currency, terms.base, terms.tax)
    if terms.minimum is not None and fee < terms.minimum:
        fee, words = terms.minimum, f"{words}, at least {show(terms.minimum, currency)}"
    if terms.maximum is not None and fee > terms.maximum:
        fee, words = terms.maximum, f"{words}, at most {show(terms.maximum, currency)}"
    if terms.cap is not None and before + fee > terms.cap:
        fee, words = max(0, terms.cap - before), f"{words}, {show(terms.cap, currency)} in total"
    return fee, words


def _without_tax(terms: FeeTerms, amount: int) -> int | Fraction:
    return amount if terms.tax is None else amount / (1 + terms.tax)


def terms_words(terms: FeeTerms, currency: str) -> str:
    """All that was agreed, in one line: what a notice names before the fee arises."""
    parts: list[str] = []
    for band in terms.bands:
        size = band.size.words(currency, terms.base, terms.tax)
        if band.up_to is not None:
            size = f"{size} for amounts up to {show(band.up_to, currency)}"
        elif band.below is not None:
            size = f"{size} for amounts below {show(band.below, currency)}"
        elif parts:
            size = f"{size} for larger ones"
        parts.append(size)
    said = "; ".join(parts)
    if terms.minimum is not None:
        said = f"{said}, at least {show(terms.minimum, currency)}"
    if terms.maximum is not None:
        said = f"{said}, at most {show(terms.maximum, currency)}"
    if terms.every_months or terms.every_days:
        count, unit = (terms.every_months, "month") if terms.every_months else (terms.every_days, "day")
        said = f"{said}, again every {f'{count} {unit}s' if count > 1 else unit} as long as it is unpaid"
    if terms.cap is not None:
        said = f"{said}, {show(terms.cap, currency)} in total at most"
    return said


def fee_days(terms: FeeTerms, due_on: date, until: date) -> Iterator[date]:
    """The days on which fees arise, through `until`: the day after due date and grace, then every so many days or months."""
    last = due_on + terms.grace * _DAY
    ahead = 0
    while (on := _ahead(last, ahead, terms.every_days, terms.every_months)) <= until:
        yield on
        ahead += 1
        if not terms.every_days and not terms.every_months:
            return


def yearly(terms: FeeTerms | None) -> Fraction:
    """What a percentage that comes again and again comes to in a year, as a fraction of one; 0 for any other fee."""
    percents = [band.size.percent or Fraction(0) for band in terms.bands] if terms is not None else []
    if terms is None or not (terms.every_months or terms.every_days):
        return Fraction(0)
    times = Fraction(12, terms.every_months) if terms.every_months else Fraction(365, terms.every_days)
    return max(percents, default=Fraction(0)) * times


def period_of(first: date, day: date, every_days: int, every_months: int) -> tuple[date, date]:
    """Of a fee that arises again and again, `first` on a day: the beginning of the period that holds `day`, and the next one.

    A day before `first` counts as in the first period.
    """
    ahead = 0
    if every_days:
        ahead = max(0, (day - first).days) // every_days
    elif day > first:
        ahead = max(0, ((day.year - first.year) * 12 + day.month - first.month) // every_months - 1)
    while _ahead(first - _DAY, ahead + 1, every_days, every_months) <= day:
        ahead += 1
    start, following = (_ahead(first - _DAY, count, every_days, every_months) for count in (ahead, ahead + 1))
    return start, following


def _ahead(last: date, ahead: int, every_days: int, every_months: int) -> date:
    """The day of the fee so many periods ahead; `last` is the last day without one."""
    if every_months:
        return add_months(last, ahead * every_months) + _DAY
    return last + (1 + ahead * every_days) * _DAY
