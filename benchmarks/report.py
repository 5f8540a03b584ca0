"""The ageing and interest report: a whole process from two CSV files to a third, beside other programs on the same books.

`python -m benchmarks report`, and a part of `make bench`. Before anything is timed, the files that payflow, DuckDB and the loop
write are held against each other. DuckDB and beancount are looked for in the environment of this interpreter, then in the one
that PAYFLOW_YARDSTICKS names (a folder made by `python -m venv`); `ledger` and `hledger` are those of the system. What is not
there is said, and has no row.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.figures import Row
from benchmarks.measure import in_turn
from benchmarks.report_books import write_csv, write_plain_text

_ROOT = Path(__file__).parents[1]
#: Programs of plain-text accounting do ageing alone, with no fee and no interest; at a million invoices they take minutes.
_AGEING_ONLY = "ageing by client and day due alone"


def report(folder: Path, scale: float) -> list[Row]:
    """A million invoices beside DuckDB and a loop of decimals; a hundred thousand beside plain-text accounting."""
    folder.mkdir(parents=True)
    return [
        *_beside_others(folder / "large", int(1_000_000 * scale)),
        *_beside_plain_text(folder / "small", int(100_000 * scale)),
    ]


def _beside_others(folder: Path, count: int) -> list[Row]:
    folder.mkdir()
    write_csv(folder, count)
    commands: dict[str, Sequence[object]] = {"payflow": _program("payflow", sys.executable, folder)}
    if (python := _python_with("duckdb")) is not None:
        commands["duckdb"] = _program("duckdb", python, folder)
    slow = {"payflow": commands["payflow"], "decimal": _program("decimal", sys.executable, folder)}
    beside_loop = in_turn(slow, rounds=3)
    runs = in_turn(commands, rounds=7)
    _agree(folder, [*commands, "decimal"])
    what = f"ageing and interest report of {count:,} invoices, CSV to CSV"
    rows = [Row(what, beside_loop["payflow"], "a plain loop of decimals", beside_loop["decimal"], "1/8")]
    if "duckdb" in runs:
        rows.insert(0, Row(what, runs["payflow"], "DuckDB's SQL", runs["duckdb"], "1.5 times"))
    return rows


def _beside_plain_text(folder: Path, count: int) -> list[Row]:
    folder.mkdir()
    write_csv(folder, count)
    write_plain_text(folder, count)
    own = _program("payflow", sys.executable, folder)
    rows = []
    for name, (words, rounds, limit) in _plain_text(folder).items():
        runs = in_turn({"payflow": own, name: words}, rounds)
        what = f"the same report of {count:,} invoices"
        rows.append(Row(what, runs["payflow"], f"{name}: {_AGEING_ONLY}", runs[name], limit))
    return rows


def _plain_text(folder: Path) -> dict[str, tuple[Sequence[object], int, str]]:
    """Name -> its words, how often to run it, and the limit. Bars of 30 days by the day due, for every client."""
    found: dict[str, tuple[Sequence[object], int, str]] = {}
    ledger = ["-f", folder / "books.ledger", "--aux-date", "--period", "every 30 days", "register", "Receivable"]
    hledger = ["-f", folder / "books.journal", "balance", "--date2", "-p", "every 30 days", "Receivable"]
    query = (
        "SELECT account, any_meta('due') AS due, sum(position) WHERE account ~ '^Assets:Receivable' "
        "GROUP BY account, due ORDER BY account, due"
    )
    if (place := _on_path("ledger")) is not None:
        found["`ledger`"] = ([place, *ledger], 3, "1/5")
    if (place := _on_path("hledger")) is not None:
        found["`hledger`"] = ([place, *hledger], 3, "1/20")
    if (python := _python_with("beanquery")) is not None:
        # its cache of parsed files is off: each run reads the books
        words = ["env", "BEANCOUNT_DISABLE_LOAD_CACHE=1", python, "-m", "beanquery", folder / "books.beancount", query]
        found["beancount"] = (words, 1, "1/50")
    return found


def _program(name: str, python: object, folder: Path) -> Sequence[object]:
    # the yardsticks' interpreter has none of the project's packages, and needs none
    return ["env", f"PYTHONPATH={_ROOT}", python, "-m", "benchmarks.report_programs", name, folder]


def _python_with(package: str) -> Path | None:
    """The interpreter that has a package; None, and a word about it, where none has."""
    places = [Path(sys.executable)]
    if named := os.environ.get("PAYFLOW_YARDSTICKS"):
        places.append(Path(named) / "bin" / "python")
    for place in places:
        asked = subprocess.run([place, "-c", f"import {package}"], capture_output=True, check=False)
        if not asked.returncode:
            return place
    _missing(package, "pip install it into a folder made by `python -m venv`, and name that in PAYFLOW_YARDSTICKS")
    return None


def _on_path(name: str) -> str | None:
    place = shutil.which(name)
    if place is None:
        _missing(name, f"apt-get install {name}")
    return place


def _missing(name: str, remedy: str) -> None:
    print(f"report: {name} is not installed, so nothing is measured beside it ({remedy})", file=sys.stderr)


def _agree(folder: Path, names: Sequence[str]) -> None:
    """Raise unless all programs wrote the same figures for every client and currency."""
    reports = {name: _read(folder / f"{name}.csv") for name in names}
    first = reports["payflow"]
    for name, other in reports.items():
        if other != first:
            odd = next(iter(sorted(first.items() ^ other.items())))
            raise RuntimeError(f"payflow and {name} differ, first in {odd}")
    print(f"report: {', '.join(names)} agree on {len(first):,} lines", file=sys.stderr)


def _read(path: Path) -> Mapping[tuple[str, str], tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {(row[0], row[2]): tuple(row[3:]) for row in csv.reader(file)}
