"""Whether this store is the one that was switched on.

A copy is never live by itself: `payflow live` journals the place of the store (this machine and path, or this database of
this server), and the anchor file beside it says how far its journal had come. A store elsewhere, or behind its anchor, previews
until a person says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from payflow.errors import JournalError
from payflow.model.journal import Memory
from payflow.store.anchor import check_anchor
from payflow.store.memory import last_live, switched_off

if TYPE_CHECKING:
    from payflow.store import Store


def is_anchored(store: Store) -> bool:
    """Whether this store was switched on here, so that there is an anchor file beside it."""
    try:
        live = last_live(store)
    except JournalError:
        # a record that says so, and was changed: its chain tells, and the file has to be there
        return True
    return live is not None and live.place == store.place()


def place_of(store: Store, memory: Memory) -> tuple[Memory, str]:
    """The memory, not live when this store is not the one that was switched on, and then why."""
    live = last_live(store)
    if memory.live_from is None or live is None:
        return replace(memory, live_from=None), switched_off(store)
    if live.place != store.place():
        why = "this store was switched on in another place: it is a copy, or it was moved"
    else:
        why = check_anchor(store.anchor, store, required=True)
    if not why:
        return memory, ""
    return replace(memory, live_from=None), why
