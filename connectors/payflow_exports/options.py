"""The options that all file sources share, checked."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from msgspec import Struct

from payflow.connector import ConnectorError, Marks, Problem, Scope, is_currency, nearest
from payflow_exports.common import COMMON
from payflow_exports.format import DayOrder

__all__ = ["COMMON", "Options", "read_options"]

_MARKS = {"point": Marks.POINT, "comma": Marks.COMMA}
_DELIMITERS = {",": ",", ";": ";", "tab": "\t", "\t": "\t", "|": "|"}
#: A byte order mark is found before an encoding is asked for.
_WITHOUT_MARK = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_ENUM = TypeVar("_ENUM", bound=StrEnum)


class Options(Struct, frozen=True):
    """How to read the files of one source; None: find out."""

    encoding: str | None = None
    delimiter: str | None = None
    marks: Marks | None = None
    day_order: DayOrder | None = None
    currency: str | None = None
    scope: Scope | None = None
    sheet: str | None = None


def read_options(options: Mapping[str, Any], source: str) -> Options:
    """The shared options out of a source's own keys. Raises `ConnectorError` for a value that is none."""
    return Options(
        encoding=_encoding(options.get("encoding"), source),
        delimiter=_choice(options.get("delimiter"), _DELIMITERS, "delimiter", source),
        marks=_choice(options.get("decimal"), _MARKS, "decimal", source),
        day_order=_choice(options.get("date_format"), _words(DayOrder), "date_format", source),
        currency=_currency(options.get("currency"), source),
        scope=_choice(options.get("scope"), _words(Scope), "scope", source),
        sheet=str(options["sheet"]) if options.get("sheet") is not None else None,
    )


def _words(words: type[_ENUM]) -> dict[str, _ENUM]:
    return {word.value: word for word in words}


_VALUE = TypeVar("_VALUE")


def _choice(value: object, choices: Mapping[str, _VALUE], name: str, source: str) -> _VALUE | None:
    if value is None:
        return None
    if isinstance(value, str) and value in choices:
        return choices[value]
    raise _wrong(source, name, value, nearest(str(value), [choice for choice in choices if choice != "\t"]))


def _encoding(value: object, source: str) -> str | None:
    if value is None:
        return None
    try:
        "".encode(str(value))
        name = codecs.lookup(str(value)).name
        return _WITHOUT_MARK.get(name, name)
    except (LookupError, UnicodeError, ValueError):
        raise _wrong(source, "encoding", value, "Common ones are utf-8, cp1252, cp1250 and utf-16.") from None


def _currency(value: object, source: str) -> str | None:
    if value is None:
        return None
    code = str(value).strip().upper()
    if is_currency(code):
        return code
    raise _wrong(source, "currency", value, "Write an ISO 4217 code such as EUR.")


def _wrong(source: str, name: str, value: object, remedy: str) -> ConnectorError:
    return ConnectorError(Problem(f"source {source!r}: {name}", f"{value!r} is not a value of this option", remedy))
