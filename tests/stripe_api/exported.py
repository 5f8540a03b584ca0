"""Rows as the dashboard exports them to invoices.csv."""

from __future__ import annotations

HEADER = (
    "id,Amount Due,Billing,Closed,Currency,Customer,Date (UTC),Due Date (UTC),Number,Paid,Subscription,Subtotal,"
    "Total Discount Amount,Applied Coupons,Tax,Tax Percent,Total,Amount Paid,Status"
)


def row(key: str, total: str, paid: str, status: str, **cells: str) -> str:
    """One row of the export; `due` is what was asked for at issue, the total unless said otherwise."""
    done = str(status == "paid").lower()
    issued, due_on = cells.get("issued", "2026-10-01 10:00:00"), cells.get("due_on", "2026-10-15 10:00:00")
    values = [
        key,
        cells.get("due", total),
        "send_invoice",
        done,
        cells.get("currency", "gbp"),
        cells.get("client", "cus_1"),
        issued,
        due_on,
        cells.get("number", f"NORTH-{key}"),
        done,
        "",
        total,
        "0.00",
        "",
        "",
        "",
        total,
        paid,
        status,
    ]
    return ",".join(f'"{value}"' if "," in value else value for value in values)
