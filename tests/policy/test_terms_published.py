"""Due dates that products, courts and handbooks publish; each with its source."""

from __future__ import annotations

from datetime import date

import pytest

from payflow.policy.terms import due_date, parse_terms

ODOO = "Odoo, addons/account/tests/test_account_payment_term.py"
XERO = "Xero help, Set due dates for invoices and quotes"
BGB = "BGB 187, 188"

PUBLISHED = [
    ("net-0", "2019-01-31", "2019-01-31", ODOO),
    ("net-30", "2022-01-01", "2022-01-31", ODOO),
    ("net-30", "2022-01-15", "2022-02-14", ODOO),
    ("net-15", "2022-01-31", "2022-02-15", ODOO),
    ("net-45", "2022-01-31", "2022-03-17", ODOO),
    (["30 days", "day 10 of next month"], "2023-12-12", "2024-02-10", ODOO),
    (["0 days", "day 29 of next month"], "2024-05-23", "2024-06-29", ODOO),
    (["0 days", "day 31 of next month"], "2024-05-23", "2024-06-30", ODOO),
    (["15 days", "day 31 of next month"], "2024-05-23", "2024-07-31", ODOO),
    ("eom-0", "2026-08-05", "2026-08-31", XERO),
    ("eom-6", "2026-07-15", "2026-08-06", XERO),
    (["day 31"], "2026-11-20", "2026-11-30", XERO),
    ("net-180", "2026-08-11", "2027-02-07", "ERPNext, days after invoice date"),
    ("net-45-eom", "2025-02-15", "2025-04-30", "expertfiscal.fr, 45 jours fin de mois, first reading"),
    ("eom-45", "2025-02-15", "2025-04-14", "expertfiscal.fr, 45 jours fin de mois, second reading"),
    ("net-45-eom", "2023-01-15", "2023-03-31", "solon.law, C. com. L. 441-10"),
    ("eom-45", "2023-01-15", "2023-03-17", "second reading of the same, 31 January and 45 days"),
    ("net-45-eom", "2017-10-22", "2017-12-31", "scribd 727402193, calcul date d'echeance"),
    ("eom-45", "2017-10-22", "2017-12-15", "scribd 727402193, calcul date d'echeance"),
    ("net-30-eom", "2023-01-05", "2023-02-28", "edd-seriousgame.fr, 30 jours fin de mois"),
    ("net-30-eom", "2023-06-28", "2023-07-31", "edd-seriousgame.fr, 30 jours fin de mois"),
    (["1 month"], "2026-01-31", "2026-02-28", BGB),
    (["1 month"], "2026-03-31", "2026-04-30", BGB),
    (["1 month"], "2026-02-28", "2026-03-28", BGB),
    # ERPNext's code; its manual's example (20 March) is not what the code does
    (["end of month", "3 months"], "2026-01-20", "2026-04-30", "ERPNext, months after the end of the invoice month"),
    (["end of month", "1 month"], "2026-01-31", "2026-02-28", "ERPNext, months after the end of the invoice month"),
    (["end of month", "1 month"], "2026-02-28", "2026-03-28", "ERPNext, months after the end of the invoice month"),
]


@pytest.mark.parametrize(("terms", "issued", "due", "source"), PUBLISHED)
def test_a_published_due_date_is_ours(terms: str | list[str], issued: str, due: str, source: str) -> None:
    found = due_date(parse_terms(terms), date.fromisoformat(issued))
    assert found == date.fromisoformat(due), source
