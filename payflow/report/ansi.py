"""How text looks on the stream at hand: colours, signs beyond ASCII, and the width of the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from msgspec import Struct

#: Boards are laid out for this many columns where no terminal says otherwise, and for no more than `WIDEST`.
NARROW = 80
WIDEST = 110


class Style(Struct, frozen=True):
    """Colour on or off, signs beyond ASCII allowed or not, and columns to fill. The default suits a file."""

    colour: bool = False
    signs: bool = True
    columns: int = NARROW

    @property
    def ellipsis(self) -> str:
        """What stands for text that was cut off."""
        return "\u2026" if self.signs else "..."

    @property
    def dot(self) -> str:
        """What separates remarks on one line."""
        return " \u00b7 " if self.signs else " - "

    def bold(self, text: str) -> str:
        """A heading."""
        return self._paint("1", text)

    def dim(self, text: str) -> str:
        """What is good to know and can be skipped."""
        return self._paint("2", text)

    def red(self, text: str) -> str:
        """What stops work or costs money."""
        return self._paint("31;1", text)

    def yellow(self, text: str) -> str:
        """What needs a look."""
        return self._paint("33", text)

    def green(self, text: str) -> str:
        """What is as it should be."""
        return self._paint("32", text)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


def style_for(stream: TextIO, environ: Mapping[str, str]) -> Style:
    """The style for a stream: colour only on a terminal, never with `NO_COLOR` set or `TERM=dumb`."""
    terminal = stream.isatty()
    plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    columns = min(max(_terminal_columns(), NARROW), WIDEST) if terminal else NARROW
    return Style(terminal and not plain, _can_write(stream), columns)


def _terminal_columns() -> int:
    import shutil

    return shutil.get_terminal_size((NARROW, 24)).columns


def _can_write(stream: TextIO) -> bool:
    try:
        "\u2026\u00b7".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
