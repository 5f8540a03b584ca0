"""Messages about nobody, with which `doctor` tries templates: one with everything in it, one with as little as may be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from msgspec.structs import replace

from payflow.model.acts import ClientMessage, CorrectionItem, FeeDraft, Need, NoticeItem, Recipient, VerdictChange
from payflow.model.facts import Role, State
from payflow.model.invoice_view import InvoiceView
from payflow.model.journal import Announcement, Charge, ChargeState
from payflow.model.verdict import BlockedWork

TODAY = date(2026, 11, 12)

_RICH = InvoiceView(
    id=1,
    source="books",
    key="k1",
    number="INV-0013",
    client="acme",
    client_name="Acme Ltd",
    project="acme-website",
    milestone="design",
    role=Role.PRINCIPAL,
    currency="GBP",
    total=400_000,
    credited=0,
    paid=150_000,
    outstanding=250_000,
    pending=0,
    issued_on=date(2026, 10, 20),
    due_on=date(2026, 11, 4),
    due_why="net-15",
    days_overdue=8,
    state=State.OVERDUE,
    flags=frozenset(),
    fees=2_500,
    interest=1_227,
    interest_per_day=88,
    next_step="late-fee",
    next_on=TODAY,
    next_why="",
    policy="standard",
    pay_url="https://pay.example/INV-0013",
    read_at=datetime(2026, 11, 12, 6, tzinfo=UTC),
)
_BARE = _RICH._replace(
    number="7",
    project="",
    milestone="",
    currency="JPY",
    total=1_200,
    paid=0,
    outstanding=1_200,
    due_on=None,
    days_overdue=0,
    state=State.OPEN,
    fees=0,
    interest=0,
    interest_per_day=0,
    pay_url="",
)
_CHARGE = Charge(
    "PF-00000001", 1, "late-fee", "late-fee", 0, 2_500, "GBP", date(2026, 11, 8), ChargeState.CLAIMED, (), "m", {}
)
_FEE = FeeDraft("PF-00000002", 2_500, "GBP", "second", 0, "25.00 GBP", "the contract for Acme website")


def messages(email: str, language: str) -> Sequence[ClientMessage]:
    """Messages whose notices use the step template `email`."""
    recipient = Recipient("acme", "Acme Ltd", "accounts@acme.example", (), language, "Europe/London", "GB")
    rich = NoticeItem(
        invoice=_RICH,
        step="late-fee",
        step_name="late-fee",
        template=email,
        fee=_FEE,
        announces=Announcement("final", date(2026, 11, 20), "a late fee of 25.00 GBP"),
        blocks=(BlockedWork("Acme website", "Build", "INV-0013 paid in full: 2,500.00 GBP is missing"),),
        charges=(_CHARGE,),
        interest_words="8 % a year on what is outstanding, from 2026-11-08",
    )
    bare = NoticeItem(_BARE, "heads-up", "heads-up", email, None, None, ())
    early = replace(bare, invoice=_BARE._replace(due_on=TODAY))
    correction = CorrectionItem("PF-00000003", _RICH, 1_000, 1_500, "less was outstanding than was known then")
    return (
        ClientMessage(recipient, (rich, bare), (correction, replace(correction, remaining=0))),
        ClientMessage(replace(recipient, name=""), (early,)),
        ClientMessage(recipient, (), (correction,)),
    )


def owner() -> tuple[Sequence[VerdictChange], Sequence[Need]]:
    """News of both kinds for the owner."""
    change = VerdictChange("acme-website", "build", "open", "blocked", "INV-0013 is unpaid")
    return (change,), (Need("invoice-unknown", "k", "INV-0009 is missing", "payflow confirm INV-0009 --paid"),)
