"""Payments that a file of their own tells, or a ledger of some months, whichever file comes first."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from payflow import sync as syncing
from payflow.model.facts import State
from payflow.policy.sightings import Sighting, untold
from payflow.store import open_store
from stories.papers import settings
from stories.world import World

NINJA = '[[source]]\nname = "books"\nconnector = "invoiceninja"\nfiles = "exports/*.csv"\ncurrency = "GBP"\n'
NINJA += 'date_format = "month-first"\n'
WAVE = NINJA.replace("invoiceninja", "wave").replace('date_format = "month-first"\n', "")
#: Day and amount of a payment, as this business writes them.
Paid = tuple[str, str]


def ninja_invoices(made: str, paid: str) -> str:
    header = "Client,Email,Invoice Number,Amount,Paid,PO Number,Status,Invoice Date,Due Date"
    row = f'Acme Ltd,,0102,"$3,600.00","${paid}",,Partial,2026-10-01,2026-10-31'
    return f'"Invoice Ninja v4.5.17 - {made} 8:00 am"\n\nINVOICES\n{header}\n{row}\n'


def ninja_payments(made: str, *paid: Paid) -> str:
    rows = "".join(f'"Acme Ltd","0102","{amount}","{day}"\n' for day, amount in paid)
    title = f'"Invoice Ninja v4.5.17 - {made} 8:00 am"\n\nPAYMENTS\n'
    return f'{title}"Client","Invoice Number","Amount","Date"\n"Brook Ltd","0900","$1.00 ","1/31/2026"\n{rows}'


def wave(*rows: str) -> str:
    header = "Transaction ID,Transaction Date,Transaction Description,Amount (One column), ,Customer,Invoice Number"
    return "\n".join([f"{header},Account Group,Account Type", *rows]) + "\n"


def wave_invoice(key: str, day: str, amount: str) -> list[str]:
    return [
        f"{key},{day},Acme Ltd - 7 - Work,{amount},,Acme Ltd,7,Income,Income",
        f"{key},{day},Acme Ltd - 7,{amount},,Acme Ltd,7,Asset,System Receivable Invoice",
    ]


def wave_payment(key: str, day: str, amount: str) -> list[str]:
    return [
        f"{key},{day},Invoice Payment,-{amount},,Acme Ltd,7,Asset,System Receivable Invoice",
        f"{key},{day},Invoice Payment,{amount},,,,Asset,Cash and Bank",
    ]


def wave_sale(key: str, day: str) -> list[str]:
    return [f"{key},{day},Till,5.00,,,,Income,Income", f"{key},{day},Till,5.00,,,,Asset,Cash and Bank"]


def read(world: World, files: Sequence[tuple[str, str]]) -> World:
    """Import files one after the other; each is text and the moment at which it was saved."""
    world.on("2026-11-20")
    world._store = open_store(world.workspace.store_url, world.root, create=True)
    for index, (text, saved) in enumerate(files):
        path = Path(world.root / "exports" / f"{index}.csv")
        path.write_text(text, "utf-8")
        moment = datetime.fromisoformat(saved).replace(tzinfo=world.zone).timestamp()
        os.utime(path, (moment, moment))
        syncing.import_file(world.store, world.workspace, path, now=world.now)
    return world


def told(world: World, number: str) -> list[tuple[str, int, bool]]:
    """Day, amount and whether it is inferred, of every entry; none for an invoice that is not known."""
    if not [one for one in world.decision().invoices if one.number == number]:
        return []
    return [(str(one.on), one.amount, one.inferred) for one in world.explain(number).entries]


def in_every_order(make: Callable[..., World], source: str, files: Sequence[tuple[str, str]], number: str) -> list[Any]:
    """What is told of an invoice, which must not depend on the order in which the files are read, nor on their repetition."""
    found = []
    for order in permutations(files):
        world = read(make(toml=settings(sources=source)), [*order, order[0]])
        view = world.view(number)
        found.append([told(world, number), view.outstanding, str(view.state)])
    assert all(one == found[0] for one in found), found
    return found[0]


@pytest.mark.parametrize(
    ("files", "entries"),
    [
        pytest.param(
            [
                (ninja_invoices("November 1, 2026", "1,000.00"), "2026-11-19"),
                (
                    ninja_payments("November 12, 2026", ("10/20/2026", "$1,000.00 "), ("11/2/2026", "$600.00 ")),
                    "2026-11-19",
                ),
                (ninja_invoices("November 12, 2026", "1,600.00"), "2026-11-19"),
            ],
            [("2026-10-20", 100000, False), ("2026-11-02", 60000, False)],
            id="payments as of the newest list are not counted twice",
        ),
        pytest.param(
            [
                (ninja_payments("November 1, 2026", ("10/20/2026", "$1,000.00 ")), "2026-11-19"),
                (ninja_invoices("November 5, 2026", "1,000.00"), "2026-11-19"),
                (ninja_invoices("November 12, 2026", "1,600.00"), "2026-11-19"),
            ],
            [("2026-10-20", 100000, False), ("2026-11-06", 60000, True)],
            id="what the payments do not tell yet is inferred",
        ),
        pytest.param(
            [
                (ninja_invoices("November 1, 2026", "1,000.00"), "2026-11-19"),
                (
                    ninja_payments("November 2, 2026", ("10/20/2026", "$1,000.00 "), ("11/2/2026", "$600.00 ")),
                    "2026-11-19",
                ),
                (
                    ninja_payments("November 12, 2026", ("10/20/2026", "$1,000.00 "), ("11/10/2026", "($50.00)")),
                    "2026-11-19",
                ),
            ],
            [("2026-10-20", 100000, False), ("2026-11-10", -5000, False)],
            id="a payment that a newer list lacks is gone",
        ),
    ],
)
def test_a_list_of_payments_and_lists_of_invoices_make_one_history(
    make: Callable[..., World], files: list[tuple[str, str]], entries: list[tuple[str, int, bool]]
) -> None:
    found, outstanding, _ = in_every_order(make, NINJA, files, "0102")
    assert found == entries
    assert outstanding == 360000 - sum(amount for _, amount, _ in entries)


def test_an_invoice_first_named_by_a_payment_keeps_its_identity_and_learns_its_number(
    make: Callable[..., World],
) -> None:
    world = make(toml=settings(sources=NINJA))
    payments = (ninja_payments("November 12, 2026", ("10/20/2026", "$1,000.00 ")), "2026-11-19")
    read(world, [payments])
    assert not world.decision().invoices
    before = dict(world.store.query("SELECT key, id FROM identity"))
    read(world, [(ninja_invoices("November 12, 2026", "1,000.00"), "2026-11-19")])
    assert world.store.query("SELECT id, number FROM identity WHERE key = '0102'") == [(before["0102"], "0102")]
    assert world.view("0102").paid == 100000
    assert world.verify() == []


SEPTEMBER = wave(*wave_invoice("1", "2026-09-03", "500.00"), *wave_sale("2", "2026-09-30"))
OCTOBER = wave(*wave_sale("3", "2026-10-01"), *wave_payment("4", "2026-10-12", "200.00"), *wave_sale("5", "2026-10-31"))
NOVEMBER = wave(*wave_sale("6", "2026-11-01"), *wave_payment("7", "2026-11-12", "300.00"))


def test_months_of_a_ledger_make_one_history_in_any_order(make: Callable[..., World]) -> None:
    files = [(SEPTEMBER, "2026-11-13"), (OCTOBER, "2026-11-13"), (NOVEMBER, "2026-11-13")]
    assert in_every_order(make, WAVE, files, "7") == [
        [("2026-10-12", 20000, False), ("2026-11-12", 30000, False)],
        0,
        str(State.PAID),
    ]


def test_a_month_read_again_takes_back_what_it_no_longer_holds(make: Callable[..., World]) -> None:
    again = wave(
        *wave_sale("3", "2026-10-01"), *wave_payment("8", "2026-10-14", "150.00"), *wave_sale("5", "2026-10-31")
    )
    files = [(SEPTEMBER, "2026-11-13"), (OCTOBER, "2026-11-13"), (again, "2026-11-14")]
    entries, outstanding, _ = in_every_order(make, WAVE, files, "7")
    assert (entries, outstanding) == ([("2026-10-14", 15000, False)], 35000)


def test_a_payment_in_the_books_own_table_replaces_what_was_inferred(make: Callable[..., World]) -> None:
    source = WAVE.replace("wave", "invoice2go")
    header = "Id,DocumentNumber,Name,DocumentDate,Payments,CurrencyCode,TotalAmount,BalanceDueAmount,AmountPaidAmount"
    told_row = '{},"date,amount;2026-10-20,100",GBP,500,400,100'
    first = f"{header}\n{'a,7,Acme Ltd,2026-10-01'},,GBP,500,500,0\n"
    second = f"{header}\n{told_row.format('a,7,Acme Ltd,2026-10-01')}\n"
    taken_back = f"{header}\n{'a,7,Acme Ltd,2026-10-01'},,GBP,500,500,0\n"
    files = [(first, "2026-10-10"), (second, "2026-11-01")]
    assert in_every_order(make, source, files, "7")[:2] == [[("2026-10-20", 10000, False)], 40000]
    entries, outstanding, _ = in_every_order(make, source, [*files, (taken_back, "2026-11-03")], "7")
    assert (sum(amount for _, amount, _ in entries), outstanding) == (0, 50000)


@pytest.mark.parametrize(
    ("paid", "payments", "left"),
    [
        ([0, 600], [(15, 600)], [0, 0]),
        ([0, 600], [(15, 400)], [0, 200]),
        ([0, 600], [(25, 400)], [0, 600]),  # sent after the last sighting, which does not show it
        ([300, 600], [(5, 300)], [0, 300]),
        ([0, 0], [(5, 300)], [0, 0]),  # entered late, with an early day
        ([0, 200], [(12, 600), (18, -400)], [0, 0]),
        ([0, 600], [(12, 600), (18, -400)], [0, 0]),  # books that do not take refunds off
        ([600, 200], [(5, 600), (18, -400)], [0, 0]),
        ([300, 100], [(5, 300), (15, 200), (18, -400)], [0, 0]),
        ([0, 600], [], [0, 600]),
    ],
)
def test_what_balances_show_beyond_known_payments(
    paid: list[int], payments: list[tuple[int, int]], left: list[int]
) -> None:
    days = (10, 20)
    sightings = [Sighting(f"2026-01-{day}", day, amount, 0) for day, amount in zip(days, paid, strict=True)]
    assert [seen.paid for seen in untold(sightings, payments)] == left
