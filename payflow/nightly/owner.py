"""The letter to the business itself, when a verdict changed or something needs a person."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from payflow.decide import Ground
from payflow.model.acts import Plan
from payflow.model.agreement import Workspace
from payflow.model.journal import MessageState, Record, RecordKind
from payflow.outbox.deliver import Courier, due
from payflow.outbox.letters import owner_letter
from payflow.outbox.propose import free_key, new_key
from payflow.outbox.render import Renderer
from payflow.plan import told_by
from payflow.store import journal, messages

if TYPE_CHECKING:
    from payflow.store import Store


def tell_owner(
    store: Store, workspace: Workspace, found: Ground, courier: Courier, renderer: Renderer, now: datetime
) -> bool:
    """Write to the owner, and say whether the letter went out; what is new without being news is noted silently."""
    plan, as_of = found.decision.plan, found.decision.as_of
    if not plan.changes and not plan.news:
        if plan.baseline:
            with store.transaction() as tx:
                journal.append(tx, [Record(RecordKind.TOLD, as_of, told_by(found.decision))], at=now)
        return False
    key = _key(store, plan, as_of, now)
    row = messages.message(store, key)
    if row is None or not due(row, now):
        return False
    courier.trust(found.stamp)
    courier.hand_over(owner_letter(plan, told_by(found.decision), key, renderer, workspace.business, now, as_of))
    after = messages.message(store, key)
    return after is not None and after.state is MessageState.SENT


def _key(store: Store, plan: Plan, as_of: date, now: datetime) -> str:
    """The owner's message that waits, or a new one; another run of the same moment may have made it already."""
    key = new_key("owner", [(len(plan.changes), repr((plan.changes, plan.news)))], as_of, now)
    with store.transaction() as tx:
        waiting = [row.key for row in messages.messages(tx, MessageState.WAITING) if row.client.startswith("owner:")]
        made = messages.message(tx, key)
        if not waiting and (made is None or made.state is MessageState.DROPPED):
            key = free_key(tx, key)
            messages.add(tx, key, f"owner:{key}", now)
    return waiting[0] if waiting else key
