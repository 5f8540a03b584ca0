"""Any CSV through a table of columns, the samples of other products included where they are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exports.golden import check_golden, context, read, write
from payflow.connector import ConnectorError, Scope
from payflow_exports.tabular import CONNECTOR

HERE = Path(__file__).parent
SAMPLES = HERE.parents[2] / "shared" / "samples"
COLUMNS = {"number": "No", "client": "Client", "total": "Total", "issued_on": "Date", "status": "Status"}


def test_a_ledger_yields_the_rows_of_its_golden_file(tmp_path: Path) -> None:
    columns = {
        "key": "Id",
        "number": "Rechnung",
        "client": "Kundennr",
        "client_name": ["Kunde", "Firma"],
        "email": "E-Mail",
        "currency": "Währung",
        "total": "Brutto",
        "paid": "Bezahlt",
        "issued_on": "Datum",
        "due_on": "Fällig",
        "closed_on": "Bezahlt am",
        "status": "Status",
        "reference": "Projekt",
        "pay_url": "Link",
    }
    check_golden(CONNECTOR, HERE / "ledger.csv", tmp_path, columns=columns)


def test_it_claims_no_file_by_itself() -> None:
    assert CONNECTOR.claims(HERE / "ledger.csv") is None
    assert CONNECTOR.looked_for == ()


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (None, "is no table of columns"),
        ({}, "is no table of columns"),
        ({**COLUMNS, "ballance": "Open"}, "Did you mean 'balance'?"),
        ({"number": "No", "client": "Client"}, "names only number, client"),
        ({name: header for name, header in COLUMNS.items() if name != "status"}, "one of paid, balance and status"),
        ({**COLUMNS, "total": 3}, "3 is no column name"),
        ({**COLUMNS, "total": []}, "is no column name"),
    ],
)
def test_columns_that_cannot_work_are_refused(columns: Any, found: str) -> None:
    with pytest.raises(ConnectorError, match=r"source 'books': columns") as caught:
        CONNECTOR.open(context(columns=columns))
    assert found in str(caught.value)


def test_a_status_alone_tells_what_is_open(tmp_path: Path) -> None:
    words = ["open", "Paid", "VOID", "draft", "written off", "partially paid", "on the moon", ""]
    rows = [f"{number},X,2026-10-01,5.00,{word}" for number, word in enumerate(words)]
    batch = read(
        CONNECTOR,
        write(tmp_path, "x.csv", "No,Client,Date,Total,Status\n" + "\n".join(rows)),
        columns=COLUMNS,
        currency="GBP",
    )
    assert dict(zip(batch.invoices["status"], batch.invoices["balance"], strict=True)) == {
        "open": 500,
        "paid": 0,
        "void": 0,
        "draft": 500,
        "written-off": 0,
    }
    assert [(problem.where, problem.warning) for problem in batch.problems] == [
        ("x.csv:7: Status", False),
        ("x.csv:8: Status", True),
        ("x.csv:8", False),
        ("x.csv:9", False),
    ]


def test_a_table_speaks_for_the_issue_dates_it_holds(tmp_path: Path) -> None:
    text = "No,Client,Date,Total,Status\n1,X,2026-10-01,5.00,open\n2,X,2026-09-01,5.00,open\n"
    reading = read(CONNECTOR, write(tmp_path, "x.csv", text), columns=COLUMNS, currency="GBP").reading
    assert (reading.scope, str(reading.covers_from), str(reading.covers_to)) == (Scope.ALL, "2026-09-01", "2026-10-01")


def test_what_the_columns_cannot_tell_is_said() -> None:
    (limits,) = CONNECTOR.limits(context(columns=COLUMNS))
    assert any("due date" in sentence for sentence in limits.cannot_tell)
    assert not any(
        "due date" in sentence
        for sentence in CONNECTOR.limits(context(columns={**COLUMNS, "due_on": "Due"}))[0].cannot_tell
    )


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the collected samples are not here")
@pytest.mark.parametrize(
    ("file", "columns", "invoices"),
    [
        (
            "zoho/zoho_invoices.csv",
            {
                "key": "Invoice ID",
                "number": "Invoice Number",
                "client": "Customer ID",
                "client_name": "Customer Name",
                "currency": "Currency Code",
                "total": "Total",
                "balance": "Balance",
                "issued_on": "Invoice Date",
                "due_on": "Due Date",
                "status": "Invoice Status",
            },
            None,
        ),
        (
            "invoicely/invoicely_invoices.csv",
            {
                "number": "Details",
                "client": "Client",
                "total": "Total",
                "issued_on": "Date",
                "due_on": "Due",
                "status": "Status",
            },
            None,
        ),
    ],
)
def test_exports_of_other_products_can_be_read_through_columns(
    file: str, columns: dict[str, Any], invoices: int | None
) -> None:
    batch = read(CONNECTOR, SAMPLES / file, columns=columns, currency="USD")
    assert len(batch.invoices)
    assert not [problem for problem in batch.problems if not problem.warning]
    assert batch.invoices["key"].is_unique
