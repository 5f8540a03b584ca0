"""What became of one source."""

from __future__ import annotations

from msgspec import Struct

from payflow.errors import Problem


class SyncReport(Struct, frozen=True):
    """What became of one source: invoices read, new, changed, unchanged and missing; lines of bank statements read and
    new, None for a source that tells none; problems; or why it failed."""

    source: str
    connector: str
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    lines: int | None = None
    new_lines: int = 0
    problems: tuple[Problem, ...] = ()
    error: str = ""
    #: the very files that it was last read from: they were not read again
    again: bool = False

    @property
    def failed(self) -> bool:
        """Whether nothing of it could be read."""
        return bool(self.error)
