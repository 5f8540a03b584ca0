"""Late fees of a column of invoices at once, to the same minor unit as `payflow.policy.late_fees.fee_on`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from payflow.columns import Ints
from payflow.money import round_half_up
from payflow.policy.late_fees import FeeBand, FeeBase, FeeSize, FeeTerms, Take

#: Products below stay within int64; what might not is worked out in Python's integers.
_WIDE = 2**62


def fee_columns(
    terms: Sequence[FeeTerms | None], currency: Ints, outstanding: Ints, original: Ints, before: Ints | None = None
) -> Ints:
    """`fee_column` of invoices in several currencies: `terms` by code of `currency`, None where a fee does not name it.

    Currencies in which the same was agreed are worked out at once.
    """
    fees = np.zeros(len(outstanding), dtype=np.int64)
    kinds: list[FeeTerms] = []
    for one in terms:
        if one is not None and one not in kinds:
            kinds.append(one)
    rows = np.flatnonzero(outstanding > 0)
    kind = np.array([-1 if one is None else kinds.index(one) for one in terms], dtype=np.int64)
    alone = len(kinds) == 1 and None not in terms
    of = None if alone else kind[currency[rows]]
    for at, one in enumerate(kinds):
        mine = rows if of is None else rows[of == at]
        fees[mine] = fee_column(one, outstanding[mine], original[mine], None if before is None else before[mine])
    return fees


def fee_column(terms: FeeTerms, outstanding: Ints, original: Ints, before: Ints | None = None) -> Ints:
    """`fee_on` for a column of invoices at once, to the same minor unit; amounts up to 2**62 in size."""
    base = outstanding if terms.base is FeeBase.OUTSTANDING else original
    fee = np.zeros(len(base), dtype=np.int64)
    took = np.zeros(len(base), dtype=np.bool_)
    # the first band that holds an amount counts, so it is the last to be written
    for band in reversed(terms.bands):
        held = _holds(terms, band, base)
        fee = np.where(held, _sizes(terms, band.size, base), fee)
        took = np.where(held, not band.size.nothing, took)
    took &= outstanding > 0
    if terms.minimum is not None:
        np.maximum(fee, terms.minimum, out=fee)
    if terms.maximum is not None:
        np.minimum(fee, terms.maximum, out=fee)
    fee *= took
    if terms.cap is not None:
        so_far = np.zeros(len(base), dtype=np.int64) if before is None else before
        fee = np.minimum(fee, np.maximum(terms.cap - so_far, 0))
    return fee


def _holds(terms: FeeTerms, band: FeeBand, base: Ints) -> NDArray[np.bool_]:
    """Which amounts lie in a band. A limit without tax is one with tax: the greatest whole amount that is not above it."""
    grown = 1 + (terms.tax or Fraction(0))
    result = np.ones(len(base), dtype=np.bool_)
    if band.up_to is not None:
        result &= base <= band.up_to * grown.numerator // grown.denominator
    if band.below is not None:
        result &= base < -(-band.below * grown.numerator // grown.denominator)
    return result


def _sizes(terms: FeeTerms, size: FeeSize, base: Ints) -> Ints | int:
    """The fees of one size; one number where it is the same for all."""
    if size.percent is None:
        return size.amount or 0
    share = size.percent / (1 + (terms.tax or Fraction(0)))
    part = _part(base, share.numerator, share.denominator)
    if size.amount is None:
        return part
    return np.minimum(part, size.amount) if size.take is Take.LESSER else np.maximum(part, size.amount)


def _part(base: Ints, above: int, below: int) -> Ints:
    """Amounts times a share, rounded half up."""
    part: Ints
    largest = max(int(base.max(initial=0)), -int(base.min(initial=0)))
    if 2 * largest * above + below < _WIDE:
        part = base * (2 * above)
        part += below
        part //= 2 * below
    elif 2 * above * below + below < _WIDE:
        whole, rest = base // below, base % below
        part = whole * above + (2 * rest * above + below) // (2 * below)
    else:
        part = np.fromiter((round_half_up(one * above, below) for one in base.tolist()), np.int64, len(base))
    return part
