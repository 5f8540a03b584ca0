"""Pulls one after another: what the second one finds without reading everything, and when it reads everything all the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from payflow.connector import Batch, ConnectorError, Cursor, Scope
from stripe_api import made
from stripe_api.made import NOW, balance, entries, invoices, problems, pull
from stripe_api.standin import Standin, at, error

LATER = NOW + timedelta(days=1)


def cursor_of(batches: list[Batch]) -> Cursor:
    """The cursor a pull leaves, through JSON as the store keeps it."""
    assert [batch.cursor for batch in batches[:-1]] == [None] * (len(batches) - 1)
    kept: Any = json.loads(json.dumps(batches[-1].cursor))
    return kept  # type: ignore[no-any-return]  # an object, as just made


def again(cursor: Cursor, now: datetime = LATER) -> list[Batch]:
    batches = pull(cursor, now=now)
    assert {batch.reading.scope for batch in batches} == {Scope.OPEN}
    return batches


def full_lists(account: Standin) -> int:
    """How often the list of all invoices was begun."""
    return sum(
        1 for params in account.asked("/v1/invoices") if "status" not in params and "starting_after" not in params
    )


def test_the_first_pull_lists_everything(account: Standin) -> None:
    made.paid(account)
    made.invoice(account, "in_2", status="void")
    batches = pull()
    assert {batch.reading.scope for batch in batches} == {Scope.ALL}
    assert [row[0] for row in invoices(batches)] == ["in_1", "in_2"]


def test_the_next_pull_lists_what_is_open_and_not_what_was_paid_long_ago(account: Standin) -> None:
    made.paid(account)
    made.invoice(account, "in_2")
    made.invoice(account, "in_3", status="draft")
    made.invoice(account, "in_4", status="uncollectible", amount_paid=0)
    cursor = cursor_of(pull())
    before = full_lists(account)
    batches = again(cursor)
    assert invoices(batches, "status") == [("in_2", "open"), ("in_3", "draft"), ("in_4", "written-off")]
    assert full_lists(account) == before


def test_an_invoice_paid_between_two_pulls_is_found_without_any_event(account: Standin) -> None:
    made.invoice(account)
    cursor = cursor_of(pull())
    made.paid(account, when="2026-11-22 12:00")
    batches = again(cursor)
    assert invoices(batches, "status") == [("in_1", "paid")]
    assert entries(batches) == [("inpay_in_1", "in_1", "payment", "2026-11-22", 100_000, "settled")]


def test_an_invoice_made_and_paid_between_two_pulls_is_found_by_its_event(account: Standin) -> None:
    cursor = cursor_of(pull())
    account.event("invoice.paid", made.paid(account, when="2026-11-22 12:00"), at("2026-11-22 12:00"))
    assert invoices(again(cursor), "status") == [("in_1", "paid")]


def test_an_event_is_only_a_hint_whatever_it_says(account: Standin) -> None:
    cursor = cursor_of(pull())
    account.event("invoice.updated", made.invoice(account, total=1), at("2026-11-22 12:00"))
    made.paid(account, when="2026-11-22 13:00")
    assert invoices(again(cursor), "status", "total") == [("in_1", "paid", 100_000)]


@pytest.mark.parametrize("how", ["refund.created", "charge.refunded"])
def test_a_refund_of_an_invoice_paid_long_ago_is_found(account: Standin, how: str) -> None:
    made.paid(account)
    cursor = cursor_of(pull())
    refund = made.refund(account, "re_1", "pi_in_1", 100_000, "2026-11-22 12:00")
    about = refund if how == "refund.created" else account.find("/v1/charges", "ch_pi_in_1")
    assert about is not None
    account.event(how, about, at("2026-11-22 12:00"))
    assert balance(again(cursor), "in_1") == 100_000


def test_a_refund_of_two_invoices_paid_at_once_is_shared_in_the_next_pull_as_in_the_first(account: Standin) -> None:
    made.intent(account, "pi_1", 10_000, sent=at("2026-10-08 12:00"))
    for key, amount in (("in_1", 6_000), ("in_2", 4_000)):
        made.attach(account, f"inpay_{key}", key, "pi_1", amount, paid=at("2026-10-08 12:00"))
        made.invoice(account, key, amount, "paid", amount_paid=amount, amount_remaining=0)
    cursor = cursor_of(pull())
    refund = made.refund(account, "re_1", "pi_1", 5_000, "2026-11-22 12:00")
    account.event(
        "invoice.updated", made.invoice(account, "in_1", 6_000, "paid", amount_paid=6_000), at("2026-11-22 11:00")
    )
    alone = again(cursor)
    assert [row for row in entries(alone) if row[2] == "refund"] == [
        ("re_1:in_1", "in_1", "refund", "2026-11-22", -3_000, "settled")
    ]
    account.event("refund.created", refund, at("2026-11-22 12:00"))
    assert sorted(entries(again(cursor))) == sorted(entries(pull()))


def test_a_dispute_whose_event_names_only_the_charge_is_found(account: Standin) -> None:
    made.paid(account)
    cursor = cursor_of(pull())
    dispute = made.dispute(account, "dp_1", "pi_in_1", 100_000, "2026-11-22 12:00", "needs_response")
    account.event("charge.dispute.created", {**dispute, "payment_intent": None}, at("2026-11-22 12:00"))
    assert ("dp_1", "in_1", "dispute", "2026-11-22", -100_000, "disputed") in entries(again(cursor))


def test_a_credit_note_on_a_paid_invoice_is_found(account: Standin) -> None:
    made.paid(account)
    cursor = cursor_of(pull())
    note = made.credit_note(account, "cn_1", "in_1", after=100, when="2026-11-22 12:00")
    account.event("credit_note.created", note, at("2026-11-22 12:00"))
    assert "cn_1:post" in [row[0] for row in entries(again(cursor))]


def test_a_credit_note_taken_back_is_shown_as_failed_by_its_event(account: Standin) -> None:
    made.invoice(account)
    cursor = cursor_of(pull())
    note = made.credit_note(account, "cn_1", "in_1", before=100, when="2026-11-22 12:00", status="void")
    account.event("credit_note.voided", note, at("2026-11-22 13:00"))
    assert entries(again(cursor)) == [("cn_1", "in_1", "credit", "2026-11-22", 100, "failed")]


def test_the_next_pull_says_of_each_open_invoice_what_the_first_one_says(account: Standin) -> None:
    made.customer(account, balance=-700)
    made.intent(account, "pi_1", 40_000, sent=at("2026-10-08 12:00"))
    made.attach(account, "inpay_1", "in_1", "pi_1", 40_000, paid=at("2026-10-09 12:00"))
    made.intent(account, "pi_2", 30_000, sent=at("2026-11-20 12:00"), status="processing")
    made.attach(account, "inpay_2", "in_1", "pi_2", 30_000, paid=None)
    made.refund(account, "re_1", "pi_1", 1_000, "2026-10-12 12:00")
    made.dispute(account, "dp_1", "pi_1", 2_000, "2026-10-13 12:00", "under_review")
    made.credit_note(account, "cn_1", "in_1", before=5_000, when="2026-10-05 12:00")
    made.invoice(account, amount_paid=40_000, amount_remaining=55_000, pre_payment_credit_notes_amount=5_000)
    first = pull()
    second = again(cursor_of(first))
    assert len(entries(first)) == 6
    assert entries(second) == entries(first)
    assert invoices(second, *second[0].invoices.columns[1:]) == invoices(first, *first[0].invoices.columns[1:])
    assert [made.rows(batch.clients) for batch in second] == [made.rows(batch.clients) for batch in first]


def test_a_draft_that_was_deleted_is_not_listed_any_more(account: Standin) -> None:
    made.invoice(account, status="draft")
    cursor = cursor_of(pull())
    account.remove("invoice", "in_1")
    batches = again(cursor)
    assert invoices(batches) == []
    assert problems(batches) == []


def test_a_draft_deleted_while_it_is_being_read_does_no_harm(account: Standin) -> None:
    made.invoice(account, "in_1")
    cursor = cursor_of(pull())
    made.paid(account, when="2026-11-22 12:00")
    account.before_answer = lambda path: account.remove("invoice", "in_1") if path.endswith("/in_1") else None
    assert invoices(again(cursor)) == []


def test_an_invoice_paid_while_the_first_pull_runs_is_paid_once(account: Standin) -> None:
    made.invoice(account)

    def pay_meanwhile(path: str) -> None:
        if path == "/v1/invoice_payments":
            made.paid(account, when="2026-11-21 21:59")

    account.before_answer = pay_meanwhile
    assert balance(pull(), "in_1") == 0


def test_open_credit_that_was_used_up_is_not_listed_any_more(account: Standin) -> None:
    made.customer(account, balance=-700)
    made.invoice(account)
    first = pull()
    assert entries(first) == [("cus_1:balance", "", "credit", "2026-01-05", 700, "settled")]
    made.customer(account, balance=0)
    assert entries(again(cursor_of(first))) == []


def test_while_a_paid_invoice_is_owed_again_everything_is_read_daily_so_that_it_stays_fresh(account: Standin) -> None:
    made.paid(account)
    cursor = cursor_of(pull())
    account.event(
        "refund.created", made.refund(account, "re_1", "pi_in_1", 100, "2026-11-21 22:30"), at("2026-11-21 22:30")
    )
    hourly = []
    for hour in range(1, 25):
        [batch] = pull(cursor, now=NOW + timedelta(hours=hour))
        hourly.append(batch.reading.scope)
        cursor = cursor_of([batch])
    assert [hour + 1 for hour, scope in enumerate(hourly) if scope is Scope.ALL] == [21]


def test_a_pull_with_nothing_new_asks_little(account: Standin) -> None:
    for number in range(30):
        made.customer(account, f"cus_{number}")
        made.invoice(account, f"in_{number}", customer=f"cus_{number}")
    cursor = cursor_of(pull())
    account.requests.clear()
    assert len(invoices(again(cursor))) == 30
    assert [path for path, _ in account.requests] == ["/v1/events", *["/v1/invoices"] * 3, "/v1/invoice_payments"]


def test_clients_are_asked_for_one_by_one_where_they_do_not_come_with_the_invoice(account: Standin) -> None:
    made.customer(account)
    made.invoice(account)
    cursor = cursor_of(pull())
    account.expands = False
    [batch] = again(cursor)
    assert made.rows(batch.clients) == [("cus_1", "Acme Ltd", "accounts@acme.example", "en", "GB")]


def test_events_are_asked_for_from_an_hour_before_the_last_pull(account: Standin) -> None:
    again(cursor_of(pull()))
    [question] = account.asked("/v1/events")
    assert question["created"] == {"gte": int((NOW - timedelta(hours=1)).timestamp())}
    assert len(question["types"]) <= 20


def test_a_clock_that_runs_ahead_of_stripes_loses_no_event(account: Standin) -> None:
    account.extra_headers = {"Date": "Sat, 21 Nov 2026 18:00:00 GMT"}
    cursor = cursor_of(pull())
    account.event("invoice.paid", made.paid(account, when="2026-11-21 18:30"), at("2026-11-21 18:30"))
    assert [row[0] for row in invoices(again(cursor))] == ["in_1"]


@pytest.mark.parametrize(
    ("change", "scope"),
    [
        ({}, Scope.OPEN),
        ({"until": at("2026-10-28 00:00")}, Scope.OPEN),
        ({"until": at("2026-10-27 00:00")}, Scope.ALL),
        ({"full": at("2026-11-14 23:00")}, Scope.ALL),
        ({"form": 99}, Scope.ALL),
        ({"scene": ["live", "2026-10-28.endive", "Europe/London"]}, Scope.ALL),
        ({"scene": ["test", "2026-10-28.endive", "Asia/Tokyo"]}, Scope.ALL),
        ({"until": "yesterday"}, Scope.ALL),
        ({"until": 10**30}, Scope.ALL),
        ({"until": at("2027-11-21 00:00")}, Scope.ALL),
        ({"unsettled": None}, Scope.ALL),
        ({"unsettled": [1]}, Scope.ALL),
        ({"owed-again": True}, Scope.OPEN),
        ({"owed-again": True, "full": at("2026-11-21 03:00")}, Scope.ALL),
    ],
)
def test_when_everything_is_read_again(account: Standin, change: dict[str, Any], scope: Scope) -> None:
    cursor = {**cursor_of(pull()), **change}
    [batch] = pull(cursor, now=datetime(2026, 11, 21, 23, 30, tzinfo=UTC))
    assert batch.reading.scope is scope


def test_everything_is_read_again_once_a_week(account: Standin) -> None:
    cursor, now, scopes = None, NOW, []
    for _ in range(16):
        [batch] = pull(cursor, now=now)
        scopes.append(batch.reading.scope)
        cursor, now = cursor_of([batch]), now + timedelta(days=1)
    assert [day for day, scope in enumerate(scopes) if scope is Scope.ALL] == [0, 8]


def test_two_pulls_in_the_same_second_are_not_taken_for_two_full_ones(account: Standin) -> None:
    [batch] = pull(cursor_of(pull()))
    assert batch.reading.scope is Scope.OPEN


def test_too_many_hints_make_a_full_pull(account: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payflow_stripe.pull.MOST_IDS", 3)
    cursor = cursor_of(pull())
    for number in range(4):
        account.event("invoice.paid", made.paid(account, f"in_{number}"), at("2026-11-22 12:00"))
    assert {batch.reading.scope for batch in pull(cursor, now=LATER)} == {Scope.ALL}


def test_a_cursor_stays_small_however_many_invoices_are_open(account: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payflow_stripe.cursor.MOST_IDS", 3)
    for number in range(4):
        made.invoice(account, f"in_{number}")
    cursor = cursor_of(pull())
    assert len(json.dumps(cursor)) < 300
    assert {batch.reading.scope for batch in pull(cursor, now=LATER)} == {Scope.ALL}


def test_a_large_account_comes_in_portions_of_one_reading(account: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payflow_stripe.pull.PORTION", 40)
    made.customer(account, balance=-5)
    for number in range(101):
        made.paid(account, f"in_{number:03}")
    batches = pull()
    assert [len(batch.invoices) for batch in batches] == [40, 40, 21]
    assert len({batch.reading for batch in batches}) == 1
    assert [set(batch.entries["invoice"]) - {""} <= set(batch.invoices["key"]) for batch in batches] == [True] * 3
    assert len(entries(batches)) == 102
    assert [len(batch.clients) for batch in batches] == [1, 0, 0]


@pytest.mark.parametrize(
    "path", ["/v1/invoice_payments", "/v1/credit_notes", "/v1/refunds", "/v1/disputes", "/v1/customers"]
)
def test_a_pull_that_fails_half_way_yields_nothing(account: Standin, path: str) -> None:
    made.paid(account)

    def fail(asked: str) -> None:
        if asked == path:
            account.failures = [error(403, "invalid_request_error", "The key lacks a permission")]

    account.before_answer = fail
    got: list[Batch] = []
    with pytest.raises(ConnectorError, match="Read access"):
        got.extend(pull())
    assert got == []
