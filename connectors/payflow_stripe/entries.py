"""The entries of one invoice: every movement of money on it, so that they add up to what Stripe says of it.

A paid invoice is one whose payments and earlier credit notes come to its total. Where Stripe shows less of it than that (money
outside Stripe, credit of the client used up, recordings from before basil), one entry stands for the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from msgspec import Struct, field

from payflow.connector import EntryKind, Problem, Settlement, Status
from payflow_stripe.facts import CreditNote, Customer, Invoice, Payment, Withdrawal


class Entry(NamedTuple):
    """A row of `payflow.columns.ENTRIES`."""

    key: str
    invoice: str
    client: str
    kind: EntryKind
    on: date | None
    amount: int
    currency: str
    settlement: Settlement


class Related(Struct):
    """What else Stripe holds of the invoices at hand, by invoice; `refunds` and `disputes` are those of the whole reading."""

    payments: dict[str, list[Payment]] = field(default_factory=dict)
    notes: dict[str, list[CreditNote]] = field(default_factory=dict)
    refunds: list[Withdrawal] = field(default_factory=list)
    disputes: list[Withdrawal] = field(default_factory=list)

    def entries(self, invoices: Sequence[Invoice], problems: list[Problem]) -> Iterator[Entry]:
        """Entries of these invoices, in their order. What cannot be placed on an invoice of its currency is a problem."""
        shares = _Shares(invoices, self)
        refunds = shares.split(self.refunds, EntryKind.REFUND, problems)
        disputes = shares.split(self.disputes, EntryKind.DISPUTE, problems)
        for invoice in invoices:
            back = refunds.get(invoice.key, [])
            yield from of_invoice(
                invoice,
                self.payments.get(invoice.key, []),
                self.notes.get(invoice.key, []),
                [*back, *disputes.get(invoice.key, [])],
            )


def of_invoice(
    invoice: Invoice, payments: Sequence[Payment], notes: Sequence[CreditNote], back: Sequence[Entry]
) -> Iterator[Entry]:
    """Entries of one invoice; `back` are its refunds and disputes. A draft has none: nobody owes it yet."""
    if invoice.status is Status.DRAFT:
        return
    came = [
        _entry(invoice, item.key, EntryKind.PAYMENT, item.on, item.amount, item.settlement) for item in _money(payments)
    ]
    lowered = [entry for note in notes for entry in _before(invoice, note)]
    yield from came
    yield from lowered
    yield from _rest(invoice, [*came, *lowered])
    for note in notes:
        yield from _after(invoice, note, back)
    yield from back


def of_customer(customer: Customer) -> Entry:
    """Open credit of a client, tied to no invoice."""
    return Entry(
        f"{customer.key}:balance",
        "",
        customer.key,
        EntryKind.CREDIT,
        customer.since,
        customer.credit,
        customer.currency,
        Settlement.SETTLED,
    )


def owed_again(invoices: Iterable[Invoice], entries: Iterable[Entry]) -> bool:
    """Whether Stripe calls an invoice paid although its money went back or is disputed."""
    left = {invoice.key: invoice.total for invoice in invoices if invoice.status is Status.PAID}
    for entry in entries:
        if entry.invoice in left and entry.settlement in (Settlement.SETTLED, Settlement.DISPUTED):
            left[entry.invoice] -= entry.amount
    return any(amount > 0 for amount in left.values())


def _entry(
    invoice: Invoice, key: str, kind: EntryKind, on: date | None, amount: int, settlement: Settlement | None = None
) -> Entry:
    done = Settlement.SETTLED if settlement is None else settlement
    return Entry(key, invoice.key, invoice.client, kind, on, amount, invoice.currency, done)


def _money(payments: Iterable[Payment]) -> Iterator[Payment]:
    return (item for item in payments if item.settlement is not None)


def _before(invoice: Invoice, note: CreditNote) -> Iterator[Entry]:
    """A credit note on money not yet paid lowers what is asked."""
    if note.before:
        settlement = Settlement.FAILED if note.void else Settlement.SETTLED
        yield _entry(invoice, note.key, EntryKind.CREDIT, note.on, note.before, settlement)


def _after(invoice: Invoice, note: CreditNote, back: Iterable[Entry]) -> Iterator[Entry]:
    """A credit note on money already paid lowers what is asked, and the same money left the invoice again.

    What of it is a refund stands among `back`; the rest went to the client's balance or back outside of Stripe.
    """
    if not note.after:
        return
    settlement = Settlement.FAILED if note.void else Settlement.SETTLED
    yield _entry(invoice, f"{note.key}:post", EntryKind.CREDIT, note.on, note.after, settlement)
    seen = {entry.key.partition(":")[0] for entry in back}
    elsewhere = note.after - sum(amount for key, amount in note.refunds.items() if key in seen)
    if elsewhere > 0:
        yield _entry(invoice, f"{note.key}:back", EntryKind.REFUND, note.on, -elsewhere, settlement)


def _rest(invoice: Invoice, entries: Sequence[Entry]) -> Iterator[Entry]:
    """Payments that Stripe implies without showing them."""
    owed = invoice.total - sum(entry.amount for entry in entries if entry.settlement is Settlement.SETTLED)
    if invoice.status is Status.PAID:
        unexplained = owed
    elif invoice.status is Status.OPEN and invoice.remaining is not None:
        # more than the entries say may be a debit of the client's balance, which is no part of this invoice
        unexplained = max(owed - invoice.remaining, 0)
    else:
        return
    from_balance = max(min(unexplained, invoice.applied), 0)
    if from_balance:
        yield _entry(invoice, f"{invoice.key}:balance", EntryKind.PAYMENT, invoice.issued_on, from_balance)
    if unexplained - from_balance:
        on = invoice.closed_on or invoice.issued_on
        yield _entry(invoice, f"{invoice.key}:rest", EntryKind.PAYMENT, on, unexplained - from_balance)


class _Shares:
    """Which invoices a payment intent or a charge paid, and how much of each."""

    def __init__(self, invoices: Sequence[Invoice], related: Related) -> None:
        self._by_key = {invoice.key: invoice for invoice in invoices}
        self._by_money: dict[str, dict[str, int]] = {}
        self._told: dict[str, dict[str, int]] = {}
        for payments in related.payments.values():
            for item in payments:
                if item.settlement is Settlement.SETTLED:
                    self._add(item.invoice, item.amount, item.intent, item.charge)
        for invoice in invoices:
            if invoice.status is not Status.DRAFT and not related.payments.get(invoice.key):
                self._add(invoice.key, invoice.total, invoice.intent, invoice.charge)
        for notes in related.notes.values():
            for note in notes:
                for key, amount in note.refunds.items():
                    told = self._told.setdefault(key, {})
                    told[note.invoice] = told.get(note.invoice, 0) + amount

    def _add(self, invoice: str, amount: int, *ids: str) -> None:
        for key in filter(None, ids):
            weights = self._by_money.setdefault(key, {})
            weights[invoice] = weights.get(invoice, 0) + amount

    def split(self, items: Sequence[Withdrawal], kind: EntryKind, problems: list[Problem]) -> Mapping[str, list[Entry]]:
        """Entries by invoice. What belongs to no invoice at all (a sale without one) is left out."""
        result: dict[str, list[Entry]] = {}
        for item in items:
            weights = (
                self._by_money.get(item.intent) or self._by_money.get(item.charge) or self._told.get(item.key) or {}
            )
            for key, amount in self._parts(item, weights).items():
                invoice = self._by_key.get(key)
                if invoice is None or not amount:
                    continue
                if invoice.currency != item.currency:
                    problems.append(_other_currency(item, kind, invoice))
                    continue
                name = item.key if len(weights) == 1 else f"{item.key}:{key}"
                entry = _entry(invoice, name, kind, item.on, -amount, item.settlement)
                result.setdefault(key, []).append(entry)
        return result

    def _parts(self, item: Withdrawal, weights: Mapping[str, int]) -> Mapping[str, int]:
        """How much of it each invoice bears: what credit notes say of it, else in proportion to what was paid."""
        told = self._told.get(item.key, {})
        if sum(told.values()) == item.amount and set(told) <= set(weights):
            return told
        return proportional(item.amount, weights)


def proportional(amount: int, weights: Mapping[str, int]) -> Mapping[str, int]:
    """`amount` in whole parts that add up to it exactly, by weight; what is left over goes to the largest remainders."""
    total = sum(weights.values())
    if total <= 0:
        return {key: amount if index == 0 else 0 for index, key in enumerate(sorted(weights))}
    parts = {key: amount * weight // total for key, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda key: (-(amount * weights[key] % total), key))
    for key in by_remainder[: amount - sum(parts.values())]:
        parts[key] += 1
    return parts


def _other_currency(item: Withdrawal, kind: EntryKind, invoice: Invoice) -> Problem:
    return Problem(
        f"Stripe {kind} {item.key}",
        f"it is in {item.currency} but invoice {invoice.number} is in {invoice.currency}, so it counts for nothing",
        "Look at it in the Stripe dashboard and record what it means with `payflow confirm`.",
    )
