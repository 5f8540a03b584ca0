"""Money: currencies and their minor units, parsing, rounding and formatting.

Inside payflow an amount is an `int` of minor units beside an ISO 4217 code; decimal text stands at the borders only and
a float never touches it. Exponents come from the `iso4217` package (JPY 0, KWD 3, CLF 4).
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from msgspec import Struct


class Money(NamedTuple):
    """An amount in minor units and its currency."""

    amount: int
    currency: str

    def __str__(self) -> str:
        return show(self.amount, self.currency)


class AmountError(ValueError):
    """A text that is no amount in the currency at hand; the message says why."""


class Marks(StrEnum):
    """How a column writes its numbers."""

    # 1,234.50: the dot is the decimal mark, commas group thousands
    POINT = "1,234.50"
    # 1.234,50: the comma is the decimal mark, dots group thousands
    COMMA = "1.234,50"


@cache
def exponent(currency: str) -> int:
    """Digits of the minor unit of an ISO 4217 code; `KeyError` for a code that is not one."""
    return 2 if currency in _HUNDREDTHS else _exponents()[currency]


def is_currency(code: str) -> bool:
    """Whether `code` is a current ISO 4217 code (upper case) that money can be held in."""
    return code in _HUNDREDTHS or code in _exponents()


#: The common case, so that a status board need not load the whole table; a test holds it against that table.
_HUNDREDTHS = frozenset({
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "INR",
    "MXN", "NOK", "NZD", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "USD", "ZAR",
})  # fmt: skip


@cache
def _exponents() -> dict[str, int]:
    from iso4217 import Currency

    return {item.code: item.exponent for item in Currency if item.exponent is not None}


def parse(text: str, currency: str, marks: Marks = Marks.POINT) -> int:
    """Minor units of an amount as a person or a program writes it.

    Survives currency signs, spaces as thousands marks, `(400.00)` and a leading or trailing minus. More decimals
    than the currency has are an error unless they are zeros. Raises `AmountError`.
    """
    plain = _plain(text, marks)
    whole, _, fraction = plain.partition(".")
    digits = exponent(currency)
    if len(fraction) > digits and fraction[digits:].strip("0"):
        raise AmountError(f"{text!r} has more than {digits} decimals, which {currency} does not have")
    return int(whole + fraction[:digits].ljust(digits, "0"))


#: Blanks of all kinds, and marks of thousands that are like them.
_AROUND = r"[\s\u00a0\u202f\u2009'\u2019]+"
#: The signs that people and programs write for minus: hyphen, minus, dashes, and their wide and small forms.
_MINUS = r"\-\u2212\u2010\u2011\u2013\u2014\ufe63\uff0d"
#: A number and what may stand around it: currency signs and codes, signs, brackets; `12.-` has a dash for its cents.
_SIGN = (
    rf"^(?P<open>\()?(?P<minus>[{_MINUS}+])?(?:[A-Z]{{3}}|[A-Z]{{0,2}}\$|[^\w\s.,()+%{_MINUS}])?(?P<minus2>[{_MINUS}+])?"
    rf"(?P<number>[0-9.,]+)(?P<cents>(?<=[0-9][.,])[{_MINUS}]{{1,2}})?(?:[A-Z]{{3}}|[^\w\s.,()+%{_MINUS}])?"
    rf"(?P<after>[{_MINUS}])?(?P<close>\))?$"
)
_POINT = r"^(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3})?(?:\.[0-9]*)?$"
_COMMA = r"^(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+)?(?:,[0-9]*)?$"
#: Longer numbers are not amounts of money; the limit keeps hostile cells cheap.
_LONGEST = 40


class _Patterns(Struct, frozen=True):
    around: re.Pattern[str]
    sign: re.Pattern[str]
    point: re.Pattern[str]
    comma: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    """Compiled when a text first needs them: a command that reads a few plain amounts does not wait for it."""
    return _Patterns(*map(re.compile, (_AROUND, _SIGN, _POINT, _COMMA)))


def _plain(text: str, marks: Marks) -> str:
    if marks is Marks.POINT and _only_digits(text):
        return text
    patterns = _patterns()
    squeezed = patterns.around.sub("", text)
    match = patterns.sign.match(squeezed) if len(squeezed) <= _LONGEST else None
    if match is None or bool(match["open"]) != bool(match["close"]):
        raise AmountError(f"{text[:60]!r} is not an amount")
    number = match["number"]
    if not any(sign.isdigit() for sign in number):
        raise AmountError(f"{text[:60]!r} is not an amount")
    pattern, group, point = (patterns.point, ",", ".") if marks is Marks.POINT else (patterns.comma, ".", ",")
    if not pattern.match(number):
        raise AmountError(f"{text[:60]!r} is not an amount written like {marks.value}")
    minus = sum(1 for name in ("minus", "minus2", "after") if match[name] not in (None, "+"))
    if minus > 1 or (minus and match["open"]):
        raise AmountError(f"{text[:60]!r} has two signs")
    sign = "-" if minus or match["open"] else ""
    return sign + number.replace(group, "").replace(point, ".")


def _only_digits(text: str) -> bool:
    """Whether a text is digits, with or without decimals after a dot, and short enough."""
    whole, _, fraction = text.partition(".")
    return text.isascii() and whole.isdigit() and (not fraction or fraction.isdigit()) and len(text) <= _LONGEST


def decimal(amount: int, currency: str) -> str:
    """Minor units as plain decimal text: `4000.00`, `-15.00`, `1200` for yen. What `--json` prints."""
    digits = exponent(currency)
    sign, text = ("-" if amount < 0 else ""), str(abs(amount)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}"


def show(amount: int, currency: str) -> str:
    """Minor units for people: `4,000.00 GBP`."""
    whole, dot, fraction = decimal(abs(amount), currency).partition(".")
    return f"{'-' if amount < 0 else ''}{int(whole):,}{dot}{fraction} {currency}"


def round_half_up(numerator: int, denominator: int) -> int:
    """The one place where a figure is rounded: halves away from zero, exact at any size. `denominator` > 0."""
    quotient, rest = divmod(abs(numerator), denominator)
    quotient += 2 * rest >= denominator
    return -quotient if numerator < 0 else quotient
