"""Whose a file is: the connector that its header speaks for, and the configured source that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from payflow.errors import ConnectorError, Problem, Refused
from payflow.model.agreement import SourceSettings
from payflow.sync.unknown import unknown
from payflow.workspace.files import files_of

if TYPE_CHECKING:
    from payflow.connector import ConnectorSpec
    from payflow.model.agreement import Workspace


def recognised(
    workspace: Workspace, path: Path, specs: Mapping[str, ConnectorSpec], source: str | None
) -> tuple[ConnectorSpec, SourceSettings]:
    """The connector of a file, which nobody named, and its source, unless that was named.

    The header decides. Where no connector knows it, or several do, or several sources are read by the one that does, the source
    counts among whose own files it is. Raises `ConnectorError` for a file of nobody's, `Refused` where it has no place.
    """
    claims = {name: form for name, spec in specs.items() if (form := spec.claims(path)) is not None}
    listing = [one for one in _listing(workspace, path) if one.connector in (claims or specs)]
    if len(claims) == 1:
        spec = specs[next(iter(claims))]
    elif len(listing) == 1:
        spec = specs[listing[0].connector]
    elif claims:
        several = " and ".join(f"{name} ({form})" for name, form in claims.items())
        raise ConnectorError(Problem(str(path), f"it is claimed by {several}", "Say which with --as."))
    else:
        raise unknown(path, specs)
    if source is None and len(listing) == 1:
        return spec, listing[0]
    return spec, settings_for(workspace, spec, source)


def settings_for(workspace: Workspace, spec: ConnectorSpec, name: str | None) -> SourceSettings:
    """The configured source that an import belongs to: the one named, else the only one of this connector, else a new one."""
    own = [one for one in workspace.sources if one.connector == spec.name and one.name == (name or one.name)]
    if name is None and len(own) > 1:
        names = ", ".join(one.name for one in own)
        raise Refused(f"several sources are read by {spec.name}: {names}. Say which with --source.")
    if own:
        return own[0]
    taken = next((one for one in workspace.sources if one.name == (name or spec.name)), None)
    if taken is not None:
        raise Refused(
            f"the source {taken.name} is read by {taken.connector}, not by {spec.name}. Say another --source."
        )
    return SourceSettings(name=name or spec.name, key=name or spec.name, connector=spec.name)


def _listing(workspace: Workspace, path: Path) -> list[SourceSettings]:
    """The configured sources that name this very file."""
    place = path.resolve()
    return [
        one for one in workspace.sources if any(file.resolve() == place for file in files_of(workspace.root, one.files))
    ]
