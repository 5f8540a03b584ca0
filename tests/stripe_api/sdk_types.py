"""Checks questions and answers against the annotations that stripe-python ships, which come from Stripe's own description.

What a test makes up thus cannot drift from what the pinned version of the library says the API takes and gives.
"""

from __future__ import annotations

import decimal
import importlib
import inspect
import types
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, ForwardRef, Literal, NotRequired, Union, get_args, get_origin

import stripe
from stripe._list_object import ListObject
from stripe._object_classes import OBJECT_CLASSES
from stripe._stripe_object import StripeObject
from typing_extensions import get_type_hints, is_typeddict

#: Path -> the parameters the library knows for a list of it, and for one object.
_PARAMS = {
    "/v1/invoices": ("InvoiceListParams", "InvoiceRetrieveParams"),
    "/v1/invoice_payments": ("InvoicePaymentListParams", "InvoicePaymentRetrieveParams"),
    "/v1/credit_notes": ("CreditNoteListParams", "CreditNoteRetrieveParams"),
    "/v1/refunds": ("RefundListParams", "RefundRetrieveParams"),
    "/v1/disputes": ("DisputeListParams", "DisputeRetrieveParams"),
    "/v1/customers": ("CustomerListParams", "CustomerRetrieveParams"),
    "/v1/charges": ("ChargeListParams", "ChargeRetrieveParams"),
    "/v1/payment_intents": ("PaymentIntentListParams", "PaymentIntentRetrieveParams"),
    "/v1/events": ("EventListParams", "EventRetrieveParams"),
}


def wrong_params(path: str, params: Mapping[str, Any], *, one: bool) -> list[str]:
    """What is wrong with the parameters of a request."""
    return list(_in_typed_dict(getattr(stripe.params, _PARAMS[path][one]), params, ""))


def _in_typed_dict(kind: Any, value: Mapping[str, Any], at: str) -> Iterator[str]:
    hints = _hints(kind)
    for name, item in value.items():
        if name not in hints:
            yield f"{at}{name}: not a parameter"
        else:
            yield from _in_param(hints[name], item, f"{at}{name}")
    for name in getattr(kind, "__required_keys__", ()):
        if name in hints and name not in value and get_origin(hints[name]) is not NotRequired:
            yield f"{at}{name}: required"


@cache
def _hints(kind: Any) -> dict[str, Any]:
    module = vars(importlib.import_module(kind.__module__))
    names = {**vars(typing), **vars(stripe), **module, "Decimal": decimal.Decimal, "StripeContext": object}
    own = get_type_hints(kind, globalns=names, localns=names, include_extras=True)
    options = {
        "api_key",
        "stripe_version",
        "stripe_account",
        "stripe_context",
        "idempotency_key",
        "content_type",
        "headers",
    }
    return {name: note for name, note in own.items() if name not in {*options, "max_network_retries"}}


def _in_param(kind: Any, value: Any, at: str) -> list[str]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        tried = [_in_param(item, value, at) for item in inner]
        return min(tried, key=len)
    if origin is NotRequired:
        return _in_param(inner[0], value, at)
    if origin is Literal:
        return [] if value in inner else [f"{at}: {value!r} is none of {inner}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{at}: not a list"]
        return [wrong for index, item in enumerate(value) for wrong in _in_param(inner[0], item, f"{at}[{index}]")]
    if is_typeddict(kind):
        return list(_in_typed_dict(kind, value, f"{at}.")) if isinstance(value, dict) else [f"{at}: not an object"]
    if kind is int:
        return [] if isinstance(value, int) and not isinstance(value, bool) else [f"{at}: not a whole number"]
    return [] if not isinstance(kind, type) or isinstance(value, kind) else [f"{at}: not {kind.__name__}"]


def wrong_fields(value: Mapping[str, Any]) -> list[str]:
    """Fields of an object that the library does not know or of which it says something else. Absent ones are fine."""
    return list(_in_object(_classes()[value["object"]], value, value["object"]))


@cache
def _classes() -> dict[str, type]:
    found = {}
    for name, where in OBJECT_CLASSES.items():
        found[name] = where if isinstance(where, type) else getattr(importlib.import_module(where[0]), where[1])
    return found


@cache
def _by_class_name() -> dict[str, type]:
    return {kind.__name__: kind for kind in _classes().values()}


def _in_object(kind: type, value: Mapping[str, Any], at: str) -> Iterator[str]:
    notes = {name: note for name, note in inspect.get_annotations(kind).items() if get_origin(note) is not ClassVar}
    for name, item in value.items():
        if name not in notes:
            yield f"{at}.{name}: not a field"
        elif found := _in_field(notes[name], item, f"{at}.{name}"):
            yield from found


def _in_field(kind: Any, value: Any, at: str) -> list[str]:
    if isinstance(kind, ForwardRef):
        kind = kind.__forward_arg__
    if isinstance(kind, str):
        kind = _by_class_name().get(kind, Any)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Union:
        return min((_in_field(item, value, at) for item in inner), key=len)
    if origin is Literal:
        return [] if value in inner else [f"{at}: {value!r} is none of {inner}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{at}: not a list"]
        return [wrong for item in value for wrong in _in_field(inner[0], item, at)]
    if origin is ListObject:
        return [wrong for item in value["data"] for wrong in _in_field(inner[0], item, at)]
    if kind is type(None):
        return [] if value is None else [f"{at}: not null"]
    if isinstance(kind, type) and issubclass(kind, StripeObject):
        return list(_in_object(kind, value, at)) if isinstance(value, dict) else [f"{at}: not an object"]
    if kind in (int, str, bool):
        return [] if type(value) is kind else [f"{at}: {value!r} is not {kind.__name__}"]
    return []
