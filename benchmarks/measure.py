"""Processes timed in turn, so that a machine that slows down slows all of them down."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import NamedTuple


class Run(NamedTuple):
    """Wall seconds and peak resident memory in MiB; of several runs, the medians."""

    seconds: float
    peak: float


def in_turn(
    commands: Mapping[str, Sequence[object]], rounds: int, before: Callable[[], None] = lambda: None
) -> dict[str, Run]:
    """Run every command `rounds` times, one after the other, and give each one's medians; `before` begins each round."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        before()
        for name, command in commands.items():
            runs[name].append(once(command))
    return {name: Run(median(run.seconds for run in of), median(run.peak for run in of)) for name, of in runs.items()}


def once(command: Sequence[object]) -> Run:
    """Run one command to its end. Raises `RuntimeError` with what it printed when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{printed}")
    return Run(seconds, used.ru_maxrss / 1024)
