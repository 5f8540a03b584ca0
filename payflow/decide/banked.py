"""What the bank's lines are to the invoices of a day, and what can be read off it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from payflow.model.facts import EntryKind
from payflow.policy.bank_lines import Debt, Match, Matched

if TYPE_CHECKING:
    from payflow.policy.one_money import Line, Piece


class Movement(Struct, frozen=True):
    """A movement of the books before bank lines are known: its day, the last on which it can have been made, its effect."""

    on: int
    last: int
    kind: EntryKind
    amount: int
    inferred: bool


class Banked(Struct, frozen=True):
    """What bank lines are. `debts` by invoice; `sources` the configured source of each line; `moneys` what each invoice's
    entries are made of, for those that a line pays; `lines` what each invoice gets of which lines; `books` what
    the books alone tell of every invoice."""

    matched: Matched = field(default_factory=Matched)
    debts: Mapping[int, Debt] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[int, Sequence[Line]] = field(default_factory=dict)
    moneys: dict[int, list[Piece]] = field(default_factory=dict)
    books: dict[int, Sequence[Movement]] = field(default_factory=dict)

    def by_line(self) -> dict[str, Match]:
        """The certain matches by line."""
        return {one.line.id: one for one in self.matched.certain}


def paid_in_full(bank: Banked, invoice: int) -> bool:
    """Whether bank lines alone cover what an invoice asks, so that it does not matter that its source no longer lists it."""
    debt = bank.debts.get(invoice)
    if debt is None:
        return False
    return sum(line.amount for line in bank.lines.get(invoice, ())) >= debt.asks


def creditors(bank: Banked) -> set[tuple[str, str]]:
    """The clients that paid more than their invoices, with the currency."""
    return {(one.client, one.line.currency) for one in bank.matched.certain if one.rest and one.client}
