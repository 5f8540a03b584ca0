"""QuickBooks Online: the reports Invoice List by Date and A/R Aging Detail as CSV, in both naming generations."""

from payflow_exports.spec import FileSpec

__all__ = ["CONNECTOR"]

CONNECTOR = FileSpec(
    "quickbooks",
    (
        "payflow_quickbooks.reports:INVOICE_LIST",
        "payflow_quickbooks.reports:SALES_LIST",
        "payflow_quickbooks.reports:AGING_DETAIL",
    ),
)
