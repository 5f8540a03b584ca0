"""First sightings that stay in their records, and the later ones beside them."""

from __future__ import annotations

import pytest

from payflow.model.journal import RecordKind
from payflow.store import Store, observations
from store.journal_samples import add, record

FIRST, SECOND = "2026-11-20T09:00:00.000000Z", "2026-11-21T09:00:00.000000Z"


def put(store: Store, *, as_of: str = FIRST, **columns: list[int | None]) -> None:
    add(store, record(RecordKind.OBSERVATIONS, as_of=as_of, columns=columns))


@pytest.fixture(autouse=True)
def seen(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observations, "MANY", 2)
    put(store, invoice=[1, 2, 3], paid=[0, 10, 20], credited=[0, 0, 5], due_on=[20_000, None, 20_010])
    put(store, invoice=[4, 5], paid=[40, 50], credited=[0, 0], due_on=[None, None])
    put(store, invoice=[6], paid=[60], credited=[0], due_on=[None])


def test_first_sightings_of_many_stay_in_their_record_and_those_of_few_become_rows(store: Store) -> None:
    assert store.query("SELECT low, high FROM sighted ORDER BY low") == [(1, 3), (4, 5)]
    assert store.query("SELECT invoice, paid FROM observation") == [(6, 60)]
    assert sorted(row[0] for row in observations.rows(store)) == [1, 2, 3, 4, 5, 6]


def test_sightings_are_told_of_the_invoices_asked_for_alone(store: Store) -> None:
    assert sorted(observations.rows(store, [3, 5, 6, 7])) == [
        (3, FIRST, 20, 5, 20_010),
        (5, FIRST, 50, 0, None),
        (6, FIRST, 60, 0, None),
    ]
    assert observations.rows(store, []) == []


def test_later_sightings_follow_and_the_last_word_about_a_moment_counts(store: Store) -> None:
    add(store, record(RecordKind.OBSERVATIONS, rows=[[1, SECOND, 7, 0, None], [3, FIRST, 21, 5, None]]))
    assert sorted(observations.rows(store, [1, 3])) == [
        (1, FIRST, 0, 0, 20_000),
        (1, SECOND, 7, 0, None),
        (3, FIRST, 21, 5, 20_010),
    ]
    assert len(observations.rows(store)) == 7
