"""Reading typed values out of tables that a person wrote in TOML or JSON, so that all mistakes are told in one go.

A value that is wrong is noted, with its key, what was found and what to do, and None or the default is returned in its place.
Days may be dates (TOML) or text (JSON); amounts and percentages are text, so that no binary fraction comes near them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar

from payflow import money
from payflow.errors import Problem, nearest

#: Grace and repetition longer than ten years are a slip of the keyboard.
LONGEST_DAYS = 3650
#: Days outside are slips too; within them no sum of days leaves the calendar.
_YEARS = range(1900, 2200)

KeyPath = tuple[str | int, ...]
Word = TypeVar("Word", bound=StrEnum)

#: Digits before the decimal point that books in columns of 64 bits have room for, in any currency.
MOST_DIGITS = 15

_AMOUNT = re.compile(r"0*([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_PERCENT = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,9})?", re.ASCII)


def dotted(path: KeyPath) -> str:
    """A key path as people write it; the n-th table of a list is `#n`, from 1: `payments#1.amount`."""
    return "".join(f"#{part + 1}" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


class Reader:
    """One table. Call `finish` at the end: keys that nobody asked for are mistakes."""

    def __init__(
        self,
        data: Mapping[str, Any],
        problems: list[Problem],
        place: Callable[[KeyPath], str] = dotted,
        path: KeyPath = (),
        digits: int = MOST_DIGITS,
    ) -> None:
        self.data, self.problems, self.place, self.path, self.digits = data, problems, place, path, digits
        self.asked: list[str] = []

    def __contains__(self, key: str) -> bool:
        """Whether something is said; JSON's null says nothing."""
        return self.data.get(key) is not None

    def wrong(self, key: str | KeyPath, found: str, remedy: str) -> None:
        """Note a mistake at a key, or at the table itself where the key is empty."""
        path = key if isinstance(key, tuple) else (key,) if key else ()
        self.problems.append(Problem(self.place((*self.path, *path)), found, remedy))

    def missing(self, key: str, example: str) -> None:
        """Note that a required key is not there."""
        self.wrong(key, "is missing", f"Write {example}.")

    def get(self, key: str) -> Any:
        """The raw value, None when not written; the key counts as known."""
        self.asked.append(key)
        return self.data.get(key)

    def text(self, key: str, example: str) -> str | None:
        """A text that is not empty."""
        value = self.get(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value.strip() if value else None
        found = "the text is empty" if isinstance(value, str) else f"{_kind_of(value)} stands where text belongs"
        self.wrong(key, found, f"Write {example}.")
        return None

    def word(self, key: str, words: type[Word], default: Word) -> Word:
        """One of a few words."""
        value = self.get(key)
        if value is None:
            return default
        known = [item.value for item in words]
        if isinstance(value, str) and value in known:
            return words(value)
        found = f"{value!r} is not known here" if isinstance(value, str) else f"{_kind_of(value)} stands here"
        close = nearest(value, known) if isinstance(value, str) else ""
        listed = ", ".join(f'"{item}"' for item in known)
        self.wrong(key, found, f"{close if close.startswith('Did') else ''} Write one of {listed}.".strip())
        return default

    def day(self, key: str) -> date | None:
        """A day of these centuries, `2026-11-21` as a date or as text."""
        value = self.get(key)
        found = value if isinstance(value, date) and not isinstance(value, datetime) else None
        if isinstance(value, str) and _DAY.fullmatch(value):
            try:
                found = date.fromisoformat(value)
            except ValueError:
                self.wrong(key, f"{value!r} is no day of the calendar", "Check month and day: 2026-11-21.")
                return None
        if found is not None and not _YEARS.start <= found.year < _YEARS.stop:
            remedy = f"Write a year from {_YEARS.start} to {_YEARS.stop - 1}."
            self.wrong(key, f"{found} is too far away to be meant", remedy)
            return None
        if found is None and value is not None:
            shown = f"{value[:40]!r}" if isinstance(value, str) else _kind_of(value)
            self.wrong(key, f"{shown} stands where a day belongs", "Write it as year-month-day: 2026-11-21.")
        return found

    def whole(self, key: str, high: int) -> int | None:
        """A whole number from 0 to `high`."""
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(key, f"{_kind_of(value)} stands where a whole number belongs", f"Write it plain: {key} = 3.")
        elif not 0 <= value <= high:
            self.wrong(key, f"{value} is out of range", f"Write a whole number from 0 to {high}.")
        else:
            return value
        return None

    def flag(self, key: str) -> bool | None:
        """True or false."""
        value = self.get(key)
        if value is None or isinstance(value, bool):
            return value
        self.wrong(key, f"{_kind_of(value)} stands where yes or no belongs", f"Write {key} = true or {key} = false.")
        return None

    def amount(self, key: str, currency: str, *, least: int = 1) -> int | None:
        """Minor units of a currency, at least `least`. With an unknown currency only the form is checked."""
        return self.amount_of((key,), self.get(key), currency, least)

    def amount_of(self, path: KeyPath, value: Any, currency: str, least: int) -> int | None:
        """`amount` of a value that stands at a path of this table."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            found = f"{_kind_of(value)} stands where an amount belongs"
            self.wrong(path, found, 'Write it as text, so that no cent is lost: "25.00".')
            return None
        text = str(value).strip()
        match = _AMOUNT.fullmatch(text)
        if match is None:
            remedy = 'Write digits and at most one decimal point, above zero and nothing else: "4000.00".'
            self.wrong(path, f"{text[:40]!r} is no amount", remedy)
            return None
        whole, decimals = len(match[1]), len(match[2] or "")
        if whole > self.digits:
            self.wrong(path, f"{text[:40]!r} has {whole} digits before the point", f"Write at most {self.digits}.")
            return None
        digits = money.exponent(currency) if currency else decimals
        if decimals > digits:
            allowed = f"{currency} has {digits} decimals" if digits else f"{currency} has none"
            self.wrong(path, f"{text!r} has {decimals} decimals", f"Write at most {digits}: {allowed}.")
            return None
        found_units = money.parse(text, currency) if currency else least
        if found_units < least:
            self.wrong(path, "the amount is nothing", "Write an amount above zero, or leave it out.")
            return None
        return found_units

    def percent(self, key: str, *, high: int = 100) -> Fraction | None:
        """Percent as an exact fraction of one, more than 0."""
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            found = f"{_kind_of(value)} stands where a percentage belongs"
            shown = value if isinstance(value, Decimal) and value > 0 else "1.5"
            self.wrong(key, found, f'Write it as text, so that it stays exact: {key} = "{shown}".')
            return None
        text = str(value).strip()
        if not _PERCENT.fullmatch(text):
            remedy = f'Write digits and at most one decimal point, without the sign %: {key} = "1.5".'
            self.wrong(key, f"{text[:40]!r} is no percentage", remedy)
            return None
        found_share = Fraction(text) / 100
        if not 0 < found_share <= Fraction(high, 100):
            remedy = "Leave it out for none; check the decimal point."
            self.wrong(key, f"{text} % is not between 0 and {high}", remedy)
            return None
        return found_share

    def table(self, key: str, example: str) -> Reader | None:
        """A table inside this one, None when not written."""
        value = self.get(key)
        if isinstance(value, Mapping):
            return Reader(value, self.problems, self.place, (*self.path, key), self.digits)
        if value is not None:
            self.wrong(key, f"{_kind_of(value)} stands where a table belongs", f"Write {key} = {example}.")
        return None

    def tables(self, key: str, example: str) -> list[Reader]:
        """The tables of a list, in order; none when not written."""
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(key, f"{_kind_of(value)} stands where a list belongs", f"Write {key} = [{example}].")
            return []
        found = []
        for place, item in enumerate(value):
            if isinstance(item, Mapping):
                found.append(Reader(item, self.problems, self.place, (*self.path, key, place), self.digits))
            else:
                self.wrong((key, place), f"{_kind_of(item)} stands where a table belongs", f"Write {example}.")
        return found

    def finish(self, but: Collection[str] = ()) -> None:
        """Note every key that nobody asked for, with the nearest known one."""
        known = tuple(dict.fromkeys(self.asked))
        for key in self.data:
            if key not in known and key not in but:
                self.wrong(str(key), "is no key that is known here", nearest(str(key), known))


def _kind_of(value: Any) -> str:
    """What a value is, in words."""
    for kind, words in _KINDS:
        if isinstance(value, kind):
            return words
    return "a number with decimals"


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "a number"),
    (datetime, "a date with a time"),
    (date, "a date"),
    (Mapping, "a table"),
    (list, "a list"),
)
