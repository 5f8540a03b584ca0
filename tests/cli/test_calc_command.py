"""`payflow calc`: flags and files, text and JSON, mistakes and exit codes; no workspace, no store."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from payflow.cli import main

UK = ["--amount", "1000", "--currency", "GBP", "--due", "2025-05-14", "--as-of", "2025-07-03", "--statute", "uk"]
SCHEMA = json.loads(files("payflow.report").joinpath("schemas", "calc.schema.json").read_text(encoding="utf-8"))
CLAIM = 'amount = "1"\ncurrency = "EUR"\ndue_on = 2025-01-01\n'
EVERYTHING = """\
amount = "5000.00"
currency = "USD"
issued_on = 2025-01-30
terms = ["30 days", "end of month"]
as_of = 2025-06-30
allocation = "costs-first"
calendar = "US"
compensation = "10.00"
payments = [{ on = 2025-04-10, amount = "2000.00" }, { on = 2025-07-01, amount = "1.00" }]
credits = [{ on = 2025-04-20, amount = "100.00" }]
refunds = [{ on = 2025-05-01, amount = "50.00" }]

[interest]
monthly = "1.5"
day_count = "30/360"
rounding = "segment"
mode = "half-even"
compound = "monthly"
grace = { days = 5, mode = "count" }
floor = "1.00"

[late_fee]
percent = "4"
amount = { USD = "25.00" }
take = "greater"
maximum = "90.00"
every = "month"
cap = "200.00"
grace = 10
"""


def calc(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["calc", *words], input=stdin)


def answer(*words: str, stdin: str | None = None) -> dict[str, Any]:
    """What --json prints, held against the schema."""
    result = calc(*words, "--json", stdin=stdin)
    assert result.exit_code == 0, result.output
    data: dict[str, Any] = json.loads(result.stdout)
    Draft202012Validator(SCHEMA).validate(data)
    return data


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a workspace; nothing may be left in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_common_case_as_json(nowhere: Path) -> None:
    data = answer(*UK)
    timeline = data.pop("timeline")
    assert data == {
        "schema": "payflow.calc/1",
        "due_on": "2025-05-14",
        "days_overdue": 50,
        "interest": "17.47",
        "fees": "0.00",
        "compensation": "70.00",
        "principal_outstanding": "1000.00",
        "total_due": "1087.47",
        "daily": "0.35",
        "allocations": [],
        "warnings": ["Late Payment of Commercial Debts (Interest) Act 1998: between businesses only."],
    }
    why = timeline[0].pop("why")
    assert timeline == [
        {
            "from": "2025-05-15",
            "to": "2025-07-03",
            "days": 50,
            "balance": "1000.00",
            "rate": "12.75",
            "interest": "17.47",
        }
    ]
    assert "Bank Rate" in why
    assert not list(nowhere.iterdir())


def test_the_common_case_as_a_statement() -> None:
    result = calc(*UK)
    assert result.exit_code == 0
    assert "2025-05-15  2025-07-03    50  1,000.00  12.75 %     17.47\n" in result.stdout
    assert re.search(r"Total due +1,087\.47 GBP\n  and 0\.35 GBP of interest for each further day", result.stdout)
    assert "https://www.legislation.gov.uk/ukpga/1998/20" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--rounding", "day"], {"interest": "17.50"}),
        (["--mode", "down"], {"interest": "17.46"}),
        (["--day-count", "actual/360"], {"interest": "17.71"}),
        (["--grace", "10"], {"interest": "13.97", "due_on": "2025-05-14"}),
        (["--no-compensation"], {"compensation": "0.00", "total_due": "1017.47"}),
        (["--fee", "25"], {"fees": "25.00"}),
        (["--fee-percent", "3"], {"fees": "30.00"}),
        (["--fee", "25", "--fee-percent", "3"], {"fees": "30.00"}),
        (["--paid", "2025-06-01=400", "--paid", "2025-06-11=100"], {"principal_outstanding": "500.00"}),
        (["--paid", "2025-06-01=400", "--refund", "2025-06-11=100"], {"principal_outstanding": "700.00"}),
        (["--credit", "2025-06-01=400"], {"principal_outstanding": "600.00"}),
        (["--paid", "2025-05-15=70.35", "--allocation", "costs-first"], {"principal_outstanding": "1000.00"}),
        (["--compound", "30-days"], {"interest": "17.54"}),
        (["--as-of", "2025-05-14"], {"days_overdue": 0, "total_due": "1000.00"}),
    ],
)
def test_flags(words: Sequence[str], expected: dict[str, Any]) -> None:
    data = answer(*UK, *words)
    assert {key: data[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        ("net-30", "2025-03-02"),
        ("net-30-eom", "2025-03-31"),
        ("30 days, end of month, day 10", "2025-04-10"),
        ("1 month", "2025-02-28"),
    ],
)
def test_terms_instead_of_a_due_date(terms: str, due: str) -> None:
    words = ["--amount", "1", "--currency", "EUR", "--issued", "2025-01-31", "--terms", terms]
    assert answer(*words)["due_on"] == due


@pytest.mark.parametrize(("flag", "interest"), [("--annual", "0.14"), ("--monthly", "16.44"), ("--daily", "500.00")])
def test_agreed_rates(flag: str, interest: str) -> None:
    assert answer(*UK[:-2], flag, "1" if flag != "--annual" else "0.1")["interest"] == interest


def test_a_file_in_toml_with_every_key(nowhere: Path) -> None:
    (nowhere / "claim.toml").write_text(EVERYTHING, encoding="utf-8")
    data = answer("claim.toml")
    assert (data["due_on"], data["days_overdue"]) == ("2025-03-31", 91)
    # 90.00, 90.00 and 20.00, up to the cap; on 11 April, 11 May and 11 June
    assert (data["fees"], data["compensation"]) == ("200.00", "10.00")
    assert data["allocations"][0] == {
        "on": "2025-04-10",
        "amount": "2000.00",
        "costs": "10.00",
        "interest": "25.00",
        "principal": "1965.00",
    }
    assert any("is after 2025-06-30" in warning for warning in data["warnings"])
    text = calc("claim.toml").stdout
    for shown in (
        "Credited",
        "Paid back",
        "PAYMENTS",
        "FEES AND COMPENSATION",
        "30 days, end of month",
        "half to even",
    ):
        assert shown in text


def test_a_file_in_json_and_standard_input_say_the_same(nowhere: Path) -> None:
    claim = {"amount": "1000", "currency": "GBP", "due_on": "2025-05-14", "as_of": "2025-07-03"}
    claim_text = json.dumps(claim | {"interest": {"statute": "uk"}})
    (nowhere / "claim.json").write_text(claim_text, encoding="utf-8")
    toml = 'amount = "1000"\ncurrency = "GBP"\ndue_on = 2025-05-14\nas_of = 2025-07-03\ninterest = {statute = "uk"}\n'
    assert answer("claim.json") == answer("-", stdin=claim_text) == answer("-", stdin=toml) == answer(*UK)


def test_options_win_over_the_file_and_payments_are_added(nowhere: Path) -> None:
    (nowhere / "claim.toml").write_text(EVERYTHING, encoding="utf-8")
    data = answer("claim.toml", "--annual", "8", "--as-of", "2025-07-02", "--paid", "2025-07-02=7.00")
    assert [one["amount"] for one in data["allocations"]] == ["2000.00", "1.00", "7.00"]
    assert {row["rate"] for row in data["timeline"]} == {"8"}


def test_a_file_is_looked_for_in_the_folder_that_is_named(nowhere: Path) -> None:
    (nowhere / "claims").mkdir()
    (nowhere / "claims" / "one.toml").write_text(EVERYTHING, encoding="utf-8")
    assert CliRunner().invoke(main, ["-C", "claims", "calc", "one.toml", "--json"]).exit_code == 0


def test_the_day_is_today_or_the_rehearsed_one() -> None:
    words = ["calc", "--amount", "1000", "--currency", "EUR", "--due", "2025-05-14", "--json"]
    result = CliRunner().invoke(main, ["--now", "2025-05-24T09:00", *words])
    assert json.loads(result.stdout)["days_overdue"] == 10
    assert answer(*words[1:-1])["days_overdue"] > 400


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--amount", "x"], ["--amount: 'x' is no amount", "--currency: is missing", "--due: is missing"]),
        ([*UK, "--paid", "soon=4x"], ["--paid #1, on: 'soon' stands", "--paid #1, amount: '4x' is no amount"]),
        ([*UK, "--annual", "8"], ["--statute: stands beside annual"]),
        ([*UK, "--mode", "up"], ["--mode: 'up' is not known here"]),
        ([*UK[:-1], "ukk"], ["--statute: there is no statute 'ukk'. Did you mean 'uk'?"]),
        ([*UK, "--terms", "net-30"], ["--due: stands beside terms"]),
        ([*UK, "--fee", "x", "--fee-percent", "y"], ["--fee: 'x' is no amount", "--fee-percent: 'y' is no percentage"]),
        (["none.toml"], ["none.toml: it cannot be read"]),
    ],
)
def test_mistakes_are_told_by_the_flag_and_exit_1(words: Sequence[str], told: Sequence[str]) -> None:
    result = calc(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    for line in told:
        assert any(said.startswith(line) for said in result.stderr.splitlines()), result.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{CLAIM}[interest]\nannual = 8.5\n", "<toml>:5, interest.annual: a number"),
        (f"{CLAIM}payments = [{{on = 2025-01-02}}]\n", "<toml>:4, payments#1.amount: "),
        ('amount = "1"\ncurrency = EUR\n', "<toml>:2: this is not TOML"),
        ('amount = "1"\namount = "2"\n', "<toml>:2: this is not TOML"),
        ('{"amount": "1",\n}', "standard input:2: this is not JSON"),
        (
            '{"amount": "1", "amount": "2"}',
            "standard input: this is not JSON that counts: the key 'amount' stands twice",
        ),
        ("[1]", "standard input: it is not one object"),
        (
            '{"amount": NaN, "currency": "EUR", "due_on": "2025-01-01"}',
            "standard input, amount: a number with decimals",
        ),
        (
            '{"amount": 1.5, "currency": "EUR", "due_on": "2025-01-01"}',
            "standard input, amount: a number with decimals",
        ),
    ],
)
def test_mistakes_in_a_file_are_told_with_their_place(text: str, told: str) -> None:
    result = calc("-", stdin=text)
    assert result.exit_code == 1
    assert result.stderr.startswith(told.replace("<toml>", "standard input")), result.stderr


def test_text_that_is_not_utf_8_is_an_error_in_a_sentence(nowhere: Path) -> None:
    (nowhere / "claim.toml").write_bytes(b'name = "\xff"')
    assert "claim.toml: it is not UTF-8 text" in calc("claim.toml").stderr


def test_a_day_and_an_amount_belong_together() -> None:
    result = calc(*UK, "--paid", "400")
    assert result.exit_code == 2
    assert "Write 2025-06-01=400.00" in result.stderr


def test_a_day_beyond_a_table_says_how_to_extend_it_and_the_tables_of_a_workspace_count(nowhere: Path) -> None:
    words = ["--amount", "1", "--currency", "EUR", "--due", "2026-12-01", "--as-of", "2027-01-10", "--statute", "de"]
    result = calc(*words)
    assert result.exit_code == 1
    assert "payflow rates add de_basiszinssatz --from 2027-01-01" in result.stderr
    assert CliRunner().invoke(main, ["init"]).exit_code == 0
    (nowhere / "rates").mkdir(exist_ok=True)
    rows = "effective_from,rate_percent,source\n2027-01-01,1.50,Bundesbank\n"
    (nowhere / "rates" / "de_basiszinssatz.csv").write_text(rows, encoding="utf-8")
    assert [row["rate"] for row in answer(*words)["timeline"]][-1] == "10.5"


def test_it_is_cheap_to_ask() -> None:
    code = (
        "import sys\nfrom payflow.cli import main\n"
        f"try: main({['calc', *UK]!r})\nexcept SystemExit: pass\n"
        "print('LOADED', *sorted(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split("LOADED")[1].split())
    heavy = {"numpy", "pandas", "pyarrow", "sqlite3", "holidays", "iso4217", "jinja2", "requests", "stripe"}
    assert not loaded & heavy
