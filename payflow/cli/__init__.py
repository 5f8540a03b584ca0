"""The command line: `main`, and the table of commands that it loads when they are asked for.

Options also come from the environment: `PAYFLOW_` and the names of command and option, `PAYFLOW_STATUS_AS_OF`. What is
written on the command line comes first, then the environment, then the default.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import click

from payflow import __version__
from payflow.cli.lazy import LazyGroup
from payflow.cli.options import MOMENT
from payflow.cli.session import Session

#: Command -> (its module in this package, its short help), in the order in which `payflow --help` lists them. The help stands
#: here too so that listing commands imports none of them; a test holds it against the commands.
COMMANDS = {
    "init": ("init", "Write a commented workspace that works."),
    "demo": ("demo", "Show a sample studio: seven weeks of nights, then its board."),
    "connectors": ("connectors", "List the formats and services that can be read."),
    "import": ("importing", "Read exported files into the store."),
    "sync": ("sync", "Read all configured sources, or the named ones."),
    "status": ("status", "Show the board: what needs you, projects, invoices, totals."),
    "ageing": ("ageing", "Show who owes what, by how long it has been due."),
    "gate": ("gate", "Ask whether a phase may start, or let it start unpaid."),
    "phase": ("phase", "Record that work on a phase starts or is finished."),
    "plan": ("plan", "Show what a run would do, and do none of it."),
    "run": ("run", "Read the sources, decide, and send what is due."),
    "live": ("live", "Switch on: from now on, runs write to clients."),
    "explain": ("explain", "Explain every figure of an invoice."),
    "hold": ("hold", "Stop the chasing of an invoice, a project or a client."),
    "release": ("release", "End a hold before its day."),
    "chase": ("chase", "Take an invoice from before the start in after all."),
    "confirm": ("confirm", "Say what became of an invoice the books no longer list."),
    "link": ("link", "Say what an invoice is that looks like another or like a charge."),
    "match": ("match", "List bank lines that may be payments, and say what they are."),
    "charge": ("charge", "Claim a charge that was left, waive one, or record that it is settled."),
    "calc": ("calc", "Work out late-payment interest, fees and compensation on one invoice."),
    "rates": ("rates", "List the rate tables of statutes, print one, or add a rate."),
    "outbox": ("outbox", "List messages and what became of them."),
    "log": ("log", "List the journal, verify it, or decide a day again."),
    "forget": ("forget", "Erase a client's data from the journal, the books' mirror and the outbox."),
    "store": ("store", "Show the store, back it up, restore it, or move it to another database."),
    "doctor": ("doctor", "Find what is misconfigured, and what sources cannot tell."),
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    package=__name__,
    context_settings={"auto_envvar_prefix": "PAYFLOW"},
)
@click.option(
    "-C",
    "--directory",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The workspace's folder. Default: this folder, then its parents.",
)
@click.option(
    "--now",
    metavar="MOMENT",
    type=MOMENT,
    help="Rehearse at another moment, such as 2026-11-21T09:00; in the business's time zone unless it names one.",
)
@click.version_option(__version__, prog_name="payflow", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context, directory: Path | None, now: datetime | None) -> None:
    """Apply net terms, late fees and a hard stop to your invoices.

    The next phase does not start until the last milestone is paid.

    \b
    Example:
      payflow init studio
      payflow -C studio import invoices.csv
      payflow -C studio status

    Exit codes: 0 done or yes, 1 failed, 2 wrong usage, 3 blocked, 4 done but something was left out.
    """
    # linear algebra, which nothing here uses, would start a thread per core and let it spin while the answer is worked out
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    context.obj = Session(directory, now)
