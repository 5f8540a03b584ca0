"""Every mistake in a scenario is told at once, with its key, what was found and what to do."""

from __future__ import annotations

import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from payflow.errors import WorkspaceError
from payflow.policy.calendars import WEEKDAYS
from payflow.policy.scenario import read_scenario, work_out

#: The places whose business days are known here.
PLACES = {"DE": WEEKDAYS, "DE-BY": WEEKDAYS, "GB": WEEKDAYS}
GOOD: dict[str, Any] = {"amount": "1000", "currency": "EUR", "due_on": "2025-01-01"}


def problems(**said: Any) -> list[str]:
    """What is wrong with a good claim that says this too (None takes a key out)."""
    data = {key: value for key, value in (GOOD | said).items() if value is not None}
    with pytest.raises(WorkspaceError) as caught:
        read_scenario(data, today=date(2025, 1, 31), calendars=PLACES.get)
    found = [str(problem) for problem in caught.value.problems]
    assert all(problem.where and problem.found and problem.remedy for problem in caught.value.problems)
    return found


def interest(**said: Any) -> dict[str, Any]:
    return {"interest": {"annual": "8"} | said}


def fee(**said: Any) -> dict[str, Any]:
    return {"late_fee": said}


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"amount": None}, "amount: is missing"),
    ({"amount": "0"}, "amount: the amount is nothing"),
    ({"amount": "-5"}, "amount: '-5' is no amount"),
    ({"amount": "1,000.00"}, "amount: '1,000.00' is no amount"),
    ({"amount": "1" + "0" * 30}, f"amount: '1{'0' * 30}' has 31 digits before the point. Write at most 30."),
    ({"amount": "1.005"}, "amount: '1.005' has 3 decimals. Write at most 2: EUR has 2 decimals."),
    ({"amount": "1.5", "currency": "JPY"}, "amount: '1.5' has 1 decimals. Write at most 0: JPY has none."),
    ({"amount": 10.5}, "amount: a number with decimals stands where an amount belongs"),
    ({"amount": Decimal("10.5")}, "amount: a number with decimals stands where an amount belongs"),
    ({"amount": True}, "amount: true or false stands where an amount belongs"),
    ({"currency": None}, "currency: is missing"),
    ({"currency": "eur"}, "currency: 'eur' is no currency. Write it in capitals: \"EUR\"."),
    ({"currency": "EURO"}, "currency: 'EURO' is no currency"),
    ({"currency": 978}, "currency: a number stands where text belongs"),
    ({"due_on": None}, "due_on: is missing. Write due_on = 2025-05-14, or issued_on"),
    ({"due_on": None, "terms": "net-30"}, "issued_on: is missing"),
    ({"due_on": None, "issued_on": "2025-01-01"}, "terms: is missing"),
    ({"due_on": "14.05.2025"}, "due_on: '14.05.2025' stands where a day belongs"),
    ({"due_on": "0025-01-01"}, "due_on: 0025-01-01 is too far away to be meant. Write a year from 1900 to 2199."),
    ({"as_of": date(2200, 1, 1)}, "as_of: 2200-01-01 is too far away to be meant"),
    ({"due_on": "2025-W20-3"}, "due_on: '2025-W20-3' stands where a day belongs"),
    ({"due_on": "2025-02-30"}, "due_on: '2025-02-30' is no day of the calendar"),
    ({"due_on": datetime(2025, 1, 1, 9)}, "due_on: a date with a time stands where a day belongs"),  # noqa: DTZ001 (TOML's)
    ({"issued_on": "2025-01-02"}, "due_on: 2025-01-01 is before issued_on, 2025-01-02"),
    ({"terms": "net-30"}, "due_on: stands beside terms, and both say when it was due"),
    ({"due_on": None, "issued_on": "2025-01-01", "terms": "net"}, "terms: 'net' are no terms"),
    (
        {"due_on": None, "issued_on": "2025-01-01", "terms": ["30 days", "noon"]},
        "terms#2: 'noon' is no part of terms",
    ),
    ({"due_on": None, "issued_on": "2025-01-01", "terms": 30}, "terms: these are no terms"),
    ({"calendar": "Germany"}, "calendar: 'Germany' is no country that is known. Write a country or region of ISO 3166"),
    ({"calendar": "de"}, "calendar: 'de' is no country that is known"),
    ({"calendar": "ZZ-BY"}, "calendar: 'ZZ-BY' is no country that is known"),
    (
        {"due_on": None, "issued_on": "2025-01-01", "terms": ["next business day"], "calendar": "DE-XX"},
        "calendar: the holidays of 'DE-XX' are not known",
    ),
    (
        {"due_on": None, "issued_on": "2025-01-01", "terms": ["next business day in DE-XX"]},
        "terms: the holidays of 'DE-XX' are not known",
    ),
    (
        {"due_on": None, "issued_on": "2025-01-01", "terms": ["from delivery", "30 days"]},
        "terms: the terms count from",
    ),
    ({"as_of": "soon"}, "as_of: 'soon' stands where a day belongs"),
    ({"payments": {"on": "2025-01-02"}}, "payments: a table stands where a list belongs"),
    ({"payments": ["400"]}, "payments#1: text stands where a table belongs"),
    ({"payments": [{"on": "2025-01-02"}]}, "payments#1.amount: is missing"),
    ({"credits": [{"amount": "1"}]}, "credits#1.on: is missing"),
    ({"refunds": [{"on": "2025-01-02", "amount": "1", "why": ""}]}, "refunds#1.why: is no key"),
    ({"payments": [{"on": "2025-01-02", "amount": "-400"}]}, "payments#1.amount: '-400' is no amount"),
    ({"interest": "8"}, "interest: text stands where a table belongs"),
    ({"interest": {}}, "interest: no rate is named"),
    (interest(annual="8%"), "interest.annual: '8%' is no percentage"),
    (interest(annual="0"), "interest.annual: 0 % is not between 0 and 100"),
    (interest(annual="101"), "interest.annual: 101 % is not between 0 and 100"),
    (interest(annual=8.5), "interest.annual: a number with decimals stands where a percentage belongs"),
    (interest(monthly="1"), "interest.monthly: stands beside annual"),
    (interest(statute="uk"), "interest.statute: stands beside annual"),
    ({"interest": {"statute": "ukk"}}, "interest.statute: there is no statute 'ukk'. Did you mean 'uk'?"),
    (interest(day_count="act/365"), "interest.day_count: 'act/365' is not known here. Did you mean 'actual/365'?"),
    (interest(rounding="daily"), "interest.rounding: 'daily' is not known here"),
    (interest(mode=1), "interest.mode: a number stands here"),
    (interest(compound="weekly"), "interest.compound: 'weekly' is not known here"),
    (interest(grace=-1), "interest.grace: -1 is out of range"),
    (interest(grace="3"), "interest.grace: text stands where a whole number belongs"),
    (interest(grace={"mode": "count"}), "interest.grace.days: is missing"),
    (interest(grace={"days": 3, "mode": "wait"}), "interest.grace.mode: 'wait' is not known here"),
    (interest(grace={"days": 3, "until": 4}), "interest.grace.until: is no key"),
    (interest(floor="x"), "interest.floor: 'x' is no amount"),
    (interest(anual="8"), "interest.anual: is no key that is known here. Did you mean 'annual'?"),
    ({"late_fee": "25"}, "late_fee: text stands where a table belongs"),
    (fee(), "late_fee: the fee says nothing"),
    (fee(amount="25", percent="2"), "late_fee.take: is missing beside amount and percent"),
    (fee(amount="25", take="greater"), "late_fee.take: compares an amount with a percentage"),
    (fee(amount="25", percent="2", take="both"), "late_fee.take: 'both' is not known here"),
    (fee(amount={"EURO": "25"}), "late_fee.amount.EURO: 'EURO' is no currency"),
    (fee(amount={"EUR": "x"}), "late_fee.amount.EUR: 'x' is no amount"),
    (fee(amount="25", of="gross"), "late_fee.of: 'gross' is not known here"),
    (fee(amount="25", minimum="2", maximum="1"), "late_fee.maximum: is less than minimum"),
    (fee(amount="25", every="weekly"), "late_fee.every: 'weekly' is no rhythm"),
    (fee(amount="25", every="0 days"), "late_fee.every: '0 days' is no rhythm"),
    (fee(amount="25", grace=5000), "late_fee.grace: 5000 is out of range"),
    (fee(bands=[]), "late_fee.bands: no band is given"),
    (fee(bands=[{"amount": "1"}, {"amount": "2"}]), "late_fee.bands#1: has no limit, and bands follow it"),
    (
        fee(bands=[{"up_to": "9", "amount": "1"}, {"below": "9", "amount": "2"}]),
        "late_fee.bands#2.below: is not above the band before",
    ),
    (fee(bands=[{"up_to": "9", "below": "8", "amount": "1"}]), "late_fee.bands#1.below: stands beside up_to"),
    (fee(amount="1", bands=[{"amount": "1"}]), "late_fee.bands: stand beside an amount or a percentage"),
    (fee(bands=[{"up_to": "9"}]), "late_fee.bands#1: the fee says nothing"),
    ({"compensation": True}, "compensation: no statute is named that could grant one"),
    ({"compensation": "forty"}, "compensation: 'forty' is no amount"),
    ({"allocation": "principal"}, "allocation: 'principal' is not known here. Did you mean 'principal-first'?"),
    ({"calendar": 1}, "calendar: a number stands where text belongs"),
    ({"ammount": "5"}, "ammount: is no key that is known here. Did you mean 'amount'?"),
]

#: Further ones, whose words stand in the golden file alone.
MORE: list[dict[str, Any]] = [
    {"amount": "1" * 50},
    {"amount": []},
    {"amount": "5", "currency": "KWD", "interest": {"annual": "8", "floor": "1.2345"}},
    {"currency": ""},
    {"currency": "äöü"},
    {"currency": "x" * 30},
    {"due_on": 20250101},
    {"due_on": "x" * 60},
    {"due_on": date(1899, 12, 31)},
    {"due_on": None, "issued_on": "2025-01-01", "terms": ["30 days", 5]},
    {"due_on": None, "issued_on": "2025-01-01", "terms": "net-9999"},
    {"due_on": None, "issued_on": "2025-01-01", "terms": "45-eom"},
    {"payments": [5, {"amount": "1"}]},
    {"interest": {"monthly": "1", "daily": "1", "statute": "uk"}},
    {"interest": {"annual": "8", "compond": "none", "grace": {"days": 3651}}},
    interest(floor={"EUR": "x", "EURO": "1", "GBP": "1.005"}),
    interest(annual=Decimal("8.5")),
    interest(annual=True),
    interest(annual="0.0000000001"),
    interest(statute=5),
    interest(grace=True),
    interest(grace={"days": 3, "mode": 7}),
    fee(percent="150"),
    fee(amount={}),
    fee(amount={"EUR": "0", "gbp": "1"}),
    fee(amount=5.5),
    fee(percent="5", base="net"),
    fee(percent="5", base="gross", tax="20"),
    fee(percent="5", tax="20"),
    fee(percent="5", base="nett"),
    fee(percent="5", base="net", tax="x"),
    fee(percent="5", take="lesser"),
    fee(amount="5", percent="5", take=5),
    fee(amount="5", every=30),
    fee(amount="5", every="step"),
    fee(amount="5", every="3651 days"),
    fee(amount="5", every="two months"),
    fee(amount="5", every="99999 days"),
    fee(amount="5", grace="x"),
    fee(amount="5", minimum="x", maximum="y", cap="z"),
    fee(amount="5", minimum={"GBP": "5"}, maximum={"GBP": "4"}),
    fee(bands="x"),
    fee(bands=[5]),
    fee(bands=[{"below": "x", "percent": "y"}, {"amount": "1", "limit": "3"}]),
    fee(bands=[{"below": "100", "amount": "1"}, {"up_to": "100", "amount": "2"}, {"below": "50", "percent": "1"}]),
    fee(amount="1", percent="1", bands=[{"amount": "1", "percent": "1"}]),
    {"compensation": 5.5},
    {"allocation": 5},
    {"allocation": "x" * 50},
    {"calendar": " "},
    {"amount": None, "currency": None, "due_on": None},
]
GOLDEN = Path(__file__).with_name("mistakes.txt")


@pytest.mark.parametrize(("said", "expected"), MISTAKES)
def test_a_mistake_is_told(said: dict[str, Any], expected: str) -> None:
    found = problems(**said)
    assert [line for line in found if line.startswith(expected)], found
    assert len(found) == 1, found


def test_every_word_of_a_mistake_is_as_it_was_read_over() -> None:
    """`GOLDEN_UPDATE=1 python -m pytest FILE` writes what is told now; read it over before it stays."""
    told = [
        f"{said!r}\n" + "".join(f"    {line}\n" for line in problems(**said))
        for said in [*(said for said, _ in MISTAKES), *MORE]
    ]
    if os.environ.get("GOLDEN_UPDATE"):
        GOLDEN.write_text("\n".join(told), encoding="utf-8")
    assert "\n".join(told) == GOLDEN.read_text(encoding="utf-8")


def test_all_mistakes_are_told_at_once() -> None:
    found = problems(amount="x", currency="y", due_on="z", allocation="w", interest={"annual": "v"}, u=1)
    assert [line.split(":")[0] for line in found] == [
        "currency",
        "amount",
        "due_on",
        "interest.annual",
        "allocation",
        "u",
    ]


def test_the_day_asked_for_is_today_unless_it_is_named() -> None:
    scenario = read_scenario(GOOD, today=date(2025, 1, 31), calendars=lambda _: WEEKDAYS)
    assert work_out(scenario)[1].days_overdue == 30


def test_null_says_nothing() -> None:
    data = GOOD | {"terms": None, "interest": {"annual": None, "statute": "ch"}, "late_fee": None}
    assert read_scenario(data, today=date(2025, 1, 31), calendars=lambda _: WEEKDAYS).statute is not None
    with pytest.raises(WorkspaceError, match=r"currency: is missing[^$]*interest: no rate is named"):
        read_scenario(
            data | {"currency": None, "interest": {"annual": None}},
            today=date(2025, 1, 31),
            calendars=lambda _: WEEKDAYS,
        )


def test_whole_numbers_stand_for_themselves() -> None:
    data = GOOD | {"amount": 1000, "interest": {"annual": 36}, "due_on": date(2025, 1, 1)}
    scenario = read_scenario(data, today=date(2025, 1, 31), calendars=lambda _: WEEKDAYS)
    assert work_out(scenario)[1].interest == 2959


def test_a_part_of_a_country_is_asked_for_its_holidays_only_where_terms_move() -> None:
    data = {"amount": "1000", "currency": "EUR", "issued_on": "2025-01-01", "terms": "net-15", "calendar": "DE-XX"}
    assert read_scenario(data, today=date(2025, 1, 31), calendars=PLACES.get).place == "DE-XX"
    assert read_scenario(data | {"calendar": "GB"}, today=date(2025, 1, 31), calendars=PLACES.get).place == "GB"
