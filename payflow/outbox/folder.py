"""Messages as files: `tmp/KEY` before the claim, renamed to `new/KEY.eml` after it.

Whether a message was handed over is the place of its file, so nothing is ever unsure: a claim whose owner died is
finished by the rename if the file is still in `tmp`, and was finished if it is not (design section 8.4). A program that
sends the files takes them out of `new`.

Two runs may prepare one message at once, and the loser of the claim must not take away what the winner relies on. So
`tmp/KEY` is made by one, replaced whole by the other, and removed only by a maker whose file still stands there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from payflow.errors import DeliveryError
from payflow.model.journal import MessageState
from payflow.outbox.mime import Email, wire
from payflow.outbox.transport import Outcome, checked_key


class FolderTransport:
    """Writes `.eml` files below a folder, which is made when the first message comes."""

    name = "folder"

    def __init__(self, folder: Path) -> None:
        self._tmp = folder / "tmp"
        self._new = folder / "new"

    def prepare(self, key: str, message: Email, recipients: Sequence[str]) -> _Written:
        """Write `tmp/KEY` and have it on the disk."""
        place, target = self._places(key)
        content = wire(message, utf8=not all(item.isascii() for item in recipients))
        try:
            for directory in (self._tmp, self._new):
                directory.mkdir(parents=True, exist_ok=True)
            if target.exists():
                raise DeliveryError(f"{target} is there already: this message was handed over before", permanent=True)
            own = _write(place, content)
            sync_directory(self._tmp)
        except OSError as error:
            raise DeliveryError(
                f"{place} cannot be written: {error.strerror or error}. Make room or allow writing there, then run again",
                permanent=False,
            ) from error
        return _Written(place, target, own)

    def recover(self, key: str) -> Outcome:
        """Exact: a file left in `tmp` is handed over now, a missing one was handed over then."""
        place, target = self._places(key)
        if not place.exists():
            return Outcome(MessageState.SENT, f"{target} was written by an earlier run")
        return _rename(place, target)

    def has(self, key: str) -> bool:
        """Whether anything of a message is here; a hand-over on another host leaves nothing."""
        return any(path.exists() for path in self._places(key))

    def close(self) -> None:
        """Nothing is held open."""

    def _places(self, key: str) -> tuple[Path, Path]:
        return self._tmp / checked_key(key), self._new / f"{key}.eml"


class _Written:
    """A message in `tmp`. `own` is the identity of a file that this run made, None for one it replaced."""

    def __init__(self, place: Path, target: Path, own: tuple[int, int] | None) -> None:
        self._place, self._target, self._own = place, target, own

    def hand_over(self) -> Outcome:
        """Rename it into `new`."""
        return _rename(self._place, self._target)

    def abandon(self) -> None:
        """Remove it, unless it was there before or another run has replaced it: then someone may rely on it."""
        try:
            if self._own is not None and self._own == _identity(self._place.stat()):
                self._place.unlink()
        except OSError:
            return  # a file left in tmp is never handed over without a claim


def _rename(place: Path, target: Path) -> Outcome:
    try:
        place.replace(target)
    except FileNotFoundError:
        return Outcome(MessageState.SENT, f"{target} was written by another run")
    except OSError as error:
        return Outcome(
            MessageState.WAITING, f"{place} could not be moved to {target.parent}: {error.strerror or error}"
        )
    try:
        sync_directory(target.parent)
        sync_directory(place.parent)
    except OSError as error:
        return Outcome(MessageState.UNSURE, f"{target} is there, but may not be on the disk: {error.strerror or error}")
    return Outcome(MessageState.SENT, str(target))


def _write(place: Path, content: bytes) -> tuple[int, int] | None:
    """Write `place` durably and return its identity; None if a file stood there, which is then replaced as a whole."""
    try:
        return _write_new(place, content)
    except FileExistsError:
        beside = place.with_name(f".{place.name}.{os.getpid()}")
        beside.unlink(missing_ok=True)
        _write_new(beside, content)
        beside.replace(place)
        return None


def _write_new(place: Path, content: bytes) -> tuple[int, int]:
    with place.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        return _identity(os.fstat(file.fileno()))


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def sync_directory(directory: Path) -> None:
    """Have the names in a directory on the disk; systems that cannot open one do it by themselves."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
