"""The sources that are configured: all that they say, or what they say of single invoices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from payflow.connector import Batch, Connector, ConnectorSpec, Rereader, discover
from payflow.errors import UnknownName
from payflow.model.agreement import SourceSettings, Workspace
from payflow.store.workings import read_cursor
from payflow.sync import lines
from payflow.sync.opening import begin, context_of, with_keys
from payflow.sync.report import SyncReport
from payflow.sync.taking import Source, taken_over
from payflow.workspace.files import files_of

if TYPE_CHECKING:
    from payflow.store import Store


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
    workspace = with_keys(store, workspace, now)
    chosen = _chosen(workspace, names)
    specs = discover()
    reports = []
    for source in chosen:
        tell(f"reading {source.name}")
        reports.append(_pulled(store, workspace, source, specs[source.connector], full, now))
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
        context = context_of(workspace, source, (), now, source.options)

        def ask(connector: Connector, keys: Sequence[str] = asked[source.key]) -> Iterator[Batch]:
            return connector.reread(keys) if isinstance(connector, Rereader) else iter(())

        if isinstance(spec.open(context), Rereader):
            reports.append(taken_over(Source(store, workspace, source, spec, context, now), ask))
    return reports


def open_source(workspace: Workspace, source: SourceSettings, now: datetime) -> Connector:
    """The connector of a source that is asked or written to. Raises `ConnectorError` when it is misconfigured."""
    return discover()[source.connector].open(context_of(workspace, source, (), now, source.options))


def _chosen(workspace: Workspace, names: Sequence[str]) -> Sequence[SourceSettings]:
    known_names = [one.name for one in workspace.sources]
    for name in names:
        if name not in known_names:
            raise UnknownName("source", name, known_names)
    return [one for one in workspace.sources if not names or one.name in names]


def _pulled(
    store: Store, workspace: Workspace, source: SourceSettings, spec: ConnectorSpec, full: bool, now: datetime
) -> SyncReport:
    files = files_of(workspace.root, source.files)
    context = context_of(workspace, source, files, now, source.options)
    if source.files and not files:
        error = f"no file matches {', '.join(source.files)} in {workspace.root}. Export one there, or correct `files`."
        # nothing failed to answer: what was imported from elsewhere still stands, for as long as it is fresh
        return SyncReport(source.name, spec.name, error=error)
    cursor = None if full else read_cursor(store, source.key)
    asked = Source(store, workspace, source, spec, context, now)
    return taken_over(asked, lambda connector: connector.pull(cursor), full=full)
