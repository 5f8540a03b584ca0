"""A table of `payflow.toml` or of a contract, read with the readers that `payflow calc` reads its scenarios with.

The words are the same in both; here a mistake has a file and a line, and amounts are text in quotes.
"""

from __future__ import annotations

from typing import Any

from payflow.policy.reading import KeyPath, Reader
from payflow.workspace import values
from payflow.workspace.document import Table


class Said(Reader):
    """A `Reader` on a `Table`: mistakes go where those of the table go."""

    def __init__(self, table: Table) -> None:
        super().__init__(table.data, [])
        self.of = table

    def wrong(self, key: str | KeyPath, found: str, remedy: str) -> None:
        self.of.wrong(key if isinstance(key, tuple) else (key,) if key else (), found, remedy)

    def amount_of(self, path: KeyPath, value: Any, currency: str, least: int) -> int | None:
        return None if value is None else values.amount_of(self.of, path, value, currency, least)

    # a table of the workspace shows its own example
    def table(self, key: str, example: str) -> Reader | None:  # noqa: ARG002 - as in Reader
        self.asked.append(key)
        inner = self.of.table(key)
        return None if inner is None else Said(inner)

    def tables(self, key: str, example: str) -> list[Reader]:  # noqa: ARG002 - as in Reader
        self.asked.append(key)
        return [Said(item) for item in self.of.tables(key)]
