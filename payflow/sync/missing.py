"""Invoices that a reading should have listed and did not."""

from __future__ import annotations

import numpy as np

from payflow.columns import Ints
from payflow.decide import freshness
from payflow.model.facts import Scope, Status
from payflow.store import mirror, mirror_writes
from payflow.sync.known import last_seen
from payflow.sync.work import Work

#: Invoices that are looked at before they are marked.
_BATCH = 20_000


def mark_missing(work: Work) -> int:
    """Invoices that this reading should have listed and did not become unknown (design 6.4). A draft may simply go."""
    reading = work.reading
    if not reading.finished or reading.scope == Scope.CHANGED or _lists_all(work):
        return 0
    likely = mirror.could_be_missing(
        work.tx,
        work.state.source,
        only_open=reading.scope == Scope.OPEN,
        covers_from=reading.covers_from,
        covers_to=reading.covers_to,
    )
    absent = _without(np.array(likely, dtype=np.int64), work.found.ids).tolist()
    counted = 0
    for start in range(0, len(absent), _BATCH):
        rows = mirror.some_invoices(work.tx, absent[start : start + _BATCH])
        missing = [
            row
            for row in last_seen(rows, work.state.told()).values()
            if row.read_at < reading.as_of
            and (row.unknown_since is None or row.unknown_since > reading.as_of)
            and freshness.could_list(reading, row)
        ]
        mirror_writes.mark_unknown(work.tx, [row.id for row in missing], reading.as_of)
        counted += sum(row.unknown_since is None and row.status != Status.DRAFT for row in missing)
    return counted


def _lists_all(work: Work) -> bool:
    """Whether every invoice that is known of the source stands in the reading."""
    return not work.found.again.any() and len(work.found.ids) == len(work.state.identities)


def _without(ids: Ints, others: Ints) -> Ints:
    """Identities that are not among others."""
    listed = np.zeros(max(ids.max(initial=0), others.max(initial=0)) + 1, dtype=np.bool_)
    listed[others] = True
    return ids[~listed[ids]]
