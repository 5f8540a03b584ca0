"""One name for all the rates that are known: which tables a decision stood on."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from payflow.policy.rate_files import Row, own_rows
from payflow.policy.rates import joined, table_names


def rates_digest(extra: Path | None = None) -> str:
    """SHA-256, in hex, over every row of every table, the user's own in the folder `extra` included.

    Only what figures follow from counts: a source that is worded otherwise changes nothing. Raises `WorkspaceError`.
    """
    names = sorted(table_names(extra))
    return _digest(tuple((name, own_rows(extra, name) if extra is not None else ()) for name in names))


@lru_cache(maxsize=4)
def _digest(tables: tuple[tuple[str, tuple[Row, ...]], ...]) -> str:
    """Of tables by name, each with the rows that are the user's own. A run asks many times, and they rarely change."""
    digest = sha256()
    for name, added in tables:
        table = joined(name, added)
        rows = " ".join(f"{row.since}={row.annual}" for row in table.rows)
        digest.update(f"{name} {table.until} {table.complete_until} {table.series.speaks.name} {rows}\n".encode())
    return digest.hexdigest()
