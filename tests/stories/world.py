"""A small studio with books, contracts, a clock and an outbox, so that a story reads like one.

    world = World(tmp_path)
    world.on("2026-10-20 09:30").books(invoice("INV-0012", "3000.00", issued="2026-10-20"))
    world.run()
    assert world.mails() == []

Everything goes through payflow's public functions, and exports are written in the format of the real product.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from payflow import nightly, rulings, workspace
from payflow import sync as syncing
from payflow.decide import decide, explain
from payflow.model.agreement import Workspace
from payflow.model.decision import Decision
from payflow.model.explanation import Explanation
from payflow.model.invoice_view import InvoiceView
from payflow.model.verdict import Verdict
from payflow.nightly import RunReport
from payflow.outbox import settle
from payflow.store import Store, journal, open_store
from payflow.store.journal import JournalEntry
from payflow.sync import SyncReport
from xero_exports import sales_export, sales_invoice

SETTINGS = """\
[business]
name = "Studio North"
legal_name = "Studio North Ltd, 4 Quay Street, Leeds"
email = "billing@studio-north.example"
timezone = "Europe/London"
country = "GB"
currency = "GBP"
{business}

[mail]
transport = "folder"
folder = "outbox"
{mail}

{sources}

[policy.standard]
terms = "net-15"
grace = 3
spacing = 2
late_fee = {{ amount = "25.00" }}
interest = {{ annual = "8" }}
{policy}

{steps}
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

STEPS = """\
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
"""

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
) -> str:
    """The text of payflow.toml, with what a story wants to be different."""
    return SETTINGS.format(business=business, sources=sources, steps=steps, mail=mail, policy=policy)


def contract(
    project: str = "acme-website",
    client: str = "Acme Ltd",
    *,
    milestones: Mapping[str, tuple[str, Sequence[str]]],
    needs: Mapping[str, Sequence[str]] | None = None,
    signed: str | None = "2026-10-01",
    email: str | None = "accounts@acme.example",
    more: str = "",
    client_more: str = "",
) -> str:
    """The text of a contract; `milestones` are id -> (amount, invoice numbers), `needs` phase -> milestone ids."""
    slug = client.split()[0].lower()
    lines = [f'project = "{project}"', f'name = "{project.replace("-", " ").capitalize()}"']
    lines += [f"signed = {signed}"] if signed else []
    lines += ['policy = "standard"', 'currency = "GBP"', more]
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


class Mail(NamedTuple):
    """An e-mail in the outbox."""

    to: str
    subject: str
    text: str
    name: str

    @property
    def flat(self) -> str:
        """The text in one line."""
        return " ".join(self.text.split())


class World:
    """A workspace in a folder, its store, and a clock that the story turns."""

    zone = ZoneInfo("Europe/London")

    def __init__(self, root: Path, *, toml: str | None = None, store_url: str = "", **contracts: str) -> None:
        self.root = root
        #: where the store is, unless a story's own payflow.toml says; empty for the file in the workspace
        self.store_url = store_url
        self.now = datetime(2026, 10, 1, 9, 30, tzinfo=self.zone)
        for folder in ("contracts", "exports", "reports"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        self.settings(toml or settings())
        for name, text in (contracts or {"acme_website": ACME}).items():
            self.contract(name, text)
        self._store: Store | None = None

    # what a person does in an editor or a file manager

    def settings(self, text: str) -> World:
        """Write payflow.toml."""
        place = f'[store]\nurl = "{self.store_url}"\n\n' if self.store_url and "[store]" not in text else ""
        (self.root / "payflow.toml").write_text(place + text, "utf-8")
        return self

    def contract(self, name: str, text: str | None) -> World:
        """Write a contract, or take it away."""
        path = self.root / "contracts" / f"{name}.toml"
        if text is None:
            path.unlink()
        else:
            path.write_text(text, "utf-8")
        return self

    def on(self, moment: str) -> World:
        """Turn the clock: `2026-11-05` (at half past nine) or `2026-11-05 14:00`."""
        day, _, hour = moment.partition(" ")
        self.now = datetime.fromisoformat(f"{day} {hour or '09:30'}").replace(tzinfo=self.zone)
        return self

    def books(self, *rows: Row, name: str = "invoices.csv", at: str | None = None) -> World:
        """Save the Xero export; its age is the clock's, or `at`."""
        return self._save(self.root / "exports" / name, xero(rows), at)

    def ageing(self, *rows: Row, name: str = "ageing.csv", as_of: str | None = None) -> World:
        """Save the QuickBooks ageing report of the clock's day, or of `as_of`."""
        day = date.fromisoformat(as_of) if as_of else self.now.date()
        return self._save(self.root / "reports" / name, ageing(rows, day), None)

    def statement(self, *rows: BankRow, name: str = "statement.xml", at: str | None = None) -> World:
        """Save a bank statement."""
        (self.root / "statements").mkdir(exist_ok=True)
        return self._save(self.root / "statements" / name, camt(rows), at)

    def _save(self, path: Path, text: str, at: str | None) -> World:
        path.write_bytes(text.encode())
        moment = datetime.fromisoformat(at).replace(tzinfo=self.zone) if at else self.now
        os.utime(path, (moment.timestamp(), moment.timestamp()))
        return self

    # what payflow does

    @property
    def workspace(self) -> Workspace:
        """The workspace as it stands in the files now."""
        return workspace.load(self.root, {}).workspace

    @property
    def store(self) -> Store:
        """The open store; begun by the first `sync`."""
        if self._store is None:
            self._store = open_store(self.workspace.store_url, self.root, create=False)
        return self._store

    def close(self) -> None:
        """Let go of the store, as when the program ends."""
        if self._store is not None:
            self._store.close()
        self._store = None

    def sync(self, *names: str, full: bool = False) -> list[SyncReport]:
        """`payflow sync`."""
        if self._store is None:
            self._store = open_store(self.workspace.store_url, self.root, create=True)
        return syncing.sync(self.store, self.workspace, names, full=full, now=self.now)

    def take(self, file: str) -> SyncReport:
        """`payflow import`."""
        if self._store is None:
            self._store = open_store(self.workspace.store_url, self.root, create=True)
        return syncing.import_file(self.store, self.workspace, self.root / file, now=self.now)

    def live(self, since: str | None = None) -> str:
        """`payflow live`."""
        return rulings.live(self.store, self.workspace, date.fromisoformat(since) if since else None, self.now)

    def begin(self, since: str = "2026-10-01") -> World:
        """Read the books and switch on."""
        self.sync()
        self.live(since)
        return self

    def run(self, moment: str | None = None, *, dry_run: bool = False) -> RunReport:
        """`payflow run`, at a moment if one is given."""
        if moment is not None:
            self.on(moment)
        return nightly.run(self.store, self.workspace, now=self.now, dry_run=dry_run)

    def every_hour(self, first: str, last: str) -> World:
        """Cron: a run at every full hour from the first moment to the last."""
        self.on(last)
        end = self.now
        self.on(first)
        while self.now <= end:
            self.run()
            self.now = (self.now.astimezone(ZoneInfo("UTC")) + timedelta(hours=1)).astimezone(self.zone)
        return self

    def every_day(self, first: str, last: str, hour: str = "09:30") -> World:
        """Cron: a run each day."""
        day, end = date.fromisoformat(first), date.fromisoformat(last)
        while day <= end:
            self.run(f"{day} {hour}")
            day += timedelta(days=1)
        return self

    def ruling(self, name: str, *words: Any, **more: Any) -> Any:
        """One of `payflow.rulings`, said now and with a reason."""
        if name not in ("start_phase", "finish_phase"):
            more.setdefault("reason", "so it was agreed")
        return getattr(rulings, name)(self.store, self.workspace, *words, now=self.now, **more)

    def settle(self, key: str, sent: bool | None = None) -> str:
        """`payflow outbox resolve`, or `payflow outbox retry` where it is not said whether the message was sent."""
        said: dict[str, Any] = {"reason": "so it was found", "as_of": self.now.date(), "now": self.now}
        return (
            settle.retry(self.store, key, **said)
            if sent is None
            else settle.resolve(self.store, key, sent=sent, **said)
        )

    # what can be seen

    def decision(self, as_of: str | None = None) -> Decision:
        """What `payflow status` and `payflow plan` show."""
        day = date.fromisoformat(as_of) if as_of else self.now.date()
        return decide(self.store, self.workspace, day, self.now)

    def view(self, number: str, as_of: str | None = None) -> InvoiceView:
        """One invoice on the board, by number or `source:number`."""
        [found] = [one for one in self.decision(as_of).invoices if number in (one.number, f"{one.source}:{one.number}")]
        return found

    def verdict(self, phase: str, project: str = "acme-website", as_of: str | None = None) -> Verdict:
        """`payflow gate check`."""
        [found] = [one for one in self.decision(as_of).projects if one.project == project]
        [verdict] = [one for one in found.phases if one.phase == phase]
        return verdict

    def reasons(self, phase: str, project: str = "acme-website") -> list[str]:
        """The codes of what blocks a phase."""
        return [str(reason.code) for reason in self.verdict(phase, project).reasons]

    def needs(self) -> list[str]:
        """The codes of what needs a person."""
        return [need.code for need in self.decision().needs]

    def explain(self, number: str) -> Explanation:
        """`payflow explain`."""
        return explain(self.store, self.workspace, self.now.date(), self.now, number)

    def mails(self, to: str = "") -> list[Mail]:
        """What lies in the outbox, oldest first; those to one address if it is given."""
        found = [_mail(path) for path in sorted((self.root / "outbox" / "new").glob("*.eml"))]
        return [one for one in found if to in one.to]

    def to_clients(self) -> list[Mail]:
        """The e-mails that did not go to the business itself."""
        return [one for one in self.mails() if "studio-north" not in one.to]

    def to_owner(self) -> list[Mail]:
        """The e-mails to the business itself."""
        return self.mails("studio-north")

    def journal(self, *kinds: str) -> list[JournalEntry]:
        """Journal records, of some kinds if any are given."""
        return list(journal.entries(self.store, kinds=kinds or None))

    def verify(self) -> list[str]:
        """`payflow log verify`."""
        with self.store.snapshot():
            return journal.verify(self.store, self.store.anchor)

    def notices(self) -> list[tuple[int, str, str]]:
        """(invoice id, step, day) of every notice, in order."""
        return [
            (item["invoice"], item["step"], entry.body["day"])
            for entry in self.journal("outcome")
            for item in entry.body["notices"]
        ]

    def steps(self, number: str) -> list[tuple[str, str]]:
        """(step, day) of the notices about one invoice."""
        identity = self.view(number).id
        return [(step, day) for one, step, day in self.notices() if one == identity]

    def charges(self) -> list[dict[str, Any]]:
        """Every charge that was claimed."""
        return [charge for entry in self.journal("outcome") for charge in entry.body["charges"]]


def _mail(path: Path) -> Mail:
    parsed = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    body = parsed.get_body(("plain",))
    assert body is not None
    text = body.get_content().replace("\r\n", "\n")
    return Mail(str(parsed["To"]), str(parsed["Subject"]), text, path.stem)
