"""Lines of bank statements, what they may pay, and what becomes of them: the words of `matching` and its helpers."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

#: Days before its issue on which an invoice may be paid: it is known to the client when its export says it is issued.
EARLY = 7


class BankLine(Struct, frozen=True):
    """A line of a bank statement. `id` names it for good; `amount` minor units, positive is money in; `on` a day number."""

    id: str
    account: str
    on: int
    value_on: int | None
    amount: int
    currency: str
    payer: str
    payer_account: str
    text: str
    reference: str
    bank_id: str
    kind: str

    @property
    def sent_on(self) -> int:
        """Settled money counts from the day it was sent, as far as the bank tells it (design 6.3)."""
        return self.on if self.value_on is None else min(self.on, self.value_on)


class Debt(Struct, frozen=True):
    """An invoice that a line may pay. `asks` is its total less credits; `numbers` all it goes by, its own first.

    `doubtful`: it may be no debt of its own, or is not asked for, so that no payment of it is certain.
    """

    id: int
    numbers: tuple[str, ...]
    reference: str
    client: str
    client_name: str
    currency: str
    asks: int
    issued_on: int
    doubtful: str = ""


class Rule(StrEnum):
    """Why a line is taken to be a payment of an invoice."""

    # a structured reference made for it
    REFERENCE = "reference"
    # its number in the text
    NUMBER = "number"
    # the exact amount from a payer known as its client
    AMOUNT = "amount"
    # a returned line takes back the payment it reverses
    REVERSAL = "reversal"
    # a person said so
    PERSON = "person"


class Part(NamedTuple):
    """Minor units of a line that go to an invoice; below zero they take back."""

    invoice: int
    amount: int


class Match(Struct, frozen=True):
    """A line with what it pays. `rest` is what no invoice takes: open credit of `client` if it is money of theirs."""

    line: BankLine
    rule: Rule
    parts: tuple[Part, ...]
    reason: str
    client: str = ""
    rest: int = 0


class Candidate(Struct, frozen=True):
    """What a line may pay, and why, for a person to decide."""

    rule: Rule
    parts: tuple[Part, ...]
    reason: str


class Suggestion(Struct, frozen=True):
    """A line that waits for a person, its likeliest candidates first."""

    line: BankLine
    candidates: tuple[Candidate, ...]


class Decided(Struct, frozen=True):
    """A person's word on a line: the parts that it pays; none: it pays no invoice."""

    parts: tuple[Part, ...]
    reason: str = "a person said so"


class Matched(Struct, frozen=True):
    """Every line: certain, waiting for a person, or left over. `rejected` are lines that a person said pay no invoice, `fees`
    what the bank took for itself."""

    certain: Sequence[Match] = ()
    suggested: Sequence[Suggestion] = ()
    unmatched: Sequence[BankLine] = ()
    rejected: Sequence[BankLine] = ()
    fees: Sequence[BankLine] = ()


def order(line: BankLine) -> tuple[int, int, int, str]:
    """By day; on one day what came in before what went out, so that a payment comes before its return."""
    return line.on, int(line.amount < 0), abs(line.amount), line.id
