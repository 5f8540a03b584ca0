"""The kernel beside a bare NumPy program of the same arithmetic: `python -m benchmarks.kernel [INVOICES]`, or `--growth`.

Books in memory: three currencies, a floating statutory rate, fee bands, 1.3 movements for each invoice, of which 2 % have
several part payments. `assess_parts` and `fee_columns` give the figures; the bare program computes outstanding, interest and
fee with the least that NumPy needs, on the same arrays. Both are run in turn, and their figures are the same.
Times are those of the processor, which others that use the machine do not change as much.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from payflow.columns import NO_DAY, Book, Ints, to_date, to_day
from payflow.model.agreement import LateFee, LateFeeBand, Policy, TermPart, Terms
from payflow.model.facts import EntryKind, Settlement, Status
from payflow.model.interest import Interest
from payflow.policy.assess import ENTRY_KINDS, SETTLEMENTS, STATUSES, Assessment, assess, assess_parts
from payflow.policy.fee_columns import fee_columns
from payflow.policy.late_fees import terms_in
from payflow.policy.statutes import rates_for, statute

AS_OF = date(2026, 11, 21)
TODAY = to_day(AS_OF)
CHUNK = 500_000
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
CURRENCIES = ("EUR", "GBP", "USD")


def _all(units: int) -> dict[str, int]:
    return dict.fromkeys(CURRENCIES, units)


FEE = LateFee(
    bands=(
        LateFeeBand(flat=_all(4_000), below=_all(100_000)),
        LateFeeBand(flat=_all(7_000), below=_all(1_000_000)),
        LateFeeBand(percent=Fraction(1, 100)),
    ),
    maximum=_all(50_000),
)
POLICY = Policy(
    name="standard",
    terms=Terms("net-30", ((TermPart.DAYS, 30),)),
    grace=3,
    late_fee=FEE,
    interest=Interest(Fraction(0), statute="eu"),
)


class Figures(NamedTuple):
    """What both programs compute."""

    outstanding: Ints
    interest: Ints
    fees: Ints


def book_of(invoices: int, seed: int = 1) -> Book:
    """Invoices of the last two years and their movements, sorted by row and day."""
    random = np.random.default_rng(seed)
    total = random.integers(5_000, 2_000_000, invoices)
    issued = TODAY - random.integers(1, 730, invoices)
    kind = random.random(invoices)
    several, single = kind < 0.02, (kind >= 0.02) & (kind < 0.80)
    counts = np.where(several, 26, np.where(single, 1, 0))
    row = np.repeat(np.arange(invoices), counts)
    on = np.minimum(issued[row] + random.integers(1, 90, len(row)), TODAY)
    order = np.lexsort((on, row))
    row, on = row[order], on[order]
    amount = np.where(several[row], total[row] // 30, total[row])
    size = len(row)

    def codes(code: int, length: int) -> Ints:
        return np.full(length, code, dtype=np.int64)

    def no(length: int) -> NDArray[np.bool_]:
        return np.zeros(length, dtype=np.bool_)

    currency = random.integers(0, 3, invoices)
    return Book(
        id=np.arange(1, invoices + 1),
        total=total,
        issued_on=issued,
        due_printed=codes(NO_DAY, invoices),
        due_shown=codes(NO_DAY, invoices),
        status=codes(STATUSES.index(Status.UNSTATED), invoices),
        client=codes(0, invoices),
        currency=currency,
        role_charge=no(invoices),
        stale=no(invoices),
        unknown=no(invoices),
        entry_row=row,
        entry_on=on,
        entry_amount=amount,
        entry_kind=codes(ENTRY_KINDS.index(EntryKind.PAYMENT), size),
        entry_settlement=codes(SETTLEMENTS.index(Settlement.SETTLED), size),
        entry_inferred=no(size),
        entry_client=codes(0, size),
        entry_currency=currency[row],
        clients=["acme"],
        currencies=list(CURRENCIES),
    )


def payflow(book: Book) -> Figures:
    """By payflow's own functions: everything an assessment has, and the fee of each invoice that is late."""
    figures = Figures(*(np.empty(len(book), dtype=np.int64) for _ in Figures._fields))
    terms = [terms_in(FEE, currency) for currency in CURRENCIES]
    for place, part, found in assess_parts(book, [POLICY], *under_one_policy(book), AS_OF):
        owed = found.outstanding * (found.days_overdue > POLICY.grace)
        figures.outstanding[place], figures.interest[place] = found.outstanding, found.interest
        figures.fees[place] = fee_columns(terms, part.currency, owed, part.total)
    return figures


def assessed(book: Book) -> Assessment:
    """The assessment of all at once."""
    return assess(book, [POLICY], *under_one_policy(book), AS_OF)


def under_one_policy(book: Book) -> tuple[Ints, NDArray[np.bool_]]:
    """Which policy governs each invoice, and that it binds."""
    return np.zeros(len(book), dtype=np.int64), np.ones(len(book), dtype=np.bool_)


def bare(book: Book) -> Figures:
    """The same figures and no more: running sum of rates, one gather for each movement, bands by comparison."""
    first = int(book.issued_on.min()) + 33
    law = statute("eu")
    rates = rates_for(law, to_date(first), AS_OF, arose=to_date(first))
    since = np.array([to_day(rate.since) for rate in rates])
    points = np.array([int(rate.annual * 10_000) for rate in rates])
    days = np.arange(first, TODAY + 1)
    running = np.cumsum(points[np.searchsorted(since, days, side="right") - 1])
    running -= running[0]
    start = np.minimum(book.issued_on + 33, TODAY)
    row, amount = book.entry_row, book.entry_amount
    paid = np.zeros(len(book), dtype=np.int64)
    np.add.at(paid, row, amount)
    outstanding = book.total - paid
    moved = np.zeros(len(book), dtype=np.int64)
    np.add.at(moved, row, amount * running[np.maximum(start[row], book.entry_on) - first])
    exact = outstanding * running[-1] - book.total * running[start - first] + moved
    interest = (2 * exact + 3_650_000) // 7_300_000
    owed = np.where(book.issued_on + 33 < TODAY, outstanding, 0)
    fee = np.minimum((owed + 50) // 100, 50_000)
    fee = np.where(owed < 1_000_000, 7_000, fee)
    fee = np.where(owed < 100_000, 4_000, fee)
    return Figures(outstanding, interest, np.where(owed > 0, fee, 0))


def timed(work: Callable[[Book], Figures], book: Book) -> float:
    """Seconds of the processor that one run takes."""
    started = time.process_time()
    work(book)
    return time.process_time() - started


def compare(invoices: int, rounds: int = 9) -> tuple[float, float]:
    """Medians of payflow and of the bare program, run in turn on the same book, once their figures are equal."""
    book = book_of(invoices)
    for ours, theirs in zip(payflow(book), bare(book), strict=True):
        assert np.array_equal(ours, theirs)
    runs = [(timed(payflow, book), timed(bare, book)) for _ in range(rounds)]
    return median(run[0] for run in runs), median(run[1] for run in runs)


def in_chunks(invoices: int) -> float:
    """Seconds of the assessment of many invoices, part by part; books are made beside the clock."""
    seconds = 0.0
    for at in range(0, invoices, CHUNK):
        seconds += timed(payflow, book_of(min(CHUNK, invoices - at), seed=at))
    return seconds


class Growth(NamedTuple):
    """Seconds for the least and the most of `SIZES`, the exponent that leads from one to the other, the peak in MiB."""

    least: float
    most: float
    exponent: float
    peak: float


def growth(sizes: Sequence[int]) -> Growth:
    """Assess books of all these sizes, in parts; small ones several times, of which the median counts."""
    found = []
    for size in sizes:
        found.append(median(in_chunks(size) for _ in range(max(1, min(21, 3_000_000 // size)))))
        print(f"{size:>10,} in parts: {found[-1]:.4f} s", file=sys.stderr)
    exponent = math.log(found[-1] / found[0]) / math.log(sizes[-1] / sizes[0])
    return Growth(found[0], found[-1], exponent, peak())


def peak() -> float:
    """The peak resident memory of this process, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the ratio at one size, or with `--growth` how times grow to so many invoices, as JSON."""
    words = [word for word in sys.argv[1:] if word != "--growth"]
    if "--growth" in sys.argv:
        most = int(words[0]) if words else SIZES[-1]
        print(json.dumps(growth([*(size for size in SIZES if size < most), most])._asdict()))
        return
    invoices = int(words[0]) if words else 1_000_000
    ours, theirs = compare(invoices)
    print(
        f"{invoices:,} invoices: payflow {ours * 1000:.0f} ms, bare NumPy {theirs * 1000:.0f} ms, {ours / theirs:.2f} times"
    )


if __name__ == "__main__":
    main()
