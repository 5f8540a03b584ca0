"""One export, from a path to the mirror, in the steps of an import: recognised and read without a store, then kept in one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from payflow.connector import ConnectorSpec, SourceContext, discover
from payflow.errors import ConnectorError, Problem, UnknownName
from payflow.model.agreement import Workspace
from payflow.sync import lines, same
from payflow.sync.held import Held, fetching
from payflow.sync.meanwhile import Meanwhile
from payflow.sync.opening import begin, context_of, with_keys
from payflow.sync.report import SyncReport
from payflow.sync.taking import Pulled, Source, as_before, pulled, stored
from payflow.sync.whose import recognised, settings_for

if TYPE_CHECKING:
    from payflow.store import Store


class File(Struct, frozen=True):
    """One export that is recognised and not read yet; `source` is the name of the one it belongs to."""

    spec: ConnectorSpec
    source: str
    context: SourceContext
    contents: same.Contents


class FileRead(Struct, frozen=True):
    """One export that was read whole and is not stored yet."""

    file: File
    pulled: Pulled


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
    if not path.exists():
        raise ConnectorError(Problem(str(path), "there is no such file", "Check the path."))
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
    context = context_of(workspace, settings, [path], now, {**settings.options, **(options or {})})
    return File(spec, settings.name, context, same.Contents(context.files))


def read_file(file: File, fetched: Meanwhile[Held] | None = None) -> FileRead:
    """Read one export, which needs no store. Raises `ConnectorError`. `fetched` comes from `fetch`, where there is a store."""
    return FileRead(file, pulled(lambda: file.spec.open(file.context).pull(None), fetched))


def fetch(store: Store, workspace: Workspace, file: File, *, now: datetime) -> Meanwhile[Held] | None:
    """Begin to fetch what the store holds of the file's source, for `read_file`, which waits for it; until then the store is
    not to be used. None where the file is soon read."""
    return fetching(store, _source(store, workspace, file, now).settings.key, file.contents)


def file_before(store: Store, workspace: Workspace, file: File, *, now: datetime) -> SyncReport | None:
    """What the export came to when its source was last read, if from this very file; else it has to be read."""
    source = _source(store, workspace, file, now)
    before = same.taken(store, source.settings.key, source.digest(file.contents), now)
    return None if before is None else as_before(source.settings, source.spec, before)


def keep_file(store: Store, workspace: Workspace, read: FileRead, *, now: datetime) -> SyncReport:
    """Store what one export said. Raises `Refused` where it has no place among the sources."""
    begin(store, now)
    source = _source(store, workspace, read.file, now)
    report = stored(source, read.pulled, read.file.contents)
    lines.remember(store, source.workspace, now)
    return report


def _source(store: Store, workspace: Workspace, file: File, now: datetime) -> Source:
    """The source that an export belongs to. Raises `Refused` where it has no place among the sources."""
    workspace = with_keys(store, workspace, now)
    return Source(store, workspace, settings_for(workspace, file.spec, file.source), file.spec, file.context, now)
