"""From planned messages to letters: rendered, addressed, and with what their outcome is to record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from payflow.model.agreement import Business
from payflow.model.decision import ClientMessage, NoticeItem, Plan
from payflow.outbox.deliver import Letter
from payflow.outbox.mime import build
from payflow.outbox.render import Renderer
from payflow.plan import LATE_FEE, Case, correction_step


def client_letter(
    message: ClientMessage,
    key: str,
    cases: Mapping[int, Case],
    renderer: Renderer,
    business: Business,
    now: datetime,
    as_of: date,
) -> Letter:
    """A letter to a client. `cases` by invoice id say under which terms a fee is claimed."""
    recipient = message.recipient
    addresses = [recipient.email, *recipient.cc]
    rendered = renderer.client_message(message, as_of)
    email = build(business, addresses, rendered.subject, rendered.text, rendered.html, key, now, name=recipient.name)
    body = {
        "client": recipient.client,
        "day": as_of.isoformat(),
        "to": addresses,
        "notices": [*map(_notice, message.notices), *_corrections(message)],
        "charges": [_charge(item, cases[item.invoice.id]) for item in message.notices if item.fee is not None],
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


def _charge(item: NoticeItem, case: Case) -> dict[str, Any]:
    """A charge with the terms it is made under, so that it can be explained and judged when they have long changed."""
    fee, policy, view = item.fee, case.policy, item.invoice
    if fee is None or policy is None or policy.late_fee is None:
        raise ValueError(f"no fee goes with {item.step} of {view.number}")
    step = next(step for step in policy.ladder if step.key == item.step)
    percent = policy.late_fee.percent
    return {
        "ref": fee.ref,
        "invoice": view.id,
        "kind": LATE_FEE,
        "occurrence": fee.occurrence,
        "generation": fee.generation,
        "amount": fee.amount,
        "currency": fee.currency,
        "terms": {
            "policy": policy.name,
            "agreement": case.digest,
            "words": fee.words,
            "rests_on": fee.rests_on,
            "percent": f"{percent.numerator * 100}/{percent.denominator}" if percent is not None else None,
            "day": step.day,
            "base": view.outstanding,
            "due_on": view.due_on.isoformat() if view.due_on else None,
        },
    }
