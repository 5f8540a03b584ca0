"""Loads what is known: mirror rows, observations and messages, as they stand in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct

from payflow.decide import freshness
from payflow.model.agreement import Workspace
from payflow.policy.sightings import Sighting
from payflow.store import mirror
from payflow.store.moments import from_moment, to_day
from payflow.store.observations import rows as seen_rows

if TYPE_CHECKING:
    from payflow.store import Reader, Store


class Observed(Struct, frozen=True):
    """What was seen of one invoice: balances on different days, and the latest due date ever printed on it."""

    sightings: Sequence[Sighting]
    due_on: int | None


class GivenUp(Struct, frozen=True):
    """An effect beside e-mail that needs a person: a hook that was given up, a charge that was refused."""

    key: str
    kind: str
    target: str
    detail: str


class Undelivered(Struct, frozen=True):
    """A message that needs a person: refused for good, or perhaps sent."""

    key: str
    client: str
    state: str
    detail: str


class Facts(Struct, frozen=True):
    """Everything the store knows of the books. `readings` finished ones by source, newest first."""

    invoices: Sequence[mirror.InvoiceRow]
    clients: Mapping[tuple[str, str], mirror.ClientRow]
    entries: Sequence[mirror.EntryRow]
    readings: Mapping[str, Sequence[mirror.ReadingRow]]
    all_readings: Sequence[mirror.ReadingRow]
    observed: Mapping[int, Observed]
    undelivered: Sequence[Undelivered]
    given_up: Sequence[GivenUp] = ()
    lines: Sequence[mirror.BankLineRow] = ()


def load(store: Store, workspace: Workspace, as_of: date, ids: Sequence[int] | None = None) -> Facts:
    """Read the facts; invoices issued and lines booked after `as_of` are not there yet.

    `ids` are the invoices that are wanted, with what moved on them and all open credit; None: all of them.
    """
    today = to_day(as_of)
    readings = mirror.readings(store)
    rows = mirror.invoices(store) if ids is None else mirror.some_invoices(store, ids)
    return Facts(
        invoices=[row for row in rows if row.issued_on <= today],
        clients={(row.source, row.key): row for row in mirror.clients(store)},
        entries=mirror.entries(store) if ids is None else mirror.some_entries(store, ids),
        readings=freshness.by_source(readings),
        all_readings=readings,
        observed=observations(store, workspace.business.timezone, ids),
        undelivered=undelivered(store),
        given_up=given_up(store),
        lines=[row for row in mirror.bank_lines(store) if row.booked_on <= today],
    )


def undelivered(store: Reader) -> list[Undelivered]:
    """Messages that need a person."""
    sql = "SELECT key, client, state, detail FROM message WHERE state IN ('failed', 'unsure') ORDER BY key"
    return [Undelivered(*row) for row in store.query(sql)]


def given_up(store: Reader) -> list[GivenUp]:
    """Effects beside e-mail that need a person."""
    sql = "SELECT key, kind, target, detail FROM effect WHERE state = 'failed' ORDER BY key"
    return [GivenUp(*row) for row in store.query(sql)]


def observations(store: Reader, timezone: str, ids: Sequence[int] | None = None) -> dict[int, Observed]:
    """What was seen of every invoice, or of those named, by identity."""
    zone = ZoneInfo(timezone)
    days: dict[str, int] = {}
    sightings: dict[int, list[Sighting]] = {}
    due: dict[int, int] = {}
    for invoice, stamp, paid, credited, due_on in seen_rows(store, ids):
        if stamp not in days:
            days[stamp] = local_day(from_moment(stamp), zone)
        sightings.setdefault(invoice, []).append(Sighting(stamp, days[stamp], paid, credited))
        if due_on is not None:
            due[invoice] = max(due_on, due.get(invoice, due_on))
    return {invoice: Observed(seen, due.get(invoice)) for invoice, seen in sightings.items()}


def local_day(moment: datetime, zone: ZoneInfo) -> int:
    """The day number of a moment in the business's zone."""
    return to_day(moment.astimezone(zone).date())
