"""The anchor beside the journal: what it shows, when it is written, and when it is on the disk."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from payflow.errors import JournalError, StoreError
from payflow.model.journal import MessageState
from payflow.store import Store, anchor, journal, messages, open_store
from store.journal_samples import AT, add, delete, fee, outcome, record, statement, tamper
from stores import url_of


def test_what_the_outbox_did_tells_of_an_end_that_was_cut_off_with_the_anchors(store: Store) -> None:
    add(store, record(), outcome(charges=[fee("PF-1")]))
    with store.transaction() as tx:
        messages.add(tx, "acme-2026-11-21", "acme", AT)
        messages.settle(tx, "acme-2026-11-21", MessageState.SENT, "")
    assert journal.verify(store, store.anchor) == []
    tamper(store, delete(2))
    assert journal.verify(store, store.anchor) == [
        "the message acme-2026-11-21 is sent in the outbox, and no record says so: one is missing or was changed",
        "the charge PF-1 was claimed, and no record says so: one is missing or was changed",
    ]


def test_a_chain_rewritten_as_a_whole_is_found_through_the_anchor(
    store: Store, store_kind: str, tmp_path: Path
) -> None:
    add(store, *[record(invoice=1)] * 4)
    anchor.write_anchor(store.anchor, journal.head(store), AT)
    other = tmp_path / "other"
    other.mkdir()
    with open_store(url_of(store_kind), other, create=True) as forged:
        add(forged, *[record(invoice=2)] * 5)
        assert journal.verify(forged, forged.anchor) == []
        assert journal.verify(forged, store.anchor) == [
            f"record 4 is not the one that the anchor file {store.anchor.name} knows under this number"
        ]
        assert "this is another journal" in anchor.check_anchor(store.anchor, forged)


def test_a_cut_end_and_an_older_copy_are_found_through_the_anchor(store: Store) -> None:
    add(store, *[record(invoice=1)] * 2)
    anchor.write_anchor(store.anchor, journal.head(store), AT)
    assert anchor.check_anchor(store.anchor, store) == ""
    add(store, *[record(invoice=1)] * 3)
    anchor.write_anchor(store.anchor, journal.head(store), AT)
    assert anchor.check_anchor(store.anchor, store) == ""
    assert journal.verify(store, store.anchor) == []
    tamper(store, statement("DELETE FROM journal_body WHERE seq > 2; DELETE FROM journal WHERE seq > 2"))
    said = "the journal ends at record 2, the anchor knows record 5: this is an older copy"
    assert anchor.check_anchor(store.anchor, store) == said
    assert journal.verify(store, store.anchor) == [
        f"the journal ends at record 2, the anchor file {store.anchor.name} knows record 5: its end was cut off"
    ]
    with pytest.raises(JournalError, match=said):
        anchor.write_anchor(store.anchor, journal.head(store), AT)
    assert [line.seq for line in anchor.read_anchor(store.anchor)] == [2, 5]


def test_a_note_stands_in_the_anchor_at_once_and_is_on_the_disk_when_it_is_to_be(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_disk: list[int] = []
    monkeypatch.setattr(anchor.os, "fsync", lambda _file: on_disk.append(len(anchor.read_anchor(store.anchor))))
    add(store, record(invoice=1))
    anchor.advance(store.anchor, store, AT)
    assert set(on_disk) == {1}
    del on_disk[:]
    for lines in (2, 3):
        add(store, record(invoice=1))
        anchor.advance(store.anchor, store, AT, synced=False)
        assert (len(anchor.read_anchor(store.anchor)), on_disk) == (lines, [])
    # nothing new to note, but what was noted is on the disk now
    anchor.advance(store.anchor, store, AT)
    assert on_disk == [3]


def test_the_anchor_gets_a_line_only_when_the_journal_moved(store: Store) -> None:
    anchor.write_anchor(store.anchor, journal.head(store), AT)
    assert not store.anchor.exists()
    assert anchor.check_anchor(store.anchor, store) == ""
    add(store, record())
    for _ in range(2):
        anchor.write_anchor(store.anchor, journal.head(store), AT)
    assert store.anchor.read_text() == f"1 {journal.head(store).hash} 2026-11-21T09:00:00.000000Z\n"
    assert store.anchor.stat().st_mode & 0o777 == 0o600


def test_a_line_cut_short_by_a_crash_is_passed_over_and_written_again(store: Store) -> None:
    add(store, record())
    anchor.write_anchor(store.anchor, journal.head(store), AT)
    whole = store.anchor.read_text()
    store.anchor.write_text(whole + whole[:40])
    add(store, record())
    assert anchor.check_anchor(store.anchor, store) == ""
    anchor.write_anchor(store.anchor, journal.head(store), AT)
    assert [line.seq for line in anchor.read_anchor(store.anchor)] == [1, 2]
    assert journal.verify(store, store.anchor) == []


def test_an_anchor_that_cannot_be_used_is_a_store_error(store: Store) -> None:
    add(store, record())
    store.anchor.mkdir()
    with pytest.raises(StoreError, match=rf"{re.escape(store.anchor.name)}: this file cannot be used"):
        anchor.check_anchor(store.anchor, store)


def test_a_process_that_was_slower_to_note_the_end_than_another_finds_no_fault(store: Store) -> None:
    add(store, record())
    early = journal.head(store)
    add(store, record())
    anchor.advance(store.anchor, store, AT)
    with pytest.raises(JournalError):
        anchor.write_anchor(store.anchor, early, AT)
    anchor.advance(store.anchor, store, AT)
    assert [line.seq for line in anchor.read_anchor(store.anchor)] == [2]
    tamper(store, delete(2))
    with pytest.raises(JournalError, match="this is an older copy"):
        anchor.advance(store.anchor, store, AT)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("1 ", "7 ", 1), "the journal ends at record 2, the anchor file"),
        (lambda text: "9" * 5000 + text, "line 1 of the anchor file NAME was changed after"),
        (lambda text: "x" + text, "line 1 of the anchor file NAME was changed after"),
        (lambda text: text.replace(text[5:9], "0000" if text[5:9] != "0000" else "1111", 1), "record 1 is not the one"),
        (lambda _: "", "the anchor file NAME is gone or empty"),
        (lambda _: None, "the anchor file NAME is gone or empty"),
    ],
)
def test_an_anchor_file_that_was_changed_or_taken_away_is_told(
    store: Store, change: Callable[[str], str | None], said: str
) -> None:
    for _ in range(2):
        add(store, record())
        anchor.write_anchor(store.anchor, journal.head(store), AT)
    assert journal.verify(store, store.anchor, required=True) == []
    changed = change(store.anchor.read_text())
    if changed is None:
        store.anchor.unlink()
    else:
        store.anchor.write_text(changed)
    assert any(
        fault.startswith(said.replace("NAME", store.anchor.name))
        for fault in journal.verify(store, store.anchor, required=True)
    )
