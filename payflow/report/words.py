"""Small pieces of wording that boards, plans and explanations share."""

from __future__ import annotations

from datetime import date, datetime

from payflow.model.decision import Decision
from payflow.model.invoice_view import InvoiceView
from payflow.money import exponent, round_half_up, show


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 day`, `3 days`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """Words as a sentence of their own; nothing stays nothing."""
    return f"{text[:1].upper()}{text[1:]}{'' if not text or text.endswith('.') else '.'}"


def figure(amount: int, currency: str) -> str:
    """An amount for people, without its currency: `4,000.00`."""
    return show(amount, currency).rpartition(" ")[0]


def moment(value: datetime | None) -> str:
    """A moment to the minute, in its own zone: `2026-11-21 08:30`; `never` where there was none."""
    return "never" if value is None else value.strftime("%Y-%m-%d %H:%M")


def distance(day: date, as_of: date) -> str:
    """How far a day is away: `today`, `in 3 days`, `17 days ago`."""
    days = (day - as_of).days
    if days == 0:
        return "today"
    return f"in {count(days, 'day')}" if days > 0 else f"{count(-days, 'day')} ago"


def next_words(view: InvoiceView, as_of: date) -> str:
    """The next notice with its day, or why there is none."""
    if view.next_step is None:
        return f"no notice: {view.next_why}" if view.next_why else "no notice"
    if view.next_on is None:
        return f"next: {view.next_step}"
    return f"next: {view.next_step} on {view.next_on} ({distance(view.next_on, as_of)})"


def numbers_of(decision: Decision) -> dict[int, str]:
    """Invoice numbers by identity."""
    return {view.id: view.number or view.key for view in decision.invoices}


def place(view: InvoiceView) -> str:
    """Where an invoice belongs: `acme-website/design`, or empty."""
    return f"{view.project}/{view.milestone}" if view.project and view.milestone else view.project


#: Decimals beyond the minor unit with which exact interest is shown.
EXTRA_DIGITS = 4


def exact(units: int, currency: str) -> str:
    """Decimal text of an amount in ten-thousandths of the minor unit, as `scaled` gives it: `12.273973`."""
    digits = exponent(currency) + EXTRA_DIGITS
    sign, text = ("-" if units < 0 else ""), str(abs(units)).rjust(digits + 1, "0")
    return f"{sign}{int(text[:-digits]):,}.{text[-digits:]}"


def scaled(numerator: int, denominator: int) -> int:
    """An exact amount in minor units as a whole number of ten-thousandths of one, rounded half up."""
    return round_half_up(numerator * 10**EXTRA_DIGITS, denominator)
