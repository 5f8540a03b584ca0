"""What payflow did, saw or was told: journal records, and the typed memory read back from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from payflow.model.agreement import Agreement


class RecordKind(StrEnum):
    """Every kind of journal record; the body's keys stand beside each."""

    # {store}: a store was created
    CREATED = "created"
    # {from, place}: switched on; invoices due before `from` are left alone
    LIVE = "live"
    # {made_at, of}: the store was restored from a backup; it is not live until a person says so again
    RESTORED = "restored"
    # {from, to}: the store was carried to another database; the one it came from is not live any more
    MOVED = "moved"
    # {digest, agreement}: a version of the agreement, in force from the record's day
    AGREEMENT = "agreement"
    # {rows: [[id, source key, invoice key, number]]}: invoices met for the first time;
    # or, of very many, {source, columns: {id: [...], key: [...], number: [...]}}
    IDENTITIES = "identities"
    # {rows: [[id, as_of, paid, credited, due_on]]}: balances and due dates seen, as of a moment;
    # or, of invoices seen for the first time, {as_of, columns: {invoice: [...], paid: [...], credited: [...], due_on: [...]}}
    OBSERVATIONS = "observations"
    # {messages: [{key, client, intents}], dropped: [{key, client, why}], released: [{..., intents}],
    #  taken_back: [{ref, invoice, amount}], facts: [...],
    # digest, rates, program}: what a run decided (T1), and on what (`payflow.decide.stood_on`)
    DECISION = "decision"
    # {key, client, day, outcome, transport, detail, to, notices: [...], charges: [...]}: what became of a message (T3)
    OUTCOME = "outcome"
    # {key, client, day, outcome: sent|not-sent|retry|hurried, notices, charges, reason, by}: a person's word on a message
    MESSAGE_RESOLVED = "message-resolved"
    # {key, kind: hook|charge, target, deed, outcome, detail}: what became of an effect beside e-mail
    EFFECT = "effect"
    # {ref, invoice, kind, amount, currency, why}: part or all of a charge taken back
    CHARGE_REVERSED = "charge-reversed"
    # {ref, reason, by}: a charge that was left is asked for after all, or interest that arose is made one
    CHARGE_WANTED = "charge-wanted"
    # {ref, reason, by}
    CHARGE_WAIVED = "charge-waived"
    # {ref, reason, by}
    CHARGE_SETTLED = "charge-settled"
    # {scope, id, until, reason, by}: chasing stopped
    HOLD = "hold"
    # {scope, id, reason, by}: a hold ended early
    RELEASE = "release"
    # {invoice, reason, by}: an old invoice is taken in after all
    CHASE = "chase"
    # {invoice, as, on, reason, by}: a person says what became of an unknown invoice
    CONFIRM = "confirm"
    # {invoice, to, as, reason, by}: a person says what an invoice is: the same debt, a charge of ours, or a debt of its own
    LINK = "link"
    # {rows: [[line, [invoice ids]]]}: lines of bank statements recognised for certain as payments of these invoices
    RECOGNISED = "recognised"
    # {line, as, parts: [[invoice id, amount]], reason, by}: a person says what a bank line pays, if anything
    MATCH = "match"
    # {project, phase, until, reason, by}: work may start unpaid
    WAIVER = "waiver"
    # {project, phase, by}: work began, the gate being open
    PHASE_STARTED = "phase-started"
    # {project, phase, by}: work ended
    PHASE_FINISHED = "phase-finished"
    # {verdicts: {project/phase: open|blocked}, needs: [...], message}: what the owner was told, and by which message if by one
    TOLD = "told"
    # {name, reason, by, salt, hashes, records: [[seq, digest]]}: a client's data was taken out of these records; `name` is
    # what it is called since, the hashes know it again
    ERASED = "erased"


class Record(Struct, frozen=True):
    """One record to append. `day` is the business day it speaks of; `body` holds JSON values only.

    `client`, `project` and `invoice` are what `payflow log` filters by.
    """

    kind: RecordKind
    day: date
    body: Mapping[str, Any]
    client: str = ""
    project: str = ""
    invoice: int | None = None


class MessageState(StrEnum):
    """Where a message of the outbox stands."""

    # decided, waiting for its hour or another try
    WAITING = "waiting"
    # a run is handing it over right now (T2 committed)
    CLAIMED = "claimed"
    # handed over
    SENT = "sent"
    # perhaps handed over: never sent again by itself
    UNSURE = "unsure"
    # refused for good: a person is needed
    FAILED = "failed"
    # no longer wanted when its hour came
    DROPPED = "dropped"


class Announcement(Struct, frozen=True):
    """A fee that a notice named before it arises: by which step, not before which day, and how it is worded."""

    step: str
    on: date
    text: str


class Notice(Struct, frozen=True):
    """A step that was carried out. `handed_over` is false when nobody knows whether it arrived (`unsure`)."""

    invoice: int
    step: str
    on: date
    due_on: date
    handed_over: bool = True
    announced: Announcement | None = None
    message: str = ""


class ChargeKind(StrEnum):
    """What a charge is for."""

    # the late fee of the contract, claimed by a step
    LATE_FEE = "late-fee"
    # the fixed sum of a law, or one that was agreed, once
    COMPENSATION = "compensation"
    # interest that was billed
    INTEREST = "interest"


class ChargeState(StrEnum):
    """What became of a charge."""

    CLAIMED = "claimed"
    SETTLED = "settled"
    WAIVED = "waived"
    REVERSED = "reversed"


class Reversal(Struct, frozen=True):
    """Part or all of a charge taken back, and why, as a sentence."""

    amount: int
    on: date
    why: str


class Charge(Struct, frozen=True):
    """A claim beyond the principal. `amount` is what was claimed, `reversals` what was taken back since.

    `terms` is what it was made under: policy name, agreement digest, the fee in words, the base and the step's day.
    """

    ref: str
    invoice: int
    kind: str
    occurrence: str
    generation: int
    amount: int
    currency: str
    claimed_on: date
    state: ChargeState
    reversals: tuple[Reversal, ...]
    message: str
    terms: Mapping[str, Any]

    @property
    def standing(self) -> int:
        """What is still claimed: nothing once waived."""
        return (
            0 if self.state is ChargeState.WAIVED else self.amount - sum(reversal.amount for reversal in self.reversals)
        )


class Hold(Struct, frozen=True):
    """Chasing stopped from `since` up to and including `until` (None: until released)."""

    scope: str
    id: str
    since: date
    until: date | None
    reason: str


class Waiver(Struct, frozen=True):
    """Work may go on unpaid from `since` up to and including `until`."""

    project: str
    phase: str
    since: date
    until: date
    reason: str
    by: str


class Confirmation(Struct, frozen=True):
    """A person's word on an unknown invoice: `paid`, `void` or `open`, as of a day; and the moment at which it was given."""

    invoice: int
    outcome: str
    on: date
    said_at: datetime


class Link(Struct, frozen=True):
    """A person's word on what an invoice is: the `same` debt as another, a `charge` of ours, or its own `debt`."""

    invoice: int
    outcome: str
    to: str


class Forgotten(Struct, frozen=True):
    """A client whose data was erased: the name it goes by since, and hashes by which it is known again."""

    name: str
    salt: str
    hashes: frozenset[str]


class Version(Struct, frozen=True):
    """A version of the agreement and the day from which it is in force."""

    since: date
    agreement: Agreement


class Memory(Struct, frozen=True):
    """All that the pure parts need of the journal, up to a day."""

    versions: Sequence[Version] = ()
    live_from: date | None = None
    notices: Mapping[int, Sequence[Notice]] = field(default_factory=dict)
    charges: Mapping[int, Sequence[Charge]] = field(default_factory=dict)
    #: references of charges that a person wants claimed, and of ones given up before they were claimed
    wanted: frozenset[str] = frozenset()
    forgone: frozenset[str] = frozenset()
    holds: Sequence[Hold] = ()
    waivers: Sequence[Waiver] = ()
    chased: frozenset[int] = frozenset()
    confirmations: Mapping[int, Confirmation] = field(default_factory=dict)
    links: Mapping[int, Link] = field(default_factory=dict)
    #: what people said that lines of bank statements pay, by line: (invoice, amount) each; none: it pays no invoice
    matches: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    #: those of them that nobody said: what a forgotten client's lines had been recognised as
    kept: frozenset[str] = frozenset()
    #: the invoices that lines were recognised for certain to be about, by line
    recognised: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    #: (project key, phase id) -> day
    started: Mapping[tuple[str, str], date] = field(default_factory=dict)
    finished: Mapping[tuple[str, str], date] = field(default_factory=dict)
    #: "project/phase" -> "open" or "blocked", and the keys of needs, as last told to the owner
    told_verdicts: Mapping[str, str] = field(default_factory=dict)
    told_needs: frozenset[str] = frozenset()
    #: (client id, day) of messages that went out or may have
    written: frozenset[tuple[str, date]] = frozenset()
    #: every step that any notice took, also where notices of some invoices only are here
    steps: frozenset[str] = frozenset()
    #: clients whose data was erased, whatever the day: nobody is remembered for having been known before
    forgotten: Sequence[Forgotten] = ()
