"""Money that both the books and the bank tell of: each of it once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from payflow.decide.banked import Banked, Movement
from payflow.model.facts import EntryKind
from payflow.policy.one_money import NOT_TOLD, Line, Piece, Told, joined


def money_of(bank: Banked, invoice: int, books: Sequence[Movement]) -> list[Movement]:
    """The money movements of an invoice, those of the books and of the bank, each money once.

    `books` are payments and refunds that count. Notes in `bank.moneys` which line tells which.
    """
    lines = bank.lines.get(invoice)
    if not lines:
        return list(books)
    told = [Told(one.on, one.last, one.amount, not one.inferred) for one in books]
    pieces = joined(told, lines, bank.debts[invoice].asks)
    bank.moneys[invoice] = pieces
    return [_movement(piece, books) for piece in pieces]


def _movement(piece: Piece, books: Sequence[Movement]) -> Movement:
    if piece.told == NOT_TOLD:
        kind = EntryKind.PAYMENT if piece.amount > 0 else EntryKind.REFUND
        return Movement(piece.day, piece.day, kind, piece.amount, inferred=False)
    own = books[piece.told]
    return replace(own, on=piece.day, amount=piece.amount, inferred=own.inferred and not piece.line)


class Rest(NamedTuple):
    """Open credit that bank lines tell: of a client, on a day."""

    client: str
    on: int
    amount: int
    currency: str


def rests(bank: Banked, known: Mapping[tuple[str, str], Sequence[Movement]]) -> list[Rest]:
    """What lines paid beyond their invoices, as far as the books (`known`, by client and currency) show no such credit."""
    own: dict[tuple[str, str], list[Line]] = {}
    for one in bank.matched.certain:
        if one.rest and one.client:
            place = (one.client, one.line.currency)
            own.setdefault(place, []).append(Line(one.line.sent_on, one.rest, one.line.id))
    found = []
    for (client, currency), lines in own.items():
        told = [Told(one.on, one.last, one.amount, True) for one in known.get((client, currency), ())]
        most = sum(line.amount for line in lines) + sum(one.amount for one in told)
        pieces = [piece for piece in joined(told, lines, max(most, 0)) if piece.told == NOT_TOLD]
        found += [Rest(client, day, amount, currency) for day, amount in _not_below_zero(pieces)]
    return found


def _not_below_zero(pieces: Iterable[Piece]) -> Iterator[tuple[int, int]]:
    """Credit by days. What a return takes beyond the credit that there was are the bank's costs: no client owes them."""
    standing = 0
    for piece in pieces:
        amount = max(piece.amount, -standing)
        standing += amount
        if amount:
            yield piece.day, amount
