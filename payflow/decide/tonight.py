"""The decisions of one run: made anew only where something is new, and of large books about what may have changed alone.

A run asks several times what follows. While the store knows nothing new, the answer is the one given before. Of large books
most invoices rest (`payflow.decide.rest`): nothing comes up about them before a day unless a fact, a person or the agreement
brings it about. Those are not even read. What a run does, journals, sends and says is the same as if it had looked at all; only
`Decision.invoices` holds no more than what was looked at.

Every verdict is worked out from all the invoices of its milestones each time: those never rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from payflow.charging import Case
from payflow.decide import Ground, Held, follow
from payflow.decide.agreed import Agreed, agreed
from payflow.decide.doubts import REFERENCE
from payflow.decide.facts import given_up, load, undelivered
from payflow.decide.footing import footing
from payflow.decide.live import place_of
from payflow.decide.parts import Pool
from payflow.decide.remembered import is_ahead, remembered
from payflow.decide.rest import asks
from payflow.decide.stood_on import rates_folder
from payflow.model.agreement import Workspace
from payflow.model.facts import Status
from payflow.model.journal import ChargeState, Memory, MessageState, RecordKind
from payflow.policy.claims import squeeze
from payflow.store import effects, journal, messages, mirror, resting
from payflow.store.effects import EffectState
from payflow.store.moments import to_day
from payflow.store.resting import Kept, Rest
from payflow.store.stamp import Stamp, stamp
from payflow.store.workings import get_meta

if TYPE_CHECKING:
    from payflow.store import Reader, Store

#: Books of fewer invoices are looked at whole: that takes a second or two.
LEAST = 20_000
#: Which rules of rest these are: what rested under others is looked at again.
_RULES = 1

#: Records that bring nothing about for an invoice, or that say by themselves which are concerned (`_spoken_of`).
_HARMLESS = frozenset(
    {
        RecordKind.IDENTITIES,
        RecordKind.AGREEMENT,
        RecordKind.DECISION,
        RecordKind.EFFECT,
        RecordKind.WAIVER,
        RecordKind.PHASE_STARTED,
        RecordKind.PHASE_FINISHED,
        RecordKind.TOLD,
    }
)
_OF_INVOICES = frozenset({RecordKind.OBSERVATIONS, RecordKind.OUTCOME, RecordKind.CHASE, RecordKind.CONFIRM})
#: Those after which the invoice's client is looked at whole: another invoice of it may look like the charge.
_OF_CHARGES = frozenset(
    {RecordKind.CHARGE_REVERSED, RecordKind.CHARGE_WANTED, RecordKind.CHARGE_WAIVED, RecordKind.CHARGE_SETTLED}
)
_OF_HOLDS = frozenset({RecordKind.HOLD, RecordKind.RELEASE})


class _Known(NamedTuple):
    """All that a decision of this run can depend on."""

    stamp: Stamp
    outbox: tuple[object, ...]
    not_live_because: str


class _Spoken(NamedTuple):
    """What records are about: invoices, and clients (or the clients of these invoices) that are looked at whole."""

    invoices: set[int]
    clients: set[str]
    clients_of: set[int]


class Tonight:
    """What follows on one day, asked as often as needed. `pool` works everything out in parts, each time."""

    def __init__(
        self, store: Store, workspace: Workspace, as_of: date, now: datetime, pool: Pool | None = None
    ) -> None:
        self._store, self._workspace, self._pool = store, workspace, pool
        self._as_of, self._now = as_of, now
        self._known: _Known | None = None
        self._found: Ground | None = None

    def ground(self) -> Ground:
        """What follows from what the store knows by now."""
        with self._store.snapshot() as db:
            known = self._look(db)
            if self._found is None or known != self._known:
                self._found = self._ground(db)
                self._known = known
        return self._found

    def keep(self) -> None:
        """Note what may rest until when, for the runs to come."""
        found = self._found
        if found is None or self._pool is not None or not self._is_large(self._store):
            return
        with self._store.transaction() as tx:
            if stamp(tx).mirror != found.stamp.mirror:
                return
            if not self._may_rest(tx, found):
                resting.forget(tx)
                return
            rests = _rests(tx, found)
            ids = [row.id for row in found.setting.facts.invoices] if found.decision.partly else None
            under = Kept(self._basis(found.agreed, found.memory, found.store_id), found.stamp.journal, self._as_of)
            resting.keep(tx, under, found.stamp.mirror, rests, ids)

    def _look(self, db: Reader) -> _Known:
        outbox = (*undelivered(db), *given_up(db))
        _, why = place_of(self._store, Memory(live_from=date.min))
        return _Known(stamp(db), outbox, why)

    def _is_large(self, db: Reader) -> bool:
        [(count,)] = db.query("SELECT COUNT(*) FROM invoice")
        return int(count) >= LEAST

    def _ground(self, db: Reader) -> Ground:
        large = self._pool is None and self._is_large(db)
        wide = self._awake(db) if large else None
        while wide is not None:
            read = self._read(db, wide)
            if read is None:
                break
            found = follow(read, self._as_of, self._now, rests=True)
            more = _concerned(db, found, wide)
            if not more:
                return found
            wide = _Wide(wide.ids | more, wide.spoken)
        memory, why = place_of(self._store, remembered(db, self._as_of, self._as_of))
        standing = agreed(self._store, self._workspace, memory, self._as_of)
        facts = load(self._store, standing.workspace, self._as_of)
        read = Held(facts, memory, why, standing, get_meta(db, "store") or "", stamp(db))
        return follow(read, self._as_of, self._now, self._pool, rests=large)

    def _awake(self, db: Reader) -> _Wide | None:
        """The invoices that do not rest, with what is plainly concerned by something new; None when all are to be looked at."""
        kept = resting.kept(db, mirror.counter(db))
        if kept is None or kept.as_of > self._as_of or db.query("SELECT 1 FROM bank_line LIMIT 1"):
            return None
        spoken = _spoken_of(db, kept.journal)
        if spoken is None:
            return None
        ids = {*resting.awake(db, to_day(self._as_of)), *spoken.invoices, *_in_hand(self._store), *_credited(db)}
        ids |= _alike(db)
        refs = {
            ref
            for row in mirror.some_invoices(db, list(ids))
            for ref in REFERENCE.findall(f"{row.reference} {row.number}")
        }
        return _Wide(ids | _charged(db, refs), spoken)

    def _read(self, db: Reader, wide: _Wide) -> Held | None:
        """What is known of these invoices; None when they rest under something else than what holds now."""
        memory, why = place_of(self._store, remembered(db, self._as_of, self._as_of, wide.ids))
        standing = agreed(self._store, self._workspace, memory, self._as_of)
        store_id = get_meta(db, "store") or ""
        kept = resting.kept(db, mirror.counter(db))
        if kept is None or kept.basis != self._basis(standing, memory, store_id):
            return None
        facts = load(self._store, standing.workspace, self._as_of, sorted(wide.ids))
        return Held(facts, memory, why, standing, store_id, stamp(db), partly=True)

    def _basis(self, standing: Agreed, memory: Memory, store_id: str) -> str:
        """A digest of what rest is found under besides facts, records and the day."""
        workspace = standing.workspace
        sources = [(one.name, one.key, one.connector, bool(one.files), one.stale_after) for one in workspace.sources]
        parts = (
            *(_RULES, *footing(rates_folder(workspace.root)), workspace.business, sources),
            *([(one.since, one.agreement.digest) for one in standing.versions], workspace.agreement.digest),
            *(memory.live_from, store_id, len(memory.forgotten), [str(one) for one in standing.problems]),
        )
        return sha256(repr(parts).encode()).hexdigest()

    def _may_rest(self, db: Reader, found: Ground) -> bool:
        """Whether anything may: not while it is a preview, names are open, bank lines are matched, or a record lies ahead."""
        return (
            found.decision.live
            and not found.agreed.problems
            and not found.setting.facts.lines
            and len(found.rests) == len(found.cases)
            and not is_ahead(db, self._as_of)
        )


class _Wide(NamedTuple):
    """The invoices that are looked at, and what records since were about."""

    ids: set[int]
    spoken: _Spoken


def _spoken_of(db: Reader, since: int) -> _Spoken | None:
    """What the records after one are about; None when that may be anything."""
    found = _Spoken(set(), set(), set())
    for entry in journal.entries(db, after=since):
        if entry.kind in _HARMLESS:
            continue
        if entry.kind in _OF_INVOICES:
            found.invoices.update(_named(entry.body))
            found.invoices.update([entry.invoice] if entry.invoice is not None else [])
        elif entry.kind in _OF_CHARGES and entry.invoice is not None:
            found.invoices.add(entry.invoice)
            found.clients_of.add(entry.invoice)
        elif entry.kind in _OF_HOLDS and entry.body.get("scope") == "invoice":
            found.invoices.add(int(entry.body["id"]))
        elif entry.kind in _OF_HOLDS and entry.body.get("scope") == "client":
            found.clients.add(str(entry.body["id"]))
        else:
            return None
    return found


def _named(body: Mapping[str, Any]) -> Iterable[int]:
    """The invoices that a record's body names."""
    yield from body["columns"]["invoice"] if "columns" in body else ()
    yield from (row[0] for row in body.get("rows", ()))
    for part in ("notices", "charges"):
        yield from (one["invoice"] for one in body.get(part, ()))
    if "invoice" in body:
        yield body["invoice"]


def _in_hand(store: Store) -> set[int]:
    """Invoices of messages and charges that are on their way."""
    found: set[int] = set()
    for row in messages.messages(store, MessageState.WAITING, MessageState.CLAIMED):
        found.update(invoice for invoice, _ in messages.intents_of(store, row.key))
    posts = effects.effects(store, "charge", EffectState.WAITING, EffectState.CLAIMED)
    return found | {int(row.body["of"]) for row in posts}


def _credited(db: Reader) -> set[int]:
    """The invoices of clients that have open credit, as their sources know them."""
    if not db.query("SELECT 1 FROM entry WHERE invoice IS NULL LIMIT 1"):
        return set()
    sql = (
        "SELECT invoice.id FROM invoice JOIN (SELECT DISTINCT source, client FROM entry WHERE invoice IS NULL) AS credit "
        "ON credit.source = invoice.source AND credit.client = invoice.client"
    )
    return {number for (number,) in db.query(sql)}


def _alike(db: Reader) -> set[int]:
    """Invoices whose total another source has too: they may be one debt in two sources."""
    # each by itself is answered from the index
    if db.query("SELECT MIN(source) FROM invoice") == db.query("SELECT MAX(source) FROM invoice"):
        return set()
    sql = (
        "SELECT invoice.id FROM invoice JOIN (SELECT currency, total FROM invoice WHERE total > 0 "
        "GROUP BY currency, total HAVING COUNT(DISTINCT source) > 1) AS alike "
        "ON alike.currency = invoice.currency AND alike.total = invoice.total"
    )
    return {number for (number,) in db.query(sql)}


def _charged(db: Reader, refs: Iterable[str]) -> set[int]:
    """The invoices of the charges that have these references."""
    found: set[int] = set()
    for ref in refs:
        found.update(number for (number,) in db.query("SELECT invoice FROM charge WHERE ref = ?", (ref,)))
    return found


def _concerned(db: Reader, found: Ground, wide: _Wide) -> set[int]:
    """Invoices at rest that what was found concerns: of clients who are written to, who have credit, whose charges changed;
    those with a charge that one of the invoices looked at may be, and those that may be a charge of one looked at."""
    rows, governed = found.setting.facts.invoices, found.setting.governed
    clients, owed, claimed = set(wide.spoken.clients), set[tuple[str, int]](), set[tuple[str, int]]()
    for row, item, case in zip(rows, governed, found.cases, strict=True):
        # an invoice that went over to another client takes its charges along
        claimed |= {(item.client, charge.standing) for charge in case.charges if charge.state is ChargeState.CLAIMED}
        if case.next.on == found.decision.as_of or row.id in found.acting or row.id in wide.spoken.clients_of:
            clients.add(item.client)
        if not item.milestone and row.status not in (Status.DRAFT, Status.VOID):
            owed.add((item.client, row.total))
    pairs = ((one.source, one.client) for one in found.setting.facts.entries if one.invoice is None)
    owners = found.setting.open_credit_of
    clients |= {owners[pair] for pair in pairs if pair in owners}
    more = {one.invoice for one in resting.of_clients(db, clients)}
    more |= {
        one.invoice
        for one in resting.of_clients(db, {client for client, _ in owed}, asking=True)
        if one.asks is not None and (one.asks < 0 or (one.client, one.asks) in owed)
    }
    more |= resting.of_totals(db, claimed)
    return more - wide.ids


def _rests(db: Reader, found: Ground) -> list[Rest]:
    """What may rest of the invoices that were looked at."""
    today = to_day(found.decision.as_of)
    alike, named = _alike(db), _numbers(found.agreed)
    return [
        Rest(case.view.id, case.view.client, day, asks(case))
        for case, day in zip(found.cases, found.rests, strict=True)
        if day > today and case.view.id not in found.busy and case.view.id not in alike and not named & _names(case)
    ]


def _numbers(standing: Agreed) -> frozenset[str]:
    """The numbers that stand in any version of any contract, as they are compared."""
    contracts = chain.from_iterable(one.agreement.contracts.values() for one in standing.versions)
    return frozenset(
        squeeze(number) for one in contracts for milestone in one.milestones for number in milestone.invoices
    )


def _names(case: Case) -> set[str]:
    """What a contract may call an invoice."""
    number = squeeze(case.view.number)
    return {number, f"{squeeze(case.view.source)}:{number}"}
