"""Whether this store is the one that was switched on.

A copy is never live by itself: `payflow live` journals the place of the store (this machine, this path), and the anchor
file beside it says how far its journal had come. A store elsewhere, or behind its anchor, previews until a person says so.
"""

from __future__ import annotations

import platform
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from payflow.model.journal import Memory
from payflow.store.anchor import check_anchor
from payflow.store.memory import last_live

if TYPE_CHECKING:
    from payflow.store import Store

_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def place(store: Store) -> str:
    """A fingerprint of this machine and of the path of the store; tells neither."""
    return sha256(f"{_machine()}\n{store.path.resolve()}".encode()).hexdigest()[:32]


def _machine() -> str:
    for path in _MACHINE_IDS:
        try:
            text = path.read_text().strip()
        except OSError:
            continue
        if text:
            return text
    return platform.node()


def place_of(store: Store, memory: Memory) -> tuple[Memory, str]:
    """The memory, not live when this store is not the one that was switched on, and then why."""
    live = last_live(store)
    if memory.live_from is None or live is None:
        return memory, ""
    if live.place != place(store):
        why = "this store was switched on in another place: it is a copy, or it was moved"
    else:
        why = check_anchor(store.anchor, store)
    if not why:
        return memory, ""
    return replace(memory, live_from=None), why
