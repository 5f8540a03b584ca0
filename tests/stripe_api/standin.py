"""A small Stripe of our own: it remembers objects, pages and filters lists, expands, and can be made to fail.

Every question is checked against the library's parameter types and every answer against its object types, so that the
stand-in cannot be more generous than the real thing. Stamps are whole seconds; amounts are in Stripe's minor units.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import responses
import stripe

from stripe_api.sdk_types import wrong_fields, wrong_params

BASE = "https://api.stripe.com"
KEY = "rk_test_51Hq0Zz0secretsecret9"
Object = dict[str, Any]
Answer = tuple[int, dict[str, str], str]


def at(text: str) -> int:
    """Seconds since 1970 of a UTC stamp like `2026-10-01 12:00`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


_KINDS = (
    "invoices",
    "invoice_payments",
    "credit_notes",
    "refunds",
    "disputes",
    "customers",
    "charges",
    "payment_intents",
    "events",
)


class Standin:
    """What the account holds, by path of its list. `requests` are the paths asked for, with their parameters."""

    def __init__(self) -> None:
        self.objects: dict[str, list[Object]] = {f"/v1/{name}": [] for name in _KINDS}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        #: Answers given instead of the right ones, first come first served.
        self.failures: list[Answer | Exception] = []
        self.extra_headers: dict[str, str] = {}
        self.page = 100
        self.expands = True
        #: What was wrong with questions; the library would turn an assertion here into a network error.
        self.wrong: list[str] = []
        self.before_answer: Callable[[str], None] = lambda _path: None

    def add(self, kind: str, **fields: Any) -> Object:
        """Put an object into the account; its event, if any, is added with `event`."""
        made = {"object": kind, **fields}
        path = f"/v1/{kind}s"
        assert wrong_fields(made) == []
        self.objects[path] = [item for item in self.objects[path] if item["id"] != made["id"]] + [made]
        return made

    def add_old(self, kind: str, **fields: Any) -> Object:
        """Put an object in the shape of an API version that the library no longer describes."""
        made = {"object": kind, **fields}
        self.objects[f"/v1/{kind}s"].append(made)
        return made

    def remove(self, kind: str, key: str) -> None:
        """Delete an object."""
        self.objects[f"/v1/{kind}s"] = [item for item in self.objects[f"/v1/{kind}s"] if item["id"] != key]

    def event(self, name: str, about: Object, created: int) -> None:
        """Add an event; its payload is a copy, which grows old."""
        events = self.objects["/v1/events"]
        events.append(
            {
                "id": f"evt_{len(events) + 1}",
                "object": "event",
                "type": name,
                "created": created,
                "data": {"object": copy.deepcopy(about)},
            }
        )

    def asked(self, path: str) -> list[dict[str, Any]]:
        """Parameters of every question about a path."""
        return [params for asked, params in self.requests if asked == path]

    def find(self, path: str, key: str) -> Object | None:
        return next((item for item in self.objects[path] if item["id"] == key), None)

    def answer(self, request: requests.PreparedRequest) -> Answer:
        """What `responses` calls for every request."""
        parts = urlsplit(str(request.url))
        params = nested(parse_qsl(parts.query, keep_blank_values=True))
        self.requests.append((parts.path, params))
        self.headers.append(dict(request.headers))
        self.before_answer(parts.path)
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        if parts.path in self.objects:
            return self._list(parts.path, params)
        path, _, key = parts.path.rpartition("/")
        return self._one(path, key, params)

    def _list(self, path: str, params: dict[str, Any]) -> Answer:
        self.wrong += wrong_params(path, params, one=False)
        self.wrong += ["more than 20 types"] if len(params.get("types", [])) > 20 else []
        found = [item for item in self.objects[path] if fits(item, params)]
        found.sort(key=lambda item: item.get("created") or 0, reverse=True)
        after = params.get("starting_after")
        if after:
            found = found[[item["id"] for item in found].index(after) + 1 :]
        size = min(params.get("limit", 10), self.page)
        expands = [name.removeprefix("data.") for name in params.get("expand", [])]
        self.wrong += [f"{name}: not in data" for name in params.get("expand", []) if not name.startswith("data.")]
        self.wrong += [f"{name}: more than four levels" for name in params.get("expand", []) if name.count(".") > 3]
        body = {
            "object": "list",
            "url": path,
            "has_more": len(found) > size,
            "data": [self.expanded(item, expands) for item in found[:size]],
        }
        return 200, self.extra_headers, json.dumps(body)

    def _one(self, path: str, key: str, params: dict[str, Any]) -> Answer:
        self.wrong += wrong_params(path, params, one=True)
        found = self.find(path, key)
        if found is None:
            return error(404, "invalid_request_error", f"No such object: '{key}'", code="resource_missing")
        return 200, self.extra_headers, json.dumps(self.expanded(found, params.get("expand", [])))

    def expanded(self, item: Object, names: list[str]) -> Object:
        made = copy.deepcopy(item)
        for name in names if self.expands else []:
            holder: Any = made
            for step in name.split("."):
                if not isinstance(holder, dict) or holder.get(step) is None:
                    break
                if isinstance(holder[step], str):
                    path = {"latest_charge": "/v1/charges"}.get(step, f"/v1/{step}s")
                    gone = {"id": holder[step], "object": step, "deleted": True}
                    holder[step] = copy.deepcopy(self.find(path, holder[step]) or gone)
                holder = holder[step]
        return made


def fits(item: Object, params: dict[str, Any]) -> bool:
    """Whether an object passes the filters of a list."""
    for name, wanted in params.items():
        if name in ("limit", "starting_after", "expand"):
            continue
        if name == "created":
            if item["created"] < wanted["gte"]:
                return False
        elif name == "types":
            if item["type"] not in wanted:
                return False
        elif name == "payment":
            if item["payment"].get("payment_intent") != wanted["payment_intent"]:
                return False
        elif item.get(name) != wanted:
            return False
    return True


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """`created[gte]=1`, `types[0]=a` as objects and arrays; numbers as numbers."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        first, *steps = name.replace("]", "").split("[")
        item: Any = int(value) if value.isdecimal() else value
        if not steps:
            result[first] = item
        elif steps[0].isdecimal():
            result.setdefault(first, []).append(item)
        else:
            result.setdefault(first, {})[steps[0]] = item
    return result


def error(status: int, kind: str, message: str, code: str | None = None, **headers: str) -> Answer:
    """An answer that refuses."""
    body = {"error": {"type": kind, "message": message, "code": code}}
    return (
        status,
        {"Request-Id": "req_1", **{name.replace("_", "-"): value for name, value in headers.items()}},
        json.dumps(body),
    )


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Standin]:
    """An empty account behind Stripe's address; retries do not wait; the library's own folder is a scratch one."""
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    made = Standin()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_callback(responses.GET, re.compile(re.escape(BASE) + "/.*"), callback=made.answer)
        yield made
    assert made.wrong == []
