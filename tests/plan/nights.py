"""Some nights in the life of one invoice: facts become known, a plan is made and carried out into the memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from invoice_views import invoice_view
from payflow.columns import to_day
from payflow.model.acts import ClientMessage, Plan, Recipient
from payflow.model.agreement import Contract, Policy
from payflow.model.facts import State
from payflow.model.journal import Charge, ChargeState, Hold, Memory, Notice, Reversal
from payflow.plan import LATE_FEE, Case, correction_step, plan
from payflow.policy.bearing import notice_words
from payflow.policy.ladder import Next, next_step
from payflow.policy.rows import movements
from policy.books import DUE, Bill, Move, Row, assess_one, book_of, contract_of, policy_of

STORE = "0123456789abcdef"
ACME = Recipient("acme", "Acme Ltd", "accounts@acme.example", (), "en", "Europe/London", "GB")


class Seen(NamedTuple):
    """A movement and the day on which the books first showed it."""

    move: Move
    on: date


@dataclass
class Nights:
    """One invoice of one client, night after night."""

    bill: Bill = field(default_factory=Bill)
    policy: Policy = field(default_factory=policy_of)
    contract: Contract | None = field(default_factory=contract_of)
    seen: Sequence[Seen] = ()
    holds: Sequence[Hold] = ()
    binds: bool = True
    own_debt: bool = True
    notices: list[Notice] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    written: set[tuple[str, date]] = field(default_factory=set)
    messages: list[tuple[date, ClientMessage]] = field(default_factory=list)
    #: keys of steps that nobody knows to have arrived
    unsure: frozenset[str] = frozenset()
    #: the last assessment, and of what it was
    last: tuple[tuple[Bill, Policy, bool, date], Row] | None = None

    def known(self, as_of: date) -> Bill:
        """The invoice as the books show it on a day."""
        return replace(self.bill, moves=[*self.bill.moves, *(one.move for one in self.seen if one.on <= as_of)])

    def case(self, as_of: date) -> Case:
        bill = self.known(as_of)
        row = self.assessed(bill, as_of)
        due = row.due_on
        asking = row.state in (State.OPEN, State.OVERDUE) and self.own_debt and not row.pending and not row.refunded
        holds = [hold for hold in self.holds if hold.since <= as_of]
        assert due is not None
        step = next_step(self.policy, due, as_of, self.notices, holds) if asking else Next(None, None, row.state.word)
        view = invoice_view(
            currency=bill.currency,
            total=bill.total,
            credited=row.credited,
            paid=row.paid,
            outstanding=row.outstanding,
            pending=row.pending,
            due_on=due,
            days_overdue=row.days_overdue,
            state=row.state,
            interest=row.interest,
            interest_per_day=row.per_day,
            fees=sum(charge.standing for charge in self.charges),
        )
        moved = movements(book_of(bill)).get(0, [])
        agreed = self.policy.interest
        words = (
            notice_words(agreed, due, self.policy.grace, bill.issued, as_of) if agreed and due and self.binds else ""
        )
        return Case(
            view, self.policy, self.contract, "digest", self.binds, step, tuple(self.notices), tuple(self.charges), holds,
            moved, self.binds, words, self.own_debt,
        )  # fmt: skip

    def assessed(self, bill: Bill, as_of: date) -> Row:
        """The assessment, which a plan that was carried out does not change."""
        facts = (bill, self.policy, self.binds, as_of)
        if self.last is None or self.last[0] != facts:
            self.last = (facts, assess_one(bill, self.policy, as_of, binds=self.binds))
        return self.last[1]

    def plan(self, as_of: date) -> Plan:
        memory = Memory(written=frozenset(self.written))
        return plan([self.case(as_of)], [], memory, {"acme": ACME}, [], as_of, STORE)

    def night(self, as_of: date) -> Plan:
        """Plan, and carry the plan out as the journal would remember it."""
        made = self.plan(as_of)
        self.carry_out(made, as_of)
        return made

    def carry_out(self, made: Plan, as_of: date) -> None:
        for back in made.takebacks:
            self.reverse(back.ref, back.amount, as_of, back.why)
        for message in made.messages:
            self.messages.append((as_of, message))
            self.written.add(("acme", as_of))
            for item in message.corrections:
                self.notices.append(Notice(13, correction_step(item.ref, item.count), as_of, as_of))
            for item in message.notices:
                sure = item.step not in self.unsure
                assert item.invoice.due_on is not None
                self.notices.append(Notice(13, item.step, as_of, item.invoice.due_on, sure, item.announces))
                if item.fee is not None and sure:
                    self.claim(item.fee.amount, as_of, ref=item.fee.ref, occurrence=item.fee.occurrence)

    def claim(self, amount: int, on: date, *, ref: str = "PF-1", occurrence: str = "late-fee") -> None:
        """A charge as a hand-over journals it."""
        step = next(step for step in self.policy.ladder if step.key == occurrence)
        fee = self.policy.late_fee
        percent = fee.percent if fee is not None else None
        words = f"{percent.numerator * 100}/{percent.denominator}" if percent is not None else None
        self.charges.append(
            Charge(
                ref, 13, LATE_FEE, occurrence, 0, amount, self.bill.currency, on, ChargeState.CLAIMED, (), "message",
                {"percent": words, "day": step.day},
            )
        )  # fmt: skip

    def reverse(self, ref: str, amount: int, on: date, why: str) -> None:
        self.charges = [_reversed(one, amount, on, why) if one.ref == ref else one for one in self.charges]

    def settle(self, state: ChargeState) -> None:
        """A person waives or settles every charge."""
        self.charges = [replace(charge, state=state) for charge in self.charges]


def _reversed(charge: Charge, amount: int, on: date, why: str) -> Charge:
    charge = replace(charge, reversals=(*charge.reversals, Reversal(amount, on, why)))
    return charge if charge.standing else replace(charge, state=ChargeState.REVERSED)


def owed_before(nights: Nights, day: date, as_of: date) -> int:
    """What was owed at the end of the day before, by what is known on `as_of`."""
    moves = nights.known(as_of).moves
    return max(0, nights.bill.total - sum(move.amount for move in moves if to_day(move.on) < to_day(day)))


def on(days: int) -> date:
    """A day, counted from the due date."""
    return DUE + timedelta(days=days)


def run(nights: Nights, first: int, last: int) -> Nights:
    """Every night from `first` through `last`, in days from the due date."""
    for day in range(first, last + 1):
        nights.night(on(day))
    return nights


def steps(nights: Nights) -> list[tuple[int, str]]:
    """Every notice: its day, counted from the due date, and its step."""
    return [((day - DUE).days, item.step) for day, message in nights.messages for item in message.notices]


def fees_of(nights: Nights) -> list[tuple[int, int]]:
    """Every fee: its day, counted from the due date, and its amount."""
    return [((charge.claimed_on - DUE).days, charge.amount) for charge in nights.charges]
