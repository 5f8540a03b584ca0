"""Reports of one system beside each other: what one does not tell takes nothing away from what another told."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import permutations

import pytest

from payflow import sync as syncing
from payflow.model.facts import State
from payflow.model.invoice_view import Flag
from payflow.store import open_store
from stories.papers import settings
from stories.world import World
from stripe_api import exported
from xero_exports import sales_export, sales_invoice

SOURCE = '[[source]]\nname = "books"\nconnector = "{}"\nfiles = "exports/*.csv"\ncurrency = "GBP"\n'
#: Name, text and the moment at which it was saved.
File = tuple[str, str, str]


def read(world: World, files: Sequence[File], today: str = "2026-11-20") -> World:
    """Import files one after the other."""
    world.on(today)
    if world._store is None:
        world._store = open_store(world.workspace.store_url, world.root, create=True)
    for name, text, saved in files:
        path = world.root / "exports" / name
        path.write_text(text, "utf-8")
        moment = datetime.fromisoformat(saved).replace(tzinfo=world.zone).timestamp()
        os.utime(path, (moment, moment))
        syncing.import_file(world.store, world.workspace, path, now=world.now)
    return world


def sales(day: str, paid: str, due: str) -> File:
    row = sales_invoice("INV-0012", "Acme Ltd", "20/10/2026", "04/11/2026", "1000.00", paid, due)
    return f"sales-{day}.csv", sales_export([row]), f"{day} 09:00"


def aged(day: str, due: str) -> File:
    title = f"Aged Receivables Detail\nStudio North\nAs at {day}\n\n"
    header = "Invoice Number,Invoice Date,Due Date,Invoice Reference,< 1 Month,1 Month,Older,Total"
    rows = f"Acme Ltd,,,,,,,\nINV-0012,20/10/2026,04/11/2026,,{due},,,0.00\nTotal Acme Ltd,,,,0.00,,,0.00\n"
    return f"aged-{day}.csv", f"{title}{header}\n{rows}", f"{day} 12:00"


@pytest.mark.parametrize(
    ("files", "paid", "outstanding"),
    [
        pytest.param(
            [sales("2026-11-08", "0.00", "1000.00"), aged("2026-11-15", "400.00")], 60000, 40000, id="aged later"
        ),
        pytest.param(
            [sales("2026-11-15", "600.00", "400.00"), aged("2026-11-08", "400.00")], 60000, 40000, id="aged first"
        ),
        pytest.param(
            [sales("2026-11-06", "600.00", "400.00"), aged("2026-11-10", "400.00"), aged("2026-11-14", "150.00")],
            *(85000, 15000),
            id="aged twice",
        ),
    ],
)
def test_what_is_open_is_no_new_total(
    make: Callable[..., World], files: list[File], paid: int, outstanding: int
) -> None:
    for order in permutations(files):
        world = read(make(toml=settings(sources=SOURCE.format("xero"))), [*order, *order])
        view = world.view("INV-0012")
        assert (view.total, view.paid, view.outstanding, view.state) == (100000, paid, outstanding, State.OVERDUE), (
            order
        )
        assert Flag.REFUNDED not in view.flags


def test_an_aged_report_alone_asks_for_what_is_open(make: Callable[..., World]) -> None:
    world = read(make(toml=settings(sources=SOURCE.format("xero"))), [aged("2026-11-15", "400.00")])
    view = world.view("INV-0012")
    assert (view.total, view.outstanding, view.state) == (40000, 40000, State.OVERDUE)


LISTED = "Date,Transaction type,Num,Name,Memo,Due date,Amount,Open balance\n"
BILLED = "Date,Transaction type,Num,Posting (Y/N),Name,Memo,Account name,Split,Amount\n"


def listed(day: str, due: str) -> File:
    return (
        f"list-{day}.csv",
        f"All Dates\n{LISTED}2026-10-20,Invoice,INV-0012,Acme Ltd,,2026-11-04,1000.00,{due}\n",
        f"{day} 09:00",
    )


def billed(day: str, amount: str = "1000.00") -> File:
    row = f"2026-10-20,Invoice,INV-0012,Y,Acme Ltd,,A/R,Services,{amount}\n"
    return f"billed-{day}.csv", f"All Dates\n{BILLED}{row}", f"{day} 09:00"


def test_an_invoice_of_which_nobody_says_what_is_open_is_unknown_and_never_chased(make: Callable[..., World]) -> None:
    world = read(make(toml=settings(sources=SOURCE.format("quickbooks"))), [billed("2026-11-19")])
    world.live("2026-10-01")
    view = world.view("INV-0012")
    assert (view.state, view.next_step) == (State.UNKNOWN, None)
    (need,) = [one for one in world.decision().needs if one.code == "invoice-unknown"]
    assert need.text == "INV-0012 (Acme Ltd): no reading of books says what is open of it"
    world.ruling("confirm", "INV-0012", outcome="open", on=None)
    assert world.view("INV-0012").state is State.OVERDUE
    read(world, [listed("2026-11-20", "0.00")])
    assert world.view("INV-0012").state is State.PAID


def test_a_list_of_what_was_billed_neither_changes_nor_freshens_what_is_open(make: Callable[..., World]) -> None:
    files = [listed("2026-11-01", "400.00"), billed("2026-11-19", "1100.00")]
    for order in permutations(files):
        view = read(make(toml=settings(sources=SOURCE.format("quickbooks"))), order).view("INV-0012")
        assert (view.total, view.outstanding) == (100000, 40000)
        assert Flag.STALE in view.flags


def stripe_invoices(day: str, paid: str, status: str) -> File:
    row = exported.row("in_1", "1000.00", paid, status, client="cus_1", number="NORTH-0001")
    return f"invoices-{day}.csv", f"{exported.HEADER}\n{row}\n", f"{day} 09:00"


def stripe_payments(day: str, *rows: str) -> File:
    header = "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Invoice ID,Invoice Number"
    return f"unified_payments-{day}.csv", "\n".join([header, *rows]) + "\n", f"{day} 10:00"


def test_payments_of_stripe_date_what_its_invoices_only_add_up(make: Callable[..., World]) -> None:
    files = [
        stripe_invoices("2026-11-10", "1000.00", "paid"),
        stripe_payments("2026-11-12", "ch_1,2026-10-12 23:30:00,1000.00,0.00,gbp,Paid,cus_1,in_1,NORTH-0001"),
    ]
    for order in permutations(files):
        world = read(make(toml=settings(sources=SOURCE.format("stripe"))), order)
        assert world.view("NORTH-0001").state is State.PAID
        entries = [(str(one.on), one.amount, one.inferred) for one in world.explain("NORTH-0001").entries]
        assert entries == [("2026-10-13", 100000, False)]


def test_a_refund_told_by_the_payments_shuts_what_invoices_csv_still_calls_paid(make: Callable[..., World]) -> None:
    files = [
        stripe_invoices("2026-11-10", "1000.00", "paid"),
        stripe_payments("2026-11-12", "ch_1,2026-10-12 12:00:00,1000.00,250.00,gbp,Paid,cus_1,in_1,NORTH-0001"),
    ]
    for order in permutations(files):
        view = read(make(toml=settings(sources=SOURCE.format("stripe"))), order).view("NORTH-0001")
        assert view.outstanding == 25000
