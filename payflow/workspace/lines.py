"""Where in a TOML text each key stands, because `tomllib` forgets it.

A key path is what leads to a value in the parsed data: `("policy", "standard", "step", 0, "day")`. The scanner walks over
text that `tomllib` has accepted, so it only has to know where things begin and end, never whether they are right.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]

_SPACES = re.compile(r"[ \t]*")
#: blanks, line ends and comments, between statements and inside arrays
_BETWEEN = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
#: the four kinds of strings, long ones first; a long one may end in up to two quotes of its own
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})' + r"|'''.*?'''(?:'{0,2})" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'",
    re.DOTALL,
)
#: numbers, booleans and dates
_PLAIN = re.compile(r"[^,\]}\n#]+")


def index_lines(text: str) -> Mapping[KeyPath, int]:
    """The line (from 1) of every key, table header, array element and n-th array table of a valid TOML text."""
    return _Scanner(text).scan()


class _Scanner:
    """One walk over one text; `found` fills up on the way."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[KeyPath, int] = {}
        #: how many tables each array of tables has so far
        self.tables: dict[KeyPath, int] = {}
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def scan(self) -> Mapping[KeyPath, int]:
        table: KeyPath = ()
        while self._next_statement():
            if self.text.startswith("[[", self.at):
                table = self._array_header()
            elif self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self.found

    def _next_statement(self) -> bool:
        self._skip(_BETWEEN)
        return self.at < len(self.text)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        taken = match[0] if match else ""
        self.at += len(taken)
        return taken

    def _note(self, path: KeyPath, line: int | None = None) -> None:
        self.found.setdefault(path, bisect_right(self.starts, self.at) if line is None else line)

    def _header(self) -> KeyPath:
        """`[a.b]`: the path that the keys below it belong to."""
        self.at += 1
        path = self._resolved(self._keys())
        self.at += 1
        return path

    def _array_header(self) -> KeyPath:
        """`[[a.b]]`: the path of this element."""
        self.at += 2
        *parents, last = self._keys()
        array = (*self._resolved(parents), last)
        count = self.tables.get(array, 0)
        self.tables[array] = count + 1
        self._note(array)
        self._note((*array, count))
        self.at += 2
        return (*array, count)

    def _resolved(self, keys: list[str]) -> KeyPath:
        """The path of header keys: one that names an array of tables means its last table so far."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            self._note(path)
            if path in self.tables:
                path = (*path, self.tables[path] - 1)
        return path

    def _keys(self) -> list[str]:
        """A dotted key, up to what follows it."""
        keys = []
        while True:
            self._skip(_SPACES)
            quoted = self._skip(_STRING)
            keys.append(tomllib.loads(f"k={quoted}")["k"] if quoted else self._skip(_BARE_KEY))
            self._skip(_SPACES)
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def _pair(self, table: KeyPath) -> None:
        line = bisect_right(self.starts, self.at)
        path = table
        for key in self._keys():
            path = (*path, key)
            self._note(path, line)
        self.at += 1
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._skip(_SPACES)
        if self.text.startswith("[", self.at):
            self._array(path)
        elif self.text.startswith("{", self.at):
            self._inline_table(path)
        elif not self._skip(_STRING):
            self._skip(_PLAIN)

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        count = 0
        while (mark := self._mark()) != "]":
            if mark != ",":
                self._note((*path, count))
                self._value((*path, count))
                count += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while (mark := self._mark()) != "}":
            if mark != ",":
                self._pair(path)

    def _mark(self) -> str:
        """The next character that is not blank; passed over when it is a comma or a closing bracket."""
        self._skip(_BETWEEN)
        mark = self.text[self.at]
        self.at += mark in ",]}"
        return mark
