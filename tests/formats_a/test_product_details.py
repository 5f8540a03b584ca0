"""What is odd about single products: sums of lines, words for part-paid, write-offs, double entry, tables within cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from exports.golden import context, read, write
from payflow.connector import Batch, ConnectorError, Scope, discover
from payflow_exports import products

FRESHBOOKS = "Client Name,Invoice #,Date Issued,Invoice Status,Date Paid,Line Total,Currency"


def freshbooks(*rows: str) -> str:
    return "\n".join([FRESHBOOKS, *rows]) + "\n"


def line(number: str, total: str, status: str = "sent", day: str = "2026-10-13", paid: str = "") -> str:
    return f"Acme,{number},{day},{status},{paid},{total},USD"


def totals(batch: Batch) -> dict[str, int]:
    return dict(zip(batch.invoices["number"], batch.invoices["total"].tolist(), strict=True))


# FreshBooks


def test_lines_of_one_invoice_add_up_wherever_they_stand(tmp_path: Path) -> None:
    text = freshbooks(line("01", "10.10"), line("02", "5.00"), line("01", "0.20"), line("01", "-0.30"))
    assert totals(read(products.FRESHBOOKS, write(tmp_path, "x.csv", text))) == {"01": 1000, "02": 500}


def test_lines_with_decimal_commas_add_up_too(tmp_path: Path) -> None:
    text = freshbooks(line("01", '"1.010,10"'), line("01", '"0,20"'))
    assert totals(read(products.FRESHBOOKS, write(tmp_path, "x.csv", text))) == {"01": 101030}


def test_an_invoice_beside_a_damaged_row_is_left_out_since_its_sum_may_lack_a_line(tmp_path: Path) -> None:
    text = freshbooks(
        line("01", "1.00"), line("02", "2.00"), "Acme,02,2026-10-13,sent", line("03", "4.00"), line("04", "8.00")
    )
    batch = read(products.FRESHBOOKS, write(tmp_path, "x.csv", text))
    assert totals(batch) == {"01": 100, "04": 800}
    assert [problem.where for problem in batch.problems] == ["x.csv:3", "x.csv:4", "x.csv:5"]
    assert "may lack a line: row 4 beside it cannot be read" in str(batch.problems[0])


def test_the_last_invoice_of_a_file_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    whole = freshbooks(line("01", "1.00"), line("02", "2.00"), line("02", "4.00"))
    batch = read(products.FRESHBOOKS, write(tmp_path, "x.csv", whole[:-14]))
    assert totals(batch) == {"01": 100}
    assert not batch.reading.finished


def test_lines_that_add_up_to_no_amount_of_money_are_one_problem(tmp_path: Path) -> None:
    text = freshbooks(line("01", "1.00"), *[line("02", "9999999999999.99")] * 3000)
    batch = read(products.FRESHBOOKS, write(tmp_path, "x.csv", text))
    assert totals(batch) == {"01": 100}
    assert len(batch.problems) == 1


def test_a_part_paid_invoice_is_told_once_and_still_bounds_what_the_export_lists(tmp_path: Path) -> None:
    rows = [line("01", "1.00"), *[line("02", "2.00", "partial", "2026-10-20")] * 2]
    batch = read(products.FRESHBOOKS, write(tmp_path, "x.csv", freshbooks(*rows)))
    assert totals(batch) == {"01": 100}
    assert [problem.where for problem in batch.problems] == ["x.csv:3: Invoice Status"]
    assert str(batch.reading.covers_to) == "2026-10-20"


def test_the_day_of_a_payment_counts_only_once_the_invoice_is_paid(tmp_path: Path) -> None:
    text = freshbooks(line("01", "1.00", "Paid", paid="2026-10-15"), line("02", "1.00", "overdue", paid="2026-10-15"))
    closed = read(products.FRESHBOOKS, write(tmp_path, "x.csv", text)).invoices["closed_on"]
    assert [str(day)[:10] for day in closed] == ["2026-10-15", "NaT"]


def test_one_number_with_two_dates_is_a_problem_and_neither_is_read(tmp_path: Path) -> None:
    text = freshbooks(line("01", "1.00"), line("01", "1.00", day="2026-10-14"), line("02", "3.00"))
    batch = read(products.FRESHBOOKS, write(tmp_path, "x.csv", text))
    assert totals(batch) == {"02": 300}
    assert len(batch.problems) == 1


# Zoho and Harvest


@pytest.mark.parametrize(
    ("balance", "written_off", "expected"),
    [
        ("0.00", "0.00", (None, None, "paid")),
        ("0.00", "100.00", (0, 0, "written-off")),
        ("0.00", "30.00", (7000, 0, "written-off")),
        ("0.00", "", (None, None, "paid")),
    ],
)
def test_what_was_written_off_was_not_paid(
    balance: str, written_off: str, expected: tuple[int | None, int | None, str], tmp_path: Path
) -> None:
    header = "Invoice ID,Invoice Number,Invoice Date,Invoice Status,Customer Name,Currency Code,Total,Balance,WriteOff Amount"
    row = f"4310055000000091001,INV-1,2026-10-13,Paid,Acme,EUR,100.00,{balance},{written_off}"
    invoice = read(products.ZOHO, write(tmp_path, "x.csv", f"{header}\n{row}\n")).invoices.iloc[0]
    found = [None if str(invoice[name]) == "<NA>" else int(invoice[name]) for name in ("paid", "credited")]
    assert (*found, invoice["status"]) == expected
    assert invoice["key"] == "4310055000000091001"


def test_currencies_of_harvest_are_names_that_end_in_the_code(tmp_path: Path) -> None:
    header = "Issue Date,Last Payment Date,ID,Client,Invoice Amount,Paid Amount,Balance,Currency"
    row = '2026-10-13,,7,Acme,"1 250,5","0,0","1 250,5",Danish Krone - DKK'
    batch = read(products.HARVEST, write(tmp_path, "x.csv", f"{header}\n{row}\n"))
    assert batch.invoices[["total", "currency", "status"]].to_numpy().tolist() == [[125050, "DKK", "open"]]
    assert batch.problems == ()


# Wave and Invoice Ninja

WAVE = "Transaction ID,Transaction Date,Transaction Description,Amount (One column), ,Customer,Invoice Number,Account Group"


def wave(*rows: str) -> str:
    return "\n".join([f"{WAVE},Account Type", *rows]) + "\n"


@pytest.mark.parametrize(
    ("description", "other", "kind"),
    [
        ("Invoice Payment", "Asset,Cash and Bank", "payment"),
        ("Bank transfer", "Asset,Cash and Bank", "payment"),
        ("Invoice Payment", "Liability,Customer Prepayments and Customer Credits", "payment"),
        ("Invoice Payment", "Expense,Expense", "write-off"),
        ("Discount given", "Income,Income", "credit"),
        ("Invoice Payment", "", "payment"),
        ("Correction", "", "credit"),
    ],
)
def test_the_other_side_of_an_entry_says_what_it_was(description: str, other: str, kind: str, tmp_path: Path) -> None:
    receivable = "Asset,System Receivable Invoice"
    rows = [
        f"1,2026-10-01,Acme - 7,50.00,,Acme,7,{receivable}",
        f"2,2026-10-02,{description},-20.00,,Acme,7,{receivable}",
    ]
    rows += [f"2,2026-10-02,{description},20.00,,,,{other}"] if other else []
    batch = read(products.WAVE, write(tmp_path, "x.csv", wave(*rows)))
    assert batch.entries[["kind", "amount"]].to_numpy().tolist() == [[kind, 2000]]


def test_a_ledger_tells_every_movement_with_its_day(tmp_path: Path) -> None:
    row = "1,2026-10-01,Acme - 7,50.00,,Acme,7,Asset,System Receivable Invoice"
    reading = read(products.WAVE, write(tmp_path, "x.csv", wave(row))).reading
    assert (reading.dated_entries, reading.by_day, reading.scope) == (True, True, Scope.ALL)


@pytest.mark.parametrize(
    "header",
    [
        "Client,Invoice Number,Amount,Date,Payment Method",
        "Date,Client,Invoice Number,Amount,Balance",
        "Client,Invoice Number,Amount,Date,Due Date",
    ],
)
def test_other_lists_of_payments_are_not_taken_for_invoice_ninjas(header: str, tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", f"{header}\n1,2,3,2026-10-13,5\n")
    assert [name for name, spec in discover().items() if spec.claims(path)] == []


def test_an_export_of_invoice_ninja_without_a_moment_speaks_for_the_time_of_its_file(tmp_path: Path) -> None:
    title = '"Invoice Ninja v4.5.17 - Smarch 42, 2026 11:28 pm"'
    text = f"{title}\n\nPAYMENTS\nClient,Invoice Number,Amount,Date\nA,1,$1.00,1/31/2026\n"
    batch = read(products.INVOICE_NINJA, write(tmp_path, "x.csv", text), currency="USD")
    assert batch.reading.as_of.isoformat() == "2026-11-20T08:30:00+00:00"
    assert batch.problems == ()


def test_dates_of_payments_that_nothing_proves_are_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "Client,Invoice Number,Amount,Date\nA,1,$1.00,3/4/2026\n")
    with pytest.raises(ConnectorError, match="may be day-first or month-first"):
        read(products.INVOICE_NINJA, path)


# Invoice2go


@pytest.mark.parametrize(
    "cell",
    [
        "nothing like a table",
        "date,amount",
        "date,amount;2026-10-14",
        "date,amount;2026-13-14,100",
        "date,amount;2026-10-14,hundred",
        "date,amount;2026-10-14,99",
        'date,amount;"2026-10-14,100',
        ";;;;",
    ],
)
def test_payments_in_a_cell_that_do_not_add_up_are_left_to_inference(cell: str, tmp_path: Path) -> None:
    header = "Id,DocumentNumber,Name,DocumentDate,Payments,CurrencyCode,TotalAmount,BalanceDueAmount,AmountPaidAmount"
    quoted = cell.replace('"', '""')
    path = write(tmp_path, "x.csv", f'{header}\na,7,Acme,2026-10-01,"{quoted}",GBP,500,400,100\n')
    batch = read(products.INVOICE2GO, path)
    assert batch.entries.empty
    assert batch.invoices[["paid", "balance"]].to_numpy().tolist() == [[10000, 40000]]


def test_the_limits_of_a_source_are_those_of_the_files_it_has(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "Client,Invoice Number,Amount,Date\nA,1,$1.00,1/31/2026\n")
    (limits,) = products.INVOICE_NINJA.limits(context(path))
    assert limits.better == "Export the invoices too."


def test_a_due_date_that_zoho_leaves_blank_comes_from_the_terms_of_its_row(tmp_path: Path) -> None:
    header = (
        "Invoice Number,Invoice Date,Invoice Status,Customer Name,Currency Code,Total,Balance,Due Date,Payment Terms"
    )
    rows = [f"{number},2026-10-01,Sent,Acme,EUR,1.00,1.00,{due}" for number, due in ((1, ",30"), (2, "2026-10-05,30"))]
    due = read(products.ZOHO, write(tmp_path, "x.csv", "\n".join([header, *rows]) + "\n")).invoices["due_on"]
    assert [str(day)[:10] for day in due] == ["2026-10-31", "2026-10-05"]


def test_a_day_that_no_calendar_has_is_said_to_be_none_whatever_the_order(tmp_path: Path) -> None:
    (problem,) = read(
        products.FRESHBOOKS, write(tmp_path, "x.csv", freshbooks(line("01", "1.00", day="2026-13-10")))
    ).problems
    assert "'2026-13-10' is not a date. " in str(problem)


def test_an_amount_in_euros_names_its_currency_and_one_in_dollars_does_not(tmp_path: Path) -> None:
    header = "Client,Email,Invoice Number,Amount,Paid,Status,Invoice Date"
    rows = ["A,,1,€50.00,€0.00,Sent,2026-10-01", "A,,2,$50.00,$0.00,Sent,2026-10-01"]
    path = write(tmp_path, "x.csv", "\n".join([header, *rows]) + "\n")
    batch = read(products.INVOICE_NINJA, path)
    assert batch.invoices["currency"].tolist() == ["EUR", "GBP"]
    assert str(batch.problems[0]).startswith(
        "x.csv: 1 of 2 rows name no currency; GBP is assumed, although an amount is"
    )
    assert read(products.INVOICE_NINJA, path, currency="USD").invoices["currency"].tolist() == ["USD", "USD"]
