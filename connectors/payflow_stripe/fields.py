"""Reading fields of Stripe's objects: every value is checked before it is believed, and a wrong one says where it stood."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from payflow.connector import exponent, is_currency

Object = Mapping[str, Any]

#: Digits of Stripe's minor unit where they differ from ISO 4217's. Krona and shilling have none in ISO but keep two at Stripe
#: for the sake of old callers; the ariary has two in ISO but none at Stripe (docs.stripe.com/currencies).
_OWN_DIGITS = {"ISK": 2, "UGX": 2, "MGA": 0}
#: Amounts are held in 64 bits; nothing real comes near.
_LARGEST = 10**17


class FieldError(ValueError):
    """A field that does not hold what Stripe says it does: its name, and what was found."""

    def __init__(self, name: str, found: object) -> None:
        self.name = name
        super().__init__(f"field {name!r} holds {str(found)[:60]!r}")


def text(source: Object, name: str) -> str:
    """A text field on one line; empty where there is none."""
    value = source.get(name)
    return " ".join(value.split()) if isinstance(value, str) else ""


def part(source: Object, name: str) -> Object:
    """An object inside the object; empty where there is none or where it is only named, not expanded."""
    value = source.get(name)
    return value if isinstance(value, dict) else {}


def items(source: Object, name: str) -> list[Object]:
    """A plain array of objects, or the `data` of a list object."""
    value = source.get(name)
    found = value.get("data") if isinstance(value, dict) else value
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def ref(source: Object, name: str) -> str:
    """The id of another object, whether it is named or expanded; empty where there is none."""
    value = source.get(name)
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def whole(source: Object, name: str) -> int:
    """A whole number that has to be there. Raises `FieldError`."""
    value = source.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
        raise FieldError(name, value)
    return value


def whole_or(source: Object, name: str, otherwise: int) -> int:
    """A whole number, or `otherwise` where the field is absent or null. Raises `FieldError` for anything else."""
    return otherwise if source.get(name) is None else whole(source, name)


def currency_of(source: Object) -> str:
    """The ISO 4217 code. Raises `FieldError` for a code that is none."""
    code = text(source, "currency").upper()
    if not is_currency(code):
        raise FieldError("currency", source.get("currency"))
    return code


def money(source: Object, name: str, currency: str) -> int:
    """An amount that has to be there, in ISO 4217 minor units. Raises `FieldError`."""
    return to_minor(whole(source, name), currency, name)


def money_or(source: Object, name: str, currency: str, otherwise: int) -> int:
    """An amount in ISO 4217 minor units, or `otherwise` where the field is absent or null."""
    return otherwise if source.get(name) is None else money(source, name, currency)


def to_minor(amount: int, currency: str, name: str = "amount") -> int:
    """Stripe's integer as ISO 4217 minor units. Raises `FieldError` when it does not come out even."""
    digits = _OWN_DIGITS.get(currency)
    if digits is None:
        return amount
    shift = exponent(currency) - digits
    factor: int = 10 ** abs(shift)
    if shift >= 0:
        return amount * factor
    result, rest = divmod(amount, factor)
    if rest:
        raise FieldError(name, f"{amount} hundredths of {currency}, which has none")
    return result


class Days(Struct, frozen=True):
    """Turns Stripe's stamps (seconds since 1970, UTC) into dates of the business's time zone."""

    zone: ZoneInfo

    def of(self, source: Object, *names: str) -> date | None:
        """The date of the first of these fields that is set. Raises `FieldError` for one that is no stamp."""
        for name in names:
            if source.get(name) is not None:
                stamp = whole(source, name)
                try:
                    return datetime.fromtimestamp(stamp, UTC).astimezone(self.zone).date()
                except (ValueError, OverflowError, OSError):
                    raise FieldError(name, stamp) from None
        return None
