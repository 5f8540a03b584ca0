"""A connector made of file formats: which files are its own, and what it cannot tell.

Cheap to import, since every command learns which connectors there are: formats may be named instead of given, as
`"module:NAME"`, and are then imported when a file is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from payflow.connector import Connector, ConnectorError, Limits, Near, SourceContext
from payflow_exports.common import COMMON

if TYPE_CHECKING:
    from payflow_exports.format import Format


class FileSpec:
    """What the entry point of a connector that reads files points at. Its readings are stale after a week."""

    secrets: frozenset[str] = frozenset()
    stale_after = 7

    def __init__(self, name: str, formats: Sequence[Format | str], options: Mapping[str, str] = COMMON) -> None:
        self.name = name
        self.options = options
        self._formats = formats

    @property
    def formats(self) -> Sequence[Format]:
        """The formats, those that were named imported."""
        self._formats = [_imported(item) if isinstance(item, str) else item for item in self._formats]
        return [item for item in self._formats if not isinstance(item, str)]

    @property
    def looked_for(self) -> Sequence[str]:
        """One line per format."""
        return [item.looked_for for item in self.formats]

    def claims(self, path: Path) -> str | None:
        """The name of the format whose header the file has, None for all other files."""
        from payflow_exports.source import claimed

        found = claimed(path, self.formats)
        return None if found is None else found.name

    def near(self, path: Path) -> Near | None:
        """How near a file comes to the formats; None for one that is claimed."""
        from payflow_exports.options import Options
        from payflow_exports.source import recognise
        from payflow_exports.unknown_header import UnknownHeaderError

        try:
            recognise(path, self.formats, Options())
        except UnknownHeaderError as error:
            return error.near
        except ConnectorError as error:
            return Near(broken=error.problem)
        return None

    def limits(self, context: SourceContext) -> Sequence[Limits]:
        """The limits of the formats among the source's files; of all formats while it has none."""
        claimed = {self.claims(path) for path in context.files}
        chosen = [item for item in self.formats if item.name in claimed] or self.formats
        return [replace(item.limits, report=item.name) for item in chosen]

    def open(self, context: SourceContext) -> Connector:
        """Check the options and stand ready. Raises `ConnectorError`."""
        from payflow_exports.files import FileConnector
        from payflow_exports.options import read_options

        return FileConnector(context, self.formats, read_options(context.options, context.name))


def _imported(name: str) -> Format:
    from importlib import import_module

    from payflow_exports.format import Format

    module, _, attribute = name.partition(":")
    found = getattr(import_module(module), attribute)
    if not isinstance(found, Format):
        raise TypeError(f"{name} is no Format")
    return found
