"""One source taken over: what it was asked for, read whole, and stored in one transaction.

This is where sources fail apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from payflow.connector import Batch, Connector, ConnectorSpec, SourceContext
from payflow.decide.forgotten import Register
from payflow.errors import ConnectorError, PayflowError
from payflow.model.agreement import SourceSettings, Workspace
from payflow.model.facts import Scope
from payflow.policy.naming import Numbers
from payflow.store import journal, mirror, mirror_writes
from payflow.store.memory import forgotten
from payflow.store.mirror import ReadingRow
from payflow.store.moments import to_moment
from payflow.store.workings import write_cursor
from payflow.sync import lines, same
from payflow.sync.apply import apply
from payflow.sync.collecting import thrifty, uncollected
from payflow.sync.held import Held, fetching
from payflow.sync.keep_out import kept_out
from payflow.sync.known import known
from payflow.sync.meanwhile import Meanwhile
from payflow.sync.report import SyncReport
from payflow.sync.tables import Read, gather
from payflow.sync.work import Counts

if TYPE_CHECKING:
    from payflow.store import Store


class Source(Struct, frozen=True):
    """A source, by what and from what it is read, and where it is stored."""

    store: Store
    workspace: Workspace
    settings: SourceSettings
    spec: ConnectorSpec
    context: SourceContext
    now: datetime

    def digest(self, contents: same.Contents) -> str:
        """What a pull of these files comes to rests on; empty where that may be something else next time."""
        return same.digest(self.store, self.spec, self.settings.key, self.context, contents)


class Pulled(Struct, frozen=True):
    """All that was read of a source and is not stored yet; `held` is what the store held meanwhile, if that was fetched."""

    reads: Sequence[Read]
    cursor: Mapping[str, Any] | None
    held: Held | None = None


def taken_over(source: Source, ask: Callable[[Connector], Iterable[Batch]], *, full: bool = True) -> SyncReport:
    """What a source says, taken over whole, or noted as failed. Unless `full`, unchanged files are not read again."""
    try:
        return _read_into(source, ask, full=full)
    except ConnectorError as error:
        return _failed(source, str(error))
    except PayflowError:
        raise
    except Exception as error:  # noqa: BLE001  # a connector at fault never stops the others
        # the kind of the fault only: its text may hold what was read, or a secret
        fault = (
            f"the connector {source.spec.name} failed ({type(error).__name__}). Nothing of the source was taken over."
        )
        return _failed(source, fault)


def _read_into(source: Source, ask: Callable[[Connector], Iterable[Batch]], *, full: bool) -> SyncReport:
    contents = same.Contents(source.context.files)
    if not full:
        before = same.taken(source.store, source.settings.key, source.digest(contents), source.now)
        if before is not None:
            return as_before(source.settings, source.spec, before)
    fetched = fetching(source.store, source.settings.key, contents)
    return stored(source, pulled(lambda: ask(source.spec.open(source.context)), fetched), contents)


def pulled(pull: Callable[[], Iterable[Batch]], fetched: Meanwhile[Held] | None) -> Pulled:
    """All that is read, and what was fetched meanwhile. Raises `ConnectorError`."""
    try:
        with uncollected(), thrifty():
            reads, cursor = gather(pull())
    finally:
        # whatever is raised, the store must be free again
        held = None if fetched is None else fetched.result()
    return Pulled(reads, cursor, held)


def as_before(settings: SourceSettings, spec: ConnectorSpec, before: same.Before) -> SyncReport:
    """What is reported of files that are as they were."""
    return SyncReport(
        source=settings.name,
        connector=spec.name,
        read=before.read,
        unchanged=before.read,
        lines=before.lines,
        problems=before.problems,
        again=True,
    )


def stored(source: Source, what: Pulled, contents: same.Contents) -> SyncReport:
    """Store what a source said; `contents` are the files that it said it in."""
    store, key, now = source.store, source.settings.key, source.now
    digest, each = source.digest(contents), same.of_files(source.spec, source.context, contents)
    register = Register(forgotten(store))
    numbers = cache(lambda: Numbers((row.number, row.id) for row in mirror.invoices(store)))
    reads = [kept_out(read, key, register, numbers) for read in what.reads]
    timezone = source.workspace.business.timezone
    total, told = Counts(), Counts()
    with uncollected(), thrifty(), store.transaction() as tx:
        journal.restore_projections(tx)
        state = known(tx, key, what.held)
        for read in reads:
            mark = each.get(read.reading.origin, "")
            _add(total, apply(tx, key, read, state, timezone=timezone, now=now, digest=mark))
            if read.lines:
                _add(told, lines.write(tx, key, read))
        if what.cursor is not None:
            write_cursor(tx, key, what.cursor)
        report = _report(source, reads, total, told)
        newest = max((read.reading.as_of for read in reads), default=now)
        came = same.Before(report.read, report.lines, report.problems)
        same.note(tx, key, "" if what.cursor is not None else digest, came, newest, now)
    return report


def _add(total: Counts, counts: Counts) -> None:
    total.read += counts.read
    total.new += counts.new
    total.changed += counts.changed
    total.unchanged += counts.unchanged
    total.missing += counts.missing


def _report(source: Source, reads: Sequence[Read], total: Counts, told: Counts) -> SyncReport:
    """What became of it; lines are None where there were no statements."""
    return SyncReport(
        source=source.settings.name,
        connector=source.spec.name,
        read=total.read,
        new=total.new,
        changed=total.changed,
        unchanged=total.unchanged,
        missing=total.missing,
        lines=told.read if any(read.lines is not None for read in reads) else None,
        new_lines=told.new,
        problems=tuple(problem for read in reads for problem in read.problems),
    )


def _failed(source: Source, error: str) -> SyncReport:
    """Note a reading that was not finished; it says nothing about any invoice."""
    stamp = to_moment(source.now)
    row = ReadingRow(0, source.settings.key, Scope.CHANGED.value, stamp, 0, None, None, 0, "", "", stamp, error)
    with source.store.transaction() as tx:
        mirror_writes.add_reading(tx, row)
    return SyncReport(source.settings.name, source.spec.name, error=error)
