"""Which mark of a money column is the decimal one, and the column's amounts in minor units.

`1,234.50` and `12.5` prove a decimal point, `1.234,50` and `12,5` a decimal comma; `1.234` alone proves nothing. The convention
is taken from the column, else from the file's other money columns; a guess is never made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from payflow.connector import AmountError, Marks, exponent, parse

_NUMBER = re.compile(r"[0-9][0-9.,]*|[.,][0-9]+")
#: Digits in groups by one mark, perhaps decimals after the other; all else is no amount and proves nothing.
_GROUPED = re.compile(r"^[0-9]*(?:,[0-9]{2,3})*(?:\.[0-9]*)?$|^[0-9]*(?:\.[0-9]{3})*(?:,[0-9]*)?$")
_BLANKS = re.compile(r"[\s']+")
#: Longer cells are no amounts; the limit keeps hostile ones cheap.
_LONGEST = 60
#: Minor units beyond this are no amounts of money; sums of them stay within 64 bits.
LARGEST = 10**15


class MarkProof(Struct, frozen=True):
    """Texts that prove a decimal mark, empty where none does, and one whose meaning depends on it."""

    point: str = ""
    comma: str = ""
    either: str = ""


def mark_proof(texts: Iterable[str]) -> MarkProof:
    """What a column's amounts say about their decimal mark."""
    point = comma = either = ""
    for text in texts:
        marks = _shown(text)
        if marks is Marks.POINT:
            point = point or text
        elif marks is Marks.COMMA:
            comma = comma or text
        elif marks:
            either = either or text
    return MarkProof(point, comma, either)


def _shown(text: str) -> Marks | str | None:
    """The marks that a text proves; `either` where it depends on them; None where it has no mark at all."""
    whole, point, cents = text.partition(".")
    if point and len(cents) in (1, 2, 4) and whole.isdecimal() and cents.isdecimal():
        return Marks.POINT  # the common case
    if len(text) > _LONGEST:
        return None
    match = _NUMBER.search(_BLANKS.sub("", text))
    number = match[0].rstrip(".,") if match else ""
    points, commas = number.count("."), number.count(",")
    if (not points and not commas) or not _GROUPED.match(number):
        return None
    if points and commas:
        last_is_point = number.rfind(".") > number.rfind(",")
        return Marks.POINT if last_is_point else Marks.COMMA
    mark = "." if points else ","
    if points + commas > 1:  # a decimal mark stands once: these group thousands
        return Marks.COMMA if mark == "." else Marks.POINT
    whole, _, fraction = number.partition(mark)
    if len(fraction) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0"):
        return "either"
    return Marks.POINT if mark == "." else Marks.COMMA


def amount(text: str, currency: str, marks: Marks) -> int:
    """Minor units of one cell. Raises `AmountError`."""
    if marks is Marks.POINT and exponent(currency) == 2:
        whole, _, cents = text.partition(".")
        if len(cents) == 2 and 0 < len(whole) <= 12 and text.isascii() and whole.isdecimal() and cents.isdecimal():
            return int(whole + cents)  # the common case, ten times as fast
    value = parse(text, currency, marks)
    if abs(value) > LARGEST:
        raise AmountError(f"{text!r} is too large to be an amount of money")
    return value
