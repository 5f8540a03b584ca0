"""From planned messages to letters: rendered, addressed, and with what their outcome is to record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from payflow.model.acts import ClientMessage, FeeDraft, NoticeItem, Plan
from payflow.model.agreement import Business
from payflow.model.invoice_view import InvoiceView
from payflow.outbox.deliver import Letter
from payflow.outbox.mime import build
from payflow.outbox.render import Renderer
from payflow.plan import correction_step


def client_letter(
    message: ClientMessage,
    key: str,
    renderer: Renderer,
    business: Business,
    now: datetime,
    as_of: date,
) -> Letter:
    """A letter to a client, with the charges that it claims."""
    recipient = message.recipient
    addresses = [recipient.email, *recipient.cc]
    rendered = renderer.client_message(message, as_of)
    email = build(business, addresses, rendered.subject, rendered.text, rendered.html, key, now, name=recipient.name)
    body = {
        "client": recipient.client,
        "day": as_of.isoformat(),
        "to": addresses,
        "notices": [*map(_notice, message.notices), *_corrections(message)],
        "charges": [
            _charge(draft, item.invoice)
            for item in message.notices
            for draft in (item.fee, *item.claims)
            if draft is not None
        ],
    }
    return Letter(key, addresses, email, body)


def owner_letter(
    plan: Plan, told: Mapping[str, Any], key: str, renderer: Renderer, business: Business, now: datetime, as_of: date
) -> Letter:
    """A letter to the business about what changed and what needs a person."""
    rendered = renderer.owner_message(plan.changes, plan.news, as_of)
    email = build(
        business, [business.email], rendered.subject, rendered.text, rendered.html, key, now, name=business.name
    )
    body = {"day": as_of.isoformat(), "to": [business.email], "told": dict(told)}
    return Letter(key, [business.email], email, body)


def _notice(item: NoticeItem) -> dict[str, Any]:
    announced = item.announces
    view = item.invoice
    return {
        "invoice": view.id,
        "step": item.step,
        "due_on": view.due_on.isoformat() if view.due_on else None,
        "announced": None
        if announced is None
        else {"step": announced.step, "on": announced.on.isoformat(), "text": announced.text},
        "outstanding": view.outstanding,
        "interest": view.interest,
        "currency": view.currency,
    }


def _corrections(message: ClientMessage) -> Sequence[dict[str, Any]]:
    return [
        {
            "invoice": item.invoice.id,
            "step": correction_step(item.ref, item.count),
            "due_on": (item.invoice.due_on or item.invoice.issued_on).isoformat(),
            "announced": None,
        }
        for item in message.corrections
    ]


def _charge(fee: FeeDraft, view: InvoiceView) -> dict[str, Any]:
    """A charge with the terms it is made under, so that it can be explained and judged when they have long changed."""
    return {
        "ref": fee.ref,
        "invoice": view.id,
        "kind": fee.kind,
        "occurrence": fee.occurrence,
        "generation": fee.generation,
        "amount": fee.amount,
        "currency": fee.currency,
        "terms": dict(fee.terms),
    }
