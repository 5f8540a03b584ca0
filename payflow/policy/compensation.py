"""The fixed sum that some laws add to the interest of a late payment, once per invoice."""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct

from payflow.money import Money, exponent, round_half_up, show


class Band(Struct, frozen=True):
    """A sum for debts `below` a limit, or `through` a limit, or without any; all in minor units.

    Laws differ in whether the limit itself belongs to the band.
    """

    sum: int
    below: int | None = None
    through: int | None = None

    def holds(self, debt: int) -> bool:
        """Whether a debt lies within the limit."""
        return (self.below is None or debt < self.below) and (self.through is None or debt <= self.through)


class FixedSum(Struct, frozen=True):
    """What a law grants: bands by the debt in `debt_currency`, the first that holds; sums in `currency`.

    A single band without a limit does not ask how large the debt is. `each_instalment`: the law says that an instalment is a
    debt with a sum of its own; where it does not, an invoice has one sum, however it is paid.
    """

    currency: str
    bands: tuple[Band, ...]
    debt_currency: str
    rule: str
    each_instalment: bool = False

    @property
    def flat(self) -> bool:
        """Whether it is one sum for every debt."""
        return len(self.bands) == 1


def flat(amount: int, currency: str, rule: str, *, each_instalment: bool = False) -> FixedSum:
    """One sum for every debt."""
    return FixedSum(currency, (Band(amount),), currency, rule, each_instalment)


def speaks_of(fixed: FixedSum, currency: str) -> bool:
    """Whether a debt in a currency has a sum without a rate of exchange: it is the law's own, and so are the bands'."""
    return currency == fixed.currency and (fixed.flat or currency == fixed.debt_currency)


def granted(fixed: FixedSum, debt: int, currency: str) -> Money | None:
    """The sum in the law's own currency; None where the debt is in another one than the bands, or there is no debt."""
    if debt <= 0 or not (fixed.flat or currency == fixed.debt_currency):
        return None
    return Money(next(band.sum for band in fixed.bands if band.holds(debt)), fixed.currency)


def payable(fixed: FixedSum, debt: int, currency: str, exchange: Fraction | None = None) -> int | None:
    """The sum in minor units of the invoice's currency; None where a rate of exchange is missing.

    `exchange` is what one unit of the law's currency costs in the invoice's; halves round up.
    """
    found = granted(fixed, debt, currency)
    if found is None:
        return None
    if found.currency == currency:
        return found.amount
    if exchange is None:
        return None
    exact = found.amount * exchange * Fraction(10) ** (exponent(currency) - exponent(found.currency))
    return round_half_up(exact.numerator, exact.denominator)


def missing(fixed: FixedSum, debt: int, currency: str) -> str:
    """Why `payable` has no figure, in a sentence."""
    found = granted(fixed, debt, currency)
    if found is None:
        return f"{fixed.rule} has bands in {fixed.debt_currency}; the debt is in {currency}, so no sum follows."
    due = show(found.amount, found.currency)
    return f"{fixed.rule}: {due} is due; it is not converted into {currency} without a rate of exchange."
