"""The table of docs/performance.md, and the place in the page where it stands.

Each row names the benchmark that measured it, and when. What is measured again replaces the rows of those benchmarks alone.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import ALL, Row
from benchmarks.measure import Run

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_START, _END = "<!-- figures: made by `make bench` -->\n", "<!-- end of figures -->\n"
_HEAD = (
    "| benchmark | what | wall time, peak memory | yardstick | its wall time, peak memory | times | limit | day, load before |",
    "|---|---|---|---|---|---|---|---|",
)


def lines(name: str, rows: Sequence[Row], load: float) -> list[str]:
    """The rows of a benchmark in Markdown. `load` is how busy the machine was before."""
    day = f"{datetime.now(UTC).date().isoformat()}, {load:.1f}"
    return [
        f"| {name} | {row.what} | {_told(row.figure)} | {row.yardstick} | {_told(row.measure)} "
        f"| {row.ratio:.2f} | {row.limit} | {day} |"
        for row in rows
    ]


def table(found: Mapping[str, Sequence[str]]) -> str:
    """The lines of all benchmarks, in the order in which they are run."""
    rows = [line for name in ALL for line in found.get(name, ())]
    return "\n".join([*_HEAD, *rows]) + "\n"


def write(found: Mapping[str, Sequence[str]]) -> None:
    """Put the lines, and on what they were measured, into the page; those of other benchmarks stay."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(_START)
    old, _, after = rest.partition(_END)
    kept = {name: [line for line in old.splitlines() if line.startswith(f"| {name} |")] for name in ALL}
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    body = f"\nMeasured on {machine}.\n\n{table({**kept, **found})}\n"
    PAGE.write_text(f"{before}{_START}{body}{_END}{after}", encoding="utf-8")


def _told(run: Run) -> str:
    seconds = f"{run.seconds * 1000:.0f} ms" if run.seconds < 1 else f"{run.seconds:.1f} s"
    return f"{seconds}, {run.peak:.0f} MiB"
