"""Secrets: read from the environment or a file that only its owner can read, never from the workspace itself.

No message of this module holds what stands in a secret's place: it may be the secret.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from msgspec import Struct

from payflow.workspace.document import Table

_HOW = '"env:NAME" (an environment variable) or "file:PATH" (a file that only you can read)'


#: Secrets that were handed out in this process, so that none of them is ever printed.
_HANDED_OUT: set[str] = set()
#: A shorter one would blot out common words; nobody guards anything with it.
_LEAST = 6


def masked(text: str) -> str:
    """A text without any secret that this process knows, for messages whose words come from elsewhere."""
    for secret in sorted(_HANDED_OUT, key=len, reverse=True):
        text = text.replace(secret, "(a secret)")
    return text


def _noted(secret: str) -> str:
    if len(secret) >= _LEAST:
        _HANDED_OUT.add(secret)
    return secret


class Vault(Struct, frozen=True):
    """Where references are looked up: files relative to `root`, variables in `environ`."""

    root: Path
    environ: Mapping[str, str]

    def secret(self, table: Table, key: str, default: str | None = None) -> str:
        """The secret that a key refers to; required when `default` is None.

        Empty, with the mistake noted, when it is not to be had.
        """
        value = table.text(key, default, example='"env:NAME"')
        if not value or value == default:
            return value
        kind, _, rest = value.partition(":")
        if kind == "env" and rest:
            return _noted(self._variable(table, key, rest))
        if kind == "file" and rest:
            return _noted(self._file(table, key, rest))
        remedy = f"Write {_HOW}. A secret that stood in this file should be replaced at its issuer."
        table.wrong(key, "a secret is not referred to, but may stand in the file itself", remedy)
        return ""

    def url(self, table: Table, key: str, default: str) -> str:
        """A text that may be a secret reference (a database address may hold a password)."""
        value = table.text(key, default)
        found = self.secret(table, key) if value.startswith(("env:", "file:")) else value
        _, _, password = found.partition("://")[2].rpartition("@")[0].partition(":")
        # a library that fails may repeat the password alone, as it stands in the address or as the server is told it
        _noted(password)
        _noted(unquote(password))
        return found

    def _variable(self, table: Table, key: str, name: str) -> str:
        value = self.environ.get(name, "")
        if not value.strip():
            state = "empty" if name in self.environ else "not set"
            remedy = f'Set it where payflow runs (cron has its own environment), or write {key} = "file:PATH".'
            table.wrong(key, f"the environment variable {name} is {state}", remedy)
        return value.strip()

    def _file(self, table: Table, key: str, name: str) -> str:
        try:
            path = self.root / Path(name).expanduser()
            mode = path.stat().st_mode
            if not stat.S_ISREG(mode):
                table.wrong(key, f"{name} is not a file", "Name a file that holds the secret and nothing else.")
                return ""
            if os.name == "posix" and mode & 0o077:
                remedy = f"Run: chmod 600 {name}"
                table.wrong(key, f"others than you may open {name} (mode {stat.S_IMODE(mode):04o})", remedy)
                return ""
            value = path.read_text("utf-8-sig").strip()
        except (OSError, ValueError, RuntimeError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or "it is no path of a text file"
            table.wrong(key, f"{name} cannot be read: {why}", "Write the secret alone into it and run chmod 600.")
            return ""
        if not value or "\n" in value or "\r" in value:
            state = "is empty" if not value else "has several lines"
            table.wrong(key, f"{name} {state}", "Write the secret alone into it, on one line.")
            return ""
        return value
