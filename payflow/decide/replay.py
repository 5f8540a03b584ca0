"""Decisions of a day, decided again from what is known now, and why they would turn out otherwise.

A decision is decided again under the agreement of its time and from the journal as it stood just before it, but from the
books as they are known now. What differs is told against the facts that its record holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from payflow.decide import Ground, ground_before
from payflow.decide.stood_on import basis, facts_of
from payflow.model.acts import NoticeItem
from payflow.model.agreement import Workspace
from payflow.model.journal import RecordKind, Version
from payflow.model.serial import agreement_to_json
from payflow.money import show
from payflow.plan import Case, correction_step
from payflow.store.journal import JournalEntry, entries
from payflow.store.memory import load_memory

if TYPE_CHECKING:
    from payflow.store import Store

Intent = tuple[int, str]
Json = dict[str, Any]


class Act(NamedTuple):
    """One thing decided then or now: a step about an invoice, or a charge taken back (`step` empty, `ref` the charge).

    `why` says line by line what differs; empty where nothing does.
    """

    invoice: int
    number: str
    step: str
    ref: str
    then: bool
    now: bool
    why: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether it is decided the same way, on the same figures."""
        return self.then == self.now and not self.why


class Footing(NamedTuple):
    """What all of a decision stood on: `agreement`, `rates` or `program`, then and now; `changes` name what is new in it."""

    what: str
    then: str
    now: str
    changes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether it is still what it was."""
        return self.then == self.now


class Replayed(Struct, frozen=True):
    """One decision record and what would be decided in its place now."""

    seq: int
    at: datetime
    acts: tuple[Act, ...]
    footings: tuple[Footing, ...]

    @property
    def same(self) -> bool:
        """Whether the same is decided on the same figures; a new program or agreement alone changes nothing."""
        return all(act.same for act in self.acts)


def replay(store: Store, workspace: Workspace, present: Ground, day: date) -> list[Replayed]:
    """Every decision that runs journaled on a day, decided again. `present` is how things stand now."""
    decided = entries(store, kinds=[RecordKind.DECISION], since=day, until=day)
    # what a person gave free again was no decision on facts
    return [_again(store, workspace, present, entry) for entry in decided if entry.body.get("digest")]


def _again(store: Store, workspace: Workspace, present: Ground, entry: JournalEntry) -> Replayed:
    body = entry.body
    taken_back = body.get("taken_back", [])
    # what was taken back stands right before the decision, written in the same transaction
    ground = ground_before(store, workspace, entry.day, entry.at, entry.seq - len(taken_back))
    facts = {one["invoice"]: one for one in body.get("facts", ())}
    footings = tuple(_footings(store, body, basis(ground), present))
    again = _Again(store, entry.seq, ground, facts, footings)
    then = [tuple(intent) for message in body["messages"] for intent in message["intents"]]
    standing = _standing(store, entry.seq)
    acts = [again.step(intent, True) for intent in then]
    acts += [again.step(intent, False) for intent in again.steps if intent not in then and intent not in standing]
    acts += again.taken_back({one["ref"]: one for one in taken_back})
    return Replayed(entry.seq, entry.at, tuple(acts), footings)


def _standing(store: Store, seq: int) -> set[Intent]:
    """Steps that messages decided before spoke of already."""
    of_key: dict[str, set[Intent]] = {}
    for entry in entries(store, kinds=[RecordKind.DECISION, RecordKind.MESSAGE_RESOLVED], before=seq):
        if entry.kind == RecordKind.MESSAGE_RESOLVED:
            # given back by a person, to be decided anew
            if entry.body["outcome"] in ("not-sent", "retry"):
                of_key.pop(entry.body["key"], None)
            continue
        for message in entry.body["messages"]:
            of_key.setdefault(message["key"], set()).update((number, step) for number, step in message["intents"])
        for dropped in entry.body["dropped"]:
            of_key.pop(dropped["key"], None)
    return {intent for several in of_key.values() for intent in several}


def _footings(store: Store, body: Mapping[str, Any], now: Mapping[str, Any], present: Ground) -> Iterator[Footing]:
    agreement = present.agreed.workspace.agreement
    then = body["digest"]
    changes: tuple[str, ...] = ()
    if then != agreement.digest:
        before = next((one for one in load_memory(store).versions if one.agreement.digest == then), None)
        changes = tuple(_changed(before, Version(present.decision.as_of, agreement)))
    yield Footing("agreement", then, agreement.digest, changes)
    yield Footing("rates", body.get("rates", ""), now["rates"])
    yield Footing("program", body.get("program", ""), now["program"])


def _changed(before: Version | None, after: Version) -> Iterable[str]:
    """Where two versions differ, as dotted places."""
    if before is None:
        return ["the journal has no such version"]
    return sorted(set(_places(agreement_to_json(before.agreement), agreement_to_json(after.agreement), "")))


def _places(one: Any, other: Any, where: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other} - {"digest"}):
            yield from _places(one.get(key), other.get(key), f"{where}.{key}" if where else key)
    elif one != other:
        yield where


class _Again:
    """One decision, decided again."""

    def __init__(
        self,
        store: Store,
        seq: int,
        ground: Ground,
        facts: Mapping[int, Json],
        footings: Iterable[Footing],
    ) -> None:
        self._store, self._seq, self._facts = store, seq, facts
        self._cases = {case.view.id: case for case in ground.cases}
        self._other = [one.what for one in footings if not one.same and one.what != "agreement"]
        self._plan = ground.decision.plan
        self.steps: dict[Intent, NoticeItem | None] = {}
        for message in self._plan.messages:
            self.steps |= {(item.invoice.id, item.step): item for item in message.notices}
            self.steps |= {
                (item.invoice.id, correction_step(item.ref, item.count)): None for item in message.corrections
            }

    def step(self, intent: Intent, then: bool) -> Act:
        """A step about an invoice."""
        number, step = intent
        now = intent in self.steps
        why = tuple(self._why(number, self.steps.get(intent), then, now, fee_counts=True))
        return Act(number, self._number(number), step, "", then, now, why)

    def taken_back(self, then: Mapping[str, Json]) -> Iterator[Act]:
        """Charges taken back then, now, or both."""
        now = {one.ref: one for one in self._plan.takebacks}
        for ref in {**then, **now}:
            number = now[ref].invoice if ref in now else then[ref]["invoice"]
            why = [*self._why(number, None, ref in then, ref in now, fee_counts=False)]
            if ref in then and ref in now and then[ref]["amount"] != now[ref].amount:
                amounts = [show(one, now[ref].currency) for one in (then[ref]["amount"], now[ref].amount)]
                why.append(f"taken back: {amounts[0]} then, {amounts[1]} now")
            yield Act(number, self._number(number), "", ref, ref in then, ref in now, tuple(why))

    def _number(self, invoice: int) -> str:
        if invoice in self._cases:
            return self._cases[invoice].view.number
        rows = self._store.query("SELECT number FROM identity WHERE id = ?", (invoice,))
        return str(rows[0][0]) if rows else f"#{invoice}"

    def _why(self, invoice: int, item: NoticeItem | None, then: bool, now: bool, *, fee_counts: bool) -> Iterator[str]:
        case, before = self._cases.get(invoice), self._facts.get(invoice)
        if case is None:
            yield "the books have no such invoice any more"
            return
        after = facts_of(case, item)
        if before is None:
            # a record of an early payflow; or it was not decided then, so that its facts were not kept
            if then != now:
                yield "the record of then does not hold its facts"
            yield from self._reason(case, then, now)
            return
        skipped = {"read_at"} | (set() if fee_counts and then == now else {"fee"})
        lines = [*_differences(before, after, skipped)]
        if lines:
            yield from lines
            yield from self._learned(invoice)
        if self._other and (lines or then != now) and before["movements"] == after["movements"]:
            yield f"other {' and '.join(_WORDS[what] for what in self._other)} than then"
        yield from self._reason(case, then, now)

    def _reason(self, case: Case, then: bool, now: bool) -> Iterator[str]:
        if then and not now and case.view.next_why:
            yield f"no notice now: {case.view.next_why}"
        elif then and not now and case.view.next_on is not None:
            yield f"the next step now: {case.view.next_step} on {case.view.next_on.isoformat()}"

    def _learned(self, invoice: int) -> Iterator[str]:
        """When a balance other than the one decided on was first seen."""
        for entry in entries(self._store, kinds=[RecordKind.OBSERVATIONS]):
            if entry.seq > self._seq and invoice in _seen_in(entry.body):
                yield f"first seen otherwise on {entry.at.date().isoformat()}, record {entry.seq}"
                return


def _seen_in(body: Mapping[str, Any]) -> Collection[int]:
    """The invoices of a record of balances: in rows, or in columns where they were seen for the first time."""
    return body["columns"]["invoice"] if "columns" in body else [row[0] for row in body["rows"]]


_WORDS = {"rates": "rate tables", "program": "a version of payflow"}
_MONEY = ("total", "paid", "credited", "outstanding", "interest", "fee")
_PLAIN = {
    "state": "state",
    "policy": "policy",
    "issued_on": "issued on",
    "due_on": "due on",
    "agreement": "terms of version",
}


def _differences(then: Mapping[str, Any], now: Mapping[str, Any], skipped: set[str]) -> Iterator[str]:
    """What is not as it was, a line each; the single movements first, since the rest follows from them."""
    currency = now["currency"]
    before = Counter((day, amount) for day, amount in then["movements"])
    after = Counter((day, amount) for day, amount in now["movements"])
    for day, amount in sorted((after - before).elements()):
        yield f"{_movement(amount, currency)} dated {day} is known now and was not then"
    for day, amount in sorted((before - after).elements()):
        yield f"{_movement(amount, currency)} dated {day} was known then and is not now"
    for name, words in _PLAIN.items():
        if then[name] != now[name] and name not in skipped:
            cut = 12 if name == "agreement" else None
            yield f"{words}: {str(then[name] or 'none')[:cut]} then, {str(now[name] or 'none')[:cut]} now"
    for name in _MONEY:
        if then[name] != now[name] and name not in skipped:
            yield f"{name}: {show(then[name], then['currency'])} then, {show(now[name], currency)} now"


def _movement(amount: int, currency: str) -> str:
    return f"{'a payment' if amount > 0 else 'money back'} of {show(abs(amount), currency)}"
