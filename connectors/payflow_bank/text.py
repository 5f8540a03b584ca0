"""The text of a statement file: bounded, decoded as the file or the user says, and refused where it is none."""

from __future__ import annotations

import codecs
import io
import re
from pathlib import Path

from payflow.connector import ConnectorError, Problem
from payflow_exports.options import Options

#: Statements that are held as a whole may be so large: years of a busy account.
LARGEST = 128 * 1024**2
#: Enough of a file to know its format by.
HEAD = 64 * 1024
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(r"(?im)^\s*CHARSET:\s*([\w-]{1,20})|<\?xml[^>]{0,200}encoding=[\"']([\w.-]{1,40})")
_AGAIN = "Download the statement again."


def head_of(path: Path) -> str:
    """The beginning of a file as text, good enough to know its format; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            raw = file.read(HEAD)
    except OSError:
        return ""
    mark, encoding = _mark(raw)
    return raw[mark:].decode(encoding or "utf-8", errors="replace")


def text_of(path: Path, options: Options) -> str:
    """The whole text. Raises `ConnectorError` for files that are too large, no text, or in another encoding than asked for."""
    raw = bytes_of(path)
    mark, encoding = _mark(raw)
    if options.encoding and not mark:
        try:
            return raw.decode(options.encoding)
        except UnicodeError:
            found = f"is not in {options.encoding}"
            raise ConnectorError(Problem(path.name, found, "Correct or leave out the option `encoding`.")) from None
    if b"\0" in raw and not (encoding or "").startswith("utf-16"):
        raise ConnectorError(Problem(path.name, "holds NUL bytes, so it is damaged or no text at all", _AGAIN))
    for candidate in (encoding, "utf-8", _declared(raw), "cp1252"):
        try:
            if candidate:
                return raw[mark:].decode(candidate)
        except (LookupError, UnicodeError):
            if mark:
                raise ConnectorError(Problem(path.name, f"is damaged: it is no {encoding} text", _AGAIN)) from None
    return raw.decode("latin-1")


def bytes_of(path: Path) -> bytes:
    """All bytes of a file. Raises `ConnectorError` where it is too large or cannot be read."""
    try:
        with path.open("rb") as file:
            if file.seek(0, io.SEEK_END) > LARGEST:
                found = f"is larger than {LARGEST // 1024**2} MiB"
                raise ConnectorError(Problem(path.name, found, "Download a shorter period."))
            file.seek(0)
            return file.read()
    except OSError as error:
        found = f"cannot be read: {error.strerror}"
        raise ConnectorError(Problem(path.name, found, "Check the path and its rights.")) from error


def lines_of(text: str) -> list[str]:
    """The lines of a text as an editor counts them; other marks that end lines for Python stay in them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _mark(raw: bytes) -> tuple[int, str | None]:
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return len(mark), encoding
    return 0, None


def _declared(raw: bytes) -> str | None:
    """The encoding that an OFX header or an XML declaration names."""
    match = _DECLARED.search(raw[:4096].decode("latin-1"))
    if match is None:
        return None
    name = match[1] or match[2]
    return f"cp{name}" if name.isdigit() else name
