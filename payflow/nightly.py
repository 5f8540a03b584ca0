"""The run: read the sources, decide, carry out.

Until `payflow live` is journaled, a run is a preview: it reads, shows what it would send, and writes to no one. A run holds
no lock itself; the command line does. Running again, late or twice plans nothing new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from payflow.decide import Ground, ground, stood_on, today
from payflow.decide.parts import Pool
from payflow.decide.tonight import Tonight
from payflow.decide.views import ASKING
from payflow.errors import DeliveryError, Refused, WorkspaceError
from payflow.model.acts import ClientMessage, Plan
from payflow.model.agreement import Workspace
from payflow.model.decision import Decision
from payflow.model.journal import MessageState, Record, RecordKind
from payflow.outbox import calendar, hooks
from payflow.outbox.charges import Clerk, Posted, intend_posts, posting, to_post
from payflow.outbox.deliver import Courier, due
from payflow.outbox.letters import client_letter, owner_letter
from payflow.outbox.propose import Proposed, Stood, free_key, new_key, part, propose
from payflow.outbox.render import Renderer, check_templates
from payflow.outbox.transport import open_transport
from payflow.plan import told_by
from payflow.store import journal, messages
from payflow.store.anchor import advance
from payflow.store.mirror import InvoiceRow
from payflow.store.moments import to_moment
from payflow.store.runs import last_day, note_run, runs
from payflow.store.stamp import stamp
from payflow.sync import SyncReport, begin, open_source, read_again, sync

if TYPE_CHECKING:
    from payflow.store import Store

#: A reading older than this is not acted on where its source can be asked again (design section 8).
_FRESH = timedelta(minutes=15)
#: How often a run decides again because something changed under its hands, before it leaves the rest to the next run.
_ROUNDS = 3
#: Seconds in which the notes of how far the journal has come may not be on the disk yet, while letters go out.
_AT_MOST_UNSYNCED = 1.0
#: How far a clock may be set back, as by a time server, without a word.
_SKEW = timedelta(minutes=10)


class RunReport(Struct, frozen=True):
    """What a run did. Keys of messages by outcome; `reversed` are references of charges taken back."""

    as_of: date
    live: bool
    dry_run: bool
    synced: tuple[SyncReport, ...]
    decision: Decision
    sent: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    reversed: tuple[str, ...] = ()
    told: bool = False
    #: references of charges that were posted to their source or taken back there, and of those that were not yet
    posted: tuple[str, ...] = ()
    unposted: tuple[str, ...] = ()
    #: ids of events that hooks took, did not take yet, and never took
    hooks_sent: tuple[str, ...] = ()
    hooks_waiting: tuple[str, ...] = ()
    hooks_failed: tuple[str, ...] = ()


def run(
    store: Store,
    workspace: Workspace,
    *,
    now: datetime,
    dry_run: bool = False,
    accept_clock: bool = False,
    pool: Pool | None = None,
    pause: Callable[[str], None] = lambda _place: None,
    tell: Callable[[str], None] = lambda _text: None,
) -> RunReport:
    """Read the sources, decide, and when live carry out. `dry_run` reads nothing anew and writes nothing at all.

    `pool` works decisions out in parts; everything else, delivery above all, is done here. `tell` is told in a few words what
    is being done, for those who wait.

    Raises `Refused` while a step, source or project that the journal knows is gone without `was`, and when `now` is before the
    last run unless `accept_clock` says that it was the last run's clock that was wrong.
    """
    if dry_run:
        as_of = today(workspace, now)
        found = ground(store, workspace, as_of, now, pool)
        return RunReport(as_of, found.decision.live, True, (), found.decision)
    now, as_of = _onwards(store, workspace, now, accept_clock)
    begin(store, now)
    with store.transaction() as tx:
        note_run(tx, now, as_of)
    synced = tuple(sync(store, workspace, now=now, tell=tell))
    pause("synced")
    tell("deciding, and sending what is due")
    tonight = Tonight(store, workspace, as_of, now, pool)
    found = tonight.ground()
    if found.agreed.problems:
        raise Refused("\n".join(str(problem) for problem in found.agreed.problems))
    if not found.decision.live:
        return RunReport(as_of, False, False, synced, found.decision)
    found = note_agreement(store, workspace, found, now)
    night = _Night(store, workspace, as_of, now, pause, tonight)
    return night.carry_out(synced)


def _onwards(store: Store, workspace: Workspace, now: datetime, accept_clock: bool) -> tuple[datetime, date]:
    """The moment and the day of a run: neither is ever before the last run's.

    A clock that was set back by a little is taken to stand still. So is the day, where the business moved to a time zone in
    which it is still the day before. Raises `Refused` for anything further back.
    """
    zone = ZoneInfo(workspace.business.timezone)
    last, known = next(reversed(runs(store)), now), last_day(store)
    if accept_clock:
        return now, today(workspace, now)
    day = today(workspace, max(now, last))
    if now < last - _SKEW or (known is not None and known - day > timedelta(days=1)):
        moments = [one.astimezone(zone).isoformat(" ", "minutes") for one in (now, last)]
        raise Refused(
            f"this run is for {moments[0]}, and the last one was for {moments[1]}: the clock went backwards, or the day is "
            "over. Nothing was read or sent. Set the clock right; if it is right and the last run's was wrong, say "
            "payflow run --accept-clock."
        )
    return max(now, last), max(day, known or day)


def note_agreement(store: Store, workspace: Workspace, found: Ground, now: datetime) -> Ground:
    """Journal the agreement if it differs from the last version (design section 2); the ground on which it stands then.

    Another run may journal the same version at this very moment: then nothing is written twice, and it is looked at afresh.
    """
    for _ in range(_ROUNDS):
        if not found.agreed.is_new:
            return found
        as_of = found.decision.as_of
        with store.transaction() as tx:
            if stamp(tx).journal == found.stamp.journal:
                journal.append(tx, found.agreed.news(as_of), at=now)
                return found
        found = ground(store, workspace, as_of, now)
    raise Refused(
        "the journal goes on changing while the agreement is to be noted. Run again when other commands are done."
    )


class _Night:
    """One live run."""

    def __init__(
        self,
        store: Store,
        workspace: Workspace,
        as_of: date,
        now: datetime,
        pause: Callable[[str], None],
        tonight: Tonight,
    ) -> None:
        self._tonight = tonight
        self._store, self._workspace, self._as_of, self._now = store, workspace, as_of, now
        self._pause = pause
        self._renderer = Renderer(workspace.root, workspace.business)
        self._began = self._anchored = monotonic()
        self._unread: list[SyncReport] = []
        #: invoices that their source was asked about and said nothing of
        self._silent: frozenset[int] = frozenset()
        #: sources that cannot be asked about single invoices
        self._unaskable: set[str] = {one.key for one in workspace.sources if one.files}
        self._kept: tuple[Ground, frozenset[str], Mapping[int, tuple[InvoiceRow, str]]] | None = None
        self._dropped: list[str] = []
        self._reversed: list[str] = []

    def carry_out(self, synced: tuple[SyncReport, ...]) -> RunReport:
        """Recover, propose, deliver, tell the owner."""
        transport = open_transport(self._workspace.mail)
        try:
            courier = Courier(self._store, self._workspace, transport, self._as_of, self._now, pause=self._pause)
            to = posting(self._store, self._workspace, self._as_of)
            courier.claimed_charges = lambda tx, claimed, day: intend_posts(tx, to, claimed, day, self._now)
            courier.recover()
            rounds = _ROUNDS
            while rounds and not self._clients(courier):
                # what is only read again because the run takes long costs no round
                rounds -= courier.outdated
            self._anchor()
            told = self._owner(courier)
        finally:
            transport.close()
        posted = self._charges() if to else Posted()
        self._intend_hooks()
        hooked = hooks.deliver(self._store, self._workspace, as_of=self._as_of, now=self._moment(), pause=self._pause)
        self._anchor()
        delivered = courier.delivered
        decision = self._ground().decision
        self._tonight.keep()
        return RunReport(
            as_of=self._as_of,
            live=True,
            dry_run=False,
            synced=(*synced, *self._unread),
            decision=decision,
            sent=tuple(delivered.sent),
            waiting=tuple(row.key for row in messages.messages(self._store, MessageState.WAITING)),
            unsure=tuple(delivered.unsure),
            failed=tuple(delivered.failed),
            dropped=tuple(self._dropped),
            reversed=tuple(self._reversed),
            told=told,
            posted=tuple(posted.done),
            unposted=tuple(dict.fromkeys((*posted.waiting, *posted.failed))),
            hooks_sent=tuple(hooked.sent),
            hooks_waiting=tuple(hooked.waiting),
            hooks_failed=tuple(hooked.failed),
        )

    def _intend_hooks(self) -> None:
        """Note what hooks are to be told, as it stands now; where facts go on changing under our hands, the next run does."""
        for _ in range(_ROUNDS):
            found = self._ground()
            if hooks.intend(self._store, self._workspace, found.decision, found.stamp, now=self._now):
                break
        self._pause("hooks intended")

    def _charges(self) -> Posted:
        """Post what was claimed, and what goes back. Nothing of an invoice whose source could not be read again lately."""
        found = self._ground()
        workspace = found.agreed.workspace
        return Clerk(
            self._store,
            workspace,
            self._as_of,
            self._moment,
            lambda source: open_source(workspace, source, self._moment()),
            found.decision.plan.paused | self._silent,
            self._pause,
        ).work()

    def _ground(self) -> Ground:
        return self._tonight.ground()

    def _clients(self, courier: Courier) -> bool:
        """Decide, propose and hand over. False when the facts changed meanwhile, so that it must be decided again."""
        found = self._read_again(self._ground())
        self._check_templates(found)
        plan = self._plan(found)
        proposed = self._propose(found, plan, courier)
        if proposed is None:
            courier.outdated = True
            return False
        handed = False
        for message in plan.messages:
            key = proposed.waiting.get(message.recipient.client)
            row = messages.message(self._store, key) if key else None
            if key is None or row is None or not due(row, self._now):
                continue
            if calendar.opening(message.recipient, self._workspace.mail, self._moment()) is not None:
                continue
            if handed and self._aged(found, [message]):
                return False
            handed = True
            try:
                reserved = part(message, messages.intents_of(self._store, key))
                letter = client_letter(reserved, key, self._renderer, self._workspace.business, self._now, self._as_of)
            except DeliveryError as error:
                courier.refuse(key, message.recipient.client, error)
            else:
                courier.hand_over(letter)
            self._anchor(one_of_many=True)
            if courier.outdated:
                return False
        return True

    def _check_templates(self, found: Ground) -> None:
        """A template that does not work stops the run before anything is decided, not half-way through the clients."""
        mistakes = (
            [one for one in check_templates(self._workspace) if not one.warning] if found.decision.plan.messages else []
        )
        if mistakes:
            raise WorkspaceError(mistakes)

    def _moment(self) -> datetime:
        """The moment it is by now: a run over many clients takes its time."""
        return self._now + timedelta(seconds=monotonic() - self._began)

    def _read_again(self, found: Ground) -> Ground:
        """Decide on fresh facts: what is about to be asked for is read again where the source can be asked and was not lately.

        One call for each source. One that fails is noted, and nothing of its invoices goes out; one that says nothing of an
        invoice it was asked about is told, and the notice waits.
        """
        open_now = [one for one in found.decision.plan.messages if self._may_go(one)]
        keys: dict[str, list[str]] = {}
        posts = to_post(self._store)
        for row in self._aged(found, open_now, posts):
            keys.setdefault(row.source, []).append(row.key)
        if not keys:
            return found
        reports = read_again(self._store, found.agreed.workspace, keys, now=self._moment())
        sources = {one.key: one for one in found.agreed.workspace.sources}
        could = {report.source for report in reports}
        self._unaskable |= {key for key in keys if key not in sources or sources[key].name not in could}
        if not reports:
            return found
        self._pause("read again")
        self._unread += [report for report in reports if report.failed]
        again = self._ground()
        failed = {report.source for report in reports if report.failed}
        for row in self._aged(again, open_now, posts):
            source = sources[row.source]
            if source.name not in failed:
                error = (
                    f"it was asked about {row.number or row.key} and said nothing of it; no notice about it goes out"
                )
                self._unread.append(SyncReport(source.name, source.connector, error=error))
                self._silent |= {row.id}
        return again

    def _may_go(self, message: ClientMessage) -> bool:
        """Whether a message could leave now: it is its hour, and no try before says to wait."""
        waiting = messages.waiting_for(self._store, message.recipient.client)
        return (waiting is None or due(waiting, self._now)) and (
            calendar.opening(message.recipient, self._workspace.mail, self._moment()) is None
        )

    def _aged(self, found: Ground, wanted: Iterable[ClientMessage], posts: Iterable[int] = ()) -> list[InvoiceRow]:
        """Invoices of messages, and of charges to be posted, whose reading is too old, of sources that may be asked."""
        oldest = to_moment(self._moment() - _FRESH)
        askable = self._askable(found)
        ids = {item.invoice.id for message in wanted for item in message.notices} | set(posts)
        rows = (askable.get(invoice) for invoice in sorted(ids))
        return [row for row, fresh in filter(None, rows) if fresh < oldest and row.id not in self._silent]

    def _askable(self, found: Ground) -> Mapping[int, tuple[InvoiceRow, str]]:
        """Invoices whose sources may be asked about them, with the moment they were last told; kept for one decision."""
        if self._kept is None or self._kept[0] is not found or self._kept[1] != self._unaskable:
            rows = zip(found.setting.facts.invoices, found.setting.fresh, strict=True)
            kept = {row.id: (row, fresh) for row, fresh in rows if row.source not in self._unaskable}
            self._kept = (found, frozenset(self._unaskable), kept)
        return self._kept[2]

    def _plan(self, found: Ground) -> Plan:
        """The plan without what could not be read again; a message about nothing else goes on waiting."""
        plan = found.decision.plan
        if not self._silent:
            return plan
        kept = [
            replace(one, notices=tuple(item for item in one.notices if item.invoice.id not in self._silent))
            for one in plan.messages
        ]
        left = tuple(one for one in kept if one.notices or one.corrections)
        return replace(plan, messages=left, paused=plan.paused | self._silent)

    def _propose(self, found: Ground, plan: Plan, courier: Courier) -> Proposed | None:
        """T1. None when the facts are no longer those that were decided on."""
        stood = Stood(stood_on.basis(found), stood_on.facts(found))
        with self._store.transaction() as tx:
            if stamp(tx) != found.stamp:
                return None
            why = partial(_why_not, found.decision)
            proposed = propose(tx, plan, stood=stood, as_of=self._as_of, now=self._now, why=why)
            courier.trust(stamp(tx))
        self._dropped.extend(proposed.dropped)
        self._reversed.extend(proposed.reversed)
        self._anchor()
        self._pause("proposed")
        return proposed

    def _anchor(self, *, one_of_many: bool = False) -> None:
        """Note how far the journal has come, after each thing done: a copy from before is known for one even if this run dies.

        While many letters go out one after the other, each note is on the disk within a second, since having it there takes as
        long as a commit: only the machine, dying in that second, could lose it.
        """
        moment = monotonic()
        synced = not one_of_many or moment - self._anchored >= _AT_MOST_UNSYNCED
        advance(self._store.anchor, self._store, self._now, synced=synced)
        if synced:
            self._anchored = moment

    def _owner(self, courier: Courier) -> bool:
        """Write to the owner when a verdict changed or something needs a person; note silently what is new to tell of."""
        found = self._ground()
        plan = found.decision.plan
        if not plan.changes and not plan.news:
            if plan.baseline:
                self._note_told(found)
            return False
        key = self._owner_key(plan)
        row = messages.message(self._store, key)
        if row is None or not due(row, self._now):
            return False
        courier.trust(found.stamp)
        courier.hand_over(
            owner_letter(
                plan, told_by(found.decision), key, self._renderer, self._workspace.business, self._now, self._as_of
            )
        )
        after = messages.message(self._store, key)
        return after is not None and after.state is MessageState.SENT

    def _owner_key(self, plan: Plan) -> str:
        """The owner's message that waits, or a new one; another run of the same moment may have made it already."""
        key = new_key("owner", [(len(plan.changes), repr((plan.changes, plan.news)))], self._as_of, self._now)
        with self._store.transaction() as tx:
            waiting = [
                row.key for row in messages.messages(tx, MessageState.WAITING) if row.client.startswith("owner:")
            ]
            made = messages.message(tx, key)
            if not waiting and (made is None or made.state is MessageState.DROPPED):
                key = free_key(tx, key)
                messages.add(tx, key, f"owner:{key}", self._now)
        return waiting[0] if waiting else key

    def _note_told(self, found: Ground) -> None:
        with self._store.transaction() as tx:
            journal.append(tx, [Record(RecordKind.TOLD, self._as_of, told_by(found.decision))], at=self._now)


def _why_not(decision: Decision, invoice: int) -> str:
    """Why nothing is due on an invoice any more, for the journal."""
    view = next((one for one in decision.invoices if one.id == invoice), None)
    if view is None:
        return ""
    return f"{view.number} is {view.state.word}" if view.state not in ASKING else f"{view.number}: {view.next_why}"
