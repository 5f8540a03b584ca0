"""The journal as the pure parts need it: a typed `Memory` of everything up to and including a day."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from payflow.model.journal import (
    Announcement,
    Charge,
    ChargeState,
    Confirmation,
    Forgotten,
    Hold,
    Link,
    Memory,
    Notice,
    RecordKind,
    Reversal,
    Version,
    Waiver,
)
from payflow.store.database import Reader
from payflow.store.journal import JournalEntry, entries, unreadable

#: What a record raises that was changed so that it makes no sense.
_SENSELESS = (KeyError, TypeError, ValueError, AttributeError)


class Live(Struct, frozen=True):
    """That payflow was switched on: for invoices due from `since`, at `place`, on the day `on`."""

    since: date
    place: str
    on: date


def last_live(db: Reader) -> Live | None:
    """The last time payflow was switched on, None when it never was or the store was restored or moved since."""
    last = None
    for entry in entries(db, kinds=_SWITCHING):
        try:
            is_on = entry.kind == RecordKind.LIVE
            last = Live(_day(entry.body["from"]), entry.body["place"], entry.day) if is_on else None
        except _SENSELESS as error:
            raise unreadable(entry.seq, entry.kind, error) from error
    return last


def switched_off(db: Reader) -> str:
    """Why a store that was live is so no more by what the journal says; empty when it says no such thing."""
    last = next(iter(deque(entries(db, kinds=_SWITCHING), maxlen=1)), None)
    if last is None or last.kind == RecordKind.LIVE:
        return ""
    if last.kind == RecordKind.MOVED:
        return f"this store was moved to {last.body.get('to', 'another place')}"
    return f"this store was restored from a backup of {str(last.body.get('made_at', 'a day unknown'))[:10]}"


#: What decides whether a store is live: the last of these.
_SWITCHING = (RecordKind.LIVE, RecordKind.RESTORED, RecordKind.MOVED)


def load_memory(
    db: Reader, until: date | None = None, before: int | None = None, about: Container[int] | None = None
) -> Memory:
    """What the journal holds up to and including `until`, and before the record of a number; everything when None.

    `about` are the invoices of which notices and charges are wanted; None: of all. Kinds that only a newer program knows are
    not read. Raises `JournalError` for a record that makes no sense.
    """
    growing = _Growing(about=about)
    _apply(growing, entries(db, kinds=_APPLY, until=until, before=before))
    return replace(growing.memory(), forgotten=forgotten(db))


def load_versions(db: Reader) -> Memory:
    """Only the versions of the agreement, and who was forgotten: all that the keys of sources go by."""
    growing = _Growing()
    _apply(growing, entries(db, kinds=[RecordKind.AGREEMENT]))
    return replace(growing.memory(), forgotten=forgotten(db))


def _apply(growing: _Growing, records: Iterable[JournalEntry]) -> None:
    for entry in records:
        try:
            _APPLY[RecordKind(entry.kind)](growing, entry)
        except _SENSELESS as error:
            raise unreadable(entry.seq, entry.kind, error) from error


def forgotten(db: Reader) -> tuple[Forgotten, ...]:
    """Every client whose data was ever erased."""
    found = []
    for entry in entries(db, kinds=[RecordKind.ERASED]):
        try:
            found.append(Forgotten(entry.body["name"], entry.body["salt"], frozenset(entry.body["hashes"])))
        except _SENSELESS as error:
            raise unreadable(entry.seq, entry.kind, error) from error
    return tuple(found)


class _Growing(Struct):
    """The memory while records are applied one by one."""

    about: Container[int] | None = None
    #: the steps that each message took, whatever they were about
    steps: dict[str, frozenset[str]] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    live_from: date | None = None
    notices: dict[int, list[Notice]] = field(default_factory=dict)
    #: by reference, in the order they were claimed
    charges: dict[str, Charge] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)
    forgone: set[str] = field(default_factory=set)
    holds: list[Hold] = field(default_factory=list)
    waivers: list[Waiver] = field(default_factory=list)
    chased: set[int] = field(default_factory=set)
    confirmations: dict[int, Confirmation] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)
    matches: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    recognised: dict[str, tuple[int, ...]] = field(default_factory=dict)
    started: dict[tuple[str, str], date] = field(default_factory=dict)
    finished: dict[tuple[str, str], date] = field(default_factory=dict)
    told_verdicts: dict[str, str] = field(default_factory=dict)
    told_needs: frozenset[str] = frozenset()
    #: the message that told the owner last, and what was told before it
    before_told: tuple[str, dict[str, str], frozenset[str]] = ("", {}, frozenset())
    written: set[tuple[str, date]] = field(default_factory=set)

    def wants(self, invoice: int) -> bool:
        """Whether notices and charges of an invoice are to be remembered."""
        return self.about is None or invoice in self.about

    def memory(self) -> Memory:
        charges: dict[int, list[Charge]] = {}
        for charge in self.charges.values():
            charges.setdefault(charge.invoice, []).append(charge)
        return Memory(
            versions=tuple(self.versions),
            live_from=self.live_from,
            notices={invoice: tuple(notices) for invoice, notices in self.notices.items()},
            charges={invoice: tuple(listed) for invoice, listed in charges.items()},
            wanted=frozenset(self.wanted),
            forgone=frozenset(self.forgone),
            holds=tuple(self.holds),
            waivers=tuple(self.waivers),
            chased=frozenset(self.chased),
            confirmations=self.confirmations,
            links=self.links,
            matches=self.matches,
            kept=frozenset(self.kept),
            recognised=self.recognised,
            started=self.started,
            finished=self.finished,
            told_verdicts=self.told_verdicts,
            told_needs=self.told_needs,
            written=frozenset(self.written),
            steps=frozenset(step for several in set(self.steps.values()) for step in several),
        )


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _maybe_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _live(growing: _Growing, entry: JournalEntry) -> None:
    growing.live_from = _day(entry.body["from"])


def _not_live(growing: _Growing, entry: JournalEntry) -> None:  # noqa: ARG001 (the signature of all these)
    growing.live_from = None


def _agreement(growing: _Growing, entry: JournalEntry) -> None:
    # a store without a version yet answers without loading it
    from payflow.model.serial import agreement_from_json

    growing.versions.append(Version(entry.day, agreement_from_json(entry.body["agreement"])))


def _outcome(growing: _Growing, entry: JournalEntry) -> None:
    body = entry.body
    if body["outcome"] not in ("sent", "unsure"):
        return
    day, handed_over = _day(body["day"]), body["outcome"] == "sent"
    growing.written.add((body["client"], day))
    growing.steps[body["key"]] = frozenset(item["step"] for item in body["notices"])
    for item in body["notices"]:
        if growing.wants(item["invoice"]):
            notice = _notice(item, day, handed_over, body["key"])
            growing.notices.setdefault(notice.invoice, []).append(notice)
    for item in body["charges"] if handed_over else ():
        if growing.wants(item["invoice"]):
            growing.charges[item["ref"]] = _charge(item, day, body["key"])


def _message_resolved(growing: _Growing, entry: JournalEntry) -> None:
    """A person's word on a message: it arrived as if the transport had said so, or it never was."""
    body, key = entry.body, entry.body["key"]
    day = _day(body["day"])
    for invoice, notices in growing.notices.items():
        growing.notices[invoice] = [notice for notice in notices if notice.message != key]
    growing.steps.pop(key, None)
    if body["outcome"] == "sent":
        growing.steps[key] = frozenset(item["step"] for item in body["notices"])
        for item in body["notices"]:
            if not growing.wants(item["invoice"]):
                continue
            notices = growing.notices.setdefault(item["invoice"], [])
            notices.append(_notice(item, day, True, key))
            # in the order of their days, as if it had been known at once
            notices.sort(key=lambda notice: notice.on)
        for item in body["charges"]:
            if growing.wants(item["invoice"]):
                growing.charges[item["ref"]] = _charge(item, day, key)
        return
    if body["outcome"] == "not-sent":
        growing.written.discard((body["client"], day))
    told_by, verdicts, needs = growing.before_told
    if told_by == key:
        growing.told_verdicts, growing.told_needs = verdicts, needs


def _notice(item: Mapping[str, Any], day: date, handed_over: bool, message: str) -> Notice:
    announced = item.get("announced")
    return Notice(
        invoice=item["invoice"],
        step=item["step"],
        on=day,
        due_on=_day(item["due_on"]),
        handed_over=handed_over,
        announced=announced and Announcement(announced["step"], _day(announced["on"]), announced["text"]),
        message=message,
    )


def _charge(item: Mapping[str, Any], day: date, message: str) -> Charge:
    return Charge(
        ref=item["ref"],
        invoice=item["invoice"],
        kind=item["kind"],
        occurrence=item["occurrence"],
        generation=item["generation"],
        amount=item["amount"],
        currency=item["currency"],
        claimed_on=day,
        state=ChargeState.CLAIMED,
        reversals=(),
        message=message,
        terms=item["terms"],
    )


def _unwanted(growing: _Growing, entry: JournalEntry) -> bool:
    """Whether a record is of a charge that is not remembered, since nothing of its invoice is wanted."""
    return entry.invoice is not None and not growing.wants(entry.invoice)


def _charge_reversed(growing: _Growing, entry: JournalEntry) -> None:
    if _unwanted(growing, entry):
        return
    charge = growing.charges[entry.body["ref"]]
    reversals = (*charge.reversals, Reversal(entry.body["amount"], entry.day, entry.body["why"]))
    gone = sum(reversal.amount for reversal in reversals) >= charge.amount
    state = ChargeState.REVERSED if gone else charge.state
    growing.charges[charge.ref] = replace(charge, reversals=reversals, state=state)


def _charge_wanted(growing: _Growing, entry: JournalEntry) -> None:
    growing.wanted.add(entry.body["ref"])


def _charge_waived(growing: _Growing, entry: JournalEntry) -> None:
    if _unwanted(growing, entry):
        return
    charge = growing.charges.get(entry.body["ref"])
    if charge is None:
        # given up before it was ever claimed
        growing.forgone.add(entry.body["ref"])
        return
    growing.charges[charge.ref] = replace(charge, state=ChargeState.WAIVED)


def _charge_settled(growing: _Growing, entry: JournalEntry) -> None:
    if _unwanted(growing, entry):
        return
    charge = growing.charges[entry.body["ref"]]
    growing.charges[charge.ref] = replace(charge, state=ChargeState.SETTLED)


def _hold(growing: _Growing, entry: JournalEntry) -> None:
    body = entry.body
    growing.holds.append(Hold(body["scope"], body["id"], entry.day, _maybe_day(body["until"]), body["reason"]))


def _release(growing: _Growing, entry: JournalEntry) -> None:
    target, last = (entry.body["scope"], entry.body["id"]), entry.day - timedelta(days=1)
    ended = [
        replace(hold, until=last)
        if (hold.scope, hold.id) == target and (hold.until is None or hold.until > last)
        else hold
        for hold in growing.holds
    ]
    # released on the day it began, a hold has no days
    growing.holds = [hold for hold in ended if hold.until is None or hold.until >= hold.since]


def _chase(growing: _Growing, entry: JournalEntry) -> None:
    growing.chased.add(entry.body["invoice"])


def _confirm(growing: _Growing, entry: JournalEntry) -> None:
    body = entry.body
    on = _maybe_day(body.get("on")) or entry.day
    growing.confirmations[body["invoice"]] = Confirmation(body["invoice"], body["as"], on, entry.at)


def _link(growing: _Growing, entry: JournalEntry) -> None:
    body = entry.body
    to = body.get("to")
    growing.links[body["invoice"]] = Link(body["invoice"], body["as"], "" if to is None else str(to))


def _recognised(growing: _Growing, entry: JournalEntry) -> None:
    for line, invoices in entry.body["rows"]:
        growing.recognised[line] = tuple(invoices)


def _match(growing: _Growing, entry: JournalEntry) -> None:
    body = entry.body
    growing.matches[body["line"]] = tuple((invoice, amount) for invoice, amount in body["parts"])
    if body["as"] == "kept":
        growing.kept.add(body["line"])
    else:
        growing.kept.discard(body["line"])


def _waiver(growing: _Growing, entry: JournalEntry) -> None:
    body = entry.body
    growing.waivers.append(
        Waiver(body["project"], body["phase"], entry.day, _day(body["until"]), body["reason"], body["by"])
    )


def _phase_started(growing: _Growing, entry: JournalEntry) -> None:
    phase = (entry.body["project"], entry.body["phase"])
    if growing.finished.pop(phase, None) is not None:
        growing.started[phase] = entry.day
    growing.started.setdefault(phase, entry.day)


def _phase_finished(growing: _Growing, entry: JournalEntry) -> None:
    growing.finished[entry.body["project"], entry.body["phase"]] = entry.day


def _told(growing: _Growing, entry: JournalEntry) -> None:
    # a record may tell of some phases only; the needs are always all of them
    growing.before_told = (entry.body.get("message", ""), dict(growing.told_verdicts), growing.told_needs)
    growing.told_verdicts |= entry.body["verdicts"]
    growing.told_needs = frozenset(entry.body["needs"])


#: What each kind of record adds to the memory.
_APPLY: Mapping[RecordKind, Callable[[_Growing, JournalEntry], None]] = {
    RecordKind.LIVE: _live,
    RecordKind.RESTORED: _not_live,
    RecordKind.MOVED: _not_live,
    RecordKind.AGREEMENT: _agreement,
    RecordKind.OUTCOME: _outcome,
    RecordKind.MESSAGE_RESOLVED: _message_resolved,
    RecordKind.CHARGE_REVERSED: _charge_reversed,
    RecordKind.CHARGE_WANTED: _charge_wanted,
    RecordKind.CHARGE_WAIVED: _charge_waived,
    RecordKind.CHARGE_SETTLED: _charge_settled,
    RecordKind.HOLD: _hold,
    RecordKind.RELEASE: _release,
    RecordKind.CHASE: _chase,
    RecordKind.CONFIRM: _confirm,
    RecordKind.LINK: _link,
    RecordKind.RECOGNISED: _recognised,
    RecordKind.MATCH: _match,
    RecordKind.WAIVER: _waiver,
    RecordKind.PHASE_STARTED: _phase_started,
    RecordKind.PHASE_FINISHED: _phase_finished,
    RecordKind.TOLD: _told,
}
