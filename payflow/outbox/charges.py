"""Charges posted to a source that can be written to: effectively once, whatever dies or lies in between (design section 8.4).

intend   T3 of the notice that claims a charge commits the effect that posts it; what is taken back of it later is one more
claim    committed before each call, with the key and the moment of the call
call     with frozen parameters and one idempotency key
record   what came of it, with the service's own id

A call whose answer was not recorded may have done its work. So before every further try the service is asked for what bears
our tag; in a store that was restored, before the first one too. Found means done. Not found: for 23 hours the same key is
repeated, since services keep keys for 24; after that a new key is made, but only an hour after the last call, so that a list
which lags has caught up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from payflow.connector import ChargeOrder, ConnectorError, DeliveryError, Poster
from payflow.decide.agreed import agreed
from payflow.model.agreement import SourceSettings, Workspace
from payflow.model.journal import Charge, ChargeState, Record, RecordKind
from payflow.outbox.deliver import is_free, own_name, wait_after
from payflow.store import effects, journal
from payflow.store.effects import EffectRow, EffectState, Place
from payflow.store.memory import load_memory, load_versions
from payflow.store.moments import from_moment, to_moment
from payflow.store.workings import get_meta

if TYPE_CHECKING:
    from payflow.store import Store, Transaction

KIND = "charge"
#: How long one key is repeated: services forget keys after 24 hours.
KEY_LASTS = timedelta(hours=23)
#: How long after a call a list may still lack what it made.
LIST_LAGS = timedelta(hours=1)
#: How long a claim lasts at most: no call takes longer.
_LEASE = timedelta(minutes=30)

Opener = Callable[[SourceSettings], object]


class Posted(Struct):
    """References of charges by what became of their effects in this run."""

    done: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def posting(store: Store, workspace: Workspace, as_of: date) -> frozenset[str]:
    """The keys of the sources that charges are posted to."""
    if not any(one.post_charges for one in workspace.sources):
        return frozenset()
    standing = agreed(store, workspace, load_versions(store), as_of)
    return frozenset(one.key for one in standing.workspace.sources if one.post_charges)


def intend_posts(
    tx: Transaction, sources: frozenset[str], charges: Iterable[Mapping[str, Any]], day: date, now: datetime
) -> None:
    """Note the posting of charges that are claimed in this very transaction, of invoices in sources that take them."""
    for charge in charges if sources else ():
        rows = tx.query("SELECT source, key, number, client FROM invoice WHERE id = ?", (charge["invoice"],))
        for source, key, number, client in rows:
            if source in sources:
                body = {
                    "deed": "post",
                    "tag": str(charge["ref"]),
                    "ref": charge["ref"],
                    "client": client,
                    "invoice": key,
                    "number": number,
                    "amount": charge["amount"],
                    "currency": charge["currency"],
                    "on": day.isoformat(),
                    "of": charge["invoice"],
                }
                _intend(tx, source, body, _place(charge, "post"), now)


def to_post(store: Store) -> frozenset[int]:
    """The invoices whose charges wait to be posted."""
    return frozenset(row.body["of"] for row in effects.effects(store, KIND, EffectState.WAITING))


def _intend(tx: Transaction, source: str, body: Mapping[str, Any], place: Place, now: datetime) -> None:
    name = f"payflow-{get_meta(tx, 'store') or ''}-{body['ref']}-{place.deed.replace(':', '-')}"
    effects.intend(tx, name, KIND, source, body, now, place)


def _place(charge: Mapping[str, Any], deed: str) -> Place:
    return Place(charge["invoice"], charge["kind"], charge["occurrence"], charge["generation"], deed)


def intend_reversals(store: Store, *, now: datetime) -> None:
    """Note what goes back of charges that were posted: each reversal once, and what stood when one was waived."""
    rows = effects.effects(store, KIND)
    posts = {str(row.body["ref"]): row for row in rows if row.body["deed"] == "post"}
    if not posts:
        return
    known = {(row.body["ref"], row.body["deed"]) for row in rows}
    charges = [one for several in load_memory(store).charges.values() for one in several if one.ref in posts]
    wanted = [(one, *back) for one in charges for back in _back(one) if (one.ref, back[0]) not in known]
    if not wanted:
        return
    with store.transaction() as tx:
        for charge, deed, amount, on in wanted:
            post = posts[charge.ref]
            body = {**post.body, "deed": deed, "tag": f"{charge.ref}/{deed}", "amount": amount, "on": on}
            _intend(tx, post.target, body, _place(asdict(charge), deed), now)


def _back(charge: Charge) -> Iterable[tuple[str, int, str]]:
    """(deed, amount, day) of everything that goes back of a charge."""
    left = charge.amount
    for number, reversal in enumerate(charge.reversals, start=1):
        left -= reversal.amount
        yield f"reverse:{number}", reversal.amount, reversal.on.isoformat()
    if charge.state is ChargeState.WAIVED and left > 0:
        yield "waive", left, charge.claimed_on.isoformat()


class Clerk(Struct):
    """Posts for one run. `open_source` gives the connector of a source, `held` are invoices of which nothing may go out now."""

    store: Store
    workspace: Workspace
    as_of: date
    moment: Callable[[], datetime]
    open_source: Opener
    held: frozenset[int] = frozenset()
    pause: Callable[[str], None] = lambda _place: None
    posted: Posted = field(default_factory=Posted)
    _silent: set[str] = field(default_factory=set)
    _forgets: bool | None = None

    def work(self) -> Posted:
        """Carry out what is due, posts before what goes back. A source that does not answer is left alone for this run."""
        intend_reversals(self.store, now=self.moment())
        sources = {one.key: one for one in self.workspace.sources if one.post_charges}
        rows = effects.effects(self.store, KIND, EffectState.WAITING, EffectState.CLAIMED)
        for row in sorted(rows, key=lambda one: one.body["deed"] != "post"):
            source = sources.get(row.target)
            due = is_free(self.store, row, self.moment()) and row.body["of"] not in self.held
            if source is None or row.target in self._silent or not due:
                self.posted.waiting.append(row.body["ref"])
                continue
            poster = self.open_source(source)
            if isinstance(poster, Poster):
                self._carry_out(poster, row)
        return self.posted

    def _carry_out(self, poster: Poster, row: EffectRow) -> None:
        order = _order(row.body)
        if row.body["deed"] == "post":
            if self._is_unwanted(row):
                self._withdraw(poster, row, order)
            else:
                self._call(poster.post, poster, row, order)
            return
        post = self._post_of(row)
        if post is None or post.state in (EffectState.DROPPED, EffectState.FAILED):
            self._close(row, EffectState.DROPPED, "the charge was never posted")
        elif post.state is EffectState.DONE:
            self._call(poster.reverse, poster, row, replace(order, posted=str(post.progress.get("id", ""))))
        else:
            self.posted.waiting.append(row.body["ref"])

    def _post_of(self, row: EffectRow) -> EffectRow | None:
        return next((one for one in self._of_charge(row) if one.body["deed"] == "post"), None)

    def _of_charge(self, row: EffectRow) -> list[EffectRow]:
        """Every effect of the same charge."""
        rows = effects.of_invoice(self.store, int(row.body["of"]))
        return [one for one in rows if one.body["ref"] == row.body["ref"]]

    def _is_unwanted(self, row: EffectRow) -> bool:
        """Whether nothing is left of a charge that is not posted yet."""
        back = sum(int(one.body["amount"]) for one in self._of_charge(row) if one.body["deed"] != "post")
        return back >= int(row.body["amount"])

    def _withdraw(self, poster: Poster, row: EffectRow, order: ChargeOrder) -> None:
        """Post no more. What a call of before may have made is looked for, and when found it goes back like any other."""
        if row.attempts:
            found = self._ask(poster, row, order)
            if found is None:
                return
            if found:
                self._done(row, found)
                return
            if self.moment() - from_moment(row.progress["last"]) < LIST_LAGS:
                self._wait(row, "it is looked for once more", from_moment(row.progress["last"]) + LIST_LAGS)
                return
        self._close(row, EffectState.DROPPED, "it was taken back before it was posted")

    def _call(
        self, deed: Callable[[ChargeOrder, str], str], poster: Poster, row: EffectRow, order: ChargeOrder
    ) -> None:
        """One try: recover, claim, call, record."""
        now = self.moment()
        progress = dict(row.progress)
        if row.attempts or self._is_forgetful():
            found = self._ask(poster, row, order)
            if found is None:
                return
            if found:
                self._done(row, found)
                return
        if row.attempts and now - from_moment(progress["first"]) >= KEY_LASTS:
            last = from_moment(progress["last"])
            if now - last < LIST_LAGS:
                self._wait(row, "it is looked for once more before a new key is made", last + LIST_LAGS)
                return
            progress |= {"number": progress["number"] + 1, "first": to_moment(now)}
        progress = {"number": 1, "first": to_moment(now), **progress, "last": to_moment(now)}
        self.store.announce(own_name())
        with self.store.transaction() as tx:
            if not effects.claim(tx, row, own_name(), now + _LEASE, progress):
                return
        self.pause("charge claimed")
        try:
            made = deed(order, f"{row.key}-{progress['number']}")
        except DeliveryError as error:
            self.pause("charge refused")
            if error.permanent:
                self._refused(poster, row, order, str(error))
            else:
                self._wait(row, str(error))
        except Exception as error:  # noqa: BLE001  # whatever the connector raises, the call may have done its work
            said = str(error) if isinstance(error, ConnectorError) else f"the call failed ({type(error).__name__})"
            self._wait(row, said)
        else:
            self.pause("charge posted")
            self._done(row, made)

    def _is_forgetful(self) -> bool:
        """Whether this store may have posted what it does not know of: it was restored, or switched on again after its journal
        was found behind its anchor or in another place."""
        if self._forgets is None:
            switched = [one.kind for one in journal.entries(self.store, kinds=[RecordKind.LIVE, RecordKind.RESTORED])]
            self._forgets = RecordKind.RESTORED in switched or switched.count(RecordKind.LIVE) > 1
        return self._forgets

    def _refused(self, poster: Poster, row: EffectRow, order: ChargeOrder, said: str) -> None:
        """Refused for good, unless a call of before did it after all."""
        found = self._ask(poster, row, order)
        if found:
            self._done(row, found)
        elif found is not None:
            self._close(row, EffectState.FAILED, said)

    def _ask(self, poster: Poster, row: EffectRow, order: ChargeOrder) -> str | None:
        """What bears our tag, empty for nothing; None, and the effect waits, when the service does not say."""
        try:
            return poster.find(order)
        except Exception as error:  # noqa: BLE001  # a connector at fault never stops the others
            said = (
                str(error) if isinstance(error, ConnectorError) else f"it could not be asked ({type(error).__name__})"
            )
            self._wait(row, said)
            return None

    def _wait(self, row: EffectRow, said: str, until: datetime | None = None) -> None:
        self._silent.add(row.target)
        self.posted.waiting.append(row.body["ref"])
        later = until or self.moment() + wait_after(row.attempts + 1)
        with self.store.transaction() as tx:
            effects.postpone(tx, row, own_name(), said, later)

    def _done(self, row: EffectRow, made: str) -> None:
        self._close(row, EffectState.DONE, "", made)

    def _close(self, row: EffectRow, state: EffectState, detail: str, made: str = "") -> None:
        """Record for good what became of it, unless another run did meanwhile."""
        body = {"key": row.key, "kind": KIND, "target": row.target, "deed": row.body["deed"], "ref": row.body["ref"]}
        body |= {"invoice": row.body["of"], "outcome": state.value, "detail": detail, "made": made}
        with self.store.transaction() as tx:
            present = effects.effect(tx, row.key)
            if present is None or present.state not in (EffectState.WAITING, EffectState.CLAIMED):
                return
            effects.settle(tx, row.key, state, detail)
            effects.note_progress(tx, row.key, {**present.progress, "id": made})
            record = Record(RecordKind.EFFECT, self.as_of, body, invoice=int(row.body["of"]))
            journal.append(tx, [record], at=self.moment())
        lists = {EffectState.DONE: self.posted.done, EffectState.FAILED: self.posted.failed}
        lists.get(state, []).append(row.body["ref"])


def _order(body: Mapping[str, Any]) -> ChargeOrder:
    names = ("tag", "ref", "client", "invoice", "number", "amount", "currency", "on")
    return ChargeOrder(**{name: body[name] for name in names})
