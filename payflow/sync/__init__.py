"""Connector batches into the mirror: upsert, change detection, identities, observations.

A pull is read whole before anything is written, and written in one transaction: an interrupted import leaves the old state.
Sources fail apart: one that cannot be read is noted as an unfinished reading and never deletes anything.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from payflow.connector import Batch, Connector, ConnectorSpec, Rereader, SourceContext, discover
from payflow.decide.agreed import agreed
from payflow.decide.forgotten import Register
from payflow.errors import ConnectorError, PayflowError, Problem, Refused, UnknownName
from payflow.model.agreement import SourceSettings, Workspace
from payflow.model.facts import Scope
from payflow.model.journal import Record, RecordKind
from payflow.policy.naming import Numbers
from payflow.store import journal, mirror
from payflow.store.memory import forgotten, load_memory, load_versions
from payflow.store.mirror import ReadingRow
from payflow.store.moments import to_moment
from payflow.store.workings import get_meta, read_cursor, set_meta, write_cursor
from payflow.sync import lines, same
from payflow.sync.apply import apply
from payflow.sync.collecting import thrifty, uncollected
from payflow.sync.held import Held, fetching
from payflow.sync.keep_out import kept_out
from payflow.sync.known import known
from payflow.sync.meanwhile import Meanwhile
from payflow.sync.tables import Read, gather
from payflow.sync.whose import recognised, settings_for
from payflow.sync.work import Counts

if TYPE_CHECKING:
    from payflow.store import Store


class SyncReport(Struct, frozen=True):
    """What became of one source: invoices read, new, changed, unchanged and missing; lines of bank statements read and
    new, None for a source that tells none; problems; or why it failed."""

    source: str
    connector: str
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    lines: int | None = None
    new_lines: int = 0
    problems: tuple[Problem, ...] = ()
    error: str = ""
    #: the very files that it was last read from: they were not read again
    again: bool = False

    @property
    def failed(self) -> bool:
        """Whether nothing of it could be read."""
        return bool(self.error)


def sync(
    store: Store,
    workspace: Workspace,
    names: Sequence[str] = (),
    *,
    full: bool = False,
    now: datetime,
    tell: Callable[[str], None] = lambda _text: None,
) -> list[SyncReport]:
    """Read the configured sources (all, or those named). `full` forgets cursors and reads everything, unchanged files too.

    `tell` is told in a few words what is being done, for those who wait.
    """
    begin(store, now)
    workspace = _with_keys(store, workspace, now)
    chosen = _chosen(workspace, names)
    specs = discover()
    reports = []
    for source in chosen:
        tell(f"reading {source.name}")
        reports.append(_sync_one(store, workspace, source, specs[source.connector], full, now))
    lines.remember(store, workspace, now)
    return reports


def read_again(
    store: Store, workspace: Workspace, asked: Mapping[str, Sequence[str]], *, now: datetime
) -> list[SyncReport]:
    """Ask sources about single invoices, `asked` by the source's key; one call each. Sources that cannot be asked are left out.

    One that fails is noted as a reading that was not finished, and nothing of it is taken over.
    """
    reports = []
    for source in workspace.sources:
        if source.files or not asked.get(source.key):
            continue
        spec = discover()[source.connector]
        context = _context(workspace, source, (), now, source.options)

        def ask(connector: Connector, keys: Sequence[str] = asked[source.key]) -> Iterator[Batch]:
            return connector.reread(keys) if isinstance(connector, Rereader) else iter(())

        if isinstance(spec.open(context), Rereader):
            reports.append(_guarded(store, workspace, source, spec, context, ask, now))
    return reports


def open_source(workspace: Workspace, source: SourceSettings, now: datetime) -> Connector:
    """The connector of a source that is asked or written to. Raises `ConnectorError` when it is misconfigured."""
    return discover()[source.connector].open(_context(workspace, source, (), now, source.options))


def import_file(
    store: Store,
    workspace: Workspace,
    path: Path,
    *,
    connector: str | None = None,
    source: str | None = None,
    options: Mapping[str, Any] | None = None,
    again: bool = False,
    now: datetime,
) -> SyncReport:
    """Read one export and store it: `file_at`, `read_file`, then `keep_file`, which raise what can be wrong with it.

    The very file that its source was last read from is not read again, unless `again`.
    """
    file = file_at(workspace, path, connector=connector, source=source, options=options, now=now)
    before = None if again else file_before(store, workspace, file, now=now)
    return before or keep_file(store, workspace, read_file(file, fetch(store, workspace, file, now=now)), now=now)


class File(Struct, frozen=True):
    """One export that is recognised and not read yet; `source` is the name of the one it belongs to."""

    spec: ConnectorSpec
    source: str
    context: SourceContext
    contents: same.Contents


class FileRead(Struct, frozen=True):
    """One export that was read whole and is not stored yet."""

    file: File
    reads: Sequence[Read]
    cursor: Mapping[str, Any] | None
    held: Held | None = None


def file_at(
    workspace: Workspace,
    path: Path,
    *,
    connector: str | None = None,
    source: str | None = None,
    options: Mapping[str, Any] | None = None,
    now: datetime,
) -> File:
    """One export, which needs no store. Its connector is recognised from the header unless named; its source is the one
    configured for it, by its `files` where several could be.

    Raises `ConnectorError` when it is no ordinary file, or no connector or several claim it, and `UnknownName` for a
    connector that is not there.
    """
    if not path.is_file():  # a pipe never ends, or can be read only once
        raise ConnectorError(
            Problem(path.name, "is a pipe or a device, not a file", "Save what it holds to a file first.")
        )
    specs = discover()
    if connector is None and source is not None:
        connector = next((one.connector for one in workspace.sources if one.name == source), None)
    if connector is not None and connector not in specs:
        raise UnknownName("connector", connector, list(specs))
    if connector is not None:
        spec, settings = specs[connector], settings_for(workspace, specs[connector], source)
    else:
        spec, settings = recognised(workspace, path, specs, source)
    context = _context(workspace, settings, [path], now, {**settings.options, **(options or {})})
    return File(spec, settings.name, context, same.Contents(context.files))


def read_file(file: File, fetched: Meanwhile[Held] | None = None) -> FileRead:
    """Read one export, which needs no store. Raises `ConnectorError`. `fetched` comes from `fetch`, where there is a store."""
    reads, cursor, held = _gathered(lambda: file.spec.open(file.context).pull(None), fetched)
    return FileRead(file, reads, cursor, held)


def fetch(store: Store, workspace: Workspace, file: File, *, now: datetime) -> Meanwhile[Held] | None:
    """Begin to fetch what the store holds of the file's source, for `read_file`, which waits for it; until then the store is
    not to be used. None where the file is soon read."""
    settings = settings_for(_with_keys(store, workspace, now), file.spec, file.source)
    return fetching(store, settings.key, file.contents)


def _gathered(
    pull: Callable[[], Iterable[Batch]], fetched: Meanwhile[Held] | None
) -> tuple[Sequence[Read], Mapping[str, Any] | None, Held | None]:
    """All that is read, and what was fetched meanwhile."""
    try:
        with uncollected(), thrifty():
            reads, cursor = gather(pull())
    finally:
        # whatever is raised, the store must be free again
        held = None if fetched is None else fetched.result()
    return reads, cursor, held


def file_before(store: Store, workspace: Workspace, file: File, *, now: datetime) -> SyncReport | None:
    """What the export came to when its source was last read, if from this very file; else it has to be read."""
    workspace = _with_keys(store, workspace, now)
    settings = settings_for(workspace, file.spec, file.source)
    before = same.taken(store, settings.key, _digest(store, settings, file), now)
    return None if before is None else _again(settings, file.spec, before)


def keep_file(store: Store, workspace: Workspace, read: FileRead, *, now: datetime) -> SyncReport:
    """Store what one export said. Raises `Refused` where it has no place among the sources."""
    begin(store, now)
    workspace = _with_keys(store, workspace, now)
    file = read.file
    settings = settings_for(workspace, file.spec, file.source)
    digest = _digest(store, settings, file)
    each = same.of_files(file.spec, file.context, file.contents)
    report = _store(store, workspace, settings, file.spec, read.reads, read.cursor, now, digest, each, read.held)
    lines.remember(store, workspace, now)
    return report


def _digest(store: Store, settings: SourceSettings, file: File) -> str:
    return same.digest(store, file.spec, settings.key, file.context, file.contents)


def begin(store: Store, now: datetime, name: str | None = None) -> None:
    """Note the birth of a new store, once. Its name, unlike any other's unless given, goes into every charge reference.

    A store that lost its workings goes on under the name that its journal has.
    """
    if get_meta(store, "store") is not None:
        return
    with store.transaction() as tx:
        if get_meta(tx, "store") is None:
            born = next(journal.entries(tx, kinds=[RecordKind.CREATED]), None)
            known = str(born.body.get("store", "")) if born is not None else ""
            if not known:
                known = name or secrets.token_hex(8)
                journal.append(tx, [Record(RecordKind.CREATED, now.date(), {"store": known})], at=now)
            set_meta(tx, "store", known)


def _with_keys(store: Store, workspace: Workspace, now: datetime) -> Workspace:
    """The workspace with stable source keys. Raises `Refused` while a known name is gone without `was`."""
    standing = agreed(store, workspace, load_versions(store), now.date())
    if standing.is_new:
        # which names are known matters only where the agreement is another than the last version
        standing = agreed(store, workspace, load_memory(store, about=()), now.date())
    if standing.problems:
        raise Refused("\n".join(str(problem) for problem in standing.problems))
    return standing.workspace


def _chosen(workspace: Workspace, names: Sequence[str]) -> Sequence[SourceSettings]:
    known_names = [one.name for one in workspace.sources]
    for name in names:
        if name not in known_names:
            raise UnknownName("source", name, known_names)
    return [one for one in workspace.sources if not names or one.name in names]


def _sync_one(
    store: Store, workspace: Workspace, source: SourceSettings, spec: ConnectorSpec, full: bool, now: datetime
) -> SyncReport:
    files = files_of(workspace.root, source.files)
    context = _context(workspace, source, files, now, source.options)
    if source.files and not files:
        error = f"no file matches {', '.join(source.files)} in {workspace.root}. Export one there, or correct `files`."
        # nothing failed to answer: what was imported from elsewhere still stands, for as long as it is fresh
        return SyncReport(source.name, spec.name, error=error)
    cursor = None if full else read_cursor(store, source.key)
    return _guarded(store, workspace, source, spec, context, lambda connector: connector.pull(cursor), now, full=full)


def _guarded(
    store: Store,
    workspace: Workspace,
    source: SourceSettings,
    spec: ConnectorSpec,
    context: SourceContext,
    ask: Callable[[Connector], Iterable[Batch]],
    now: datetime,
    *,
    full: bool = True,
) -> SyncReport:
    """Take a reading over whole, or note that it failed: this is the one place where sources fail apart."""
    try:
        return _read_into(store, workspace, source, spec, context, ask, now, full=full)
    except ConnectorError as error:
        return _failed(store, source, spec, str(error), now)
    except PayflowError:
        raise
    except Exception as error:  # noqa: BLE001  # a connector at fault never stops the others
        # the kind of the fault only: its text may hold what was read, or a secret
        fault = f"the connector {spec.name} failed ({type(error).__name__}). Nothing of the source was taken over."
        return _failed(store, source, spec, fault, now)


def files_of(root: Path, patterns: Sequence[str]) -> list[Path]:
    """The files that patterns relative to the workspace match, oldest first."""
    found = {path for pattern in patterns for path in _glob(root, pattern) if path.is_file()}
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


def _glob(root: Path, pattern: str) -> Iterable[Path]:
    path = Path(pattern)
    if path.is_absolute():
        return Path(path.anchor).glob(str(path.relative_to(path.anchor)))
    return root.glob(pattern)


def _context(
    workspace: Workspace, source: SourceSettings, files: Sequence[Path], now: datetime, options: Mapping[str, Any]
) -> SourceContext:
    business = workspace.business
    return SourceContext(source.name, files, business.currency, business.timezone, now, options)


def _read_into(
    store: Store,
    workspace: Workspace,
    source: SourceSettings,
    spec: ConnectorSpec,
    context: SourceContext,
    ask: Callable[[Connector], Iterable[Batch]],
    now: datetime,
    *,
    full: bool,
) -> SyncReport:
    contents = same.Contents(context.files)
    if not full:
        before = same.taken(store, source.key, same.digest(store, spec, source.key, context, contents), now)
        if before is not None:
            return _again(source, spec, before)
    reads, next_cursor, held = _gathered(lambda: ask(spec.open(context)), fetching(store, source.key, contents))
    digest = same.digest(store, spec, source.key, context, contents)
    each = same.of_files(spec, context, contents)
    return _store(store, workspace, source, spec, reads, next_cursor, now, digest, each, held)


def _again(source: SourceSettings, spec: ConnectorSpec, before: same.Before) -> SyncReport:
    """What is reported of files that are as they were."""
    return SyncReport(
        source=source.name,
        connector=spec.name,
        read=before.read,
        unchanged=before.read,
        lines=before.lines,
        problems=before.problems,
        again=True,
    )


def _store(
    store: Store,
    workspace: Workspace,
    source: SourceSettings,
    spec: ConnectorSpec,
    reads: Sequence[Read],
    next_cursor: Mapping[str, Any] | None,
    now: datetime,
    digest: str,
    each: Mapping[str, str],
    held: Held | None,
) -> SyncReport:
    """Store what a source said; `digest` is what it was read from, empty where that may say something else next time,
    `each` that of every file by its name, `held` what the store held when it was read."""
    register = Register(forgotten(store))
    numbers = cache(lambda: Numbers((row.number, row.id) for row in mirror.invoices(store)))
    reads = [kept_out(read, source.key, register, numbers) for read in reads]
    timezone = workspace.business.timezone
    total, told = Counts(), Counts()
    with uncollected(), thrifty(), store.transaction() as tx:
        journal.restore_projections(tx)
        state = known(tx, source.key, held)
        for read in reads:
            mark = each.get(read.reading.origin, "")
            counts = apply(tx, source.key, read, state, timezone=timezone, now=now, digest=mark)
            _add(total, counts)
            if read.lines:
                _add(told, lines.write(tx, source.key, read))
        if next_cursor is not None:
            write_cursor(tx, source.key, next_cursor)
        came = same.Before(
            total.read, _lines(reads, told), tuple(problem for read in reads for problem in read.problems)
        )
        newest = max((read.reading.as_of for read in reads), default=now)
        same.note(tx, source.key, "" if next_cursor is not None else digest, came, newest, now)
    return _report(source, spec, reads, total, told)


def _add(total: Counts, counts: Counts) -> None:
    total.read += counts.read
    total.new += counts.new
    total.changed += counts.changed
    total.unchanged += counts.unchanged
    total.missing += counts.missing


def _report(
    source: SourceSettings, spec: ConnectorSpec, reads: Sequence[Read], total: Counts, told: Counts
) -> SyncReport:
    return SyncReport(
        source=source.name,
        connector=spec.name,
        read=total.read,
        new=total.new,
        changed=total.changed,
        unchanged=total.unchanged,
        missing=total.missing,
        lines=_lines(reads, told),
        new_lines=told.new,
        problems=tuple(problem for read in reads for problem in read.problems),
    )


def _lines(reads: Sequence[Read], told: Counts) -> int | None:
    """Lines of bank statements read; None where there were no statements."""
    return told.read if any(read.lines is not None for read in reads) else None


def _failed(store: Store, source: SourceSettings, spec: ConnectorSpec, error: str, now: datetime) -> SyncReport:
    """Note a reading that was not finished; it says nothing about any invoice."""
    stamp = to_moment(now)
    row = ReadingRow(0, source.key, Scope.CHANGED.value, stamp, 0, None, None, 0, "", "", stamp, error)
    with store.transaction() as tx:
        mirror.add_reading(tx, row)
    return SyncReport(source.name, spec.name, error=error)
