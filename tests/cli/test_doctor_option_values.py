"""The doctor asks each connector whether it could be read as it is configured."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from payflow.workspace import load
from payflow.workspace.doctor import examine

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ('date_format = "day-first"', []),
        ('date_format = "backwards"', ["source books: date_format"]),
        ('currency = "POUNDS"', ["source books: currency"]),
    ],
)
def test_values_that_the_connector_would_refuse_are_mistakes(tmp_path: Path, option: str, told: list[str]) -> None:
    (tmp_path / "payflow.toml").write_text(
        '[business]\nname = "North"\nemail = "a@north.example"\ntimezone = "Europe/London"\ncountry = "GB"\n'
        'currency = "GBP"\n[mail]\ntransport = "folder"\nfolder = "outbox"\n'
        f'[[source]]\nname = "books"\nconnector = "xero"\nfiles = "*.csv"\n{option}\n',
        "utf-8",
    )
    (tmp_path / "invoices.csv").write_text("", "utf-8")
    found = [one for one in examine(load(tmp_path, {}), NOW) if not one.warning]
    assert [one.where.replace("'", "") for one in found] == told
    assert all(one.remedy for one in found)


def test_columns_are_looked_at_before_there_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "payflow.toml").write_text(
        '[business]\nname = "North"\nemail = "a@north.example"\ntimezone = "Europe/London"\ncurrency = "GBP"\n'
        '[[source]]\nname = "ledger"\nconnector = "tabular"\nfiles = "*.csv"\ncolumns = { totl = "Gross" }\n',
        "utf-8",
    )
    (found,) = (one for one in examine(load(tmp_path, {}), NOW) if not one.warning)
    assert found.found == "'totl' is not a column payflow knows"
