"""The file of `payflow calc`: TOML or JSON, from a path or from standard input, with the line of every key."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from payflow.errors import Problem, WorkspaceError
from payflow.policy.reading import KeyPath, dotted

_AT = re.compile(r" \(at line (\d+), column \d+\)$")


class Written(Struct, frozen=True, dict=True):
    """What was read; `lines` are known of TOML only."""

    name: str
    data: dict[str, Any]
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def place(self, path: KeyPath) -> str:
        """A place as text: `claim.toml:3, interest.annual`."""
        near = path
        while near and near not in self.lines:
            near = near[:-1]
        at = f"{self.name}:{self.lines[near]}" if near in self.lines else self.name
        return f"{at}, {dotted(path)}" if path else at


def read_file(path: str) -> Written:
    """Read a scenario. Raises `WorkspaceError` for a file that is missing, not text, or neither TOML nor JSON."""
    name = "standard input" if path == "-" else Path(path).name
    text = _text(path, name)
    if path.endswith(".json") or (not path.endswith(".toml") and text.lstrip().startswith(("{", "["))):
        return Written(name, _json(text, name))
    return _toml(text, name)


def _text(path: str, name: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise _wrong(name, f"it cannot be read: {error.strerror}", "Name a file in TOML or JSON, or - .") from None
    except UnicodeDecodeError:
        raise _wrong(name, "it is not UTF-8 text", "Save it in your editor with the encoding UTF-8.") from None


def _toml(text: str, name: str) -> Written:
    from payflow.workspace.lines import index_lines

    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        place = f"{name}:{at[1]}" if at else name
        remedy = 'Check quotes, brackets and commas; text stands in quotes: amount = "1000.00".'
        raise _wrong(place, f"this is not TOML: {_AT.sub('', str(error))}", remedy) from None
    except (ValueError, RecursionError) as error:
        raise _wrong(name, f"this is not TOML: {error}", "Shorten the number or the nesting.") from None
    return Written(name, data, dict(index_lines(text)))


def _json(text: str, name: str) -> dict[str, Any]:
    try:
        data = json.loads(text, parse_float=Decimal, parse_constant=Decimal, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        remedy = "Check quotes, brackets and commas."
        raise _wrong(f"{name}:{error.lineno}", f"this is not JSON: {error.msg}", remedy) from None
    except (ValueError, RecursionError) as error:
        raise _wrong(name, f"this is not JSON that counts: {error}", "Write each key once, and no longer.") from None
    if not isinstance(data, dict):
        raise _wrong(name, "it is not one object", 'Write { "amount": "1000.00", "currency": "GBP", ... }.')
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once: a second value would silently win."""
    data: dict[str, Any] = {}
    for key, value in pairs:
        if key in data:
            raise ValueError(f"the key {key!r} stands twice in one object")
        data[key] = value
    return data


def _wrong(where: str, found: str, remedy: str) -> WorkspaceError:
    return WorkspaceError([Problem(where, found, remedy)])
