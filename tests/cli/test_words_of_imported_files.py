"""Files read by hand, far from Greenwich: hours in the business's zone, remedies that work, reasons that say something."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from payflow.cli import main

SETTINGS = """\
[business]
name = "Quay Works"
email = "billing@quay-works.example"
timezone = "America/New_York"
currency = "USD"
"""

REPORT = """\
Date,Transaction type,Num,Name,Memo,Due date,Amount,Open balance
08/21/2026,Invoice,1001,Harbour Inn,,09/01/2026,"1,200.50","1,200.50"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "payflow.toml").write_text(SETTINGS, "utf-8")
    (tmp_path / "report.csv").write_text(REPORT, "utf-8")
    assert said(tmp_path, "2026-09-02T11:00", "import", str(tmp_path / "report.csv")).exit_code == 0
    return tmp_path


def said(folder: Path, moment: str, *words: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(folder), "--now", moment, *words])


def test_the_hour_of_a_reading_is_that_of_the_business(folder: Path) -> None:
    assert "quickbooks  2026-09-02 11:00  fresh" in said(folder, "2026-09-02T12:00", "status").stdout
    assert "last listed 2026-09-02 11:00" in said(folder, "2026-09-02T12:00", "explain", "1001").stdout
    (source,) = json.loads(said(folder, "2026-09-02T12:00", "status", "--json").stdout)["sources"]
    assert source["synced_at"] == "2026-09-02T11:00:00-04:00"


def test_an_evening_reading_is_of_that_day(folder: Path) -> None:
    said(folder, "2026-09-02T22:30", "import", str(folder / "report.csv"))
    assert "last read as of 2026-09-02" in said(folder, "2026-09-14T12:00", "status").stdout


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        ("", "payflow import FILE"),
        ('[[source]]\nname = "quickbooks"\nconnector = "quickbooks"\nfiles = "*.csv"\n', "payflow sync"),
    ],
)
def test_a_stale_source_names_the_command_that_reads_it(folder: Path, source: str, remedy: str) -> None:
    (folder / "payflow.toml").write_text(SETTINGS + source, "utf-8")
    needs = json.loads(said(folder, "2026-09-14T12:00", "status", "--json").stdout)["needs_you"]
    assert [need["remedy"] for need in needs if need["code"] == "source-stale"] == [remedy]


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_reason_says_something(folder: Path, reason: str) -> None:
    result = said(folder, "2026-09-02T12:00", "hold", "1001", "--reason", reason)
    assert result.exit_code == 2
    assert "it is empty. Say in a few words why." in result.stderr


def test_an_unknown_file_is_told_in_whole_sentences(folder: Path) -> None:
    (folder / "photos.csv").write_text("name,size\ncat,1\n", "utf-8")
    told = said(folder, "2026-09-02T12:00", "import", str(folder / "photos.csv")).stderr
    assert (
        "no connector knows this file; it begins with 'name, size'. See `payflow connectors` for what is read;" in told
    )
