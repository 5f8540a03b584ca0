"""Stripe's API through the official library: reading lists and single objects as plain dictionaries.

The library retries 409, 5xx and broken connections itself; it never retries 429, so that is done here, with the pause the
answer asks for. Every failure becomes a `ConnectorError` that says what to do, and the key appears in none of them.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from payflow.connector import ConnectorError, Problem

if TYPE_CHECKING:
    import stripe

#: The version whose field names this connector reads; the one that stripe-python 16.1 itself pins.
VERSION = "2026-10-28.endive"
#: The most Stripe puts on one page.
PAGE = 100
#: Seconds to connect, and to wait for an answer.
TIMEOUT = (5.0, 30.0)
#: How often the library tries again by itself.
RETRIES = 2
#: How often a refused request (429) is made in all, and the longest pause before the next one, in seconds.
ATTEMPTS = 6
LONGEST_PAUSE = 60.0

#: Path of a list -> what the dashboard calls the permission to read it.
PERMISSIONS = {
    "/v1/invoices": "Invoices",
    "/v1/invoice_payments": "Invoices, PaymentIntents and Charges",
    "/v1/credit_notes": "Credit notes",
    "/v1/refunds": "Charges and Refunds",
    "/v1/disputes": "Disputes",
    "/v1/customers": "Customers",
    "/v1/charges": "Charges and Refunds",
    "/v1/payment_intents": "PaymentIntents and Charges",
    "/v1/events": "Events",
}

_KEY = re.compile(r"^(?:sk|rk)_[A-Za-z0-9_]+$")
_LOOKS_LIKE_KEY = re.compile(r"\b(?:sk|rk|pk)_[A-Za-z0-9_*]+")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Api:
    """Reads from one Stripe account. `sleep` takes seconds; `clock` is the earliest time Stripe itself told."""

    def __init__(self, name: str, key: object, base: object = "", sleep: Callable[[float], None] = time.sleep) -> None:
        self._name = name
        self._key = check_key(name, key)
        self._sleep = sleep
        self._client = _client(self._key, check_base(name, base))
        #: What Stripe's own clock said with the first answer; None where it said nothing.
        self.clock: datetime | None = None

    @property
    def mode(self) -> str:
        """`live` or `test`: which half of the account the key reads."""
        return "test" if "_test_" in self._key else "live"

    def all(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Every object of a list, newest first, page by page."""
        after: dict[str, str] = {}
        while True:
            page = self._get(path, {"limit": PAGE, **params, **after}) or {}
            objects = page.get("data")
            if not isinstance(objects, list) or not all(_is_object(item) for item in objects):
                raise self._malformed(path, "a list of objects")
            yield from objects
            if not page.get("has_more"):
                return
            if not objects or objects[-1]["id"] == after.get("starting_after"):
                raise self._malformed(path, "a next page")
            after = {"starting_after": objects[-1]["id"]}

    def one(self, path: str, key: str, **params: Any) -> dict[str, Any] | None:
        """One object; None when it is gone, which happens to drafts while they are being read."""
        found = self._get(f"{path}/{quote(key, safe='')}", params, missing_ok=True)
        if found is None or found.get("deleted"):
            return None
        if not _is_object(found):
            raise self._malformed(path, "an object")
        return found

    def _get(self, path: str, params: Mapping[str, Any], *, missing_ok: bool = False) -> dict[str, Any] | None:
        """The answer's body; None when the object is missing and may be."""
        import stripe

        attempt = 0
        while True:
            attempt += 1
            answer, failure = self._ask(path, params)
            if answer is not None:
                self._note_time(answer.headers)
                if not isinstance(answer.data, dict):
                    raise self._malformed(path, "an object")
                return answer.data
            if isinstance(failure, stripe.RateLimitError) and attempt < ATTEMPTS:
                self._sleep(pause(failure.headers or {}, attempt))
                continue
            if missing_ok and isinstance(failure, stripe.InvalidRequestError) and failure.code == "resource_missing":
                return None
            # outside of any `except`, so that no library error with its request hangs on ours
            raise ConnectorError(self._problem(path, failure))

    def _ask(self, path: str, params: Mapping[str, Any]) -> tuple[stripe.StripeResponse | None, Exception | None]:
        import stripe

        with warnings.catch_warnings():
            # a notice in an answer's header is for developers of integrations, not for who sends invoices
            warnings.filterwarnings("ignore", category=UserWarning, module=r"stripe\.")
            try:
                return self._client.raw_request("get", path, **params), None
            except (stripe.StripeError, ValueError, TypeError, AttributeError, LookupError) as error:
                # the library interprets an answer before we see it: one with a shape it does not know ends in any of these
                return None, error

    def _note_time(self, headers: Mapping[str, str]) -> None:
        if self.clock is None:
            try:
                told = parsedate_to_datetime(headers.get("Date", ""))
            except ValueError:
                return
            self.clock = told if told.tzinfo else told.replace(tzinfo=UTC)

    def _malformed(self, path: str, wanted: str) -> ConnectorError:
        remedy = "Try again later; if it stays, a proxy between payflow and Stripe may be changing answers."
        return ConnectorError(Problem(self._where(path), f"the answer does not hold {wanted}", remedy))

    def _where(self, path: str) -> str:
        return f"source {self._name}, Stripe {path}"

    def _problem(self, path: str, error: Exception | None) -> Problem:
        import stripe

        said = (
            self.clean(str(error))
            if isinstance(error, stripe.StripeError)
            else "it has a shape that Stripe's never have"
        )
        status = error.http_status if isinstance(error, stripe.StripeError) else None
        if isinstance(error, stripe.AuthenticationError):
            found, remedy = (
                f"Stripe does not accept the key ({said})",
                "Set `key` to a restricted key that is still active.",
            )
        elif isinstance(error, stripe.PermissionError):
            needed = next(
                (words for start, words in PERMISSIONS.items() if path.startswith(start)), "what this list holds"
            )
            found = f"the key may not read this ({said})"
            remedy = f"Give the restricted key Read access to {needed} in the Stripe dashboard, under API keys."
        elif isinstance(error, stripe.RateLimitError):
            found = f"Stripe refused the request {ATTEMPTS} times because there were too many ({said})"
            remedy = "Run again later, and see what else uses this account's requests."
        elif isinstance(error, stripe.APIConnectionError):
            found, remedy = f"Stripe could not be reached ({said})", "Check the network and any proxy, then run again."
        elif isinstance(error, stripe.InvalidRequestError):
            found, remedy = (
                f"Stripe refused the request ({said})",
                "Update payflow; it may be older than this account's data.",
            )
        elif status is not None and status >= 500:
            found, remedy = f"Stripe answered with error {status} ({said})", "Stripe has trouble; run again later."
        else:
            found, remedy = f"the answer could not be read ({said})", "Run again later; check any proxy in between."
        return Problem(self._where(path), found, remedy)

    def clean(self, text: str) -> str:
        """The text in one short line, without the key or anything that looks like one."""
        return _LOOKS_LIKE_KEY.sub("[key]", " ".join(text.replace(self._key, "[key]").split()))[:300]


def pause(headers: Mapping[str, str], attempt: int) -> float:
    """Seconds to wait after the `attempt`th refusal: what the answer asks for, else 1, 2, 4, ...; never above a minute."""
    asked = next((value.strip() for name, value in headers.items() if name.lower() == "retry-after"), "")
    seconds = float(asked) if asked.isdecimal() else 2.0 ** (attempt - 1)
    return min(seconds, LONGEST_PAUSE)


def check_key(name: str, key: object) -> str:
    """The key without blanks around it. Raises `ConnectorError` for what cannot be a key that reads."""
    text = key.strip() if isinstance(key, str) else ""
    if _KEY.match(text):
        return text
    found = "is a publishable key, which cannot read invoices" if text.startswith("pk_") else "is not a Stripe API key"
    remedy = "Give a restricted key (rk_live_...) or a secret key (sk_live_...), as `env:NAME` or `file:PATH`."
    raise ConnectorError(Problem(f"source {name}, key", f"what it names {found}", remedy))


def check_base(name: str, base: object) -> str:
    """The base address without a slash at its end, or empty. Plain http is for this machine alone: the key travels along."""
    if base == "":
        return ""
    parts = urlsplit(base) if isinstance(base, str) else urlsplit("")
    fits = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if fits and parts.hostname and not (parts.query or parts.fragment or parts.username):
        return parts.geturl().rstrip("/")
    remedy = "Leave it out, or give an https:// address (http:// only on this machine)."
    raise ConnectorError(Problem(f"source {name}, api_base", f"{str(base)[:80]!r} cannot be used", remedy))


def _client(key: str, base: str) -> stripe.StripeClient:
    import stripe

    # otherwise the library writes an identifier into the user's home and sends it along
    stripe.enable_telemetry = False
    return stripe.StripeClient(
        key,
        http_client=stripe.RequestsClient(timeout=TIMEOUT),
        max_network_retries=RETRIES,
        stripe_version=VERSION,
        base_addresses={"api": base} if base else None,
    )


def _is_object(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str) and bool(value["id"])
