"""The demo's workspace: a studio in Leeds, its terms, and what it agreed with three clients."""

from __future__ import annotations

from collections.abc import Mapping

SETTINGS = """\
# Studio North: two accounting systems, two policies, three clients.

[business]
name = "Studio North"
legal_name = "Studio North Ltd, 4 Quay Street, Leeds"
email = "billing@studio-north.example"
timezone = "Europe/London"
country = "GB"
currency = "GBP"

[mail]
transport = "folder"                    # every e-mail becomes a file in outbox/new
folder = "outbox"
hours = "09:00-17:00"

[[source]]
name = "books"
connector = "xero"
files = "exports/xero-*.csv"

[[source]]
name = "shop"
connector = "quickbooks"
files = "exports/quickbooks-*.csv"
currency = "USD"

[policy.standard]
terms = "net-15"
grace = 3                               # nothing arises for three days after the due date
spacing = 2
late_fee = { amount = { GBP = "25.00", USD = "20.00" } }
interest = { annual = "8", bill = "never" }

[[policy.standard.step]]
name = "heads-up"
day = -3
email = "heads-up"

[[policy.standard.step]]
name = "reminder"
day = 1
email = "reminder"

[[policy.standard.step]]
name = "late-fee"
day = 7
email = "late-fee"
fee = true

[[policy.standard.step]]
name = "final-notice"
day = 14
email = "final-notice"

[policy.agency]
terms = "net-30"
spacing = 3
late_fee = { percent = "1.5" }
interest = { annual = "9.5", bill = "on-payment" }

[[policy.agency.step]]
name = "reminder"
day = 2
email = "reminder"

[[policy.agency.step]]
name = "late-fee"
day = 10
email = "late-fee"
fee = true
"""

CONTRACTS: Mapping[str, str] = {
    "acme-website": """\
project = "acme-website"
name = "Acme website"
signed = 2026-10-01
policy = "standard"
currency = "GBP"

[client]
id = "acme"
name = "Acme Ltd"
email = "accounts@acme.example"

[[milestone]]
id = "deposit"
amount = "3000.00"
invoices = ["INV-0012"]

[[milestone]]
id = "design"
amount = "4000.00"
invoices = ["INV-0013"]

[[phase]]
id = "design"
name = "Design"
needs = ["deposit"]

[[phase]]
id = "build"
name = "Build"
needs = ["deposit", "design"]
after = ["design"]
""",
    "brightwater-brand": """\
project = "brightwater-brand"
name = "Brightwater brand"
signed = 2026-09-28
policy = "agency"
currency = "EUR"
billing = "advance"                     # each phase is paid before it starts

[client]
id = "brightwater"
name = "Brightwater GmbH"
email = "buchhaltung@brightwater.example"
timezone = "Europe/Berlin"
country = "DE"

[[milestone]]
id = "concept"
amount = "5000.00"                      # the invoice adds 19 % VAT
invoices = ["INV-0014"]

[[milestone]]
id = "rollout"
amount = "7000.00"

[[phase]]
id = "concept"
name = "Concept"

[[phase]]
id = "rollout"
name = "Rollout"
""",
    "bakery-shop": """\
project = "bakery-shop"
name = "Corner Bakery shop"
signed = 2026-10-05
policy = "standard"
currency = "USD"

[client]
id = "bakery"
name = "Corner Bakery"
email = "hello@cornerbakery.example"
timezone = "America/New_York"
country = "US"

[[milestone]]
id = "setup"
amount = "1200.00"
invoices = ["1021"]

[[phase]]
id = "setup"
name = "Set-up"

[[phase]]
id = "launch"
name = "Launch"
""",
}
