"""`payflow forget`."""

from __future__ import annotations

import click

from payflow.cli.options import reason_option
from payflow.cli.session import LOCK_PATIENCE, Session, pass_session


@click.command()
@click.argument("client")
@reason_option
@click.option("--yes", is_flag=True, help="Do not ask, and do so though invoices are open.")
@pass_session
def command(session: Session, client: str, reason: str, yes: bool) -> None:
    """Erase a client's data from the journal, the books' mirror and the outbox.

    Names, addresses and the words of letters go; that something was sent or charged, and when, stays under a name such as
    forgotten-1, so that nothing is ever done twice. The erasure is journaled, and the chain holds on. It cannot be undone.
    Your own files stay: those that still name the client are listed. docs/journal.md says more.

    \b
    Example:
      payflow forget acme --reason "asked for it on 3 March"
    """
    from payflow import forgetting
    from payflow.report.words import count

    with session.store() as store, store.lock(LOCK_PATIENCE):
        if not yes:
            one = forgetting.person(store, session.workspace, client, session.now)
            known = count(len(one.invoices), "invoice")
            forgetting.check(store, one, reason, force=False)
            question = f"Erase everything that names {client} ({known} known)? It cannot be undone"
            click.confirm(question, abort=True, err=True)
        done = forgetting.forget(store, session.workspace, client, reason=reason, force=yes, now=session.now)
    if done.again:
        session.say(f"{done.name} was forgotten before; the disk is clear.")
        return
    session.say(
        f"{client} is forgotten, and is {done.name} from now on: {count(done.records, 'record')}, "
        f"{count(done.messages, 'message')} and {count(done.files, 'letter')} in files. The chain holds on."
    )
    if done.in_clear:
        session.say(f"{count(done.in_clear, 'record')} of an early form keep the id {client}, which their hash covers.")
    if done.left:
        session.say(f"Yours, and left alone; they still name the client: {', '.join(done.left)}.")
    session.say(
        "Later readings and the contract's file bring nothing of it back. Backups and sent mail are out of reach."
    )
