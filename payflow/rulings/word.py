"""What every ruling does: it looks at the facts as they stand now, and journals one record about what it rules on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from payflow.charging import Case
from payflow.decide import Ground, ground, today
from payflow.errors import Refused
from payflow.model.agreement import Workspace
from payflow.model.journal import Record, RecordKind
from payflow.store import journal
from payflow.store.stamp import stamp

if TYPE_CHECKING:
    from payflow.store import Store


def looked_at(store: Store, workspace: Workspace, now: datetime) -> Ground:
    """The decision of today, with what it stands on."""
    return ground(store, workspace, today(workspace, now), now)


def note(store: Store, found: Ground, records: list[Record], now: datetime) -> None:
    """Journal a ruling, unless something became known since the facts it rests on were looked at."""
    with store.transaction() as tx:
        if stamp(tx) != found.stamp:
            raise Refused("the books or the journal changed at this very moment. Ask again.")
        journal.append(tx, records, at=now)


def about_invoice(case: Case, kind: RecordKind, found: Ground, body: Mapping[str, Any]) -> Record:
    """A record about one invoice, its project and its client."""
    project = case.contract.key if case.contract else ""
    return Record(kind, found.decision.as_of, body, client=case.view.client, project=project, invoice=case.view.id)
