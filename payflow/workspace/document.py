"""Reading a TOML file so that every mistake in it can be told with file, line and key.

`Document` is one parsed file, `Spot` a place in it, `Findings` the list of mistakes, and `Table` reads typed values out of
one table. A value that is wrong is noted and a harmless one is returned in its place, so that one reading finds all mistakes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from payflow.errors import Problem, nearest
from payflow.workspace.lines import KeyPath, index_lines

_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
#: control characters: in a name or an address they would break the headers of an e-mail
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")


class Document(Struct, frozen=True, dict=True):
    """One file: its name as shown in messages, its text and its data."""

    name: str
    text: str
    data: Mapping[str, Any]

    @cached_property
    def lines(self) -> Mapping[KeyPath, int]:
        """Line of each key path; built when a message first needs it."""
        return index_lines(self.text)

    def line(self, path: KeyPath) -> int:
        """The line of a key, or of the nearest table around it when the key is not written."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class Spot(Struct, frozen=True):
    """A place in a file. As text: `payflow.toml:12, policy.standard.step#2.day`."""

    document: Document
    path: KeyPath

    @property
    def at(self) -> str:
        """File and line alone."""
        return f"{self.document.name}:{self.document.line(self.path)}"

    def __str__(self) -> str:
        return f"{self.at}, {dotted(self.path)}" if self.path else self.at


def dotted(path: KeyPath) -> str:
    """A key path as people write it; the n-th table of an array is `#n`, from 1."""
    return "".join(f"#{part + 1}" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


class Findings(Struct):
    """Mistakes and warnings in the order in which they were found."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, where: Spot | str, found: str, remedy: str, *, warning: bool = False) -> None:
        """Note one."""
        self.problems.append(Problem(str(where), found, remedy, warning))


def read_document(path: Path, name: str, findings: Findings) -> Document | None:
    """The file as a document; None, with the reason noted, when it is missing, not text or not TOML."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        findings.add(name, f"the file cannot be read: {error.strerror}", "Check that it exists and may be read.")
        return None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        findings.add(f"{name}:{line}", "the file is not UTF-8 text", "Save it in your editor with the encoding UTF-8.")
        return None
    try:
        return Document(name, text, tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        _note_syntax(name, text, str(error), findings)
    except (ValueError, RecursionError) as error:
        findings.add(name, f"the file is not TOML: {error}", "Shorten the number or the nesting that no file needs.")
    return None


def _note_syntax(name: str, text: str, said: str, findings: Findings) -> None:
    match = _AT_LINE.search(said)
    number = int(match[1]) if match else text.count("\n", 0, len(text.rstrip())) + 1
    line = text.split("\n")[number - 1].strip() if text else ""
    found = f"this is not TOML: {_AT_LINE.sub('', said)}"
    # a line may hold a secret by mistake, so only what stands before its value is shown
    key = line.partition("=")[0].strip()
    shown = f" near `{key[:40]}`" if key else ""
    findings.add(f"{name}:{number}", found + shown, _syntax_remedy(line))


def _syntax_remedy(line: str) -> str:
    value = line.partition("=")[2].strip()
    if re.match(r"\d{1,4}[-./]\d{1,2}[-./]\d", value):
        return "Write a date as year-month-day, two digits each for month and day, without quotes: 2026-10-01."
    if value and value[0] not in "\"'[{0123456789-+tf":
        return 'Text stands in quotes: key = "text".'
    return "Check quotes, brackets and commas on this line and the one before; a key is written once per section."


class Table:
    """Reads one table. Call `finish` at the end: keys that nobody asked for are mistakes."""

    def __init__(self, document: Document, path: KeyPath, data: Mapping[str, Any], findings: Findings) -> None:
        self.document, self.path, self.data, self.findings = document, path, data, findings
        self.asked: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def spot(self, *more: str | int) -> Spot:
        """The place of a key of this table (or further inside it), or of the table itself."""
        return Spot(self.document, (*self.path, *more))

    def wrong(self, key: str | KeyPath, found: str, remedy: str, *, warning: bool = False) -> None:
        """Note a mistake at a key."""
        path = (key,) if isinstance(key, str) else key
        self.findings.add(self.spot(*path), found, remedy, warning=warning)

    def missing(self, key: str, example: str) -> None:
        """Note that a required key is not there."""
        self.findings.add(self.spot(), f"{key!r} is missing", f"Add {key} = {example}.")

    def get(self, key: str) -> Any:
        """The raw value, None when not written; the key counts as known."""
        self.asked.append(key)
        return self.data.get(key)

    def text(self, key: str, default: str | None = None, *, example: str = '"..."') -> str:
        """One line of text; required when `default` is None."""
        value = self.get(key)
        if value is None:
            if default is None:
                self.missing(key, example)
            return default or ""
        return self._text(key, (key,), value, example) or default or ""

    def _text(self, key: str, path: KeyPath, value: Any, example: str) -> str:
        if not isinstance(value, str):
            self.wrong(path, f"{kind_of(value)} stands where text belongs", f"Write text in quotes: {key} = {example}.")
        elif not value.strip():
            self.wrong(path, "the text is empty", f"Write {key} = {example}, or leave the line out if it is optional.")
        elif _CONTROL.search(value):
            self.wrong(path, "the text has a line break or a control character", "Write it on one line.")
        else:
            return value.strip()
        return ""

    def texts(self, key: str, example: str = '["..."]') -> tuple[str, ...]:
        """A list of texts, empty when not written; wrong ones are left out."""
        value = self.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.wrong(key, f"{kind_of(value)} stands where a list belongs", f"Write a list: {key} = {example}.")
            return ()
        found = [self._text(key, (key, place), item, example) for place, item in enumerate(value)]
        return tuple(item for item in found if item)

    def whole(self, key: str, default: int | None, low: int, high: int, what: str = "") -> int:
        """A whole number from `low` to `high`; required when `default` is None."""
        value = self.get(key)
        if value is None:
            if default is None:
                self.missing(key, f"{max(low, 1)}{what and f' ({what})'}")
            return default or 0
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(key, f"{kind_of(value)} stands where a whole number belongs", f"Write it plain: {key} = 3.")
        elif not low <= value <= high:
            self.wrong(key, f"{value} is out of range", f"Write a whole number from {low} to {high}.")
        else:
            return value
        return default or 0

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.wrong(key, f"{kind_of(value)} stands where yes or no belongs", f"Write {key} = true or {key} = false.")
        return default

    def day(self, key: str) -> date | None:
        """A date, None when not written."""
        value = self.get(key)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        found = "a date with a time" if isinstance(value, datetime) else kind_of(value)
        remedy = f"Write year-month-day without quotes: {key} = 2026-10-01."
        self.wrong(key, f"{found} stands where a date belongs", remedy)
        return None

    def word(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        """One of a few words; required when `default` is None."""
        if default is not None and self.get(key) is None:
            return default
        before = len(self.findings.problems)
        value = self.text(key, default, example=f'"{known[0]}"')
        if value in known:
            return value
        if len(self.findings.problems) == before:
            self.wrong(key, f"{value!r} is not known here", nearest(value, [str(item) for item in known]))
        return default or ""

    def table(self, key: str) -> Table | None:
        """A table inside this one, None when not written."""
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, Mapping):
            return Table(self.document, (*self.path, key), value, self.findings)
        name = dotted((*self.path, key))
        self.wrong(key, f"{kind_of(value)} stands where a table belongs", f"Write [{name}] or {key} = {{ ... }}.")
        return None

    def tables(self, key: str) -> Iterator[Table]:
        """The tables of an array of tables, in order; none when not written."""
        value = self.get(key)
        if value is None:
            return
        header = ".".join(str(part) for part in (*self.path, key))
        if not isinstance(value, list):
            self.wrong(key, f"{kind_of(value)} stands where several belong", f"Write [[{header}]] in double brackets.")
            return
        for place, item in enumerate(value):
            if isinstance(item, Mapping):
                yield Table(self.document, (*self.path, key, place), item, self.findings)
            else:
                self.wrong((key, place), f"{kind_of(item)} stands where a table belongs", f"Write [[{header}]].")

    def finish(self) -> None:
        """Note every key that nobody asked for, with the nearest known one."""
        known = tuple(dict.fromkeys(self.asked))
        for key in self.data:
            if key not in known:
                self.wrong(key, f"unknown key {key!r}", nearest(key, known))


def kind_of(value: Any) -> str:
    """What a TOML value is, in words; never the value itself, which may be a secret in the wrong place."""
    if isinstance(value, bool):
        return "true or false"
    for kind, words in _KINDS:
        if isinstance(value, kind):
            return words
    return "something else"


_KINDS: tuple[tuple[type, str], ...] = (
    (str, "text"),
    (int, "a number"),
    (Decimal, "a number with decimals"),
    (datetime, "a date with a time"),
    (date, "a date"),
    (Mapping, "a table"),
    (list, "a list"),
)
