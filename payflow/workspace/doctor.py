"""What is allowed in a workspace, but probably not meant; and what a source cannot tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, time

from payflow import connector
from payflow.connector import ConnectorSpec, Limits, SourceContext
from payflow.errors import ConnectorError, Problem, nearest
from payflow.model.agreement import SourceSettings, Workspace
from payflow.workspace.files import files_of
from payflow.workspace.load import Loaded
from payflow.workspace.places import cautions, unmoved

#: `payflow run` is meant to start every hour, so a shorter window may never see a run
_SHORTEST_WINDOW = 60


def examine(loaded: Loaded, now: datetime) -> list[Problem]:
    """Findings that need no store: those of loading, then mail, clients and sources. A source that cannot be read as it is
    configured is a mistake, all others are warnings."""
    workspace = loaded.workspace
    found = [*loaded.warnings, *_mail(workspace), *_holidays(workspace), *cautions(workspace), *unmoved(workspace)]
    mistakes: list[Problem] = []
    for source in workspace.sources:
        found += _source(workspace, source, now)
        mistakes += _options(workspace, source, now)
    return [*mistakes, *(problem._replace(warning=True) for problem in found)]


def _options(workspace: Workspace, source: SourceSettings, now: datetime) -> Iterator[Problem]:
    """Values of options that the connector itself refuses. One that waits for its files is only asked what these can tell."""
    context = context_of(workspace, source, now)
    try:
        spec = connector.discover().get(source.connector)
        if spec is None:
            return
        spec.limits(context)
        if context.files or (source.options and not source.files):
            spec.open(context)
    except ConnectorError as error:
        yield error.problem


def _mail(workspace: Workspace) -> Iterator[Problem]:
    hours = workspace.mail.hours
    if hours is None:
        return
    start, end = hours
    minutes = _minutes(end) - _minutes(start)
    if minutes < _SHORTEST_WINDOW:
        found = f"e-mails may go out for {minutes} minutes a day only; a run every hour may never fall inside them"
        yield Problem("payflow.toml, mail.hours", found, "Widen the hours to at least one hour, better several.")


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _holidays(workspace: Workspace) -> Iterator[Problem]:
    """Parts of countries (`GB-SCT`) whose public holidays are not known."""
    clients = {contract.client.id: contract.client for contract in workspace.agreement.contracts.values()}
    places = [("payflow.toml, business.country", workspace.business.country)]
    places += [(f"client {client.id}", client.country) for client in clients.values()]
    parts = {country: where for where, country in reversed(places) if "-" in country}
    if not parts or not workspace.mail.business_days:
        return
    from holidays import list_supported_countries

    known = list_supported_countries()
    for code, where in parts.items():
        country, _, part = code.partition("-")
        if part not in known.get(country, ()):
            yield Problem(where, f"no holidays of {part!r} in {country} are known", nearest(part, known[country]))


def _source(workspace: Workspace, source: SourceSettings, now: datetime) -> Iterator[Problem]:
    where = f"source {source.name}"
    try:
        known: Mapping[str, ConnectorSpec] = connector.discover()
    except ConnectorError as error:
        yield error.problem
        return
    spec = known.get(source.connector)
    if spec is None:
        yield Problem(where, f"no connector {source.connector!r} is installed", "Install it again.")
        return
    for pattern in source.files:
        if not files_of(workspace.root, [pattern]):
            found = f"no file matches {pattern!r}"
            yield Problem(where, found, f"Put an export there; the pattern starts at {workspace.root}.")
    if not source.files and not spec.secrets.intersection(source.options):
        remedy = 'Add files = "exports/*.csv", or feed it with `payflow import FILE --source NAME`.'
        yield Problem(where, "it names no files, so `payflow sync` reads nothing from it", remedy)
    with suppress(ConnectorError):  # told as a mistake of its options
        for limits in spec.limits(context_of(workspace, source, now)):
            yield from _limits(where, limits)


def _limits(where: str, limits: Limits) -> Iterator[Problem]:
    better = limits.better or "payflow stays on the kind side where it cannot know."
    where = f"{where}, {limits.report}" if limits.report else where
    for sentence in limits.cannot_tell:
        yield Problem(where, sentence.rstrip("."), better)


def context_of(workspace: Workspace, source: SourceSettings, now: datetime) -> SourceContext:
    """What a connector is told about its source."""
    return SourceContext(
        name=source.name,
        files=files_of(workspace.root, source.files),
        currency=workspace.business.currency,
        timezone=workspace.business.timezone,
        now=now,
        options=source.options,
    )
