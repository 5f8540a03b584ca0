"""The interface a connector implements, and all of payflow that a connector may know.

A connector turns one source into `Batch`es of canonical tables (`payflow.columns`). Bad rows are `Problem` values in the
batch; a source that cannot be read at all raises `ConnectorError`. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from msgspec import Struct, field

from payflow.columns import CLIENTS, ENTRIES, INVOICES, LINES, NO_DAY, Ints, Kind, check, empty, to_date, to_day
from payflow.entry_points import entry_points
from payflow.errors import ConnectorError, DeliveryError, Problem, nearest
from payflow.guarded import Guarded
from payflow.model.facts import EntryKind, LineKind, Reading, Scope, Settlement, Status
from payflow.money import AmountError, Marks, decimal, exponent, is_currency, parse

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CLIENTS",
    "ENTRIES",
    "INVOICES",
    "LINES",
    "NO_DAY",
    "AmountError",
    "Batch",
    "ChargeOrder",
    "Connector",
    "ConnectorError",
    "ConnectorSpec",
    "Cursor",
    "DeliveryError",
    "EntryKind",
    "Ints",
    "Kind",
    "Limits",
    "LineKind",
    "Marks",
    "Near",
    "Poster",
    "Problem",
    "Reading",
    "Rereader",
    "Scope",
    "Settlement",
    "SourceContext",
    "Status",
    "TellsNear",
    "check",
    "decimal",
    "discover",
    "empty",
    "exponent",
    "is_currency",
    "nearest",
    "parse",
    "release",
    "to_date",
    "to_day",
]

#: What a connector wants to remember between pulls: JSON values only. Losing it costs time, never truth.
Cursor = Mapping[str, Any]


class Batch(Struct, frozen=True):
    """One portion of a reading. Tables hold the columns of `payflow.columns`, money as `Int64`, never a float.

    Consecutive batches with an equal `reading` are one reading: a file is one, an API pull is one. A pull that raises leaves
    its last reading unfinished. `cursor` replaces the remembered one once the whole pull is stored. `lines` are those of a
    bank statement (`columns.LINES`); they say nothing about which invoices there are, so that such a reading is of scope
    `changed`.
    """

    clients: pd.DataFrame
    invoices: pd.DataFrame
    entries: pd.DataFrame
    reading: Reading
    problems: Sequence[Problem] = ()
    cursor: Cursor | None = None
    lines: pd.DataFrame | None = None


class SourceContext(Guarded, frozen=True):
    """What a connector is told about its source.

    `files` are absolute paths, newest last. `currency` is the business's, for exports that name none; `timezone` its IANA
    zone, for stamps in UTC; `now` an aware datetime. `options` are the source's own keys from `payflow.toml`.
    """

    unshown: ClassVar[frozenset[str]] = frozenset({"options"})

    name: str
    files: Sequence[Path]
    currency: str
    timezone: str
    now: datetime
    options: Mapping[str, Any] = field(default_factory=dict)


class Connector(Protocol):
    """One source, ready to be read."""

    def pull(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Yield what the source holds; `cursor` is what the last pull left, None for everything."""
        ...


@runtime_checkable
class Rereader(Protocol):
    """A connector whose source can be asked about single invoices, as an API can and a file cannot.

    Before a notice or a charge goes out, invoices that were read a while ago are read again.
    """

    def reread(self, keys: Sequence[str]) -> Iterator[Batch]:
        """Yield what the source says now of the invoices with these keys, with all their entries.

        One call for all invoices that are about to be asked for. The reading's scope is `changed`, so that it speaks for
        none but those it lists. Raises `ConnectorError`; then nothing is taken over.
        """
        ...


class ChargeOrder(Struct, frozen=True):
    """A charge to be posted, or one taken back: every parameter was frozen when it was decided and is the same at every try.

    `tag` is what is set as our metadata and found again by; `ref` is printed on the invoice and comes back in its reference.
    `client` and `invoice` are the source's own keys, `amount` is in minor units, `on` the ISO day of the claim. `posted` is the
    service's id of the charge that is taken back, empty for one that is posted.
    """

    tag: str
    ref: str
    client: str
    invoice: str
    number: str
    amount: int
    currency: str
    on: str
    posted: str = ""


@runtime_checkable
class Poster(Protocol):
    """A connector that can write back: charges become invoices of the source, and go back as credit.

    `key` is the idempotency key of one call; a deed that needs several calls derives a key for each from it. Raises
    `DeliveryError`, permanent where the service refused for good and did nothing; whatever else is raised leaves it open
    whether something was done. Its spec says `posts_charges = True`.
    """

    def post(self, order: ChargeOrder, key: str) -> str:
        """Make the charge; returns the service's id of it."""
        ...

    def reverse(self, order: ChargeOrder, key: str) -> str:
        """Take back `order.amount` of the charge `order.posted`, by voiding or crediting; returns the service's id of that."""
        ...

    def find(self, order: ChargeOrder) -> str:
        """The id of what was made under `order.tag`, from a list and never from a search that lags; empty for none."""
        ...


class Limits(Struct, frozen=True):
    """What a format cannot tell, in plain sentences for `payflow doctor`, and which other export would.

    `report` names the format where a connector has several.
    """

    cannot_tell: Sequence[str] = ()
    better: str = ""
    report: str = ""


@runtime_checkable
class ConnectorSpec(Protocol):
    """What the entry point `payflow.connectors` points at: one object per connector, cheap to import."""

    @property
    def name(self) -> str:
        """The word in `connector = "..."`."""
        ...

    @property
    def options(self) -> Mapping[str, str]:
        """Option name -> what it is for; other keys in `[[source]]` are mistakes."""
        ...

    @property
    def secrets(self) -> frozenset[str]:
        """Names of the options that are secrets (`env:NAME` or `file:PATH`)."""
        ...

    @property
    def stale_after(self) -> int:
        """Days after which a reading is stale unless the source says otherwise: 2 for an API, 7 for files."""
        ...

    @property
    def looked_for(self) -> Sequence[str]:
        """One line per file format: its name and the header it is known by; empty for an API."""
        ...

    def claims(self, path: Path) -> str | None:
        """The name of the format if this file is one of ours, judged by its header; never raises for bad files."""
        ...

    def limits(self, context: SourceContext) -> Sequence[Limits]:
        """What this source cannot tell."""
        ...

    def open(self, context: SourceContext) -> Connector:
        """A connector for this source. Raises `ConnectorError` when it is misconfigured."""
        ...


class Near(Struct, frozen=True):
    """How near a file that is nobody's comes to a connector's formats.

    `broken`: it can be no file of anybody's, and why. Else how many `names` of the nearest format's header its row `row` has,
    which ones that row `lacks`, and what the file `begins` with.
    """

    format: str = ""
    names: int = 0
    lacks: Sequence[str] = ()
    row: int = 0
    begins: str = ""
    broken: Problem | None = None


@runtime_checkable
class TellsNear(Protocol):
    """What a `ConnectorSpec` may do besides: help where nobody claims a file."""

    def near(self, path: Path) -> Near | None:
        """How near an unclaimed file comes, None where nothing can be said; never raises for bad files."""
        ...


class _Installed(Mapping[str, ConnectorSpec]):
    """Installed connectors by name; each is imported when it is first asked for, since most runs need one or two."""

    def __init__(self) -> None:
        self._points = entry_points("payflow.connectors")
        self._loaded: dict[str, ConnectorSpec] = {}

    def __getitem__(self, name: str) -> ConnectorSpec:
        if name not in self._loaded:
            point = self._points[name]
            try:
                self._loaded[name] = point.load()
            except Exception as error:
                raise ConnectorError(
                    Problem(f"connector {name}", f"{point.value} does not load: {error}", "Install it again.")
                ) from error
        return self._loaded[name]

    def release(self, name: str) -> str:
        """The package that a connector comes from, and its version."""
        return self._points[name].release

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)

    def __contains__(self, name: object) -> bool:
        return name in self._points


def discover() -> Mapping[str, ConnectorSpec]:
    """Every installed connector by name, found through the entry points `payflow.connectors`.

    Looking one up raises `ConnectorError` when it cannot be imported, naming its package.
    """
    return _Installed()


@cache
def release(name: str) -> str:
    """Which releases of payflow and of a connector's package read with it."""
    from importlib.metadata import version

    installed = _Installed()
    return f"{version('payflow-gate')}, {installed.release(name) if name in installed else ''}"
