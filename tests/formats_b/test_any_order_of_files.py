"""Files of one system, of several formats and days, give one board in whichever order they are read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from payflow import sync as syncing
from payflow.report import as_json
from payflow.store import Store, open_store
from stories.papers import settings
from stories.world import World

TESTS = Path(__file__).parents[1]
#: Connector, and files with the moments at which they were saved.
SYSTEMS = [
    pytest.param(
        "quickbooks",
        [
            ("quickbooks/invoice_list.csv", "2026-08-04"),
            ("quickbooks/aging_detail.csv", "2026-08-06"),
            ("formats_b/qbo_customer_balance.csv", "2026-08-08"),
        ],
        id="quickbooks",
    ),
    pytest.param(
        "quickbooks",
        [
            ("formats_b/qbo_transactions.csv", "2026-08-04"),
            ("formats_b/qbo_received.csv", "2026-08-05"),
            ("formats_b/qbo_sales_detail_classic.csv", "2026-08-06"),
        ],
        id="quickbooks, what only tells what was billed",
    ),
    pytest.param(
        "invoiceninja",
        [
            ("formats_a/invoiceninja_invoices.csv", "2026-11-12"),
            ("formats_a/invoiceninja_payments.csv", "2026-11-13"),
            ("formats_a/invoiceninja_invoices.csv", "2026-11-15"),
        ],
        id="invoice ninja",
    ),
    pytest.param(
        "xero",
        [
            ("xero/sales_44_columns.csv", "2026-11-12"),
            ("formats_b/xero_template.csv", "2026-11-10"),
            ("xero/sales_36_columns_reordered.csv", "2026-11-14"),
        ],
        id="xero",
    ),
    pytest.param(
        "bank",
        [("bank/german.sta", "2026-11-12"), ("bank/v8.xml", "2026-11-13"), ("bank/current.ofx", "2026-11-14")],
        id="bank",
    ),
]


def board(world: World, connector: str, files: Sequence[tuple[str, str]]) -> tuple[dict[str, Any], list[Any]]:
    """What `payflow status --json` and `payflow match` show after an import of the files, one after the other."""
    world.on("2026-11-20")
    with open_store(world.workspace.store_url, world.root, create=True) as store:
        for name, day in files:
            # a name of its own: a later copy of one file is another file
            path = world.root / "exports" / f"{day}-{Path(name).name}"
            path.write_bytes((TESTS / name).read_bytes())
            moment = datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=world.zone).timestamp()
            os.utime(path, (moment, moment))
            syncing.import_file(store, world.workspace, path, connector=connector, now=world.now)
        return shown(world, store)


def shown(world: World, store: Store) -> tuple[dict[str, Any], list[Any]]:
    """What `payflow status --json` and `payflow match` show of a store, without what counts up as invoices arrive."""
    world._store = store
    decision = world.decision()
    world._store = None
    status = as_json.status(decision)
    for one in status["invoices"]:
        del one["id"]
    for one in status["needs_you"]:
        one["key"] = one["key"].rpartition(":")[0]
    for listed in (status["invoices"], status["needs_you"]):
        listed.sort(key=json.dumps)
    return status, [decision.bank.certain, decision.bank.suggested, decision.bank.unmatched]


@pytest.mark.parametrize(("connector", "files"), SYSTEMS)
def test_any_order_of_formats_and_files_gives_one_board(
    make: Callable[..., World], connector: str, files: list[tuple[str, str]]
) -> None:
    source = f'[[source]]\nname = "books"\nconnector = "{connector}"\nfiles = "exports/*"\ncurrency = "GBP"\n'
    boards = {order: board(make(toml=settings(sources=source)), connector, order) for order in permutations(files)}
    first, *others = boards.values()
    assert first[0]["invoices"] or first[1][2]
    for order, other in zip(list(boards)[1:], others, strict=True):
        assert other == first, order
