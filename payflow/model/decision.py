"""What follows for a day, all together: invoices, verdicts, acts, and the Decision that holds them.

Everything here is derived; none of it is ever the truth. Amounts are minor units of the currency beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from msgspec import Struct, field

from payflow.model.acts import Need, Plan
from payflow.model.bank_view import BankView
from payflow.model.invoice_view import InvoiceView
from payflow.model.verdict import ProjectView


class Totals(NamedTuple):
    """Sums of one currency; currencies are never added up."""

    currency: str
    outstanding: int
    overdue: int
    fees: int
    interest: int


class SourceView(Struct, frozen=True):
    """How fresh a source is. `synced_at` is the moment its last finished reading speaks for."""

    source: str
    synced_at: datetime | None
    complete: bool
    stale: bool
    problem: str


class Decision(Struct, frozen=True):
    """Everything that follows from the facts, the agreement and the journal for one day.

    `partly` says that `invoices` are only those that were looked at, and that there are no totals; all else is whole.
    """

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
    partly: bool = False
