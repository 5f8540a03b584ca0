"""A second thread works ahead and digests files meanwhile, and nothing comes out otherwise than without it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from payflow.sync import same
from payflow.sync.meanwhile import Meanwhile, ahead


def test_items_come_in_their_order_each_once() -> None:
    assert list(ahead(iter(range(100)))) == list(range(100))
    assert list(ahead(iter(()))) == []


def test_the_next_item_is_begun_before_it_is_asked_for() -> None:
    begun: list[int] = []

    def items() -> Iterator[int]:
        for number in range(3):
            begun.append(number)
            yield number

    coming = ahead(items())
    assert next(coming) == 0
    # whoever asks for the second has the third begun, and waits for no more than its own
    assert next(coming) == 1
    coming.close()  # type: ignore[attr-defined]  # it is a generator
    assert begun == [0, 1, 2]


def test_what_goes_wrong_in_the_other_thread_is_raised_here() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("two")

    coming = ahead(items())
    assert next(coming) == 1
    with pytest.raises(KeyError, match="two"):
        next(coming)
    with pytest.raises(ZeroDivisionError):
        Meanwhile(lambda: 1 // 0).result()


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that counts as large, and was written an hour ago."""
    monkeypatch.setattr(same, "_LARGE", 3)
    path = tmp_path / "sales.csv"
    path.write_text("one,two\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def test_a_large_file_has_the_digest_of_its_bytes(export: Path) -> None:
    told = [("sales.csv", 1_700_000_000 * 10**9, sha256(b"one,two\n").hexdigest())]
    assert same.Contents([export]).rows() == told


@pytest.mark.parametrize("later", [1_700_000_000, 1_700_000_001])
def test_a_file_that_is_written_to_while_it_is_read_has_no_digest(export: Path, later: int) -> None:
    contents = same.Contents([export])
    export.write_text("one,three\n" if later == 1_700_000_000 else "one,six\n")
    os.utime(export, (later, later))
    assert contents.rows() == []


def test_a_file_that_is_gone_has_no_digest(export: Path) -> None:
    contents = same.Contents([export])
    export.unlink()
    assert contents.rows() == []
    assert same.Contents([export]).rows() == []
