"""One live run, carried out: recover, propose, deliver, tell the owner, post charges, call hooks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from payflow.decide import Ground, stood_on
from payflow.decide.setting import ASKING
from payflow.decide.tonight import Tonight
from payflow.errors import DeliveryError, WorkspaceError
from payflow.model.acts import ClientMessage, Plan
from payflow.model.agreement import Workspace
from payflow.model.decision import Decision
from payflow.model.journal import MessageState
from payflow.nightly.again import Rereading
from payflow.nightly.owner import tell_owner
from payflow.nightly.report import RunReport
from payflow.outbox import calendar, hooks
from payflow.outbox.charges import Clerk, Posted, intend_posts, posting
from payflow.outbox.deliver import Courier, due
from payflow.outbox.letters import client_letter
from payflow.outbox.propose import Proposed, Stood, part, propose
from payflow.outbox.render import Renderer, check_templates
from payflow.outbox.transport import open_transport
from payflow.store import messages
from payflow.store.anchor import advance
from payflow.store.stamp import stamp
from payflow.sync import SyncReport, open_source

if TYPE_CHECKING:
    from payflow.store import Store

#: How often a run decides again because something changed under its hands, before it leaves the rest to the next run.
ROUNDS = 3
#: Seconds in which the notes of how far the journal has come may not be on the disk yet, while letters go out.
_AT_MOST_UNSYNCED = 1.0


class Night:
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
        self._again = Rereading(store, workspace, self._moment, tonight.ground)
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
            rounds = ROUNDS
            while rounds and not self._clients(courier):
                # what is only read again because the run takes long costs no round
                rounds -= courier.outdated
            self._anchor()
            told = tell_owner(self._store, self._workspace, self._ground(), courier, self._renderer, self._now)
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
            synced=(*synced, *self._again.failed),
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
        for _ in range(ROUNDS):
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
            found.decision.plan.paused | self._again.silent,
            self._pause,
        ).work()

    def _ground(self) -> Ground:
        return self._tonight.ground()

    def _clients(self, courier: Courier) -> bool:
        """Decide, propose and hand over. False when the facts changed meanwhile, so that it must be decided again."""
        found = self._ground()
        open_now = [one for one in found.decision.plan.messages if self._may_go(one)]
        found = self._again.refreshed(found, open_now, self._pause)
        self._check_templates(found)
        plan = self._again.without_silent(found.decision.plan)
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
            if handed and self._again.aged(found, [message]):
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

    def _may_go(self, message: ClientMessage) -> bool:
        """Whether a message could leave now: it is its hour, and no try before says to wait."""
        waiting = messages.waiting_for(self._store, message.recipient.client)
        return (waiting is None or due(waiting, self._now)) and (
            calendar.opening(message.recipient, self._workspace.mail, self._moment()) is None
        )

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


def _why_not(decision: Decision, invoice: int) -> str:
    """Why nothing is due on an invoice any more, for the journal."""
    view = next((one for one in decision.invoices if one.id == invoice), None)
    if view is None:
        return ""
    return f"{view.number} is {view.state.word}" if view.state not in ASKING else f"{view.number}: {view.next_why}"
