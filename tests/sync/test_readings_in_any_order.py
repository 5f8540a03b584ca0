"""Readings of one source in any order leave one state: what is owed, since when, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payflow.connector import Batch
from payflow.decide.facts import observations
from payflow.model.facts import Scope
from payflow.policy.sightings import movements
from payflow.store import Store, journal, mirror, open_store
from payflow.sync.apply import apply
from payflow.sync.known import known, last_seen
from payflow.sync.tables import gather
from stores import url_of
from stories.ledger import batch, debt

LONDON = "Europe/London"
START = datetime(2026, 10, 1, 9, tzinfo=ZoneInfo(LONDON))
NOW = START + timedelta(days=60)
TOTAL = 100000


class Seen(NamedTuple):
    """What one reading says of the two invoices: what was paid of each, None where it does not list it."""

    scope: Scope
    paid: tuple[int | None, int | None]
    due: str = "2026-11-04"


def _batch(day: int, seen: Seen, origin: str = "") -> Batch:
    rows = [
        debt(f"in_{number}", TOTAL, issued="2026-10-01", due=seen.due, paid=paid, balance=TOTAL - paid)
        for number, paid in enumerate(seen.paid)
        if paid is not None
    ]
    return batch(START + timedelta(days=day), rows, scope=seen.scope, dated=False, origin=origin or f"export {day}")


def _read(store: Store, batches: Sequence[Batch]) -> None:
    for one in batches:
        reads, _ = gather([one])
        with store.transaction() as tx:
            state = known(tx, "books")
            for read in reads:
                apply(tx, "books", read, state, timezone=LONDON, now=NOW)


def _owed(store: Store) -> dict[str, Any]:
    """What is derived from the mirror and the journal but the day on which it was last listed."""
    return {key: row[:4] + row[5:] for key, row in _state(store).items()}


def _state(store: Store) -> dict[str, Any]:
    """Everything derived from the mirror and the journal, by the invoice's key; identities depend on the order of arrival."""
    told = observations(store, LONDON)
    rows = {row.key: row for row in mirror.invoices(store, "books")}
    seen = last_seen(rows.values(), known(store, "books").told())
    return {
        key: (
            row.paid,
            row.balance,
            row.due_on,
            row.unknown_since,
            seen[row.id].read_at,
            movements(told[row.id].sightings, row.issued_on),
            told[row.id].due_on,
        )
        for key, row in rows.items()
    }


def _world(kind: str, folder: Path, days: Sequence[int], seen: Sequence[Seen]) -> dict[str, Any]:
    folder.mkdir()
    with open_store(url_of(kind), folder, create=True) as store:
        _read(store, [_batch(day, seen[day]) for day in days])
        with store.snapshot():
            assert journal.verify(store, store.anchor) == []
        return _state(store)


# Money that comes, and sometimes goes again; a list of everything or of what is open.
some = st.sampled_from([0, 0, 40000, 70000])
amounts = st.sampled_from([0, 0, 40000, TOTAL])
# And now and then an absence.
listed = st.one_of(amounts, amounts, amounts, st.none())


def _as_listed(seen: Seen) -> Seen:
    """A list of open invoices does not hold what is paid."""
    if seen.scope is Scope.OPEN:
        return seen._replace(paid=(_open(seen.paid[0]), _open(seen.paid[1])))
    return seen


def _open(paid: int | None) -> int | None:
    return None if paid == TOTAL else paid


readings = st.builds(
    Seen,
    st.sampled_from([Scope.ALL, Scope.ALL, Scope.OPEN]),
    st.tuples(some, some),
    st.sampled_from(["2026-11-04", "2026-11-04", "2026-11-14"]),
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), seen=st.lists(readings, min_size=2, max_size=5))
def test_readings_that_list_what_there_is_give_one_state_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, store_kind: str, data: st.DataObject, seen: list[Seen]
) -> None:
    days = range(len(seen))
    order = data.draw(st.permutations(days))
    again = data.draw(st.sampled_from(order))
    folder = tmp_path_factory.mktemp("order")
    assert _world(store_kind, folder / "one", [*order, again], seen) == _world(store_kind, folder / "other", days, seen)


with_gaps = st.builds(
    Seen, st.sampled_from([Scope.ALL, Scope.OPEN]), st.tuples(listed, listed), st.just("2026-11-04")
).map(_as_listed)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), seen=st.lists(with_gaps, min_size=2, max_size=5))
def test_readings_with_gaps_give_one_present_state_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, store_kind: str, data: st.DataObject, seen: list[Seen]
) -> None:
    days = range(len(seen))
    order = data.draw(st.permutations(days))
    folder = tmp_path_factory.mktemp("order")
    one, other = _world(store_kind, folder / "one", order, seen), _world(store_kind, folder / "other", days, seen)
    assert {key: row[:5] for key, row in one.items()} == {key: row[:5] for key, row in other.items()}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), seen=st.lists(st.tuples(st.integers(0, 2), readings), min_size=2, max_size=5))
def test_reports_that_contradict_each_other_at_one_moment_give_one_state_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, store_kind: str, data: st.DataObject, seen: list[tuple[int, Seen]]
) -> None:
    batches = [_batch(day, one, f"report {number}") for number, (day, one) in enumerate(seen)]
    folder = tmp_path_factory.mktemp("rivals")
    states = []
    for name, order in (("one", data.draw(st.permutations(batches))), ("other", batches)):
        (folder / name).mkdir()
        with open_store(url_of(store_kind), folder / name, create=True) as store:
            _read(store, order)
            states.append(_owed(store))
    assert states[0] == states[1]
