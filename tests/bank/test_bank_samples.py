"""Real statements, where they are at hand, against figures that were counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from exports.golden import read
from formats_a.test_product_samples import SAMPLES, needs_samples
from payflow.connector import ConnectorError
from payflow_bank import CONNECTOR

ADD_UP = "does not add up"

#: File, lines, sum of money in, sum of money out (minor units, all currencies), and what problems say, in order.
EXPECTED: list[tuple[str, int, int, int, list[str]]] = [
    ("bank_ofx/anzcc.ofx", 1, 0, -550, []),
    ("bank_ofx/bank_medium.ofx", 3, 0, -34527, []),
    ("bank_ofx/checking.ofx", 3, 1, -5951, []),
    ("bank_ofx/fail_nice_date_missing.ofx", 0, 0, 0, [":33: DTPOSTED", ":40: DTPOSTED", ":48: DTPOSTED: '20120231'"]),
    ("bank_ofx/fail_nice_decimal_error.ofx", 0, 0, 0, [":34: DTPOSTED"]),
    ("bank_ofx/fail_nice_empty_balance.ofx", 1, 12000, 0, []),
    ("bank_ofx/multiple_accounts2.ofx", 0, 0, 0, []),
    ("bank_ofx/ofx-v102-empty-tags.ofx", 1, 1234, 0, []),
    ("bank_ofx/suncorp.ofx", 1, 0, -1685, []),
    # the first of its two statements adds up, the second is 300.08 off
    ("bank_mt940/betterplace_sepa_snippet.sta", 11, 143074572, -357406911, [f":25: the statement {ADD_UP}"]),
    ("bank_mt940/betterplace_with_binary_character.sta", 4, 1421530, -19328205, []),
    # two of its five lines are of 0,00
    ("bank_mt940/citi_mt940.txt", 3, 0, -114275, []),
    # eleven lines in Deutsche Mark are left out with their statement
    ("bank_mt940/cmxl_mt940.sta", 5, 2304000, -1080000, [":4: :60F:: 'DEM'"]),
    ("bank_mt940/jejik_abnamro.sta", 10, 0, -34593, [f":4: the statement {ADD_UP}", f":32: the statement {ADD_UP}"]),
    ("bank_mt940/jejik_ing.sta", 7, 468, -5027, [f":4: the statement {ADD_UP}"]),
    ("bank_mt940/jejik_postfinance.sta", 4, 23930, -7990, [f":15: the statement {ADD_UP}"]),
    ("bank_mt940/jejik_rabobank-iban.sta", 4, 0, -7000, []),
    ("bank_mt940/mBank_mt940.sta", 3, 3, 0, []),
    ("bank_mt940/mBank_with_newline_in_tnr.sta", 2, 8900, 0, [f":2: the statement {ADD_UP}"]),
    ("bank_camt/camt053.v2.all-balance-types.xml", 1, 885, 0, [ADD_UP]),
    ("bank_camt/camt053.v2.five.decimals.xml", 1, 885, 0, ["so it should close with 27.00 and says 27.05 EUR"]),
    ("bank_camt/camt053.v2.minimal.ultimate.xml", 1, 885, 0, ["the balance CLBD is in SEK"]),
    ("bank_camt/camt053.v2.multi.statement.xml", 2, 885, -700, []),
    ("bank_camt/camt053.v4.xml", 1, 885, 0, ["the balance CLBD is in SEK"]),
    ("bank_camt/camt053.v8.xml", 1, 885, 0, ["the balance CLBD is in SEK"]),
    ("bank_camt/camt53.only-Dt-with-DtTm.xml", 0, 0, 0, []),
]


@needs_samples
@pytest.mark.parametrize(("name", "count", "came", "went", "problems"), EXPECTED, ids=[row[0] for row in EXPECTED])
def test_a_real_statement_gives_the_lines_counted_by_hand(
    name: str, count: int, came: int, went: int, problems: list[str]
) -> None:
    batch = read(CONNECTOR, SAMPLES / name)
    assert batch.lines is not None
    amounts = batch.lines["amount"]
    assert (len(amounts), int(amounts[amounts > 0].sum()), int(amounts[amounts < 0].sum())) == (count, came, went)
    assert len(batch.problems) == len(problems)
    for problem, text in zip(batch.problems, problems, strict=True):
        assert text in str(problem)


def line(name: str, row: int = 0, **options: Any) -> dict[str, str]:
    lines = read(CONNECTOR, SAMPLES / name, **options).lines
    assert lines is not None
    return {key: str(value) for key, value in lines.iloc[row].items() if str(value) not in ("", "NaT")}


@needs_samples
def test_a_german_statement_tells_payer_account_reference_and_purpose_apart() -> None:
    found = line("bank_mt940/betterplace_sepa_snippet.sta")
    assert found["payer"] == "KARL KAUFMANN"
    assert found["payer_account"] == "DE14508800500194785000"
    assert found["reference"] == "EndToEndId TFNR 22 004 00001"
    assert found["text"] == "Verw CTSc-01 BC-PPP TFNr 22 004"
    assert (found["on"][:10], found["value_on"][:10]) == ("2007-09-04", "2007-09-07")
    assert line("bank_mt940/betterplace_sepa_snippet.sta", 5)["kind"] == "reversal"


@needs_samples
def test_a_structured_reference_is_kept_apart_from_the_text() -> None:
    found = line("bank_camt/camt053.v8.xml")
    assert found["reference"] == "4654654654654654"
    assert (found["payer"], found["payer_account"]) == ("NAME NAME", "NL56AGDH9619008421")
    assert line("bank_camt/camt053.v2.minimal.ultimate.xml")["payer"] == "DEBTOR NAME NM"
    assert line("bank_mt940/jejik_rabobank-iban.sta", 1)["text"].startswith("Reference 201301234")


@needs_samples
def test_an_evening_in_another_zone_stays_the_day_that_the_bank_wrote() -> None:
    assert line("bank_ofx/bank_medium.ofx")["on"][:10] == "2009-04-01"


@needs_samples
def test_a_statement_without_any_and_a_notification_are_refused() -> None:
    with pytest.raises(ConnectorError, match="holds none"):
        read(CONNECTOR, SAMPLES / "bank_camt/camt053.v2.wrong.xml")
    with pytest.raises(ConnectorError, match="repeats what CAMT"):
        read(CONNECTOR, SAMPLES / "bank_camt/camt054.v8.xml")
    batch = read(CONNECTOR, SAMPLES / "bank_camt/camt054.v8.xml", notifications=True)
    assert batch.lines is not None
    assert batch.lines[["amount", "currency"]].to_numpy().tolist() == [[-20000000, "SEK"]]
    assert "do not make its amount" in str(batch.problems[0])
