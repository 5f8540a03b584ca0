"""A made-up business of any size: a workspace, and its sales invoices as Xero exports them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

HEADER = (
    "ContactName,EmailAddress,POAddressLine1,POAddressLine2,POAddressLine3,POAddressLine4,POCity,PORegion,POPostalCode,"
    "POCountry,SAAddressLine1,SAAddressLine2,SAAddressLine3,SAAddressLine4,SACity,SARegion,SAPostalCode,SACountry,"
    "InvoiceNumber,Reference,InvoiceDate,DueDate,PlannedDate,Total,TaxTotal,InvoiceAmountPaid,InvoiceAmountDue,"
    "InventoryItemCode,Description,Quantity,UnitAmount,Discount,LineAmount,AccountCode,TaxType,TaxAmount,TrackingName1,"
    "TrackingOption1,TrackingName2,TrackingOption2,Currency,Type,Sent,Status"
)
#: The columns that payflow reads.
READ = [
    *("ContactName", "EmailAddress", "InvoiceNumber", "Reference", "InvoiceDate", "DueDate", "Total"),
    *("InvoiceAmountPaid", "InvoiceAmountDue", "Currency", "Type", "Status"),
]
#: The day on which the export was made.
LAST = datetime.now(UTC).date()
#: Issue dates lie in the two years before `LAST`.
_DAYS = 720

SETTINGS = """\
[business]
name = "Studio North"
legal_name = "Studio North Ltd, 4 Quay Street, Leeds"
email = "billing@studio-north.example"
timezone = "Europe/London"
country = "GB"
currency = "GBP"
policy = "standard"

[[source]]
name = "books"
connector = "xero"
files = "exports/*.csv"

[policy.standard]
terms = "net-15"
grace = 3
binding = "invoice"
late_fee = { amount = "25.00" }
interest = { annual = "8" }

[[policy.standard.step]]
name = "reminder"
day = 1
email = "reminder"

[[policy.standard.step]]
name = "late-fee"
day = 7
email = "late-fee"
fee = true
"""

CONTRACT = """\
project = "acme-website"
name = "Acme website"
signed = 2024-01-01
policy = "standard"
currency = "GBP"

[client]
id = "acme"
name = "Client 00001"
email = "accounts@acme.example"

[[milestone]]
id = "deposit"
amount = "100.00"
invoices = ["INV-0000001"]

[[phase]]
id = "design"
name = "Design"
needs = ["deposit"]
"""


def write_workspace(root: Path, rows: int) -> Path:
    """A workspace with an export of so many rows; the export's path."""
    (root / "contracts").mkdir(parents=True)
    (root / "exports").mkdir()
    (root / "payflow.toml").write_text(SETTINGS, encoding="utf-8")
    (root / "contracts" / "acme-website.toml").write_text(CONTRACT, encoding="utf-8")
    export = root / "exports" / "sales.csv"
    with export.open("w", encoding="utf-8", newline="\r\n") as file:
        file.write(HEADER + "\n")
        file.writelines(_rows(rows))
    return export


def _rows(count: int) -> Iterator[str]:
    """Rows of 44 cells. Every fourth invoice has two lines; of five, three are paid, one is open, one is part-paid."""
    row = number = 0
    while row < count:
        number += 1
        lines = min(2 if number % 4 == 0 else 1, count - row)
        issued = LAST - timedelta(days=number * 7919 % _DAYS)
        total = 10_000 + number * 6151 % 900_000
        paid = (total, total, total, 0, total // 3)[number % 5]
        status = "Paid" if paid == total else "Awaiting Payment"
        client = number % (1 + count // 40)
        for line in range(lines):
            row += 1
            yield (
                f"Client {client:05},accounts@client{client:05}.example,12 Quay Street,,,,Leeds,West Yorkshire,LS1 4AP,"
                f"United Kingdom,,,,,,,,,INV-{number:07},order {number % 9973},{issued:%d/%m/%Y},"
                f"{issued + timedelta(days=14):%d/%m/%Y},,{_money(total)},0.00,{_money(paid)},{_money(total - paid)},"
                f"SKU-{number % 97},Design and build of the website\\, part {line + 1},1.0000,{_money(total // lines)},,"
                f"{_money(total // lines)},200,No VAT,0.00,,,,,GBP,Sales invoice,Sent,{status}\n"
            ).replace("\\,", " ")


def _money(pence: int) -> str:
    return f"{pence // 100}.{pence % 100:02}"
