"""A glance: what a reading command answered, for as long as nothing changed that it was answered from.

A person waits for `status`, a git hook for `gate check`. Their last answer is kept in the store's workings, beside a token of
everything it stands on: the agreement's files, the mirror's counter, the journal's head, the anchor, the place of the
store, the day, the style and the program. While the token is the same, the answer is read with `sqlite3` alone, without
loading what decides. A glance is never the truth: anything odd about it, and the command decides afresh.
"""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from payflow import __version__
from payflow.place import fingerprint

if TYPE_CHECKING:
    from payflow.cli.session import Session

#: Answers kept; a workspace asked in more ways than this begins anew.
_KEPT = 32
#: A command that writes is not made to wait for this, nor is this for it.
_PATIENCE = 0.1
_ANCHOR_END = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed and how it ended. `warnings` went to standard error."""

    text: str
    exit_code: int = 0
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Glance:
    """The place of one answer: the store's file, the question, and the token of what the answer stands on."""

    path: Path
    question: str
    token: str

    def read(self) -> Answer | None:
        """The answer kept, if it still holds."""
        with (
            suppress(sqlite3.Error, ValueError, LookupError, TypeError, AttributeError),
            closing(_connect(self.path)) as database,
        ):
            row = database.execute("SELECT value FROM meta WHERE name = ?", (self.question,)).fetchone()
            kept = json.loads(row[0]) if row else {}
            if kept.get("token") == self.token:
                return Answer(kept["text"], kept["exit_code"], kept["warnings"])
        return None

    def keep(self, answer: Answer) -> None:
        """Keep an answer for the next time; not being able to costs time only."""
        value = {
            "token": self.token,
            "text": answer.text,
            "exit_code": answer.exit_code,
            "warnings": list(answer.warnings),
        }
        with suppress(sqlite3.Error), closing(_connect(self.path, write=True)) as database, database:
            (count,) = database.execute("SELECT COUNT(*) FROM meta WHERE name LIKE 'glance:%'").fetchone()
            if count >= _KEPT:
                database.execute("DELETE FROM meta WHERE name LIKE 'glance:%'")
            database.execute(
                "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (self.question, json.dumps(value)),
            )


def glance(session: Session, *words: object) -> Glance | None:
    """Where the answer to a question is kept; None where none can be: a rehearsal, no store yet, unreadable settings."""
    if session.rehearsal is not None:
        return None
    with suppress(OSError, ValueError, LookupError, AttributeError, sqlite3.Error):
        root = _root(session.directory or Path.cwd())
        files = {path.name: path.read_bytes() for path in _agreement(root)}
        settings = tomllib.loads(files["payflow.toml"].decode())
        path = _store(root, settings)
        if path is not None:
            today = datetime.now(ZoneInfo(settings["business"]["timezone"])).date()
            parts = [
                __version__,
                root,
                today,
                fingerprint(path),
                _anchor(path),
                _heads(path),
                session.style,
                *files.items(),
            ]
            token = sha256(repr(parts).encode()).hexdigest()
            return Glance(path, "glance:" + json.dumps([str(word) for word in (*words, session.style)]), token)
    return None


def _root(start: Path) -> Path:
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / "payflow.toml").is_file():
            return folder
    raise LookupError("no workspace here")


def _agreement(root: Path) -> Iterator[Path]:
    yield root / "payflow.toml"
    yield from sorted((root / "contracts").glob("*.toml"))


def _store(root: Path, settings: dict[str, dict[str, str]]) -> Path | None:
    url = settings.get("store", {}).get("url", "sqlite:///payflow.db")
    if not url.startswith("sqlite:///"):
        return None
    path = root / url.removeprefix("sqlite:///")
    return path if path.is_file() else None


def _heads(path: Path) -> list[tuple[object, ...]]:
    """The mirror's counter and the journal's head; one of them changes with every fact."""
    with closing(_connect(path)) as database:
        return database.execute(
            "SELECT (SELECT value FROM meta WHERE name = 'mirror-counter'), (SELECT MAX(seq) FROM journal), "
            "(SELECT hash FROM journal ORDER BY seq DESC LIMIT 1), (SELECT value FROM meta WHERE name = 'store')"
        ).fetchall()


def _anchor(path: Path) -> bytes:
    try:
        with path.with_name(f"{path.name}.anchor").open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _ANCHOR_END))
            return b"%d " % size + file.read()
    except FileNotFoundError:
        return b""


def _connect(path: Path, *, write: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode={'rw' if write else 'ro'}", uri=True, timeout=_PATIENCE)
