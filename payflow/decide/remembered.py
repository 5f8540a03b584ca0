"""What the journal remembers for a day: all that was done, even if a clock that was ahead dated it later."""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from typing import TYPE_CHECKING

from msgspec.structs import replace

from payflow.store.memory import load_memory
from payflow.store.moments import to_day

if TYPE_CHECKING:
    from payflow.model.journal import Memory
    from payflow.store import Reader


def remembered(db: Reader, as_of: date, today: date, about: Container[int] | None = None) -> Memory:
    """The memory for a day: for one before `today` as the journal stood then, else everything. `about` as in `load_memory`.

    A clock that went back, and that a person accepted (`payflow run --accept-clock`), leaves records of days that are yet to
    come. What they tell was done all the same: it counts as done on this day, so that no step is taken twice, no charge is
    claimed twice, and the steps after them do not wait until that clock's days are reached.
    """
    if as_of < today:
        return load_memory(db, as_of, about=about)
    memory = load_memory(db, about=about)
    return _done_by(memory, as_of) if is_ahead(db, as_of) else memory


def is_ahead(db: Reader, as_of: date) -> bool:
    """Whether the journal has records of later days."""
    return bool(db.query("SELECT 1 FROM journal WHERE day > ? LIMIT 1", (to_day(as_of),)))


def _done_by(memory: Memory, as_of: date) -> Memory:
    return replace(
        memory,
        notices={
            invoice: [replace(one, on=min(one.on, as_of)) for one in several]
            for invoice, several in memory.notices.items()
        },
        charges={
            invoice: [replace(one, claimed_on=min(one.claimed_on, as_of)) for one in several]
            for invoice, several in memory.charges.items()
        },
    )
