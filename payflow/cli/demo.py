"""`payflow demo`."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING

import click

from payflow.cli.session import Session, pass_session

if TYPE_CHECKING:
    from payflow.model.agreement import Workspace

#: What the tour explains, and whose e-mail about it is shown.
_INVOICE, _SUBJECT = "INV-0013", "7 days overdue"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default="payflow-demo", metavar="[DIR]")
@pass_session
def command(session: Session, folder: Path) -> None:
    """Show a sample studio: seven weeks of nights, then its board.

    Writes the workspace of a small studio with three clients and exports of two accounting systems into DIR
    (payflow-demo), runs payflow every day of seven weeks, and shows the board, one explanation and one e-mail.

    \b
    Example:
      payflow demo studio-north
    """
    from payflow.decide import decide, explain
    from payflow.demo import tour
    from payflow.report import board
    from payflow.report import explain as report
    from payflow.store import open_store

    workspace = tour.write_studio(folder.absolute())
    session.say(f"The workspace of a small studio is in {folder}. Seven weeks of its nights:\n")
    for night in tour.nights(workspace):
        for event in night.events:
            session.say(f"{night.day.isoformat()}  {event}")
    now = tour.at(tour.LAST)
    with open_store(workspace.store_url, workspace.root) as store:
        decision = decide(store, workspace, tour.LAST, now)
        explanation = explain(store, workspace, tour.LAST, now, _INVOICE)
    options = f"-C {folder} --now {tour.LAST.isoformat()}T15:30"
    session.say(f"\n== payflow {options} status\n\n{board.board(decision, session.style)}")
    session.say(f"\n== payflow {options} explain {_INVOICE}\n\n{report.explain(explanation, session.style)}")
    path, text = _mail(workspace)
    session.say(f"\n== cat {folder / path.relative_to(workspace.root)}\n\n{text}")


def _mail(workspace: Workspace) -> tuple[Path, str]:
    """The e-mail that claims the fee: its file, and what a person reads of it."""
    for path in sorted((workspace.mail.folder / "new").iterdir()):
        message = message_from_bytes(path.read_bytes(), policy=default)
        if _INVOICE in str(message["Subject"]) and _SUBJECT in str(message["Subject"]):
            body = message.get_body(("plain",))
            text = body.get_content() if body is not None else ""
            heads = "\n".join(f"{name}: {message[name]}" for name in ("From", "To", "Subject", "Date"))
            return path, "\n".join([heads, "", *text.splitlines()])
    raise LookupError(f"no e-mail about {_INVOICE} was sent")
