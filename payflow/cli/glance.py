"""A glance: what a reading command answered, for as long as nothing changed that it was answered from.

A person waits for `status`, a git hook for `gate check`. Their last answer is kept in the store's workings, beside a token of
everything it stands on: the agreement's files, the mirror's counter, the journal's head, the anchor, the place of the
store, the day, the style and the program. While the token is the same, the answer is read with `sqlite3` alone, or over one
connection to PostgreSQL, without loading what decides. A glance is never the truth: anything odd about it, and the command
decides afresh.
"""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from payflow import __version__
from payflow.errors import PayflowError
from payflow.place import fingerprint

if TYPE_CHECKING:
    from payflow.cli.session import Session

#: Answers kept; a workspace asked in more ways than this begins anew.
KEPT = 32
#: A command that writes is not made to wait for this, nor is this for it.
PATIENCE = 0.1
_ANCHOR_END = 200


class Answer(Struct, frozen=True):
    """What a command printed and how it ended. `warnings` went to standard error."""

    text: str
    exit_code: int = 0
    warnings: Sequence[str] = ()


class Shelf(Protocol):
    """Where answers are kept: the store's workings."""

    @property
    def anchor(self) -> Path:
        """The file that remembers how far the journal had come."""
        ...

    def look(self, question: str) -> tuple[object, str | None]:
        """The place of the store and how far it has come; and what is kept for a question."""
        ...

    def put(self, question: str, text: str) -> None:
        """Keep a text; not being able to costs time only."""
        ...


class Glance(Struct, frozen=True):
    """The place of one answer: the shelf, the question, what is kept for it, and the token of what an answer stands on."""

    shelf: Shelf
    question: str
    kept: str | None
    token: str

    def read(self) -> Answer | None:
        """The answer kept, if it still holds."""
        with suppress(ValueError, LookupError, TypeError, AttributeError):
            kept = json.loads(self.kept) if self.kept else {}
            answer = Answer(kept.get("text", ""), kept.get("exit_code", 0), kept.get("warnings", ()))
            if kept.get("token") == self._sealed(answer):
                return answer
        return None

    def _sealed(self, answer: Answer) -> str:
        """A token of the answer too: one that was changed in the store is none."""
        digest = sha256(repr((self.token, answer.exit_code, list(answer.warnings))).encode())
        digest.update(answer.text.encode(errors="surrogatepass"))
        return digest.hexdigest()

    def keep(self, answer: Answer) -> None:
        """Keep an answer for the next time."""
        value = {
            "token": self._sealed(answer),
            "text": answer.text,
            "exit_code": answer.exit_code,
            "warnings": list(answer.warnings),
        }
        self.shelf.put(self.question, json.dumps(value))


def glance(session: Session, *words: object) -> Glance | None:
    """Where the answer to a question is kept; None where none can be: a rehearsal, no store yet, unreadable settings."""
    if session.rehearsal is not None:
        return None
    with suppress(OSError, ValueError, LookupError, AttributeError, ImportError, sqlite3.Error, PayflowError):
        root = _root(session.directory or Path.cwd())
        files = {path.name: path.read_bytes() for path in _agreement(root)}
        settings = tomllib.loads(files["payflow.toml"].decode())
        shelf = _shelf(root, settings)
        if shelf is not None:
            question = "glance:" + json.dumps([str(word) for word in (*words, session.style)])
            today = datetime.now(ZoneInfo(settings["business"]["timezone"])).date()
            stands_on, kept = shelf.look(question)
            parts = [__version__, root, today, _end_of(shelf.anchor), stands_on, session.style, *files.items()]
            return Glance(shelf, question, kept, sha256(repr(parts).encode()).hexdigest())
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
    yield from sorted((root / "rates").glob("*.csv"))


def _shelf(root: Path, settings: dict[str, dict[str, str]]) -> Shelf | None:
    url = settings.get("store", {}).get("url", "sqlite:///payflow.db")
    if url.startswith("sqlite:///"):
        path = root / url.removeprefix("sqlite:///")
        return _FileShelf(path) if path.is_file() else None
    from payflow.cli.server_glance import server_shelf

    return server_shelf(url, root)


#: The mirror's counter and the journal's head, one of which changes with every fact; the store's name; and what is kept.
LOOK = (
    "SELECT (SELECT value FROM meta WHERE name = 'mirror-counter'), (SELECT MAX(seq) FROM journal), "
    "(SELECT hash FROM journal ORDER BY seq DESC LIMIT 1), (SELECT value FROM meta WHERE name = 'store'), "
    "(SELECT value FROM meta WHERE name = ?)"
)
PUT = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
COUNT = "SELECT COUNT(*) FROM meta WHERE name LIKE 'glance:%'"
CLEAR = "DELETE FROM meta WHERE name LIKE 'glance:%'"


class _FileShelf(Struct, frozen=True):
    """The workings of a SQLite file, read with `sqlite3` alone."""

    path: Path

    @property
    def anchor(self) -> Path:
        return self.path.with_name(f"{self.path.name}.anchor")

    def look(self, question: str) -> tuple[object, str | None]:
        with closing(_connect(self.path)) as database:
            *heads, kept = database.execute(LOOK, (question,)).fetchone()
        return (fingerprint(self.path), heads), kept

    def put(self, question: str, text: str) -> None:
        with suppress(sqlite3.Error), closing(_connect(self.path, write=True)) as database, database:
            (count,) = database.execute(COUNT).fetchone()
            if count >= KEPT:
                database.execute(CLEAR)
            database.execute(PUT, (question, text))


def _end_of(anchor: Path) -> bytes:
    try:
        with anchor.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _ANCHOR_END))
            return b"%d " % size + file.read()
    except FileNotFoundError:
        return b""


def _connect(path: Path, *, write: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode={'rw' if write else 'ro'}", uri=True, timeout=PATIENCE)
