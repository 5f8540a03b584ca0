"""What `explain` tells of one invoice: the timeline that adds up to every figure."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from payflow.model.interest import Interest
from payflow.model.invoice_view import InvoiceView
from payflow.model.journal import Charge, Notice
from payflow.model.verdict import BlockedWork


class EntryView(Struct, frozen=True):
    """A money movement as `explain` shows it. `amount` positive lowers what is owed; `bank` names the line that tells it."""

    on: date
    kind: str
    amount: int
    settlement: str
    inferred: bool
    bank: str = ""


class Stretch(Struct, frozen=True):
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
