"""Dated stories of 2/10-net-30: who pays in time pays less, and owes nothing more."""

from __future__ import annotations

from pathlib import Path

import pytest

from stories.papers import ANY_HOUR, BOOKS, STEPS, invoice, settings
from stories.world import World


def world(root: Path) -> World:
    steps = STEPS.replace("day = -3", "day = -25")
    toml = settings(mail=ANY_HOUR, steps=steps, sources=BOOKS + "stale_after = 999\n", terms='"2/10-net-30"')
    made = World(root, toml=toml)
    made.on("2026-10-20").books(invoice("INV-0012", "3000.00", due="")).begin()
    return made


@pytest.mark.parametrize(
    ("seen_unpaid", "seen_paid", "amount", "outstanding", "state"),
    [
        ("2026-10-29", "2026-10-30", "2940.00", 0, "paid"),
        ("2026-10-29", "2026-10-30", "2939.99", 6001, "open"),
        ("2026-10-30", "2026-10-31", "2940.00", 6000, "open"),
        ("2026-10-29", "2026-10-30", "2950.00", 0, "paid"),
        ("2026-10-29", "2026-10-30", "3000.00", 0, "paid"),
    ],
)
def test_a_payment_in_time_that_covers_the_rest_settles_the_invoice(
    tmp_path: Path, seen_unpaid: str, seen_paid: str, amount: str, outstanding: int, state: str
) -> None:
    made = world(tmp_path)
    made.on(seen_unpaid).books(invoice("INV-0012", "3000.00", due="")).sync()
    made.on(seen_paid).books(invoice("INV-0012", "3000.00", due="", paid=amount)).sync()
    view = made.view("INV-0012")
    assert (view.outstanding, view.state.word) == (outstanding, state)
    # the price is lower, and what waits for the deposit may start
    assert made.verdict("design").open == (state == "paid")
    made.run("2026-12-20")
    assert bool(made.mails("accounts@acme.example")) == (state != "paid")


def test_a_letter_before_the_last_day_says_what_settles_the_invoice(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.run("2026-10-25")
    [letter] = made.mails("accounts@acme.example")
    assert "If you send 2,940.00 GBP by 30 October 2026, the invoice is settled: 60.00 GBP is taken off" in letter.flat


def test_a_payment_that_goes_back_takes_the_discount_with_it(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.on("2026-10-25").books(invoice("INV-0012", "3000.00", due="", paid="2940.00")).sync()
    assert made.view("INV-0012").outstanding == 0
    made.on("2026-11-02").books(invoice("INV-0012", "3000.00", due="")).sync()
    assert made.view("INV-0012").outstanding == 300_000


HALVES = """\
instalments = [
    { percent = "30", terms = "2/10-net-15" },
    { percent = "30", terms = "3/30-net-60" },
    { terms = "net-90" },
]
"""


def in_instalments(root: Path) -> World:
    """3,000.00: 900.00, of which 18.00 go off by 30 October, 900.00, of which 27.00 go off by 19 November, and 1,200.00."""
    steps = STEPS.replace("day = -3", "day = -14")
    toml = settings(mail=ANY_HOUR, steps=steps, sources=BOOKS + "stale_after = 999\n", terms="", policy=HALVES)
    made = World(root, toml=toml)
    return made.on("2026-10-20").books(invoice("INV-0012", "3000.00", due="")).begin()


def part_paid(made: World, seen_unpaid: str, seen_paid: str, *, before: str, after: str) -> World:
    made.on(seen_unpaid).books(invoice("INV-0012", "3000.00", due="", paid=before)).sync()
    made.on(seen_paid).books(invoice("INV-0012", "3000.00", due="", paid=after)).sync()
    return made


@pytest.mark.parametrize(
    ("seen_unpaid", "seen_paid", "amount", "left"),
    [
        # all but 18.00 in time
        ("2026-10-29", "2026-10-30", "882.00", [0, 90000, 120000]),
        ("2026-10-29", "2026-10-30", "881.99", [1801, 90000, 120000]),
        ("2026-10-30", "2026-10-31", "882.00", [1800, 90000, 120000]),
        # who pays the whole by then has earned it as well: 18.00 go to the next one
        ("2026-10-29", "2026-10-30", "900.00", [0, 88200, 120000]),
        # both at once, each without its discount
        ("2026-10-29", "2026-10-30", "1755.00", [0, 0, 120000]),
        # too late for the first, in time for the second
        ("2026-11-18", "2026-11-19", "1773.00", [0, 0, 120000]),
        ("2026-11-18", "2026-11-19", "1772.99", [0, 2701, 120000]),
        ("2026-11-19", "2026-11-20", "1773.00", [0, 2700, 120000]),
        # the last one has none
        ("2026-10-29", "2026-10-30", "2955.00", [0, 0, 0]),
        ("2026-10-29", "2026-10-30", "2954.99", [0, 0, 1]),
        # nothing is given beyond what was asked
        ("2026-10-29", "2026-10-30", "3000.00", [0, 0, 0]),
    ],
)
def test_an_instalment_that_is_paid_in_time_earns_the_discount_of_its_terms(
    tmp_path: Path, seen_unpaid: str, seen_paid: str, amount: str, left: list[int]
) -> None:
    made = part_paid(in_instalments(tmp_path), seen_unpaid, seen_paid, before="0.00", after=amount)
    view = made.view("INV-0012")
    assert [one.outstanding for one in view.instalments] == left
    assert view.outstanding == sum(left)


def test_letters_about_an_instalment_name_its_discount_alone(tmp_path: Path) -> None:
    made = in_instalments(tmp_path).every_day("2026-10-20", "2026-12-06")
    first, *_, last = made.mails("accounts@acme.example")
    assert "INV-0012, instalment 1 of 3" in first.subject
    assert "If you send 882.00 GBP by 30 October 2026, the instalment is settled: 18.00 GBP is taken off" in first.flat
    # 5 December is two weeks before the second is due, and past its discount
    assert "INV-0012, instalment 2 of 3" in last.subject
    assert "is taken off" not in last.flat


def test_a_discount_of_an_instalment_goes_with_money_that_goes_back(tmp_path: Path) -> None:
    made = part_paid(in_instalments(tmp_path), "2026-10-24", "2026-10-25", before="0.00", after="882.00")
    assert [one.outstanding for one in made.view("INV-0012").instalments] == [0, 90000, 120000]
    made.on("2026-11-02").books(invoice("INV-0012", "3000.00", due="", paid="800.00")).sync()
    assert [one.outstanding for one in made.view("INV-0012").instalments] == [10000, 90000, 120000]
