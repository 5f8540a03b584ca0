"""The contract and the design that the tests of the gate ask about, on one day."""

from __future__ import annotations

from datetime import date

from payflow.model.agreement import Milestone
from payflow.model.facts import State
from policy.books import contract_of

TODAY = date(2026, 11, 21)
DESIGN = Milestone("design", 400_000, "Design", ("INV-0013",))
CONTRACT = contract_of(milestones=(DESIGN,))
PAID = {"outstanding": 0, "paid": 400_000, "state": State.PAID, "days_overdue": 0}
