"""What a late fee amounts to in one currency, in figures and in words."""

from __future__ import annotations

from payflow.model.agreement import LateFee
from payflow.policy.late_fees import fee_on, terms_in, terms_words
from payflow.policy.percents import from_percent, percent

__all__ = ["amount", "exists", "from_percent", "percent", "words", "worked_out"]


def worked_out(
    fee: LateFee, currency: str, outstanding: int, original: int | None = None, before: int = 0
) -> tuple[int, str] | None:
    """The fee in minor units and how it came about; None where it does not exist in the currency.

    `outstanding` when its step is taken, `original` the invoice's amount (left out: the same), `before` the sum of the fees
    that arose on the invoice already. Rounded half up, once.
    """
    terms = terms_in(fee, currency)
    if terms is None:
        return None
    return fee_on(terms, currency, outstanding, outstanding if original is None else original, before)


def amount(fee: LateFee, currency: str, outstanding: int, original: int | None = None, before: int = 0) -> int | None:
    """The figure of `worked_out` alone."""
    found = worked_out(fee, currency, outstanding, original, before)
    return None if found is None else found[0]


def exists(fee: LateFee, currency: str) -> bool:
    """Whether every amount of the fee names the currency (design 6.10)."""
    return terms_in(fee, currency) is not None


def words(fee: LateFee, currency: str) -> str:
    """The fee as agreed: `25.00 GBP`, `1.5 % of what is outstanding, at least 10.00 GBP`, ..."""
    terms = terms_in(fee, currency)
    if terms is None:
        raise ValueError(f"the fee has no amount in {currency}")
    return terms_words(terms, currency)
