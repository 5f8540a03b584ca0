"""Phases of work: begun, finished, or let go on unpaid."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from payflow.decide import Ground
from payflow.errors import Refused, UnknownName
from payflow.model.agreement import Workspace
from payflow.model.journal import Record, RecordKind
from payflow.model.verdict import Verdict
from payflow.place import who
from payflow.rulings.word import looked_at, note

if TYPE_CHECKING:
    from payflow.store import Store


def waive(
    store: Store, workspace: Workspace, project: str, phase: str, *, until: date, reason: str, now: datetime
) -> str:
    """Let work on a phase start or go on unpaid, through `until`."""
    found = looked_at(store, workspace, now)
    verdict, key = _phase(found, project, phase)
    if until < found.decision.as_of:
        raise Refused(f"{until.isoformat()} is over. Give a day that is still to come.")
    if not verdict.reasons:
        raise Refused(f"{verdict.name} is open; there is nothing to waive.")
    body = {"project": key, "phase": phase, "until": until.isoformat(), "reason": reason, "by": who()}
    note(store, found, [Record(RecordKind.WAIVER, found.decision.as_of, body, project=key)], now)
    return f"{verdict.name} of {project} is open through {until.isoformat()}, although it is not paid."


def start_phase(store: Store, workspace: Workspace, project: str, phase: str, *, now: datetime) -> Verdict:
    """Note that work on a phase began, if the gate is open; the verdict says whether it was."""
    found = looked_at(store, workspace, now)
    verdict, key = _phase(found, project, phase)
    if verdict.open and (verdict.started is None or verdict.finished is not None):
        body = {"project": key, "phase": phase, "by": who()}
        note(store, found, [Record(RecordKind.PHASE_STARTED, found.decision.as_of, body, project=key)], now)
    return verdict


def finish_phase(store: Store, workspace: Workspace, project: str, phase: str, *, now: datetime) -> str:
    """Note that work on a phase ended."""
    found = looked_at(store, workspace, now)
    verdict, key = _phase(found, project, phase)
    if verdict.started is None:
        raise Refused(f"{verdict.name} was never started: payflow phase start {project} {phase}.")
    if verdict.finished is not None:
        raise Refused(f"{verdict.name} was finished on {verdict.finished.isoformat()}.")
    body = {"project": key, "phase": phase, "by": who()}
    note(store, found, [Record(RecordKind.PHASE_FINISHED, found.decision.as_of, body, project=key)], now)
    return f"{verdict.name} of {project} is finished."


def _phase(found: Ground, project: str, phase: str) -> tuple[Verdict, str]:
    for view in found.decision.projects:
        if view.project == project:
            for verdict in view.phases:
                if verdict.phase == phase:
                    return verdict, view.key
            raise UnknownName(f"phase of {project}", phase, [one.phase for one in view.phases])
    raise UnknownName("project", project, [view.project for view in found.decision.projects])
