"""Xero: the CSV that `Invoices > Export` writes, 44 columns, 36 in older ones."""

from payflow_exports.spec import FileSpec
from payflow_xero.invoices import SALES_INVOICES

__all__ = ["CONNECTOR"]

CONNECTOR = FileSpec("xero", (SALES_INVOICES,))
