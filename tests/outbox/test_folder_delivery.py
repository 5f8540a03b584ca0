"""The folder transport: whatever moment a run dies at, the place of the file tells what became of the message."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from payflow.errors import DeliveryError
from payflow.model.agreement import Business, MailSettings
from payflow.model.journal import MessageState
from payflow.outbox import folder as folder_module
from payflow.outbox.folder import FolderTransport
from payflow.outbox.mime import Email, build
from payflow.outbox.transport import open_transport

NORTH = Business("Studio North", "Studio North Ltd", "billing@studio-north.example", "Europe/London", "GB", "GBP")
TO = ("accounts@acme.example",)


def letter(text: str = "Hello\n") -> Email:
    return build(NORTH, TO, "Invoice INV-0013", text, "", "m1", datetime(2026, 11, 12, 9, tzinfo=UTC))


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def body(path: Path) -> str:
    return str(message_from_bytes(path.read_bytes(), EmailMessage, policy=default).get_content()).strip()


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


def test_a_message_is_prepared_in_tmp_and_handed_over_into_new(outbox: Path) -> None:
    transport = open_transport(MailSettings(transport="folder", folder=outbox))
    prepared = transport.prepare("m1", letter(), TO)
    assert files(outbox) == ["tmp/m1"]
    assert prepared.hand_over() == (MessageState.SENT, str(outbox / "new/m1.eml"))
    transport.close()
    assert files(outbox) == ["new/m1.eml"]
    assert body(outbox / "new/m1.eml") == "Hello"
    assert b"\r\n" in (outbox / "new/m1.eml").read_bytes()


def test_an_abandoned_message_leaves_nothing(outbox: Path) -> None:
    FolderTransport(outbox).prepare("m1", letter(), TO).abandon()
    assert files(outbox) == []


def test_a_claim_whose_owner_died_before_the_rename_is_finished_by_it(outbox: Path) -> None:
    FolderTransport(outbox).prepare("m1", letter(), TO)
    assert FolderTransport(outbox).recover("m1").state is MessageState.SENT
    assert files(outbox) == ["new/m1.eml"]


def test_a_claim_whose_owner_died_after_the_rename_was_sent_even_if_the_file_was_taken_since(outbox: Path) -> None:
    FolderTransport(outbox).prepare("m1", letter(), TO).hand_over()
    assert FolderTransport(outbox).recover("m1").state is MessageState.SENT
    assert files(outbox) == ["new/m1.eml"]
    (outbox / "new/m1.eml").unlink()
    assert FolderTransport(outbox).recover("m1").state is MessageState.SENT
    assert files(outbox) == []


def test_a_message_that_died_before_its_claim_is_prepared_afresh(outbox: Path) -> None:
    FolderTransport(outbox).prepare("m1", letter("the first try"), TO)
    FolderTransport(outbox).prepare("m1", letter("the second try"), TO).hand_over()
    assert files(outbox) == ["new/m1.eml"]
    assert body(outbox / "new/m1.eml") == "the second try"


def test_a_half_written_file_of_a_run_that_died_is_replaced_as_a_whole(outbox: Path) -> None:
    (outbox / "tmp").mkdir(parents=True)
    (outbox / "tmp/m1").write_bytes(b"From: Stu")
    (outbox / f"tmp/.m1.{os.getpid()}").write_bytes(b"Fr")
    FolderTransport(outbox).prepare("m1", letter(), TO).hand_over()
    assert files(outbox) == ["new/m1.eml"]
    assert body(outbox / "new/m1.eml") == "Hello"


@pytest.mark.parametrize("winner", [0, 1])
def test_of_two_runs_with_one_message_the_loser_of_the_claim_takes_nothing_away(outbox: Path, winner: int) -> None:
    tries = [FolderTransport(outbox).prepare("m1", letter(), TO) for _ in range(2)]
    tries[1 - winner].abandon()
    assert files(outbox) == ["tmp/m1"]
    assert tries[winner].hand_over().state is MessageState.SENT
    assert files(outbox) == ["new/m1.eml"]


def test_a_loser_that_gives_up_after_the_winner_died_leaves_the_message_to_recovery(outbox: Path) -> None:
    FolderTransport(outbox).prepare("m1", letter(), TO)  # claimed, then killed
    FolderTransport(outbox).prepare("m1", letter(), TO).abandon()
    assert FolderTransport(outbox).recover("m1").state is MessageState.SENT
    assert files(outbox) == ["new/m1.eml"]


def test_a_message_that_was_handed_over_before_is_never_prepared_again(outbox: Path) -> None:
    FolderTransport(outbox).prepare("m1", letter("first"), TO).hand_over()
    with pytest.raises(DeliveryError, match="handed over before") as caught:
        FolderTransport(outbox).prepare("m1", letter("second"), TO)
    assert caught.value.permanent
    assert body(outbox / "new/m1.eml") == "first"


def test_a_recovery_by_another_run_counts_as_handed_over(outbox: Path) -> None:
    prepared = FolderTransport(outbox).prepare("m1", letter(), TO)
    FolderTransport(outbox).recover("m1")
    assert prepared.hand_over().state is MessageState.SENT


def test_file_and_folders_are_on_the_disk_before_and_after_the_claim(
    outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(str(Path(f"/proc/self/fd/{number}").readlink())))
    if not Path("/proc/self/fd").exists():
        pytest.skip("open files cannot be named on this system")
    prepared = FolderTransport(outbox).prepare("m1", letter(), TO)
    assert synced == [str(outbox / "tmp/m1"), str(outbox / "tmp")]
    prepared.hand_over()
    assert synced[2:] == [str(outbox / "new"), str(outbox / "tmp")]


def failing(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_is_a_delivery_error_that_may_pass(outbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(DeliveryError, match="tmp/m1 cannot be written: No space left on device") as caught:
        FolderTransport(outbox).prepare("m1", letter(), TO)
    assert not caught.value.permanent


@pytest.mark.parametrize(
    ("breaks", "state"),
    [
        (lambda patch: patch.setattr(Path, "replace", failing), MessageState.WAITING),
        (lambda patch: patch.setattr(folder_module, "sync_directory", failing), MessageState.UNSURE),
    ],
)
def test_trouble_at_the_hand_over_is_an_outcome_and_no_exception(
    outbox: Path,
    monkeypatch: pytest.MonkeyPatch,
    breaks: Callable[[pytest.MonkeyPatch], None],
    state: MessageState,
) -> None:
    prepared = FolderTransport(outbox).prepare("m1", letter(), TO)
    breaks(monkeypatch)
    outcome = prepared.hand_over()
    assert outcome.state is state
    assert "No space left on device" in outcome.detail


@pytest.mark.parametrize("key", ["", "../m1", "a/b", ".hidden", "a b", "m1\n", "ä", "x" * 201])
def test_a_key_that_is_no_file_name_is_refused(outbox: Path, key: str) -> None:
    transport = FolderTransport(outbox)
    with pytest.raises(DeliveryError, match="cannot name a message"):
        transport.prepare(key, letter(), TO)
    with pytest.raises(DeliveryError, match="cannot name a message"):
        transport.recover(key)
    assert not outbox.exists()
