"""What each payment pays of the instalments of an invoice, where interest or costs are paid before principal.

An instalment is a debt of its own, so a payment is for the oldest one first, and within it for costs, interest and principal in
the order agreed (as BGB § 366(2) and § 367, BW 6:43 and 6:44, or art. 1342-10 and 1343-1 of the Code civil have it); what is
left is for the next. So it takes the exact engine to say what a payment leaves over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from payflow.columns import Book, Ints, to_date
from payflow.model.agreement import Policy
from payflow.model.interest import Allocation
from payflow.policy.accrual import Claim, Kind, Movement, accrue
from payflow.policy.bearing import law_of, with_rates
from payflow.policy.law import Statute
from payflow.policy.parts import Parts
from payflow.policy.rates import OutOfTable
from payflow.policy.rows import claim_of, moved

_KINDS = tuple(Kind)


def in_order(
    book: Book, parts: Parts, policies: Sequence[Policy], governed: Ints, as_of: date, extra: Path | None
) -> Parts:
    """The instalments, with `bearing` as the order of allocation has it. Arguments are those of `assess`.

    Rows whose interest would run at a rate that no table holds stay as they are: none is worked out for them.
    """
    found: list[tuple[int, int, int]] = []
    touched: list[int] = []
    for row, places in parts.of.items():
        policy = policies[int(governed[row])]
        if policy.interest is None or policy.allocation is Allocation.PRINCIPAL_FIRST:
            continue
        claims = [claim_of(parts.book, part, policy, int(parts.due_on[part]), as_of) for part in places]
        arose = to_date(int(book.issued_on[row]))
        try:
            shares = shared(
                claims, (one for _, one in known_moves(book, row, as_of)), law_of(policy.interest), arose, extra
            )
        except OutOfTable:
            continue
        touched += places
        for (entry, _), share in zip(known_moves(book, row, as_of), shares, strict=True):
            found += [(part, entry, amount) for part, amount in zip(places, share, strict=True) if amount]
    return replace(parts, bearing=_moved_otherwise(book, parts.book, touched, found)) if touched else parts


def known_moves(book: Book, row: int, as_of: date) -> list[tuple[int, Movement]]:
    """The movements of an invoice through a day with the places of their entries, in the order in which the engine takes them."""
    known = [one for one in moved(book, row) if one[1].on <= as_of]
    return sorted(known, key=lambda one: (one[1].on, _KINDS.index(one[1].kind)))


def shared(
    claims: Sequence[Claim],
    movements: Iterable[Movement],
    law: Statute | None = None,
    arose: date = date.min,
    extra: Path | None = None,
) -> list[list[int]]:
    """What each movement moves of each instalment (positive lowers what is owed); its shares add up to it.

    `claims` are the instalments in order of due date; movements of their own do not count. Money beyond all of them stays with
    the last one; money that goes back opens the newest that was paid, and beyond that the first. Raises `OutOfTable`.
    """
    had: list[list[Movement]] = [[] for _ in claims]
    shares = []
    for one in movements:
        left, share = one.amount, [0] * len(claims)
        back = one.kind is Kind.REFUND
        order = range(len(claims))
        for place in reversed(order) if back else order:
            last = place == (0 if back else len(claims) - 1)
            takes = left if last else min(left, _takes(claims[place], had[place], one, left, law, arose, extra))
            if takes:
                had[place].append(replace(one, amount=takes))
                share[place] = -takes if back else takes
                left -= takes
        shares.append(share)
    return shares


def _takes(
    claim: Claim,
    had: Sequence[Movement],
    one: Movement,
    left: int,
    law: Statute | None,
    arose: date,
    extra: Path | None,
) -> int:
    """How much of a movement an instalment takes, at most `left`."""
    if not left:
        return 0
    if one.kind is Kind.REFUND:
        return max(0, sum(-other.amount if other.kind is Kind.REFUND else other.amount for other in had))
    more = (replace(one, amount=left),) if one.kind is Kind.PAYMENT else ()
    then = accrue(with_rates(replace(claim, as_of=one.on, movements=(*had, *more)), law, arose, extra))
    return left - then.allocations[-1].rest if more else then.principal_outstanding


def _moved_otherwise(book: Book, parts: Book, touched: Sequence[int], found: Sequence[tuple[int, int, int]]) -> Book:
    """The book of instalments with other entries for some: (instalment, entry of the invoice's book, amount)."""
    part, entry, amount = (np.array([one[place] for one in found], dtype=np.int64) for place in range(3))
    kept = ~np.isin(parts.entry_row, touched)
    row = np.concatenate((parts.entry_row[kept], part))
    on = np.concatenate((parts.entry_on[kept], book.entry_on[entry]))
    order = np.lexsort((on, row))

    def column(name: str) -> np.ndarray:
        own: np.ndarray = np.concatenate((getattr(parts, name)[kept], getattr(book, name)[entry]))
        return own[order]

    names = ("entry_kind", "entry_settlement", "entry_inferred", "entry_client", "entry_currency")
    amounts = np.concatenate((parts.entry_amount[kept], amount))
    return replace(
        parts,
        entry_row=row[order],
        entry_on=on[order],
        entry_amount=amounts[order],
        **{one: column(one) for one in names},
    )
