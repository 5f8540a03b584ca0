"""Bulk writing: rows that are new or differ are written, many in one statement."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payflow.errors import StoreError
from payflow.store import Store, open_store
from payflow.store.upserts import Bulk
from stores import KINDS, url_of

COLUMNS = ("source", "key", "name", "email", "language", "country")
KEYS = ("source", "key")
ALIKE = {"email": "key", "language": "name"}


def _row(key: int, name: str = "Ash Ltd") -> tuple[str, ...]:
    return ("books", str(key), name, "", "", "")


def test_only_rows_that_are_new_or_differ_are_written_and_counted(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.upsert("client", COLUMNS, KEYS, map(_row, range(25_000))) == 25_000
    with store.transaction() as tx:
        changed = (_row(key, "Birch Ltd" if key % 1000 == 7 else "Ash Ltd") for key in range(25_003))
        assert tx.upsert("client", COLUMNS, KEYS, changed) == 25 + 3
    counts = store.query("SELECT count(*), count(CASE WHEN name = 'Birch Ltd' THEN 1 END) FROM client")
    assert counts == [(25_003, 25)]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30)
@given(told=st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["Ash", "Birch", "Cedar"])), max_size=150))
def test_however_rows_repeat_the_last_word_stands(
    tmp_path_factory: pytest.TempPathFactory, kind: str, told: list[tuple[int, str]]
) -> None:
    with open_store(url_of(kind), tmp_path_factory.mktemp("upsert"), create=True) as store:
        with store.transaction() as tx:
            tx.upsert("client", COLUMNS, KEYS, (_row(key, name) for key, name in told))
        assert dict(store.query("SELECT key, name FROM client")) == {str(key): name for key, name in told}


@pytest.mark.parametrize("count", [1, 19, 20, 1019, 2500])
def test_what_rows_share_is_told_once(store: Store, count: int) -> None:
    bulk = Bulk([(str(key), f"client {key}") for key in range(count)], {"country": "GB", "source": "books"}, ALIKE)
    with store.transaction() as tx:
        assert tx.upsert("client", COLUMNS, KEYS, bulk) == count
        assert tx.upsert("client", COLUMNS, KEYS, bulk) == 0
        assert tx.upsert("client", COLUMNS, KEYS, Bulk(bulk.rows[:1], {**bulk.shared, "country": "IE"}, ALIKE)) == 1
    told = {("books", str(key), f"client {key}", str(key), f"client {key}", "GB") for key in range(1, count)}
    assert set(store.query(f"SELECT {', '.join(COLUMNS)} FROM client WHERE key <> '0'")) == told
    assert store.query("SELECT email, country FROM client WHERE key = '0'") == [("0", "IE")]


def test_a_bulk_row_of_another_width_writes_nothing(store: Store) -> None:
    whole = Bulk([("1", "one"), ("2",)], {"country": "GB", "source": "books"}, ALIKE)
    with pytest.raises((ValueError, IndexError)), store.transaction() as tx:
        tx.upsert("client", COLUMNS, KEYS, whole)
    assert store.query("SELECT count(*) FROM client") == [(0,)]


def test_a_table_of_keys_alone_takes_each_row_once(store: Store) -> None:
    with store.transaction() as tx:
        tx.execute("CREATE TABLE seen (day INTEGER, name TEXT, PRIMARY KEY (day, name))")
        assert tx.upsert("seen", ("day", "name"), ("day", "name"), [(1, "a"), (1, "a"), (2, "a")]) == 2


def test_a_row_of_another_width_writes_nothing(store: Store) -> None:
    with pytest.raises(ValueError, match="has not 6 values"), store.transaction() as tx:
        tx.upsert("client", COLUMNS, KEYS, [*map(_row, range(30)), ("books", "31")])
    assert store.query("SELECT count(*) FROM client") == [(0,)]


def test_rows_that_fail_half_way_doom_the_transaction(store: Store) -> None:
    with pytest.raises(StoreError), store.transaction() as tx, pytest.raises(ZeroDivisionError):
        tx.upsert("client", COLUMNS, KEYS, (_row(1 // (key - 5)) for key in range(30)))
    assert store.query("SELECT count(*) FROM client") == [(0,)]
