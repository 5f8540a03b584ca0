"""Every statement format, against the lines of its golden file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from exports.golden import check_golden, context
from payflow_bank import CONNECTOR

HERE = Path(__file__).parent
#: A German bank's table: umlauts in cp1252, titles above, money in and out in two columns, a balance below.
KONTO: dict[str, Any] = {
    "account": "DE02 1203 0000 0000 2020 51",
    "currency": "EUR",
    "columns": {
        "on": "Buchungstag",
        "value_on": "Wertstellung",
        "payer": "Auftraggeber / Empfänger",
        "payer_account": "IBAN",
        "text": "Verwendungszweck",
        "in": "Haben",
        "out": "Soll",
        "balance": "Kontostand",
    },
}
OPTIONS: dict[str, dict[str, Any]] = {"konto.csv": KONTO}
TITLES = {
    "current.ofx": "OFX statement",
    "two_accounts.qfx": "OFX statement",
    "checking.qif": "QIF statement",
    "german.sta": "MT940 statement",
    "swift.sta": "MT940 statement",
    "v2.xml": "CAMT.053 statement",
    "v8.xml": "CAMT.053 statement",
    "account.csv": "bank statement in Xero's columns",
    "konto.csv": None,
}


@pytest.mark.parametrize("name", TITLES)
def test_a_statement_yields_the_lines_of_its_golden_file(name: str, tmp_path: Path) -> None:
    check_golden(CONNECTOR, HERE / name, tmp_path, **OPTIONS.get(name, {}))


@pytest.mark.parametrize(("name", "title"), TITLES.items())
def test_a_statement_is_known_by_how_it_begins(name: str, title: str | None) -> None:
    assert CONNECTOR.claims(HERE / name) == title


def test_a_file_of_another_kind_is_not_claimed() -> None:
    exports = HERE.parent / "exports" / "ledger.csv"
    assert CONNECTOR.claims(exports) is None
    assert CONNECTOR.claims(HERE / "no such file") is None


@pytest.mark.parametrize("name", TITLES)
def test_doctor_hears_what_a_format_cannot_tell_and_which_could(name: str) -> None:
    (limits,) = CONNECTOR.limits(context(HERE / name))
    assert limits.cannot_tell
    assert limits.better
    assert limits.report


def test_the_connector_is_known_without_what_reads_its_files() -> None:
    program = "import sys, payflow_bank; payflow_bank.CONNECTOR.options; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pandas", "pyarrow", "payflow_bank.camt", "payflow_bank.pull"} & set(loaded)
