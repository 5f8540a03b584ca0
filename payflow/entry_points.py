"""What installed packages offer to payflow under a group of entry points, read from their metadata.

`importlib.metadata` answers the same for every way of installing. It also imports the e-mail package, to read what nobody
asks for here, and `payflow status` on a thousand invoices would spend a tenth of its time on that. So folders on Python's path
are looked through directly; if anything else is on the path, or a name is offered twice, `importlib.metadata` is asked.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from msgspec import Struct

_FILE = "entry_points.txt"
#: How the folder of a package's metadata ends, by the ways of installing that are still about.
_METADATA = (".dist-info", ".egg-info")


class EntryPoint(Struct, frozen=True):
    """One entry point: `value` is `module:name`, `package` what it is installed with."""

    name: str
    value: str
    package: str

    def load(self) -> Any:
        """The object that the package offers. Raises what importing it raises."""
        module, _, name = self.value.partition(":")
        return getattr(import_module(module), name)

    @property
    def release(self) -> str:
        """The package and its version, as `payflow-gate 1.2.0`."""
        from importlib.metadata import distribution

        found = distribution(self.package)
        return f"{found.name} {found.version}"


def entry_points(group: str) -> Mapping[str, EntryPoint]:
    """The entry points of a group by name."""
    return _entry_points(group, tuple(sys.path))


@cache
def _entry_points(group: str, path: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    # a command asks several times; what is installed does not change while it runs, its path may
    found = list(_in_folders(group, path)) if _folders_only(path) else []
    names = {one.name for one in found}
    if not found or len(names) < len(found):
        found = _by_the_book(group)
    return {one.name: one for one in found}


def _folders_only(path: Sequence[str]) -> bool:
    """Whether packages are found in plain folders alone: no archive, no egg, no importer that knows packages of its own."""
    others = [one for one in sys.meta_path if one is not PathFinder and hasattr(one, "find_distributions")]
    return not others and not any(entry.endswith(".egg") or Path(entry).is_file() for entry in path)


def _in_folders(group: str, path: Sequence[str]) -> Iterator[EntryPoint]:
    seen: set[str] = set()
    for entry in path:
        for folder in _metadata(entry or "."):
            package = folder.name.partition("-")[0].removesuffix(_METADATA[1])
            normal = package.lower().replace(".", "_")
            # of two releases of one package the first on the path is the one that is imported
            if normal not in seen:
                seen.add(normal)
                yield from _read(folder, group, package)


def _metadata(entry: str) -> list[Path]:
    try:
        return [path for path in Path(entry).iterdir() if path.name.endswith(_METADATA)]
    except OSError:
        return []


def _read(folder: Path, group: str, package: str) -> Iterator[EntryPoint]:
    try:
        text = (folder / _FILE).read_text(encoding="utf-8")
    except OSError:
        return
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[]")
        elif section == group and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield EntryPoint(name.strip(), value.strip(), package)


def _by_the_book(group: str) -> list[EntryPoint]:
    from importlib import metadata

    return [
        EntryPoint(one.name, one.value, one.dist.name if one.dist else "") for one in metadata.entry_points(group=group)
    ]
