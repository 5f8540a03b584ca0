"""Invoices, payments and what goes back, put into the stand-in as Stripe would leave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from payflow.connector import Batch, Cursor, SourceContext
from payflow_stripe.api import Api
from payflow_stripe.pull import StripeSource
from stripe_api.standin import KEY, Object, Standin, at

NOW = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)


def context(now: datetime = NOW, timezone: str = "Europe/London", **options: Any) -> SourceContext:
    """A source called `stripe` of a business in London."""
    return SourceContext("stripe", (), "GBP", timezone, now, options)


def pull(cursor: Cursor | None = None, *, now: datetime = NOW, timezone: str = "Europe/London") -> list[Batch]:
    """Everything one pull yields."""
    return list(StripeSource(context(now, timezone), Api("stripe", KEY, sleep=lambda _: None)).pull(cursor))


def rows(frame: Any, *columns: str) -> list[tuple[Any, ...]]:
    """A table as tuples; dates as ISO text, nothing as None."""
    chosen = frame[list(columns)] if columns else frame
    return [tuple(_plain(value) for value in row) for row in chosen.itertuples(index=False, name=None)]


def _plain(value: Any) -> Any:
    if value is None or str(value) in ("<NA>", "NaT"):
        return None
    return value.date().isoformat() if hasattr(value, "date") else value


def entries(batches: Sequence[Batch]) -> list[tuple[Any, ...]]:
    """(key, invoice, kind, day, amount, settlement) of every entry, by key."""
    columns = ("key", "invoice", "kind", "on", "amount", "settlement")
    return sorted(row for batch in batches for row in rows(batch.entries, *columns))


def invoices(batches: Sequence[Batch], *columns: str) -> list[tuple[Any, ...]]:
    """Columns of every invoice, by key."""
    return sorted(row for batch in batches for row in rows(batch.invoices, "key", *columns))


def problems(batches: Sequence[Batch]) -> list[str]:
    return [str(problem) for batch in batches for problem in batch.problems]


def balance(batches: Sequence[Batch], key: str) -> int:
    """What is owed of an invoice by its total and its settled or disputed entries."""
    [(_, total)] = [row for row in invoices(batches, "total") if row[0] == key]
    counted = sum(row[4] for row in entries(batches) if row[1] == key and row[5] in ("settled", "disputed"))
    return int(total - counted)


def invoice(account: Standin, key: str = "in_1", total: int = 100_000, status: str = "open", **fields: Any) -> Object:
    """An invoice of 1 October 2026, due two weeks later."""
    steps: Mapping[str, Any] = fields.pop("steps", {})
    base = {
        "id": key,
        "number": None if status == "draft" else f"NORTH-{key}",
        "status": status,
        "currency": "gbp",
        "total": total,
        "amount_due": total,
        "amount_paid": 0,
        "amount_remaining": total,
        "starting_balance": 0,
        "ending_balance": None if status == "draft" else 0,
        "pre_payment_credit_notes_amount": 0,
        "post_payment_credit_notes_amount": 0,
        "created": at("2026-10-01 09:00"),
        "effective_at": None if status == "draft" else at("2026-10-01 10:00"),
        "due_date": at("2026-10-15 10:00"),
        "customer": "cus_1",
        "customer_name": "Acme Ltd",
        "customer_email": "accounts@acme.example",
        "hosted_invoice_url": None if status == "draft" else f"https://invoice.stripe.example/{key}",
        "metadata": {},
        "status_transitions": {
            "finalized_at": None if status == "draft" else at("2026-10-01 10:00"),
            "paid_at": None,
            "voided_at": None,
            "marked_uncollectible_at": None,
            **steps,
        },
    }
    return account.add("invoice", **{**base, **fields})


def customer(account: Standin, key: str = "cus_1", **fields: Any) -> Object:
    """A customer in Leeds."""
    base = {
        "id": key,
        "name": "Acme Ltd",
        "email": "accounts@acme.example",
        "balance": 0,
        "currency": "gbp",
        "created": at("2026-01-05 08:00"),
        "preferred_locales": ["en-GB"],
        "address": {"country": "GB"},
    }
    return account.add("customer", **{**base, **fields})


def intent(
    account: Standin, key: str, amount: int, *, status: str = "succeeded", sent: int, currency: str = "gbp"
) -> Object:
    """A payment intent with its charge, made when the client paid."""
    outcome = {"succeeded": "succeeded", "processing": "pending"}.get(status)
    if outcome:
        account.add(
            "charge", id=f"ch_{key}", status=outcome, amount=amount, currency=currency, created=sent, payment_intent=key
        )
    return account.add(
        "payment_intent",
        id=key,
        status=status,
        amount=amount,
        currency=currency,
        created=at("2026-10-01 10:00"),
        latest_charge=f"ch_{key}" if outcome else None,
    )


def attach(
    account: Standin, key: str, of: str, pi: str, amount: int, *, paid: int | None, currency: str = "gbp"
) -> Object:
    """An InvoicePayment: the link between an invoice and a payment intent."""
    return account.add(
        "invoice_payment",
        id=key,
        invoice=of,
        status="open" if paid is None else "paid",
        amount_requested=amount,
        amount_paid=None if paid is None else amount,
        currency=currency,
        created=at("2026-10-01 10:00"),
        is_default=True,
        payment={"type": "payment_intent", "payment_intent": pi},
        status_transitions={"paid_at": paid, "canceled_at": None},
    )


def paid(
    account: Standin, key: str = "in_1", total: int = 100_000, when: str = "2026-10-10 12:00", **fields: Any
) -> Object:
    """An invoice paid by card in one go."""
    currency = fields.get("currency", "gbp")
    intent(account, f"pi_{key}", total, sent=at(when), currency=currency)
    attach(account, f"inpay_{key}", key, f"pi_{key}", total, paid=at(when), currency=currency)
    amounts = {"amount_paid": total, "amount_remaining": 0, "steps": {"paid_at": at(when)}}
    return invoice(account, key, total, "paid", **{**amounts, **fields})


def refund(
    account: Standin, key: str, pi: str, amount: int, when: str, status: str = "succeeded", **fields: Any
) -> Object:
    base = {
        "amount": amount,
        "currency": "gbp",
        "created": at(when),
        "payment_intent": pi,
        "charge": f"ch_{pi}",
        "status": status,
    }
    return account.add("refund", id=key, **{**base, **fields})


def dispute(account: Standin, key: str, pi: str, amount: int, when: str, status: str, **fields: Any) -> Object:
    base = {
        "amount": amount,
        "currency": "gbp",
        "created": at(when),
        "payment_intent": pi,
        "charge": f"ch_{pi}",
        "status": status,
    }
    return account.add("dispute", id=key, **{**base, **fields})


def credit_note(
    account: Standin, key: str, of: str, *, before: int = 0, after: int = 0, when: str, **fields: Any
) -> Object:
    kind = "mixed" if before and after else "post_payment" if after else "pre_payment"
    base = {
        "invoice": of,
        "amount": before + after,
        "pre_payment_amount": before,
        "post_payment_amount": after,
        "currency": "gbp",
        "created": at(when),
        "effective_at": at(when),
        "refunds": [],
        "status": "issued",
        "type": kind,
    }
    return account.add("credit_note", id=key, **{**base, **fields})
