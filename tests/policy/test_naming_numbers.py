"""What a number in a text may be instead of an invoice's: a day, a month, a year; and references with check digits."""

from __future__ import annotations

import random

import pytest

from payflow.policy.naming import Numbers, References, Strength, made_from, squeeze


def strength(number: str, text: str) -> Strength | None:
    found = Numbers([(number, 7)]).named_in(text)
    assert all(one.invoice == 7 for one in found)
    return found[0].strength if found else None


@pytest.mark.parametrize(
    "number",
    [
        # days, the year first or last, in the order of one country or the other
        "20261103",
        "19500101",
        "20991231",
        "03112026",
        "11032026",
        "31122026",
        "12312026",
        "03.11.26",
        "11/03/2026",
        "2026-11-03",
        "261103",
        "031126",
        "311226",
        # months and years
        "202611",
        "11/2026",
        "2026-11",
        "1/2026",
        "2026",
        "1950",
        "2099",
        "11-12",
    ],
)
def test_a_number_like_a_day_a_month_or_a_year_names_an_invoice_weakly_even_after_its_word(number: str) -> None:
    assert strength(number, f"Invoice {number}") is Strength.WEAK


@pytest.mark.parametrize(
    "number",
    [
        # no such day, month or year
        "20261303",
        "20261032",
        "20261100",
        "19491103",
        "21001103",
        "32112026",
        "13322026",
        "31132026",
        "00112026",
        "11002026",
        "03112100",
        "321326",
        "991399",
        "1949",
        "2100",
        "13/2026",
        "0/2026",
        "13-14",
        "11/2101",
        "2026-11-03-04",
        "123-11-03",
        "12345",
        "1234567",
        "123456789",
        "2026110",
    ],
)
def test_a_number_that_is_no_day_names_an_invoice_after_its_word_if_the_amount_agrees(number: str) -> None:
    assert strength(number, f"Invoice {number}") is Strength.WITH_AMOUNT


@pytest.mark.parametrize(
    ("number", "text", "found"),
    [
        # five digits need no word before them, four do
        ("12345", "payment 12345", Strength.WITH_AMOUNT),
        ("1234", "payment 1234", Strength.WEAK),
        ("1234", "payment # 1234", Strength.WITH_AMOUNT),
        ("1234", "Factuur nr.: 1234", Strength.WITH_AMOUNT),
        ("1234", "fattura n. 1234", Strength.WITH_AMOUNT),
        ("123", "Invoice 123", Strength.WEAK),
        # blanks within a bare number divide numbers
        ("12345", "Invoice 12 345", Strength.WEAK),
        # two letters, or five signs, and written as it is or without blanks
        ("AB12", "AB 12 for May", Strength.SURE),
        ("AB12", "AB-12", Strength.SURE),
        ("A123", "A123", Strength.WEAK),
        ("A1234", "A1234", Strength.SURE),
        ("A1234", "A 12 34", Strength.WEAK),
        ("A12-34", "A1234", Strength.SURE),
        # a part of something longer
        ("12345", "0012345", None),
        ("12345", "GB12345", Strength.WEAK),
        ("12345", "12345.00", Strength.WEAK),
        ("12345", "12345, thanks", Strength.WITH_AMOUNT),
        ("12345", "ref:12345", Strength.WITH_AMOUNT),
        ("12345", "99-12345", Strength.WEAK),
        ("12345", "+12345", Strength.WEAK),
        # periods
        ("Q4-2026", "Invoice Q4-2026", Strength.WEAK),
        ("KW12-2026", "KW12-2026", Strength.SURE),
        ("NOV2026", "NOV2026", Strength.WEAK),
        ("März-26", "für März-26", Strength.WEAK),
        ("NOVA-26", "NOVA-26", Strength.SURE),
    ],
)
def test_how_sure_a_number_is_by_its_looks(number: str, text: str, found: Strength | None) -> None:
    assert strength(number, text) is found


def test_of_two_mentions_the_surer_one_counts_and_of_overlapping_names_the_longest() -> None:
    numbers = Numbers([("INV-12", 1), ("INV-12-3", 2), ("12345", 3)])
    assert [(one.invoice, one.strength) for one in numbers.named_in("1 2345 INV-12-3, 12345")] == [
        (2, Strength.SURE),
        (3, Strength.WITH_AMOUNT),
    ]
    assert [one.invoice for one in numbers.named_in("INV-12 and INV-12-3")] == [1, 2]
    assert numbers.named_in("nothing of it") == []


def test_a_number_without_digits_or_of_too_many_pieces_is_not_looked_for() -> None:
    assert (
        Numbers([("ABC", 1), ("", 2), ("1-2-3-4-5-6-7-8-9-10-11-12-13", 3)]).named_in(
            "ABC 1-2-3-4-5-6-7-8-9-10-11-12-13"
        )
        == []
    )
    twelve = "1-2-3-4-5-6-7-8-9-10-11-12"
    assert [one.invoice for one in Numbers([(twelve, 4)]).named_in(twelve)] == [4]


def test_numbers_are_compared_without_signs_blanks_and_case() -> None:
    assert squeeze("RE 2026/001-ß") == "re2026001ss"


def test_swiss_references_have_a_recursive_check_digit_that_tells_every_wrong_digit() -> None:
    # the example of the Swiss implementation guidelines for QR-bills
    assert made_from("21 00000 00003 13947 14300 09017") == "21000000000313947143000901"
    good = "210000000003139471430009017"
    for place in range(27):
        for digit in "0123456789":
            wrong = good[:place] + digit + good[place + 1 :]
            assert made_from(wrong) == (good[:-1] if wrong == good else None)
    # so does every carry: ten last digits have ten check digits
    drawn = random.Random(0)
    for _ in range(40):
        body = "".join(drawn.choice("0123456789") for _ in range(25))
        checks = {check for last in "0123456789" for check in "0123456789" if made_from(body + last + check)}
        assert len(checks) == 10


def test_creditor_references_are_checked_modulo_97() -> None:
    # the example of ISO 11649
    assert made_from("RF18 5390 0754 7034") == "539007547034"
    assert made_from("rf18539007547034") == "539007547034"
    assert made_from("RF18 5390 0754 7035") is None
    assert made_from("RF19 5390 0754 7034") is None
    assert made_from("RF18") is None
    assert made_from("21 00000 00003 13947 14300 0901") is None


def test_a_reference_means_the_invoices_it_is_written_on_or_was_made_from() -> None:
    known = References(
        [(1, ["INV-0012"], "please quote RF18 5390 0754 7034"), (2, ["539007547034"], ""), (3, ["12"], "")]
    )
    # written on an invoice comes before made from a number
    assert known.invoices_of("RF18 5390 0754 7034") == [1]
    assert References([(2, ["539007547034"], "")]).invoices_of("rf18 539007547034") == [2]
    # leading zeros do not count, and a number of two signs is none to be sure of
    assert References([(4, ["0539-007547034"], "")]).invoices_of("RF18539007547034") == [4]
    assert known.invoices_of("") == known.invoices_of("RF00 1") == []
    assert References([(3, ["12"], "")]).invoices_of("0" * 24 + "12" + "3") == []
