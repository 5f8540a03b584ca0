"""The files of a source, each of which is one reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from payflow.connector import (
    CLIENTS,
    ENTRIES,
    INVOICES,
    LINES,
    Batch,
    ConnectorError,
    Cursor,
    Problem,
    Reading,
    Scope,
    SourceContext,
    check,
    empty,
    is_currency,
)
from payflow_exports.format import About, Format
from payflow_exports.options import Options
from payflow_exports.source import Found, beside, recognise

if TYPE_CHECKING:
    from pathlib import Path

    from payflow_exports.body import Body
    from payflow_exports.problems import Problems
    from payflow_exports.sheet import Sheet


class FileConnector(Struct, frozen=True):
    """The files of one source, each of which is one reading."""

    context: SourceContext
    formats: Sequence[Format]
    options: Options

    def pull(self, cursor: Cursor | None) -> Iterator[Batch]:  # noqa: ARG002  # every file is read whole
        """One batch per file, oldest first.

        Raises `ConnectorError` where nothing can be read; of several files one that is damaged, or is none of the formats,
        becomes an unfinished reading.
        """
        if not self.context.files:
            raise ConnectorError(
                Problem(
                    f"source {self.context.name!r}",
                    "has no files",
                    "Put the exports where `files` says, or correct it.",
                )
            )
        found: list[Found] = []
        strange: list[tuple[Path, ConnectorError]] = []
        for path in self.context.files:
            try:
                found.append(recognise(path, self.formats, self.options))
            except ConnectorError as error:
                strange.append((path, error))
        if not found:
            raise strange[0][1]
        known = sorted(((self._about(item), item) for item in found), key=lambda pair: self._moment(*pair))
        for about, item in known:
            try:
                yield self._read(item, about)
            except ConnectorError as error:
                if len(known) == 1:
                    raise
                yield _nothing(item.name, item.format.name, self._moment(about, item), error)
        for path, reason in strange:
            yield _nothing(path.name, "", min(self._saved(path), self.context.now), reason)

    def _about(self, found: Found) -> About:
        return found.format.about(found.frame) if found.format.about else About()

    def _moment(self, about: About, found: Found) -> datetime:
        """The moment a file speaks for: the end of the report's day, or when it was made on that day; else the file's time.

        A report was made when it was printed, else when its file was saved. Of several reports for one day the later one is
        newer; one made before or long after its day speaks for the day all the same.
        """
        home = ZoneInfo(self.context.timezone)
        printed = about.printed if about.printed is None or about.printed.tzinfo else about.printed.replace(tzinfo=home)
        saved = self._saved(found.path)
        moment = printed or saved
        if about.as_of is not None:
            end = datetime.combine(about.as_of, time(23, 59, 59), tzinfo=home)
            moment = min(moment, end) if printed or saved.date() == about.as_of else end
        return min(moment.astimezone(home), self.context.now)

    def _saved(self, path: Path) -> datetime:
        """When a file was saved; one that cannot be asked speaks for now."""
        try:
            return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC).astimezone(ZoneInfo(self.context.timezone))
        except OSError:
            return self.context.now

    def _read(self, found: Found, about: About) -> Batch:
        from payflow_exports.body import read_body
        from payflow_exports.encoding import survey
        from payflow_exports.problems import Problems

        paired_quotes = quoted = True
        if found.content is None:
            seen = survey(found.path, self.options)
            found = recognise(found.path, [found.format], self.options, seen.encoding)
            paired_quotes, quoted = seen.paired_quotes, seen.quoted
        _refuse_rivals(found)
        problems = Problems(found.name)
        body = read_body(found, list(found.places), problems, paired_quotes=paired_quotes, quoted=quoted)
        cut_short = not len(body.rows) and found.format.report and about.printed is None
        if not body.any_rows or cut_short:
            raise ConnectorError(
                Problem(found.name, "has a header and no rows below it", "Export a period that has invoices.")
            )
        parts = {
            name: self._sheet(part, read_body(part, list(part.places), inside, paired_quotes=True), inside, About())
            for name, part in _parts(found)
            for inside in [Problems(f"{found.name} [{part.sheet}]")]
        }
        sheet = replace(self._sheet(found, body, problems, about), parts=parts)
        portion = found.format.build(sheet.with_currency())
        reading = Reading(
            scope=self.options.scope or portion.scope or about.scope or found.format.scope,
            as_of=self._moment(about, found),
            finished=not body.cut,
            covers_from=about.covers_from or portion.covers_from,
            covers_to=about.covers_to or portion.covers_to,
            dated_entries=found.format.dated_entries,
            by_day=found.format.by_day,
            open_only=found.format.open_only,
            origin=found.name,
            report=found.format.name,
        )
        return Batch(
            clients=check(portion.clients.reset_index(drop=True), CLIENTS),
            invoices=check(portion.invoices.reset_index(drop=True), INVOICES),
            entries=check(portion.entries.reset_index(drop=True), ENTRIES),
            reading=reading,
            lines=None if portion.lines is None else check(portion.lines.reset_index(drop=True), LINES),
            problems=(*problems.all(), *(problem for part in parts.values() for problem in part.problems.all())),
        )

    def _sheet(self, found: Found, body: Body, problems: Problems, about: About) -> Sheet:
        from payflow_exports.sheet import Conventions, Sheet

        return Sheet(
            conventions=Conventions(found, body, self.options, about),
            rows=body.rows,
            columns=body.columns,
            problems=problems,
            home=ZoneInfo(self.context.timezone),
            currency=self._currency(),
            good=np.ones(len(body.rows), dtype=np.bool_),
            currency_sure=self.options.currency is not None,
        )

    def _currency(self) -> str:
        currency = self.options.currency or self.context.currency
        if not is_currency(currency):
            raise ConnectorError(
                Problem("business.currency", f"{currency!r} is not a currency", "Write an ISO 4217 code such as EUR.")
            )
        return currency


def _nothing(name: str, report: str, moment: datetime, error: ConnectorError) -> Batch:
    """The reading of a file that could not be read, among others that could."""
    reading = Reading(scope=Scope.CHANGED, as_of=moment, finished=False, origin=name, report=report)
    return Batch(empty(CLIENTS), empty(INVOICES), empty(ENTRIES), reading, (error.problem,))


def _parts(found: Found) -> list[tuple[str, Found]]:
    """The other sheets of a workbook that belong to this one and are there."""
    return [(name, part) for name, item in found.format.parts.items() if (part := beside(found, item))]


def _refuse_rivals(found: Found) -> None:
    if found.rivals:
        names = " and ".join(repr(name) for name in (found.sheet, *found.rivals))
        remedy = f'Say which: sheet = "{found.sheet}" in the source, or once as --option sheet="{found.sheet}".'
        raise ConnectorError(Problem(found.name, f"the sheets {names} all hold {found.format.name}", remedy))
