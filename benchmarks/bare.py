"""The yardsticks that are programs of their own: `python -m benchmarks.bare read|upsert EXPORT`, `... decide|kernel WORKSPACE`.

What every program of this kind has to do, with nothing checked, compared or remembered.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.books import LAST, READ

if TYPE_CHECKING:
    import pyarrow as pa


def read(export: Path) -> pa.Table:
    """The columns that payflow reads, as text."""
    import pyarrow as pa
    from pyarrow import csv

    convert = csv.ConvertOptions(include_columns=READ, column_types=dict.fromkeys(READ, pa.string()))
    return csv.read_csv(export, convert_options=convert)


def upsert(export: Path) -> None:
    """The same rows into a new table, keyed by invoice number, in one transaction."""
    import sqlite3

    table = read(export)
    target = export.parent.parent / "bare.db"
    target.unlink(missing_ok=True)
    store = sqlite3.connect(target)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute(f"CREATE TABLE invoice ({', '.join(READ)}, PRIMARY KEY (InvoiceNumber)) WITHOUT ROWID")
    changes = ", ".join(f"{name} = excluded.{name}" for name in READ if name != "InvoiceNumber")
    statement = f"INSERT INTO invoice VALUES ({', '.join('?' * len(READ))}) ON CONFLICT DO UPDATE SET {changes}"
    with store:
        for batch in table.to_batches(max_chunksize=50_000):
            store.executemany(statement, zip(*(column.to_pylist() for column in batch.columns), strict=True))
    store.close()


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


PROGRAMS: Mapping[str, Callable[[Path], object]] = {"read": read, "upsert": upsert, "decide": decide, "kernel": kernel}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](Path(sys.argv[2]))
