"""Real exports, where they are at hand: where PAYFLOW_SAMPLES says, else in `shared/samples` beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from exports.golden import read
from payflow.connector import Batch, discover
from payflow_exports import products
from payflow_exports.spec import FileSpec

SAMPLES = Path(os.environ.get("PAYFLOW_SAMPLES") or Path(__file__).parents[3] / "shared" / "samples")
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no samples here")

#: File, connector, and of each invoice: number, client, total, open, currency, issued, due, status.
EXPECTED: list[Any] = [
    pytest.param(
        "freshbooks/freshbooks_invoices.csv",
        products.FRESHBOOKS,
        [("0000001", 789000, 789000, "USD", "2021-01-28", "NaT", "open")],
        id="freshbooks",
    ),
    pytest.param(
        "zoho/zoho_invoices.csv",
        products.ZOHO,
        [
            ("INV-000001", 48975, 48975, "USD", "2021-01-28", "2021-01-28", "draft"),
            ("INV-000002", 46000, 46000, "USD", "2021-01-28", "2021-01-28", "draft"),
            ("INV-000003", 39000, 39000, "USD", "2021-01-28", "2021-02-27", "draft"),
        ],
        id="zoho",
    ),
    pytest.param(
        "wave/wave_invoices.csv",
        products.WAVE,
        [
            ("2", 497400, 497400, "CAD", "2021-01-28", "NaT", ""),
            ("3", 59050, 0, "CAD", "2021-01-28", "NaT", ""),
            ("4", 350041, 350041, "CAD", "2021-01-28", "NaT", ""),
        ],
        id="wave",
    ),
    pytest.param(
        "invoice2go/i2g_invoices.csv",
        products.INVOICE2GO,
        [
            ("1", 95355, 95355, "ILS", "2021-01-28", "NaT", "draft"),
            ("2", 7020, 7020, "USD", "2021-01-28", "NaT", "draft"),
            ("4", 7290, 7290, "USD", "2021-01-28", "2021-02-27", "draft"),
            ("3", 36720, 36720, "USD", "2021-01-28", "2021-02-11", "draft"),
        ],
        id="invoice2go",
    ),
    pytest.param(
        "invoicely/invoicely_invoices.csv",
        products.INVOICELY,
        [("INV-1", 102000, 102000, "CAD", "2021-01-28", "2021-01-28", "open")],
        id="invoicely",
    ),
]


def told(batch: Batch) -> list[tuple[Any, ...]]:
    """What is open follows from the balance, or from the total and the entries."""
    moved = batch.entries.groupby("invoice")["amount"].sum().to_dict()
    return [
        (
            row.number,
            row.total,
            row.total - moved.get(row.key, 0) if str(row.balance) == "<NA>" else row.balance,
            row.currency,
            str(row.issued_on)[:10],
            str(row.due_on)[:10],
            row.status,
        )
        for row in batch.invoices.itertuples()
    ]


@needs_samples
@pytest.mark.parametrize(("file", "spec", "invoices"), EXPECTED)
def test_a_real_export_is_read_in_full(file: str, spec: FileSpec, invoices: list[tuple[Any, ...]]) -> None:
    batch = read(spec, SAMPLES / file, currency="CAD")
    assert told(batch) == invoices
    assert batch.problems == ()
    assert batch.reading.finished


@needs_samples
@pytest.mark.parametrize("file", [one.values[0] for one in EXPECTED])
def test_a_real_export_is_claimed_by_its_own_connector_alone(file: str) -> None:
    assert [name for name, spec in discover().items() if spec.claims(SAMPLES / file)] == [file.split("/")[0]]


@needs_samples
def test_lists_of_clients_and_expenses_are_nobodys() -> None:
    for file in ("freshbooks/freshbooks_clients.csv", "zoho/zoho_contacts.csv", "wave/wave_clients.csv"):
        assert [name for name, spec in discover().items() if spec.claims(SAMPLES / file)] == [], file
