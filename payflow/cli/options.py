"""Options and kinds of values that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Day(click.ParamType[date]):
    """A day as `YYYY-MM-DD`."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Raises click's usage error for anything else."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day. Write it as YYYY-MM-DD, such as 2026-11-21.", param, ctx)


class _Moment(click.ParamType[datetime]):
    """A moment in ISO 8601; a day alone is that day at noon."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Raises click's usage error for anything else."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no moment. Write it as 2026-11-21T09:00.", param, ctx)
        return moment if len(value) > len("2026-11-21") else datetime.combine(moment, time(12))


class _Reason(click.ParamType[str]):
    """A person's words; one who leaves them out is told what they are for."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises click's usage error for blanks."""
        if not str(value).strip():
            self.fail("it is empty. Say in a few words why.", param, ctx)
        return str(value)

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:  # noqa: ARG002  # click's signature
        """What click adds to its own words."""
        return 'Say in a few words why; it is kept in the journal: --reason "agreed by telephone".'


DAY = _Day()
MOMENT = _Moment()


def as_of_option(command: _Command) -> _Command:
    """`--as-of`: answer as for another day."""
    return click.option("--as-of", type=DAY, metavar="DATE", help="Answer as for this day. Default: today.")(command)


def json_option(command: _Command) -> _Command:
    """`--json`: print for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON; its schema is published.")(command)


def reason_option(command: _Command) -> _Command:
    """`--reason`: why a person decides so."""
    text = "Why; kept in the journal."
    return click.option("--reason", required=True, type=_Reason(), metavar="TEXT", help=text)(command)


#: Printed beside each target: holds know invoices, projects and clients.
TARGET = "INVOICE|PROJECT|client:ID"
