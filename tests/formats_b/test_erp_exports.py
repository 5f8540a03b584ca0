"""Odoo, ERPNext and Akaunting: golden files first, then what is their own."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from exports.golden import check_golden, read, write
from formats_b.books import Rows, check_rows, write_book
from payflow.connector import discover
from payflow_exports.products import AKAUNTING, ERPNEXT, ODOO

HERE = Path(__file__).parent
EXPORTS = {"odoo_invoices": ODOO, "odoo_few_columns": ODOO, "erpnext_invoices": ERPNEXT}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_yields_the_rows_of_its_golden_file(name: str, tmp_path: Path) -> None:
    check_golden(EXPORTS[name], HERE / f"{name}.csv", tmp_path)


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_known_by_its_header_and_by_one_connector_only(name: str) -> None:
    claims = [key for key, spec in discover().items() if spec.claims(HERE / f"{name}.csv")]
    assert claims == [EXPORTS[name].name]


def test_technical_names_and_words_of_odoo_are_understood_too(tmp_path: Path) -> None:
    header = "name,partner_id,invoice_date,invoice_date_due,amount_residual,amount_total,currency_id,move_type"
    header += ",state,payment_state"
    rows = [
        "INV/1,Ash,2026-10-01,2026-10-31,0,10.50,EUR,out_invoice,posted,in_payment",
        "INV/2,Ash,2026-10-01,2026-10-31,0,10.50,EUR,out_invoice,posted,invoicing_legacy",
        "INV/3,Ash,2026-10-01,2026-10-31,10.50,10.50,EUR,out_invoice,cancel,not_paid",
    ]
    batch = read(ODOO, write(tmp_path, "x.csv", "\n".join([header, *rows])))
    assert batch.invoices["status"].tolist() == ["open", "paid", "void"]
    assert batch.invoices["balance"].tolist() == [1050, 0, 1050]
    assert batch.entries[["invoice", "settlement", "amount"]].to_numpy().tolist() == [["INV/1", "pending", 1050]]
    assert batch.problems == ()


def test_an_odoo_export_without_types_is_not_taken_for_invoices(tmp_path: Path) -> None:
    header = "Number,Customer,Invoice/Bill Date,Amount Due,Total"
    assert ODOO.claims(write(tmp_path, "x.csv", f"{header}\nBILL/1,Ash,2026-10-01,5,5\n")) is None


def test_labels_of_erpnext_are_understood_too(tmp_path: Path) -> None:
    header = "Sr,ID,Customer,Date,Payment Due Date,Grand Total,Outstanding Amount,Currency,Status"
    path = write(tmp_path, "x.csv", f"{header}\n1,SINV-1,Ash,2026-10-01,2026-10-31,10.50,4.00,EUR,Partly Paid\n")
    (invoice,) = read(ERPNEXT, path).invoices.to_dict("records")
    assert [invoice[name] for name in ("key", "total", "balance", "status")] == ["SINV-1", 1050, 400, "open"]


def test_the_account_s_currency_decides_what_is_open_in_erpnext(tmp_path: Path) -> None:
    header = "name,customer,posting_date,grand_total,outstanding_amount,currency,conversion_rate,party_account_currency,status"
    rows = [
        "SINV-1,Kiosk,2026-10-01,100.00,50.00,USD,0.92,USD,Partly Paid",
        "SINV-2,Kiosk,2026-10-01,100.00,50.00,USD,0.92,EUR,Partly Paid",
    ]
    batch = read(ERPNEXT, write(tmp_path, "x.csv", "\n".join([header, *rows])))
    assert batch.invoices[["key", "balance"]].to_numpy().tolist() == [["SINV-1", 5000]]
    assert [problem.where for problem in batch.problems] == ["x.csv:3: outstanding_amount"]


INVOICE_NAMES = [
    *("invoice_number", "order_number", "status", "invoiced_at", "due_at", "amount", "currency_code", "currency_rate"),
    *(
        "category_name",
        "contact_name",
        "contact_email",
        "contact_tax_number",
        "contact_phone",
        "contact_address",
        "notes",
    ),
    "footer",
]


def invoice(
    number: str, status: str, amount: float, currency: str = "EUR", **more: str
) -> list[str | float | date | None]:
    days = (date(2026, 10, 1), date(2026, 10, 31))
    told = (
        number,
        more.get("order"),
        status,
        *days,
        amount,
        currency,
        1.0,
        "Sales",
        more.get("client", "Ash & Partners"),
    )
    return [*told, "accounts@ash.example", None, None, "4 Quay Street\nLeeds", more.get("notes"), None]


PAYMENT_NAMES = [
    *("invoice_number", "transaction_number", "paid_at", "amount", "currency_code", "currency_rate", "account_name"),
    *("contact_email", "category_name", "description", "payment_method", "reference", "reconciled"),
]


def payment(invoice: str, number: str | None, on: datetime | date, amount: float | str, currency: str = "EUR") -> list:
    return [invoice, number, on, amount, currency, 1.0, "Bank", None, "Sales", None, "cash", None, 0]


SHEETS: dict[str, Rows] = {
    "invoices": [
        INVOICE_NAMES,
        invoice("INV-00001", "paid", 1250.0, order="ash-site/deposit"),
        invoice("INV-00002", "partial", 1000.0),
        invoice("INV-00003", "sent", 80.5, client="Birch Group", notes="as agreed"),
        invoice("INV-00004", "draft", 60.0),
        invoice("INV-00005", "cancelled", 61.0),
        invoice("INV-00006", "partial", 100.0, "USD"),
        invoice("INV-00007", "paid", 100.0, "USD"),
        invoice("INV-00008", "partial", 70.0),
    ],
    "invoice_items": [
        [
            "invoice_number",
            "item_name",
            "item_description",
            "item_type",
            "quantity",
            "price",
            "total",
            "discount_rate",
            "tax",
        ],
        ["INV-00001", "Deposit", None, "product", 1, 1250.0, 1250.0, 0, 0],
    ],
    "invoice_item_taxes": [["invoice_number", "item_name", "tax_name", "tax_rate", "amount"]],
    "invoice_histories": [["invoice_number", "status", "notify", "description"], ["INV-00001", "sent", 1, "Sent"]],
    "invoice_totals": [
        ["invoice_number", "code", "name", "amount", "sort_order"],
        ["INV-00001", "sub_total", "invoices.sub_total", 1250.0, 1],
        ["INV-00001", "total", "invoices.total", 1250.0, 2],
    ],
    "invoice_transactions": [
        PAYMENT_NAMES,
        payment("INV-00001", "TRA-00002", datetime.fromisoformat("2026-10-20T09:30+00:00"), 750.0),
        payment("INV-00001", "TRA-00001", date(2026, 10, 5), 500.0),
        payment("INV-00002", None, date(2026, 10, 6), 300.0),
        payment("INV-00002", None, date(2026, 10, 6), 300.0),
        payment("INV-00006", "TRA-00003", date(2026, 10, 7), 46.0, "EUR"),
        payment("INV-00007", "TRA-00004", date(2026, 10, 8), 92.0, "EUR"),
        payment("INV-00008", "TRA-00005", date(2026, 10, 8), "ten"),
        payment("INV-00099", "TRA-00006", date(2026, 10, 9), 5.0),
    ],
}


def test_an_akaunting_workbook_yields_invoices_with_their_payments(tmp_path: Path) -> None:
    check_rows(read(AKAUNTING, write_book(tmp_path, "invoices.xlsx", SHEETS)), HERE / "akaunting_invoices.rows.txt")


def test_an_akaunting_workbook_is_claimed_by_one_connector_only(tmp_path: Path) -> None:
    path = write_book(tmp_path, "invoices.xlsx", SHEETS)
    assert [name for name, spec in discover().items() if spec.claims(path)] == ["akaunting"]


def test_without_its_transactions_nothing_is_known_of_payments(tmp_path: Path) -> None:
    batch = read(AKAUNTING, write_book(tmp_path, "x.xlsx", {"invoices": SHEETS["invoices"]}))
    assert len(batch.entries) == 0
    assert batch.invoices["paid"].isna().all()
    assert "has no sheet of transactions" in batch.problems[-1].found


def test_what_was_paid_beyond_an_erpnext_invoice_is_open_credit(tmp_path: Path) -> None:
    header = "ID,Customer,Date,Grand Total,Outstanding Amount,Currency,Status"
    path = write(tmp_path, "x.csv", f"{header}\nS-1,Ash,2026-10-09,100.00,-5.00,EUR,Paid\n")
    batch = read(ERPNEXT, path)
    assert batch.invoices[["total", "balance", "status"]].to_numpy().tolist() == [[10000, 0, "paid"]]
    assert batch.entries[["invoice", "client", "kind", "amount"]].to_numpy().tolist() == [["", "Ash", "payment", 500]]
    assert batch.problems == ()
