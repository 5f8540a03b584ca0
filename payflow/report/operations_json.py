"""What `--json` prints of deeds: readings, runs, the outbox, the journal, findings and installed connectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from payflow.connector import ConnectorSpec
from payflow.errors import Problem
from payflow.model.decision import Decision
from payflow.report.as_json import Json, acts


class Synced(Protocol):
    """What a reading of one source came to (`payflow.sync.SyncReport`)."""

    @property
    def source(self) -> str: ...
    @property
    def connector(self) -> str: ...
    @property
    def read(self) -> int: ...
    @property
    def new(self) -> int: ...
    @property
    def changed(self) -> int: ...
    @property
    def unchanged(self) -> int: ...
    @property
    def missing(self) -> int: ...
    @property
    def lines(self) -> int | None: ...
    @property
    def new_lines(self) -> int: ...
    @property
    def problems(self) -> Sequence[Problem]: ...
    @property
    def error(self) -> str: ...
    @property
    def failed(self) -> bool: ...
    @property
    def again(self) -> bool: ...


class Ran(Protocol):
    """What a run did (`payflow.nightly.RunReport`)."""

    @property
    def as_of(self) -> date: ...
    @property
    def live(self) -> bool: ...
    @property
    def dry_run(self) -> bool: ...
    @property
    def synced(self) -> Sequence[Synced]: ...
    @property
    def decision(self) -> Decision: ...
    @property
    def sent(self) -> Sequence[str]: ...
    @property
    def waiting(self) -> Sequence[str]: ...
    @property
    def unsure(self) -> Sequence[str]: ...
    @property
    def failed(self) -> Sequence[str]: ...
    @property
    def dropped(self) -> Sequence[str]: ...
    @property
    def reversed(self) -> Sequence[str]: ...
    @property
    def told(self) -> bool: ...
    @property
    def posted(self) -> Sequence[str]: ...
    @property
    def unposted(self) -> Sequence[str]: ...
    @property
    def hooks_sent(self) -> Sequence[str]: ...
    @property
    def hooks_waiting(self) -> Sequence[str]: ...
    @property
    def hooks_failed(self) -> Sequence[str]: ...


def left_out(reports: Iterable[Synced]) -> bool:
    """Whether a reading left something out: it failed, or rows of it were bad."""
    return any(report.failed or any(not problem.warning for problem in report.problems) for report in reports)


def run_left_out(report: Ran) -> bool:
    """Whether a run left something out: a failed or stale source, bad rows, a message that was not delivered."""
    undelivered = bool(report.unsure or report.failed or report.hooks_waiting or report.hooks_failed or report.unposted)
    return undelivered or left_out(report.synced) or any(source.stale for source in report.decision.sources)


def sync(reports: Sequence[Synced]) -> Json:
    """`payflow.sync/1`: what each source came to."""
    return {"schema": "payflow.sync/1", "sources": [_synced(report) for report in reports]}


def run(report: Ran, heartbeat: str = "") -> Json:
    """`payflow.run/1`: what a run did, and what it decided; `heartbeat` is why the sign of life could not be given."""
    lists = ("sent", "waiting", "unsure", "failed", "dropped", "reversed")
    return {
        "schema": "payflow.run/1",
        "as_of": report.as_of.isoformat(),
        "live": report.live,
        "dry_run": report.dry_run,
        "synced": [_synced(source) for source in report.synced],
        **acts(report.decision),
        **{name: list(getattr(report, name)) for name in lists},
        "told": report.told,
        "charges": {"posted": list(report.posted), "waiting": list(report.unposted)},
        "hooks": {word: list(getattr(report, f"hooks_{word}")) for word in ("sent", "waiting", "failed")},
        "left_out": run_left_out(report),
        "heartbeat": heartbeat or None,
    }


def outbox(messages: Sequence[Mapping[str, Any]], effects: Sequence[Mapping[str, Any]] = ()) -> Json:
    """`payflow.outbox/1`: messages with their states, and what else is to happen outside."""
    return {
        "schema": "payflow.outbox/1",
        "messages": [dict(message) for message in messages],
        "effects": [dict(effect) for effect in effects],
    }


def log(records: Sequence[Mapping[str, Any]]) -> Json:
    """`payflow.log/1`: records of the journal."""
    return {"schema": "payflow.log/1", "records": [dict(record) for record in records]}


def log_verify(records: int, erased: int, faults: Sequence[str]) -> Json:
    """`payflow.log-verify/1`: whether the chain holds; how many records had a person's data erased from them."""
    return {
        "schema": "payflow.log-verify/1",
        "holds": not faults,
        "records": records,
        "erased": erased,
        "faults": list(faults),
    }


def doctor(findings: Sequence[Problem]) -> Json:
    """`payflow.doctor/1`: what is misconfigured."""
    errors = sum(not finding.warning for finding in findings)
    return {"schema": "payflow.doctor/1", "errors": errors, "findings": [_problem(finding) for finding in findings]}


def connectors(found: Mapping[str, ConnectorSpec]) -> Json:
    """`payflow.connectors/1`: what can be read."""
    return {
        "schema": "payflow.connectors/1",
        "connectors": [
            {
                "connector": name,
                "formats": list(spec.looked_for),
                "options": dict(spec.options),
                "secrets": sorted(spec.secrets),
                "stale_after": spec.stale_after,
            }
            for name, spec in sorted(found.items())
        ],
    }


def _synced(report: Synced) -> Json:
    return {
        "source": report.source,
        "connector": report.connector,
        "read": report.read,
        "new": report.new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "missing": report.missing,
        "lines": _lines(report.lines, report.new_lines),
        "problems": [_problem(problem) for problem in report.problems],
        "error": report.error or None,
    }


def _lines(read: int | None, new: int) -> Json | None:
    return None if read is None else {"read": read, "new": new, "known": read - new}


def _problem(problem: Problem) -> Json:
    return {
        "where": problem.where,
        "found": problem.found,
        "remedy": problem.remedy,
        "severity": "warning" if problem.warning else "error",
    }
