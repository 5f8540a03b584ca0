"""`payflow init`."""

from __future__ import annotations

from pathlib import Path

import click

from payflow.cli.session import Session, pass_session


@click.command()
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path))
@pass_session
def command(session: Session, directory: Path | None) -> None:
    """Write a commented workspace that works.

    DIR is made where it does not exist; nothing in it is overwritten.

    \b
    Example:
      payflow init studio
    """
    from payflow.workspace.new import write_new

    root = directory or session.directory or Path.cwd()
    for path in write_new(root):
        session.say(f"wrote {path}")
    session.say(
        "Next: put in your own names and terms, then `payflow doctor`, `payflow import FILE` and `payflow status`."
    )
