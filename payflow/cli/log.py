"""`payflow log`, `payflow log verify` and `payflow log replay`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from payflow.cli.options import DAY, json_option
from payflow.cli.session import Session
from payflow.errors import UnknownName

if TYPE_CHECKING:
    from payflow.store import Store
    from payflow.store.journal import JournalEntry


@click.group(invoke_without_command=True)
@click.option("--client", metavar="ID", help="Only what concerns this client.")
@click.option("--project", metavar="NAME", help="Only what concerns this project.")
@click.option("--invoice", metavar="NUMBER", help="Only what concerns this invoice.")
@click.option("--kind", "kinds", metavar="KIND", multiple=True, help="Only records of this kind; may be given again.")
@click.option("--since", type=DAY, metavar="DATE", help="Only of this business day and later ones.")
@click.option("--until", type=DAY, metavar="DATE", help="Only of this business day and earlier ones.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    client: str | None,
    project: str | None,
    invoice: str | None,
    kinds: tuple[str, ...],
    since: date | None,
    until: date | None,
    as_json: bool,
) -> None:
    """List the journal, verify it, or decide a day again.

    The journal is what payflow did, saw or was told, oldest first.

    \b
    Example:
      payflow log --client acme --since 2026-11-01
      payflow log --invoice INV-0013 --kind outcome
      payflow log verify
      payflow log replay 2026-11-21
    """
    if context.invoked_subcommand is not None:
        return
    session = context.ensure_object(Session)
    with session.store() as store:
        found = list(_entries(session, store, client, project, invoice, _kinds(store, kinds), since, until))
    if as_json:
        from payflow.report import operations_json

        session.say_json(operations_json.log([_plain(entry) for entry in found]))
    else:
        from payflow.report.listings import log_text

        session.say(log_text([_plain(entry) for entry in found], session.style))


@command.command()
@click.option(
    "--anchor",
    "kept",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A copy of the anchor file that was kept elsewhere, instead of the one beside the store.",
)
@json_option
@click.pass_context
def verify(context: click.Context, kept: Path | None, as_json: bool) -> None:
    """Check that no record was changed, removed, inserted or cut off.

    Compares the chain of hashes, and its end with the anchor file beside the store. Exit code 1: it does not hold.

    Where store and anchor were put back together, as with a whole folder, only a copy of the anchor that was kept elsewhere
    tells: name it with --anchor.

    \b
    Example:
      payflow log verify
      payflow log verify --anchor /mnt/elsewhere/payflow.db.anchor
    """
    from payflow.decide.live import is_anchored
    from payflow.store import journal

    session = context.ensure_object(Session)
    with session.store() as store:
        anchored = is_anchored(store)
        with store.snapshot() as reader:
            faults = journal.verify(reader, kept or store.anchor, required=anchored or kept is not None)
            records = journal.head(reader).seq
            erased = len(journal.erasures(reader))
    if as_json:
        from payflow.report import operations_json

        session.say_json(operations_json.log_verify(records, erased, faults))
    elif faults:
        for fault in faults:
            click.echo(f"payflow: {fault}.", err=True)
    else:
        session.say(f"{records} records, chain holds" + (f"; {erased} had data erased" if erased else ""))
    if faults:
        context.exit(1)


@command.command()
@click.argument("day", type=DAY, metavar="DATE")
@json_option
@click.pass_context
def replay(context: click.Context, day: date, as_json: bool) -> None:
    """Decide again what runs decided on DATE, and explain what differs.

    Decides from the books as they are known now, under the agreement of that day and from the journal as it stood then. What
    is not the same is explained line by line: facts that changed since, such as a payment that came to be known later; and
    whether the agreement, the rate tables or payflow itself are others now. Nothing is changed.

    \b
    Example:
      payflow log replay 2026-11-21
    """
    from payflow.decide import ground
    from payflow.decide.replay import replay as again
    from payflow.report import replay as report

    session = context.ensure_object(Session)
    with session.store() as store:
        present = ground(store, session.workspace, session.today, session.now)
        found = again(store, session.workspace, present, day)
    if as_json:
        session.say_json(report.replay_json(day, found))
    else:
        session.say(report.replay_text(day, found, session.style))


def _kinds(store: Store, wanted: tuple[str, ...]) -> tuple[str, ...] | None:
    """The kinds asked for, if any. Raises `UnknownName` for one that neither payflow nor the journal knows."""
    from payflow.model.journal import RecordKind

    known = {*map(str, RecordKind), *(row[0] for row in store.query("SELECT DISTINCT kind FROM journal"))}
    for kind in wanted:
        if kind not in known:
            raise UnknownName("kind of record", kind, sorted(known))
    return wanted or None


def _entries(
    session: Session,
    store: Store,
    client: str | None,
    project: str | None,
    invoice: str | None,
    kinds: tuple[str, ...] | None,
    since: date | None,
    until: date | None,
) -> Iterator[JournalEntry]:
    from payflow.report.about import concerns
    from payflow.store.journal import entries

    wanted = _identities(store, invoice) if invoice is not None else None
    of_client = _place(session, store, "client", client) if client is not None else None
    of_project = _place(session, store, "project", project) if project is not None else None
    for entry in entries(store, kinds=kinds, since=since, until=until):
        about = concerns(entry)
        if wanted is not None and not (about.invoices | about.rows) & wanted:
            continue
        if of_client is not None and not (about.clients & of_client[0] or about.invoices & of_client[1]):
            continue
        if of_project is None or about.projects & of_project[0] or about.invoices & of_project[1]:
            yield entry


def _place(session: Session, store: Store, kind: str, name: str) -> tuple[frozenset[str], frozenset[int]]:
    """The names by which the journal knows a client or a project, and the invoices that are its own."""
    from payflow.decide import decide

    decision = decide(store, session.workspace, session.today, session.now)
    keys = {name, *(one.key for one in decision.projects if kind == "project" and one.project == name)}
    return frozenset(keys), frozenset(view.id for view in decision.invoices if getattr(view, kind) == name)


def _identities(store: Store, invoice: str) -> frozenset[int]:
    """The identities that a number, a key or `#id` names. Raises `UnknownName`."""
    number = invoice.removeprefix("#")
    rows = store.query("SELECT id FROM identity WHERE number = ? OR key = ?", (invoice, invoice))
    if not rows and invoice.startswith("#") and number.isdigit():
        rows = store.query("SELECT id FROM identity WHERE id = ?", (int(number),))
    if not rows:
        raise UnknownName("invoice", invoice, [row[0] for row in store.query("SELECT number FROM identity")])
    return frozenset(int(row[0]) for row in rows)


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
