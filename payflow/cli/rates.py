"""`payflow rates`, `payflow rates TABLE` and `payflow rates add`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from payflow.cli.options import DAY, json_option
from payflow.cli.session import Session
from payflow.errors import Refused, WorkspaceError

if TYPE_CHECKING:
    from payflow.policy.rate_files import Row


class _Tables(click.Group):
    """A group to which any other word is the name of a table: `payflow rates TABLE` is `payflow rates show TABLE`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Put `show` before a word that is none of the commands."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_Tables, invoke_without_command=True, subcommand_metavar="[TABLE | COMMAND]")
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the rate tables of statutes, print one, or add a rate.

    A day that a table does not speak of is an error, never a guess. Rates of your own stand in rates/TABLE.csv of the
    workspace and win for days that both have. Without a workspace, only the tables that come with payflow are there.

    \b
    Example:
      payflow rates
      payflow rates de_basiszinssatz
      payflow rates add de_basiszinssatz --from 2027-01-01 --rate 1.52 --source "Bundesbank, notice of December 2026"
    """
    if context.invoked_subcommand is not None:
        return
    from payflow.policy.rates import load_table, table_names
    from payflow.report import rates as report

    session = context.ensure_object(Session)
    folder = _folder(session)
    tables = [load_table(name, folder) for name in table_names(folder)]
    if as_json:
        session.say_json(report.listing_json(tables))
    else:
        session.say(report.listing(tables, session.style))


@command.command()
@click.argument("table")
@json_option
@click.pass_context
def show(context: click.Context, table: str, as_json: bool) -> None:
    """Print the rows of a table with their sources.

    \b
    Example:
      payflow rates show uk_statutory_reference
    """
    from payflow.policy.rates import load_table
    from payflow.report import rates as report

    session = context.ensure_object(Session)
    found = load_table(table, _folder(session))
    if as_json:
        session.say_json(report.table_json(found))
    else:
        session.say(report.rows_text(found, session.style))


@command.command()
@click.argument("table")
@click.option("--from", "since", type=DAY, required=True, metavar="DATE", help="The first day on which the rate holds.")
@click.option("--rate", required=True, metavar="PERCENT", help="Percent a year, such as 2.15; a sign for below zero.")
@click.option("--source", required=True, metavar="TEXT", help="Where it stands, such as a web address.")
@click.pass_context
def add(context: click.Context, table: str, since: date, rate: str, source: str) -> None:
    """Write a rate into the workspace's file of a table.

    The file is rates/TABLE.csv. Give the rate as it is published: the reference rate, without the points that a statute
    adds. A row that stands there already is not changed; correct the file for that. A table of your own begins as a file
    in rates/.

    \b
    Example:
      payflow rates add se_referensranta --from 2025-01-01 --rate 3 --source "riksbank.se, referensränta"
    """
    from payflow.policy.rate_files import mistakes_of, own_rows, parsed
    from payflow.policy.rates import load_table

    session = context.ensure_object(Session)
    folder = session.root / "rates"
    load_table(table, folder)  # known, and its file without mistakes
    cells = (since.isoformat(), rate.strip(), " ".join(source.split()))
    for problem in mistakes_of(cells, table):
        raise click.BadParameter(f"{problem.found}. {problem.remedy}.", context)
    new, present = parsed(*cells), own_rows(folder, table)
    before = next((row for row in present if row.since == since), None)
    path = folder / f"{table}.csv"
    if before is not None and before != new:
        raise Refused(f"{path} has another rate or source from {since} on. Correct it there.")
    if before is None:
        _write(path, sorted((*present, new)))
    until = load_table(table, folder).until
    session.say(f"{table}: {cells[1]} % from {since} in {path}; the table speaks until {until}")


def _write(path: Path, rows: list[Row]) -> None:
    """Put the file in place whole: a reader sees the old one or the new one."""
    from payflow.policy.rate_files import as_text

    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(".csv.new")
    draft.write_text(as_text(rows), encoding="utf-8", newline="")
    draft.replace(path)


def _folder(session: Session) -> Path | None:
    """The folder of the user's tables; None outside a workspace."""
    try:
        return session.root / "rates"
    except WorkspaceError:
        return None
