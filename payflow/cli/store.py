"""`payflow store`: where the store is, its backups, and its move to another database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from payflow.cli.options import json_option
from payflow.cli.session import LEFT_OUT, LOCK_PATIENCE, Session, pass_session

if TYPE_CHECKING:
    from payflow.store.move import Moved


@click.group()
def command() -> None:
    """Show the store, back it up, restore it, or move it to another database.

    \b
    Example:
      payflow store info
      payflow store backup studio-2026-11-21.backup
    """


@command.command()
@json_option
@pass_session
def info(session: Session, as_json: bool) -> None:
    """Show where the store is, how far its journal has come, and whether it is live here.

    \b
    Example:
      payflow store info --json
    """
    from payflow.report import store_info
    from payflow.store import journal

    decision = session.decision(None)
    with session.store() as store, store.snapshot() as reader:
        counts = {table.name: int(reader.query(f"SELECT count(*) FROM {table.name}")[0][0]) for table in store.tables()}  # noqa: S608 (names of our own)
        found = store_info.StoreInfo(
            where=store.where,
            schema=store.schema_version(),
            head=journal.head(reader),
            anchor=str(store.anchor),
            live=decision.live,
            not_live_because=decision.not_live_because,
            rows=counts,
        )
    if as_json:
        session.say_json(store_info.as_json(found))
    else:
        session.say(store_info.as_text(found, session.style))


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@pass_session
def backup(session: Session, file: Path) -> None:
    """Write the whole store into one file, also while a run is going on.

    It holds every row as of one moment, with a digest of each table, whatever database it comes from. It holds what your books
    and your journal hold: keep it where only you can read it.

    \b
    Example:
      payflow store backup studio-2026-11-21.backup
    """
    from payflow.store.backup import write_backup

    with session.store() as store:
        written = write_backup(store, file.absolute(), session.now)
    session.say(f"{file}: {written.records} records of the journal, {written.rows} rows in all, as of now.")


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--to", metavar="URL", help="Where to, an empty place. Default: `url` under [store] in payflow.toml.")
@click.pass_context
def restore(context: click.Context, file: Path, to: str | None) -> None:
    """Make a store of a backup, in an empty place.

    It is not live until `payflow live`. Every table is compared with its digest. Exit code 4: restored, but its journal
    does not verify.

    \b
    Example:
      payflow store restore studio-2026-11-21.backup
      payflow store restore studio-2026-11-21.backup --to postgresql://payflow@db.example/studio
    """
    from payflow.store.backup import restore as make

    session = context.ensure_object(Session)
    url = session.workspace.store_url if to is None else _resolved(session, to)
    done = make(file.absolute(), url, session.root, session.now)
    session.say(f"{done.where}: {done.records} records of the journal, {done.rows} rows in all, each compared.")
    session.say(f"It is the store of {done.made_at[:16].replace('T', ' ')} UTC, and not live until payflow live.")
    if to is not None:
        session.say(_edit(to))
    for fault in done.faults:
        click.echo(f"payflow: {fault}.", err=True)
    if done.faults:
        context.exit(LEFT_OUT)


@command.command()
@click.argument("url")
@click.option("--live", is_flag=True, help="Go on being live at the new place, if this store is live here.")
@pass_session
def move(session: Session, url: str, live: bool) -> None:
    """Carry the store to another database, record by record, and switch the old one off.

    URL is an empty place: sqlite:///FILE, postgresql://USER@HOST/DATABASE, or env:NAME for an address with a password in
    it. Every row is compared and the journal verified before anything counts. The old store stays as it is, but never sends
    again by itself.

    \b
    Example:
      payflow store move postgresql://payflow@db.example/studio --live
    """
    from payflow.store.move import move as carry

    with session.store() as store:
        moved = carry(store, _resolved(session, url), session.root, session.now, live=live, wait=LOCK_PATIENCE)
    session.say(f"{moved.where}: {moved.records} records of the journal, {moved.rows} rows in all, each compared.")
    session.say(_edit(url))
    session.say(_liveness(moved))


def _liveness(moved: Moved) -> str:
    if moved.live_from is not None:
        return f"The new store is live for invoices due from {moved.live_from}; {moved.origin} is so no more."
    if moved.was_live_from is not None:
        return f"Neither store is live. To go on at the new place: payflow live --from {moved.was_live_from}"
    return "Neither store is live."


def _edit(url: str) -> str:
    from payflow.place import has_password

    shown = 'the address, through "env:NAME" as it holds a password' if has_password(url) else f'"{url}"'
    return f"Now write url = {shown} under [store] in payflow.toml."


def _resolved(session: Session, url: str) -> str:
    """The address itself, where the one given refers to a secret."""
    from payflow.errors import WorkspaceError
    from payflow.workspace.document import Document, Findings, Table
    from payflow.workspace.secrets import Vault

    findings = Findings()
    table = Table(Document("the command line", "", {}), (), {"url": url}, findings)
    found = Vault(session.root, os.environ).url(table, "url", "")
    if findings.problems:
        raise WorkspaceError(findings.problems)
    return found
