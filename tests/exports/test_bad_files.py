"""Bad files of every format: one clear error with its remedy, or the good rows and a list of the bad ones; never a traceback."""

from __future__ import annotations

import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bank.test_bank_statements import OPTIONS
from exports.golden import read, write
from exports.test_reading_files import COLUMNS, FIXTURES, owner
from payflow.cli import main
from payflow.connector import ConnectorError
from payflow_bank import CONNECTOR as BANK
from payflow_exports.tabular import CONNECTOR as TABULAR

#: What is done to a good file. Whatever it was, the outcome is an error or rows with problems.
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda raw: raw[: len(raw) * 2 // 3],
    "wrong delimiter": lambda raw: raw.replace(b",", b"^").replace(b";", b"^"),
    "UTF-16 without its mark": lambda raw: raw.decode("utf-8", "replace").encode("utf-16-le"),
    "UTF-16": lambda raw: raw.decode("utf-8", "replace").encode("utf-16"),
    "bytes of another encoding": lambda raw: raw.replace(b"a", b"\xe9", 3),
    "header twice": lambda raw: raw.split(b"\n", 1)[0] + b"\n" + raw,
    "everything twice": lambda raw: raw + raw,
    "formula": lambda raw: raw.replace(b"00", b"=1+1", 2),
    "digits": lambda raw: raw.replace(b"00", b"9" * 300, 1),
    "blank rows": lambda raw: raw + b"\n" * 5_000,
}
#: What is no file of anybody's, and what is said of it.
REFUSED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "is empty"),
    "blank": (lambda _: b" \r\n" * 50, "is empty"),
    "blank for long": (lambda raw: b"\n" * 300_000 + raw, "begins with 256 KiB of blanks"),
    "web page": (lambda raw: b"<!DOCTYPE html><html><body><pre>" + raw + b"</pre></body></html>", "holds a web page"),
    "binary": (lambda _: random.Random(1).randbytes(5000), "NUL bytes"),
    "a PDF": (lambda raw: b"%PDF-1.7\n" + raw, "is a PDF"),
}


def options(path: Path) -> dict[str, Any]:
    return OPTIONS.get(path.name) or ({"columns": COLUMNS} if owner(path) is TABULAR else {})


#: Every damage to every third export, and every export in three or four ways.
SOME = [(path, damage) for x, path in enumerate(FIXTURES) for y, damage in enumerate(DAMAGE) if (x + y) % 3 == 0]
#: One export of each kind of file.
KINDS = list({path.suffix: path for path in FIXTURES}.values())


@pytest.mark.parametrize(("path", "damage"), SOME, ids=lambda value: getattr(value, "name", value))
def test_a_damaged_file_is_an_error_or_its_good_rows(path: Path, damage: str, tmp_path: Path) -> None:
    bad = write(tmp_path, path.name, DAMAGE[damage](path.read_bytes()))
    spec = BANK if path.name in OPTIONS else owner(path)
    spec.claims(bad)
    try:
        problems = list(read(spec, bad, **options(path)).problems)
    except ConnectorError as error:
        problems = [error.problem]
    for problem in problems:
        assert problem.where.startswith(path.name)
        assert problem.found
        assert problem.remedy
        assert len(str(problem)) < 900


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("path", KINDS, ids=lambda path: path.name)
def test_what_is_no_such_file_is_refused_with_a_remedy(path: Path, kind: str, tmp_path: Path) -> None:
    make, found = REFUSED[kind]
    bad = write(tmp_path, path.name, make(path.read_bytes()))
    spec = BANK if path.name in OPTIONS else owner(path)
    assert spec.claims(bad) is None
    with pytest.raises(ConnectorError) as caught:
        read(spec, bad, **options(path))
    assert found in caught.value.problem.found
    assert caught.value.problem.remedy


# --- as a user meets them --------------------------------------------------------------------------------------------

SETTINGS = """\
[business]
name = "Quay Works"
email = "billing@quay-works.example"
timezone = "Europe/London"
currency = "GBP"
"""
GOOD = (Path(__file__).parents[1] / "bank" / "account.csv").read_bytes()


def said(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(folder), "--now", "2026-11-20T12:00", "import", *words])


def bomb(path: Path) -> None:
    """A workbook that unpacks to half a gigabyte and is small itself."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(33):
                part.write(b" " * 16 * 1024**2)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7", "is a PDF"),
        (b"name,size\ncat,1\n", "no connector knows this file; it begins with 'name, size'. See `payflow connectors`"),
        (
            b"ContactName,InvoiceNumber,InvoiceDate,Total\nA,1,13/04/2026,1.00\n",
            "Nearest: xero, Xero sales invoices, but row 1 lacks InvoiceAmountDue, Type. Export it again",
        ),
        (GOOD[: GOOD.index(b"\n") + 1], "has a header and no rows below it"),
        (GOOD[: GOOD.index(b"\n") + 1] + GOOD, "bad.csv:2: the header stands here a second time"),
        (GOOD + GOOD, "the header stands here a second time"),
        (GOOD.replace(b",", b"~"), "its columns are divided by '~'"),
        (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><Document><BkToCstmrStmt/></Document>", "document type"),
        (b"<OFX><STMTRS>", "breaks off"),
        (f"{GOOD.decode()}x".encode("utf-16")[:-1], "is damaged: it is no UTF-16-LE text"),
        (GOOD.partition(b"\n")[0] + b",more" * 60_000 + b"\n1", "has a header longer than 256 KiB"),
        ("bomb", "unpacks to more"),
        ("pipe", "is a pipe or a device, not a file"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_import_is_one_short_error_and_leaves_nothing_behind(
    content: bytes | str, found: str, tmp_path: Path
) -> None:
    (tmp_path / "payflow.toml").write_text(SETTINGS, "utf-8")
    path = tmp_path / "bad.csv"
    if isinstance(content, str):
        {"bomb": bomb, "pipe": os.mkfifo}[content](path)
    else:
        path.write_bytes(content)
    result = said(tmp_path, str(path))
    assert result.exit_code == 1
    assert found in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert len(result.stderr) < 700
    assert sorted(item.name for item in tmp_path.iterdir()) == ["bad.csv", "payflow.toml"]


def test_a_bad_import_leaves_the_mirror_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "payflow.toml").write_text(SETTINGS, "utf-8")
    good, bad = write(tmp_path, "good.csv", GOOD), write(tmp_path, "bad.csv", b"")
    assert said(tmp_path, str(good)).exit_code == 0
    before = (tmp_path / "payflow.db").read_bytes()
    assert said(tmp_path, str(bad)).exit_code == 1
    assert (tmp_path / "payflow.db").read_bytes() == before
    assert said(tmp_path, str(bad), str(good)).exit_code == 4
