"""`payflow ageing`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from payflow.cli.options import as_of_option, json_option
from payflow.cli.session import Session, pass_session


@click.command()
@as_of_option
@json_option
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Write it as CSV instead; - for standard output.",
)
@pass_session
def command(session: Session, as_of: date | None, as_json: bool, csv_file: Path | None) -> None:
    """Show who owes what, by how long it has been due.

    A row per client and currency: not due yet, 1-30, 31-60, 61-90 and over 90 days overdue, with fees that were claimed and
    interest beside. It adds up to the totals of `payflow status`.

    \b
    Example:
      payflow ageing --as-of 2026-11-30
      payflow ageing --csv ageing.csv
    """
    if as_json and csv_file is not None:
        raise click.UsageError("--json and --csv are two answers. Ask for one of them.")
    from payflow.report.ageing import of_decision

    decision = session.decision(as_of)
    ageing = of_decision(decision)
    if as_json:
        from payflow.report.ageing_text import ageing_json

        session.say_json(ageing_json(ageing, decision.as_of))
    elif csv_file is not None:
        from payflow.report.ageing_csv import ageing_csv

        _write(csv_file, ageing_csv(ageing))
    else:
        from payflow.report.ageing_text import ageing_text

        session.say(ageing_text(ageing, decision.as_of, session.style))


def _write(place: Path, text: str) -> None:
    """The whole file or none of it."""
    if str(place) == "-":
        click.echo(text.encode(), nl=False)
        return
    draft = place.with_name(f".{place.name}.new")
    try:
        draft.write_bytes(text.encode())
        draft.replace(place)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise click.FileError(
            str(place), f"{error.strerror}. Name a file in a folder that you may write to."
        ) from error
