"""Invoices on a day, with everything that follows from the facts. Amounts are minor units of the currency beside them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from payflow.model.facts import Role, State


class Flag(StrEnum):
    """What else is to be known of an invoice beside its state."""

    # something was paid or credited, not all
    PART_PAID = "part-paid"
    # money is on its way
    PENDING = "pending"
    # chasing is stopped by a person
    HELD = "held"
    # last read too long ago to act on
    STALE = "stale"
    # due before payflow was switched on, and not taken in with `payflow chase`
    OLD = "old"
    # claimed by no contract and by no policy of the business
    UNLINKED = "unlinked"
    # the terms do not bind: no fee and no contractual interest
    NOT_BINDING = "not-binding"
    # looks like another invoice, or like a charge of ours: held until a person links it
    AMBIGUOUS = "ambiguous"
    # money was paid back after it was settled
    REFUNDED = "refunded"
    # open credit of the client covers what is outstanding
    COVERED = "covered"
    # a payment's day was inferred from readings
    INFERRED = "inferred"
    # a charge of ours that came back through the books
    CHARGE = "charge"


class InstalmentView(Struct, frozen=True):
    """One part of an invoice that is paid in several, in order of due date; `number` counts them from 1."""

    number: int
    due_on: date
    amount: int
    outstanding: int
    #: calendar days after its due date, 0 when not overdue
    days_overdue: int
    #: how the due date came about
    terms: str
    interest: int
    interest_per_day: int


class InvoiceView(NamedTuple):
    """One invoice on one day, with everything that follows from the facts."""

    id: int
    source: str
    key: str
    number: str
    client: str
    client_name: str
    project: str
    milestone: str
    role: Role
    currency: str
    total: int
    credited: int
    paid: int
    outstanding: int
    pending: int
    issued_on: date
    due_on: date | None
    #: how the due date came about, a sentence
    due_why: str
    #: calendar days after the due date, 0 when not overdue
    days_overdue: int
    state: State
    flags: frozenset[Flag]
    #: late fees claimed and neither waived nor reversed
    fees: int
    #: interest so far, rounded once, and what one more day adds at today's balance
    interest: int
    interest_per_day: int
    next_step: str | None
    next_on: date | None
    #: why there is no next step, a sentence; empty when there is one
    next_why: str
    policy: str
    pay_url: str
    #: when the source last listed it
    read_at: datetime
    #: the part of all charges that is not settled
    fees_owed: int = 0
    #: compensation, and interest that was made a charge, claimed and neither waived nor reversed
    compensation: int = 0
    interest_billed: int = 0
    #: the parts, where it is paid in several; the due date is that of the oldest one that is not paid
    instalments: tuple[InstalmentView, ...] = ()

    @property
    def overdue(self) -> int:
        """What should have been paid before the day."""
        if self.instalments:
            return sum(one.outstanding for one in self.instalments if one.days_overdue)
        return self.outstanding if self.days_overdue else 0

    @property
    def first_due_on(self) -> date | None:
        """The first day on which something was due."""
        return self.instalments[0].due_on if self.instalments else self.due_on
