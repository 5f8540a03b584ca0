"""An invoice as decisions show it, for tests that need one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from payflow.model.facts import Role, State
from payflow.model.invoice_view import InvoiceView


def invoice_view(**changes: Any) -> InvoiceView:
    """INV-0013 of Acme Ltd over 4,000.00 GBP, due on 4 November 2026, 17 days overdue and unpaid, changed as said."""
    usual = InvoiceView(
        id=13,
        source="books",
        key="INV-0013",
        number="INV-0013",
        client="acme",
        client_name="Acme Ltd",
        project="acme-website",
        milestone="design",
        role=Role.PRINCIPAL,
        currency="GBP",
        total=400_000,
        credited=0,
        paid=0,
        outstanding=400_000,
        pending=0,
        issued_on=date(2026, 10, 20),
        due_on=date(2026, 11, 4),
        due_why="net-15 from 2026-10-20",
        days_overdue=17,
        state=State.OVERDUE,
        flags=frozenset(),
        fees=0,
        interest=0,
        interest_per_day=0,
        next_step=None,
        next_on=None,
        next_why="",
        policy="standard",
        pay_url="",
        read_at=datetime(2026, 11, 21, 6, tzinfo=UTC),
    )
    return usual._replace(**changes)
