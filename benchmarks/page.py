"""The table of docs/performance.md, and the place in the page where it stands."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Row
from benchmarks.measure import Run

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_START, _END = "<!-- figures: made by `make bench` -->\n", "<!-- end of figures -->\n"


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| what | wall time, peak memory | yardstick | its wall time, peak memory | times | limit |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = (row.what, _told(row.figure), row.yardstick, _told(row.measure), f"{row.ratio:.2f}", row.limit)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write(rows: Sequence[Row], load: float) -> None:
    """Put the table, and on what it was measured, into the page. `load` is how busy the machine was before."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(_START)
    _, _, after = rest.partition(_END)
    day = datetime.now(UTC).date().isoformat()
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {day}; load before: {load:.1f}."
    PAGE.write_text(f"{before}{_START}\nMeasured on {machine}\n\n{table(rows)}\n{_END}{after}", encoding="utf-8")


def _told(run: Run) -> str:
    seconds = f"{run.seconds * 1000:.0f} ms" if run.seconds < 1 else f"{run.seconds:.1f} s"
    return f"{seconds}, {run.peak:.0f} MiB"
