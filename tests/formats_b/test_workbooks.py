"""Workbooks: their cells are read like a CSV file's, and a damaged or hostile one is refused with a remedy."""

from __future__ import annotations

import io
import random
import resource
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from exports.golden import pull, read, write
from formats_b.books import Formula, Rows, archive, sheet_xml, workbook, write_book
from payflow.connector import Batch, ConnectorError, discover
from payflow_exports import workbook as reader
from payflow_exports.tabular import CONNECTOR

COLUMNS = {"number": "No", "client": "Client", "total": "Total", "balance": "Open", "issued_on": "Date"}
HEADER = ["No", "Client", "Date", "Total", "Open"]
ROWS: Rows = [
    ["Ledger of the year"],
    [],
    HEADER,
    [1001, "Ærø ApS", date(2026, 10, 1), 1250.0, 1250.0],
    ["A-2", 'Brick, "Co"\nWest', datetime(2026, 10, 2, 15, 30, tzinfo=UTC), 80.5, Formula(0.0)],
    [None, None, None, None, None],
    ["A-3", "NA", "2026-10-03", "1,234.50", 0.1 + 0.2],
]


def table(path: Path, **options: Any) -> Batch:
    return read(CONNECTOR, path, columns=COLUMNS, currency="GBP", **options)


def test_cells_of_every_kind_are_read_as_what_they_show(tmp_path: Path) -> None:
    invoices = table(write_book(tmp_path, "x.xlsx", {"Ledger": ROWS})).invoices
    assert invoices["key"].tolist() == ["1001", "A-2", "A-3"]
    assert invoices["client"].tolist() == ["Ærø ApS", 'Brick, "Co"\nWest', "NA"]
    assert invoices["total"].tolist() == [125000, 8050, 123450]
    assert invoices["balance"].tolist() == [125000, 0, 30]
    assert invoices["issued_on"].dt.strftime("%d %b").tolist() == ["01 Oct", "02 Oct", "03 Oct"]


def test_rows_are_counted_as_in_the_sheet_even_where_nothing_stands_left_and_above(tmp_path: Path) -> None:
    moved = [[], [None, *HEADER], [None, "A-1", "X", "2026-10-32", 5, 5], [None, "A-2", "X", "2026-10-03", 5, 5]]
    batch = table(write_book(tmp_path, "x.xlsx", {"Ledger": moved}))
    assert batch.invoices["key"].tolist() == ["A-2"]
    assert [problem.where for problem in batch.problems] == ["x.xlsx:3: Date"]


@pytest.mark.parametrize(("value", "minor"), [(1234.567, 1234567), (12.345, 12345), (0.125, 125), (7, 7000)])
def test_a_number_with_three_decimals_is_never_taken_for_thousands(value: float, minor: int, tmp_path: Path) -> None:
    path = write_book(tmp_path, "x.xlsx", {"S": [HEADER, ["A-1", "X", date(2026, 10, 3), value, value]]})
    batch = read(CONNECTOR, path, columns=COLUMNS, currency="KWD")
    assert batch.invoices["total"].tolist() == [minor]


def test_the_sheet_is_the_one_whose_header_is_known(tmp_path: Path) -> None:
    sheets = {"Cover": [["Made by", "someone"]], "Ledger": ROWS, "Empty": []}
    assert len(table(write_book(tmp_path, "x.xlsx", sheets)).invoices) == 3


def test_hidden_sheets_are_left_alone(tmp_path: Path) -> None:
    path = write_book(tmp_path, "x.xlsx", {"Old": ROWS, "Ledger": ROWS[:4]}, hidden=["Old"])
    assert table(path).invoices["key"].tolist() == ["1001"]


def test_two_sheets_with_the_same_header_need_a_choice(tmp_path: Path) -> None:
    path = write_book(tmp_path, "x.xlsx", {"May": ROWS[:4], "June": ROWS})
    with pytest.raises(ConnectorError, match=r"the sheets 'May' and 'June' all hold .* sheet = \"May\""):
        table(path)
    assert len(table(path, sheet="June").invoices) == 3
    with pytest.raises(ConnectorError, match=r"has no sheet 'July'; it has 'May', 'June'"):
        table(path, sheet="July")


BOOK = workbook({"Ledger": ROWS})


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (BOOK[:-30], "is a workbook or an archive that is damaged"),
        (BOOK[: len(BOOK) // 2], "is a workbook or an archive that is damaged"),
        (BOOK[:4], "is a workbook or an archive that is damaged"),
        (BOOK.replace(b"PK\x05\x06", b"PK\x05\x07"), "is a workbook or an archive that is damaged"),
        (archive({"notes.txt": "hello"}), "is a workbook or an archive of another kind than XLSX"),
        (workbook({"Ledger": sheet_xml(ROWS)[:-40]}), "is a workbook or an archive that is damaged"),
        (
            workbook({"Ledger": sheet_xml(ROWS).replace('r="A4"', 'r="4A"')}),
            "is a workbook or an archive that is damaged",
        ),
        (workbook({"Ledger": []}), "is empty"),
        (workbook({}), "is empty"),
        (b"<html><body>Log in first</body></html>", "holds a web page"),
        (b"\xd0\xcf\x11\xe0 and so on", "is an old Excel workbook, or one with a password"),
        (workbook({"Ledger": [["Some", "other", "columns"], [1, 2, 3]]}), "has no known header"),
        (workbook({"Ledger": [HEADER]}), "has a header and no rows below it"),
    ],
)
def test_a_workbook_that_cannot_be_read_says_why_and_what_to_do(content: bytes, found: str, tmp_path: Path) -> None:
    with pytest.raises(ConnectorError) as caught:
        table(write(tmp_path, "x.xlsx", content))
    problem = caught.value.problem
    assert found in problem.found
    assert problem.where == "x.xlsx"
    assert problem.remedy


def bomb(size: int, claimed: int | None = None) -> bytes:
    """A workbook whose sheet unpacks to `size` bytes of blanks, and says so unless `claimed` is given."""
    out = io.BytesIO(BOOK)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as file:
        with file.open("xl/worksheets/more.xml", "w", force_zip64=False) as part:
            for _ in range(size // 2**20):
                part.write(b" " * 2**20)
        if claimed is not None:
            file.getinfo("xl/worksheets/more.xml").file_size = claimed
    return out.getvalue()


def test_an_archive_that_unpacks_to_gigabytes_is_refused_before_anything_is_unpacked(tmp_path: Path) -> None:
    path = write(tmp_path, "x.xlsx", bomb(600 * 2**20))
    assert path.stat().st_size < 2**20
    started = time.process_time()
    with pytest.raises(ConnectorError, match=r"x\.xlsx: unpacks to more than payflow reads of a workbook\. Export"):
        table(path)
    assert time.process_time() - started < 1


def test_an_archive_that_lies_about_its_size_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LARGEST", 2**20)
    with pytest.raises(ConnectorError, match="unpacks to more than"):
        table(write(tmp_path, "x.xlsx", bomb(4 * 2**20, claimed=1000)))


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="1048576">' + "<c><v>1</v></c>" * 20 + "</row>",
        "<row r='1048576'><c r='XFD1048576' t='inlineStr'><is><t>x</t></is></c></row>",
    ],
)
def test_a_few_cells_far_apart_do_not_take_the_memory_of_all_between(rows: str, tmp_path: Path) -> None:
    sheet = sheet_xml(ROWS).replace("</sheetData>", f"{rows}</sheetData>")
    with pytest.raises(ConnectorError, match="unpacks to more than"):
        table(write_book(tmp_path, "x.xlsx", {"Ledger": sheet}))


def test_a_million_rows_that_are_only_formatted_cost_nothing(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    sheet = sheet_xml(ROWS).replace("</sheetData>", f"{far}</sheetData>")
    assert len(table(write_book(tmp_path, "x.xlsx", {"Ledger": sheet})).invoices) == 3


def test_no_damage_to_a_workbook_ends_in_a_traceback(tmp_path: Path) -> None:
    """Bytes flipped, cut out and put in, each for itself."""
    chance = random.Random(7)
    for number in range(150):
        content = bytearray(BOOK)
        for _ in range(chance.randint(1, 3)):
            place, kind = chance.randrange(len(content)), chance.randrange(3)
            if kind == 0:
                content[place] = chance.randrange(256)
            elif kind == 1:
                del content[place : place + chance.randint(1, 40)]
            else:
                content[place:place] = chance.randbytes(chance.randint(1, 20))
        with suppress(ConnectorError):
            table(write(tmp_path, f"{number}.xlsx", bytes(content)))


def test_a_changed_workbook_is_read_anew(tmp_path: Path) -> None:
    first = write_book(tmp_path, "x.xlsx", {"Ledger": ROWS})
    assert len(table(first).invoices) == 3
    second = write_book(tmp_path, "x.xlsx", {"Ledger": ROWS[:4]})
    assert len(table(second).invoices) == 1


def test_a_damaged_workbook_among_several_becomes_an_unfinished_reading(tmp_path: Path) -> None:
    good = write_book(tmp_path, "good.xlsx", {"Ledger": ROWS})
    read, damaged = pull(CONNECTOR, good, write(tmp_path, "bad.xlsx", BOOK[:-30]), columns=COLUMNS)
    assert (len(read.invoices), read.reading.finished) == (3, True)
    assert (len(damaged.invoices), damaged.reading.finished) == (0, False)
    assert [problem.where.partition(":")[0] for problem in damaged.problems] == ["bad.xlsx"]


def test_nobody_claims_a_workbook_that_nobody_knows(tmp_path: Path) -> None:
    for content in (BOOK, BOOK[:-30], archive({"notes.txt": "hello"})):
        path = write(tmp_path, "x.xlsx", content)
        assert [name for name, spec in discover().items() if spec.claims(path)] == []


def test_calamine_is_loaded_only_for_workbooks() -> None:
    program = "import sys, payflow_exports.source, payflow_exports.files; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "python_calamine" not in loaded


def test_reading_takes_little_more_than_it_holds(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = [HEADER, *([f"A-{n}", "X", date(2026, 10, 3), n + 0.5, n + 0.5] for n in range(20_000))]
    assert len(table(write_book(tmp_path, "x.xlsx", {"S": rows})).invoices) == 20_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 * 1024
