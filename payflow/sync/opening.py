"""What has to stand before a source is read: a store that is begun, and sources under the keys that the journal knows."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from payflow.connector import SourceContext
from payflow.decide.agreed import agreed
from payflow.errors import Refused
from payflow.model.agreement import SourceSettings, Workspace
from payflow.model.journal import Record, RecordKind
from payflow.store import journal
from payflow.store.memory import load_memory, load_versions
from payflow.store.workings import get_meta, set_meta

if TYPE_CHECKING:
    from payflow.store import Store


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


def with_keys(store: Store, workspace: Workspace, now: datetime) -> Workspace:
    """The workspace with stable source keys. Raises `Refused` while a known name is gone without `was`."""
    standing = agreed(store, workspace, load_versions(store), now.date())
    if standing.is_new:
        # which names are known matters only where the agreement is another than the last version
        standing = agreed(store, workspace, load_memory(store, about=()), now.date())
    if standing.problems:
        raise Refused("\n".join(str(problem) for problem in standing.problems))
    return standing.workspace


def context_of(
    workspace: Workspace, source: SourceSettings, files: Sequence[Path], now: datetime, options: Mapping[str, Any]
) -> SourceContext:
    """What its connector is told of a source and of the moment, with the connector's own `options`."""
    business = workspace.business
    return SourceContext(source.name, files, business.currency, business.timezone, now, options)
