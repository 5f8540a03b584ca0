"""Once-only is a unique key: a second notice, charge, message or identity is refused by the database."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from payflow.errors import StoreError
from payflow.model.journal import RecordKind
from payflow.store import DuplicateKeyError, Store, journal
from store.journal_samples import AT, DAY, add, fee, outcome, record

PROJECTIONS = ("identity", "observation", "charge")


def put(store: Store, *messages: tuple[str, str, int | None, str]) -> None:
    with store.transaction() as tx:
        tx.executemany(
            "INSERT INTO message (key, client, day, state, created_at, body) VALUES (?, ?, ?, ?, 'now', '{}')", messages
        )


def test_a_step_of_an_invoice_is_intended_once(store: Store) -> None:
    insert = "INSERT INTO intent (invoice, step, message) VALUES (?, ?, ?)"
    with store.transaction() as tx:
        tx.executemany(insert, [(1, "reminder", "m1"), (1, "late-fee", "m2"), (2, "reminder", "m1")])
    with pytest.raises(DuplicateKeyError), store.transaction() as tx:
        tx.execute(insert, (1, "reminder", "m3"))


def test_one_message_waits_per_client(store: Store) -> None:
    put(store, ("a", "acme", None, "waiting"), ("b", "bolt", None, "waiting"), ("c", "acme", 5, "dropped"))
    with pytest.raises(DuplicateKeyError):
        put(store, ("d", "acme", None, "waiting"))


@pytest.mark.parametrize("before", ["claimed", "sent", "unsure"])
@pytest.mark.parametrize("after", ["claimed", "sent", "unsure"])
def test_one_message_goes_out_per_client_and_day(store: Store, before: str, after: str) -> None:
    put(store, ("a", "acme", 5, before), ("b", "acme", 5, "failed"), ("c", "acme", 5, "dropped"))
    put(store, ("d", "acme", 6, after), ("e", "bolt", 5, after), ("f", "acme", None, "waiting"))
    with pytest.raises(DuplicateKeyError):
        put(store, ("g", "acme", 5, after))
    with pytest.raises(DuplicateKeyError), store.transaction() as tx:
        tx.execute("UPDATE message SET state = ?, day = 5 WHERE key = 'f'", (after,))
    assert store.query("SELECT state, day FROM message WHERE key = 'f'") == [("waiting", None)]


@pytest.mark.parametrize(
    "second",
    [
        fee("PF-1", occurrence="second"),
        fee("PF-2"),
        fee("PF-2", amount=1, currency="EUR"),
    ],
)
def test_a_charge_is_claimed_once(store: Store, second: dict[str, Any]) -> None:
    add(store, outcome(charges=[fee("PF-1")]))
    with pytest.raises(DuplicateKeyError):
        add(store, outcome(DAY + timedelta(days=1), charges=[second]))
    assert journal.head(store).seq == 1
    add(store, outcome(charges=[fee("PF-3", generation=1), fee("PF-4", invoice=2), fee("PF-5", kind="interest")]))
    assert [ref for (ref,) in store.query("SELECT ref FROM charge ORDER BY ref")] == ["PF-1", "PF-3", "PF-4", "PF-5"]


@pytest.mark.parametrize("said", ["unsure", "failed", "retry"])
def test_a_message_that_was_not_handed_over_claims_nothing(store: Store, said: str) -> None:
    add(store, outcome(said=said, charges=[fee()]))
    assert store.query("SELECT * FROM charge") == []
    add(store, outcome(charges=[fee()]))


def test_an_identity_is_minted_once(store: Store) -> None:
    first = record(RecordKind.IDENTITIES, rows=[[1, "books", "INV-1", "INV-1"], [2, "books", "INV-2", "INV-2"]])
    add(store, first)
    with pytest.raises(DuplicateKeyError):
        add(store, record(RecordKind.IDENTITIES, rows=[[3, "books", "INV-1", "INV-1"]]))
    assert [row[0] for row in store.query("SELECT id FROM identity ORDER BY id")] == [1, 2]


def test_an_identity_that_is_told_of_again_has_moved_to_another_key(store: Store) -> None:
    add(store, record(RecordKind.IDENTITIES, rows=[[1, "books", "INV-1", "INV-1"]]))
    add(store, record(RecordKind.IDENTITIES, rows=[[1, "books", "in_77", "INV-1"]]))
    assert store.query("SELECT * FROM identity") == [(1, "books", "in_77", "INV-1")]


def test_observations_stand_by_moment_and_the_last_word_about_a_moment_counts(store: Store) -> None:
    rows = [[1, "2026-11-21T10:00:00+01:00", 0, 0, "2026-12-01"], [1, "2026-11-22T00:00:00.000000Z", 500, 10, None]]
    add(store, record(RecordKind.OBSERVATIONS, rows=rows))
    add(store, record(RecordKind.OBSERVATIONS, rows=[[1, "2026-11-21T09:00:00Z", 100, 0, 20_000]]))
    assert store.query("SELECT * FROM observation ORDER BY as_of") == [
        (1, "2026-11-21T09:00:00.000000Z", 100, 0, 20_000),
        (1, "2026-11-22T00:00:00.000000Z", 500, 10, None),
    ]


def test_an_observed_amount_is_never_a_float_or_missing(store: Store) -> None:
    for amount in ("1.5", None):
        with pytest.raises(StoreError):
            add(store, record(RecordKind.OBSERVATIONS, rows=[[1, "2026-11-21T09:00:00Z", amount, 0, None]]))


def projected(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    return {table: store.query(f"SELECT * FROM {table} ORDER BY 1, 2") for table in PROJECTIONS}


def test_projections_rebuilt_from_the_journal_equal_the_live_ones(store: Store) -> None:
    dice = random.Random(7)
    for number in range(1, 60):
        moment = (AT + timedelta(hours=dice.randrange(40))).isoformat()
        add(
            store,
            record(RecordKind.IDENTITIES, rows=[[number, "books", f"INV-{number}", f"{number}"]]),
            record(RecordKind.OBSERVATIONS, rows=[[dice.randrange(5), moment, dice.randrange(900), 0, "2026-12-01"]]),
            outcome(said=dice.choice(["sent", "unsure", "failed"]), charges=[fee(f"PF-{number}", number)]),
            record(RecordKind.CHASE, invoice=number),
        )
    live = projected(store)
    assert all(live.values())
    with store.transaction() as tx:
        for table, column in (("identity", "id"), ("observation", "paid"), ("charge", "invoice")):
            tx.execute(f"DELETE FROM {table} WHERE {column} % 2 = 0")
        tx.execute("INSERT INTO identity (id, source, key, number) VALUES (999, 'made', 'up', '')")
    assert projected(store) != live
    with store.transaction() as tx:
        journal.rebuild_projections(tx)
    assert projected(store) == live
