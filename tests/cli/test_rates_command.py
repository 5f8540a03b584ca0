"""`payflow rates`: the tables with and without a workspace, and rates that a user adds."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from payflow.cli import main
from payflow.policy.rates import load_table
from payflow.policy.statutes import rates_for, statute
from payflow.report import as_json
from payflow.workspace.new import write_new


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env={"NO_COLOR": "1", "COLUMNS": "160"})


@pytest.fixture(name="studio")
def _studio(tmp_path: Path) -> Path:
    root = tmp_path / "studio"
    write_new(root)
    return root


def add(studio: Path, table: str, since: str, rate: str, source: str = "the bank's notice") -> Result:
    return call("-C", studio, "rates", "add", table, "--from", since, "--rate", rate, "--source", source)


def valid(name: str, text: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(text)
    Draft202012Validator(json.loads(as_json.schema_text(name))).validate(data)
    return data


def test_without_a_workspace_the_tables_are_listed_with_first_and_last_row_and_end(tmp_path: Path) -> None:
    result = call("-C", tmp_path, "rates")
    assert result.exit_code == 0, result.output
    line = next(line for line in result.output.splitlines() if line.startswith("de_basiszinssatz"))
    assert line.split()[1:5] == ["2002-01-01", "2026-07-01", "2026-12-31", "50"]
    assert "pl_nbp_reference" in result.output


def test_a_table_is_printed_row_by_row_with_sources_by_its_name_alone(tmp_path: Path) -> None:
    result = call("-C", tmp_path, "rates", "uk_statutory_reference")
    assert result.exit_code == 0, result.output
    assert result.output == call("-C", tmp_path, "rates", "show", "uk_statutory_reference").output
    assert "speaks until 2026-12-31" in result.output
    assert "2025-07-01  4.25 %\n    Bank Rate in force on 2025-06-30" in result.output


def test_json_holds_against_the_schemas(tmp_path: Path) -> None:
    listing = valid("rates", call("-C", tmp_path, "rates", "--json").output)
    assert [item["until"] for item in listing["tables"] if item["table"] == "se_referensranta"] == ["2024-12-31"]
    assert [item["first"] for item in listing["tables"] if item["table"] == "pl_nbp_reference"] == ["2020-01-01"]
    found = valid("rate-table", call("-C", tmp_path, "rates", "de_basiszinssatz", "--json").output)
    assert found["rows"][-1]["from"] == "2026-07-01"
    assert found["rows"][-1]["rate"] == "1.52"
    assert found["rows"][-1]["own"] is False


def test_an_unknown_table_is_an_error_with_the_nearest(tmp_path: Path) -> None:
    result = call("-C", tmp_path, "rates", "de_basizinssatz")
    assert result.exit_code == 1
    assert "Did you mean 'de_basiszinssatz'?" in result.stderr


def test_an_added_rate_is_used_and_shown_as_the_user_s(studio: Path) -> None:
    result = add(studio, "de_basiszinssatz", "2027-01-01", "1.6", "Bundesbank, notice of\n December 2026")
    assert result.exit_code == 0, result.output
    assert "the table speaks until 2027-06-30" in result.output
    text = (studio / "rates" / "de_basiszinssatz.csv").read_text(encoding="utf-8")
    assert text == 'effective_from,rate_percent,source\n2027-01-01,1.6,"Bundesbank, notice of December 2026"\n'
    day = date(2027, 6, 30)
    (rate,) = rates_for(statute("de"), day, day, extra=studio / "rates")
    assert rate.annual == Fraction("0.106")
    assert "2027-01-01  1.6 %  (yours)" in call("-C", studio, "rates", "de_basiszinssatz").output


def test_rates_below_zero_and_in_any_order_make_a_file_in_order(studio: Path) -> None:
    assert add(studio, "se_referensranta", "2025-07-01", "2").exit_code == 0
    assert add(studio, "se_referensranta", "2025-01-01", "-0.5").exit_code == 0
    rows = load_table("se_referensranta", studio / "rates").rows[-2:]
    assert [(str(row.since), row.annual) for row in rows] == [
        ("2025-01-01", Fraction("-0.005")),
        ("2025-07-01", Fraction("0.02")),
    ]


def test_the_same_rate_again_changes_nothing_and_another_one_is_refused(studio: Path) -> None:
    assert add(studio, "se_referensranta", "2025-01-01", "2.5").exit_code == 0
    before = (studio / "rates" / "se_referensranta.csv").read_bytes()
    assert add(studio, "se_referensranta", "2025-01-01", "2.50").exit_code == 0
    refused = add(studio, "se_referensranta", "2025-01-01", "2.6")
    assert refused.exit_code == 1
    assert "has another rate or source from 2025-01-01 on. Correct it there." in refused.stderr
    assert (studio / "rates" / "se_referensranta.csv").read_bytes() == before
    assert [path.name for path in (studio / "rates").iterdir()] == ["se_referensranta.csv"]


@pytest.mark.parametrize(
    ("since", "rate", "source", "told"),
    [
        ("2025-01-01", "2,5", "x", "decimal point"),
        ("2025-01-01", "2.5", "  ", "there is no source"),
        ("01.01.2025", "2.5", "x", "YYYY-MM-DD"),
    ],
)
def test_what_cannot_be_read_is_wrong_usage_and_writes_nothing(
    studio: Path, since: str, rate: str, source: str, told: str
) -> None:
    result = add(studio, "se_referensranta", since, rate, source)
    assert result.exit_code == 2
    assert told in result.stderr
    assert not (studio / "rates").exists()


def test_a_rate_for_an_unknown_table_or_outside_a_workspace_is_refused(studio: Path, tmp_path: Path) -> None:
    assert add(studio, "se_referensrant", "2025-01-01", "2.5").exit_code == 1
    assert not (studio / "rates").exists()
    outside = add(tmp_path, "se_referensranta", "2025-01-01", "2.5")
    assert outside.exit_code == 1
    assert "payflow.toml" in outside.stderr


def test_a_file_with_a_mistake_is_told_and_left_alone(studio: Path) -> None:
    folder = studio / "rates"
    folder.mkdir()
    path = folder / "se_referensranta.csv"
    path.write_text("effective_from,rate_percent,source\n2025-01-01,2;5,x\n", encoding="utf-8")
    result = add(studio, "se_referensranta", "2025-07-01", "2")
    assert result.exit_code == 1
    assert f"{path}:2: rate_percent is '2;5'" in result.stderr
    assert "2;5" in path.read_text(encoding="utf-8")


def test_a_table_of_the_user_s_own_is_listed(studio: Path) -> None:
    folder = studio / "rates"
    folder.mkdir()
    (folder / "house_rate.csv").write_text("effective_from,rate_percent,source\n2025-01-01,4,us\n", encoding="utf-8")
    assert "house_rate" in call("-C", studio, "rates").output
    assert add(studio, "house_rate", "2026-01-01", "5").exit_code == 0
    assert load_table("house_rate", folder).until == date(2026, 6, 30)
