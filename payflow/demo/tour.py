"""The nights of the demo: exports are refreshed on Mondays and Thursdays, payflow runs every morning."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from payflow import rulings
from payflow.demo import books, studio
from payflow.errors import Refused
from payflow.model.agreement import Workspace
from payflow.nightly import run
from payflow.store import Store, open_store
from payflow.sync import begin, sync
from payflow.workspace import load

FIRST, LAST = date(2026, 10, 5), date(2026, 11, 20)
_ZONE = ZoneInfo("Europe/London")
#: Afternoon in Leeds is morning in New York: inside everybody's hours.
_HOUR = time(15, 30)


class Night(NamedTuple):
    """A night on which something happened, as sentences."""

    day: date
    events: Sequence[str]


def write_studio(root: Path) -> Workspace:
    """Write the demo's workspace. Raises `Refused` when the folder holds anything already."""
    if root.exists() and any(root.iterdir()):
        raise Refused(f"{root} is not empty. Name a folder that does not exist yet: payflow demo FOLDER.")
    for folder in ("contracts", "exports"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "payflow.toml").write_text(studio.SETTINGS, encoding="utf-8")
    for name, text in studio.CONTRACTS.items():
        (root / "contracts" / f"{name}.toml").write_text(text, encoding="utf-8")
    return load(root).workspace


def nights(workspace: Workspace) -> Iterator[Night]:
    """Go through the weeks, yielding every night on which something happened."""
    _export(workspace.root, FIRST)
    with open_store(workspace.store_url, workspace.root, create=True) as store:
        begin(store, at(FIRST, time(8)), "demo")
        sync(store, workspace, now=at(FIRST, time(8)))
        yield Night(FIRST, [rulings.live(store, workspace, FIRST, at(FIRST, time(8)))])
        day = FIRST
        while day <= LAST:
            if day.weekday() in (0, 3):
                _export(workspace.root, day)
            events = [*_work(store, workspace, day), *_run(store, workspace, day)]
            if events:
                yield Night(day, events)
            day += timedelta(days=1)


def at(day: date, hour: time = _HOUR) -> datetime:
    """A moment of the demo, in the studio's time zone."""
    return datetime.combine(day, hour, _ZONE)


def _export(root: Path, day: date) -> None:
    for name, text in (
        ("xero-sales-invoices.csv", books.xero(day)),
        ("quickbooks-invoice-list.csv", books.quickbooks(day)),
    ):
        path = root / "exports" / name
        path.write_text(text, encoding="utf-8")
        stamp = at(day, time(8)).timestamp()
        os.utime(path, (stamp, stamp))


def _work(store: Store, workspace: Workspace, day: date) -> Iterator[str]:
    """What the studio itself does: it starts a phase when the gate is open."""
    if day == date(2026, 10, 16):
        verdict = rulings.start_phase(store, workspace, "acme-website", "design", now=at(day))
        yield f"the studio asks to start {verdict.name} for Acme: {verdict.word}"
    if day == date(2026, 11, 3):
        rulings.finish_phase(store, workspace, "acme-website", "design", now=at(day))
        yield "the studio finishes Design for Acme"
        verdict = rulings.start_phase(store, workspace, "acme-website", "build", now=at(day))
        yield f"the studio asks to start {verdict.name} for Acme: {verdict.word}"


def _run(store: Store, workspace: Workspace, day: date) -> Iterator[str]:
    report = run(store, workspace, now=at(day))
    for ref in report.reversed:
        yield f"the charge {ref} goes back"
    for key in report.sent:
        message = message_from_bytes((workspace.mail.folder / "new" / f"{key}.eml").read_bytes(), policy=default)
        who = (
            "the studio"
            if workspace.business.email in str(message["To"])
            else str(message["To"].addresses[0].display_name)
        )
        yield f"e-mail to {who}: {message['Subject']}"
