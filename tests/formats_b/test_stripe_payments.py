"""Stripe's exports of payments: dated payments of invoices that another file lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from exports.golden import check_golden, read, write
from payflow.connector import Scope, discover
from payflow_stripe import CONNECTOR

HERE = Path(__file__).parent
UNIFIED = HERE / "stripe_unified_payments.csv"


def test_an_export_yields_the_rows_of_its_golden_file(tmp_path: Path) -> None:
    check_golden(CONNECTOR, UNIFIED, tmp_path)


def test_an_export_is_known_by_its_header_and_by_one_connector_only() -> None:
    claims = {name: form for name, spec in discover().items() if (form := spec.claims(UNIFIED))}
    assert claims == {"stripe": "Stripe payments"}


LATER = (
    "id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Converted Amount Refunded,"
    "Fee,Tax,Converted Currency,Mode,Status,Statement Descriptor,Customer ID,Customer Description,Customer Email,Captured,"
    "Dispute Status,Invoice ID"
)


@pytest.mark.parametrize(
    ("dispute", "left"), [("", 3000), ("lost", 0), ("warning_needs_response", 3000), ("Won", 3000), ("under review", 0)]
)
def test_the_second_generation_is_read_and_a_dispute_without_an_amount_takes_all(
    dispute: str, left: int, tmp_path: Path
) -> None:
    row = f"ch_1,Work,Paid,2026-10-05 10:00,50.00,20.00,gbp,50.00,20.00,1,0,gbp,Live,Paid,,cus_1,,,true,{dispute},in_1"
    batch = read(CONNECTOR, write(tmp_path, "payments.csv", f"{LATER}\n{row}\n"))
    assert batch.problems == ()
    assert batch.entries["amount"].sum() == left
    assert set(batch.entries["invoice"]) == {"in_1"}


def test_a_status_tells_of_a_dispute_where_no_column_does(tmp_path: Path) -> None:
    header = "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Invoice ID"
    row = "ch_1,2026-10-05 10:00:00,50.00,0.00,gbp,Disputed,cus_1,in_1"
    entries = read(CONNECTOR, write(tmp_path, "x.csv", f"{header}\n{row}\n")).entries
    assert sorted(zip(entries["kind"], entries["amount"], strict=True)) == [("dispute", -5000), ("payment", 5000)]


def test_the_first_generation_names_no_invoice_and_says_so(tmp_path: Path) -> None:
    header = "id,Description,Created,Amount,Amount Refunded,Currency,Converted Amount,Fee,Mode,Status,Customer ID"
    path = write(
        tmp_path, "payments.csv", f"{header}\nch_1,,2014-02-03 01:47,19.00,0.00,usd,19.00,0.85,Live,Paid,cus_1\n"
    )
    batch = read(CONNECTOR, path)
    assert (len(batch.invoices), len(batch.entries), batch.reading.scope) == (0, 0, Scope.CHANGED)
    (problem,) = batch.problems
    assert problem.warning
    assert "none of 1 payments names an invoice" in problem.found


def test_a_payment_late_in_the_evening_counts_for_the_day_of_the_business(tmp_path: Path) -> None:
    batch = read(CONNECTOR, write(tmp_path, "x.csv", UNIFIED.read_text(encoding="utf-8")))
    assert str(batch.entries["on"].iloc[0].date()) == "2026-10-06"


def test_application_fees_are_not_taken_for_payments(tmp_path: Path) -> None:
    header = "id,Created (UTC),Amount,Amount Refunded,Currency,User ID,User Email,Application ID,Transaction ID,Status"
    assert CONNECTOR.claims(write(tmp_path, "fees.csv", f"{header}\n")) is None


@pytest.mark.parametrize("status", ["Partially refunded", "partial refund", "partially_refunded", "Disputed"])
def test_a_payment_that_went_back_in_part_is_money_less_what_went_back(status: str, tmp_path: Path) -> None:
    row = f"ch_1,Work,Paid,2026-10-05 10:00,50.00,20.00,gbp,50.00,20.00,1,0,gbp,Live,{status},,cus_1,,,true,,in_1"
    batch = read(CONNECTOR, write(tmp_path, "payments.csv", f"{LATER}\n{row}\n"))
    assert batch.problems == ()
    assert batch.entries["amount"].tolist() == [5000, -2000]
