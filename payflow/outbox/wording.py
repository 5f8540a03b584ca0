"""What templates get to see: the facts of a message in small frozen types, ready to be printed.

Amounts are `Money`, which prints as `4,000.00 GBP`; days are dates, printed by the `day` filter. Names and numbers come
from outside and are one line each, so that none can pass for a paragraph of ours. `docs/mail.md` documents every field:
users write templates against them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from msgspec import Struct

from payflow.model.acts import ClientMessage, CorrectionItem, FeeDraft, NoticeItem
from payflow.model.journal import Charge, ChargeKind, ChargeState
from payflow.model.verdict import BlockedWork
from payflow.money import Money
from payflow.outbox.mime import one_line

#: The C library's names follow the locale of the process.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ISO_DAY = re.compile(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])")


class Fee(NamedTuple):
    """A charge that this notice claims: its reference, what was agreed, and where. `name` is such as "Interest"."""

    ref: str
    amount: Money
    words: str
    rests_on: str
    name: str = "Late fee"


class Standing(NamedTuple):
    """A charge from an earlier notice that is still asked for."""

    ref: str
    amount: Money
    claimed_on: date
    name: str = "Late fee"


class InterestSoFar(NamedTuple):
    """Interest up to today, what each further day adds, and the rule in words."""

    amount: Money
    per_day: Money
    words: str


class Reduced(NamedTuple):
    """A discount for early payment: `pay` settles the invoice, or the instalment, if it is sent up to and on the day `until`."""

    pay: Money
    off: Money
    until: date
    what: str = "the invoice"


class Announced(NamedTuple):
    """A fee that a later notice may claim, not before `on`: `text` is such as "a late fee of 25.00 GBP"."""

    text: str
    on: date


class Item(Struct, frozen=True):
    """One invoice with its step. `paid` is what was paid and credited, `asked` all that is to be paid today."""

    number: str
    project: str
    step: str
    issued: date
    due: date | None
    days_late: int
    total: Money
    paid: Money
    outstanding: Money
    part_paid: bool
    fee: Fee | None
    charges: tuple[Standing, ...]
    interest: InterestSoFar | None
    announced: Announced | None
    blocks: tuple[BlockedWork, ...]
    pay_url: str
    asked: Money
    #: charges beside the fee that this notice claims: interest, compensation
    claims: tuple[Fee, ...] = ()
    #: a discount that can still be earned: what is to be paid then, what is taken off, and the last day
    discount: Reduced | None = None


class Correction(Struct, frozen=True):
    """A charge taken back by `amount`; `remaining` of it still stands. `waived`: given up, though it was owed."""

    ref: str
    number: str
    project: str
    amount: Money
    remaining: Money
    why: str
    waived: bool = False


class Total(NamedTuple):
    """What all invoices of a message ask in one currency."""

    currency: str
    principal: Money
    charges: Money
    interest: Money
    together: Money


def day(value: date) -> str:
    """A day as it cannot be misread: `4 November 2026`."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def count(number: int, noun: str) -> str:
    """A number with its English noun: `1 day`, `3 days`."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def plain_days(text: str, keep: str = "") -> str:
    """A sentence in one line with its ISO days written out; `keep` (an invoice's number) stays as it is."""

    def write_out(match: re.Match[str]) -> str:
        try:
            return match[0] if match[0] == keep else day(date.fromisoformat(match[0]))
        except ValueError:
            return match[0]

    return _ISO_DAY.sub(write_out, one_line(text))


def items_of(message: ClientMessage) -> tuple[Item, ...]:
    """The notices of a message. Charges that the same message takes back count as taken back."""
    remaining = {item.ref: item.remaining for item in sorted(message.corrections, key=lambda item: item.count)}
    return tuple(_item(notice, remaining) for notice in message.notices)


def corrections_of(message: ClientMessage) -> tuple[Correction, ...]:
    """The corrections of a message."""
    return tuple(_correction(item) for item in message.corrections)


def totals_of(items: Sequence[Item]) -> tuple[Total, ...]:
    """Sums per currency, in the order in which currencies appear; they are never added up."""
    currencies = dict.fromkeys(item.total.currency for item in items)
    return tuple(_total(code, [item for item in items if item.total.currency == code]) for code in currencies)


def _item(notice: NoticeItem, remaining: Mapping[str, int]) -> Item:
    view = notice.invoice

    def money(amount: int) -> Money:
        return Money(amount, view.currency)

    charges = tuple(standing for charge in notice.charges if (standing := _standing(charge, remaining)) is not None)
    interest = None
    if notice.interest_words:
        words = plain_days(notice.interest_words)
        interest = InterestSoFar(money(_unbilled(notice)), money(view.interest_per_day), words)
    return Item(
        number=one_line(view.number),
        project=one_line(view.project),
        step=one_line(notice.step_name),
        issued=view.issued_on,
        due=view.due_on,
        days_late=view.days_overdue,
        total=money(view.total),
        paid=money(view.paid + view.credited),
        outstanding=money(view.outstanding),
        part_paid=view.outstanding != view.total,
        fee=_fee(notice),
        charges=charges,
        interest=interest,
        announced=_announced(notice),
        blocks=tuple(_blocked(work, view.number) for work in notice.blocks),
        pay_url=_link(view.pay_url),
        asked=money(
            view.outstanding
            + sum(charge.amount.amount for charge in charges)
            + (notice.fee.amount if notice.fee else 0)
            + sum(draft.amount for draft in notice.claims)
            + (interest.amount.amount if interest else 0)
        ),
        claims=tuple(_draft(draft) for draft in notice.claims),
        discount=Reduced(
            money(view.outstanding - notice.discount[1]),
            money(notice.discount[1]),
            notice.discount[0],
            "the instalment" if view.instalments else "the invoice",
        )
        if notice.discount
        else None,
    )


def _unbilled(notice: NoticeItem) -> int:
    """Interest so far that is in no charge, this notice's included."""
    billed = sum(draft.amount for draft in notice.claims if draft.kind == ChargeKind.INTEREST)
    return max(0, notice.invoice.interest - notice.invoice.interest_billed - billed)


def _fee(notice: NoticeItem) -> Fee | None:
    return None if notice.fee is None else _draft(notice.fee)


def _draft(fee: FeeDraft) -> Fee:
    amount = Money(fee.amount, fee.currency)
    return Fee(fee.ref, amount, plain_days(fee.words), plain_days(fee.rests_on), _NAMES[ChargeKind(fee.kind)])


#: What letters call a charge.
_NAMES = {
    ChargeKind.LATE_FEE: "Late fee",
    ChargeKind.COMPENSATION: "Compensation",
    ChargeKind.INTEREST: "Interest",
}


def _standing(charge: Charge, remaining: Mapping[str, int]) -> Standing | None:
    if charge.state is not ChargeState.CLAIMED:
        return None
    amount = min(charge.standing, remaining.get(charge.ref, charge.standing))
    if amount <= 0:
        return None
    return Standing(charge.ref, Money(amount, charge.currency), charge.claimed_on, _NAMES[ChargeKind(charge.kind)])


def _announced(notice: NoticeItem) -> Announced | None:
    announced = notice.announces
    return None if announced is None else Announced(plain_days(announced.text), announced.on)


def _blocked(work: BlockedWork, number: str) -> BlockedWork:
    # What opens a phase may be a command, which is the owner's to know and not the client's.
    opens = "" if work.opens.startswith("payflow ") else plain_days(work.opens, number)
    return BlockedWork(one_line(work.project), one_line(work.phase), opens)


def _link(url: str) -> str:
    plain = one_line(url)
    return plain if plain.lower().startswith(("https://", "http://")) and " " not in plain else ""


def _correction(item: CorrectionItem) -> Correction:
    view = item.invoice
    return Correction(
        ref=item.ref,
        number=one_line(view.number),
        project=one_line(view.project),
        amount=Money(item.amount, view.currency),
        remaining=Money(item.remaining, view.currency),
        why=plain_days(item.why, view.number),
        waived=item.waived,
    )


def _total(currency: str, items: Sequence[Item]) -> Total:
    def sum_of(amounts: Iterable[Money]) -> int:
        return sum(money.amount for money in amounts)

    principal = sum_of(item.outstanding for item in items)
    charges = sum_of(charge.amount for item in items for charge in item.charges)
    charges += sum_of(item.fee.amount for item in items if item.fee)
    charges += sum_of(draft.amount for item in items for draft in item.claims)
    interest = sum_of(item.interest.amount for item in items if item.interest)
    together = principal + charges + interest
    return Total(currency, *(Money(amount, currency) for amount in (principal, charges, interest, together)))
