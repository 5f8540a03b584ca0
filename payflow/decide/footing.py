"""What figures stand on beside the facts and the agreement: program, Python, calendars of holidays, rate tables."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from payflow import __version__
from payflow.policy.rate_digest import rates_digest


class Footing(NamedTuple):
    """What figures stand on beside the facts: the same wherever parts of one decision are worked out."""

    payflow: str
    python: str
    holidays: str
    rates: str

    def differences(self, other: Footing) -> str:
        """What another has instead, in words; empty where nothing differs."""
        found = zip(("payflow", "Python", "holidays", "rate tables"), self, other, strict=True)
        return ", ".join(f"{name} {there[:12]} instead of {here[:12]}" for name, here, there in found if here != there)


def footing(extra: Path | None = None) -> Footing:
    """Of this process, with the user's own rate tables in the folder `extra`. Raises `WorkspaceError`."""
    return Footing(__version__, "{}.{}".format(*sys.version_info), _holidays(), rates_digest(extra))


@cache
def _holidays() -> str:
    """The release of the calendars, which stands in a file that takes milliseconds to read."""
    from importlib.metadata import version

    return version("holidays")
