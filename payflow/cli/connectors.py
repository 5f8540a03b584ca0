"""`payflow connectors`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from payflow.cli.options import json_option
from payflow.cli.session import Session, pass_session

if TYPE_CHECKING:
    from payflow.connector import ConnectorSpec
    from payflow.report.ansi import Style


@click.command()
@json_option
@pass_session
def command(session: Session, as_json: bool) -> None:
    """List the formats and services that can be read.

    Each file format stands with the header by which it is recognised, each connector with the options of its `[[source]]`.

    \b
    Example:
      payflow connectors
    """
    from payflow.connector import discover

    found = discover()
    if as_json:
        from payflow.report import operations_json

        session.say_json(operations_json.connectors(found))
        return
    lines = [line for _, spec in sorted(found.items()) for line in _lines(spec, session.style)]
    session.say("\n".join(lines))


def _lines(spec: ConnectorSpec, style: Style) -> Iterator[str]:
    from payflow.report.text import block

    yield style.bold(spec.name)
    for looked_for in spec.looked_for:
        yield from block(looked_for, style.columns, "  reads ")
    if spec.secrets:
        yield f"  reads its service, with the option {' and '.join(sorted(spec.secrets))}"
    elif not spec.looked_for:
        yield "  reads any table, through its options"
    for option, purpose in spec.options.items():
        secret = " (a secret: env:NAME or file:PATH)" if option in spec.secrets else ""
        yield from block(f"{option}: {purpose}{secret}", style.columns, "  option ")
    yield f"  stale after {spec.stale_after} days"
