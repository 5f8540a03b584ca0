"""One invoice of a book as a claim for the exact engine: what columns cannot say of it, and what `explain` prints."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from payflow.columns import Book, to_date
from payflow.model.agreement import Policy
from payflow.model.facts import EntryKind
from payflow.policy.accrual import Accrual, Claim, Kind, Movement, accrue
from payflow.policy.bearing import law_of, terms_of, with_rates
from payflow.policy.entries_by_row import ENTRY_KINDS, counting

_LOWERS = {EntryKind.CREDIT: Kind.CREDIT, EntryKind.WRITE_OFF: Kind.WRITE_OFF}


def movements(book: Book) -> dict[int, list[tuple[int, int]]]:
    """(day, amount) of the entries that change the balance of each invoice that has some, by row and in order of day."""
    counts = counting(book)
    found: dict[int, list[tuple[int, int]]] = {}
    for row, on, moved in zip(
        book.entry_row[counts].tolist(), book.entry_on[counts].tolist(), book.entry_amount[counts].tolist(), strict=True
    ):
        found.setdefault(row, []).append((on, moved))
    return found


def moved(book: Book, row: int) -> list[tuple[int, Movement]]:
    """The entries that change the balance of one invoice as movements, with the place of each, in order of day."""
    place = book.entries_of(row)
    counts = counting(book, place)
    columns = (book.entry_on, book.entry_amount, book.entry_kind)
    at = np.arange(place.start, place.stop)[counts].tolist()
    return [
        (where, Movement(to_date(on), Kind.REFUND if amount < 0 else _lowers(kind), abs(amount)))
        for where, on, amount, kind in zip(at, *(column[place][counts].tolist() for column in columns), strict=True)
    ]


def _lowers(kind: int) -> Kind:
    return _LOWERS.get(ENTRY_KINDS[kind], Kind.PAYMENT)


def claim_of(book: Book, row: int, policy: Policy, due_on: int, as_of: date) -> Claim:
    """The claim on one invoice under its policy; the rates of a statute are still missing."""
    assert policy.interest is not None
    currency = book.currencies[int(book.currency[row])]
    known = [one for _, one in moved(book, row)]
    if sum(one.amount for one in known if one.kind is Kind.CREDIT) >= book.total[row]:
        # whether it was credited in full is the state's to say, which nets credits that were taken back
        known = [replace(one, kind=Kind.WRITE_OFF) if one.kind is Kind.CREDIT else one for one in known]
    if book.total[row] < 0:
        # a total below zero is the client's: money has to go back before anything is owed
        known.insert(0, Movement(date.min, Kind.WRITE_OFF, -int(book.total[row])))
    return Claim(
        amount=max(0, int(book.total[row])),
        currency=currency,
        due_on=to_date(due_on),
        as_of=as_of,
        movements=tuple(known),
        interest=terms_of(policy.interest, currency, policy.grace),
        allocation=policy.allocation,
        tolerance=policy.tolerance.get(currency, 0),
    )


def rated_claim(book: Book, row: int, policy: Policy, due_on: int, as_of: date, extra: Path | None = None) -> Claim:
    """The claim with its rates. Raises `OutOfTable` where a rate is asked for that no table holds."""
    arose = to_date(int(book.issued_on[row]))
    return with_rates(claim_of(book, row, policy, due_on, as_of), law_of(policy.interest), arose, extra)


def accrued(book: Book, row: int, policy: Policy, due_on: int, as_of: date, extra: Path | None = None) -> Accrual:
    """What became of one invoice by a day. Raises `OutOfTable`."""
    return accrue(rated_claim(book, row, policy, due_on, as_of, extra))
