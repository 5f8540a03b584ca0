"""Late fees that arose on each invoice of a book by a day, in columns.

What a policy would allow, notices apart: `payflow status` shows the fees that were claimed. A fee arises on the day after
due date and grace, and on each further one of a fee that repeats, on what was unpaid at the end of the day before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from payflow.columns import NO_DAY, Book, Ints, pieces, to_day
from payflow.model.agreement import LateFee, Policy
from payflow.model.facts import State
from payflow.policy.assess import Assessment, is_one_of
from payflow.policy.entries_by_row import counting
from payflow.policy.fee_columns import fee_columns
from payflow.policy.ladder import fee_grace
from payflow.policy.late_fees import terms_in
from payflow.policy.parts import Parts

Mask = NDArray[np.bool_]

#: No fee arises on what was never issued, was taken back or given up, or is not known.
_NONE = (State.DRAFT, State.VOID, State.CREDITED, State.WRITTEN_OFF, State.UNKNOWN)


def fees_arisen(
    book: Book, policies: Sequence[Policy], governed: Ints, binding: Mask, found: Assessment, as_of: date
) -> Ints:
    """Minor units per invoice. `governed` and `binding` as for `assess`, `found` as it answered for that day.

    None in a currency that the fee does not name, on charges, or where nothing is due. An invoice in instalments has the fees
    of each of them, and one cap.
    """
    fees = np.zeros(len(book), dtype=np.int64)
    if any(policy.late_fee is not None for policy in policies):
        grace, today = _graces(policies), to_day(as_of)
        for place in pieces(len(book)):
            own, of = book.part(place.start, place.stop), governed[place]
            over = found.due_on[place] + grace[of]
            late = binding[place] & (of >= 0) & (found.due_on[place] != NO_DAY) & (over < today) & ~own.role_charge
            late &= ~is_one_of(found.state[place], _NONE)
            _arisen(own, policies, np.where(late, of, -1), over, today, fees[place])
        if found.parts is not None:
            _in_parts(found.parts, policies, governed, binding & ~is_one_of(found.state, _NONE), grace, today, fees)
    return fees


def _in_parts(
    parts: Parts, policies: Sequence[Policy], governed: Ints, owing: Mask, grace: Ints, today: int, fees: Ints
) -> None:
    """Write the fees of invoices that are paid in instalments: the sum of those of their instalments, up to the cap."""
    of, own = governed[parts.owner], np.zeros(len(parts.book), dtype=np.int64)
    over = parts.due_on + grace[of]
    late = owing[parts.owner] & (of >= 0) & (over < today)
    _arisen(parts.book, policies, np.where(late, of, -1), over, today, own)
    fees[parts.owner] = 0
    np.add.at(fees, parts.owner, own)
    for row, place in parts.of.items():
        fee = policies[int(governed[row])].late_fee
        cap = fee.cap.get(parts.book.currencies[int(parts.book.currency[place[0]])]) if fee is not None else None
        fees[row] = fees[row] if cap is None else min(int(fees[row]), cap)


def _arisen(book: Book, policies: Sequence[Policy], governed: Ints, over: Ints, today: int, fees: Ints) -> None:
    """Add the fees of some invoices up in `fees`. `over` is the last day without one; where `governed` is -1 there is none."""
    for at, policy in enumerate(policies):
        fee = policy.late_fee
        rows = np.flatnonzero(governed == at) if fee is not None else governed[:0]
        occurrence = 0
        while fee is not None and len(rows):
            # the last day before the fee, by whose end it counts what is unpaid
            before = _ahead(over[rows], fee, occurrence)
            rows, before = rows[before < today], before[before < today]
            fees[rows] += _one(book, fee, rows, _left(book, rows, before), fees)
            if not fee.repeats:
                break
            occurrence += 1


def _graces(policies: Sequence[Policy]) -> Ints:
    """Days without a fee by policy; the last one is of rows that no policy governs."""
    return np.array([*map(fee_grace, policies), 0], dtype=np.int64)


def _one(book: Book, fee: LateFee, rows: Ints, left: Ints, so_far: Ints) -> Ints:
    """The fee of one day on some rows, each in its currency."""
    terms = [terms_in(fee, currency) for currency in book.currencies]
    return fee_columns(terms, book.currency[rows], left, book.total[rows], so_far[rows])


def _left(book: Book, rows: Ints, until: Ints) -> Ints:
    """What is unpaid of some rows at the end of a day each."""
    limit = np.full(len(book), NO_DAY, dtype=np.int64)
    limit[rows] = until
    counts = counting(book)
    counts &= book.entry_on <= limit[book.entry_row]
    moved = np.zeros(len(book), dtype=np.int64)
    np.add.at(moved, book.entry_row, book.entry_amount * counts)
    left: Ints = book.total[rows] - moved[rows]
    return left


def _ahead(over: Ints, fee: LateFee, occurrence: int) -> Ints:
    """The last day before the fee of so many periods later."""
    if not occurrence or not fee.every_months:
        return over + occurrence * fee.every_days
    month = over.astype("datetime64[D]").astype("datetime64[M]")
    of_month = over - month.astype("datetime64[D]").astype(np.int64)
    later = month + occurrence * fee.every_months
    first = later.astype("datetime64[D]").astype(np.int64)
    last = (later + 1).astype("datetime64[D]").astype(np.int64) - 1
    days: Ints = np.minimum(first + of_month, last)
    return days
