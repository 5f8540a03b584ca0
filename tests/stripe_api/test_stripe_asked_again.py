"""Stripe asked about single invoices, as before a notice goes out."""

from __future__ import annotations

import pytest

from payflow.connector import Batch, ConnectorError, Rereader, Scope
from payflow_stripe import CONNECTOR
from stripe_api import made
from stripe_api.made import NOW, balance, invoices
from stripe_api.standin import Standin, error


def reread(*keys: str) -> list[Batch]:
    source = CONNECTOR.open(made.context(key=made.KEY))
    assert isinstance(source, Rereader)
    return list(source.reread(keys))


def test_an_invoice_is_told_with_what_was_paid_and_paid_back(account: Standin) -> None:
    made.paid(account, "in_1")
    made.invoice(account, "in_2")
    made.invoice(account, "in_3")
    batches = reread("in_1", "in_2")
    assert invoices(batches, "status") == [("in_1", "paid"), ("in_2", "open")]
    assert balance(batches, "in_1") == 0
    assert {(batch.reading.scope, batch.reading.as_of, batch.cursor) for batch in batches} == {
        (Scope.CHANGED, NOW, None)
    }


def test_an_invoice_that_is_gone_is_not_told(account: Standin) -> None:
    made.invoice(account, "in_1")
    assert invoices(reread("in_1", "in_gone"), "status") == [("in_1", "open")]


def test_many_are_picked_out_of_the_list_of_open_ones(account: Standin) -> None:
    for number in range(130):
        made.invoice(account, f"in_{number:03}")
    made.paid(account, "in_paid")
    told = invoices(reread(*(f"in_{number:03}" for number in range(120)), "in_paid"), "status")
    assert len(told) == 121
    assert len(account.asked("/v1/invoices")) == 2  # two pages
    assert dict(told)["in_paid"] == "paid"


def test_a_failure_half_way_tells_nothing(account: Standin) -> None:
    made.paid(account, "in_1")

    def fail(asked: str) -> None:
        if asked == "/v1/refunds":
            account.failures = [error(403, "invalid_request_error", "The key lacks a permission")]

    account.before_answer = fail
    with pytest.raises(ConnectorError, match="Read access"):
        reread("in_1")
