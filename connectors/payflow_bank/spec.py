"""What the entry point `bank` points at: which files are statements, the source's options, and what statements cannot tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct, field

from payflow.connector import Connector, Limits, Near, SourceContext
from payflow_exports.common import COMMON

if TYPE_CHECKING:
    from payflow_bank.kinds import Kind

_FIELDS = (
    "on, value_on, amount, in, out, direction, payer, payer_account, text, reference, account, currency, bank_id, balance, "
    "status"
)
_OPTIONS = MappingProxyType(
    {
        "account": "the account of files that name none; of files that name several, the only one that is read",
        "columns": f"what a CSV calls each column: {_FIELDS}",
        "notifications": "true: read camt.052 and camt.054 too, for an account of which there is no camt.053",
        **{name: COMMON[name] for name in ("encoding", "delimiter", "decimal", "date_format", "currency", "sheet")},
    }
)
_LOOKED_FOR = (
    "OFX and QFX: OFXHEADER or <OFX>",
    "QIF: !Type:Bank",
    "MT940: fields :20: and :60F:",
    "CAMT.053: <BkToCstmrStmt>",
    "bank statement in Xero's columns: Date, Amount, Payee, Description, Reference, Cheque Number",
)
_ALL = "which invoices there are, and which one a payment is meant for: lines are matched with the invoices of other sources"
_BETTER = (
    "MT940 or CAMT.053, if the bank offers them: they name the payer's account and add up from balance to balance."
)
_CANNOT = {
    "QIF": Limits(
        (
            _ALL,
            "ids of lines, the currency, and in which order its dates are written",
            "the payer's account and balances",
        ),
        f"OFX or, better, {_BETTER}",
        "QIF",
    ),
    "OFX": Limits(
        (_ALL, "structured references, mostly the payer's account, and the balance before the first line"),
        _BETTER,
        "OFX",
    ),
    "MT940": Limits((_ALL,), "CAMT.053, which keeps references and texts apart and never cuts them.", "MT940"),
    "CAMT": Limits(
        (_ALL,), "An export of the invoices themselves beside it: from the books, or through an API.", "CAMT.053"
    ),
    "table": Limits(
        (_ALL, "what its columns do not say: often ids of lines, structured references and balances"),
        _BETTER,
        "CSV",
    ),
}


class BankSpec(Struct, frozen=True):
    """Statements of bank accounts, in whatever format. Cheap to import; readings are stale after a week."""

    name: str = "bank"
    options: Mapping[str, str] = field(default_factory=lambda: _OPTIONS)
    secrets: frozenset[str] = frozenset()
    stale_after: int = 7
    looked_for: Sequence[str] = _LOOKED_FOR

    def claims(self, path: Path) -> str | None:
        """The name of the statement's format, judged by how the file begins."""
        from payflow_bank.kinds import kind_of

        kind = kind_of(path)
        return kind.title if kind else None

    def near(self, path: Path) -> Near | None:
        """How near a file comes to the one header that is known; None for a statement."""
        from payflow_bank.kinds import kind_of
        from payflow_bank.table import shared
        from payflow_exports.spec import FileSpec

        return FileSpec(self.name, (shared(""),)).near(path) if kind_of(path) is None else None

    def limits(self, context: SourceContext) -> Sequence[Limits]:
        """The limits of the formats among the source's files; of all formats while it has none."""
        from payflow_bank.kinds import kind_of

        kinds: list[Kind | None] = [kind_of(path) for path in context.files]
        words = {kind.word if kind else "table" for kind in kinds}
        return [limits for word, limits in _CANNOT.items() if word in words or not words]

    def open(self, context: SourceContext) -> Connector:
        """Check the options and stand ready. Raises `ConnectorError`."""
        from payflow_bank.pull import BankConnector, read_settings

        return BankConnector(context, read_settings(context))
