"""Xero's import template and its report Aged Receivables Detail."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from exports.golden import check_golden, read, tell, write
from formats_b.books import Cell, Formula, Rows, check_rows, write_book
from payflow.connector import ConnectorError, Scope, SourceContext
from payflow_xero import CONNECTOR

HERE = Path(__file__).parent
TEMPLATE = HERE / "xero_template.csv"


def test_a_template_yields_the_rows_of_its_golden_file(tmp_path: Path) -> None:
    check_golden(CONNECTOR, TEMPLATE, tmp_path)


def test_a_template_is_known_by_its_header() -> None:
    assert CONNECTOR.claims(TEMPLATE) == "Xero sales invoice template"


def test_the_template_of_bills_is_refused(tmp_path: Path) -> None:
    bills = TEMPLATE.read_text(encoding="utf-8").replace("*Description", "Description")
    with pytest.raises(ConnectorError, match="is the template of bills"):
        read(CONNECTOR, write(tmp_path, "bills.csv", bills))


def test_a_template_of_older_columns_without_stars_is_read_too(tmp_path: Path) -> None:
    header = "ContactName,InvoiceNumber,InvoiceDate,DueDate,Description,Quantity,UnitAmount,AccountCode,TaxType"
    path = write(tmp_path, "x.csv", f"{header}\nAsh,7,14/3/2026,28/3/2026,Work,2,30.00,200,No VAT\n")
    (invoice,) = read(CONNECTOR, path).invoices.to_dict("records")
    assert (invoice["key"], invoice["total"], invoice["balance"]) == ("Ash|7", 6000, None)


WIDE = [
    *(
        "Contact Account Number",
        "Primary Person",
        "Phone",
        "Email",
        "Mobile",
        "Contact Group",
        "Invoice Date",
        "Due Date",
    ),
    *(
        "Expected Date",
        "Invoice Number",
        "Invoice Reference",
        "< 1 Month",
        "1 Month",
        "2 Months",
        "3 Months",
        "Older",
        None,
    ),
    *("Total", "Outstanding Tax", "Region", "Invoice Seen", "Invoice Sent"),
]
TITLES: Rows = [["Aged Receivables Detail"], ["Studio Tern Ltd"], ["As at 31 March 2026"], ["Ageing by due date"], []]
NO_SUM = Formula(0.0)


def wide(
    issued: date, due: date, number: str | int | None, place: int, amount: float, total: Cell = NO_SUM, email: str = ""
) -> list[Cell]:
    row: list[Cell] = [None] * len(WIDE)
    row[3], row[6], row[7], row[9], row[11 + place], row[17] = email, issued, due, number, amount, total
    row[21] = "Sent"
    return row


def sums(name: str) -> list[Cell]:
    return [name, *([None] * 10), *([NO_SUM] * 5), None, NO_SUM]


AGED: Rows = [
    *TITLES,
    WIDE,
    [],
    ["Ridgeway University"],
    wide(date(2026, 1, 15), date(2026, 2, 14), "INV-0031", 1, 1200.5, 1200.5, "bursar@ridgeway.example"),
    wide(date(2026, 3, 3), date(2026, 4, 2), 32, 0, 80.1 + 0.2),
    wide(date(2026, 2, 1), date(2026, 2, 1), None, 1, -150.0, -150.0),
    sums("Total Ridgeway University"),
    [],
    ["Total Fitness"],
    wide(date(2025, 6, 1), date(2025, 7, 1), "INV-0007", 4, 999.99),
    wide(date(2026, 3, 20), date(2026, 4, 20), "INV-0040", 0, 0.0, 640.0),
    wide(date(2026, 3, 21), date(2026, 4, 21), "INV-0041", 0, 0.0),
    wide(date(2026, 3, 22), date(2026, 4, 22), "CN-0002", 0, -40.0),
    sums("Total Total Fitness"),
    [],
    sums("Total"),
]


def test_an_aged_report_yields_its_open_amounts_although_no_sum_was_ever_calculated(tmp_path: Path) -> None:
    batch = read(CONNECTOR, write_book(tmp_path, "aged.xlsx", {"Aged Receivables Detail": AGED}))
    check_rows(batch, HERE / "xero_aged.rows.txt")


NARROW: Rows = [
    *TITLES,
    [
        "Invoice Number",
        "Invoice Date",
        "Due Date",
        "Invoice Reference",
        "Current",
        "< 1 Month",
        "1 Month",
        "Older",
        "Total",
    ],
    [],
    ["Ridgeway University"],
    ["INV-0031", date(2026, 1, 15), date(2026, 2, 14), "ridgeway/build", None, None, 1200.5, None, Formula(0.0)],
    [None, date(2026, 2, 1), date(2026, 2, 1), None, None, None, -150, None, Formula(0.0)],
    ["Total Ridgeway University", None, None, None, Formula(0.0), Formula(0.0), Formula(0.0), None, Formula(0.0)],
    ["Percentage of total", None, None, None, Formula(0.0), Formula(0.0), Formula(0.0), None, Formula(0.0)],
    ["Total", None, None, None, Formula(0.0), Formula(0.0), Formula(0.0), None, Formula(0.0)],
]


def test_the_second_layout_has_its_numbers_in_the_first_column(tmp_path: Path) -> None:
    batch = read(CONNECTOR, write_book(tmp_path, "aged.xlsx", {"Aged Receivables Detail": NARROW}), currency="GBP")
    assert batch.problems == ()
    (invoice,) = batch.invoices.to_dict("records")
    assert [invoice[name] for name in ("number", "client", "total", "balance", "reference")] == [
        *("INV-0031", "Ridgeway University", 120050, 120050, "ridgeway/build")
    ]
    (credit,) = batch.entries.to_dict("records")
    assert [credit[name] for name in ("client", "invoice", "kind", "amount")] == [
        "Ridgeway University",
        "",
        "credit",
        15000,
    ]


def test_the_report_speaks_for_the_end_of_the_day_in_its_title(tmp_path: Path) -> None:
    path = write_book(tmp_path, "aged.xlsx", {"Aged": AGED})
    context = SourceContext("books", [path], "AUD", "Australia/Sydney", datetime(2026, 11, 22, tzinfo=UTC))
    (batch,) = CONNECTOR.open(context).pull(None)
    assert batch.reading.as_of.isoformat() == "2026-03-31T23:59:59+11:00"
    assert batch.reading.scope is Scope.OPEN


def test_the_same_report_as_csv_is_read_alike(tmp_path: Path) -> None:
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in NARROW]
    as_csv = read(CONNECTOR, write(tmp_path, "aged.csv", "\n".join(lines)), currency="GBP")
    as_book = read(CONNECTOR, write_book(tmp_path, "aged.xlsx", {"Aged": NARROW}), currency="GBP")
    assert tell(as_csv).replace(".csv", "") == tell(as_book).replace(".xlsx", "")


def test_a_summary_without_invoices_is_not_claimed(tmp_path: Path) -> None:
    rows: Rows = [*TITLES, ["Contact", "Current", "< 1 Month", "1 Month", "Older", "Total"], ["Ash", 1, 2, 3, 4, 10]]
    assert CONNECTOR.claims(write_book(tmp_path, "summary.xlsx", {"Aged Receivables Summary": rows})) is None


def test_the_limits_say_what_each_cannot_tell(tmp_path: Path) -> None:
    path = write_book(tmp_path, "aged.xlsx", {"Aged": AGED})
    for file, word in ((path, "an invoice's total"), (TEMPLATE, "what was paid")):
        context = SourceContext("books", [file], "GBP", "Europe/London", datetime(2026, 11, 22, tzinfo=UTC))
        (limits,) = CONNECTOR.limits(context)
        assert any(word in sentence for sentence in limits.cannot_tell)
        assert "sales invoice export" in limits.better
