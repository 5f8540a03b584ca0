"""The files of a source of statements, each of which is one reading of lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from payflow.connector import (
    CLIENTS,
    ENTRIES,
    INVOICES,
    Batch,
    ConnectorError,
    Cursor,
    Problem,
    Reading,
    Scope,
    SourceContext,
    empty,
    is_currency,
)
from payflow_bank import camt, kinds, mt940, ofx, qif
from payflow_bank.statement import TRANSFER, Statement, balance, kind_by_text
from payflow_bank.table import UNDESCRIBED, described, shared
from payflow_bank.text import text_of
from payflow_exports.format import Format
from payflow_exports.options import Options, read_options
from payflow_exports.problems import Problems

if TYPE_CHECKING:
    import pandas as pd

_EMPTY = "Download it again and check that the download finished."
#: So many digits at its end tell an account from others.
_TELLING = 5
_TEXTS = ("account", "currency", "payer", "payer_account", "text", "reference", "bank_id", "kind")


class Settings(Struct, frozen=True):
    """A source's options, checked. `table` is the format that its `columns` describe."""

    options: Options
    account: str = ""
    table: Format | None = None
    notifications: bool = False


def read_settings(context: SourceContext) -> Settings:
    """The options of a source. Raises `ConnectorError` for a value that is none."""
    given, where = context.options, f"source {context.name!r}"
    account = given.get("account", "")
    if not isinstance(account, str):
        raise ConnectorError(
            Problem(f"{where}: account", f"{account!r} is no account", 'Write it in quotes: account = "DE12 ...".')
        )
    account = "".join(account.split())
    notifications = given.get("notifications", False)
    if notifications not in (True, False, "true", "false"):
        raise ConnectorError(
            Problem(f"{where}: notifications", f"{notifications!r} is neither true nor false", "Write true.")
        )
    columns = given.get("columns")
    return Settings(
        read_options(given, context.name),
        account,
        described(columns, context.name, account) if columns is not None else None,
        notifications in (True, "true"),
    )


class BankConnector(Struct, frozen=True):
    """The statements of one source."""

    context: SourceContext
    settings: Settings

    def pull(self, cursor: Cursor | None) -> Iterator[Batch]:  # noqa: ARG002  # every file is read whole
        """One batch per file, in the order given.

        Raises `ConnectorError` where nothing can be read; of several files one that cannot be read is an unfinished reading.
        """
        files = self.context.files
        if not files:
            remedy = "Put the statements where `files` says, or correct it."
            raise ConnectorError(Problem(f"source {self.context.name!r}", "has no files", remedy))
        failed: list[tuple[Path, ConnectorError]] = []
        for path in files:
            try:
                batches = list(self._read(path))
            except ConnectorError as error:
                failed.append((path, error))
                if len(failed) == len(files):
                    raise
            else:
                yield from batches
        for path, reason in failed:
            yield self._batch(path, None, "", (reason.problem,), None, finished=False)

    def _read(self, path: Path) -> Iterator[Batch]:
        kind = kinds.kind_of(path)
        if kind is None or kind.word == kinds.TABLE:
            yield from self._table(path, kind)
            return
        if kind.word == kinds.CAMT and kind.title != "CAMT.053 statement" and not self.settings.notifications:
            found = f"is a {kind.title}, which repeats what CAMT.053 statements hold"
            remedy = "Read the CAMT.053 statements of the account; if there are none, write notifications = true in the source."
            raise ConnectorError(Problem(path.name, found, remedy))
        problems = Problems(path.name)
        statements = list(self._statements(path, kind.word, problems))
        if not statements:
            raise ConnectorError(Problem(path.name, f"is a {kind.title} and holds none", _EMPTY))
        for statement in statements:
            if not statement.assumed:
                balance(statement, problems)
            for line in statement.lines:
                if line.kind is TRANSFER:
                    line.kind = kind_by_text(line.text, line.amount)
        self._own(statements, problems)
        self._assumed(statements, problems)
        closed = [statement.closed_on for statement in statements if statement.closed_on]
        yield self._batch(path, _frame(statements), kind.title, problems.all(), max(closed, default=None))

    def _statements(self, path: Path, word: str, problems: Problems) -> Iterator[Statement]:
        if word == kinds.CAMT:
            return camt.read(path, problems)
        options, currency = self.settings.options, self._currency()
        text = text_of(path, options)
        readers: dict[str, Callable[[], Iterator[Statement]]] = {
            kinds.OFX: lambda: ofx.read(text, path.name, currency, problems),
            kinds.QIF: lambda: qif.read(text, path.name, currency, options, problems),
            kinds.MT940: lambda: mt940.read(text, path.name, problems),
        }
        return readers[word]()

    def _table(self, path: Path, kind: kinds.Kind | None) -> Iterator[Batch]:
        """A CSV, read as all exports are. Without `columns` only the shared header is known."""
        from payflow_exports.files import FileConnector

        formats = [self.settings.table] if self.settings.table else []
        if kind is not None:
            formats.append(shared(self.settings.account))
        if not formats:
            from payflow_exports.view import first_look

            first_look(path, self.settings.options)
            raise ConnectorError(
                Problem(path.name, "is no statement that is known by itself, so its columns need names", UNDESCRIBED)
            )
        yield from FileConnector(replace(self.context, files=(path,)), formats, self.settings.options).pull(None)

    def _own(self, statements: list[Statement], problems: Problems) -> None:
        """Keep the account that the source is about, under the name that the source gives it."""
        account = self.settings.account
        if not account:
            return
        others: dict[str, int] = {}
        for statement in list(statements):
            if statement.account and not same_account(statement.account, account):
                others[statement.account] = others.get(statement.account, 0) + len(statement.lines)
                statements.remove(statement)
            else:
                statement.account = account
        for other, count in others.items():
            found = f"{count} lines of the account {other} are left out: this source is about {account}"
            problems.add("", found, "Add a source for it, or take `account` out to read all accounts.", warning=True)

    def _assumed(self, statements: Sequence[Statement], problems: Problems) -> None:
        count = sum(len(statement.lines) for statement in statements if statement.assumed)
        if count and self.settings.options.currency is None:
            currency = self._currency()
            remedy = f'Write currency = "{currency}" for this source if that is right.'
            problems.add("", f"{count} lines name no currency; {currency} is assumed", remedy, warning=True)

    def _currency(self) -> str:
        currency = self.settings.options.currency or self.context.currency
        if not is_currency(currency):
            remedy = "Write an ISO 4217 code such as EUR."
            raise ConnectorError(Problem("business.currency", f"{currency!r} is not a currency", remedy))
        return currency

    def _batch(
        self,
        path: Path,
        lines: pd.DataFrame | None,
        title: str,
        problems: Sequence[Problem],
        day: date | None,
        *,
        finished: bool = True,
    ) -> Batch:
        reading = Reading(
            scope=Scope.CHANGED, as_of=self._moment(path, day), finished=finished, origin=path.name, report=title
        )
        return Batch(empty(CLIENTS), empty(INVOICES), empty(ENTRIES), reading, problems, lines=lines)

    def _moment(self, path: Path, day: date | None) -> datetime:
        """The end of the day on which the last statement closes, else the file's time; never later than now."""
        home = ZoneInfo(self.context.timezone)
        try:
            saved = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
        except OSError:
            saved = self.context.now
        moment = datetime.combine(day, time(23, 59, 59), tzinfo=home) if day else saved
        return min(moment.astimezone(home), self.context.now)


def same_account(one: str, other: str) -> bool:
    """Whether two texts name one account: an IBAN ends with the number that MT940 and OFX give, leading zeros aside."""
    one, other = sorted((_bare(one), _bare(other)), key=len)
    last = one.rpartition("/")[2]
    forms = {form.lstrip("0") for form in (one.replace("/", ""), last)}
    whole = other.replace("/", "")
    return one == other or any(len(form) >= _TELLING and whole.endswith(form) for form in forms)


def _bare(account: str) -> str:
    return "".join(sign for sign in account.upper() if sign.isalnum() or sign == "/")


def _frame(statements: Sequence[Statement]) -> pd.DataFrame:
    """Canonical lines; those of one statement, with its further pages, are told apart together."""
    import pandas as pd

    from payflow_exports.line_keys import with_line_keys

    whole: list[list[Statement]] = []
    for statement in statements:
        if statement.continues and whole and whole[-1][-1].account == statement.account:
            whole[-1].append(statement)
        else:
            whole.append([statement])
    frames = [with_line_keys(_table_of(pages)) for pages in whole]
    table = pd.concat(frames, ignore_index=True)
    return table.loc[~table["key"].duplicated()].reset_index(drop=True)


def _table_of(pages: Sequence[Statement]) -> pd.DataFrame:
    import pandas as pd

    # banks write notices as lines of nothing: no money moved
    pairs = [(statement, line) for statement in pages for line in statement.lines if line.amount]
    columns: dict[str, pd.Series] = {
        name: pd.Series(
            [getattr(line, name, None) or getattr(statement, name, "") for statement, line in pairs], dtype="str"
        )
        for name in _TEXTS
    }
    for name in ("on", "value_on"):
        columns[name] = pd.Series([getattr(line, name) for _, line in pairs], dtype="datetime64[s]")
    columns["amount"] = pd.Series([line.amount for _, line in pairs], dtype="Int64")
    return pd.DataFrame(columns)
