"""Whose a file is: its header says the format, and where that is not enough, `files` of the configured sources."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from payflow.cli import main
from xero_exports import sales_export, sales_invoice

SETTINGS = """\
[business]
name = "Studio North"
email = "billing@studio-north.example"
timezone = "UTC"
currency = "GBP"

[[source]]
name = "leeds"
connector = "xero"
files = "leeds/*.csv"

[[source]]
name = "york"
connector = "xero"
files = "york/*.csv"

[[source]]
name = "sheet"
connector = "tabular"
files = "sheet/*.csv"
currency = "GBP"
columns = { number = "Nr", client = "Who", issued_on = "On", total = "Sum", paid = "Had" }
"""
SHEET = "Nr,Who,On,Sum,Had\n7,Harbour Cafe,2026-10-01,120.00,0\n"
SALES = sales_export(
    [sales_invoice("INV-1", "Harbour Cafe", "13/10/2026", "28/10/2026", "100.00", "0.00", "100.00", "Awaiting Payment")]
)


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    root = tmp_path / "studio"
    for name, text in (
        ("payflow.toml", SETTINGS),
        ("leeds/sales.csv", SALES),
        ("york/sales.csv", SALES),
        ("sheet/list.csv", SHEET),
        ("elsewhere/sales.csv", SALES),
        ("elsewhere/list.csv", SHEET),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def importing(root: Path, name: str, *words: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(root), "import", str(root / name), *words])


@pytest.mark.parametrize("name", ["leeds", "york"])
def test_of_two_sources_of_one_format_the_one_that_names_the_file_is_meant(studio: Path, name: str) -> None:
    done = importing(studio, f"{name}/sales.csv")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{name} (xero): 1 invoice read")


def test_a_table_that_no_header_tells_belongs_to_the_source_that_names_it(studio: Path) -> None:
    done = importing(studio, "sheet/list.csv")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("sheet (tabular): 1 invoice read")


def test_a_header_comes_before_the_place(studio: Path) -> None:
    (studio / "sheet" / "sales.csv").write_text(SALES)
    done = importing(studio, "sheet/sales.csv")
    assert done.exit_code == 1
    assert "several sources are read by xero: leeds, york" in done.stderr


def test_a_source_that_is_named_comes_before_all(studio: Path) -> None:
    assert importing(studio, "leeds/sales.csv", "--source", "york").stdout.startswith("york (xero)")
    assert importing(studio, "leeds/sales.csv", "--source", "hull").stdout.startswith("hull (xero)")


@pytest.mark.parametrize(
    ("file", "why"),
    [
        pytest.param("elsewhere/sales.csv", "Say which with --source", id="two sources could have written it"),
        pytest.param("elsewhere/list.csv", "no connector knows this file", id="nobody knows the header"),
        pytest.param("elsewhere/none.csv", "does not exist", id="there is none"),
    ],
)
def test_a_file_that_no_source_names_is_told_by_its_header_alone(studio: Path, file: str, why: str) -> None:
    done = importing(studio, file)
    assert done.exit_code in (1, 2)
    assert why in done.stderr


def test_a_link_to_a_file_is_that_file(studio: Path, tmp_path: Path) -> None:
    link = tmp_path / "latest.csv"
    link.symlink_to(studio / "york" / "sales.csv")
    done = CliRunner().invoke(main, ["-C", str(studio), "import", str(link)])
    assert done.stdout.startswith("york (xero): 1 invoice read"), done.output
