"""The fixtures of these products: which connector reads each, as what."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple

from payflow_exports import products
from payflow_exports.spec import FileSpec

HERE = Path(__file__).parent


class Fixture(NamedTuple):
    """An export beside its golden file; the header's row counts from 0."""

    spec: FileSpec
    report: str
    header_row: int = 0

    def rows(self, path: Path) -> list[list[str]]:
        return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


FIXTURES = {
    "freshbooks_17_columns": Fixture(products.FRESHBOOKS, "FreshBooks invoice details"),
    "freshbooks_18_columns": Fixture(products.FRESHBOOKS, "FreshBooks invoice details"),
    "zoho_83_columns": Fixture(products.ZOHO, "Zoho invoices"),
    "zoho_few_columns": Fixture(products.ZOHO, "Zoho invoices"),
    "wave_transactions": Fixture(products.WAVE, "Wave accounting transactions"),
    "harvest_report": Fixture(products.HARVEST, "Harvest invoice report"),
    "invoiceninja_invoices": Fixture(products.INVOICE_NINJA, "Invoice Ninja invoices", 3),
    "invoiceninja_payments": Fixture(products.INVOICE_NINJA, "Invoice Ninja payments", 3),
    "invoice2go_invoices": Fixture(products.INVOICE2GO, "Invoice2go invoices"),
    "invoicely_invoices": Fixture(products.INVOICELY, "Invoicely invoices"),
}
