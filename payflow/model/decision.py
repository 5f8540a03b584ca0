"""What follows for a day: assessed invoices, verdicts, acts, and the Decision that holds them all.

Everything here is derived; none of it is ever the truth. Amounts are minor units of the currency beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from msgspec import Struct, field

from payflow.model.facts import Role, State
from payflow.model.interest import Interest
from payflow.model.journal import Announcement, Charge, ChargeKind, Notice, Waiver


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
    # the client promised a payment that is not overdue yet
    PROMISED = "promised"
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


class InstalmentView(NamedTuple):
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


class Reason(NamedTuple):
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


class BlockedWork(NamedTuple):
    """Work that an unpaid invoice keeps from starting or going on."""

    project: str
    phase: str
    opens: str


class FeeDraft(NamedTuple):
    """A charge that a notice would claim. `words` is what was agreed, `rests_on` the agreement it rests on.

    `terms` are what the journal keeps with it, so that it can be judged when the terms have long changed.
    """

    ref: str
    amount: int
    currency: str
    occurrence: str
    generation: int
    words: str
    rests_on: str
    kind: str = ChargeKind.LATE_FEE
    terms: Mapping[str, Any] = MappingProxyType({})


class NoticeItem(Struct, frozen=True):
    """One step about one invoice, as one part of a message."""

    invoice: InvoiceView
    step: str
    step_name: str
    template: str
    fee: FeeDraft | None
    announces: Announcement | None
    blocks: tuple[BlockedWork, ...]
    #: charges standing on the invoice from earlier notices
    charges: tuple[Charge, ...] = ()
    #: interest in words, empty where none binds: "8 % a year on what is outstanding, from 2026-11-08"
    interest_words: str = ""
    #: further charges that this notice claims beside the fee: compensation, interest
    claims: tuple[FeeDraft, ...] = ()
    #: the last day and the amount of a discount that the client can still earn
    discount: tuple[date, int] | None = None


class CorrectionItem(Struct, frozen=True):
    """A charge taken back, in whole or in part. `remaining` is what stands of it afterwards."""

    ref: str
    invoice: InvoiceView
    amount: int
    remaining: int
    why: str
    #: 1 for the first correction of this charge
    count: int = 1
    kind: str = ChargeKind.LATE_FEE
    #: a person gave it up, though it was justified
    waived: bool = False


class Recipient(Struct, frozen=True):
    """Where a client's mail goes. `timezone` and `country` decide its hours and business days."""

    client: str
    name: str
    email: str
    cc: tuple[str, ...]
    language: str
    timezone: str
    country: str


class Takeback(Struct, frozen=True):
    """A charge, or part of it, that the known facts no longer justify: it goes back, with a word to the client."""

    ref: str
    invoice: int
    client: str
    amount: int
    currency: str
    why: str
    kind: str = ChargeKind.LATE_FEE


class ClientMessage(Struct, frozen=True):
    """One e-mail to one client on one day, about every invoice that has something due."""

    recipient: Recipient
    notices: tuple[NoticeItem, ...]
    corrections: tuple[CorrectionItem, ...] = ()


class VerdictChange(NamedTuple):
    """A verdict that differs from what the owner was last told; `before` is empty for a phase never told of."""

    project: str
    phase: str
    before: str
    after: str
    why: str


class Need(NamedTuple):
    """Something that needs a person. `key` names this very need, so that it is told once; `remedy` is a command or a deed."""

    code: str
    key: str
    text: str
    remedy: str = ""


class Plan(Struct, frozen=True):
    """What would be done: messages to clients, charges taken back, news for the owner. Empty when nothing is due.

    `baseline` says that the owner's news start from here: phases that were never told of are noted without a word.
    """

    messages: tuple[ClientMessage, ...] = ()
    takebacks: tuple[Takeback, ...] = ()
    changes: tuple[VerdictChange, ...] = ()
    news: tuple[Need, ...] = ()
    baseline: bool = False
    #: invoices whose source could not be read at the last try: nothing new is said of them, and what waits goes on waiting
    paused: frozenset[int] = frozenset()

    @property
    def empty(self) -> bool:
        """Nothing to do."""
        return not (self.messages or self.takebacks or self.changes or self.news)


class Totals(NamedTuple):
    """Sums of one currency; currencies are never added up."""

    currency: str
    outstanding: int
    overdue: int
    fees: int
    interest: int


class SourceView(NamedTuple):
    """How fresh a source is. `synced_at` is the moment its last finished reading speaks for."""

    source: str
    synced_at: datetime | None
    complete: bool
    stale: bool
    problem: str


class LinePart(NamedTuple):
    """Minor units of a bank line that go to an invoice; below zero they take back."""

    invoice: int
    source: str
    number: str
    amount: int


class LineCandidate(NamedTuple):
    """What a bank line may pay, by which rule, and why, a sentence."""

    rule: str
    parts: tuple[LinePart, ...]
    reason: str


class LineView(NamedTuple):
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


class BankView(NamedTuple):
    """What bank lines are: certain payments, lines that wait for a person, those that say nothing, those rejected, and the
    bank's fees."""

    certain: Sequence[LineView] = ()
    suggested: Sequence[LineView] = ()
    unmatched: Sequence[LineView] = ()
    rejected: Sequence[LineView] = ()
    fees: Sequence[LineView] = ()


class Decision(Struct, frozen=True):
    """Everything that follows from the facts, the agreement and the journal for one day."""

    as_of: date
    live: bool
    live_from: date | None
    not_live_because: str
    invoices: Sequence[InvoiceView]
    projects: Sequence[ProjectView]
    plan: Plan
    needs: Sequence[Need]
    totals: Sequence[Totals]
    sources: Sequence[SourceView]
    bank: BankView = field(default_factory=BankView)


class EntryView(NamedTuple):
    """A money movement as `explain` shows it. `amount` positive lowers what is owed; `bank` names the line that tells it."""

    on: date
    kind: str
    amount: int
    settlement: str
    inferred: bool
    bank: str = ""


class Stretch(NamedTuple):
    """Days with one balance and one rate: from the day after `start` up to and including `end`.

    `numerator` over `denominator` is the exact interest of the stretch in minor units.
    """

    start: date
    end: date
    days: int
    balance: int
    rate: str
    numerator: int
    denominator: int
    #: what the interest claimed grew by, in whole minor units; the stretches add up to it
    adds: int = 0
    #: what opened the stretch, and what its rate rests on
    why: str = ""


class Explanation(Struct, frozen=True):
    """The timeline that adds up to every figure of one invoice."""

    invoice: InvoiceView
    terms: str
    rests_on: str
    entries: tuple[EntryView, ...]
    stretches: tuple[Stretch, ...]
    notices: tuple[Notice, ...]
    charges: tuple[Charge, ...]
    #: step key -> present name, for notices
    step_names: tuple[tuple[str, str], ...]
    blocks: tuple[BlockedWork, ...]
    remarks: tuple[str, ...]
    #: how the interest is worked out; None where none arises
    interest: Interest | None = None
