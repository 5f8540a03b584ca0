"""Decisions and explanations built by hand, so that reports are tested on their own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from msgspec.structs import replace

from invoice_views import invoice_view
from payflow.model.acts import (
    ClientMessage,
    CorrectionItem,
    FeeDraft,
    Need,
    NoticeItem,
    Plan,
    Recipient,
    Takeback,
    VerdictChange,
)
from payflow.model.decision import Decision, SourceView, Totals
from payflow.model.explanation import EntryView, Explanation, Stretch
from payflow.model.facts import State
from payflow.model.interest import Interest
from payflow.model.invoice_view import Flag, InvoiceView
from payflow.model.journal import Announcement, Charge, ChargeState, Notice, Reversal, Waiver
from payflow.model.verdict import BlockedWork, MilestoneView, ProjectView, Reason, ReasonCode, Verdict

AS_OF = date(2026, 11, 21)
READ_AT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


def invoice(**changes: Any) -> InvoiceView:
    """INV-0013 of Acme Ltd, overdue; `changes` are fields of the view."""
    usual: dict[str, Any] = {
        "due_why": "net-15: 15 days after the invoice's date; the invoice prints the same day",
        "fees": 2_500,
        "fees_owed": 2_500,
        "interest": 1_227,
        "interest_per_day": 88,
        "next_step": "final-notice",
        "next_on": date(2026, 11, 24),
        "pay_url": "https://pay.example/inv-0013",
        "read_at": READ_AT,
    }
    return invoice_view(**usual | changes)


def unpaid(milestone: str = "design", number: str = "INV-0013") -> Reason:
    """A reason: nothing was paid for a milestone."""
    return Reason(
        ReasonCode.UNPAID,
        f"{milestone}: {number} is unpaid, 4,000.00 GBP, 17 days overdue",
        f"{number} paid in full: 4,000.00 GBP is missing",
        milestone,
        number,
    )


def verdict(phase: str = "build", *, reasons: tuple[Reason, ...] = (), **changes: Any) -> Verdict:
    """A verdict on a phase of acme-website, open unless reasons are given."""
    return replace(Verdict("acme-website", phase, phase.title(), reasons), **changes)


def waiver(phase: str = "launch") -> Waiver:
    """A waiver until 1 December."""
    return Waiver("acme-website", phase, AS_OF, date(2026, 12, 1), "Acme paid by cheque, it is in the post", "Nora")


def project(**changes: Any) -> ProjectView:
    """acme-website: design finished, build blocked although begun, content blocked, launch waived."""
    behind = Reason(ReasonCode.PHASE_UNFINISHED, "Build is not finished", "payflow phase finish acme-website build")
    view = ProjectView(
        "acme-website",
        "acme-website",
        "Acme website",
        "acme",
        "Acme Ltd",
        "GBP",
        (
            MilestoneView("deposit", "", 300_000, 300_000, 300_000, True, ("INV-0012",)),
            MilestoneView("design", "Design", 400_000, 400_000, 0, False, ("INV-0013",)),
            MilestoneView("content", "", 100_000, 100_000, 25_050, False, ("INV-0014",)),
            MilestoneView("launch", "", 200_000, 0, 0, False, ()),
        ),
        (
            verdict("design", finished=date(2026, 10, 18), started=date(2026, 10, 2)),
            verdict("build", reasons=(unpaid(),), started=date(2026, 10, 21)),
            verdict("content", reasons=(unpaid(), behind)),
            verdict("launch", reasons=(behind,), waiver=waiver()),
        ),
    )
    return replace(view, **changes)


def notice_item(**changes: Any) -> NoticeItem:
    """The late-fee step about INV-0013, which claims 25.00 GBP and names the next fee."""
    item = NoticeItem(
        invoice=invoice(fees=0),
        step="late-fee",
        step_name="late-fee",
        template="late-fee",
        fee=FeeDraft(
            "PF-13-1", 2_500, "GBP", "late-fee", 0, "25.00 GBP", "the contract acme-website, signed 2026-10-01"
        ),
        announces=Announcement("second-fee", date(2026, 11, 28), "a further fee of 25.00 GBP"),
        blocks=(BlockedWork("acme-website", "build", "INV-0013 paid in full: 4,000.00 GBP is missing"),),
        interest_words="8 % a year on what is outstanding, from 2026-11-08",
    )
    return replace(item, **changes)


def correction(**changes: Any) -> CorrectionItem:
    """A fee of INV-0010 that goes back in full."""
    item = CorrectionItem(
        "PF-10-1",
        invoice(id=10, number="INV-0010", key="INV-0010", outstanding=0, state=State.PAID, days_overdue=0),
        2_500,
        0,
        "The payment of 2026-11-02 arrived in the books after the fee was claimed.",
    )
    return replace(item, **changes)


def recipient(**changes: Any) -> Recipient:
    """Acme's accounts department."""
    who = Recipient("acme", "Acme Ltd", "accounts@acme.example", (), "en", "Europe/London", "GB")
    return replace(who, **changes)


def takeback() -> Takeback:
    """The fee of INV-0010 that no longer stands."""
    return Takeback(
        "PF-10-1", 10, "acme", 2_500, "GBP", "INV-0010 was paid by 2026-11-02, before the fee of 2026-11-08"
    )


def message(**changes: Any) -> ClientMessage:
    """One message with a notice and a correction."""
    return replace(ClientMessage(recipient(), (notice_item(),), (correction(),)), **changes)


def full_plan() -> Plan:
    """A plan with a message, a changed verdict and news."""
    change = VerdictChange("acme-website", "build", "open", "blocked", "Milestone design is unpaid.")
    return Plan((message(),), (takeback(),), (change,), (need(),))


def need(**changes: Any) -> Need:
    """An invoice that may be the same debt twice."""
    return need_tuple()._replace(**changes)


def need_tuple() -> Need:
    """The unchanged need."""
    return Need(
        "invoice-ambiguous",
        "ambiguous:31",
        "INV-0031 of Zażółć Studio looks like INV-0007 of source stripe: same client, same amount, a day apart.",
        'payflow link INV-0031 --same-as INV-0007 --reason "..."',
    )


def invoices() -> list[InvoiceView]:
    """One invoice of every kind the board shows apart, and two that it leaves out."""
    long = "The Very Long Partnership of Northern Upholsterers, Joiners and Sons"
    return [
        invoice(),
        invoice(
            id=7,
            number="2026/000000000000000000031",
            client="long",
            client_name=long,
            project="",
            milestone="",
            currency="JPY",
            total=1_250_000,
            outstanding=1_000_000,
            paid=250_000,
            fees=0,
            interest=0,
            flags=frozenset({Flag.PART_PAID, Flag.UNLINKED}),
            next_step=None,
            next_on=None,
            next_why="no contract claims it and [business] names no policy.",
        ),
        invoice(
            id=14,
            number="INV-0014",
            client="nippon",
            client_name="日本デザイン株式会社東京本社営業部",
            milestone="content",
            outstanding=74_950,
            paid=25_050,
            total=100_000,
            pending=10_000,
            due_on=date(2026, 12, 4),
            days_overdue=0,
            state=State.OPEN,
            flags=frozenset({Flag.PENDING, Flag.PART_PAID}),
            fees=0,
            interest=0,
            next_step="heads-up",
            next_on=date(2026, 12, 1),
        ),
        invoice(
            id=15,
            number="INV-0015",
            state=State.UNKNOWN,
            fees=0,
            interest=0,
            next_step=None,
            next_on=None,
            next_why="absent from the last reading of books: `payflow confirm INV-0015`.",
        ),
        invoice(
            id=10,
            number="INV-0010",
            state=State.PAID,
            fees_owed=2_500,
            outstanding=0,
            paid=400_000,
            days_overdue=0,
            interest=0,
            next_step=None,
            next_on=None,
            next_why="it is paid.",
        ),
        invoice(id=9, number="INV-0009", state=State.PAID, outstanding=0, fees=0, fees_owed=0, interest=0),
        invoice(id=8, number="INV-0008", state=State.DRAFT, fees=0, interest=0),
    ]


def decision(**changes: Any) -> Decision:
    """A day with something of everything."""
    whole = Decision(
        as_of=AS_OF,
        live=True,
        live_from=date(2026, 10, 1),
        not_live_because="",
        invoices=invoices(),
        projects=[project()],
        plan=full_plan(),
        needs=[need()],
        totals=[Totals("GBP", 474_950, 400_000, 5_000, 1_227), Totals("JPY", 1_000_000, 1_000_000, 0, 0)],
        sources=[
            SourceView("books", READ_AT, True, False, ""),
            SourceView(
                "stripe", datetime(2026, 11, 17, 6, 0, tzinfo=UTC), False, True, "the last pull failed: timeout"
            ),
            SourceView("bank", None, False, True, ""),
        ],
    )
    return replace(whole, **changes)


def quiet(**changes: Any) -> Decision:
    """A workspace with nothing in it."""
    return replace(decision(invoices=[], projects=[], plan=Plan(), needs=[], totals=[], sources=[]), **changes)


def charge(**changes: Any) -> Charge:
    """A fee of 25.00 GBP claimed on 11 November."""
    fee = Charge(
        ref="PF-13-1",
        invoice=13,
        kind="late-fee",
        occurrence="late-fee",
        generation=0,
        amount=2_500,
        currency="GBP",
        claimed_on=date(2026, 11, 11),
        state=ChargeState.CLAIMED,
        reversals=(),
        message="m-0002",
        terms={
            "policy": "standard",
            "agreement": "ab" * 32,
            "words": "25.00 GBP",
            "rests_on": "the contract acme-website, signed 2026-10-01",
            "percent": None,
            "day": 7,
            "base": 400_000,
            "due_on": "2026-11-04",
        },
    )
    return replace(fee, **changes)


def explanation(**changes: Any) -> Explanation:
    """INV-0013 with a part payment: 3 days on 5,000.00 and 14 on 4,000.00 at 8 %, less 3 days of grace."""
    first, second = (date(2026, 11, 7), date(2026, 11, 10)), (date(2026, 11, 10), date(2026, 11, 21))
    after = "after the payment of 1,000.00 GBP on 2026-11-10; 8 % a year"
    whole = Explanation(
        invoice=invoice(total=500_000, paid=100_000, flags=frozenset({Flag.PART_PAID, Flag.INFERRED}), interest=1_293),
        terms="net-15, grace of 3 days, late fee 25.00 GBP, interest 8 % a year",
        rests_on="the contract acme-website, signed 2026-10-01",
        entries=(EntryView(date(2026, 11, 10), "payment", 100_000, "settled", True),),
        stretches=(
            Stretch(
                *first,
                3,
                500_000,
                "8",
                500_000 * 8 * 3,
                36_500,
                329,
                "from the day after the 3 days of grace; 8 % a year",
            ),
            Stretch(*second, 11, 400_000, "8", 400_000 * 8 * 11, 36_500, 964, after),
        ),
        notices=(
            Notice(
                13,
                "reminder",
                date(2026, 11, 5),
                date(2026, 11, 4),
                True,
                Announcement("late-fee", date(2026, 11, 11), "a late fee of 25.00 GBP"),
                "m-0001",
            ),
            Notice(13, "late-fee", date(2026, 11, 11), date(2026, 11, 4), False, None, "m-0002"),
        ),
        charges=(
            charge(),
            charge(
                ref="PF-13-0",
                claimed_on=date(2026, 11, 6),
                state=ChargeState.REVERSED,
                reversals=(Reversal(2_500, date(2026, 11, 8), "The due date moved to 2026-11-04."),),
                message="m-0000",
            ),
        ),
        step_names=(("reminder", "friendly-reminder"), ("late-fee", "late-fee")),
        blocks=(BlockedWork("acme-website", "build", "INV-0013 paid in full: 4,000.00 GBP is missing"),),
        remarks=("The payment's day was inferred: books does not date payments.",),
        interest=Interest(Fraction(8, 100)),
    )
    return replace(whole, **changes)


def plan_of(*messages: ClientMessage) -> Plan:
    """A plan of messages only."""
    return Plan(messages)
