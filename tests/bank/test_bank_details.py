"""What statements leave open, and how a source settles it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bank.test_bank_statements import HERE
from exports.golden import context, pull, read, write
from payflow.connector import Batch, ConnectorError
from payflow_bank import CONNECTOR
from payflow_bank.pull import same_account

QIF = "!Type:Bank\nD3/4/2026\nT{}\nPHarbour\n^\nD5/4/2026\nT2.50\nPQuay\n^\n"
TABLE = {"on": "Date", "amount": "Amount", "text": "Text", "balance": "Balance"}


def rows(batch: Batch, *columns: str) -> list[list[Any]]:
    assert batch.lines is not None
    return batch.lines.astype({"on": str})[list(columns)].to_numpy().tolist()


def made(folder: Path, name: str, text: str, **options: Any) -> Batch:
    return read(CONNECTOR, write(folder, name, text), **options)


def table(folder: Path, *lines: str, **options: Any) -> Batch:
    text = "\n".join(["Date,Amount,Text,Balance", *lines]) + "\n"
    return made(folder, "x.csv", text, **{"columns": TABLE, "currency": "EUR", **options})


def test_days_of_a_qif_file_that_may_be_either_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="'3/4/2026' may be day-first or month-first") as caught:
        made(tmp_path, "x.qif", QIF.format("1.25"))
    assert caught.value.problem.where == "x.qif:2: D"
    assert "date_format" in caught.value.problem.remedy
    months = made(tmp_path, "x.qif", QIF.format("1.25"), date_format="month-first", currency="EUR")
    assert rows(months, "on", "amount") == [["2026-03-04", 125], ["2026-05-04", 250]]
    assert rows(made(tmp_path, "x.qif", QIF.format("1.25"), date_format="day-first"), "on")[0] == ["2026-04-03"]


def test_amounts_of_a_qif_file_that_may_be_either_are_asked_for(tmp_path: Path) -> None:
    text = QIF.format("1.250").replace("T2.50", "T3.000").replace("D3/4", "D3/14")
    with pytest.raises(ConnectorError, match="may have a decimal mark") as caught:
        made(tmp_path, "x.qif", text)
    assert "decimal" in caught.value.problem.remedy
    assert rows(made(tmp_path, "x.qif", text, decimal="comma"), "amount") == [[125000], [300000]]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"account": 4}, "is no account"),
        ({"notifications": "perhaps"}, "is neither true nor false"),
        ({"columns": []}, "is no table of columns"),
        ({"columns": {"when": "Date"}}, "'when' is no column of a statement"),
        ({"columns": {"on": "Date", "amount": "Amount"}}, "names only on, amount"),
        (
            {"columns": {"on": "Date", "amount": "A", "in": "I", "out": "O", "text": "T"}},
            "an amount beside money in or out",
        ),
        ({"columns": {"on": 4, "amount": "A", "text": "T"}}, "4 is no column name"),
        ({"date_format": "sideways"}, "is not a value of this option"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_read(options: dict[str, Any], found: str) -> None:
    with pytest.raises(ConnectorError, match=found):
        CONNECTOR.open(context(HERE / "nothing", **options))


def test_a_source_of_one_account_leaves_the_others_out_and_says_so(tmp_path: Path) -> None:
    batch = read(CONNECTOR, HERE / "two_accounts.qfx", account="9200")
    assert rows(batch, "account", "amount") == [["9200", 1234]]
    (warning,) = batch.problems
    assert warning.warning
    assert "2 lines of the account 9100 are left out" in warning.found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("DE14 5088 0050 0194 7850 00", "50880050/0194785000", True),
        ("DE14508800500194785000", "de14508800500194785000", True),
        ("NL71RABO0123456789", "0123456789", True),
        ("CH9300762011623852957", "CH9300762011623852958", False),
        ("DE14508800500194785000", "000", False),
    ],
)
def test_an_iban_and_the_number_in_it_are_one_account(one: str, other: str, same: bool) -> None:
    assert same_account(one, other) is same
    assert same_account(other, one) is same


def test_the_account_of_the_source_names_all_files_alike() -> None:
    batch = read(CONNECTOR, HERE / "german.sta", account="DE21 2005 0550 1234 5678 90")
    assert {row[0] for row in rows(batch, "account")} == {"DE21200505501234567890"}


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_table_whose_balances_do_not_follow_says_at_which_row(newest_first: bool, tmp_path: Path) -> None:
    lines = ["2026-11-02,10.00,a,110.00", "2026-11-03,5.00,b,115.00", "2026-11-05,7.00,d,125.00"]
    batch = table(tmp_path, *(lines[::-1] if newest_first else lines))
    (problem,) = batch.problems
    assert problem.where == f"x.csv:{2 if newest_first else 4}: Balance"
    assert "115.00 and 7.00 make 122.00, and the balance here is 125.00" in problem.found
    assert len(rows(batch, "amount")) == 3


def test_a_table_that_adds_up_says_nothing(tmp_path: Path) -> None:
    assert table(tmp_path, "2026-11-02,10.00,a,110.00", "2026-11-03,-5.00,b,105.00").problems == ()


def test_rows_of_balances_are_no_movements(tmp_path: Path) -> None:
    batch = table(
        tmp_path,
        "2026-11-01,100.00,Opening balance,100.00",
        "2026-11-02,10.00,a,110.00",
        "2026-11-30,110.00,Closing balance,110.00",
        "Saldo,,,110.00",
    )
    assert (rows(batch, "amount"), batch.problems) == ([[1000]], ())


def test_a_mark_tells_in_from_out(tmp_path: Path) -> None:
    text = "Date;Amount;S/H;Text\n13.11.2026;10,00;H;a\n14.11.2026;4,00;S;b\n14.11.2026;1,00;x;c\n15.11.2026;1,00;;d\n"
    columns = {"on": "Date", "amount": "Amount", "direction": "S/H", "text": "Text"}
    batch = made(tmp_path, "x.csv", text, columns=columns, currency="EUR")
    assert rows(batch, "amount") == [[1000], [-400]]
    assert [problem.where for problem in batch.problems] == ["x.csv:4: S/H", "x.csv:5: S/H"]


def test_a_table_says_what_is_booked_and_its_header_the_currency(tmp_path: Path) -> None:
    text = "Datum;Status;Betrag (€);Text\n20261113;Gebucht;10,00;a\n20261114;Vorgemerkt;4,00;b\n20261115;Neu;1,00;c\n"
    columns = {"on": "Datum", "amount": "Betrag (€)", "status": "Status", "text": "Text"}
    batch = made(tmp_path, "x.csv", text, columns=columns)
    assert rows(batch, "amount", "currency") == [[1000, "EUR"]]
    assert [(problem.where, problem.warning) for problem in batch.problems] == [
        ("x.csv", True),
        ("x.csv:4: Status", False),
    ]


@pytest.mark.parametrize(
    ("text", "amount", "kind"),
    [
        ("RETURNED ITEM F-101", -1000, "reversal"),
        ("Rückgabe F-101", -1000, "reversal"),
        ("RUECKLASTSCHRIFT", -1000, "reversal"),
        ("Chargeback F-101", -1000, "reversal"),
        ("returned F-101", 1000, "transfer"),
        ("F-101", -1000, "transfer"),
        ("tax return", -1000, "transfer"),
    ],
)
def test_the_words_of_a_table_tell_what_came_back(text: str, amount: int, kind: str, tmp_path: Path) -> None:
    batch = table(tmp_path, f"2026-11-02,{amount / 100},{text},")
    assert rows(batch, "kind") == [[kind]]


def test_money_out_may_be_written_with_a_minus_or_without(tmp_path: Path) -> None:
    text = "Date,Text,In,Out\n2026-11-02,a,10.00,\n2026-11-03,b,,{}4.00\n2026-11-04,c,1.00,1.00\n2026-11-05,d,,\n"
    columns = {"on": "Date", "text": "Text", "in": "In", "out": "Out"}
    for minus in ("", "-"):
        batch = made(tmp_path, "x.csv", text.format(minus), columns=columns, currency="EUR")
        assert rows(batch, "amount") == [[1000], [-400]]
        assert [problem.where for problem in batch.problems] == ["x.csv:4: In", "x.csv:5: In"]


def test_several_columns_of_text_are_joined(tmp_path: Path) -> None:
    columns = {"on": "Date", "amount": "Amount", "text": ["Kind", "Memo"]}
    batch = made(tmp_path, "x.csv", "Date,Kind,Amount,Memo\n2026-11-02,Credit,1.00,F-101\n", columns=columns)
    assert rows(batch, "text") == [["Credit F-101"]]


def test_a_table_without_columns_says_what_to_write() -> None:
    with pytest.raises(ConnectorError, match="its columns need names") as caught:
        read(CONNECTOR, HERE / "konto.csv")
    assert "columns = {" in caught.value.problem.remedy


def test_a_damaged_statement_among_several_is_an_unfinished_reading(tmp_path: Path) -> None:
    bad = write(tmp_path, "bad.sta", (HERE / "german.sta").read_bytes()[:200])
    batches = pull(CONNECTOR, bad, HERE / "two_accounts.qfx", HERE / "v2.xml")
    assert [batch.reading.finished for batch in batches] == [True, True, False]
    assert "breaks off" in str(batches[-1].problems[0])


def test_pages_of_one_statement_tell_equal_lines_apart(tmp_path: Path) -> None:
    line = ":61:2611041104C5,00NTRFNONREF\n:86:SAME\n"
    head = ":20:X\n:25:NL02EXMP0123456789\n:28C:1\n"
    text = f"{head}:60F:C261104EUR0,00\n{line}:62M:C261104EUR5,00\n-\n{head}:60M:C261104EUR5,00\n{line}:62F:C261104EUR10,00\n-\n"
    batch = made(tmp_path, "x.sta", text)
    assert (rows(batch, "amount"), batch.problems) == ([[500], [500]], ())


def test_lines_of_nothing_are_notices_and_no_lines(tmp_path: Path) -> None:
    head = ":20:X\n:25:NL02EXMP0123456789\n:28C:1\n:60F:C261104EUR0,00\n"
    entries = ":61:2611041104C0,00NMSCNONREF\n:86:Your terms have changed\n:61:2611041104C5,00NTRFNONREF\n:86:F-101\n"
    batch = made(tmp_path, "x.sta", f"{head}{entries}:62F:C261104EUR5,00\n-\n")
    assert (rows(batch, "amount", "text"), batch.problems) == ([[500, "F-101"]], ())
    assert rows(table(tmp_path, "2026-11-01,0.00,hello,100.00", "2026-11-02,10.00,a,110.00"), "amount") == [[1000]]


def test_overlapping_statements_give_a_line_one_key(tmp_path: Path) -> None:
    first, second = (read(CONNECTOR, HERE / name) for name in ("german.sta", "german.sta"))
    assert first.lines is not None
    assert second.lines is not None
    assert first.lines["key"].tolist() == second.lines["key"].tolist()
    assert first.lines["key"].is_unique


def test_nothing_outside_of_a_file_is_opened(tmp_path: Path) -> None:
    secret = write(tmp_path, "secret.txt", "top secret")
    document = (HERE / "v8.xml").read_text("utf-8")
    attack = document.replace(
        "<Document", f'<!DOCTYPE Document [<!ENTITY x SYSTEM "file://{secret}">]>\n<Document', 1
    ).replace("Monthly fee", "&x;")
    with pytest.raises(ConnectorError, match="declares a document type"):
        made(tmp_path, "x.xml", attack)


def test_an_entry_larger_than_banks_write_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payflow_bank.camt._MOST_NODES", 10)
    with pytest.raises(ConnectorError, match="larger than any bank writes"):
        made(tmp_path, "x.xml", (HERE / "v8.xml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("value", "booked", "day"),
    [("251231", "0102", "2026-01-02"), ("260102", "1231", "2025-12-31"), ("260228", "0301", "2026-03-01")],
)
def test_a_booking_takes_the_year_that_is_nearest_to_its_value_date(
    value: str, booked: str, day: str, tmp_path: Path
) -> None:
    text = (HERE / "german.sta").read_text("utf-8").replace(":61:2601020102CR1250", f":61:{value}{booked}CR1250")
    assert rows(made(tmp_path, "x.sta", text), "on")[0] == [day]
