"""Invoices and clients of Stripe: figures, days, words and links; what makes no sense is told."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_api import made
from stripe_api.made import entries, invoices, problems, pull
from stripe_api.standin import Standin, at


def test_an_open_invoice_has_its_figures_dates_texts_and_link(account: Standin) -> None:
    made.customer(account)
    made.invoice(
        account,
        metadata={"payflow_milestone": "acme-website/deposit", "crm": "77"},
        description="Website,\n design",
        custom_fields=[{"name": "PO", "value": "PO 123"}],
    )
    [batch] = pull()
    assert made.rows(batch.invoices) == [
        (
            "in_1",
            "NORTH-in_1",
            "cus_1",
            "GBP",
            100_000,
            None,
            None,
            None,
            "2026-10-01",
            "2026-10-15",
            None,
            "open",
            "acme-website/deposit Website, design PO 123",
            "https://invoice.stripe.example/in_1",
        )
    ]
    assert made.rows(batch.clients) == [("cus_1", "Acme Ltd", "accounts@acme.example", "en", "GB")]
    assert entries([batch]) == []
    assert batch.reading.dated_entries
    assert batch.reading.as_of == made.NOW
    assert problems([batch]) == []


@pytest.mark.parametrize(
    ("status", "word", "step", "closed"),
    [
        ("draft", "draft", {}, None),
        ("open", "open", {}, None),
        ("paid", "paid", {"paid_at": at("2026-10-20 09:00")}, "2026-10-20"),
        ("uncollectible", "written-off", {"marked_uncollectible_at": at("2026-11-02 09:00")}, "2026-11-02"),
        ("void", "void", {"voided_at": at("2026-10-03 09:00")}, "2026-10-03"),
    ],
)
def test_the_status_word_decides_and_says_when_it_ended(
    account: Standin, status: str, word: str, step: dict[str, int], closed: str | None
) -> None:
    made.invoice(account, status=status, steps=step)
    assert invoices(pull(), "status", "closed_on") == [("in_1", word, closed)]


def test_a_void_invoice_that_still_names_an_amount_remaining_is_void_and_has_no_entries(account: Standin) -> None:
    made.invoice(account, status="void", amount_remaining=100_000)
    assert invoices(pull(), "status") == [("in_1", "void")]
    assert entries(pull()) == []


def test_a_draft_counts_from_the_day_it_was_made_and_has_its_id_for_a_number(account: Standin) -> None:
    made.invoice(account, status="draft", due_date=None)
    assert invoices(pull(), "number", "issued_on", "due_on") == [("in_1", "in_1", "2026-10-01", None)]


def test_the_date_of_issue_is_the_one_printed_on_the_invoice(account: Standin) -> None:
    made.invoice(account, effective_at=at("2026-09-15 00:00"))
    assert invoices(pull(), "issued_on") == [("in_1", "2026-09-15")]


def test_a_stamp_falls_on_the_day_it_is_in_the_business_time_zone(account: Standin) -> None:
    made.invoice(account, due_date=at("2026-10-15 23:30"))
    assert invoices(pull(timezone="Europe/London"), "due_on") == [("in_1", "2026-10-16")]
    assert invoices(pull(timezone="America/New_York"), "due_on") == [("in_1", "2026-10-15")]


@pytest.mark.parametrize(
    ("currency", "stripe_says", "minor"),
    [
        ("jpy", 5_000, 5_000),
        ("krw", 120_000, 120_000),
        ("kwd", 12_340, 12_340),
        ("usd", 5_000, 5_000),
        ("isk", 500_000, 5_000),
        ("ugx", 370_000_00, 370_000),
        ("mga", 4_500, 450_000),
    ],
)
def test_amounts_are_minor_units_of_iso_4217(account: Standin, currency: str, stripe_says: int, minor: int) -> None:
    made.paid(account, total=stripe_says, currency=currency)
    batches = pull()
    assert invoices(batches, "currency", "total") == [("in_1", currency.upper(), minor)]
    assert entries(batches)[0][4] == minor


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"total": 10.5}, "10.5"),
        ({"total": "100"}, "'100'"),
        ({"total": True}, "True"),
        ({"total": 10**19}, "10000000000000000000"),
        ({"total": None}, "None"),
        ({"currency": "xyz"}, "xyz"),
        ({"currency": None}, "None"),
        ({"currency": "isk", "total": 501}, "ISK"),
        ({"status": "frozen"}, "frozen"),
        ({"created": None, "effective_at": None, "status_transitions": None}, "None"),
        ({"due_date": 10**16}, "10000000000000000"),
        ({"due_date": "2026-10-15"}, "2026-10-15"),
    ],
)
def test_an_invoice_that_makes_no_sense_is_a_problem_and_the_others_are_read(
    account: Standin, fields: dict[str, Any], found: str
) -> None:
    made.invoice(account, "in_good")
    made.invoice(account, "in_bad")
    account.find("/v1/invoices", "in_bad").update(fields)  # type: ignore[union-attr]  # is there
    batches = pull()
    assert [row[0] for row in invoices(batches)] == ["in_good"]
    [problem] = problems(batches)
    assert found in problem
    assert "in_bad" in problem


def test_a_deleted_customer_is_known_by_what_the_invoice_shows(account: Standin) -> None:
    made.invoice(account)
    [batch] = pull()
    assert made.rows(batch.clients) == [("cus_1", "Acme Ltd", "accounts@acme.example", "", "")]


def test_a_customer_without_an_email_takes_the_one_on_the_invoice(account: Standin) -> None:
    made.customer(account, name=None, email=None, preferred_locales=[])
    made.invoice(account)
    [batch] = pull()
    assert made.rows(batch.clients) == [("cus_1", "Acme Ltd", "accounts@acme.example", "", "GB")]


def test_customers_without_an_invoice_are_left_out(account: Standin) -> None:
    made.customer(account, "cus_9", balance=-100)
    made.invoice(account)
    [batch] = pull()
    assert [row[0] for row in made.rows(batch.clients)] == ["cus_1"]
    assert entries([batch]) == []


def test_an_empty_account_is_one_finished_reading_with_nothing_in_it(account: Standin) -> None:
    [batch] = pull()
    assert (len(batch.clients), len(batch.invoices), len(batch.entries)) == (0, 0, 0)
    assert batch.reading.finished
    assert batch.cursor is not None
