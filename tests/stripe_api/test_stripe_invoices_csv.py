"""The dashboard's invoices.csv: recognised by its header, read by its status words, with the keys the API has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from payflow.connector import Batch, ConnectorError, Scope, SourceContext
from payflow_stripe import CONNECTOR
from stripe_api import made
from stripe_api.exported import HEADER, row
from stripe_api.standin import KEY, Standin

NOW = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)


def context(*paths: Path, timezone: str = "Europe/London", **options: Any) -> SourceContext:
    return SourceContext("stripe", paths, "GBP", timezone, NOW, options)


def read(tmp_path: Path, rows: Sequence[str], *, header: str = HEADER, timezone: str = "Europe/London") -> Batch:
    path = tmp_path / "invoices.csv"
    path.write_text("\r\n".join([header, *rows, ""]), encoding="utf-8", newline="")
    [batch] = CONNECTOR.open(context(path, timezone=timezone)).pull(None)
    return batch


def test_an_export_yields_these_rows(tmp_path: Path) -> None:
    batch = read(
        tmp_path,
        [
            row("in_1", "1,000.00", "0.00", "open"),
            row("in_2", "600.00", "600.00", "paid", due_on=""),
            row("in_3", "64.00", "0.00", "void"),
            row("in_4", "9.50", "0.00", "draft", number=""),
            row("in_5", "80.00", "30.00", "uncollectible", client="cus_2"),
        ],
    )
    columns = (
        "key",
        "number",
        "client",
        "currency",
        "total",
        "paid",
        "credited",
        "balance",
        "issued_on",
        "due_on",
        "status",
    )
    assert made.rows(batch.invoices, *columns) == [
        ("in_1", "NORTH-in_1", "cus_1", "GBP", 100_000, 0, 0, 100_000, "2026-10-01", "2026-10-15", "open"),
        ("in_2", "NORTH-in_2", "cus_1", "GBP", 60_000, 60_000, 0, 0, "2026-10-01", None, "paid"),
        ("in_3", "NORTH-in_3", "cus_1", "GBP", 6_400, 0, 0, 6_400, "2026-10-01", "2026-10-15", "void"),
        ("in_4", "in_4", "cus_1", "GBP", 950, 0, 0, 950, "2026-10-01", "2026-10-15", "draft"),
        ("in_5", "NORTH-in_5", "cus_2", "GBP", 8_000, 3_000, 0, 5_000, "2026-10-01", "2026-10-15", "written-off"),
    ]
    assert [key for key, *_ in made.rows(batch.clients)] == ["cus_1", "cus_2"]
    assert len(batch.entries) == 0
    assert list(batch.problems) == []


def test_a_paid_invoice_owes_nothing_whatever_amount_was_paid_through_stripe(tmp_path: Path) -> None:
    batch = read(tmp_path, [row("in_1", "9840.00", "0.00", "paid", currency="usd")])
    assert made.rows(batch.invoices, "paid", "balance", "status") == [(984_000, 0, "paid")]


def test_what_an_invoice_did_not_ask_lowers_its_price(tmp_path: Path) -> None:
    batch = read(
        tmp_path,
        [row("in_1", "100.00", "20.00", "open", due="70.00"), row("in_2", "100.00", "0.00", "paid", due="0.00")],
    )
    assert made.rows(batch.invoices, "paid", "credited", "balance") == [(2_000, 3_000, 5_000), (0, 10_000, 0)]


def test_an_old_debt_that_was_added_is_no_part_of_the_invoice(tmp_path: Path) -> None:
    batch = read(tmp_path, [row("in_1", "100.00", "0.00", "open", due="130.00")])
    assert made.rows(batch.invoices, "credited", "balance") == [(0, 10_000)]


@pytest.mark.parametrize(
    ("timezone", "stamp", "day"),
    [
        ("Europe/London", "2026-10-15 23:30:00", "2026-10-16"),
        ("America/New_York", "2026-10-15 23:30:00", "2026-10-15"),
        ("America/New_York", "2026-10-15 03:30", "2026-10-14"),
        ("Asia/Tokyo", "2026-10-15T20:00:00Z", "2026-10-16"),
    ],
)
def test_stamps_are_utc_and_days_are_the_business_own(tmp_path: Path, timezone: str, stamp: str, day: str) -> None:
    batch = read(tmp_path, [row("in_1", "1.00", "0.00", "open", due_on=stamp)], timezone=timezone)
    assert made.rows(batch.invoices, "due_on") == [(day,)]


@pytest.mark.parametrize(
    ("currency", "text", "minor"), [("jpy", "5000", 5_000), ("kwd", "12.345", 12_345), ("usd", "12.3", 1_230)]
)
def test_amounts_are_major_units_of_their_currency(tmp_path: Path, currency: str, text: str, minor: int) -> None:
    batch = read(tmp_path, [row("in_1", text, "0", "open", currency=currency)])
    assert made.rows(batch.invoices, "currency", "total", "balance") == [(currency.upper(), minor, minor)]


def test_columns_may_stand_in_any_order_and_metadata_columns_are_references(tmp_path: Path) -> None:
    header = "Status,Total,Amount Paid,Customer,payflow_milestone (metadata),Description,Date (UTC),id"
    batch = read(
        tmp_path, ["open,10.00,0.00,cus_1,acme-website/deposit,Website,2026-10-01 10:00:00,in_1"], header=header
    )
    assert made.rows(batch.invoices, "key", "reference", "balance") == [("in_1", "acme-website/deposit Website", 1_000)]


def test_a_bad_row_is_a_problem_with_its_place_and_the_others_are_read(tmp_path: Path) -> None:
    batch = read(tmp_path, [row("in_1", "ten", "0.00", "open"), row("in_2", "10.00", "0.00", "open")])
    assert made.rows(batch.invoices, "key") == [("in_2",)]
    [problem] = batch.problems
    assert "invoices.csv:2" in str(problem)
    assert "'ten'" in str(problem)


def test_the_reading_is_of_open_invoices_from_the_earliest_day_on_because_exports_are_filtered(tmp_path: Path) -> None:
    batch = read(
        tmp_path,
        [row("in_1", "1.00", "0.00", "open", issued="2026-09-03 10:00:00"), row("in_2", "1.00", "0.00", "open")],
    )
    assert batch.reading.scope is Scope.OPEN
    assert batch.reading.covers_from == date(2026, 9, 3)
    assert not batch.reading.dated_entries


def test_keys_and_clients_are_those_of_the_api(tmp_path: Path, account: Standin) -> None:
    made.invoice(account)
    [through_api] = made.pull()
    from_file = read(tmp_path, [row("in_1", "1000.00", "0.00", "open")])
    columns = ("key", "number", "client", "currency", "total", "issued_on", "due_on", "status")
    assert made.rows(from_file.invoices, *columns) == made.rows(through_api.invoices, *columns)


def test_the_file_is_known_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "anything.csv"
    path.write_text(HEADER + "\n", encoding="utf-8-sig")
    assert CONNECTOR.claims(path) == "Stripe invoices.csv"
    assert "id, Customer, Date (UTC)" in CONNECTOR.looked_for[0]


@pytest.mark.parametrize(
    "text",
    [
        "id,Created (UTC),Amount,Amount Refunded,Currency,User ID,User Email,Status\n",
        "ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,Type\n",
        "",
        "\x00\x01\x02",
    ],
    ids=["application fees", "another product", "empty", "no text"],
)
def test_other_files_are_not_claimed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8")
    assert CONNECTOR.claims(path) is None


def test_a_source_is_the_api_or_files_and_says_so_when_it_is_both_or_neither(tmp_path: Path) -> None:
    path = tmp_path / "invoices.csv"
    path.write_text(HEADER + "\n", encoding="utf-8")
    for wrong in (context(path, key=KEY), context()):
        with pytest.raises(ConnectorError, match="env:STRIPE_API_KEY") as caught:
            CONNECTOR.open(wrong)
        assert KEY not in str(caught.value)


def test_each_way_in_says_what_it_cannot_tell(tmp_path: Path) -> None:
    path = tmp_path / "invoices.csv"
    path.write_text(HEADER + "\n", encoding="utf-8")
    [of_files] = CONNECTOR.limits(context(path))
    [of_api] = CONNECTOR.limits(context(key=KEY))
    assert any("refunds and disputes" in text for text in of_files.cannot_tell)
    assert "STRIPE_API_KEY" in of_files.better
    assert not any("disputes" in text for text in of_api.cannot_tell)
