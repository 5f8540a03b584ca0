"""Stripe's objects as the few facts payflow needs of them: invoices, payments, credit notes, refunds, disputes, customers.

Both shapes of invoices are read: since 2025-03-31.basil payments hang on `InvoicePayment` objects; before, an invoice
named its payment intent and charge itself. `status` decides what an invoice is, never its amounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from payflow.connector import Settlement, Status
from payflow_stripe.fields import (
    Days,
    FieldError,
    Object,
    currency_of,
    items,
    money,
    money_or,
    part,
    ref,
    text,
    whole_or,
)

STATUSES: Mapping[str, Status] = {
    "draft": Status.DRAFT,
    "open": Status.OPEN,
    "paid": Status.PAID,
    "uncollectible": Status.WRITTEN_OFF,
    "void": Status.VOID,
}
#: Which stamp says when an invoice came to its end.
_CLOSED = {"paid": "paid_at", "void": "voided_at", "uncollectible": "marked_uncollectible_at"}

#: Refunds: `requires_action` waits for the client, `pending` for the bank.
_REFUNDS = {
    "succeeded": Settlement.SETTLED,
    "pending": Settlement.PENDING,
    "requires_action": Settlement.PENDING,
    "failed": Settlement.FAILED,
    "canceled": Settlement.FAILED,
}
#: Disputes in which no money is gone: won, settled by a refund, warded off, or an inquiry (`warning_...`).
NO_LOSS = ("won", "prevented", "charge_refunded")


class Invoice(Struct, frozen=True):
    """An invoice. Amounts are ISO minor units of `currency`; `remaining` None where not stated; `applied` is the credit of the
    client's balance that went into it. `intent` and `charge` are what paid it, in the shape before basil only."""

    key: str
    number: str
    client: str
    currency: str
    status: Status
    total: int
    remaining: int | None
    applied: int
    issued_on: date
    due_on: date | None
    closed_on: date | None
    reference: str
    pay_url: str
    intent: str
    charge: str
    #: Whether payments, and whether credit notes, are to be expected.
    has_payments: bool
    has_credits: bool


class Payment(Struct, frozen=True):
    """An attempt to pay one invoice: `settlement` None means that no money is on its way."""

    key: str
    invoice: str
    intent: str
    charge: str
    amount: int
    currency: str
    on: date | None
    settlement: Settlement | None
    #: The intent's own state has to be asked for, because only its id came.
    unclear: bool = False


class CreditNote(Struct, frozen=True):
    """A credit note: `before` lowered what was asked, `after` came when the invoice was paid already; `refunds` say how much of
    `after` went back through which refund."""

    key: str
    invoice: str
    currency: str
    on: date | None
    before: int
    after: int
    refunds: Mapping[str, int]
    void: bool


class Withdrawal(Struct, frozen=True):
    """Money that went back, of one payment intent or charge: a refund or a dispute."""

    key: str
    intent: str
    charge: str
    amount: int
    currency: str
    on: date | None
    settlement: Settlement


class Customer(Struct, frozen=True):
    """Who pays. `credit` is what stands to their good in minor units of `currency`."""

    key: str
    name: str
    email: str
    language: str
    country: str
    credit: int = 0
    currency: str = ""
    since: date | None = None


def invoice(raw: Object, days: Days) -> Invoice:
    """An invoice of any API version. Raises `FieldError`."""
    word = text(raw, "status")
    if word not in STATUSES:
        raise FieldError("status", raw.get("status"))
    currency = currency_of(raw)
    steps = part(raw, "status_transitions")
    created = days.of(raw, "created")
    # the date printed on the invoice is `effective_at`, the same as `finalized_at` unless someone set another
    issued = created if word == "draft" else days.of(raw, "effective_at") or days.of(steps, "finalized_at") or created
    if issued is None:
        raise FieldError("created", raw.get("created"))
    applied = money_or(raw, "ending_balance", currency, 0) - money_or(raw, "starting_balance", currency, 0)
    before, after = (whole_or(raw, f"{time}_payment_credit_notes_amount", 0) for time in ("pre", "post"))
    return Invoice(
        key=text(raw, "id"),
        number=text(raw, "number") or text(raw, "id"),
        client=client_of(raw),
        currency=currency,
        status=STATUSES[word],
        total=money(raw, "total", currency),
        remaining=money_or(raw, "amount_remaining", currency, 0) if raw.get("amount_remaining") is not None else None,
        applied=applied if raw.get("ending_balance") is not None else 0,
        issued_on=issued,
        due_on=days.of(raw, "due_date"),
        closed_on=days.of(steps, _CLOSED[word]) if word in _CLOSED else None,
        reference=reference(raw),
        pay_url=text(raw, "hosted_invoice_url"),
        intent=ref(raw, "payment_intent"),
        charge=ref(raw, "charge"),
        has_payments=word == "paid" or whole_or(raw, "amount_paid", 0) != 0,
        has_credits=bool(before or after),
    )


def client_of(raw: Object) -> str:
    """Whom an invoice asks: a customer, or since clover an account in that role."""
    return ref(raw, "customer") or text(raw, "customer_account")


def reference(raw: Object) -> str:
    """Every text of an invoice in which a milestone or a reference of payflow's may stand."""
    metadata = part(raw, "metadata")
    texts = [text(metadata, name) for name in sorted(metadata) if name.lower().startswith("payflow")]
    texts.append(text(raw, "description"))
    texts += [text(field, "value") for field in items(raw, "custom_fields")]
    return " ".join(found for found in texts if found)


def payment(raw: Object, days: Days, asked: Object | None = None) -> Payment:
    """An InvoicePayment; `asked` is its payment intent where that had to be asked for. Raises `FieldError`."""
    currency = currency_of(raw)
    how = part(raw, "payment")
    key = ref(how, "payment_intent")
    intent = part(how, "payment_intent") or asked or {}
    charge = part(how, "charge") or part(intent, "latest_charge")
    status = text(raw, "status")
    settlement, name = None, "amount_requested"
    if status == "paid":
        settlement = Settlement.SETTLED
        name = "amount_paid" if raw.get("amount_paid") is not None else name
    elif status == "open" and text(intent, "status") == "processing":
        settlement = Settlement.PENDING
    return Payment(
        key=text(raw, "id"),
        invoice=ref(raw, "invoice"),
        intent=key,
        charge=ref(how, "charge") or ref(intent, "latest_charge"),
        amount=money(raw, name, currency),
        currency=currency,
        on=_sent_on(raw, intent, charge, days),
        settlement=settlement,
        unclear=status == "open" and bool(key) and not intent,
    )


def _sent_on(raw: Object, intent: Object, charge: Object, days: Days) -> date | None:
    """The day the money was sent: a bank debit clears days after its charge was made, and the client did it then."""
    cleared = days.of(part(raw, "status_transitions"), "paid_at")
    sent = days.of(charge, "created") if text(charge, "status") in ("succeeded", "pending") else None
    if cleared:
        return min(sent, cleared) if sent else cleared
    return sent or days.of(intent, "created") or days.of(raw, "created")


def credit_note(raw: Object, days: Days) -> CreditNote:
    """A credit note; before basil it had one kind, one amount and at most one refund. Raises `FieldError`."""
    currency = currency_of(raw)
    amount = money(raw, "amount", currency)
    late = text(raw, "type") == "post_payment"
    refunds = {
        ref(item, "refund"): money_or(item, "amount_refunded", currency, 0)
        for item in items(raw, "refunds")
        if ref(item, "refund")
    }
    if ref(raw, "refund"):
        refunds[ref(raw, "refund")] = amount
    return CreditNote(
        key=text(raw, "id"),
        invoice=ref(raw, "invoice"),
        currency=currency,
        on=days.of(raw, "effective_at", "created"),
        before=money_or(raw, "pre_payment_amount", currency, 0 if late else amount),
        after=money_or(raw, "post_payment_amount", currency, amount if late else 0),
        refunds=refunds,
        void=text(raw, "status") == "void",
    )


def refund(raw: Object, days: Days) -> Withdrawal:
    """A refund; a status nobody knows yet counts as on its way. Raises `FieldError`."""
    return _withdrawal(raw, days, _REFUNDS.get(text(raw, "status"), Settlement.PENDING))


def dispute(raw: Object, days: Days) -> Withdrawal:
    """A dispute; a status nobody knows yet counts as money that is contested. Raises `FieldError`."""
    status = text(raw, "status")
    settlement = Settlement.DISPUTED
    if status in NO_LOSS or status.startswith("warning"):
        settlement = Settlement.FAILED
    elif status == "lost":
        settlement = Settlement.SETTLED
    return _withdrawal(raw, days, settlement)


def _withdrawal(raw: Object, days: Days, settlement: Settlement) -> Withdrawal:
    currency = currency_of(raw)
    return Withdrawal(
        key=text(raw, "id"),
        intent=ref(raw, "payment_intent"),
        charge=ref(raw, "charge"),
        amount=money(raw, "amount", currency),
        currency=currency,
        on=days.of(raw, "created"),
        settlement=settlement,
    )


def customer(raw: Object, days: Days) -> Customer:
    """A customer object. A balance below zero is credit of theirs. Raises `FieldError`."""
    key = text(raw, "id")
    email = text(raw, "email")
    balance = whole_or(raw, "balance", 0)
    currency = currency_of(raw) if balance < 0 else ""
    locales = raw.get("preferred_locales")
    return Customer(
        key=key,
        name=text(raw, "name") or text(raw, "business_name") or text(raw, "individual_name") or email or key,
        email=email,
        language=_language(locales[0]) if isinstance(locales, list) and locales else "",
        country=text(part(raw, "address"), "country"),
        credit=-money(raw, "balance", currency) if balance < 0 else 0,
        currency=currency,
        since=days.of(raw, "created"),
    )


def customer_on(raw: Object) -> Customer:
    """The customer as an invoice shows them, for one who is deleted or not listed."""
    key, email = client_of(raw), text(raw, "customer_email")
    return Customer(
        key=key,
        name=text(raw, "customer_name") or email or key,
        email=email,
        language="",
        country=text(part(raw, "customer_address"), "country"),
    )


def _language(locale: object) -> str:
    return locale.replace("_", "-").split("-")[0].lower() if isinstance(locale, str) else ""
