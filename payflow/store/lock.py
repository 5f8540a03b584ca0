"""One run at a time: an operating-system lock on a file beside the database.

A courtesy that keeps two runs from doing the same work; what makes an effect happen once are the database's unique keys.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from payflow.errors import Problem, StoreError
from payflow.store.failures import unreachable

#: Seconds between two tries while waiting.
_PAUSE = 0.05


@contextmanager
def hold_lock(path: Path, wait: float) -> Iterator[None]:
    """Hold the lock, waiting up to `wait` seconds for it. Raises `StoreError` naming the process that has it.

    The system lets go of the lock when the process ends, however it ends; the file stays.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise unreachable(error, path) from error
    try:
        _take(descriptor, path, time.monotonic() + wait)
        # the number is for people only; a full disk is no reason not to run
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                owner = os.pread(descriptor, 20, 0).decode(errors="replace") or "unknown"
                found = f"another run is going on (pid {owner})"
                raise StoreError(str(Problem(str(path), found, "Wait until it is done and try again."))) from None
        time.sleep(_PAUSE)
