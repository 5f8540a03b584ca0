"""Text in columns of a terminal: display width, cutting, padding, wrapping, and making foreign text harmless."""

from __future__ import annotations

from unicodedata import category, combining, east_asian_width


def clean(text: str) -> str:
    """Text from the books, safe to print: control characters, line breaks and escape sequences become blanks."""
    if text.isprintable():
        return text
    blanked = "".join(" " if category(sign)[0] in "CZ" else sign for sign in text)
    return " ".join(blanked.split())


def harmless(text: str) -> str:
    """A message of several lines, whose words may come from files, safe to print: only its line breaks stay."""
    return "\n".join(line if line.isprintable() else clean(line) for line in text.split("\n"))


def width(text: str) -> int:
    """Columns a terminal gives to the text: wide East Asian signs take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def cut(text: str, columns: int, ellipsis: str) -> str:
    """The text in at most `columns` columns; what is cut off is replaced by the ellipsis."""
    if width(text) <= columns:
        return text
    room = columns - width(ellipsis)
    kept = ""
    for sign in text:
        room -= width(sign)
        if room < 0:
            break
        kept += sign
    return kept.rstrip() + ellipsis


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """The text filled up with blanks to `columns` columns, on its left side when it is aligned to the right."""
    blanks = " " * (columns - width(text))
    return blanks + text if right else text + blanks


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most `columns` columns, broken between words; a longer word keeps a line of its own."""
    lines: list[str] = []
    line, used = "", 0
    for word in text.split():
        size = width(word)
        if line and used + 1 + size > columns:
            lines.append(line)
            line, used = "", 0
        line, used = (f"{line} {word}", used + 1 + size) if line else (word, size)
    return [*lines, line] if line else lines


def block(text: str, columns: int, first: str, rest: str | None = None) -> list[str]:
    """A wrapped paragraph: `first` stands before its first line, `rest` (or as many blanks) before the others."""
    rest = " " * width(first) if rest is None else rest
    lines = wrap(clean(text), columns - width(first)) or [""]
    return [(first if number == 0 else rest) + line for number, line in enumerate(lines)]
