"""The yardsticks that are programs of their own: `python -m benchmarks.bare NAME EXPORT` or `WORKSPACE`; see `PROGRAMS`.

What every program of this kind has to do, with nothing checked, compared or remembered. polars and DuckDB are looked for in this
environment, then in the one that PAYFLOW_YARDSTICKS names: a folder made by `python -m venv`, with the same Python.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.books import LAST, READ

if TYPE_CHECKING:
    import pyarrow as pa


def read_pyarrow(export: Path) -> pa.Table:
    """The columns that payflow reads, as text."""
    import pyarrow as pa
    from pyarrow import csv

    convert = csv.ConvertOptions(include_columns=READ, column_types=dict.fromkeys(READ, pa.string()))
    return csv.read_csv(export, convert_options=convert)


def read_polars(export: Path) -> pa.Table:
    """The same by polars."""
    import polars

    return polars.read_csv(export, columns=READ, schema_overrides=dict.fromkeys(READ, polars.String)).to_arrow()


def read_duckdb(export: Path) -> pa.Table:
    """The same by DuckDB."""
    import duckdb

    return duckdb.sql(f"SELECT {', '.join(READ)} FROM read_csv('{export}', all_varchar = true)").to_arrow_table()


if yardsticks := os.environ.get("PAYFLOW_YARDSTICKS"):
    # behind our own packages, which are the ones to be measured
    at = str(Path(yardsticks).absolute())
    sys.path.append(sysconfig.get_path("platlib", "venv", {"base": at, "platbase": at}))

#: Those of them that are installed.
READERS: Mapping[str, Callable[[Path], pa.Table]] = {
    name: reader
    for name, reader in {"pyarrow": read_pyarrow, "polars": read_polars, "duckdb": read_duckdb}.items()
    if find_spec(name)
}


def upsert(export: Path, reader: Callable[[Path], pa.Table]) -> None:
    """The invoices of the export into the very table of payflow's own store, by one `executemany` in one transaction.

    Nothing is checked, compared or journaled; a cell that is not as it should be ends it.
    """
    from itertools import count, repeat

    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from payflow.store import open_store
    from payflow.store.mirror import InvoiceRow
    from payflow.store.upserts import upsert_statement

    table = reader(export)
    table = pa.table({name: table[name].cast(pa.string()) for name in READ}).combine_chunks()
    codes = table["InvoiceNumber"].combine_chunks().dictionary_encode().indices.to_numpy()
    rows = table.take(np.sort(np.unique(codes, return_index=True)[1]))

    def text(name: str) -> list[str]:
        values: list[str] = rows[name].to_pylist()
        return values

    def pence(name: str) -> list[int]:
        values: list[int] = pc.cast(pc.replace_substring(rows[name], ".", ""), pa.int64()).to_pylist()
        return values

    def day(name: str) -> list[int]:
        seconds = pc.cast(pc.strptime(rows[name], format="%d/%m/%Y", unit="s"), pa.int64())
        values: list[int] = pc.divide(seconds, 86_400).to_pylist()
        return values

    number, now = text("InvoiceNumber"), "2026-11-21T09:00:00.000000Z"
    total, paid, due = pence("Total"), pence("InvoiceAmountPaid"), pence("InvoiceAmountDue")
    columns = (number, number, text("ContactName"), text("Currency"), total, paid, repeat(0), due)
    dates = (day("InvoiceDate"), day("DueDate"), repeat(None))
    rest = (text("Status"), text("Reference"), repeat(""), repeat(0), repeat(now), repeat(now), repeat(None))
    folder = export.parent.parent
    for old in folder.glob("bare.db*"):
        old.unlink()
    with open_store("sqlite:///bare.db", folder, create=True) as store, store.transaction() as tx:
        statement = upsert_statement("invoice", InvoiceRow._fields, ("id",))
        tx.executemany(statement, zip(count(1), repeat("books"), *columns, *dates, *rest, strict=False))


def decide(workspace: Path) -> None:
    """All that follows for a day."""
    from payflow.decide import decide as decide_day
    from payflow.store import open_store
    from payflow.workspace import load

    settings = load(workspace).workspace
    now = datetime(LAST.year, LAST.month, LAST.day, 10, tzinfo=UTC)
    with open_store(settings.store_url, workspace) as store:
        assert decide_day(store, settings, LAST, now).invoices


def kernel(workspace: Path) -> None:
    """Due days, days late and interest of every invoice at today's balance."""
    import sqlite3

    import numpy as np

    store = sqlite3.connect(workspace / "payflow.db")
    rows = store.execute("SELECT total, coalesce(paid, 0), issued_on FROM invoice").fetchall()
    store.close()
    total, paid, issued = np.array(rows, dtype=np.int64).T
    today = (LAST - datetime(1970, 1, 1, tzinfo=UTC).date()).days
    late = np.maximum(today - (issued + 15 + 3), 0)
    interest = (2 * (total - paid) * late * 8 + 36_500) // (2 * 36_500)
    assert len(interest)


PROGRAMS: Mapping[str, Callable[[Path], object]] = {
    **{f"read-{name}": reader for name, reader in READERS.items()},
    **{f"upsert-{name}": partial(upsert, reader=reader) for name, reader in READERS.items()},
    "decide": decide,
    "kernel": kernel,
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](Path(sys.argv[2]))
