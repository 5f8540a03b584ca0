"""Xero's export of sales invoices, 44 columns, as all tests write it that need one and not its quirks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

_NAMES = (
    "ContactName,EmailAddress,POAddressLine1,POAddressLine2,POAddressLine3,POAddressLine4,POCity,PORegion,POPostalCode,"
    "POCountry,SAAddressLine1,SAAddressLine2,SAAddressLine3,SAAddressLine4,SACity,SARegion,SAPostalCode,SACountry,"
    "InvoiceNumber,Reference,InvoiceDate,DueDate,PlannedDate,Total,TaxTotal,InvoiceAmountPaid,InvoiceAmountDue,"
    "InventoryItemCode,Description,Quantity,UnitAmount,Discount,LineAmount,AccountCode,TaxType,TaxAmount,TrackingName1,"
    "TrackingOption1,TrackingName2,TrackingOption2,Currency,Type,Sent,Status"
)
XERO_HEADER = _NAMES.split(",")


def sales_invoice(
    number: str,
    client: str,
    issued: str,
    due: str,
    total: str,
    paid: str,
    owed: str,
    status: str = "Awaiting Payment",
    *,
    email: str = "",
    reference: str = "",
    currency: str = "GBP",
    kind: str = "Sales invoice",
) -> Mapping[str, str]:
    """One invoice of one line; days are written as Xero writes them, `20/10/2026`."""
    return {
        "ContactName": client,
        "EmailAddress": email,
        "InvoiceNumber": number,
        "Reference": reference,
        "InvoiceDate": issued,
        "DueDate": due,
        "Total": total,
        "TaxTotal": "0.00",
        "InvoiceAmountPaid": paid,
        "InvoiceAmountDue": owed,
        "Description": "Work",
        "Quantity": "1",
        "UnitAmount": total,
        "LineAmount": total,
        "Currency": currency,
        "Type": kind,
        "Sent": "Sent",
        "Status": status,
    }


def sales_export(rows: Iterable[Mapping[str, str]]) -> str:
    """The whole file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, XERO_HEADER, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
