"""A small studio with books, contracts, a clock and an outbox, so that a story reads like one.

    world = World(tmp_path)
    world.on("2026-10-20 09:30").books(invoice("INV-0012", "3000.00", issued="2026-10-20"))
    world.run()
    assert world.mails() == []

Everything goes through payflow's public functions, and exports are written in the format of the real product.
"""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple
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
from stories.papers import ACME, BankRow, Row, ageing, camt, settings, xero


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
