"""The journal: one writer, and a chain that shows every change."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import payflow
from payflow.errors import JournalError, StoreError
from payflow.model.journal import Record, RecordKind
from payflow.store import DuplicateKeyError, Store, anchor, journal, open_store
from payflow.store.anchor import Head
from payflow.store.chain import GENESIS, canonical
from payflow.store.memory import last_live, load_memory
from store.journal_samples import AT, DAY, Intruder, add, delete, fee, outcome, record, statement, swap, tamper
from stores import KINDS, url_of

_plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(["a\x7f", "\ud800", 'a "b" \\', "\t\n\x01/"])
)
_values = st.recursive(
    _plain, lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


@given(st.dictionaries(st.text(), _values))
def test_every_body_is_written_in_the_one_way_that_hashes_rest_on(body: dict[str, Any]) -> None:
    assert canonical(body) == json.dumps(body, sort_keys=True, separators=(",", ":"))


def test_records_are_numbered_from_one_and_read_back_as_they_were_written(store: Store) -> None:
    body = {"text": "Žluťoučký £ \u2028 'x'", "none": None, "yes": True, "many": [1, -(2**62), {"deep": []}]}
    written = Record(RecordKind.HOLD, DAY, body, client="acme", project="web", invoice=7)
    assert add(store, written, record()) == [1, 2]
    assert add(store, record(), at=AT + timedelta(seconds=1)) == [3]
    first, _, last = journal.entries(store)
    assert first == (1, AT, "hold", DAY, "acme", "web", 7, body)
    assert (last.seq, last.at, last.invoice, last.body) == (3, AT + timedelta(seconds=1), None, {})
    assert journal.head(store).seq == 3
    assert journal.verify(store, store.anchor) == []


def test_an_empty_journal_verifies(store: Store) -> None:
    assert journal.head(store) == Head(0, GENESIS)
    assert journal.verify(store, store.anchor) == []
    assert add(store) == []


def test_a_hash_can_be_computed_by_anyone_from_the_rows(store: Store) -> None:
    add(store, Record(RecordKind.CHASE, DAY, {"b": 1, "a": "é"}, client="acme", invoice=3))
    [(salt, body)] = store.query("SELECT salt, body FROM journal_body")
    assert body == '{"a":"\\u00e9","b":1}'
    assert len(bytes.fromhex(salt)) == 16
    said = json.dumps(["acme", "", body], separators=(",", ":"))
    digest = hashlib.sha256(bytes.fromhex(salt) + said.encode()).hexdigest()
    covered = [2, 1, "0" * 64, "chase", 3, 20778, "2026-11-21T09:00:00.000000Z", digest]
    expected = hashlib.sha256(json.dumps(covered, separators=(",", ":")).encode()).hexdigest()
    assert store.query("SELECT digest, hash FROM journal") == [(digest, expected)]


def test_equal_bodies_have_different_digests(store: Store) -> None:
    add(store, record(invoice=1), record(invoice=1))
    assert len(set(store.query("SELECT digest FROM journal"))) == 2


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), Decimal(1), date(2026, 1, 1), b"x", {1: "x"}, {"deep": [{"er": 0.1}]}, {1, 2}]
)
def test_bodies_are_json_without_floats(store: Store, value: Any) -> None:
    with pytest.raises(TypeError, match="body"):
        add(store, record(), Record(RecordKind.CHASE, DAY, {"value": value}))
    assert list(journal.entries(store)) == []


@pytest.mark.parametrize("odd", [" {}", "{} ", "{}00", "{:.30}"])
def test_a_salt_has_one_spelling_only(store: Store, odd: str) -> None:
    add(store, record())
    [(salt,)] = store.query("SELECT salt FROM journal_body")
    tamper(store, lambda db: db.execute("UPDATE journal_body SET salt = ?", (odd.format(salt),)))
    assert journal.verify(store, store.anchor) == [
        "the body of record 1 was changed after it was written, or its client or project"
    ]


def test_an_exception_after_appending_leaves_nothing(store: Store) -> None:
    add(store, record())
    with suppress(ZeroDivisionError), store.transaction() as tx:
        journal.append(tx, [outcome(charges=[fee()])], at=AT)
        raise ZeroDivisionError
    assert journal.head(store).seq == 1
    assert store.query("SELECT * FROM charge") == []
    assert add(store, record()) == [2]
    assert journal.verify(store, store.anchor) == []


def test_half_an_append_is_never_kept_even_when_its_error_is_swallowed(store: Store) -> None:
    add(store, outcome(charges=[fee("PF-1")]))
    with pytest.raises(StoreError, match="a statement failed"), store.transaction() as tx, suppress(DuplicateKeyError):
        journal.append(tx, [record(), outcome(charges=[fee("PF-1")])], at=AT)
    assert journal.head(store).seq == 1


def test_records_are_found_by_kind_by_what_they_are_about_and_by_day(store: Store) -> None:
    later = DAY + timedelta(days=3)
    add(
        store,
        Record(RecordKind.HOLD, DAY, {}, client="acme", project="web", invoice=1),
        Record(RecordKind.CHASE, DAY, {}, client="acme", invoice=2),
        Record(RecordKind.HOLD, later, {}, client="bolt", invoice=1),
    )

    def found(**wanted: Any) -> list[int]:
        return [entry.seq for entry in journal.entries(store, **wanted)]

    assert found() == [1, 2, 3]
    assert found(kinds=[RecordKind.HOLD]) == [1, 3]
    assert found(kinds=["hold", "chase"], client="acme") == [1, 2]
    assert found(kinds=[]) == []
    assert found(project="web") == [1]
    assert found(invoice=1, client="bolt") == [3]
    assert found(since=later) == [3]
    assert found(until=DAY) == [1, 2]
    assert found(since=DAY + timedelta(days=1), until=later - timedelta(days=1)) == []


def test_long_journals_are_read_page_by_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_PAGE", 4)
    for count in (3, 1, 4):
        add(store, *[record(invoice=1)] * count)
        head = journal.head(store).seq
        assert [entry.seq for entry in journal.entries(store)] == list(range(1, head + 1))
        assert journal.verify(store, store.anchor) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (statement("UPDATE journal SET day = day + 1 WHERE seq = 3"), ["record 3 was changed or moved"]),
        (statement("UPDATE journal SET kind = 'hold' WHERE seq = 5"), ["record 5 was changed or moved"]),
        (
            statement("UPDATE journal_body SET body = '{}' WHERE seq = 2"),
            ["the body of record 2 was changed"],
        ),
        (
            statement("UPDATE journal_body SET salt = 'zz' WHERE seq = 2"),
            ["the body of record 2 was changed"],
        ),
        (
            lambda db: db.execute("UPDATE journal_body SET body = ? WHERE seq = 2", (b"\0" if db.file else "\x01",)),
            ["the body of record 2 was changed"],
        ),
        (statement("DELETE FROM journal_body WHERE seq = 4"), ["the body of record 4 is missing"]),
        (delete(1), ["record 1 is missing before record 2"]),
        (delete(3), ["record 3 is missing before record 4"]),
        (
            statement("DELETE FROM journal WHERE seq IN (2, 3)"),
            [
                "records 2 to 3 are missing before record 4",
                "a body for record 2, but no",
                "a body for record 3, but no",
            ],
        ),
        (statement("DELETE FROM journal WHERE seq = 5"), ["a body for record 5, but no such record: it was removed"]),
        (
            swap(2, 4),
            [
                "record 2 does not follow record 1",
                "record 2 was changed or moved",
                "record 3 does not follow record 2",
                "record 4 does not follow record 3",
                "record 4 was changed or moved",
                "record 5 does not follow record 4",
            ],
        ),
        (
            statement(
                "INSERT INTO journal SELECT 6, at, kind, day, client, project, invoice, version, digest, prev, hash "
                "FROM journal WHERE seq = 5; INSERT INTO journal_body SELECT 6, salt, body FROM journal_body WHERE seq = 5"
            ),
            ["record 6 does not follow record 5", "record 6 was changed or moved"],
        ),
    ],
)
def test_every_fault_is_named(store: Store, change: Callable[[Intruder], object], expected: list[str]) -> None:
    add(store, *(record(invoice=number) for number in range(5)))
    tamper(store, change)
    faults = journal.verify(store, store.anchor)
    assert len(faults) == len(expected)
    assert all(start in fault for start, fault in zip(expected, faults, strict=True)), faults


def test_a_record_before_the_first_is_named(store: Store) -> None:
    add(store, record())
    tamper(store, statement(f"INSERT INTO journal SELECT 0, {', '.join(COLUMNS)} FROM journal"))
    assert "record 0 was inserted: the first record is number 1" in journal.verify(store, store.anchor)


@pytest.mark.parametrize("kind", [RecordKind.LIVE, RecordKind.ERASED, RecordKind.OUTCOME, RecordKind.HOLD])
@pytest.mark.parametrize("body", ["garbage", "[]", "{}"])
def test_a_record_that_makes_no_sense_any_more_is_named_and_not_acted_on(
    store: Store, kind: RecordKind, body: str
) -> None:
    add(store, record(invoice=1), Record(kind, DAY, {"outcome": "failed"}))
    tamper(store, lambda db: db.execute("UPDATE journal_body SET body = ? WHERE seq = 2", (f"{body} ",)))
    said = "the body of record 2 was changed after it was written, or its client or project"
    assert journal.verify(store, store.anchor) == [said]
    for look in (load_memory, last_live) if kind is RecordKind.LIVE else (load_memory,):
        with pytest.raises(JournalError, match=f"record 2 \\({kind}\\) cannot be understood.*payflow log verify"):
            look(store)


COLUMNS = ("at", "kind", "day", "client", "project", "invoice", "version", "digest", "prev", "hash")


@st.composite
def tamperings(draw: st.DrawFn) -> Callable[[Intruder], object]:
    """One change of any kind to a journal of six records, anchored at its end."""
    seq, other = draw(st.lists(st.integers(1, 6), min_size=2, max_size=2, unique=True))
    column = draw(st.sampled_from(COLUMNS))
    value = draw(st.one_of(st.integers(-5, 5), st.text("ab0", max_size=3), st.none()))
    kind = draw(st.sampled_from(["column", "body", "salt", "copy body", "remove", "swap", "insert", "shift"]))

    def change(db: Intruder) -> None:
        if kind == "column":
            db.execute(f"UPDATE journal SET {column} = ? WHERE seq = ?", (value, seq))
        elif kind in ("body", "salt"):
            db.execute(f"UPDATE journal_body SET {kind} = {kind} || ? WHERE seq = ?", (f" {value}", seq))
        elif kind == "copy body":
            db.execute("UPDATE journal_body SET body = '[]' || body WHERE seq = ?", (seq,))
        elif kind == "remove":
            delete(seq)(db)
        elif kind == "swap":
            swap(seq, other)(db)
        else:
            step = 1 if kind == "insert" else 2
            for table in ("journal", "journal_body"):
                db.execute(f"UPDATE {table} SET seq = -seq - ? WHERE seq >= ?", (step, seq))
                db.execute(f"UPDATE {table} SET seq = -seq WHERE seq < 0")
            db.execute(f"INSERT INTO journal SELECT {seq}, {', '.join(COLUMNS)} FROM journal WHERE seq > 0 LIMIT 1")

    return change


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60)
@given(change=tamperings())
def test_any_single_change_removal_insertion_or_move_is_found(kind: str, change: Callable[[Intruder], object]) -> None:
    with tempfile.TemporaryDirectory() as folder, open_store(url_of(kind), Path(folder), create=True) as store:
        add(store, *(Record(RecordKind.CHASE, DAY, {"n": n}, client=f"c{n}", invoice=n + 100) for n in range(6)))
        anchor.write_anchor(store.anchor, journal.head(store), AT)
        before = [store.query(f"SELECT * FROM {table} ORDER BY seq") for table in ("journal", "journal_body")]
        tamper(store, change)
        after = [store.query(f"SELECT * FROM {table} ORDER BY seq") for table in ("journal", "journal_body")]
        faults = journal.verify(store, store.anchor)
        assert bool(faults) is (before != after)
        assert all("record" in fault for fault in faults)


def test_two_processes_that_append_at_once_keep_the_chain_whole(store: Store, store_url: str) -> None:
    script = """
        import sys
        from datetime import UTC, date, datetime
        from pathlib import Path
        from payflow.model.journal import Record, RecordKind
        from payflow.store import journal, open_store
        with open_store(sys.argv[2], Path(sys.argv[1])) as store:
            for number in range(40):
                with store.transaction() as tx:
                    records = [Record(RecordKind.CHASE, date(2026, 1, 1), {"invoice": number})] * 2
                    journal.append(tx, records, at=datetime.now(UTC))
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(store.path.parent), store_url]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(writer.communicate(timeout=120)[1], writer.returncode) for writer in writers] == [("", 0)] * 2
    assert journal.head(store).seq == 160
    assert journal.verify(store, store.anchor) == []


def test_a_writer_killed_after_appending_leaves_the_old_journal(store: Store, store_url: str) -> None:
    add(store, record())
    script = """
        import sys
        from datetime import UTC, date, datetime
        from pathlib import Path
        from payflow.model.journal import Record, RecordKind
        from payflow.store import journal, open_store
        with open_store(sys.argv[2], Path(sys.argv[1])) as store, store.transaction() as tx:
            journal.append(tx, [Record(RecordKind.CHASE, date(2026, 1, 1), {})] * 500, at=datetime.now(UTC))
            print("appended", flush=True)
            sys.stdin.read()
    """
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(store.path.parent), store_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "appended\n"
        writer.kill()
    assert journal.head(store).seq == 1
    assert add(store, record()) == [2]
    assert journal.verify(store, store.anchor) == []


def test_only_one_module_writes_the_journal() -> None:
    package = Path(payflow.__file__).parent
    writers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for words in [" ".join(path.read_text(encoding="utf-8").split())]
        if any(f"{verb} journal" in words for verb in ("INSERT INTO", "UPDATE", "DELETE FROM"))
    }
    assert writers == {"store/journal.py"}


def test_the_day_of_a_record_and_its_moment_do_not_depend_on_the_zone_given(store: Store) -> None:
    add(store, record(), at=datetime.fromisoformat("2026-11-21T23:30:00-05:00"))
    [entry] = journal.entries(store)
    assert (entry.at, entry.day) == (datetime(2026, 11, 22, 4, 30, tzinfo=UTC), DAY)
