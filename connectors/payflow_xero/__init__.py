"""Xero: the CSV that `Invoices > Export` writes, the template that it imports, and the report Aged Receivables Detail."""

from payflow_exports.spec import FileSpec

__all__ = ["CONNECTOR"]

CONNECTOR = FileSpec(
    "xero",
    (
        "payflow_xero.invoices:SALES_INVOICES",
        "payflow_xero.template:IMPORT_TEMPLATE",
        "payflow_xero.aged:AGED_RECEIVABLES",
    ),
)
