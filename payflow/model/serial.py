"""The agreement as JSON values and back, for its versions in the journal, and the digest that names a version.

Fractions are text "n/d", dates ISO text, tuples lists, enums their words. What is read back equals what was written. A key
that a later payflow added is missing in old records and takes the field's default; one that is no longer known is ignored.
Such a key is written only where it says something else than its default, so that an agreement which does not use it keeps
its form and its digest: a new payflow alone makes no new version.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum
from fractions import Fraction
from functools import cache
from hashlib import sha256
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin

from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from payflow.model.agreement import Agreement, LateFee

_Read = Callable[[Any], Any]

#: The keys of the first form, which are always written. This list is closed: a field that is added later needs a default.
_FIRST_FORM: Mapping[str, frozenset[str]] = {
    kind: frozenset(keys.split())
    for kind, keys in {
        "Agreement": "policies contracts default_policy sources digest source_was",
        "Policy": "name terms grace spacing binding due late_fee interest ladder gate_charges tolerance",
        "Terms": "name parts",
        "LateFee": "flat percent",
        "Interest": "annual",
        "Step": "name key day email fee was",
        "Contract": "project key name signed policy currency client milestones phases billing covers_client was",
        "ClientTerms": "id name match email cc language timezone country",
        "Milestone": "id amount name invoices",
        "Phase": "id name needs after",
    }.items()
}


def agreement_to_json(agreement: Agreement) -> dict[str, Any]:
    """The agreement as JSON values only."""
    return cast(dict[str, Any], _written(agreement))


def agreement_from_json(data: Mapping[str, Any]) -> Agreement:
    """The exact inverse of `agreement_to_json`."""
    return cast(Agreement, _reader(Agreement)(data))


def late_fee_to_json(fee: LateFee) -> dict[str, Any]:
    """A late fee as a charge's record keeps it."""
    return cast(dict[str, Any], _written(fee))


def late_fee_from_json(data: Mapping[str, Any]) -> LateFee:
    """The exact inverse of `late_fee_to_json`."""
    return cast(LateFee, _reader(LateFee)(data))


def digest_of(agreement: Agreement) -> str:
    """SHA-256 of the canonical JSON, in hex; does not depend on `agreement.digest` nor on the order of mappings."""
    data = agreement_to_json(agreement)
    del data["digest"]
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def _written(value: Any) -> Any:
    """A value of the agreement as JSON values."""
    if isinstance(value, Struct):
        return {item.name: _written(getattr(value, item.name)) for item in _fields(type(value)) if _says(value, item)}
    if isinstance(value, Mapping):
        return {key: _written(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_written(item) for item in value]
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _says(value: Any, item: FieldInfo) -> bool:
    """Whether a field is written: of the first form always, later ones where they differ from their default."""
    if item.name in _FIRST_FORM.get(type(value).__name__, ()):
        return True
    default = item.default if item.default_factory is NODEFAULT else item.default_factory()
    return bool(getattr(value, item.name) != default)


_fields = cache(fields)


@cache
def _reader(kind: Any) -> _Read:
    """A function that reads JSON values as `kind`, chosen by the type that the field declares."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _fields_reader(kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return _optional_reader(_reader(next(item for item in inner if item is not NoneType)))
    if origin is tuple:
        return _tuple_reader(inner)
    if origin is Mapping:
        return _mapping_reader(_reader(inner[1]))
    if kind is date:
        return date.fromisoformat
    # what is left takes its JSON value as it is (text, numbers, booleans) or makes itself of it (Fraction, enums)
    return cast(_Read, kind)


def _fields_reader(kind: type[Struct]) -> _Read:
    readers = [(item.name, _reader(item.type)) for item in _fields(kind)]
    return lambda data: kind(**{name: read(data[name]) for name, read in readers if name in data})


def _optional_reader(read: _Read) -> _Read:
    return lambda data: None if data is None else read(data)


def _tuple_reader(inner: tuple[Any, ...]) -> _Read:
    if inner[-1] is Ellipsis:
        read = _reader(inner[0])
        return lambda data: tuple(read(item) for item in data)
    readers = [_reader(item) for item in inner]
    return lambda data: tuple(read(item) for read, item in zip(readers, data, strict=True))


def _mapping_reader(read: _Read) -> _Read:
    return lambda data: {key: read(item) for key, item in data.items()}
