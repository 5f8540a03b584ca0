"""What the books say, in payflow's words: the codes of the mirror's columns."""

from __future__ import annotations

from datetime import date, datetime
from enum import IntEnum, StrEnum

from msgspec import Struct


class Status(StrEnum):
    """What the source itself says of an invoice; empty where it says nothing."""

    # not stated: derived from the balance
    UNSTATED = ""
    # not issued yet: owed by nobody
    DRAFT = "draft"
    # issued and asking for money
    OPEN = "open"
    # settled, says the source
    PAID = "paid"
    # cancelled
    VOID = "void"
    # given up as uncollectible
    WRITTEN_OFF = "written-off"


class EntryKind(StrEnum):
    """What moved a balance."""

    # money from the client
    PAYMENT = "payment"
    # money back to the client
    REFUND = "refund"
    # a credit note, or credit of the client applied
    CREDIT = "credit"
    # money withdrawn or questioned by the client's bank
    DISPUTE = "dispute"
    # the rest given up
    WRITE_OFF = "write-off"


class LineKind(StrEnum):
    """What a line of a bank statement is."""

    # money that came or went
    TRANSFER = "transfer"
    # an earlier line taken back: a returned payment is money out, a returned transfer of ours money in
    REVERSAL = "reversal"
    # what the bank takes or gives by itself: fees, interest
    FEE = "fee"


class Settlement(StrEnum):
    """How far a money movement has come."""

    # on its way: pauses notices, opens nothing
    PENDING = "pending"
    # done: counts from the day it was sent
    SETTLED = "settled"
    # under dispute: counts as money that is not there
    DISPUTED = "disputed"
    # never came, or was reversed in our favour: counts for nothing
    FAILED = "failed"


class Role(StrEnum):
    """What an invoice of the books is to payflow."""

    # a debt for work
    PRINCIPAL = "principal"
    # a charge of payflow's that came back through the books
    CHARGE = "charge"


class Scope(StrEnum):
    """What a reading lists, hence what an absence from it means."""

    # every invoice: one that is absent is gone
    ALL = "all"
    # invoices with something open: an open one that is absent is no longer open
    OPEN = "open"
    # some invoices: an absence means nothing
    CHANGED = "changed"


class State(IntEnum):
    """The state of an invoice on a day; `word` is what listings print."""

    DRAFT = 0
    OPEN = 1
    OVERDUE = 2
    PAID = 3
    CREDITED = 4
    DISPUTED = 5
    VOID = 6
    WRITTEN_OFF = 7
    UNKNOWN = 8

    @property
    def word(self) -> str:
        """As `--json` prints it: `written-off`."""
        return self.name.lower().replace("_", "-")


class Reading(Struct, frozen=True):
    """One pull from a source: what it covers, the moment it speaks for, and whether it was finished.

    `as_of` is the report's own date, else the file's, else now; it orders readings of one source. `covers_from` and
    `covers_to` bound the issue dates that the reading could have listed; None is unbounded. `dated_entries` says that
    entries tell every movement with its day, so that nothing is inferred from balances. `by_day` says that entries are told by
    day: all from `covers_from` to `covers_to`, on whichever invoices, listed here or not, and none of other days.
    """

    scope: Scope
    as_of: datetime
    finished: bool = True
    covers_from: date | None = None
    covers_to: date | None = None
    dated_entries: bool = False
    by_day: bool = False
    #: a report of what is open: it knows no other total of an invoice than what is left of it
    open_only: bool = False
    #: where it came from: a file's name, or an API
    origin: str = ""
    #: the kind of report; open credit is replaced only by a later reading of the same kind
    report: str = ""
