"""What would be done for a day: messages to clients and what they claim, charges taken back, news for the owner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from msgspec import Struct

from payflow.model.invoice_view import InvoiceView
from payflow.model.journal import Announcement, Charge, ChargeKind
from payflow.model.verdict import BlockedWork


class FeeDraft(Struct, frozen=True):
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
