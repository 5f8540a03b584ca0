"""Lines of bank statements on a day: which payments they are, and what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct


class LinePart(Struct, frozen=True):
    """Minor units of a bank line that go to an invoice; below zero they take back."""

    invoice: int
    source: str
    number: str
    amount: int


class LineCandidate(Struct, frozen=True):
    """What a bank line may pay, by which rule, and why, a sentence."""

    rule: str
    parts: tuple[LinePart, ...]
    reason: str


class LineView(Struct, frozen=True):
    """A line of a bank statement. `id` is how a person names it.

    Matched, it has one candidate, and `rest` is what no invoice takes of it; waiting, those it may pay, the likeliest first.
    """

    id: str
    source: str
    on: date
    amount: int
    currency: str
    payer: str
    text: str
    reference: str
    candidates: tuple[LineCandidate, ...] = ()
    rest: int = 0


class BankView(Struct, frozen=True):
    """What bank lines are: certain payments, lines that wait for a person, those that say nothing, those rejected, and the
    bank's fees."""

    certain: Sequence[LineView] = ()
    suggested: Sequence[LineView] = ()
    unmatched: Sequence[LineView] = ()
    rejected: Sequence[LineView] = ()
    fees: Sequence[LineView] = ()
