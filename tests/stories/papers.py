"""What stands on paper in a story: settings, contracts, and exports in the formats of real products."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from xero_exports import sales_export, sales_invoice


def step(name: str, day: int, email: str = "", *, fee: bool = False, policy: str = "standard", more: str = "") -> str:
    """The text of a step of a ladder; its e-mail is the one of its name unless said."""
    lines = [f"[[policy.{policy}.step]]", f'name = "{name}"', f"day = {day}", f'email = "{email or name}"']
    return "\n".join([*lines, *(["fee = true"] if fee else []), more]) + "\n"


BUSINESS = """\
[business]
name = "Studio North"
legal_name = "Studio North Ltd, 4 Quay Street, Leeds"
email = "billing@studio-north.example"
timezone = "Europe/London"
country = "GB"
currency = "GBP"
"""

SETTINGS = f"""\
{BUSINESS}{{business}}

[mail]
transport = "folder"
folder = "outbox"
{{mail}}

{{sources}}

[policy.standard]
{{rules}}
spacing = 2
{{policy}}

{{steps}}
"""

MAIL = 'hours = "09:00-17:00"\ndays = "business"'
ANY_HOUR = 'hours = "any"\ndays = "every"'

BOOKS = """\
[[source]]
name = "books"
connector = "xero"
files = "exports/*.csv"
"""

AGEING = """\
[[source]]
name = "ageing"
connector = "quickbooks"
files = "reports/*.csv"
"""

STATEMENTS = """\
[[source]]
name = "bank"
connector = "bank"
files = "statements/*.xml"
"""

HEADS_UP = step("heads-up", -3)
LATE = step("reminder", 1) + step("late-fee", 7, fee=True)
STEPS = HEADS_UP + LATE

ACME = """\
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
"""


def settings(
    *,
    sources: str = BOOKS,
    steps: str = STEPS,
    mail: str = MAIL,
    policy: str = "",
    business: str = "",
    terms: str = '"net-15"',
    grace: str = "3",
    late_fee: str = '{ amount = "25.00" }',
    interest: str = '{ annual = "8" }',
) -> str:
    """The text of payflow.toml, with what a story wants to be different; a rule that is empty is left out."""
    named = {"terms": terms, "grace": grace, "late_fee": late_fee, "interest": interest}
    rules = "\n".join(f"{name} = {rule}" for name, rule in named.items() if rule)
    return SETTINGS.format(business=business, sources=sources, steps=steps, mail=mail, policy=policy, rules=rules)


def contract(
    project: str = "acme-website",
    client: str = "Acme Ltd",
    *,
    client_id: str = "",
    policy: str = "standard",
    milestones: Mapping[str, tuple[str, Sequence[str]]],
    needs: Mapping[str, Sequence[str]] | None = None,
    signed: str | None = "2026-10-01",
    email: str | None = "accounts@acme.example",
    more: str = "",
    client_more: str = "",
) -> str:
    """The text of a contract; `milestones` are id -> (amount, invoice numbers), `needs` phase -> milestone ids.

    The client's id is the first word of its name unless said.
    """
    slug = client_id or client.split()[0].lower()
    lines = [f'project = "{project}"', f'name = "{project.replace("-", " ").capitalize()}"']
    lines += [f"signed = {signed}"] if signed else []
    lines += [f'policy = "{policy}"', 'currency = "GBP"', more]
    lines += ["[client]", f'id = "{slug}"', f'name = "{client}"', client_more]
    lines += [f'email = "{email}"'] if email else []
    for name, (amount, invoices) in milestones.items():
        numbers = ", ".join(f'"{number}"' for number in invoices)
        lines += ["[[milestone]]", f'id = "{name}"', f'amount = "{amount}"', f"invoices = [{numbers}]"]
    for name, wanted in (needs or {"work": list(milestones)}).items():
        ids = ", ".join(f'"{one}"' for one in wanted)
        lines += ["[[phase]]", f'id = "{name}"', f'name = "{name.capitalize()}"', f"needs = [{ids}]"]
    return "\n".join(lines) + "\n"


class Row(NamedTuple):
    """One row of an export, in the words of the books; amounts and days are text, days ISO."""

    number: str
    total: str
    issued: str
    due: str
    paid: str
    owed: str
    client: str
    email: str
    kind: str
    status: str
    reference: str
    currency: str


def invoice(
    number: str,
    total: str,
    *,
    issued: str = "2026-10-20",
    due: str = "2026-11-04",
    paid: str = "0.00",
    owed: str | None = None,
    client: str = "Acme Ltd",
    email: str = "",
    kind: str = "Sales invoice",
    status: str | None = None,
    reference: str = "",
    currency: str = "GBP",
) -> Row:
    """An invoice as an export shows it; what is not said follows from the rest."""
    open_amount = owed if owed is not None else f"{(cents(total) - cents(paid)) / 100:.2f}"
    word = status or ("Awaiting Payment" if cents(open_amount) else "Paid")
    return Row(number, total, issued, due, paid, open_amount, client, email, kind, word, reference, currency)


def paid(number: str, total: str, **more: Any) -> Row:
    """An invoice that is paid in full."""
    return invoice(number, total, paid=total, **more)


def cents(amount: str) -> int:
    """Text with two decimals as pence."""
    return round(float(amount) * 100)


def xero(rows: Iterable[Row]) -> str:
    """The sales-invoice export of Xero, 44 columns."""
    return sales_export(
        sales_invoice(
            row.number,
            row.client,
            f"{date.fromisoformat(row.issued):%d/%m/%Y}",
            f"{date.fromisoformat(row.due):%d/%m/%Y}" if row.due else "",
            row.total,
            row.paid,
            row.owed,
            row.status,
            email=row.email,
            reference=row.reference,
            currency=row.currency,
            kind=row.kind,
        )
        for row in rows
    )


def ageing(rows: Iterable[Row], as_of: date) -> str:
    """QuickBooks' A/R Aging Detail: what is open, in one group."""
    width = 8
    lines = [["Studio North"], ["A/R Aging Detail"], [f"As of {as_of:%b} {as_of.day}, {as_of.year}"]]
    table = [line + [""] * (width - len(line)) for line in lines]
    table += [[""] * width]
    table += [["", "Date", "Transaction type", "Num", "Customer full name", "Due date", "Amount", "Open balance"]]
    table += [["CURRENT"] + [""] * (width - 1)]
    table += [
        ["", _us(row.issued), "Invoice", row.number, row.client, _us(row.due), row.total, row.owed]
        for row in rows
        if cents(row.owed)
    ]
    table += [["Total for CURRENT"] + [""] * (width - 1), ["TOTAL"] + [""] * (width - 1)]
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(table)
    return out.getvalue()


class BankRow(NamedTuple):
    """One line of a bank statement: its day ISO, its amount signed, and what it says."""

    on: str
    amount: str
    text: str
    payer: str
    account: str
    reference: str
    bank_id: str
    returned: bool
    currency: str


def line(
    on: str,
    amount: str,
    text: str = "",
    *,
    payer: str = "ACME LTD",
    account: str = "GB29NWBK60161331926819",
    reference: str = "",
    bank_id: str = "",
    returned: bool = False,
    currency: str = "GBP",
) -> BankRow:
    """A line of a bank statement; money out is below zero, a payment that comes back is money out and `returned`."""
    return BankRow(on, amount, text, payer, account, reference, bank_id, returned, currency)


def camt(rows: Iterable[BankRow], account: str = "GB33BUKB20201555555555") -> str:
    """A CAMT.053 statement, version 8."""
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">',
        "<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>",
        f"<Stmt><Id>S</Id><Acct><Id><IBAN>{account}</IBAN></Id></Acct>",
    ]
    for row in rows:
        sign, other = ("DBIT", "Cdtr") if row.amount.startswith("-") else ("CRDT", "Dbtr")
        back = "<RvslInd>true</RvslInd>" if row.returned else ""
        own_id = f"<AcctSvcrRef>{row.bank_id}</AcctSvcrRef>" if row.bank_id else ""
        strd = f"<Strd><CdtrRefInf><Ref>{row.reference}</Ref></CdtrRefInf></Strd>" if row.reference else ""
        parts.append(
            f'<Ntry><Amt Ccy="{row.currency}">{row.amount.removeprefix("-")}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{back}'
            f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{row.on}</Dt></BookgDt>{own_id}<NtryDtls><TxDtls>"
            f"<RltdPties><{other}><Pty><Nm>{escape(row.payer)}</Nm></Pty></{other}><{other}Acct><Id><IBAN>{row.account}</IBAN>"
            f"</Id></{other}Acct></RltdPties><RmtInf><Ustrd>{escape(row.text)}</Ustrd>{strd}</RmtInf></TxDtls></NtryDtls></Ntry>"
        )
    return "\n".join([*parts, "</Stmt></BkToCstmrStmt></Document>"])


def _us(day: str) -> str:
    return f"{date.fromisoformat(day):%m/%d/%Y}"
