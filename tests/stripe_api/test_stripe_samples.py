"""Recorded replies of Stripe's, of versions before and after basil, are understood; skipped where the recordings are not."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from payflow.connector import Status
from payflow_stripe import facts
from payflow_stripe.fields import Days

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "stripe_api"
DAYS = Days(ZoneInfo("UTC"))

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recordings are not beside this repository")


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / name).read_text())
    return found


def test_an_open_invoice_asks_for_its_total():
    found = facts.invoice(recorded("zulip_invoice_open_send_invoice.json"), DAYS)
    assert (found.status, found.total, found.remaining, found.currency) == (Status.OPEN, 984_000, 984_000, "USD")
    assert found.issued_on == found.due_on == date(2001, 9, 9)


def test_a_void_invoice_is_void_although_an_amount_remains():
    found = facts.invoice(recorded("zulip_invoice_void.json"), DAYS)
    assert (found.status, found.remaining) == (Status.VOID, 6_400)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("refund", facts.refund),
        ("dispute", facts.dispute),
        ("credit_note", facts.credit_note),
        ("customer", facts.customer),
    ],
)
def test_the_shapes_of_the_present_version_are_read(name: str, read: Any):
    assert read(recorded(f"fixtures/{name}.json"), DAYS) is not None
