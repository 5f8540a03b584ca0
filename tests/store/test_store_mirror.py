"""The mirror: upserts that write only what differs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow import columns
from payflow.errors import StoreError
from payflow.store import DuplicateKeyError, Store, mirror, mirror_writes, workings
from payflow.store.mirror import ClientRow, EntryRow, InvoiceRow, ReadingRow
from payflow.store.moments import from_moment, to_date, to_day, to_moment

SEEN = "2026-11-21T09:00:00.000000Z"
ACME = ClientRow("books", "Acme", "Acme Ltd", "pay@acme.example", "en", "GB")
PAYMENT = EntryRow("books", "pay-1", 1, "Acme", "payment", 20_700, 300_000, "GBP", "settled")
READING = ReadingRow(0, "books", "all", SEEN, 1, None, 20_800, 0, "exports/a.csv", "abc", SEEN, "", "invoices")


def invoice(identity: int, **changes: Any) -> InvoiceRow:
    row = InvoiceRow(
        id=identity,
        source="books",
        key=f"INV-{identity:04}",
        number=f"INV-{identity:04}",
        client="Acme",
        currency="GBP",
        total=400_000,
        paid=None,
        credited=0,
        balance=400_000,
        issued_on=20_740,
        due_on=None,
        closed_on=None,
        status="open",
        reference="",
        pay_url="",
        dated_entries=0,
        state_as_of=SEEN,
        read_at=SEEN,
    )
    return row._replace(**changes)


def test_rows_come_back_as_they_were_written(store: Store) -> None:
    rows = [invoice(2, unknown_since=SEEN), invoice(1, paid=-5, due_on=20_760)]
    with store.transaction() as tx:
        assert mirror_writes.write_clients(tx, [ACME]) == 1
        assert mirror_writes.write_invoices(tx, rows) == 2
        assert mirror_writes.write_entries(tx, [PAYMENT]) == 1
        assert mirror_writes.add_reading(tx, READING) == 1
        assert mirror_writes.add_reading(tx, READING) == 2
    assert mirror.clients(store) == [ACME]
    assert mirror.invoices(store) == rows[::-1]
    assert mirror.entries(store) == [PAYMENT]
    assert mirror.readings(store) == [READING._replace(id=1), READING._replace(id=2)]


def test_a_reading_that_was_corrected_stands_in_the_place_of_the_former(store: Store) -> None:
    corrected = READING._replace(id=2, digest="of other contents", covers_to=None)
    with store.transaction() as tx:
        for _ in range(2):
            mirror_writes.add_reading(tx, READING)
        mirror_writes.replace_reading(tx, corrected)
    assert mirror.readings(store) == [READING._replace(id=1), corrected]


def test_one_source_can_be_read_alone(store: Store) -> None:
    with store.transaction() as tx:
        mirror_writes.write_invoices(tx, [invoice(1), invoice(2, source="stripe")])
        mirror_writes.write_entries(tx, [PAYMENT, PAYMENT._replace(source="stripe")])
    assert [row.id for row in mirror.invoices(store, "stripe")] == [2]
    assert mirror.entries(store, "books") == [PAYMENT]
    assert mirror.invoices(store, "other") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *(
            (invoice(1), invoice(1, **{name: "other"}))
            for name in ("number", "client", "currency", "status", "read_at")
        ),
        *((invoice(1), invoice(1, **{name: 7})) for name in ("total", "paid", "credited", "balance", "due_on")),
        (invoice(1, paid=7), invoice(1, paid=None)),
        (invoice(1, unknown_since=SEEN), invoice(1)),
    ],
)
def test_a_row_is_written_when_one_column_differs_and_never_when_none_does(
    store: Store, before: InvoiceRow, after: InvoiceRow
) -> None:
    others = [invoice(number, due_on=number) for number in range(2, 50)]
    with store.transaction() as tx:
        assert mirror_writes.write_invoices(tx, [before, *others]) == 49
        assert mirror_writes.write_invoices(tx, [before, *others]) == 0
        assert mirror_writes.write_invoices(tx, [after, *others]) == 1
    assert mirror.invoices(store) == [after, *others]


def test_clients_and_entries_are_written_only_when_they_differ(store: Store) -> None:
    with store.transaction() as tx:
        for _ in range(2):
            mirror_writes.write_clients(tx, [ACME])
            mirror_writes.write_entries(tx, [PAYMENT, PAYMENT._replace(key="pay-2", invoice=None)])
        assert mirror_writes.write_clients(tx, [ACME, ACME._replace(key="Bolt")]) == 1
        assert mirror_writes.write_clients(tx, [ACME._replace(email="new@acme.example")]) == 1
        assert mirror_writes.write_entries(tx, [PAYMENT]) == 0
        assert mirror_writes.write_entries(tx, [PAYMENT._replace(paid_on=None)]) == 1


def test_entries_that_the_source_lost_are_deleted_from_that_source_only(store: Store) -> None:
    with store.transaction() as tx:
        mirror_writes.write_entries(tx, [PAYMENT, PAYMENT._replace(source="stripe")])
        assert mirror_writes.delete_entries(tx, "books", ["pay-1", "pay-9"]) == 1
    assert mirror.entries(store) == [PAYMENT._replace(source="stripe")]


def test_an_unknown_invoice_keeps_the_moment_it_went_missing_until_it_is_listed_again(store: Store) -> None:
    later = "2026-11-22T09:00:00.000000Z"
    with store.transaction() as tx:
        mirror_writes.write_invoices(tx, [invoice(1), invoice(2)])
        assert mirror_writes.mark_unknown(tx, [1], SEEN) == 1
        assert mirror_writes.mark_unknown(tx, [1, 2], later) == 1
        assert [row.unknown_since for row in mirror.invoices(tx)] == [SEEN, later]
        mirror_writes.write_invoices(tx, [invoice(1)])
        assert [row.unknown_since for row in mirror.invoices(tx)] == [None, later]


def test_the_counter_moves_with_every_write_and_rests_when_nothing_changes(store: Store) -> None:
    seen = [mirror.counter(store)]
    for write in (
        lambda tx: mirror_writes.write_clients(tx, [ACME]),
        lambda tx: mirror_writes.write_invoices(tx, [invoice(1)]),
        lambda tx: mirror_writes.write_entries(tx, [PAYMENT]),
        lambda tx: mirror_writes.add_reading(tx, READING),
        lambda tx: mirror_writes.mark_unknown(tx, [1], SEEN),
        lambda tx: mirror_writes.write_invoices(tx, [invoice(1)]),
        lambda tx: mirror_writes.delete_entries(tx, "books", ["pay-1"]),
    ):
        with store.transaction() as tx:
            write(tx)
        seen.append(mirror.counter(store))
    assert seen == sorted(set(seen))
    with store.transaction() as tx:
        mirror_writes.write_clients(tx, [ACME])
        mirror_writes.write_invoices(tx, [invoice(1)])
        mirror_writes.delete_entries(tx, "books", ["pay-1"])
    assert mirror.counter(store) == seen[-1]


def test_the_same_invoice_under_a_second_identity_is_refused(store: Store) -> None:
    with pytest.raises(DuplicateKeyError), store.transaction() as tx:
        mirror_writes.write_invoices(tx, [invoice(1), invoice(2, key="INV-0001")])
    assert mirror.invoices(store) == []


@pytest.mark.parametrize("column", ["total", "paid", "credited", "balance", "issued_on", "due_on", "closed_on"])
@pytest.mark.parametrize("value", [1.5, "1.50", np.int64(5)])
def test_money_and_days_are_whole_numbers_of_python_only(store: Store, column: str, value: Any) -> None:
    with pytest.raises(StoreError), store.transaction() as tx:
        mirror_writes.write_invoices(tx, [invoice(1, **{column: value})])


def test_amounts_up_to_64_bits_survive(store: Store) -> None:
    big = 2**63 - 1
    with store.transaction() as tx:
        mirror_writes.write_invoices(tx, [invoice(1, total=big, balance=-big - 1)])
    assert mirror.invoices(store)[0][6:10] == (big, None, 0, -big - 1)


def test_rows_may_come_from_a_generator_that_fails_and_nothing_stays(store: Store) -> None:
    def rows() -> Iterator[InvoiceRow]:
        yield invoice(1)
        raise ZeroDivisionError

    with pytest.raises(StoreError, match="a statement failed"), store.transaction() as tx, suppress(ZeroDivisionError):
        mirror_writes.write_invoices(tx, rows())
    assert mirror.invoices(store) == []


def test_cursors_are_remembered_per_source_and_forgotten_with_none(store: Store) -> None:
    with store.transaction() as tx:
        assert workings.read_cursor(tx, "stripe") is None
        workings.write_cursor(tx, "stripe", {"since": 5, "pages": ["a", None]})
        workings.write_cursor(tx, "xero", {})
        workings.write_cursor(tx, "stripe", {"since": 6})
    assert workings.read_cursor(store, "stripe") == {"since": 6}
    assert workings.read_cursor(store, "xero") == {}
    with store.transaction() as tx:
        workings.write_cursor(tx, "stripe", None)
    assert workings.read_cursor(store, "stripe") is None


def test_named_values_are_set_and_replaced(store: Store) -> None:
    with store.transaction() as tx:
        assert workings.get_meta(tx, "glance") is None
        workings.set_meta(tx, "glance", "1")
        workings.set_meta(tx, "glance", "2")
    assert workings.get_meta(store, "glance") == "2"


@given(st.lists(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-11, minutes=30))])), max_size=9))
def test_the_text_order_of_moments_is_their_order_in_time(moments: list[datetime]) -> None:
    inside = [moment for moment in moments if 2 < moment.year < 9998]
    assert sorted(map(to_moment, inside)) == [to_moment(moment) for moment in sorted(inside)]
    assert [from_moment(to_moment(moment)) for moment in inside] == inside


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        to_moment(datetime(2026, 11, 21))  # noqa: DTZ001 (the very thing that is refused)


@given(st.dates())
def test_days_are_those_of_the_columns(day: date) -> None:
    assert to_day(day) == columns.to_day(day)
    assert to_date(to_day(day)) == day


def test_the_rows_match_the_canonical_columns() -> None:
    assert set(columns.CLIENTS) <= set(ClientRow._fields)
    assert set(columns.INVOICES) <= set(InvoiceRow._fields)
    assert {name if name != "on" else "paid_on" for name in columns.ENTRIES} <= set(EntryRow._fields)
    from payflow.model.facts import Reading

    # how entries and totals are told matters only while a reading is taken in
    assert set(Reading.__struct_fields__) - {"by_day", "open_only"} <= set(ReadingRow._fields)
