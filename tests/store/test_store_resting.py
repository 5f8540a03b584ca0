"""Whoever writes to the mirror wakes the invoices that he writes about, and no others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from payflow.store import Store, Transaction, mirror, mirror_writes, resting
from payflow.store.mirror import BankLineRow, ClientRow, EntryRow, InvoiceRow, ReadingRow
from payflow.store.resting import Kept, Rest

AT = "2026-11-05T09:00:00.000000Z"
UNDER = Kept("basis", 7, date(2026, 11, 5))
TODAY = 20_762


def _invoice(number: int, client: str, total: int = 100) -> InvoiceRow:
    key = f"k{number}"
    return InvoiceRow(
        *(
            number,
            "books",
            key,
            key,
            client,
            "GBP",
            total,
            0,
            None,
            total,
            20_000,
            None,
            None,
            "open",
            "",
            "",
            0,
            AT,
            AT,
        )
    )


def _entry(key: str, invoice: int | None, amount: int = 10) -> EntryRow:
    return EntryRow("books", key, invoice, "a", "payment", 20_001, amount, "GBP", "settled")


@pytest.fixture
def kept(store: Store) -> Store:
    """Six invoices, three of a client each, with two entries; all of them rest."""
    with store.transaction() as tx:
        mirror_writes.write_clients(tx, [ClientRow("books", "a", "A Ltd"), ClientRow("books", "b", "B Ltd")])
        mirror_writes.write_invoices(tx, [_invoice(number, "a" if number < 4 else "b") for number in range(1, 7)])
        mirror_writes.write_entries(tx, [_entry("p1", 1), _entry("p2", 4)])
        rests = [Rest(number, "acme", TODAY + 9, None) for number in range(1, 7)]
        resting.keep(tx, UNDER, mirror.counter(tx), rests, None)
    return store


#: What is written, and which invoices it wakes.
WRITES: list[tuple[str, Callable[[Transaction], object], set[int]]] = [
    ("an invoice", lambda tx: mirror_writes.write_invoices(tx, [_invoice(2, "a", 200)]), {2}),
    ("an invoice again", lambda tx: mirror_writes.write_invoices(tx, [_invoice(2, "a")]), set()),
    ("a new invoice", lambda tx: mirror_writes.write_invoices(tx, [_invoice(9, "a")]), {9}),
    ("a client's name", lambda tx: mirror_writes.write_clients(tx, [ClientRow("books", "b", "Bee Ltd")]), {4, 5, 6}),
    (
        "a client again and another",
        lambda tx: mirror_writes.write_clients(
            tx, [ClientRow("books", "b", "B Ltd"), ClientRow("books", "c", "C Ltd")]
        ),
        set(),
    ),
    ("a payment", lambda tx: mirror_writes.write_entries(tx, [_entry("p3", 6)]), {6}),
    (
        "a payment again and another",
        lambda tx: mirror_writes.write_entries(tx, [_entry("p1", 1), _entry("p3", 6)]),
        {6},
    ),
    ("a payment on another invoice", lambda tx: mirror_writes.write_entries(tx, [_entry("p1", 5)]), {1, 5}),
    ("a payment that is credit now", lambda tx: mirror_writes.write_entries(tx, [_entry("p1", None)]), {1}),
    ("a payment gone", lambda tx: mirror_writes.delete_entries(tx, "books", ["p2", "none"]), {4}),
    ("missing invoices", lambda tx: mirror_writes.mark_unknown(tx, [3, 5], AT), {3, 5}),
    ("invoices listed again", lambda tx: mirror_writes.listed_again(tx, [3, 5], "2026-11-06T09:00:00.000000Z"), set()),
    (
        "a reading",
        lambda tx: mirror_writes.add_reading(tx, ReadingRow(0, "books", "all", AT, 1, None, None, 0, "x", "", AT)),
        set(),
    ),
    (
        "a bank line",
        lambda tx: mirror_writes.write_bank_lines(
            tx, [BankLineRow("bank", "1", "", 20_000, None, 5, "GBP", "", "", "", "", "", "transfer", "")]
        ),
        set(),
    ),
]


@pytest.mark.parametrize(("what", "write", "woken"), WRITES, ids=[what for what, _, _ in WRITES])
def test_a_write_wakes_what_it_is_about(
    kept: Store, what: str, write: Callable[[Transaction], object], woken: set[int]
) -> None:
    with kept.transaction() as tx:
        write(tx)
    assert set(resting.awake(kept, TODAY)) == woken, what
    assert resting.kept(kept, mirror.counter(kept)) == UNDER


def test_a_write_that_does_not_say_what_it_is_about_leaves_nothing_at_rest(kept: Store) -> None:
    with kept.transaction() as tx:
        mirror_writes.touch(tx)
    assert resting.kept(kept, mirror.counter(kept)) is None
    with kept.transaction() as tx:
        mirror_writes.write_invoices(tx, [_invoice(2, "a", 200)])
    assert resting.kept(kept, mirror.counter(kept)) is None


def test_an_invoice_whose_day_has_come_does_not_rest(kept: Store) -> None:
    with kept.transaction() as tx:
        resting.keep(
            tx, UNDER, mirror.counter(tx), [Rest(2, "acme", TODAY, None), Rest(3, "acme", TODAY + 1, 5)], [2, 3]
        )
    assert resting.awake(kept, TODAY) == [2]
    assert set(resting.awake(kept, TODAY + 1)) == {2, 3}


def test_invoices_that_were_looked_at_rest_only_if_it_is_said_again(kept: Store) -> None:
    with kept.transaction() as tx:
        resting.keep(tx, UNDER, mirror.counter(tx), [Rest(2, "acme", TODAY + 1, None)], [1, 2])
    assert resting.awake(kept, TODAY) == [1]


def test_what_rests_is_found_by_client_and_by_the_charge_that_stands(kept: Store) -> None:
    rests = [Rest(1, "acme", TODAY + 1, 2500), Rest(2, "acme", TODAY + 1, None), Rest(3, "beta", TODAY + 1, -1)]
    with kept.transaction() as tx:
        resting.keep(tx, UNDER, mirror.counter(tx), rests, None)
    assert {one.invoice for one in resting.of_clients(kept, ["acme"])} == {1, 2}
    assert resting.of_clients(kept, ["acme", "beta", "none"], asking=True) == [rests[0], rests[2]]


def test_what_is_forgotten_does_not_rest(kept: Store) -> None:
    with kept.transaction() as tx:
        resting.forget(tx)
    assert len(resting.awake(kept, TODAY)) == 6
    assert not resting.is_kept(kept)
    with kept.transaction() as tx:
        mirror_writes.write_invoices(tx, [_invoice(2, "a", 200)])
    assert resting.kept(kept, mirror.counter(kept)) is None
