"""What to say of a file that no connector claims: what it looks like, which formats come near, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from payflow.connector import ConnectorSpec, Near, TellsNear
from payflow.errors import ConnectorError, Problem

_MOST_SHOWN = 3
_REMEDY = (
    "See `payflow connectors` for what is read; describe any other table with `columns` in payflow.toml, "
    'of invoices with connector = "tabular", of a bank with "bank".'
)


def unknown(path: Path, specs: Mapping[str, ConnectorSpec]) -> ConnectorError:
    """The error for a file that nobody claims."""
    found = {name: near for name, spec in specs.items() if isinstance(spec, TellsNear) and (near := spec.near(path))}
    for near in found.values():
        if near.broken is not None:  # empty, damaged, a web page: whoever it was meant for
            return ConnectorError(Problem(str(path), near.broken.found, near.broken.remedy))
    close = sorted(
        ((name, near) for name, near in found.items() if near.lacks),
        key=lambda pair: (len(pair[1].lacks) - pair[1].names, pair[0]),
    )
    begins = next((near.begins for near in found.values() if near.begins), "")
    what = f"no connector knows this file; it begins with {begins!r}" if begins else "no connector knows this file"
    if close:
        what += ". Nearest: " + "; ".join(_told(name, near) for name, near in close[:_MOST_SHOWN])
        return ConnectorError(Problem(str(path), what, f"Export it again with those columns. {_REMEDY}"))
    return ConnectorError(Problem(str(path), what, _REMEDY))


def _told(name: str, near: Near) -> str:
    return f"{name}, {near.format}, but row {near.row} lacks {', '.join(near.lacks)}"
