"""What is measured. Each benchmark gives rows of the table: a figure, its yardstick in the same turns, and their ratio."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from benchmarks.bare import READERS
from benchmarks.books import LAST, write_workspace
from benchmarks.mails import mail_server, write_debts, write_ready
from benchmarks.measure import Run, in_turn, once

PAYFLOW = Path(sysconfig.get_path("scripts")) / "payflow"
NOW = f"{LAST.isoformat()}T10:00"


class Row(NamedTuple):
    """One line of the table; `limit` says what it must stay below, where something does."""

    what: str
    figure: Run
    yardstick: str
    measure: Run
    limit: str = ""

    @property
    def ratio(self) -> float:
        """How many times the yardstick."""
        return self.figure.seconds / self.measure.seconds


def start_up(folder: Path, scale: float) -> list[Row]:  # noqa: ARG001  # nothing to write, nothing to scale
    """`payflow --help` beside a process that imports click."""
    runs = in_turn({"help": [PAYFLOW, "--help"], "click": [sys.executable, "-c", "import click"]}, rounds=21)
    return [Row("`payflow --help`", runs["help"], '`python -c "import click"`', runs["click"], "2.5 times")]


def board(folder: Path, scale: float) -> list[Row]:
    """`payflow status` on 1,000 invoices beside a process that imports the libraries it needs.

    A rehearsal (`--now`) is decided afresh each time; the second row is asked again while nothing changed.
    """
    rows = int(1250 * scale)
    _import(folder, rows)
    libraries = "import click, numpy, sqlite3, tomllib, zoneinfo"
    commands: Mapping[str, Sequence[object]] = {
        "imports": [sys.executable, "-c", libraries],
        "afresh": [PAYFLOW, "-C", folder, "--now", NOW, "status"],
        "again": [PAYFLOW, "-C", folder, "status"],
    }
    once(commands["again"])
    runs = in_turn(commands, rounds=11)
    what, yardstick = f"`payflow status`, {rows * 4 // 5:,} invoices", f'`python -c "{libraries}"`'
    return [
        Row(f"{what}, decided afresh", runs["afresh"], yardstick, runs["imports"], "0.3 s"),
        Row(f"{what}, asked again", runs["again"], yardstick, runs["imports"], "0.3 s"),
    ]


def big_import(folder: Path, scale: float) -> list[Row]:
    """`payflow import` of a million-row export beside the fastest bare read of its columns, and a bare upsert of its rows.

    In each round the store is new, the file is imported, read again with the shortcut by its digest off, and then on.
    """
    rows = int(1_000_000 * scale)
    export = write_workspace(folder, rows)
    bare = [sys.executable, "-m", "benchmarks.bare"]
    reads = in_turn({name: [*bare, f"read-{name}", export] for name in READERS}, rounds=3)
    reader = min(reads, key=lambda name: reads[name].seconds)
    ours = [PAYFLOW, "-C", folder, "--now", NOW, "import"]
    commands: Mapping[str, Sequence[object]] = {
        "upsert": [*bare, f"upsert-{reader}", export],
        "first": [*ours, export],
        "again": [*ours, "--again", export],
        "same": [*ours, export],
    }

    def without_store() -> None:
        for file in folder.glob("payflow.db*"):
            file.unlink()

    runs = in_turn(commands, rounds=3, before=without_store)
    first = runs["first"]
    size = f"{rows:,} rows, {export.stat().st_size / 1024**2:.0f} MiB"
    what = f"`payflow import`, Xero export of {size}"
    read = f"{reader}, the fastest of {', '.join(reads)}, reads the same 12 columns"
    return [
        Row(what, first, f"{reader}, then one `executemany`", runs["upsert"], "1.5 times"),
        Row("the same beside the bare read", first, read, reads[reader]),
        Row("the same file read again (`--again`)", runs["again"], "the first import", first, "0.7 times"),
        Row("the same file imported again, known by its digest", runs["same"], "the first import", first, "0.1 times"),
    ]


def decision(folder: Path, scale: float) -> list[Row]:
    """`decide` on 100,000 invoices beside a bare NumPy kernel that computes their interest."""
    rows = int(125_000 * scale)
    _import(folder, rows)
    bare = [sys.executable, "-m", "benchmarks.bare"]
    runs = in_turn({"decide": [*bare, "decide", folder], "kernel": [*bare, "kernel", folder]}, rounds=3)
    what = f"a process that calls `decide`, {rows * 4 // 5:,} invoices"
    return [Row(what, runs["decide"], "a process that reads totals and days, and a NumPy kernel", runs["kernel"])]


def kernel(folder: Path, scale: float) -> list[Row]:  # noqa: ARG001  # books are made in memory
    """Interest and fees of a million invoices in memory beside bare NumPy, and how their time grows to ten million."""
    from benchmarks.kernel import SIZES, Growth, compare, peak

    count, most = int(1_000_000 * scale), int(SIZES[-1] * scale)
    what = (
        f"`assess_parts` and `fee_columns`, {count:,} invoices in memory, floating rate and fee bands; processor time"
    )
    # in a process of its own, and first, as a process inherits the peak of the one that starts it
    words = [sys.executable, "-m", "benchmarks.kernel", "--growth", str(most)]
    grown = Growth(**json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout))
    times = most / SIZES[0]
    ours, theirs = compare(count)
    return [
        Row(what, Run(ours, peak()), "bare NumPy, the same figures, same process", Run(theirs, peak()), "2 times"),
        Row(
            f"the same, {most:,} invoices in parts",
            Run(grown.most, grown.peak),
            f"{times:,.0f} times that of {SIZES[0]:,} invoices (an exponent of {grown.exponent:.3f})",
            Run(grown.least * times, grown.peak),
            f"{times**0.05:.2f} times (an exponent of 1.05), 512 MiB",
        ),
    ]


def workers(folder: Path, scale: float) -> list[Row]:  # noqa: ARG001  # its invoices are made in memory
    """Two local Dask workers beside the same parts one after the other in one process."""
    from benchmarks.kernel import peak
    from benchmarks.workers import compare

    count = int(1_000_000 * scale)
    ours, alone = compare(count)
    what = f"a decision on {count:,} invoices by two local Dask workers, the same figures"
    return [
        Row(what, Run(ours, peak()), "the same parts one after the other, one process", Run(alone, peak()), "1.5 times")
    ]


def _import(folder: Path, rows: int) -> None:
    once([PAYFLOW, "-C", folder, "--now", NOW, "import", write_workspace(folder, rows)])


def mails(folder: Path, scale: float) -> list[Row]:
    """`payflow run` that writes to 10,000 clients through a mail server, beside a loop that sends ready-made messages.

    Both commit before and after each message.
    """
    count = int(10_000 * scale)
    with mail_server() as port:
        export = write_debts(folder, count, port)
        write_ready(folder, count)
        at = [PAYFLOW, "-C", folder, "--now", NOW]
        once([*at, "import", export])
        once([*at, "live", "--from", (LAST - timedelta(days=30)).isoformat()])
        # the real clock: rehearsals write to folders only
        words = [sys.executable, "-m", "benchmarks.mails", "bare", folder, port]
        # before and after it, as a machine that others use is not equally busy all the time
        before, run, after = once(words), once([PAYFLOW, "-C", folder, "run"]), once(words)
        bare = Run(mean((before.seconds, after.seconds)), max(before.peak, after.peak))
    what = f"`payflow run` that writes {count:,} messages to a mail server"
    return [Row(what, run, "a loop that sends as many ready-made messages, with as many commits", bare, "4 times")]


def report(folder: Path, scale: float) -> list[Row]:
    """The ageing report of a million invoices, from CSV to CSV, beside DuckDB, a plain loop and plain-text accounting."""
    from benchmarks.report import report as measured

    return measured(folder, scale)


def postgresql(folder: Path, scale: float) -> list[Row]:
    """Many rows into PostgreSQL through COPY, beside `executemany`."""
    from benchmarks.stores import postgresql as measured

    return measured(folder, scale)


def glance(folder: Path, scale: float) -> list[Row]:
    """What is asked again while nothing changed, on both stores, beside a process that asks the database one question."""
    from benchmarks.stores import glance as measured

    return measured(folder, scale)


def run_million(folder: Path, scale: float) -> list[Row]:
    """A run over a million invoices of which one in a hundred changed, beside the bare work on the same rows."""
    from benchmarks.nights import nights

    return nights(folder, scale)


#: name -> what it measures
ALL: Mapping[str, Callable[[Path, float], list[Row]]] = {
    "start-up": start_up,
    "board": board,
    "decision": decision,
    "kernel": kernel,
    "report": report,
    "import": big_import,
    "mails": mails,
    "postgresql": postgresql,
    "glance": glance,
    "workers": workers,
    "run-million": run_million,
}
