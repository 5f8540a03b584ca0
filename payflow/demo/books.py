"""What the studio's books say on a day, as its two accounting systems export it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from payflow.money import decimal


class Bill(NamedTuple):
    """An invoice of the studio's with its payments, as (day, minor units)."""

    number: str
    client: str
    email: str
    currency: str
    total: int
    issued_on: date
    due_on: date
    payments: Sequence[tuple[date, int]] = ()

    def paid_by(self, day: date) -> int:
        """What had been paid by the end of a day."""
        return sum(amount for on, amount in self.payments if on <= day)


XERO = (
    Bill(
        "INV-0012", "Acme Ltd", "pat@acme.example", "GBP", 300_000,
        date(2026, 10, 1), date(2026, 10, 16), [(date(2026, 10, 14), 300_000)],
    ),
    Bill("INV-0013", "Acme Ltd", "pat@acme.example", "GBP", 400_000, date(2026, 10, 20), date(2026, 11, 4)),
    Bill(
        "INV-0014", "Brightwater GmbH", "", "EUR", 595_000,
        date(2026, 10, 2), date(2026, 11, 1), [(date(2026, 11, 6), 200_000)],
    ),
)  # fmt: skip
QUICKBOOKS = (
    Bill(
        "1021", "Corner Bakery", "", "USD", 120_000,
        date(2026, 10, 6), date(2026, 10, 21), [(date(2026, 10, 27), 120_000)],
    ),
)  # fmt: skip

#: The sales-invoice export's own column names; the demo fills those that matter.
_XERO_COLUMNS = (
    "ContactName", "EmailAddress", "POAddressLine1", "POAddressLine2", "POAddressLine3", "POAddressLine4",
    "POCity", "PORegion", "POPostalCode", "POCountry", "SAAddressLine1", "SAAddressLine2", "SAAddressLine3",
    "SAAddressLine4", "SACity", "SARegion", "SAPostalCode", "SACountry", "InvoiceNumber", "Reference",
    "InvoiceDate", "DueDate", "PlannedDate", "Total", "TaxTotal", "InvoiceAmountPaid", "InvoiceAmountDue",
    "InventoryItemCode", "Description", "Quantity", "UnitAmount", "Discount", "LineAmount", "AccountCode",
    "TaxType", "TaxAmount", "TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2", "Currency",
    "Type", "Sent", "Status",
)  # fmt: skip


def xero(day: date) -> str:
    """Xero's sales-invoice export of a day."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _XERO_COLUMNS, restval="")
    writer.writeheader()
    for bill in XERO:
        if bill.issued_on <= day:
            paid = bill.paid_by(day)
            writer.writerow(
                {
                    "ContactName": bill.client,
                    "EmailAddress": bill.email,
                    "InvoiceNumber": bill.number,
                    "InvoiceDate": f"{bill.issued_on:%d/%m/%Y}",
                    "DueDate": f"{bill.due_on:%d/%m/%Y}",
                    "Total": decimal(bill.total, bill.currency),
                    "InvoiceAmountPaid": decimal(paid, bill.currency),
                    "InvoiceAmountDue": decimal(bill.total - paid, bill.currency),
                    "Description": "Services",
                    "Quantity": "1.0000",
                    "UnitAmount": decimal(bill.total, bill.currency),
                    "LineAmount": decimal(bill.total, bill.currency),
                    "Currency": bill.currency,
                    "Type": "Sales invoice",
                    "Sent": "Sent",
                    "Status": "Paid" if paid >= bill.total else "Awaiting Payment",
                }
            )
    return text.getvalue()


def quickbooks(day: date) -> str:
    """QuickBooks Online's Invoice List by Date of a day, with its title rows and footer."""
    header = ["Date", "Transaction type", "Num", "Name", "Memo", "Due date", "Amount", "Open balance"]
    blank = [""] * (len(header) - 1)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows(
        [
            ["Studio North", *blank],
            ["Invoice List by Date", *blank],
            [f"As of {day:%b} {day.day}, {day.year}", *blank],
            [],
        ]
    )
    writer.writerow(header)
    total = 0
    for bill in QUICKBOOKS:
        if bill.issued_on <= day:
            left = bill.total - bill.paid_by(day)
            total += bill.total
            writer.writerow(
                [_us(bill.issued_on), "Invoice", bill.number, bill.client, "", _us(bill.due_on)]
                + [f"{decimal(amount, bill.currency)}" for amount in (bill.total, left)]
            )
    writer.writerow(["TOTAL", *[""] * 5, f"${decimal(total, 'USD')}", ""])
    text.write("\n\n\n")
    writer.writerow([f"Accrual Basis {day:%A, %B %d, %Y} 08:00 AM GMT+00:00", *blank])
    return text.getvalue()


def _us(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"
