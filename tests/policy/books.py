"""Builders for the tests of the pure parts: a Book, a policy, one assessed row, a view, a contract, a case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from payflow.columns import NO_DAY, Book, to_date, to_day
from payflow.model.agreement import (
    ClientTerms,
    Contract,
    Interest,
    LateFee,
    Milestone,
    Phase,
    Policy,
    Step,
)
from payflow.model.facts import EntryKind, Settlement, State, Status
from payflow.policy.assess import ENTRY_KINDS, SETTLEMENTS, STATUSES, assess, bears
from payflow.policy.rows import accrued
from payflow.policy.terms import parse_terms

ISSUED = date(2026, 10, 20)
DUE = date(2026, 11, 4)


class Move(NamedTuple):
    """An entry of an invoice; `amount` positive lowers what is owed."""

    on: date
    amount: int
    kind: EntryKind = EntryKind.PAYMENT
    settlement: Settlement = Settlement.SETTLED
    inferred: bool = False


class Bill(Struct, frozen=True):
    """An invoice as the books tell it; 4,000.00 of 20 October unless said otherwise."""

    total: int = 400_000
    issued: date = ISSUED
    printed: date | None = None
    shown: date | None = None
    status: Status = Status.UNSTATED
    currency: str = "GBP"
    moves: Sequence[Move] = ()
    charge: bool = False
    unknown: bool = False


def day_or_none(value: date | None) -> int:
    return NO_DAY if value is None else to_day(value)


def book_of(*bills: Bill, open_credit: Iterable[Move] = ()) -> Book:
    """A book of these invoices, in order, all of one client."""
    currencies = list(dict.fromkeys(bill.currency for bill in bills)) or ["GBP"]
    entries = sorted(
        [
            *((-1, move, 0) for move in open_credit),
            *((row, move, currencies.index(bill.currency)) for row, bill in enumerate(bills) for move in bill.moves),
        ],
        key=lambda item: (item[0], item[1].on),
    )

    def ints(values: Iterable[int]) -> np.ndarray:
        array = np.fromiter(values, dtype=np.int64)
        array.flags.writeable = False
        return array

    def mask(values: Iterable[bool]) -> np.ndarray:
        array = np.fromiter(values, dtype=np.bool_)
        array.flags.writeable = False
        return array

    return Book(
        id=ints(range(1, len(bills) + 1)),
        total=ints(bill.total for bill in bills),
        issued_on=ints(to_day(bill.issued) for bill in bills),
        due_printed=ints(day_or_none(bill.printed) for bill in bills),
        due_shown=ints(day_or_none(bill.shown) for bill in bills),
        status=ints(STATUSES.index(bill.status) for bill in bills),
        client=ints(0 for _ in bills),
        currency=ints(currencies.index(bill.currency) for bill in bills),
        role_charge=mask(bill.charge for bill in bills),
        stale=mask(False for _ in bills),
        unknown=mask(bill.unknown for bill in bills),
        entry_row=ints(row for row, _, _ in entries),
        entry_on=ints(to_day(move.on) for _, move, _ in entries),
        entry_amount=ints(move.amount for _, move, _ in entries),
        entry_kind=ints(ENTRY_KINDS.index(move.kind) for _, move, _ in entries),
        entry_settlement=ints(SETTLEMENTS.index(move.settlement) for _, move, _ in entries),
        entry_inferred=mask(move.inferred for _, move, _ in entries),
        entry_client=ints(0 for _ in entries),
        entry_currency=ints(currency for _, _, currency in entries),
        clients=["acme"],
        currencies=currencies,
    )


LADDER = (
    Step("heads-up", "heads-up", -3, "heads-up"),
    Step("reminder", "reminder", 1, "reminder"),
    Step("late-fee", "late-fee", 7, "late-fee", fee=True),
    Step("final", "final", 21, "final-notice"),
)


def policy_of(terms: str = "net-15", **words: Any) -> Policy:
    """The policy of the design's example, changed by `words`; `annual` and `percent` in percent, as text."""
    annual, percent = words.pop("annual", "8"), words.pop("percent", None)
    usual = Policy(
        name="standard",
        terms=parse_terms(terms),
        grace=3,
        spacing=2,
        late_fee=LateFee(percent=Fraction(percent) / 100) if percent else LateFee({"GBP": 2500}),
        interest=Interest(Fraction(annual) / 100) if annual is not None else None,
        ladder=LADDER,
    )
    return replace(usual, **words)


class Row(NamedTuple):
    """One assessed row in Python's own types."""

    due_on: date | None
    due_contract: date | None
    credited: int
    paid: int
    outstanding: int
    pending: int
    days_overdue: int
    state: State
    refunded: bool
    inferred: bool
    balance_days: int
    interest: int
    per_day: int


def assess_one(bill: Bill, policy: Policy | None, as_of: date, *, binds: bool = True) -> Row:
    """The assessment of one invoice."""
    return assess_all([bill], policy, as_of, binds=binds)[0]


def assess_all(bills: Sequence[Bill], policy: Policy | None, as_of: date, *, binds: bool = True) -> list[Row]:
    """The assessment of a book in which every invoice stands under one policy."""
    policies = [policy] if policy is not None else []
    governed = np.full(len(bills), 0 if policies else -1, dtype=np.int64)
    book = book_of(*bills)
    found = assess(book, policies, governed, np.full(len(bills), binds), as_of)

    def day(value: Any) -> date | None:
        return None if value == NO_DAY else to_date(int(value))

    def balance_days(at: int) -> int:
        """Balance times days of the stretches that `explain` prints; 0 where no interest binds."""
        if not binds or policy is None or policy.interest is None or found.due_on[at] == NO_DAY:
            return 0
        if not bears(State(int(found.state[at]))) or book.role_charge[at]:
            return 0
        one = accrued(book, at, policy, int(found.due_on[at]), as_of)
        return int(sum(stretch.balance * stretch.days for stretch in one.stretches))

    return [
        Row(
            day(found.due_on[at]),
            day(found.due_contract[at]),
            int(found.credited[at]),
            int(found.paid[at]),
            int(found.outstanding[at]),
            int(found.pending[at]),
            int(found.days_overdue[at]),
            State(int(found.state[at])),
            bool(found.refunded[at]),
            bool(found.inferred[at]),
            balance_days(at),
            int(found.interest[at]),
            int(found.interest_per_day[at]),
        )
        for at in range(len(bills))
    ]


CLIENT = ClientTerms(id="acme", name="Acme Ltd", email="accounts@acme.example")


def contract_of(**words: Any) -> Contract:
    """The contract of the design's example: deposit and design, three phases in arrears."""
    usual = Contract(
        project="acme-website",
        key="acme-website",
        name="Acme website",
        signed=date(2026, 10, 1),
        policy="standard",
        currency="GBP",
        client=CLIENT,
        milestones=(Milestone("deposit", 300_000, invoices=("INV-0012",)), Milestone("design", 400_000)),
        phases=(Phase("brief", "Brief"), Phase("design", "Design"), Phase("build", "Build")),
    )
    return replace(usual, **words)
