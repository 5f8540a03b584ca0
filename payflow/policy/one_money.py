"""A payment that both the books and the bank tell is one payment.

The books tell movements, each with the days between which it was made: one day where it is stated, a stretch where it was
inferred from readings. The bank tells lines. A line whose money the books show already adds nothing, but gives its day; a line
that they do not show yet is money all the same. What the books show and no line tells stays as it is: statements may be
missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

#: Days by which the books may know of a payment before the bank books it: a cheque, or a transfer announced. With the same
#: amount two weeks; with another, when the books may show several payments as one, five days.
_EARLIER_SAME, _EARLIER_OTHER = 14, 5


class Told(NamedTuple):
    """A movement that the books tell: its day, the last day on which it can have been made, and its effect.

    `stated`: the books name the day themselves. Positive lowers what is owed.
    """

    day: int
    last: int
    amount: int
    stated: bool


class Line(NamedTuple):
    """What a bank line moves of one invoice, and its day."""

    day: int
    amount: int
    name: str


class Piece(NamedTuple):
    """Money that counts once: its day, its effect, the line that tells it (empty: the books alone) and the books' movement
    (`NOT_TOLD`: the bank alone)."""

    day: int
    amount: int
    line: str
    told: int


NOT_TOLD = -1


def joined(told: Sequence[Told], lines: Iterable[Line], asks: int) -> list[Piece]:
    """What moved, each money once; `asks` is what can be owed at most.

    Lines beyond what is asked, after what the books show by themselves, are taken as the same money: no debt is paid twice.
    """
    ordered = sorted(lines)
    pieces: list[Piece] = []
    for sign in (1, -1):
        pieces += _of_sign(told, [line for line in ordered if line.amount * sign > 0], sign)
    return sorted(_within(pieces, asks))


def _of_sign(told: Sequence[Told], lines: Sequence[Line], sign: int) -> list[Piece]:
    left = [max(one.amount * sign, 0) for one in told]
    pieces: list[Piece] = []

    def take(line: Line, place: int, amount: int) -> None:
        left[place] -= amount
        pieces.append(Piece(_day(told[place], line), amount * sign, line.name, place))

    rest = []
    for line in lines:
        amount = line.amount * sign
        same = [at for at in _places(told, line, _EARLIER_SAME) if left[at] == amount == told[at].amount * sign]
        if same:
            take(line, same[0], amount)
        else:
            rest.append(line)
    for line in rest:
        amount = line.amount * sign
        places = [at for at in _places(told, line, _EARLIER_OTHER) if left[at] > 0]
        if sum(left[at] for at in places) < amount:
            # more than the books can have shown of it: they do not show it yet
            pieces.append(Piece(line.day, line.amount, line.name, NOT_TOLD))
            continue
        for at in places:
            given = min(amount, left[at])
            if given:
                take(line, at, given)
                amount -= given
    pieces += [Piece(one.day, left[at] * sign, "", at) for at, one in enumerate(told) if left[at]]
    return pieces


def _places(told: Sequence[Told], line: Line, earlier: int) -> list[int]:
    """The movements that may be a line's money, the likeliest first: the books learn of a payment after the bank, if in time."""
    fit = [at for at, one in enumerate(told) if one.last >= line.day - earlier]
    return sorted(fit, key=lambda at: (told[at].last < line.day, abs(told[at].last - line.day), at))


def _day(told: Told, line: Line) -> int:
    """Settled money counts from the day it was sent: the earlier of the two days where the books state one."""
    return min(told.day, line.day) if told.stated else line.day


def _within(pieces: list[Piece], asks: int) -> list[Piece]:
    """Without what would make more money than is asked out of lines that the books do not show."""
    beyond = sum(piece.amount for piece in pieces) - max(
        asks, sum(one.amount for one in pieces if one.told != NOT_TOLD)
    )
    kept = []
    for piece in sorted(pieces, reverse=True):
        if piece.told == NOT_TOLD and piece.amount > 0 and beyond > 0:
            cut = min(piece.amount, beyond)
            beyond -= cut
            piece = piece._replace(amount=piece.amount - cut)
        if piece.amount:
            kept.append(piece)
    return kept
