"""From bytes to rows: encodings, delimiters, title rows, ragged and damaged files. Read through a small table of columns."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports.golden import NOW, pull, read, tell, write
from payflow.connector import Batch, ConnectorError, ConnectorSpec, discover
from payflow_exports.tabular import CONNECTOR

COLUMNS = {"number": "No", "client": "Client", "total": "Total", "balance": "Open", "issued_on": "Date"}
HEADER = "No,Client,Date,Total,Open"
ROWS = ["A-1,Ærø ApS,2026-10-01,1250.00,1250.00", "A-2,Brick & Co,2026-10-02,80.50,0.00"]
TESTS = Path(__file__).parents[1]


def text(*rows: str, end: str = "\n") -> str:
    return end.join([HEADER, *(rows or ROWS)]) + end


def table(path: Path, **options: Any) -> Batch:
    return read(CONNECTOR, path, columns=COLUMNS, currency="GBP", **options)


def numbers(batch: Batch) -> list[str]:
    return [str(number) for number in batch.invoices["number"]]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (text().encode(), {}),
        (b"\xef\xbb\xbf" + text().encode(), {}),
        (b"\xef\xbb\xbf" + text().encode(), {"encoding": "utf-8-sig"}),
        (text().encode("cp1252"), {}),
        (text().encode("utf-16"), {}),
        (text().encode("utf-16-le"), {"encoding": "utf-16-le"}),
        (text().encode("utf-16-le"), {}),
        (text().encode("utf-16-be"), {}),
        (text().encode("utf-32"), {}),
        (text().encode("cp865"), {"encoding": "cp865"}),
        (text(end="\r\n").encode(), {}),
        (text(end="\r").encode(), {}),
        (f"{HEADER}\r\n{ROWS[0]}\n{ROWS[1]}".encode(), {}),
        (text().replace(",", ";").encode(), {}),
        (text().replace(",", "\t").encode(), {"delimiter": "tab"}),
        (text().replace(",", "|").encode("cp1252"), {}),
        (f"sep=,\nLedger of the year,,,,\n\n\n{text()}".encode(), {}),
        (f"Büro,,,,\n{text()}".encode("cp1252"), {}),
        (text(*(f"{row}," for row in ROWS)).encode(), {}),
        (text(ROWS[0], f"{ROWS[1]},,").encode(), {}),
        (text("", ROWS[0], ",,,,", ",,", "", ROWS[1], "", "").encode(), {}),
        (
            text(
                *ROWS, "Total,,,1330.50,1250.00", ",TOTAL,,1330.50,1250.00", "As printed on 3 May,,,,", "a note"
            ).encode(),
            {},
        ),
        (
            f" NO *,client ,Ignored,DATE,Total,open\n{ROWS[0].replace('ApS', 'ApS,x,')}\n".encode().replace(
                b",,", b","
            ),
            {},
        ),
    ],
)
def test_the_same_rows_in_every_dress_are_read_alike(content: bytes, options: dict[str, Any], tmp_path: Path) -> None:
    batch = table(write(tmp_path, "x.csv", content), **options)
    assert batch.problems == ()
    first = batch.invoices.iloc[0]
    assert (first["number"], first["client"], first["total"], str(first["issued_on"].date())) == (
        "A-1",
        "Ærø ApS",
        125000,
        "2026-10-01",
    )
    assert numbers(batch) in (["A-1", "A-2"], ["A-1"])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "is empty"),
        (b" \r\n\n ", "is empty"),
        (b"PK\x03\x04 and so on", "is a workbook or an archive"),
        (b"\xd0\xcf\x11\xe0 and so on", "is an old Excel workbook"),
        (b"%PDF-1.7", "is a PDF"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "holds a web page"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "holds NUL bytes"),
        (HEADER.encode(), "has a header and no rows below it"),
        (f"{HEADER}\n\n,,,,\n".encode(), "has a header and no rows below it"),
        (text().encode() + b"A-3,\0\0,2026-10-03,1.00,1.00\n", "holds NUL bytes"),
        (
            text("A-3,Ærø,2026-10-03,1.00,1.00").encode() + b"A-4,\xe6,2026-10-03,1.00,1.00\n",
            "is UTF-8 with 1 damaged places",
        ),
        (text("A-3,x\x81,2026-10-03,1.00,1.00").encode("latin-1"), "is neither UTF-8 nor cp1252"),
        (b"Some,other,columns\n1,2,3\n", "has no known header"),
        (
            text().replace("Open", "Rest").encode(),
            "row 1 comes near to the table that `columns` describes but lacks Open",
        ),
        (text("A-3,X,2026-10-03,1.234,0").encode(), "may have a decimal mark or a thousands mark"),
        (text("A-3,X,2026-10-03,1.234.567,0", "A-4,X,2026-10-03,7.50,0").encode(), "amounts are written both like"),
        (text("A-3,X,03/10/2026,1.00,0").encode(), "may be day-first or month-first"),
        (text("A-3,X,13/10/2026,1.00,0", "A-4,X,10/13/2026,1.00,0").encode(), "dates are written both day-first"),
        (text('A-3,"' + "x" * 20_000_000 + '",2026-10-03,1.00,0').encode(), "has a row longer than 8 MiB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_what_to_do(content: bytes, found: str, tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", content)
    with pytest.raises(ConnectorError) as caught:
        table(path)
    problem = caught.value.problem
    assert found in problem.found
    assert problem.where.startswith("x.csv")
    assert problem.remedy


def test_a_file_that_is_missing_or_a_folder_says_so(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(ConnectorError, match="cannot be read"):
            table(path)
    with pytest.raises(ConnectorError, match="has no files"):
        pull(CONNECTOR, columns=COLUMNS)


@pytest.mark.parametrize(
    ("row", "where", "found"),
    [
        ("A-3,X,2026-10-03,1.00", "x.csv:3", "has 4 cells where the header has 5"),
        ("A-3,X, Ltd,2026-10-03,1.00,0.00", "x.csv:3", "has 6 cells where the header has 5"),
        ("A-3,X,2026-10-32,1.00,0.00", "x.csv:3: Date", "'2026-10-32' is not a date"),
        ("A-3,X,2026-10-03,12 apples,0.00", "x.csv:3: Total", "'12 apples' is not an amount"),
        (f"A-3,X,2026-10-03,{'9' * 300},0.00", "x.csv:3: Total", "is not an amount"),
        ("A-3,,2026-10-03,1.00,0.00", "x.csv:3: Client", "is empty"),
        ("A-3,X,,1.00,0.00", "x.csv:3: Date", "is empty"),
        ("A-3,X,2026-10-03,,0.00", "x.csv:3: Total", "is empty"),
        ("A-3,X,2026-10-03,-5.00,0.00", "x.csv:3: Total", "the total '-5.00' is negative"),
        ("A-3,X,2026-10-03,5.00,6.00", "x.csv:3: Open", "'6.00' is open of a total of '5.00'"),
        ("A-3,X,2026-10-03,5.00,", "x.csv:3", "says neither what was paid nor what is open"),
        ('A-3,X,2026-10-03,1.00,"0.00', "x.csv:3", "a quote opens here and is never closed"),
    ],
)
def test_a_bad_row_is_listed_with_its_place_and_the_others_load(
    row: str, where: str, found: str, tmp_path: Path
) -> None:
    batch = table(write(tmp_path, "x.csv", text(ROWS[0], row)))
    assert numbers(batch) == ["A-1"]
    (problem,) = batch.problems
    assert (problem.where, problem.warning) == (where, False)
    assert found in problem.found


def test_row_numbers_count_title_rows_blank_rows_and_quoted_line_breaks_once(tmp_path: Path) -> None:
    content = f'Ledger\n\n{HEADER}\n\nA-1,"two\nlines",2026-10-01,1.00,1.00\nshort,row\n\nA-2,X,never,1.00,1.00\n'
    problems = table(write(tmp_path, "x.csv", content)).problems
    assert [problem.where for problem in problems] == ["x.csv:6", "x.csv:8: Date"]


def test_a_file_cut_in_its_last_row_is_not_a_finished_reading(tmp_path: Path) -> None:
    whole = text()
    assert table(write(tmp_path, "x.csv", whole)).reading.finished
    cut = table(write(tmp_path, "x.csv", whole[: whole.rindex(",80.50")]))
    assert (cut.reading.finished, numbers(cut)) == (False, ["A-1"])
    unclosed = table(write(tmp_path, "x.csv", whole.replace("Brick", '"Brick')))
    assert (unclosed.reading.finished, numbers(unclosed)) == (False, ["A-1"])


def test_thousands_of_bad_rows_are_told_by_the_first_and_counted(tmp_path: Path) -> None:
    rows = [f"A-{number},X,2026-10-01,ten,1.00" for number in range(3000)]
    problems = table(write(tmp_path, "x.csv", text(*rows, ROWS[0]))).problems
    assert len(problems) == 501
    assert problems[-1].found == "has 2500 more problems"


def test_the_convention_of_one_money_column_helps_the_others(tmp_path: Path) -> None:
    batch = table(write(tmp_path, "x.csv", text("A-1,X,2026-10-01,1.234,0.50")))
    assert "has more than 2 decimals" in batch.problems[0].found
    batch = table(write(tmp_path, "x.csv", text('A-1,X,2026-10-01,1.234,"0,50"')))
    assert batch.invoices["total"].tolist() == [123400]


def test_the_options_settle_what_the_file_leaves_open(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", text("A-3,X,03/10/2026,1.500,0"))
    point = table(path, decimal="point", date_format="day-first").invoices.iloc[0]
    comma = table(path, decimal="comma", date_format="month-first").invoices.iloc[0]
    assert (point["total"], str(point["issued_on"].date())) == (150, "2026-10-03")
    assert (comma["total"], str(comma["issued_on"].date())) == (150000, "2026-03-10")


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"decimal": "dot"}, "'dot' is not a value of this option"),
        ({"date_format": "daily"}, "'daily' is not a value"),
        ({"encoding": "klingon"}, "'klingon' is not a value"),
        ({"encoding": "base64"}, "'base64' is not a value"),
        ({"delimiter": ":"}, "':' is not a value"),
        ({"currency": "pounds"}, "'pounds' is not a value"),
        ({"scope": "some"}, "'some' is not a value"),
        ({"scope": 3}, "3 is not a value"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_read(options: dict[str, Any], found: str, tmp_path: Path) -> None:
    given = {"columns": COLUMNS, "currency": "GBP", **options}
    with pytest.raises(ConnectorError, match=r"source 'books'.*" + found):
        pull(CONNECTOR, tmp_path / "none.csv", **given)


def test_a_file_time_in_the_future_is_taken_as_now(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", text())
    os.utime(path, (4_000_000_000, 4_000_000_000))
    assert table(path).reading.as_of == NOW


_SUFFIXES = (".csv", ".iif", ".ofx", ".qfx", ".qif", ".sta", ".xml")
#: Own exports of every format there is, with the connector that reads each.
FIXTURES = sorted(
    path for path in TESTS.glob("*/*.*") if path.suffix in _SUFFIXES and path.with_suffix(".rows.txt").exists()
)


#: Real ones too, where they are at hand.
SAMPLES = Path(os.environ.get("PAYFLOW_SAMPLES") or TESTS.parents[1] / "shared" / "samples")
FILES = [*FIXTURES, *sorted(path for path in SAMPLES.glob("*/*.*") if path.suffix not in (".json", ".md"))]


def owner(path: Path) -> ConnectorSpec:
    return next((spec for spec in discover().values() if spec.claims(path)), CONNECTOR)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fixture=st.sampled_from(FILES), seed=st.integers(0, 2**32))
def test_mutated_exports_give_problems_never_a_traceback(fixture: Path, seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    data = bytearray(fixture.read_bytes())
    for _ in range(chance.choice([1, 1, 3, 30])):
        place = chance.randrange(len(data))
        match chance.randrange(5):
            case 0:
                data[place] = chance.randrange(256)
            case 1:
                del data[place : place + chance.choice([1, 10, 400])]
            case 2:
                data[place:place] = chance.choice(
                    [b'"', b",", b";", b"\n", b"\r", b"\0", b"\xff", b"0", b".", b"\xe2\x80", b'""']
                )
            case 3:
                data[place:place] = data[: chance.randrange(200)]
            case 4:
                del data[place:]
        data = data or bytearray(b"x")
    path = write(tmp_path, fixture.name, bytes(data))
    spec = owner(fixture)
    spec.claims(path)
    options = {"columns": COLUMNS} if spec is CONNECTOR else {}
    with suppress(ConnectorError):  # any other exception fails the test
        assert tell(read(spec, path, **options))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_names_of_columns_may_hold_umlauts_in_either_encoding(encoding: str, tmp_path: Path) -> None:
    content = "Nr;Käufer;Datum;Betrag;Übrig\nR1;Müller;2026-06-30;5.00;5.00\n".encode(encoding)
    columns = {"number": "Nr", "client": "Käufer", "issued_on": "Datum", "total": "Betrag", "balance": "Übrig"}
    batch = read(CONNECTOR, write(tmp_path, "buch.csv", content), columns=columns, currency="EUR")
    assert numbers(batch) == ["R1"]
