"""Exports of one system from several days, or from one moment, give one board in whichever order they are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import pytest

from formats_b.books import workbook
from formats_b.test_any_order_of_files import shown
from payflow import sync as syncing
from payflow.store import open_store
from stories.papers import settings
from stories.world import World


class Export(NamedTuple):
    """A file, and the moment at which it was saved."""

    moment: str
    content: str | bytes
    name: str = "export.csv"


def table(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


FRESHBOOKS = "Client Name,Invoice #,Date Issued,Date Due,Invoice Status,Date Paid,Line Total,Currency"
FRESHBOOKS_17 = "Client Name,Invoice #,Date Issued,Invoice Status,Date Paid,Line Total,Currency"
ZOHO = (
    "Invoice ID,Invoice Number,Invoice Date,Due Date,Invoice Status,Customer ID,Customer Name,Currency Code,Total,Balance,"
    "Last Payment Date"
)
WAVE = (
    "Transaction ID,Transaction Date,Transaction Description,Amount (One column), ,Customer,Invoice Number,"
    "Account Group,Account Type"
)
_OWED, _MONEY = "Asset,System Receivable Invoice", "Asset,Cash and Bank"
ODOO = "Number,Customer/ID,Invoice/Bill Date,Due Date,Amount Due,Total,Currency,Type,Status,Payment Status"
ERPNEXT = "ID,Customer,Date,Payment Due Date,Grand Total,Outstanding Amount,Currency,Status,Is Return,Return Against"
HARVEST = "Issue Date,Last Payment Date,ID,Client,Invoice Amount,Paid Amount,Balance,Currency"
STRIPE = (
    "id,Amount Due,Billing,Closed,Currency,Customer,Date (UTC),Due Date (UTC),Number,Paid,Subscription,Subtotal,"
    "Total Discount Amount,Applied Coupons,Tax,Tax Percent,Total,Amount Paid,Status"
)
STRIPE_PAYMENTS = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Customer Email,Invoice ID,Invoice Number"
)


def wave_issued(number: str, client: str, day: str, amount: str) -> str:
    return f"1{number},{day},{client} - {number},{amount},,{client},{number},{_OWED}"


def wave_paid(transaction: str, number: str, client: str, day: str, amount: str) -> list[str]:
    return [
        f"{transaction},{day},Invoice Payment,-{amount},,{client},{number},{_OWED}",
        f"{transaction},{day},Invoice Payment,{amount},,,,{_MONEY}",
    ]


def stripe_invoice(key: str, total: str, paid: str, status: str) -> str:
    days = "2026-10-01 10:00:00,2026-10-15 10:00:00"
    return f"{key},{total},send_invoice,false,gbp,cus_1,{days},N-{key},,,{total},0,,0,,{total},{paid},{status}"


def akaunting(*invoices: tuple[str, str, float], payments: Sequence[tuple[str, str, float]] = ()) -> bytes:
    head = [
        *("invoice_number", "order_number", "status", "invoiced_at", "due_at", "amount", "currency_code"),
        *("contact_name", "contact_email"),
    ]
    rows = [
        [number, "", status, "2026-10-01", "2026-10-15", amount, "GBP", "Acme Ltd", ""]
        for number, status, amount in invoices
    ]
    paid = [[number, "", day, amount, "GBP"] for number, day, amount in payments]
    return workbook(
        {
            "invoices": [head, *rows],
            "invoice_transactions": [
                ["invoice_number", "transaction_number", "paid_at", "amount", "currency_code"],
                *paid,
            ],
        }
    )


_EARLY, _LATER, _LAST = "2026-11-10T09:00", "2026-11-13T09:00", "2026-11-18T09:00"
SYSTEMS = {
    "freshbooks": [
        Export(_EARLY, table(FRESHBOOKS_17, "Acme,1,2026-10-01,sent,,100.00,GBP", "Acme,2,2026-10-02,sent,,50.00,GBP")),
        Export(
            _LATER,
            table(
                FRESHBOOKS,
                "Acme,1,2026-10-01,2026-10-15,paid,2026-11-12,60.00,GBP",
                "Acme,1,2026-10-01,2026-10-15,paid,2026-11-12,40.00,GBP",
                "Acme,2,2026-10-02,2026-10-16,partial,,50.00,GBP",
            ),
        ),
        Export(
            _LAST, table(FRESHBOOKS, "Acme,2,2026-10-02,2026-10-16,sent,,50.00,GBP", "B,3,2026-10-01,,draft,,7.00,GBP")
        ),
    ],
    "zoho": [
        Export(
            _EARLY,
            table(
                ZOHO,
                "11,I-1,2026-10-01,2026-10-15,Overdue,c1,Acme,GBP,100.00,100.00,",
                "12,I-2,2026-10-02,2026-10-16,Sent,c1,Acme,EUR,50.00,50.00,",
            ),
        ),
        Export(_LATER, table(ZOHO, "11,I-1,2026-10-01,2026-10-20,Partially Paid,c1,Acme,GBP,100.00,30.00,2026-11-12")),
        Export(
            _LAST,
            table(
                ZOHO,
                "11,I-1,2026-10-01,2026-10-15,Paid,c1,Acme Ltd,GBP,100.00,0.00,2026-11-17",
                "13,I-3,2026-10-03,2026-10-16,Void,c1,Acme Ltd,EUR,50.00,0.00,",
            ),
        ),
    ],
    "wave": [
        Export(
            _EARLY,
            table(
                WAVE,
                wave_issued("7", "Acme", "2026-10-01", "100.00"),
                *wave_paid("31", "7", "Acme", "2026-10-20", "40.00"),
            ),
        ),
        Export(
            _LATER,
            table(
                WAVE,
                wave_issued("8", "Acme", "2026-10-10", "50.00"),
                *wave_paid("32", "7", "Acme", "2026-11-11", "60.00"),
            ),
        ),
        Export(
            _LAST,
            table(
                WAVE,
                wave_issued("7", "Acme", "2026-10-01", "100.00"),
                *wave_paid("31", "7", "Acme", "2026-10-21", "40.00"),
                *wave_paid("33", "", "Acme", "2026-11-16", "5.00"),
            ),
        ),
    ],
    "harvest": [
        Export(_EARLY, table(HARVEST, "2026-10-01,,1,Acme,100.00,0.00,100.00,British Pound - GBP")),
        Export(_LATER, table(HARVEST, "2026-10-01,2026-11-12,1,Acme,100.00,40.00,60.00,British Pound - GBP")),
        Export(_LAST, table(HARVEST, "2026-10-01,2026-11-12,1,Acme,100.00,40.00,0.00,British Pound - GBP")),
    ],
    "odoo": [
        Export(
            _EARLY,
            table(
                ODOO,
                "INV/1,p1,2026-10-01,2026-10-15,100.00,100.00,GBP,Customer Invoice,Posted,Not Paid",
                "INV/2,p1,2026-10-02,2026-10-15,50.00,50.00,GBP,Customer Invoice,Posted,Not Paid",
                "RINV/1,p1,2026-10-03,2026-10-15,20.00,20.00,GBP,Customer Credit Note,Posted,Not Paid",
            ),
        ),
        Export(
            _LATER,
            table(
                ODOO,
                "INV/1,p1,2026-10-01,2026-10-15,0.00,100.00,GBP,Customer Invoice,Posted,In Payment",
                "INV/2,p1,2026-10-02,2026-10-15,30.00,50.00,GBP,Customer Invoice,Posted,Partially Paid",
                "RINV/1,p1,2026-10-03,2026-10-15,0.00,20.00,GBP,Customer Credit Note,Posted,Paid",
            ),
        ),
        Export(
            _LAST,
            table(
                ODOO,
                "INV/1,p1,2026-10-01,2026-10-15,0.00,100.00,GBP,Customer Invoice,Posted,Paid",
                "INV/3,p1,2026-10-02,2026-10-15,0.00,50.00,GBP,Customer Invoice,Posted,Reversed",
            ),
        ),
    ],
    "erpnext": [
        Export(
            _EARLY,
            table(
                ERPNEXT,
                "S-1,Acme,2026-10-01,2026-10-15,100.00,100.00,GBP,Overdue,0,",
                "S-2,Acme,2026-10-02,2026-10-15,-20.00,-20.00,GBP,Return,1,S-1",
            ),
        ),
        Export(
            _LATER,
            table(
                ERPNEXT,
                "S-1,Acme,2026-10-01,2026-10-15,100.00,80.00,GBP,Overdue,0,",
                "S-2,Acme,2026-10-02,2026-10-15,-20.00,0.00,GBP,Return,1,S-1",
            ),
        ),
        Export(_LAST, table(ERPNEXT, "S-1,Acme,2026-10-01,2026-10-15,100.00,30.00,GBP,Partly Paid,0,")),
    ],
    "stripe": [
        Export(
            _EARLY,
            table(
                STRIPE,
                stripe_invoice("in_1", "100.00", "0.00", "open"),
                stripe_invoice("in_2", "50.00", "0.00", "open"),
            ),
        ),
        Export(
            _LATER,
            table(
                STRIPE_PAYMENTS,
                "ch_1,2026-11-12 10:00:00,40.00,0.00,gbp,Paid,cus_1,a@acme.example,in_1,N-in_1",
                "ch_2,2026-11-12 11:00:00,50.00,10.00,gbp,Refunded,cus_1,a@acme.example,in_2,N-in_2",
            ),
        ),
        Export(
            _LAST,
            table(
                STRIPE,
                stripe_invoice("in_1", "100.00", "100.00", "paid"),
                stripe_invoice("in_2", "50.00", "50.00", "paid"),
            ),
        ),
    ],
    "akaunting": [
        Export(_EARLY, akaunting(("1", "sent", 100.0), ("2", "sent", 50.0)), "export.xlsx"),
        Export(
            _LATER,
            akaunting(("1", "partial", 100.0), ("2", "sent", 50.0), payments=[("1", "2026-11-12", 40.0)]),
            "export.xlsx",
        ),
        Export(
            _LAST,
            akaunting(
                ("1", "paid", 100.0),
                ("2", "cancelled", 50.0),
                payments=[("1", "2026-11-11", 40.0), ("1", "2026-11-16", 60.0)],
            ),
            "export.xlsx",
        ),
    ],
}


ORDERS = [(0, 1, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]


def check_boards(make: Callable[..., World], connector: str, exports: Sequence[Export], one_moment: bool) -> None:
    source = f'[[source]]\nname = "books"\nconnector = "{connector}"\nfiles = "exports/*"\ncurrency = "GBP"\n'
    first = None
    for order in ORDERS:
        world = make(toml=settings(sources=source))
        world.on("2026-11-20")
        with open_store(world.workspace.store_url, world.root, create=True) as store:
            for place in order:
                export = exports[place]
                path = world.root / "exports" / f"{place}-{export.name}"
                path.write_bytes(export.content if isinstance(export.content, bytes) else export.content.encode())
                moment = _LATER if one_moment else export.moment
                at = datetime.fromisoformat(moment).replace(tzinfo=world.zone).timestamp()
                os.utime(path, (at, at))
                syncing.import_file(store, world.workspace, path, connector=connector, now=world.now)
            board = shown(world, store)
        first = first or board
        assert board[0]["invoices"]
        assert board == first, order


@pytest.mark.parametrize("connector", SYSTEMS)
def test_exports_of_several_days_give_one_board_in_any_order(make: Callable[..., World], connector: str) -> None:
    check_boards(make, connector, SYSTEMS[connector], one_moment=False)


@pytest.mark.parametrize("connector", SYSTEMS)
def test_exports_that_contradict_each_other_at_one_moment_give_one_board_in_any_order(
    make: Callable[..., World], connector: str
) -> None:
    check_boards(make, connector, SYSTEMS[connector], one_moment=True)


def test_the_same_file_read_with_the_right_option_is_corrected(make: Callable[..., World]) -> None:
    world = make(toml=settings(sources='[[source]]\nname = "books"\nconnector = "zoho"\nfiles = "exports/*"\n'))
    world.on("2026-11-20")
    path = world.root / "exports" / "invoices.csv"
    path.write_text(table(ZOHO, "11,I-1,2026-10-01,2026-10-15,Overdue,c1,Acme,GBP,1.500,1.500,"))
    with open_store(world.workspace.store_url, world.root, create=True) as store:
        totals = []
        for marks in ("point", "comma", "point"):
            syncing.import_file(store, world.workspace, path, options={"decimal": marks}, now=world.now)
            totals += [one["outstanding"] for one in shown(world, store)[0]["invoices"]]
    assert totals == ["1.50", "1500.00", "1.50"]
