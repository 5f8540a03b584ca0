"""Connectors of products that one module each is enough for. Cheap to import: formats are named, not imported."""

from __future__ import annotations

from payflow_exports.spec import FileSpec

__all__ = [
    "AKAUNTING",
    "ERPNEXT",
    "FRESHBOOKS",
    "HARVEST",
    "INVOICE2GO",
    "INVOICELY",
    "INVOICE_NINJA",
    "ODOO",
    "WAVE",
    "ZOHO",
]

AKAUNTING = FileSpec("akaunting", ("payflow_exports.akaunting:INVOICES",))
ERPNEXT = FileSpec("erpnext", ("payflow_exports.erpnext:INVOICES",))
FRESHBOOKS = FileSpec("freshbooks", ("payflow_exports.freshbooks:INVOICES",))
HARVEST = FileSpec("harvest", ("payflow_exports.harvest:INVOICES",))
INVOICE2GO = FileSpec("invoice2go", ("payflow_exports.invoice2go:INVOICES",))
INVOICELY = FileSpec("invoicely", ("payflow_exports.invoicely:INVOICES",))
INVOICE_NINJA = FileSpec(
    "invoiceninja", ("payflow_exports.invoiceninja:INVOICES", "payflow_exports.invoiceninja:PAYMENTS")
)
ODOO = FileSpec("odoo", ("payflow_exports.odoo:INVOICES",))
WAVE = FileSpec("wave", ("payflow_exports.wave:TRANSACTIONS",))
ZOHO = FileSpec("zoho", ("payflow_exports.zoho:INVOICES",))
