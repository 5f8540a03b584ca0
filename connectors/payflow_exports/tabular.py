"""Any CSV: the user names the columns in `payflow.toml`.

[[source]]
name = "ledger"
connector = "tabular"
files = "ledger/*.csv"
columns = { number = "Invoice no", client = "Customer", total = "Gross", issued_on = "Date", paid = "Received" }
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct, field

from payflow.connector import (
    ENTRIES,
    INVOICES,
    Connector,
    ConnectorError,
    Limits,
    Problem,
    SourceContext,
    Status,
    empty,
    nearest,
)
from payflow_exports.common import COMMON
from payflow_exports.files import FileConnector
from payflow_exports.format import Format, Portion
from payflow_exports.options import read_options
from payflow_exports.statuses import PARTIAL, stated, without_parts

if TYPE_CHECKING:
    from payflow_exports.sheet import Sheet

__all__ = ["CONNECTOR"]

#: The names that `columns` may give: those of canonical invoices, and two of the client.
FIELDS = (*INVOICES, "client_name", "email")

_STATUSES = {
    **dict.fromkeys(("draft", "pending approval"), Status.DRAFT),
    **dict.fromkeys(("open", "unpaid", "sent", "issued", "viewed", "due", "overdue", "late", *PARTIAL), Status.OPEN),
    **dict.fromkeys(("paid", "settled", "closed", "paid in full"), Status.PAID),
    **dict.fromkeys(("void", "voided", "cancelled", "canceled", "deleted"), Status.VOID),
    **dict.fromkeys(("written off", "written-off", "write-off", "uncollectible", "bad debt"), Status.WRITTEN_OFF),
}
_OPTIONS = MappingProxyType({"columns": f"what the file calls each column: {', '.join(FIELDS)}", **COMMON})
_NEEDED = "Name at least number (or key), client, total, issued_on, and one of paid, balance and status."


class TabularSpec(Struct, frozen=True):
    """What the entry point `tabular` points at. It claims no file: only a configured source knows its columns."""

    name: str = "tabular"
    options: Mapping[str, str] = field(default_factory=lambda: _OPTIONS)
    secrets: frozenset[str] = frozenset()
    stale_after: int = 7
    looked_for: Sequence[str] = ()

    def claims(self, path: Path) -> str | None:  # noqa: ARG002  # the interface asks; no header is ours by itself
        """None: a CSV of unknown columns is nobody's."""
        return None

    def limits(self, context: SourceContext) -> Sequence[Limits]:
        """What the columns that are not named would have told."""
        columns = _columns(context.options.get("columns"), context.name)
        silent = {
            "due_on": "the due date printed on an invoice: it comes from the terms",
            "currency": "the currency: the source's or the business's is assumed",
            "closed_on": "when an invoice was paid: payment days are inferred from one file to the next",
            "reference": "references to milestones: contracts have to name their invoices",
            "email": "clients' addresses: contracts have to name them",
        }
        missing = [text for name, text in silent.items() if name not in columns]
        return [Limits(missing, "Name more columns of the file, if it has them.")]

    def open(self, context: SourceContext) -> Connector:
        """Check the options. Raises `ConnectorError`."""
        columns = _columns(context.options.get("columns"), context.name)
        table = Format(
            name="the table that `columns` describes",
            columns=columns,
            required=tuple(columns),
            build=_build,
            report=True,
        )
        return FileConnector(context, (table,), read_options(context.options, context.name))


CONNECTOR = TabularSpec()


def _columns(given: object, source: str) -> Mapping[str, Sequence[str]]:
    where = f"source {source!r}: columns"
    if not isinstance(given, Mapping) or not given:
        raise ConnectorError(Problem(where, "is no table of columns", _NEEDED))
    for name in given:
        if name not in FIELDS:
            raise ConnectorError(Problem(where, f"{name!r} is not a column payflow knows", nearest(str(name), FIELDS)))
    columns = {name: _names(value, f"{where}.{name}") for name, value in given.items()}
    if "client" not in columns and "client_name" in columns:
        columns["client"] = columns["client_name"]
    enough = {"client", "total", "issued_on"} <= columns.keys() and columns.keys() & {"number", "key"}
    if not enough or not columns.keys() & {"paid", "balance", "status"}:
        raise ConnectorError(Problem(where, f"names only {', '.join(columns)}", _NEEDED))
    return columns


def _names(value: object, where: str) -> Sequence[str]:
    names = [value] if isinstance(value, str) else value
    if isinstance(names, Sequence) and names and all(isinstance(name, str) and name.strip() for name in names):
        return tuple(names)
    raise ConnectorError(Problem(where, f"{value!r} is no column name", "Write the column's header text."))


def _build(sheet: Sheet) -> Portion:
    from payflow_exports.invoices import clients_of, invoices_of, issued_between

    if "paid" not in sheet and "balance" not in sheet:
        sheet = without_parts(sheet, "Name the column that holds what was paid, or what is open.")
    key = "key" if "key" in sheet else "number"
    invoices = stated(invoices_of(sheet, _STATUSES, by_line=False, key=(key,)), sheet)
    first, last = issued_between(sheet)
    return Portion(clients_of(sheet), invoices, empty(ENTRIES), covers_from=first, covers_to=last)
