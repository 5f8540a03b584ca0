"""A Dask cluster of worker processes on this machine, as `dask scheduler` and `dask worker` start it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_QUIET = ["--no-dashboard"]
_PATIENCE = 120.0


class Cluster(NamedTuple):
    """Where the scheduler listens, and the processes of its workers."""

    address: str
    workers: list[subprocess.Popen[bytes]]


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """So many workers of one thread each; all processes end with the context."""
    place = folder / "scheduler.json"
    started = [_start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(place), cwd=folder)]
    try:
        address = _address(place, started[0])
        started += [_start("worker", address, "--nthreads", "1", "--no-nanny", cwd=folder) for _ in range(workers)]
        yield Cluster(address, started[1:])
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def _start(*words: str, cwd: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "dask", *words, *_QUIET]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _address(place: Path, scheduler: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and scheduler.poll() is None:
        try:
            return str(json.loads(place.read_text(encoding="utf-8"))["address"])
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.05)
    raise RuntimeError("the scheduler did not start")
