"""Dated stories of terms that count from the day the work was delivered or accepted, which the contract file tells."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from stories.papers import ACME, ANY_HOUR, BOOKS, invoice, settings
from stories.world import World


def world(root: Path, terms: str, said: str = "", *, due: str = "") -> World:
    toml = settings(mail=ANY_HOUR, sources=BOOKS + "stale_after = 999\n").replace(
        'terms = "net-15"', f"terms = {terms}"
    )
    made = World(root, toml=toml, acme_website=contract(said))
    made.on("2026-10-20").books(invoice("INV-0012", "3000.00", due=due)).begin()
    return made


def contract(said: str) -> str:
    return ACME.replace('invoices = ["INV-0012"]', f'invoices = ["INV-0012"]\n{said}')


@pytest.mark.parametrize(
    ("terms", "key", "day", "due"),
    [
        ('["from receipt", "14 days"]', "received", "2026-10-23", date(2026, 11, 6)),
        ('["from delivery", "1 month"]', "delivered", "2026-10-31", date(2026, 11, 30)),
        ('["from acceptance", "end of month", "day 10"]', "accepted", "2026-11-03", date(2026, 12, 10)),
        # delivered long before it was invoiced: nothing is due before there is an invoice
        ('["from delivery", "10 days"]', "delivered", "2026-09-01", date(2026, 10, 20)),
    ],
)
def test_the_milestone_tells_the_day_that_terms_count_from(
    tmp_path: Path, terms: str, key: str, day: str, due: date
) -> None:
    made = world(tmp_path, terms)
    view = made.view("INV-0012")
    assert (view.due_on, view.state.word, view.days_overdue) == (None, "open", 0)
    assert f"write `{key}`" in view.due_why
    made.run("2026-12-30")
    assert (made.mails("accounts@acme.example"), made.view("INV-0012").state.word) == ([], "open")
    made.contract("acme_website", contract(f"{key} = {day}"))
    view = made.view("INV-0012")
    assert (view.due_on, day in view.due_why) == (due, True)
    made.run("2026-12-31")
    assert len(made.mails("accounts@acme.example")) == 1


def test_a_printed_due_date_does_not_make_due_what_was_not_delivered(tmp_path: Path) -> None:
    made = world(tmp_path, '["from delivery", "10 days"]', due="2026-11-04")
    assert made.view("INV-0012").due_on is None
    made.contract("acme_website", contract("delivered = 2026-10-22"))
    # the later of the two counts
    assert made.view("INV-0012").due_on == date(2026, 11, 4)
