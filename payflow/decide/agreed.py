"""Which versions of the agreement stand on a day, the present one included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from payflow.decide.forgotten import Register
from payflow.errors import Problem
from payflow.model.agreement import Workspace
from payflow.model.journal import Memory, Record, RecordKind, Version
from payflow.model.serial import agreement_to_json
from payflow.policy import ladder
from payflow.workspace.versions import Known, resolve

if TYPE_CHECKING:
    from payflow.store import Store


class Agreed(Struct, frozen=True):
    """The workspace with the stable keys of its steps, projects and sources; every version in force up to a day.

    `is_new` says that the present agreement differs from the last journaled one; `problems` are names that vanished
    without a `was` (design section 2): a run refuses while there are any.
    """

    workspace: Workspace
    versions: Sequence[Version]
    is_new: bool
    problems: Sequence[Problem]

    def news(self, as_of: date) -> Sequence[Record]:
        """The record of the present agreement, if it differs from the last version."""
        if not self.is_new:
            return ()
        agreement = self.workspace.agreement
        body = {"digest": agreement.digest, "agreement": agreement_to_json(agreement)}
        return (Record(RecordKind.AGREEMENT, as_of, body),)


#: The sources that identities are of: a step in the index to the next one each, for there are few sources and many identities.
_SOURCES = """
    WITH RECURSIVE known (source) AS (
        SELECT MIN(source) FROM identity
        UNION ALL
        SELECT (SELECT MIN(source) FROM identity WHERE source > known.source) FROM known WHERE known.source IS NOT NULL
    )
    SELECT source FROM known WHERE source IS NOT NULL
"""


def agreed(store: Store, workspace: Workspace, memory: Memory, as_of: date) -> Agreed:
    """Bring the files and the journal together. Before `payflow live` no version is journaled, and the files alone count."""
    previous = memory.versions[-1].agreement if memory.versions else None
    resolved = resolve(Register(memory.forgotten).redacted(workspace.agreement), previous, _known(store, memory))
    agreement = resolved.agreement
    sources = tuple(replace(one, key=agreement.sources.get(one.name, one.key)) for one in workspace.sources)
    is_new = previous is None or previous.digest != agreement.digest
    versions = [*memory.versions, Version(as_of, agreement)] if is_new else list(memory.versions)
    return Agreed(replace(workspace, agreement=agreement, sources=sources), versions, is_new, resolved.problems)


def as_journaled(workspace: Workspace, memory: Memory) -> Agreed | None:
    """The agreement as the last version of the memory has it, whatever the files say now; None before the first version."""
    if not memory.versions:
        return None
    agreement = memory.versions[-1].agreement
    sources = tuple(replace(one, key=agreement.sources.get(one.name, one.key)) for one in workspace.sources)
    return Agreed(replace(workspace, agreement=agreement, sources=sources), list(memory.versions), False, ())


def _known(store: Store, memory: Memory) -> Known:
    """What the journal knows by name: steps that were taken, sources that were read, projects that something was said of."""
    taken = {ladder.step_of(step) for step in memory.steps}
    return Known(
        steps=frozenset(
            (policy.name, step.key)
            for version in memory.versions
            for policy in version.agreement.policies.values()
            for step in policy.ladder
            if step.key in taken
        ),
        sources=frozenset(source for (source,) in store.query(_SOURCES)),
        projects=frozenset(
            contract.key for version in memory.versions for contract in version.agreement.contracts.values()
        ),
    )
