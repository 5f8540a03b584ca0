"""Lines that statements of two formats tell: each once, of the format that tells most, under one name of the account."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from payflow.model.facts import LineKind
from payflow.policy.bank_lines import BankLine
from payflow.policy.statements import ToldLine, distinct

IBAN, SHORT = "DE02120300000000202051", "0000202051"


def told(
    name: str,
    report: str,
    account: str = IBAN,
    amount: int = 100,
    text: str = "",
    reference: str = "",
    payer: str = "",
    on: int = 20_000,
    source: str = "bank",
    currency: str = "EUR",
) -> ToldLine:
    line = BankLine(name, account, on, None, amount, currency, payer, "", text, reference, "", LineKind.TRANSFER)
    return ToldLine(line, source, frozenset({report} if report else ()))


@pytest.mark.parametrize(
    ("lines", "decided", "kept"),
    [
        # one format: what its keys tell apart is apart, alike or not
        ([told("a", "mt940"), told("b", "mt940")], (), ["a", "b"]),
        # two formats: the one that says more, a reference four times as much as text
        ([told("a", "mt940", text="12345678"), told("b", "camt", text="1234567", payer="X Ltd")], (), ["b"]),
        ([told("a", "mt940", text="1234567"), told("b", "camt", reference="RF")], (), ["b"]),
        ([told("a", "mt940", text="123456789"), told("b", "camt", reference="RF")], (), ["a"]),
        # as much of both: one of them, always the same
        ([told("a", "mt940", text="1"), told("b", "camt", text="1")], (), ["a"]),
        ([told("b", "camt", text="1"), told("a", "mt940", text="1")], (), ["a"]),
        # a person's word speaks of one
        ([told("a", "mt940", text="12345678"), told("b", "camt")], {"b"}, ["b"]),
        # the format that tells more lines, whatever they say
        ([told("a", "mt940", text="12345678"), told("b", "camt"), told("c", "camt")], {"a"}, ["b", "c"]),
        # another amount, day or currency is another line
        ([told("a", "mt940"), told("b", "camt", amount=101)], (), ["a", "b"]),
        ([told("a", "mt940"), told("b", "camt", on=20_001)], (), ["a", "b"]),
        ([told("a", "mt940"), told("b", "camt", currency="USD")], (), ["a", "b"]),
        # alike twice in one format, and the other tells of another day: both stay
        ([told("a", "mt940"), told("b", "mt940"), told("c", "camt", on=20_001)], (), ["a", "b", "c"]),
        # an account by its number is the one whose IBAN ends in it, whatever source it comes from
        ([told("a", "mt940", SHORT, text="longer"), told("b", "camt")], (), ["a"]),
        ([told("a", "mt940", "202051", source="other"), told("b", "camt", text="longer")], (), ["b"]),
        # too short to be one
        ([told("a", "mt940", "051"), told("b", "camt")], (), ["a", "b"]),
        # none at all: the only one of its source
        ([told("a", "mt940", ""), told("b", "camt", text="longer")], (), ["b"]),
        ([told("a", "mt940", "", source="other"), told("b", "camt")], (), ["a", "b"]),
        # none at all, and the source has two accounts
        ([told("a", "mt940", ""), told("b", "camt"), told("c", "camt", "DE99100200000000999999")], (), ["a", "b", "c"]),
        # two IBANs end in it
        ([told("a", "mt940", SHORT), told("b", "camt"), told("c", "camt", "FR7612030000202051")], (), ["a", "b", "c"]),
        # of accounts that end in one another, the longest is meant
        ([told("a", "mt940", "202051"), told("b", "csv", "0300000000202051", text="x"), told("c", "camt", text="xy")], (), ["c"]),
        ([told("a", "mt940", "de02 1203 0000 0000 2020 51"), told("b", "camt", text="x")], (), ["b"]),
    ],
)  # fmt: skip
def test_each_line_is_told_once(lines: list[ToldLine], decided: Collection[str], kept: list[str]) -> None:
    assert [line.id for line in distinct(lines, decided)] == kept
