"""Late fees of a column of invoices at once, to the same minor unit as `payflow.policy.late_fees.fee_on`."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from payflow.columns import Ints
from payflow.money import round_half_up
from payflow.policy.late_fees import FeeBand, FeeBase, FeeSize, FeeTerms, Take

#: Products below stay within int64; what might not is worked out in Python's integers.
_WIDE = 2**62


def fee_column(terms: FeeTerms, outstanding: Ints, original: Ints, before: Ints | None = None) -> Ints:
    """`fee_on` for a column of invoices at once, to the same minor unit; amounts up to 2**62 in size."""
    base = outstanding if terms.base is FeeBase.OUTSTANDING else original
    fee = np.zeros(len(base), dtype=np.int64)
    left = outstanding > 0
    for band in terms.bands:
        held = left & _holds(terms, band, base)
        if held.any():
            fee[held] = _sizes(terms, band.size, base[held])
            left &= ~held
        if not left.any():
            break
    took = (outstanding > 0) & ~left
    if terms.minimum is not None:
        fee = np.where(took, np.maximum(fee, terms.minimum), fee)
    if terms.maximum is not None:
        fee = np.minimum(fee, terms.maximum)
    if terms.cap is not None:
        so_far = np.zeros(len(base), dtype=np.int64) if before is None else before
        fee = np.minimum(fee, np.maximum(terms.cap - so_far, 0))
    return fee


def _holds(terms: FeeTerms, band: FeeBand, base: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which amounts lie in a band. A limit without tax is one with tax: the greatest whole amount that is not above it."""
    grown = 1 + (terms.tax or Fraction(0))
    result = np.ones(len(base), dtype=np.bool_)
    if band.up_to is not None:
        result &= base <= band.up_to * grown.numerator // grown.denominator
    if band.below is not None:
        result &= base < -(-band.below * grown.numerator // grown.denominator)
    return result


def _sizes(terms: FeeTerms, size: FeeSize, base: Ints) -> Ints:
    """The fees of one size."""
    if size.percent is None:
        return np.full(len(base), size.amount or 0, dtype=np.int64)
    share = size.percent / (1 + (terms.tax or Fraction(0)))
    above, below = share.numerator, share.denominator
    if 2 * above * below + below < _WIDE:
        whole, rest = base // below, base % below
        part: Ints = whole * above + (2 * rest * above + below) // (2 * below)
    else:
        part = np.fromiter((round_half_up(one * above, below) for one in base.tolist()), np.int64, len(base))
    if size.amount is None:
        return part
    return np.minimum(part, size.amount) if size.take is Take.LESSER else np.maximum(part, size.amount)
