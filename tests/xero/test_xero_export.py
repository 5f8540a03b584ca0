"""The Xero sales-invoice export, golden files first."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports.golden import check_golden, pull, read, tell, write
from payflow.connector import ConnectorError, Scope
from payflow_xero import CONNECTOR

HERE = Path(__file__).parent
FULL = HERE / "sales_44_columns.csv"
HEADER = "ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,InvoiceAmountPaid,InvoiceAmountDue,Currency,Type,Status"


def sheet(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


@pytest.mark.parametrize("name", ["sales_44_columns", "sales_36_columns_reordered"])
def test_an_export_yields_the_rows_of_its_golden_file(name: str, tmp_path: Path) -> None:
    check_golden(CONNECTOR, HERE / f"{name}.csv", tmp_path)


def test_the_export_is_claimed_by_its_header_wherever_the_columns_stand() -> None:
    for name in ("sales_44_columns.csv", "sales_36_columns_reordered.csv"):
        assert CONNECTOR.claims(HERE / name) == "Xero sales invoices"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_of_columns_gives_the_same_rows(data: st.DataObject, tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO(FULL.read_text(encoding="utf-8-sig"), newline="")))
    order = data.draw(st.permutations(range(len(rows[0]))))
    out = io.StringIO()
    csv.writer(out).writerows([[row[place] for place in order] for row in rows])
    shuffled = read(CONNECTOR, write(tmp_path, "sales_44_columns.csv", out.getvalue()))
    as_exported = read(CONNECTOR, write(tmp_path, "sales_44_columns.csv", FULL.read_bytes()))
    assert tell(shuffled) == tell(as_exported)


def test_a_month_first_file_is_read_so_although_the_product_writes_days_first(tmp_path: Path) -> None:
    path = write(
        tmp_path, "x.csv", sheet("A,1,03/04/2026,10/28/2026,1.00,0.00,1.00,GBP,Sales invoice,Awaiting Payment")
    )
    invoice = read(CONNECTOR, path).invoices.iloc[0]
    assert (invoice["issued_on"].date(), invoice["due_on"].date()) == (date(2026, 3, 4), date(2026, 10, 28))


def test_dates_that_prove_nothing_are_taken_day_first(tmp_path: Path) -> None:
    path = write(
        tmp_path, "x.csv", sheet("A,1,03/04/2026,05/04/2026,1.00,0.00,1.00,GBP,Sales invoice,Awaiting Payment")
    )
    assert read(CONNECTOR, path).invoices["issued_on"].iloc[0].date() == date(2026, 4, 3)


def test_an_export_of_paid_invoices_alone_says_nothing_of_open_ones(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", sheet("A,1,13/04/2026,15/04/2026,1.00,1.00,0.00,GBP,Sales invoice,Paid"))
    assert read(CONNECTOR, path).reading.scope is Scope.CHANGED


def test_an_export_of_bills_yields_nothing_and_warns(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", sheet("A,1,13/04/2026,15/04/2026,1.00,1.00,0.00,GBP,Bill,Paid"))
    batch = read(CONNECTOR, path)
    assert batch.invoices.empty
    assert batch.entries.empty
    assert [problem.warning for problem in batch.problems] == [True]
    assert batch.reading.scope is Scope.CHANGED


def test_the_scope_option_overrides_what_the_export_is_taken_to_list(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", sheet("A,1,13/04/2026,15/04/2026,1.00,1.00,0.00,GBP,Sales invoice,Paid"))
    assert read(CONNECTOR, path, scope="all").reading.scope is Scope.ALL


def test_an_export_without_status_leaves_it_unstated(tmp_path: Path) -> None:
    rows = [line.rsplit(",", 1)[0] for line in sheet("A,1,13/04/2026,,1.00,0.00,1.00,GBP,Sales invoice,").splitlines()]
    batch = read(CONNECTOR, write(tmp_path, "x.csv", "\n".join(rows)))
    assert batch.invoices["status"].tolist() == [""]
    assert batch.problems == ()


OVERPAID = (
    "A,1,13/04/2026,,100.00,40.00,0.00,GBP,Sales invoice,Paid",
    "A,,10/04/2026,,75.00,0.00,15.00,GBP,Sales overpayment,Awaiting Payment",
)


def test_an_overpayment_that_settled_an_invoice_is_money_and_no_lower_price(tmp_path: Path) -> None:
    batch = read(CONNECTOR, write(tmp_path, "x.csv", sheet(*OVERPAID)))
    assert batch.invoices[["paid", "credited", "balance"]].to_numpy().tolist() == [[10000, 0, 0]]
    assert batch.entries[["kind", "amount"]].to_numpy().tolist() == [["payment", 1500]]
    assert batch.problems == ()


@pytest.mark.parametrize(
    ("row", "warned"),
    [
        ("A,CN-1,10/04/2026,,60.00,0.00,0.00,GBP,Sales credit note,Paid", True),  # used too: either of the two
        ("A,2,13/04/2026,,90.00,40.00,0.00,GBP,Sales invoice,Paid", True),  # more was taken off than it covers
        ("B,CN-1,10/04/2026,,60.00,0.00,0.00,GBP,Sales credit note,Paid", False),  # another client's
    ],
)
def test_where_it_may_have_been_a_credit_note_nothing_is_made_up(row: str, warned: bool, tmp_path: Path) -> None:
    batch = read(CONNECTOR, write(tmp_path, "x.csv", sheet(*OVERPAID, row)))
    assert int(batch.invoices["credited"].iloc[0]) == (6000 if warned else 0)
    assert [problem.warning for problem in batch.problems] == [True] * warned


def test_lines_that_write_one_amount_differently_do_not_contradict_each_other(tmp_path: Path) -> None:
    line = "A,1,13/04/2026,,{},0.00,100.00,GBP,Sales invoice,Awaiting Payment"
    batch = read(CONNECTOR, write(tmp_path, "x.csv", sheet(line.format("100.00"), line.format("100.0000"))))
    assert (batch.invoices["total"].tolist(), batch.problems) == ([10000], ())


def test_an_invoice_whose_lines_contradict_each_other_is_left_out_and_named(tmp_path: Path) -> None:
    line = "A,1,13/04/2026,,{},0.00,100.00,GBP,Sales invoice,Awaiting Payment"
    batch = read(CONNECTOR, write(tmp_path, "x.csv", sheet(line.format("100.00"), line.format("101.00"))))
    assert batch.invoices.empty
    assert str(batch.problems[0]).startswith("x.csv:3: Total: '1' says '101.00' here and '100.00' in row 2.")


def test_a_file_of_another_product_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "ContactName,InvoiceNumber,InvoiceDate,Total\nA,1,13/04/2026,1.00\n")
    with pytest.raises(
        ConnectorError, match=r"row 1 comes near to Xero sales invoices but lacks InvoiceAmountDue, Type"
    ):
        read(CONNECTOR, path)


def test_files_come_oldest_first_whatever_their_order(tmp_path: Path) -> None:
    import os

    line = sheet("A,1,13/04/2026,,1.00,0.00,1.00,GBP,Sales invoice,Awaiting Payment")
    new, old = write(tmp_path, "new.csv", line), write(tmp_path, "old.csv", line)
    os.utime(old, (1_760_000_000, 1_760_000_000))
    assert [batch.reading.origin for batch in pull(CONNECTOR, new, old)] == ["old.csv", "new.csv"]


def test_one_damaged_file_of_several_becomes_an_unfinished_reading(tmp_path: Path) -> None:
    good = write(tmp_path, "good.csv", sheet("A,1,13/04/2026,,1.00,0.00,1.00,GBP,Sales invoice,Awaiting Payment"))
    bad = write(tmp_path, "bad.csv", sheet("A,1,13/04/2026,,1.234,0,1,GBP,Sales invoice,Awaiting Payment"))
    batches = {batch.reading.origin: batch for batch in pull(CONNECTOR, good, bad)}
    assert (len(batches["good.csv"].invoices), batches["good.csv"].reading.finished) == (1, True)
    assert (len(batches["bad.csv"].invoices), batches["bad.csv"].reading.finished) == (0, False)
    assert "decimal" in batches["bad.csv"].problems[0].remedy


def test_a_large_export_is_read_in_bounded_memory(tmp_path: Path) -> None:
    header = FULL.read_text(encoding="utf-8-sig").splitlines()[0]
    names = header.split(",")
    path = tmp_path / "large.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(header + "\n")
        for number in range(100_000):
            cells = dict.fromkeys(names, "some text of a line")
            cells |= {
                "ContactName": f"Client {number % 3000}",
                "InvoiceNumber": f"INV-{number}",
                "InvoiceDate": "13/04/2026",
            }
            cells |= {"DueDate": "27/04/2026", "Total": f"{number}.50", "InvoiceAmountPaid": "0.00", "Currency": "GBP"}
            cells |= {"InvoiceAmountDue": f"{number}.50", "Type": "Sales invoice", "Status": "Awaiting Payment"}
            file.write(f"{','.join(cells.values())}\n" * 2)
    program = (
        "import re, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from exports.golden import read; from payflow_xero import CONNECTOR\n"
        "batch = read(CONNECTOR, Path(sys.argv[1]))\n"
        # this program's own peak: what getrusage tells is never below what the test's own process held when it began this one
        "peak = re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text())\n"
        "print(len(batch.invoices), len(batch.problems), int(peak[1]) // 1024)\n"
    )
    command = [sys.executable, "-c", program, str(path), str(HERE.parent)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    invoices, problems, mebibytes = (int(word) for word in result.stdout.split())
    assert (invoices, problems) == (100_000, 0)
    assert mebibytes < 500
