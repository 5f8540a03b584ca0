"""The wire: pages, retries, refusals, errors that help and never show the key, and nothing written to the user's home."""

from __future__ import annotations

import json
import traceback
import warnings
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from payflow.connector import ConnectorError
from payflow_stripe.api import ATTEMPTS, LONGEST_PAUSE, VERSION, Api, pause
from stripe_api import made
from stripe_api.standin import BASE, KEY, Answer, Standin, error


def reader(sleeps: list[float] | None = None) -> Api:
    return Api("stripe", KEY, sleep=(sleeps if sleeps is not None else []).append)


def refused(status: int, message: str = "No", kind: str = "api_error", **headers: str) -> Answer:
    return error(status, kind, message, **headers)


def test_every_page_of_a_list_is_read_once_and_in_order(account: Standin) -> None:
    for number in range(250):
        made.invoice(account, f"in_{number:03}", created=2_000_000_000 - number)
    read = [item["id"] for item in reader().all("/v1/invoices")]
    assert read == [f"in_{number:03}" for number in range(250)]
    assert [params.get("starting_after") for params in account.asked("/v1/invoices")] == [None, "in_099", "in_199"]
    assert {params["limit"] for params in account.asked("/v1/invoices")} == {100}


def test_the_version_is_pinned_and_the_key_travels_in_the_header_alone(account: Standin) -> None:
    list(reader().all("/v1/invoices"))
    [headers] = account.headers
    assert headers["Stripe-Version"] == VERSION
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in str(account.requests)


def test_nothing_is_measured_sent_or_written_to_the_home_folder(account: Standin, tmp_path: Path) -> None:
    account.extra_headers = {"Request-Id": "req_1"}
    for _ in range(3):
        list(reader().all("/v1/invoices"))
    for headers in account.headers:
        assert "X-Stripe-Client-Telemetry" not in headers
        assert not {"telemetry_id", "platform"} & json.loads(headers["X-Stripe-Client-User-Agent"]).keys()
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    "failure",
    [
        refused(500),
        refused(503),
        refused(409),
        requests.exceptions.ConnectTimeout("slow"),
        requests.exceptions.ReadTimeout("slow"),
        requests.exceptions.ConnectionError("reset"),
    ],
    ids=["500", "503", "409", "connect timeout", "read timeout", "reset"],
)
def test_a_passing_trouble_is_waited_out(account: Standin, failure: Any) -> None:
    made.invoice(account)
    account.failures = [failure, failure]
    assert [item["id"] for item in reader().all("/v1/invoices")] == ["in_1"]
    assert len(account.requests) == 3


def test_too_many_requests_are_made_again_after_the_pause_that_is_asked_for(account: Standin) -> None:
    made.invoice(account)
    account.failures = [refused(429, kind="invalid_request_error", Retry_After="7"), refused(429), refused(429)]
    sleeps: list[float] = []
    assert [item["id"] for item in reader(sleeps).all("/v1/invoices")] == ["in_1"]
    assert sleeps == [7.0, 2.0, 4.0]


def test_too_many_requests_without_end_are_an_error_after_some_attempts(account: Standin) -> None:
    account.failures = [refused(429, "Slow down") for _ in range(50)]
    sleeps: list[float] = []
    with pytest.raises(ConnectorError, match="too many") as caught:
        list(reader(sleeps).all("/v1/invoices"))
    assert len(account.requests) == ATTEMPTS
    assert len(sleeps) == ATTEMPTS - 1
    assert "Run again later" in str(caught.value)


@given(st.text(max_size=12) | st.integers().map(str) | st.just("nan") | st.just("1e999"), st.integers(1, 60))
def test_no_answer_makes_payflow_wait_longer_than_a_minute(asked: str, attempt: int) -> None:
    assert 0 <= pause({"retry-after": asked}, attempt) <= LONGEST_PAUSE


@pytest.mark.parametrize(
    ("failure", "found", "remedy"),
    [
        (refused(401, "Invalid API Key provided: rk_test_****cret9"), "does not accept the key", "restricted key"),
        (refused(403, "The provided key does not have access"), "may not read", "Read access to Invoices"),
        (refused(400, "Received unknown parameter", "invalid_request_error"), "refused", "Update payflow"),
        (refused(402, "Card declined"), "could not be read", "proxy"),
        ((200, {}, "<html>Sign in to the hotel network</html>"), "could not be read", "proxy"),
        ((502, {}, "<html>Bad gateway</html>"), "502", "run again"),
        ((200, {}, "[]"), "an object", "proxy"),
        ((200, {}, "{}"), "a list of objects", "proxy"),
        ((200, {}, '{"data": [{"object": "invoice"}]}'), "a list of objects", "proxy"),
        ((200, {}, '{"data": ["in_1"]}'), "a list of objects", "proxy"),
        ((200, {}, '{"data": [], "has_more": true}'), "a next page", "proxy"),
        ((200, {}, "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")), "could not be read", "proxy"),
        ((404, {}, '{"error": null}'), "could not be read", "proxy"),
        ((500, {}, '{"error": "text"}'), "could not be read", "proxy"),
        (requests.exceptions.SSLError("certificate verify failed"), "could not be reached", "network"),
        (requests.exceptions.ProxyError("no route"), "could not be reached", "network"),
    ],
)
def test_an_error_says_what_stripe_said_and_what_to_do(account: Standin, failure: Any, found: str, remedy: str) -> None:
    account.failures = [failure] * 3
    with pytest.raises(ConnectorError) as caught:
        list(reader().all("/v1/invoices"))
    assert "source stripe, Stripe /v1/invoices" in str(caught.value)
    assert found in caught.value.problem.found
    assert remedy in caught.value.problem.remedy
    assert "cret9" not in str(caught.value)


def test_a_list_that_repeats_its_last_page_does_not_go_on_for_ever(account: Standin) -> None:
    page = (200, {}, '{"data": [{"id": "in_1"}], "has_more": true}')
    account.failures = [page, page, page]
    with pytest.raises(ConnectorError, match="next page"):
        list(reader().all("/v1/invoices"))


@pytest.mark.parametrize(
    "failure",
    [
        refused(401, f"Invalid API Key provided: {KEY}"),
        refused(403, f"key {KEY} may not"),
        refused(500, f"trace: Authorization: Bearer {KEY}"),
        (200, {}, f"<html>{KEY}</html>"),
        requests.exceptions.ConnectionError(f"Bearer {KEY}"),
        requests.exceptions.InvalidHeader(f"Invalid header value b'Bearer {KEY}'"),
        ValueError(KEY),
    ],
    ids=["401", "403", "500", "page", "network", "header", "other"],
)
def test_the_key_is_in_no_error_nor_in_what_a_traceback_prints(account: Standin, failure: Any) -> None:
    account.failures = [failure] * 3
    with pytest.raises(ConnectorError) as caught:
        list(reader().all("/v1/invoices"))
    printed = "".join(traceback.format_exception(caught.value))
    assert KEY not in printed + repr(caught.value)
    assert KEY[8:] not in printed
    assert caught.value.__context__ is None


def test_the_key_is_in_no_batch_and_no_cursor(account: Standin) -> None:
    made.paid(account)
    made.invoice(account, "in_bad", currency="xxy")
    [batch] = made.pull()
    assert batch.problems
    assert KEY not in f"{batch} {batch.problems} {batch.cursor} {made.rows(batch.invoices)} {made.rows(batch.clients)}"
    assert KEY not in repr(made.context(key=KEY))


def test_a_notice_of_stripes_is_no_warning_of_payflows(account: Standin) -> None:
    account.extra_headers = {"Stripe-Notice": "A newer version is out"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(reader().all("/v1/invoices")) == []


def test_a_missing_object_is_none_and_so_is_a_deleted_one(account: Standin) -> None:
    assert reader().one("/v1/invoices", "in_9") is None
    account.failures = [(200, {}, '{"id": "in_9", "object": "invoice", "deleted": true}')]
    assert reader().one("/v1/invoices", "in_9") is None


@pytest.mark.parametrize("failure", [refused(404, "No such route", "invalid_request_error"), (200, {}, "{}")])
def test_a_missing_object_must_be_said_to_be_missing(account: Standin, failure: Answer) -> None:
    account.failures = [failure]
    with pytest.raises(ConnectorError):
        reader().one("/v1/invoices", "in_9")


def test_an_id_is_a_name_and_not_a_path(account: Standin) -> None:
    assert reader().one("/v1/invoices", "../customers?limit=1") is None
    assert account.requests[-1] == ("/v1/invoices/..%2Fcustomers%3Flimit%3D1", {})


@pytest.mark.parametrize(
    "key",
    ["", "   ", None, 5, "pk_live_51Hq0Zz0", "sk_live_ab\nX-Evil: 1", "sk_live_ab c", "my key", "env:STRIPE_API_KEY"],
)
def test_what_cannot_be_a_key_is_refused_without_being_shown(key: object) -> None:
    with pytest.raises(ConnectorError, match="restricted key") as caught:
        Api("stripe", key)
    assert not isinstance(key, str) or len(key) < 6 or key not in str(caught.value)


@pytest.mark.parametrize("key", ["rk_live_51Hq0Zz0", "sk_live_51Hq0Zz0", " sk_test_51Hq0Zz0\n"])
def test_restricted_and_secret_keys_are_taken_with_blanks_around_them(key: str) -> None:
    assert Api("stripe", key).mode == ("test" if "test" in key else "live")


@pytest.mark.parametrize(
    "base", ["https://stripe.proxy.example", "http://127.0.0.1:12111/", "http://localhost:8000", "http://[::1]:1"]
)
def test_another_address_may_be_https_or_this_machine(base: str) -> None:
    Api("stripe", KEY, base)


@pytest.mark.parametrize(
    "base",
    [
        "http://stripe.example",
        "http://127.0.0.1.example",
        "ftp://127.0.0.1",
        "stripe.example",
        "https://",
        "https://u:p@x.example",
        7,
    ],
)
def test_the_key_is_sent_to_no_other_address_in_the_clear(base: object) -> None:
    with pytest.raises(ConnectorError, match="api_base"):
        Api("stripe", KEY, base)


def test_requests_go_to_the_given_address(account: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    import responses

    with responses.RequestsMock() as mock:
        mock.get("https://stripe.proxy.example/v1/invoices", json={"data": [], "has_more": False})
        assert list(Api("stripe", KEY, "https://stripe.proxy.example/").all("/v1/invoices")) == []
    assert BASE not in str(account.requests)
