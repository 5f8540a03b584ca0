"""The bytes of a file: what they hold if they hold text, in which encoding, and whether the file is whole."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from payflow.connector import ConnectorError, Problem
from payflow_exports.options import Options

#: Bytes from the beginning in which a header is looked for.
HEAD_BYTES = 256 * 1024
CHUNK = 1024 * 1024
#: Bytes that tell how a text is written.
_SAMPLE = 1000
_LARGEST_FILE = 8 * 1024**3
#: Longer marks first: that of UTF-32 begins like that of UTF-16.
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARIES = {
    b"\xd0\xcf\x11\xe0": ("is an old Excel workbook, or one with a password", "Open it and save it as XLSX or CSV."),
    b"%PDF": ("is a PDF, not a CSV file", "Export the report as CSV."),
    b"\x1f\x8b": ("is compressed", "Unpack it first."),
}
EMPTY = "Export it again and check that the download finished."


class Survey(Struct, frozen=True):
    """What one pass over a whole file tells: its encoding, whether it has quotes, and whether they come in pairs."""

    encoding: str
    quoted: bool
    paired_quotes: bool


def survey(path: Path, options: Options) -> Survey:
    """Stream through the file once. Raises `ConnectorError` for NUL bytes, damaged or undecodable text."""
    head = read_bytes(path, 0, _SAMPLE)
    bom, encoding = byte_order(head, options.encoding or "utf-8")
    decoder = codecs.getincrementaldecoder(encoding)()
    valid, quotes, plain = True, 0, codecs.lookup(encoding).name == "utf-8"
    for chunk in chunks(path, bom):
        if not is_wide(encoding) and b"\0" in chunk:
            raise ConnectorError(Problem(path.name, "holds NUL bytes, so it is damaged or no text at all", EMPTY))
        quotes += chunk.count(b'"')
        # ASCII is right in itself where no sign is begun: most of most files need no decoding
        if valid and not (plain and chunk.isascii() and not decoder.getstate()[0]):
            try:
                decoder.decode(chunk)
            except UnicodeError:
                valid = False
    try:
        decoder.decode(b"", final=True)
    except UnicodeError:
        valid = False
    if not valid:
        encoding = _fallback(path, bom, encoding, options)
    wide = is_wide(encoding)
    return Survey(encoding, wide or quotes > 0, wide or quotes % 2 == 0)


def read_bytes(path: Path, at: int, count: int) -> bytes:
    """Bytes of a file from a position on, from its end where that is negative. Raises `ConnectorError`."""
    try:
        with path.open("rb") as file:
            if (size := file.seek(0, io.SEEK_END)) > _LARGEST_FILE:
                raise ConnectorError(Problem(path.name, "is larger than 8 GiB", "Export a shorter period."))
            file.seek(max(0, size + at) if at < 0 else at)
            return file.read(count)
    except OSError as error:
        raise ConnectorError(
            Problem(path.name, f"cannot be read: {error.strerror}", "Check the path and its rights.")
        ) from error


def chunks(path: Path, at: int) -> Iterator[bytes]:
    """A file from a position on, piece by piece."""
    with path.open("rb") as file:
        file.seek(at)
        while chunk := file.read(CHUNK):
            yield chunk


def refuse_binaries(path: Path, raw: bytes, encoding: str) -> None:
    """Raise `ConnectorError` for what is no text at all."""
    for magic, (found, remedy) in _BINARIES.items():
        if raw.startswith(magic):
            raise ConnectorError(Problem(path.name, found, remedy))
    if b"\0" in raw and not is_wide(encoding):
        raise ConnectorError(Problem(path.name, "holds NUL bytes, so it is damaged or no text at all", EMPTY))


def is_wide(encoding: str) -> bool:
    """Whether characters take several bytes, zeros among them."""
    return codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))


def byte_order(raw: bytes, otherwise: str) -> tuple[int, str]:
    """The length of the byte order mark, and the encoding that it tells; none, and the other encoding, where there is none.

    UTF-16 without a mark shows by its zeros: a header is mostly ASCII, of which every other byte is zero.
    """
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return len(bom), encoding
    even, odd = raw[:_SAMPLE:2], raw[1:_SAMPLE:2]
    for zeros, others, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros.count(0) * 2 > len(zeros) and not others.count(0) and otherwise == "utf-8":
            return 0, encoding
    return 0, otherwise


def _fallback(path: Path, bom: int, encoding: str, options: Options) -> str:
    if options.encoding:
        found = f"is not in {options.encoding}"
        raise ConnectorError(Problem(path.name, found, "Correct or leave out the option `encoding`."))
    if is_wide(encoding):
        raise ConnectorError(Problem(path.name, f"is damaged: it is no {encoding.upper()} text", EMPTY))
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    western = codecs.getincrementaldecoder("cp1252")()
    good = bad = 0
    try:
        for chunk in chunks(path, bom):
            text = decoder.decode(chunk)
            bad += text.count("\ufffd")
            good += 0 if text.isascii() else sum(1 for sign in text if sign > "\x7f" and sign != "\ufffd")
            western.decode(chunk)
    except UnicodeError:
        found, remedy = "is neither UTF-8 nor cp1252", 'Name its encoding: encoding = "cp1250" or the like.'
        raise ConnectorError(Problem(path.name, found, remedy)) from None
    if bom or good > bad:
        remedy = 'Export it again; if it is not UTF-8, name its encoding: encoding = "cp1252" or the like.'
        raise ConnectorError(Problem(path.name, f"is UTF-8 with {bad} damaged places", remedy))
    return "cp1252"
