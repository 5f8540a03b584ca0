"""Bring a database to the schema this program knows, one numbered step at a time."""

from __future__ import annotations

from collections.abc import Sequence

from payflow.errors import Problem, StoreError
from payflow.store.database import Database
from payflow.store.schema import MIGRATIONS, Migration


def migrate(database: Database, where: str, steps: Sequence[Migration] = MIGRATIONS) -> list[Migration]:
    """Apply the steps that are missing, each in a transaction of its own, and return them.

    Raises `StoreError` when the database was written by a newer program.
    """
    found, known = database.schema_version(), steps[-1].number
    if found > known:
        raise StoreError(
            str(
                Problem(
                    where,
                    f"this database was written by a newer payflow (schema {found}; this one knows up to {known})",
                    "Install that version or a later one: pip install --upgrade payflow-gate.",
                )
            )
        )
    return [step for step in steps if step.number > found and _apply(database, step)]


def _apply(database: Database, step: Migration) -> bool:
    with database.transaction() as transaction:
        # another process may have been first while this one waited for the transaction
        if database.schema_version() >= step.number:
            return False
        for statement in step.statements:
            transaction.execute(statement)
        transaction.set_schema_version(step.number)
    return True
