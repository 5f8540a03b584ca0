"""A run that writes to very many clients through a mail server, beside a loop that sends ready-made messages.

python -m benchmarks.mails serve             a mail server that takes everything; prints its port
python -m benchmarks.mails bare FOLDER PORT  sends FOLDER/ready.txt, with two commits around each message
"""

from __future__ import annotations

import asyncio
import smtplib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from pathlib import Path

from benchmarks.books import HEADER, LAST, SETTINGS

_MAIL = """
[mail]
transport = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
hours = "any"
days = "every"
"""
_OWNER = "billing@studio-north.example"


def write_debts(root: Path, count: int, port: int) -> Path:
    """A workspace in which so many clients each have one invoice that was due yesterday; the export's path."""
    (root / "contracts").mkdir(parents=True)
    (root / "exports").mkdir()
    (root / "payflow.toml").write_text(SETTINGS + _MAIL.format(port=port), encoding="utf-8")
    export = root / "exports" / "sales.csv"
    header = HEADER.split(",")
    issued = LAST - timedelta(days=16)
    with export.open("w", encoding="utf-8", newline="\r\n") as file:
        file.write(HEADER + "\n")
        for number in range(count):
            cells = {
                "ContactName": f"Client {number:05}",
                "EmailAddress": f"accounts@client{number:05}.example",
                "InvoiceNumber": f"INV-{number:07}",
                "InvoiceDate": f"{issued:%d/%m/%Y}",
                "DueDate": f"{issued + timedelta(days=15):%d/%m/%Y}",
                "Total": "1200.00",
                "TaxTotal": "0.00",
                "InvoiceAmountPaid": "0.00",
                "InvoiceAmountDue": "1200.00",
                "Quantity": "1",
                "UnitAmount": "1200.00",
                "LineAmount": "1200.00",
                "Currency": "GBP",
                "Type": "Sales invoice",
                "Sent": "Sent",
                "Status": "Awaiting Payment",
            }
            file.write(",".join(cells.get(name, "") for name in header) + "\n")
    return export


def write_ready(root: Path, count: int) -> None:
    """Messages of the size that payflow writes, ready to be sent."""
    message = EmailMessage(policy=WIRE)
    message["From"], message["To"], message["Subject"] = _OWNER, "accounts@client.example", "Invoice INV-0000001"
    message.set_content("A line of a letter about an invoice that is overdue.\n" * 30)
    message.add_alternative("<p>A line of a letter about an invoice that is overdue.</p>\n" * 60, subtype="html")
    (root / "ready.txt").write_bytes(message.as_bytes())
    (root / "ready.count").write_text(str(count), encoding="ascii")


def bare(root: Path, port: int) -> None:
    """Commit, send, commit: what no program that remembers what it sent can do without."""
    content, count = (root / "ready.txt").read_bytes(), int((root / "ready.count").read_text("ascii"))
    target = root / "bare.db"
    target.unlink(missing_ok=True)
    store = sqlite3.connect(target, isolation_level=None)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute("PRAGMA synchronous = FULL")
    store.execute("CREATE TABLE message (key INTEGER PRIMARY KEY, state TEXT)")
    with smtplib.SMTP("127.0.0.1", port) as server:
        for key in range(count):
            store.execute("INSERT INTO message VALUES (?, 'claimed')", (key,))
            server.sendmail(_OWNER, [f"accounts@client{key:05}.example"], content)
            store.execute("UPDATE message SET state = 'sent' WHERE key = ?", (key,))
    store.close()


async def _serve() -> None:
    from aiosmtpd.handlers import Sink
    from aiosmtpd.smtp import SMTP

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(), loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def mail_server() -> Iterator[int]:
    """The port of a mail server in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.mails", "serve"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield int(server.stdout.readline())
        finally:
            server.terminate()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(_serve())
    else:
        bare(Path(sys.argv[2]), int(sys.argv[3]))
