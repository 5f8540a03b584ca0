"""The files that a source reads."""

from __future__ import annotations

from collections.abc import Sequence
from glob import escape, iglob
from pathlib import Path


def files_of(root: Path, patterns: Sequence[str]) -> tuple[Path, ...]:
    """The files that match any of the patterns, absolute, each once, oldest first (by modification time, then name).

    Patterns are relative to `root`; `**` reaches into folders below. Hidden files are left out.
    """
    # Path.glob takes no absolute pattern, which an export folder elsewhere needs
    found = {Path(path) for item in patterns for path in iglob(_absolute(root, item), recursive=True)}  # noqa: PTH207 - see above
    return tuple(sorted((path for path in found if path.is_file()), key=_age))


def _absolute(root: Path, pattern: str) -> str:
    path = Path(pattern).expanduser() if pattern.startswith("~/") else Path(pattern)
    return str(path) if path.is_absolute() else str(Path(escape(str(root))) / path)


def _age(path: Path) -> tuple[int, str]:
    return path.stat().st_mtime_ns, str(path)
