"""Readings worked out in columns leave what the same readings leave row by row."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payflow.model.facts import Scope
from payflow.store import Store, journal, observations, open_store
from payflow.sync import bulk
from payflow.sync.apply import apply
from payflow.sync.known import known
from payflow.sync.merge import seen
from payflow.sync.tables import Read, gather
from stores import url_of
from stories.ledger import batch, debt

LONDON = "Europe/London"
START = datetime(2026, 10, 1, 9, tzinfo=ZoneInfo(LONDON))
NOW = START + timedelta(days=60)
TABLES = ("invoice", "identity", "client", "entry", "reading")
#: From how many invoices on first sightings stay in their record.
many = st.sampled_from([1, 2, 1000])

amounts = st.sampled_from([None, 0, 40000, 100000])
invoices = st.builds(
    debt,
    st.sampled_from(["in_1", "in_2", "in_3", "in_4", "old\x1fkey"]),
    st.sampled_from([100000, 100000, 90000]),
    number=st.sampled_from(["", "INV-1", "a\x1fb"]),
    client=st.sampled_from(["c1", "c1", "c2"]),
    due=st.sampled_from([None, "2026-11-04", "2026-11-14"]),
    status=st.sampled_from(["", "", "open", "paid", "draft", "void", "written-off"]),
    paid=amounts,
    credited=st.sampled_from([None, None, 0, 10000]),
    balance=amounts,
    closed=st.sampled_from([None, None, "2026-11-10"]),
    reference=st.sampled_from(["", "acme-website/deposit"]),
)


class Told(NamedTuple):
    """One reading: its day, its scope, what it lists, and whether entries tell every movement."""

    day: int
    scope: Scope
    rows: Sequence[dict[str, Any]]
    dated: bool


readings = st.builds(
    Told,
    st.integers(0, 5),
    st.sampled_from(list(Scope)),
    st.lists(invoices, max_size=5),
    st.sampled_from([False, False, True]),
)
#: A reading, then the same rows again, perhaps later: what is not new must come out unchanged.
twice = st.lists(st.tuples(readings, st.integers(0, 2)), min_size=1, max_size=4)


def _gathered(told: Told) -> Read:
    made = batch(
        START + timedelta(days=told.day),
        list(told.rows),
        scope=told.scope,
        dated=told.dated,
        origin=f"export {told.day}",
    )
    [read] = gather([made])[0]
    return read


def _apply(store: Store, read: Read, *, by_row: bool) -> tuple[int, ...]:
    with store.transaction() as tx:
        found = apply(tx, "books", read, known(tx, "books"), timezone=LONDON, now=NOW, by_row=by_row)
    return found.read, found.new, found.changed, found.unchanged, found.missing


def _tables(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    tables = {table: store.query(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES}
    return {**tables, "seen": sorted(observations.rows(store))}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=twice, many=many)
def test_readings_in_columns_leave_what_they_leave_row_by_row(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[Told, int]], many: int
) -> None:
    _both_ways("sqlite:///columns.db", tmp_path_factory.mktemp("ways"), told, many)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=twice, many=many)
def test_columns_in_postgresql_leave_what_rows_leave_in_sqlite(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[Told, int]], many: int
) -> None:
    _both_ways(url_of("postgresql"), tmp_path_factory.mktemp("ways"), told, many)


def _both_ways(url: str, folder: Path, told: list[tuple[Told, int]], many: int) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        open_store(url, folder, create=True) as columns,
        open_store("sqlite:///rows.db", folder, create=True) as rows,
    ):
        patch.setattr(observations, "MANY", many)
        # of several portions the next is made by another thread
        patch.setattr(sys.modules["payflow.sync.apply"], "PORTION", 2)
        for reading, later in told:
            for one in (reading, reading._replace(day=reading.day + later)):
                read = _gathered(one)
                assert _apply(columns, read, by_row=False) == _apply(rows, read, by_row=True)
                assert _tables(columns) == _tables(rows)
        with columns.transaction() as tx:
            before = _tables(columns)
            journal.rebuild_projections(tx)
        assert _tables(columns) == before
        assert journal.verify(columns, columns.anchor) == []


@given(st.lists(invoices, min_size=1, max_size=8), st.booleans())
def test_what_a_row_shows_is_the_same_in_columns(rows: list[dict[str, Any]], dated: bool) -> None:
    from payflow.store.mirror import InvoiceRow
    from payflow.sync.tables import invoice_rows

    ((read,), _) = gather([batch(START, rows, scope=Scope.ALL, dated=dated, origin="export")])
    shown = bulk.seen(read.invoices, dated=dated)
    for place, item in enumerate(invoice_rows(read.invoices)):
        row = InvoiceRow(1, "books", *item, dated_entries=int(dated), state_as_of="", read_at="")
        told = None if dated else seen(row)
        assert told == ((shown.paid[place], shown.credited[place]) if shown.shown[place] else None)


def test_of_an_unchanged_newest_reading_nothing_is_worked_out_row_by_row(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [debt(f"in_{number}", 100000, paid=0, balance=100000) for number in range(50)]
    paid = [debt(f"paid_{number}", 100000, paid=100000, balance=0, status="paid") for number in range(50)]
    with open_store(store_url, tmp_path, create=True) as store:
        # the package has a function of the module's name
        monkeypatch.setattr(sys.modules["payflow.sync.apply"], "row_by_row", pytest.fail)
        _ways(store, rows, paid)


def _ways(store: Store, rows: list[dict[str, Any]], paid: list[dict[str, Any]]) -> None:
    """First, the same again, and the same a day later, when those that a list of open ones would not hold are written."""
    told = Told(0, Scope.OPEN, [*rows, *paid], False)
    read = _gathered(told)
    assert _apply(store, read, by_row=False) == (100, 100, 0, 0, 0)
    assert _apply(store, read, by_row=False) == (100, 0, 0, 100, 0)
    before = store.query("SELECT count(DISTINCT read_at) FROM invoice")
    assert _apply(store, _gathered(told._replace(day=1)), by_row=False) == (100, 0, 0, 100, 0)
    assert (before, store.query("SELECT count(DISTINCT read_at) FROM invoice")) == ([(1,)], [(2,)])
