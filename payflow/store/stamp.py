"""How far the store's knowledge has come: what was decided from it holds while this stays the same."""

from __future__ import annotations

from typing import NamedTuple

from payflow.store import journal, mirror
from payflow.store.database import Reader


class Stamp(NamedTuple):
    """The mirror's counter and the number of the journal's last record: one of them grows with every fact."""

    mirror: int
    journal: int


def stamp(db: Reader) -> Stamp:
    """The stamp now, or inside the snapshot or transaction given."""
    return Stamp(mirror.counter(db), journal.head(db).seq)
