"""One name for all the rates that are known: which tables a decision stood on."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from payflow.policy.rates import load_table, table_names


def rates_digest(extra: Path | None = None) -> str:
    """SHA-256, in hex, over every row of every table, the user's own in the folder `extra` included.

    Only what figures follow from counts: a source that is worded otherwise changes nothing. Raises `WorkspaceError`.
    """
    digest = sha256()
    for name in sorted(table_names(extra)):
        table = load_table(name, extra)
        rows = " ".join(f"{row.since}={row.annual}" for row in table.rows)
        digest.update(f"{name} {table.until} {table.complete_until} {table.series.speaks.name} {rows}\n".encode())
    return digest.hexdigest()
