"""The glance of a store in PostgreSQL: one connection, and little more than one question."""

from __future__ import annotations

import os
from contextlib import closing, suppress
from pathlib import Path

from msgspec import Struct

from payflow.cli.glance import CLEAR, COUNT, KEPT, LOOK, PATIENCE, PUT
from payflow.errors import StoreError
from payflow.store.address import ServerAddress, read_address


class ServerShelf(Struct, frozen=True):
    """The workings of a store in PostgreSQL."""

    address: ServerAddress
    root: Path

    @property
    def anchor(self) -> Path:
        """Beside the workspace, as `payflow.store.Store` has it."""
        return self.root / "payflow.anchor"

    def look(self, question: str) -> tuple[object, str | None]:
        """The place of the store and how far it has come; and what is kept for a question. Raises `StoreError`."""
        from payflow.store.postgresql import PostgresqlDatabase

        with closing(PostgresqlDatabase(self.address)) as database:
            if database.schema_version() == 0:
                raise StoreError("there is no store yet")
            [[*heads, kept]] = database.query(LOOK, (question,))
            return (database.place(), heads), kept

    def put(self, question: str, text: str) -> None:
        """Keep a text; not being able to costs time only."""
        from payflow.store.postgresql import PostgresqlDatabase

        with (
            suppress(StoreError),
            closing(PostgresqlDatabase(self.address, patience=PATIENCE)) as database,
            database.transaction(sharing=True) as tx,
        ):
            if tx.query(COUNT)[0][0] >= KEPT:
                tx.execute(CLEAR)
            tx.execute(PUT, (question, text))


def server_shelf(url: str, root: Path) -> ServerShelf | None:
    """The shelf at an address, also where it is kept as a secret; None for one that the command itself has to look at."""
    if url.startswith("env:"):
        url = os.environ[url.removeprefix("env:")].strip()
    elif url.startswith("file:"):
        path = root / Path(url.removeprefix("file:")).expanduser()
        if path.stat().st_mode & 0o077:
            return None
        url = path.read_text("utf-8-sig").strip()
    address = read_address(url, root)
    return ServerShelf(address, root) if isinstance(address, ServerAddress) else None
