"""Dated stories of 2/10-net-30: who pays in time pays less, and owes nothing more."""

from __future__ import annotations

from pathlib import Path

import pytest

from stories.papers import ANY_HOUR, BOOKS, STEPS, invoice, settings
from stories.world import World


def world(root: Path) -> World:
    steps = STEPS.replace("day = -3", "day = -25")
    toml = settings(mail=ANY_HOUR, steps=steps, sources=BOOKS + "stale_after = 999\n")
    made = World(root, toml=toml.replace('terms = "net-15"', 'terms = "2/10-net-30"'))
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
