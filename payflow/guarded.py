"""Records that hold secrets, and never show them."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct


class Guarded(Struct, frozen=True):
    """A record whose fields named in `unshown` are left out of its `repr`, and so of logs, assertions and tracebacks."""

    unshown: ClassVar[frozenset[str]] = frozenset()

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in self.unshown)
        return f"{type(self).__name__}({', '.join(shown)})"
