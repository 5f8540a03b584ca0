"""A Book from two CSV files: in columns where nothing is doubtful, row by row with a sentence on each mistake otherwise."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payflow.books import BookRead, read_book
from payflow.books.facts import Headings, Told
from payflow.books.rows import by_row
from payflow.books.typed import in_columns
from payflow.columns import NO_DAY, to_day
from payflow.errors import ConnectorError
from payflow.model.facts import EntryKind

INVOICES = "invoice,client,currency,issued_on,due_on,total\n"
PAYMENTS = "invoice,paid_on,amount\n"
PLAIN = Headings({})


def read(folder: Path, invoices: str, payments: str | None = None, **headings: str) -> BookRead:
    (folder / "invoices.csv").write_text(invoices, encoding="utf-8")
    if payments is not None:
        (folder / "payments.csv").write_text(payments, encoding="utf-8")
    place = folder / "payments.csv" if payments is not None else None
    return read_book(folder / "invoices.csv", place, headings=headings)


def problems(found: BookRead) -> list[tuple[str, str]]:
    return [(problem.where, problem.found) for problem in found.problems]


def same(one: Told, other: Told) -> None:
    for name, left, right in zip(one._fields, one, other, strict=True):
        if name in ("currency", "currencies", "client", "clients"):
            continue
        assert list(left) == list(right), name
    for codes, words in (("client", "clients"), ("currency", "currencies")):
        left, right = ([getattr(told, words)[at] for at in getattr(told, codes)] for told in (one, other))
        assert left == right


def test_a_book_holds_what_the_files_say(tmp_path):
    found = read(
        tmp_path,
        INVOICES + "A-1,Acme Ltd,GBP,2026-01-05,2026-02-04,1200.50\nA-2,Söhne & Co,JPY,2026-01-06,,45000\n",
        PAYMENTS + "A-2,2026-03-01,5000\nA-1,2026-02-20,-0.50\nA-1,2026-02-10,200\n",
    )
    assert not found.problems
    book = found.book
    assert list(found.numbers) == ["A-1", "A-2"]
    assert book.total.tolist() == [120_050, 45_000]
    assert [book.clients[at] for at in book.client] == ["Acme Ltd", "Söhne & Co"]
    assert [book.currencies[at] for at in book.currency] == ["GBP", "JPY"]
    assert book.issued_on.tolist() == [to_day(date(2026, 1, 5)), to_day(date(2026, 1, 6))]
    assert book.due_printed.tolist() == [to_day(date(2026, 2, 4)), NO_DAY]
    # by row and day, whatever the order in the file
    assert book.entry_row.tolist() == [0, 0, 1]
    assert book.entry_amount.tolist() == [20_000, -50, 5_000]
    kinds = [tuple(EntryKind)[code] for code in book.entry_kind]
    assert kinds == [EntryKind.PAYMENT, EntryKind.REFUND, EntryKind.PAYMENT]
    assert [book.currencies[at] for at in book.entry_currency] == ["GBP", "GBP", "JPY"]


def test_columns_may_have_other_headings_and_stand_anywhere(tmp_path):
    found = read(
        tmp_path,
        "Note,Total,Number,When,Customer,currency\nx,10.00,7,2026-01-05,Acme,EUR\n",
        invoice="Number",
        client="Customer",
        issued_on="When",
        total="Total",
    )
    assert (found.book.total.tolist(), found.numbers[0], found.book.due_printed.tolist()) == ([1000], "7", [NO_DAY])


def test_every_mistake_is_told_with_its_place_and_the_good_rows_load(tmp_path):
    found = read(
        tmp_path,
        INVOICES
        + "A-1,Acme,GBP,2026-01-05,,10.00\n"
        + "A-1,Acme,GBP,2026-01-05,,10.00\n"
        + "A-2,Acme,POUNDS,2026-01-05,,10.00\n"
        + "A-3,Acme,GBP,05/01/2026,,10.00\n"
        + "A-4,Acme,GBP,2026-02-30,,10.00\n"
        + "A-5,Acme,GBP,2026-01-05,soon,10.00\n"
        + "A-6,Acme,GBP,2026-01-05,,1e3\n"
        + "A-7,Acme,GBP,2026-01-05,,10.005\n"
        + "A-8,Acme,JPY,2026-01-05,,10.50\n"
        + ",Acme,GBP,2026-01-05,,10.00\n"
        + "A-9,,GBP,2026-01-05,,10.00\n"
        + "\n"
        + "A-10,Acme,GBP\n"
        + 'A-11,Acme,GBP,2026-01-05,,"1,234.50"\n',
        PAYMENTS + "A-1,2026-02-01,\nA-1,,5\nA-1,2026-02-01,5\nB-1,2026-02-01,5\n",
    )
    assert list(found.numbers) == ["A-1", "A-11"]
    assert found.book.total.tolist() == [1000, 123_450]
    assert found.book.entry_amount.tolist() == [500]
    assert problems(found) == [
        ("invoices.csv:3: invoice", "'A-1' is there twice"),
        ("invoices.csv:4: currency", "'POUNDS' is no currency"),
        ("invoices.csv:5: issued_on", "'05/01/2026' is no day"),
        ("invoices.csv:6: issued_on", "'2026-02-30' is no day"),
        ("invoices.csv:7: due_on", "'soon' is no day"),
        ("invoices.csv:8: total", "'1e3' is not an amount"),
        ("invoices.csv:9: total", "'10.005' has more than 2 decimals, which GBP does not have"),
        ("invoices.csv:10: total", "'10.5' has more than 0 decimals, which JPY does not have"),
        ("invoices.csv:11: invoice", "is empty"),
        ("invoices.csv:12: client", "is empty"),
        ("invoices.csv:14", "the row has 3 cells and the header 6"),
        ("payments.csv:2: amount", "'' is not an amount"),
        ("payments.csv:3: paid_on", "'' is no day"),
        ("payments.csv:5: invoice", "there is no invoice 'B-1'"),
    ]


@pytest.mark.parametrize("cell", ["1e3", "1E+05", "+5", " 5", "5-", "1.23456", "0x10", "NaN", "", "١٢"])
def test_an_amount_that_is_not_plain_is_never_taken_by_columns(tmp_path, cell):
    (tmp_path / "i.csv").write_text(f"{INVOICES}A-1,Acme,GBP,2026-01-05,,{cell}\n", encoding="utf-8")
    assert in_columns(tmp_path / "i.csv", None, PLAIN) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "it has no header"),
        ("invoice,client\n", "there is no column 'currency' and no column 'issued_on' and no column 'total'"),
        (f"total,{INVOICES}", "there are two columns 'total'"),
        ("invoice,\udcff", "it is no CSV file in UTF-8"),
    ],
)
def test_a_file_that_is_no_such_table_is_one_error(tmp_path, content, words):
    (tmp_path / "i.csv").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(ConnectorError, match=words):
        read_book(tmp_path / "i.csv")


def test_a_file_that_is_not_there_is_one_error(tmp_path):
    with pytest.raises(ConnectorError, match=r"cannot be read \(No such file"):
        read_book(tmp_path / "i.csv")


def test_a_heading_for_a_column_that_does_not_exist_is_a_mistake_of_the_program(tmp_path):
    with pytest.raises(ValueError, match="there is no column 'invoce'"):
        read(tmp_path, INVOICES, invoce="Number")


def test_files_without_rows_are_empty_books(tmp_path):
    assert len(read(tmp_path, INVOICES, PAYMENTS).book) == 0
    found = read(tmp_path, INVOICES + "A-1,Acme,GBP,2026-01-05,,10.00\n", PAYMENTS)
    assert (len(found.book), len(found.book.entry_row)) == (1, 0)


NUMBERED = st.builds(lambda number: f"INV-{number:05}", st.integers(0, 99_999))
NAMED = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"), min_size=1, max_size=6)
DAYS = st.integers(0, 3000).map(lambda ahead: date(2020, 1, 1) + timedelta(ahead))
CENTS = st.integers(-(10**12), 10**12)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), names=st.one_of(*(st.lists(kind, max_size=8, unique=True) for kind in (NUMBERED, NAMED))))
def test_both_ways_of_reading_tell_the_same(tmp_path_factory, data, names):
    folder = tmp_path_factory.mktemp("books")
    invoices, payments = folder / "i.csv", folder / "p.csv"

    def money(currency: str) -> str:
        cents = data.draw(CENTS)
        return (
            str(cents) if currency == "JPY" else f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"
        )

    codes = {name: data.draw(st.sampled_from(["GBP", "EUR", "JPY"])) for name in names}
    with invoices.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["invoice", "client", "currency", "issued_on", "due_on", "total"])
        for name, code in codes.items():
            writer.writerow([name, data.draw(NAMED), code, data.draw(DAYS), data.draw(st.none() | DAYS), money(code)])
    with payments.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["invoice", "paid_on", "amount"])
        for name in data.draw(st.lists(st.sampled_from(names), max_size=12)) if names else ():
            writer.writerow([name, data.draw(DAYS), money(codes[name])])
    slow, wrong = by_row(invoices, payments, PLAIN)
    assert not wrong
    fast = in_columns(invoices, payments, PLAIN)
    assert fast is not None
    same(fast, slow)
    book = read_book(invoices, payments).book
    order = np.lexsort((slow.paid_on, slow.paid_row))
    assert book.entry_row.tolist() == slow.paid_row[order].tolist()
    assert book.entry_on.tolist() == slow.paid_on[order].tolist()
    assert book.entry_amount.tolist() == slow.paid[order].tolist()


def test_payments_of_invoices_that_are_not_there_are_never_given_to_others(tmp_path):
    invoices = INVOICES + "".join(f"INV-{number:03},Acme,GBP,2026-01-05,,10.00\n" for number in (5, 6, 8))
    for stranger in ("INV-004", "INV-007", "INV-009", "INV-999", "INV-05", "inv-005", "INV-0005", "INX-005"):
        found = read(tmp_path, invoices, PAYMENTS + f"INV-006,2026-02-01,1.00\n{stranger},2026-02-01,2.00\n")
        assert problems(found) == [("payments.csv:3: invoice", f"there is no invoice {stranger!r}")]
        assert (found.book.entry_row.tolist(), found.book.entry_amount.tolist()) == ([1], [100])


def test_books_are_read_without_pandas(tmp_path):
    (tmp_path / "i.csv").write_text(f"{INVOICES}A-1,Acme,GBP,2026-01-05,,10.00\nB,Acme,GBP,2026-01-05,,10.00\n")
    (tmp_path / "p.csv").write_text(f"{PAYMENTS}A-1,2026-02-01,10.00\n")
    program = (
        "import sys; from pathlib import Path; from payflow.books import read_book\n"
        "assert len(read_book(Path('i.csv'), Path('p.csv')).book) == 2\n"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
