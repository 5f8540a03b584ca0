"""Whether work may start: verdicts on phases with their reasons, and what stands of projects and milestones on a day."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from msgspec import Struct

from payflow.model.journal import Waiver


class ReasonCode(StrEnum):
    """Why a phase is blocked."""

    # no signature date in the contract
    UNSIGNED = "contract-unsigned"
    # no invoice of the milestone is known
    NOT_INVOICED = "milestone-not-invoiced"
    # its live invoices add up to less than the milestone's amount
    UNDER_BILLED = "milestone-under-billed"
    # an invoice is issued and nothing was paid
    UNPAID = "milestone-unpaid"
    # something was paid, not all
    PART_PAID = "milestone-part-paid"
    # money is on its way, not settled
    PENDING = "milestone-pending"
    # money is under dispute
    DISPUTED = "milestone-disputed"
    # money was paid and went back
    REFUNDED = "milestone-refunded"
    # the invoice was credited in full, voided or written off: that is not payment
    CREDITED = "milestone-credited"
    # its invoice is a draft
    DRAFT = "milestone-draft"
    # unpaid when last read, and that was too long ago
    STALE = "invoice-stale"
    # it should have been listed and was not
    UNKNOWN = "invoice-unknown"
    # two invoices may be one debt: a person has to say
    AMBIGUOUS = "invoice-ambiguous"
    # a charge is unpaid and the policy makes the gate ask for charges
    CHARGE_UNPAID = "charge-unpaid"
    # a phase that must be finished first is not
    PHASE_UNFINISHED = "phase-unfinished"


class Reason(Struct, frozen=True):
    """Why a phase is blocked, and what would open it: whole sentences."""

    code: ReasonCode
    text: str
    opens: str
    milestone: str = ""
    invoice: str = ""


class Verdict(Struct, frozen=True):
    """Whether work on a phase may start or go on. A waiver opens it; `reasons` then still say what is owed."""

    project: str
    phase: str
    name: str
    reasons: tuple[Reason, ...]
    waiver: Waiver | None = None
    started: date | None = None
    finished: date | None = None

    @property
    def open(self) -> bool:
        """No reason stands against it, or a person waived them."""
        return not self.reasons or self.waiver is not None

    @property
    def word(self) -> str:
        """`open` or `blocked`."""
        return "open" if self.open else "blocked"


class MilestoneView(Struct, frozen=True):
    """A milestone with what was billed and paid for it, in the contract's currency."""

    id: str
    name: str
    amount: int
    billed: int
    paid: int
    is_paid: bool
    invoices: tuple[str, ...]


class ProjectView(Struct, frozen=True):
    """A contract on a day."""

    project: str
    key: str
    name: str
    client: str
    client_name: str
    currency: str
    milestones: tuple[MilestoneView, ...]
    phases: tuple[Verdict, ...]


class BlockedWork(Struct, frozen=True):
    """Work that an unpaid invoice keeps from starting or going on."""

    project: str
    phase: str
    opens: str
