"""What readings say of clients, into the mirror."""

from __future__ import annotations

from payflow.store import mirror
from payflow.store.mirror import ClientRow
from payflow.sync.work import Work


def write_clients(work: Work) -> None:
    """Newer readings describe a client; an older one only adds clients that nobody knew."""
    tx, source = work.tx, work.state.source
    rows = [ClientRow(source, one.key, one.name, one.email, one.language, one.country) for one in work.read.clients]
    if any(one.as_of > work.stamp for one in work.state.readings if one.finished):
        have = {key for (key,) in tx.query("SELECT key FROM client WHERE source = ?", (source,))}
        rows = [row for row in rows if row.key not in have]
    else:
        have_rows = {row.key: row for row in mirror.clients(tx, source)}
        rows = [_filled(row, have_rows.get(row.key), work.rival) for row in rows]
    mirror.write_clients(tx, rows)


def _filled(new: ClientRow, old: ClientRow | None, rival: bool) -> ClientRow:
    if old is None:
        return new
    if rival:
        return ClientRow(*map(max, new, old))
    return ClientRow(*(fresh or known for fresh, known in zip(new, old, strict=True)))
