"""QuickBooks: the reports of QuickBooks Online and Desktop that list invoices, as CSV or XLSX, and IIF files."""

from payflow_exports.spec import FileSpec

__all__ = ["CONNECTOR"]

CONNECTOR = FileSpec(
    "quickbooks",
    (
        "payflow_quickbooks.reports:INVOICE_LIST",
        "payflow_quickbooks.reports:SALES_LIST",
        "payflow_quickbooks.reports:AGING_DETAIL",
        "payflow_quickbooks.reports:CUSTOMER_BALANCE",
        "payflow_quickbooks.details:SALES_DETAIL",
        "payflow_quickbooks.details:TRANSACTIONS",
        "payflow_quickbooks.details:RECEIVED",
        "payflow_quickbooks.desktop:DESKTOP",
        "payflow_quickbooks.desktop:IIF",
    ),
)
