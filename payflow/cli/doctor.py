"""`payflow doctor`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from payflow.cli.options import json_option
from payflow.cli.session import Session
from payflow.errors import Problem, StoreError, WorkspaceError

if TYPE_CHECKING:
    from payflow.model.agreement import Workspace

#: Shorter than this, a weekend explains it.
_LONG_ENOUGH = timedelta(days=4)


@click.command()
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """Find what is misconfigured, and what sources cannot tell.

    Reads the workspace, its templates, its sources, the store and the journal; changes nothing. Exit code 1: there are errors;
    notes alone leave it 0.

    \b
    Example:
      payflow doctor
    """
    session = context.ensure_object(Session)
    findings = list(_findings(session))
    if as_json:
        from payflow.report import operations_json

        session.say_json(operations_json.doctor(findings))
    else:
        from payflow.report.listings import findings_text

        session.say(findings_text(findings, session.style))
    if any(not finding.warning for finding in findings):
        context.exit(1)


def _findings(session: Session) -> Iterator[Problem]:
    from payflow.outbox.render import check_templates
    from payflow.workspace import load
    from payflow.workspace.doctor import examine

    try:
        loaded = load(session.root)
    except WorkspaceError as error:
        yield from error.problems
        return
    yield from examine(loaded, session.rehearsal or datetime.now().astimezone())
    yield from check_templates(loaded.workspace)
    yield from _store(loaded.workspace)


def _store(workspace: Workspace) -> Iterator[Problem]:
    from payflow.decide.live import is_anchored
    from payflow.store import journal, open_store
    from payflow.store.runs import runs

    try:
        with open_store(workspace.store_url, workspace.root) as store:
            anchored = is_anchored(store)
            with store.snapshot() as reader:
                faults = journal.verify(reader, store.anchor, required=anchored)
                moments = runs(reader)
    except StoreError as error:
        problem = Problem("store", str(error).rstrip("."), "Until then nothing can be shown or sent")
        # a workspace begins without a store: that is no mistake
        yield problem._replace(warning="there is no store yet" in str(error))
        return
    for fault in faults:
        yield Problem("journal", fault, "Restore the store and its anchor file from a backup.")
    yield from _hours(workspace, moments)


def _hours(workspace: Workspace, moments: Sequence[datetime]) -> Iterator[Problem]:
    """A warning when several days of runs never fell inside the hours in which e-mails may go out."""
    from payflow.model.acts import Recipient
    from payflow.outbox.calendar import opening

    if not moments or moments[-1] - moments[0] < _LONG_ENOUGH:
        return
    clients = {contract.client for contract in workspace.agreement.contracts.values()}
    places = {(client.timezone, client.country) for client in clients} or {
        (workspace.business.timezone, workspace.business.country)
    }
    for timezone, country in sorted(places):
        recipient = Recipient("", "", "", (), "en", timezone, country)
        if all(opening(recipient, workspace.mail, moment) is not None for moment in moments):
            found = f"none of the last {len(moments)} runs fell inside the hours of clients in {timezone}; their e-mails wait"
            remedy = "Run payflow every hour, or widen `hours` under [mail]."
            yield Problem("payflow.toml, mail.hours", found, remedy, warning=True)
