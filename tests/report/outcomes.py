"""What a source and a run came to, for the tests of what is shown of them."""

from __future__ import annotations

from typing import Any

from payflow.errors import Problem
from payflow.nightly import RunReport
from payflow.sync import SyncReport
from report import factories

BAD_ROW = Problem("sales.csv, row 3, Total", "'12,3x' is no amount", "Correct the cell.")
WARNING = Problem("sales.csv", "no payment dates", "Nothing to do.", warning=True)


def report(**changes: Any) -> SyncReport:
    """A source of which three invoices were read, and what is different about it."""
    usual = {"source": "books", "connector": "xero", "read": 3, "new": 1, "changed": 1, "unchanged": 1}
    return SyncReport(**{**usual, **changes})


def ran(**changes: Any) -> RunReport:
    """A live run that sent a message and took a charge back, and what is different about it."""
    usual = {
        "as_of": factories.AS_OF,
        "live": True,
        "dry_run": False,
        "synced": (report(),),
        "decision": factories.decision(sources=[]),
        "sent": ("m-1",),
        "reversed": ("PF-10-1",),
        "told": True,
    }
    return RunReport(**{**usual, **changes})
