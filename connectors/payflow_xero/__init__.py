"""Xero: the CSV that `Invoices > Export` writes, 44 columns, 36 in older ones."""

from payflow_exports.spec import FileSpec

__all__ = ["CONNECTOR"]

CONNECTOR = FileSpec("xero", ("payflow_xero.invoices:SALES_INVOICES",))
