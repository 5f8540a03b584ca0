"""QuickBooks' reports in groups, its lists of transactions, Desktop's layouts and IIF, golden files first."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from exports.golden import check_golden, read, tell, write
from formats_b.books import write_book
from payflow.connector import ConnectorError, Scope, discover
from payflow_quickbooks import CONNECTOR

HERE = Path(__file__).parent
REPORTS = {
    "qbo_customer_balance.csv": "QuickBooks Customer Balance Detail",
    "qbo_sales_detail.csv": "QuickBooks Sales by Customer Detail",
    "qbo_sales_detail_classic.csv": "QuickBooks Sales by Customer Detail",
    "qbo_transactions.csv": "QuickBooks Transaction List by Date",
    "qbo_received.csv": "QuickBooks Invoices and Received Payments",
    "qbd_transactions.csv": "QuickBooks Desktop transactions",
    "qbd_excel_layout.csv": "QuickBooks Desktop transactions",
    "qbd_invoices.iif": "QuickBooks IIF",
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_yields_the_rows_of_its_golden_file(name: str, tmp_path: Path) -> None:
    check_golden(CONNECTOR, HERE / name, tmp_path)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_claimed_by_its_header_and_by_one_connector_only(name: str) -> None:
    claims = {key: form for key, spec in discover().items() if (form := spec.claims(HERE / name))}
    assert claims == {"quickbooks": REPORTS[name]}


@pytest.mark.parametrize("name", ["qbo_customer_balance.csv", "qbo_sales_detail.csv", "qbd_excel_layout.csv"])
def test_a_report_saved_as_a_workbook_is_read_alike(name: str, tmp_path: Path) -> None:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    as_csv = read(CONNECTOR, write(tmp_path, name, (HERE / name).read_bytes()))
    as_book = read(CONNECTOR, write_book(tmp_path, name.replace(".csv", ".xlsx"), {"Sheet1": rows}))
    assert tell(as_book).replace(".xlsx", ".csv") == tell(as_csv)


@pytest.mark.parametrize(
    "name", ["qbo_sales_detail.csv", "qbo_transactions.csv", "qbo_received.csv", "qbd_transactions.csv"]
)
def test_a_report_that_says_nothing_of_payments_makes_none_up(name: str, tmp_path: Path) -> None:
    batch = read(CONNECTOR, write(tmp_path, name, (HERE / name).read_bytes()))
    assert len(batch.invoices)
    assert batch.invoices[["paid", "credited", "balance"]].isna().all().all()
    assert set(batch.invoices["status"]) <= {"", "void"}
    assert len(batch.entries) == 0
    assert batch.reading.scope is Scope.CHANGED


def test_the_new_names_of_api_columns_are_known(tmp_path: Path) -> None:
    header = "Date,Transaction Type,#,Posting,Name,Memo/Description,Account,Split,Amount"
    path = write(tmp_path, "x.csv", f"{header}\n2026-07-13,Invoice,7,Yes,Ash,,A/R,Services,10.00\n")
    assert CONNECTOR.claims(path) == "QuickBooks Transaction List by Date"
    assert read(CONNECTOR, path, currency="USD").invoices["total"].tolist() == [1000]


GROUPS = ",Date,Transaction Type,Num,Due Date,Amount,Open Balance,Balance\n"


@pytest.mark.parametrize(
    ("rows", "clients"),
    [
        ("Ash\n{1}Birch\n{2}", ["Ash", "Birch"]),
        ("Ash\n{1}Total for Ash\nBirch\n{2}Total for Birch\n", ["Ash", "Birch"]),
        ("Ash\nJob\n{1}Total for Job\n{2}Total for Ash with sub-customers\n", ["Ash:Job", "Ash"]),
        ("Ash\nJob\n{1}Total for Job\nShop\n{2}Total for Shop\nTotal for Ash\n", ["Ash:Job", "Ash:Shop"]),
        ("Ash\n{1}Total for Ash\nAsh\n{2}Total for Ash\n", ["Ash", "Ash"]),
        (
            "Total Fitness\n{1}Total for Total Fitness\nTotal Recall\n{2}TOTAL,,,,5.00\n",
            ["Total Fitness", "Total Recall"],
        ),
    ],
)
def test_rows_belong_to_the_heading_above_them(rows: str, clients: list[str], tmp_path: Path) -> None:
    lines = {str(n): f",2026-07-1{n},Invoice,{n},2026-08-1{n},10.00,10.00,10.00\n" for n in (1, 2)}
    text = GROUPS + rows.replace("{1}", lines["1"]).replace("{2}", lines["2"])
    batch = read(CONNECTOR, write(tmp_path, "x.csv", text), currency="USD")
    assert batch.invoices["client"].tolist() == clients
    assert batch.problems == ()


def test_rows_under_no_heading_are_problems(tmp_path: Path) -> None:
    text = GROUPS + ",2026-07-11,Invoice,1,2026-08-11,10.00,10.00,10.00\nTotal for --,,,,,10.00,\n"
    batch = read(CONNECTOR, write(tmp_path, "x.csv", text), currency="USD")
    assert len(batch.invoices) == 0
    assert [str(problem) for problem in batch.problems] == [
        "x.csv:2: client: is empty. An invoice needs client; fill it in and export again."
    ]


def test_a_desktop_report_of_income_accounts_says_what_it_lacks(tmp_path: Path) -> None:
    header = ",Type,Date,Num,Name,Memo,Account,Split,Amount,Balance"
    path = write(tmp_path, "x.csv", f"{header}\n,Invoice,08/13/25,7,Ash,,Services,A/R,-10.00,-10.00\n")
    batch = read(CONNECTOR, path, currency="USD")
    assert len(batch.invoices) == 0
    assert "no row of accounts receivable" in batch.problems[0].found


def test_a_desktop_report_without_its_empty_first_column_is_read_alike(tmp_path: Path) -> None:
    header = "Type,Date,Num,Name,Account,Split,Amount"
    rows = ["Invoice,08/13/25,7,Ash,Accounts Receivable,-SPLIT-,10.00", "TOTAL,,,,,,10.00"]
    path = write(tmp_path, "x.csv", "\n".join([header, *rows, ""]))
    batch = read(CONNECTOR, path, currency="USD")
    assert batch.invoices[["number", "total"]].to_numpy().tolist() == [["7", 1000]]
    assert not batch.problems


def test_iif_days_are_months_first_and_years_of_two_digits_are_understood(tmp_path: Path) -> None:
    text = "!TRNS\tTRNSTYPE\tDATE\tNAME\tAMOUNT\tDOCNUM\nTRNS\tINVOICE\t2/3/26\tAsh\t5\t1\n"
    batch = read(CONNECTOR, write(tmp_path, "x.iif", text), currency="USD")
    assert batch.invoices["issued_on"].iloc[0].date() == date(2026, 2, 3)


@pytest.mark.parametrize(
    "content",
    [
        "!CUST\tNAME\tEMAIL\nCUST\tAsh\ta@ash.example\n",
        "!TRNS\tTRNSTYPE\tDATE\n",
        "!TRNS\tTRNSTYPE\tDATE\tNAME\tAMOUNT\tDOCNUM\n",
        "!important\n",
    ],
)
def test_an_iif_file_without_invoices_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match=r"x\.iif: (has no known header|has a header and no rows)"):
        read(CONNECTOR, write(tmp_path, "x.iif", content))


def test_a_group_inside_a_group_may_bear_its_full_name(tmp_path: Path) -> None:
    rows = [
        ",Date,Transaction type,Num,Due date,Amount,Open balance,Balance",
        "Ash,,,,,,,",
        "Ash:Kitchen,,,,,,,",
        ",2026-10-14,Invoice,7,2026-10-28,50.00,50.00,50.00",
        "Total for Ash:Kitchen,,,,,50.00,50.00,",
        "Cellar,,,,,,,",
        ",2026-10-15,Invoice,8,2026-10-29,60.00,60.00,110.00",
        "Total for Cellar,,,,,60.00,60.00,",
        "Total for Ash with sub-customers,,,,,110.00,110.00,",
    ]
    clients = read(CONNECTOR, write(tmp_path, "x.csv", "\n".join(rows) + "\n")).invoices["client"]
    assert clients.tolist() == ["Ash:Kitchen", "Ash:Cellar"]
