"""What the doctor finds in files that are allowed as they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from payflow.errors import Problem
from payflow.workspace import load
from payflow.workspace.doctor import examine
from payflow.workspace.files import files_of

Write = Callable[..., Path]
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def findings(root: Path, environ: Mapping[str, str]) -> list[Problem]:
    found = examine(load(root, environ), NOW)
    assert all(problem.warning for problem in found)
    return found


def test_a_source_without_files_and_what_its_format_cannot_tell_are_told(
    write: Write, settings: str, environ: Mapping[str, str]
) -> None:
    assert [str(problem) for problem in findings(write(settings), environ)] == [
        f"source books: no file matches 'exports/*.csv'. Put an export there; the pattern starts at {write(settings)}.",
        "source books, sales invoices: The export does not tell when invoices were paid. Use the other export.",
    ]


def test_a_source_that_names_no_files_is_told(write: Write, settings: str, environ: Mapping[str, str]) -> None:
    first, *_ = findings(write(settings.replace('files = "exports/*.csv"\n', "")), environ)
    assert first.found == "it names no files, so `payflow sync` reads nothing from it"


@pytest.mark.parametrize(("hours", "told"), [("09:00-09:59", True), ("09:00-10:00", False), ("any", False)])
def test_a_window_that_an_hourly_run_may_miss_is_told(
    write: Write, settings: str, environ: Mapping[str, str], hours: str, told: bool
) -> None:
    found = findings(write(settings.replace("09:00-17:00", hours)), environ)
    assert any(problem.where == "payflow.toml, mail.hours" for problem in found) is told


@pytest.mark.parametrize(
    ("country", "days", "told"),
    [
        ("GB-XYZ", "business", True),
        ("GB-XYZ", "every", False),
        ("GB-SCT", "business", False),
        ("GB", "business", False),
    ],
)
def test_a_part_of_a_country_whose_holidays_are_not_known_is_told(
    write: Write, settings: str, environ: Mapping[str, str], country: str, days: str, told: bool
) -> None:
    text = settings.replace('country = "GB"', f'country = "{country}"').replace('days = "business"', f'days = "{days}"')
    assert any("'XYZ' in GB" in problem.found for problem in findings(write(text), environ)) is told


def test_warnings_of_loading_come_first(write: Write, settings: str, contract: str, environ: Mapping[str, str]) -> None:
    first, *_ = findings(write(settings, acme=contract.replace("signed = 2026-10-01\n", "")), environ)
    assert first.found == "the contract is not signed"


def test_files_come_oldest_first_each_once_wherever_they_lie(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "work [1]", tmp_path / "elsewhere"
    for place, path in enumerate((root / "b.csv", root / "deep" / "a.csv", elsewhere / "c.csv", root / "d.txt")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", "utf-8")
        os.utime(path, (1000 - place, 1000 - place))
    found = files_of(root, ["*.csv", "**/*.csv", f"{elsewhere}/*.csv"])
    assert [path.name for path in found] == ["c.csv", "a.csv", "b.csv"]
    assert all(path.is_absolute() for path in found)
