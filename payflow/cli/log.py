"""`payflow log` and `payflow log verify`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from payflow.cli.options import json_option
from payflow.cli.session import Session
from payflow.errors import UnknownName

if TYPE_CHECKING:
    from payflow.store import Store
    from payflow.store.journal import JournalEntry


@click.group(invoke_without_command=True)
@click.option("--client", metavar="ID", help="Only what concerns this client.")
@click.option("--project", metavar="NAME", help="Only what concerns this project.")
@click.option("--invoice", metavar="NUMBER", help="Only what concerns this invoice.")
@json_option
@click.pass_context
def command(
    context: click.Context, client: str | None, project: str | None, invoice: str | None, as_json: bool
) -> None:
    """List the journal, or verify it.

    The journal is what payflow did, saw or was told, oldest first.

    \b
    Example:
      payflow log --client acme
      payflow log verify
    """
    if context.invoked_subcommand is not None:
        return
    session = context.ensure_object(Session)
    with session.store() as store:
        found = list(_entries(store, client, project, invoice))
    if as_json:
        from payflow.report import operations_json

        session.say_json(operations_json.log([_plain(entry) for entry in found]))
    else:
        from payflow.report.listings import log_text

        session.say(log_text([_plain(entry) for entry in found], session.style))


@command.command()
@click.pass_context
def verify(context: click.Context) -> None:
    """Check that no record was changed, removed, inserted or cut off.

    Compares the chain of hashes, and its end with the anchor file beside the store. Exit code 1: it does not hold.

    \b
    Example:
      payflow log verify
    """
    from payflow.store import journal

    session = context.ensure_object(Session)
    with session.store() as store, store.snapshot() as reader:
        faults = journal.verify(reader, store.anchor)
        records = journal.head(reader).seq
    if faults:
        for fault in faults:
            click.echo(f"payflow: {fault}.", err=True)
        context.exit(1)
    session.say(f"{records} records, chain holds")


def _entries(store: Store, client: str | None, project: str | None, invoice: str | None) -> Iterator[JournalEntry]:
    from payflow.store.journal import entries

    if invoice is None:
        yield from entries(store, client=client, project=project)
        return
    rows = store.query("SELECT id FROM identity WHERE number = ? OR key = ?", (invoice, invoice))
    if not rows:
        raise UnknownName("invoice", invoice, [row[0] for row in store.query("SELECT number FROM identity")])
    found = [
        entry for (identity,) in rows for entry in entries(store, client=client, project=project, invoice=identity)
    ]
    yield from sorted(found, key=lambda entry: entry.seq)


def _plain(entry: JournalEntry) -> dict[str, Any]:
    """A record as JSON values."""
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(timespec="seconds"),
        "day": entry.day.isoformat(),
        "kind": entry.kind,
        "client": entry.client or None,
        "project": entry.project or None,
        "invoice": entry.invoice,
        "body": dict(entry.body),
    }
