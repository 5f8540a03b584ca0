"""Stripe: invoices read through the API, or from the dashboard's invoices.csv.

Cheap to import: the library, pandas and everything that reads stand behind the methods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from payflow.connector import Connector, ConnectorError, Limits, Near, Problem, SourceContext

__all__ = ["CONNECTOR"]

_API_LIMITS = Limits(
    cannot_tell=(
        "when a payment outside of Stripe was made: the day it was recorded in Stripe counts",
        "refunds of payments outside of Stripe, unless a credit note says so",
        "when credit of a client's balance came in: it counts from the day of the invoice that used it",
        "invoices of test clocks: Stripe's lists leave them out",
    ),
    better='A bank statement beside it (connector = "bank") tells money that never went through Stripe.',
)
_EITHER = 'Give it either `key = "env:STRIPE_API_KEY"` to read the API, or `files` to read exported invoices.csv files.'


class StripeSpec:
    """The connector `stripe`. A source of it reads either the API, with a key, or files."""

    name = "stripe"
    secrets = frozenset({"key"})
    #: The API's; sources that read files may be given their own.
    stale_after = 2

    @cached_property
    def options(self) -> Mapping[str, str]:
        """Those of the API, and those all file sources share."""
        from payflow_exports.common import COMMON

        return {
            "key": "API key, as env:NAME or file:PATH; best a restricted key that may only read",
            "api_base": "address of the API if it is not Stripe's own; for tests and proxies only",
            **COMMON,
        }

    @property
    def looked_for(self) -> Sequence[str]:
        """The one file format, by its header."""
        from payflow_stripe.export import FILES

        return FILES.looked_for

    def claims(self, path: Path) -> str | None:
        """The name of the format if this is the dashboard's invoices.csv."""
        from payflow_stripe.export import FILES

        return FILES.claims(path)

    def near(self, path: Path) -> Near | None:
        """How near a file comes to those of the dashboard."""
        from payflow_stripe.export import FILES

        return FILES.near(path)

    def limits(self, context: SourceContext) -> Sequence[Limits]:
        """What the API cannot tell, or what the file cannot."""
        if not context.files:
            return (_API_LIMITS,)
        from payflow_stripe.export import FILES

        return FILES.limits(context)

    def open(self, context: SourceContext) -> Connector:
        """Read the API when there is a key, or files when there are some. Raises `ConnectorError` for both or neither."""
        key = context.options.get("key")
        if bool(key) == bool(context.files):
            found = "has both a key and files" if key else "has neither a key nor files"
            raise ConnectorError(Problem(f"source {context.name}", found, _EITHER))
        if context.files:
            from payflow_stripe.export import open_files

            return open_files(context)
        from payflow_stripe.api import Api
        from payflow_stripe.pull import StripeSource

        return StripeSource(context, Api(context.name, key, context.options.get("api_base", "")))


CONNECTOR = StripeSpec()
