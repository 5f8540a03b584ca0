"""QuickBooks Online: the reports Invoice List by Date and A/R Aging Detail as CSV, in both naming generations."""

from payflow_exports.spec import FileSpec
from payflow_quickbooks.reports import AGING_DETAIL, INVOICE_LIST, SALES_LIST

__all__ = ["CONNECTOR"]

CONNECTOR = FileSpec("quickbooks", (INVOICE_LIST, SALES_LIST, AGING_DETAIL))
