"""The domain's values in a TOML table: names, amounts, percentages, currencies, zones, countries, addresses.

Each function reads one key, notes what is wrong with it and returns a harmless value in that case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from payflow import money
from payflow.errors import nearest
from payflow.workspace.countries import COUNTRIES, OFTEN_MEANT
from payflow.workspace.document import Table, kind_of
from payflow.workspace.lines import KeyPath

_NAME = re.compile(r"\w[\w.-]*")
_NOT_IN_NAME = re.compile(r"[^\w.-]+")
_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.([0-9]+))?", re.ASCII)
_PERCENT = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,9})?", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>\"(),:;\[\]\\]{1,64}@[^@\s<>\"(),:;\[\]\\.]+(?:\.[^@\s<>\"(),:;\[\]\\.]+)+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", re.ASCII)
_PART = re.compile(r"(?:-[A-Z0-9]{1,3})?", re.ASCII)
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


def name(table: Table, key: str, example: str) -> str:
    """A required name that stands in references such as `acme-website/deposit`: letters, digits, `-`, `_` and `.`."""
    return check_name(table, key, table.text(key, example=example))


def check_name(table: Table, key: str, value: str) -> str:
    """The name if it is one, else empty, with the mistake noted."""
    if not value or _NAME.fullmatch(value):
        return value
    better = _NOT_IN_NAME.sub("-", value.lower()).strip("-.")
    shown = f': "{better}"' if better and _NAME.fullmatch(better) else ""
    table.wrong(key, f"{value!r} is no name", f"Names have letters, digits, '-', '_' and '.' only{shown}.")
    return ""


def currency(table: Table, key: str, default: str | None = None) -> str:
    """An ISO 4217 code, empty when wrong; required when `default` is None."""
    value = table.text(key, default, example='"EUR"')
    return value if not value or _is_currency(table, (key,), value) else ""


def _is_currency(table: Table, path: KeyPath, value: str) -> bool:
    if value.isascii() and money.is_currency(value):
        return True
    known = value.isascii() and money.is_currency(value.upper())
    remedy = (
        f"Write it in capitals: {value.upper()}." if known else "Write its three letters of ISO 4217: EUR, GBP, USD."
    )
    table.wrong(path, f"{value!r} is no currency", remedy)
    return False


def amount(table: Table, key: str, of: str) -> int:
    """A required amount in minor units of the currency `of`; more than nothing."""
    value = table.get(key)
    if value is None:
        table.missing(key, '"1000.00"')
        return 0
    return amount_of(table, (key,), value, of, least=1) or 0


def amounts(table: Table, key: str, of: str, *, least: int = 0) -> Mapping[str, int]:
    """Amounts by currency: one text is in the currency `of`, a table names its currencies. Empty when not written."""
    value = table.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        single = amount_of(table, (key,), value, of, least)
        return {} if single is None or not of else {of: single}
    found: dict[str, int] = {}
    for code, item in value.items():
        if _is_currency(table, (key, code), code):
            found[code] = amount_of(table, (key, code), item, code, least) or 0
    if not value:
        table.wrong(key, "no amount is given", f'Write {key} = "25.00" or {key} = {{ GBP = "25.00" }}.')
    return found


def amount_of(table: Table, path: KeyPath, value: Any, of: str, least: int) -> int | None:
    """Minor units, or None with the mistake noted. Without a currency (itself a mistake) only the form is checked."""
    key = str(path[-1])
    if not isinstance(value, str):
        shown = _quoted(value, of)
        remedy = f"Amounts are text in quotes, so that no cent is lost: {key} = {shown}."
        table.wrong(path, f"{kind_of(value)} stands where an amount belongs", remedy)
        return None
    match = _AMOUNT.fullmatch(value.strip())
    if match is None:
        remedy = 'Write up to 15 digits and at most one decimal point, nothing else: "4000.00".'
        table.wrong(path, f"{value[:40]!r} is no amount", remedy)
        return None
    digits = money.exponent(of) if of else 9
    if match[1] and len(match[1]) > digits:
        allowed = f"{of} has {digits} decimals" if digits else f"{of} has none"
        table.wrong(path, f"{value!r} has {len(match[1])} decimals", f"Write at most {digits}: {allowed}.")
        return None
    found = money.parse(value.strip(), of) if of else least
    if found < least:
        table.wrong(path, "the amount is nothing", "Write an amount above zero.")
    return found


def _quoted(value: Any, of: str) -> str:
    """A TOML number as the text it should have been."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        return '"25.00"'
    digits = money.exponent(of) if of else 2
    try:
        exact = Decimal(value).quantize(Decimal(1).scaleb(-digits))
        return f'"{exact if exact == value else value}"'
    except InvalidOperation:
        return '"25.00"'


def percent(table: Table, key: str) -> Fraction | None:
    """Percent as an exact fraction of one, more than 0 and at most 100; None when not written or wrong."""
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        shown = value if isinstance(value, int | Decimal) and not isinstance(value, bool) else "1.5"
        table.wrong(
            key, f"{kind_of(value)} stands where a percentage belongs", f'Write it in quotes: {key} = "{shown}".'
        )
        return None
    if not _PERCENT.fullmatch(value.strip()):
        remedy = f'Write digits and at most one decimal point, without the sign %: {key} = "1.5".'
        table.wrong(key, f"{value[:40]!r} is no percentage", remedy)
        return None
    found = Fraction(value.strip()) / 100
    if not 0 < found <= 1:
        table.wrong(key, f"{value} % is not between 0 and 100", "Leave it out for none; check the decimal point.")
        return None
    return found


def zone(table: Table, key: str, default: str | None = None) -> str:
    """An IANA time zone; required when `default` is None; `UTC` when wrong."""
    value = table.text(key, default, example='"Europe/London"')
    if not value or is_zone(value):
        return value or "UTC"
    from zoneinfo import available_timezones

    known = sorted(item for item in available_timezones() if "/" in item and not item.startswith(("posix", "right")))
    close = nearest(value, known)
    hint = close if close.startswith("Did you mean") else ""
    table.wrong(key, f"{value!r} is no time zone", f'{hint} Write area and city, as in "Europe/London".'.strip())
    return "UTC"


def is_zone(value: str) -> bool:
    """Whether the zone data knows this name."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def country(table: Table, key: str, default: str) -> str:
    """An ISO 3166 code: of a country (`GB`), or of a part with holidays of its own (`GB-SCT`)."""
    value = table.text(key, default)
    if not value or (value[:2] in COUNTRIES and _PART.fullmatch(value[2:])):
        return value
    meant = OFTEN_MEANT.get(value.upper(), value.upper())
    hint = f"Did you mean {meant!r}?" if meant in COUNTRIES else "Write its two letters of ISO 3166: GB, DE, US."
    table.wrong(key, f"{value!r} is no country", hint)
    return default


def language(table: Table, key: str, default: str) -> str:
    """A language tag: `en`, `pt-BR`."""
    value = table.text(key, default)
    if _LANGUAGE.fullmatch(value):
        return value
    table.wrong(key, f"{value!r} is no language", 'Write its short code in small letters: "en", "de", "pt-BR".')
    return default


def email(table: Table, key: str, default: str | None = None) -> str:
    """One e-mail address; required when `default` is None."""
    value = table.text(key, default, example='"billing@studio.example"')
    return value if not value or _is_email(table, (key,), value) else ""


def emails(table: Table, key: str) -> tuple[str, ...]:
    """A list of e-mail addresses."""
    values = table.texts(key, '["office@acme.example"]')
    return tuple(value for place, value in enumerate(values) if _is_email(table, (key, place), value))


def _is_email(table: Table, path: KeyPath, value: str) -> bool:
    if _EMAIL.fullmatch(value) and len(value) <= 254:
        return True
    table.wrong(path, f"{value[:60]!r} is no e-mail address", "Write the bare address: accounts@acme.example.")
    return False


def hours(table: Table, key: str, default: str) -> tuple[time, time] | None:
    """A window of the day, `09:00-17:00`, or None for `any`."""
    value = table.text(key, default)
    if value == "any":
        return None
    match = _HOURS.fullmatch(value)
    remedy = 'Write from-to in 24 hours, "09:00-17:00", or "any".'
    if match is None:
        table.wrong(key, f"{value[:40]!r} is no span of hours", remedy)
        return None
    start, end = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    if start >= end:
        table.wrong(key, f"{value!r} ends before it starts, so nothing could ever be sent", remedy)
        return None
    return start, end
