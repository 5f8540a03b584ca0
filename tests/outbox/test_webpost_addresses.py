"""Where a hook may lead, and what is made of a receiver that misbehaves."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import trustme

from outbox.receiver import Receiver
from payflow.outbox import webpost
from payflow.outbox.webpost import Answer, is_inside, post

REFUSED = "the host's name leads to a private network or this machine, which is not allowed"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "fe80::1%lo"),
        *("::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::7f00:1", "2001:0:7f00:1::1", "fec0::1", "4000::1"),
    ],
)
def test_addresses_inside_are_known_in_every_dress(address: str) -> None:
    assert is_inside(address)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"]
)
def test_public_addresses_are_not_inside(address: str) -> None:
    assert not is_inside(address)


@contextmanager
def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> Iterator[list[str]]:
    """Every name has these addresses; yields the names that were asked for."""
    asked: list[str] = []

    def answer(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        families = [socket.AF_INET6 if ":" in one else socket.AF_INET for one in addresses]
        kind = socket.SOCK_STREAM
        return [(family, kind, 6, "", (one, port)) for family, one in zip(families, addresses, strict=True)]

    with monkeypatch.context() as patch:
        patch.setattr(webpost.socket, "getaddrinfo", answer)
        yield asked


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("93.184.215.14", "10.0.0.7"), ("::ffff:127.0.0.1",)])
def test_a_name_that_leads_inside_is_refused_before_anything_is_connected(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("connected")

    monkeypatch.setattr(webpost.socket.socket, "connect", never)
    with resolving(monkeypatch, *addresses) as asked:
        assert post("https://hooks.studio-north.example/x", b"{}", {}) == Answer(0, REFUSED)
    assert asked == ["hooks.studio-north.example"]


def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[Any] = []

    def connect(_: socket.socket, where: Any) -> None:
        went.append(where)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(webpost.socket.socket, "connect", connect)
    with resolving(monkeypatch, "93.184.215.14") as asked:
        answer = post("https://rebinding.example/x", b"{}", {})
    assert asked == ["rebinding.example"]
    assert went == [("93.184.215.14", 443)]
    assert answer.why == "the connection failed (Connection refused)"


def test_plain_http_is_refused_unless_allowed() -> None:
    with Receiver() as receiver:
        assert post(receiver.url, b"{}", {}).why == "the address is not encrypted"
        assert post(receiver.url, b"{}", {}, private=True).status == 200
        assert len(receiver.got) == 1


def test_a_receiver_on_this_machine_is_refused_unless_allowed() -> None:
    assert post("https://127.0.0.1:9/", b"{}", {}).why == REFUSED
    assert post("https://localhost:9/", b"{}", {}).why == REFUSED


def test_the_certificate_is_checked(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with Receiver() as receiver:
        receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
        url = receiver.url.replace("http:", "https:")
        assert post(url, b"{}", {}, private=True).why == "its certificate cannot be trusted"
        assert post(url, b"{}", {}, private=True, ca_file=str(tmp_path / "ca.pem")).status == 200
        assert len(receiver.got) == 1


def test_a_body_without_end_is_not_read() -> None:
    sent = threading.Event()

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while not sent.is_set():
                handler.wfile.write(b"x" * 65536)
        except OSError:
            sent.set()

    with Receiver(endless) as receiver:
        began = time.monotonic()
        assert post(receiver.url, b"{}", {}, private=True).status == 200
        assert time.monotonic() - began < webpost.DEADLINE
        assert sent.wait(10)


def test_a_head_without_end_and_one_that_trickles_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webpost, "DEADLINE", 0.5)
    over = threading.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        try:
            while not over.wait(0.05):
                handler.wfile.write(b"H")
                handler.wfile.flush()
        except OSError:
            return

    def flood(handler: BaseHTTPRequestHandler) -> None:
        try:
            while not over.is_set():
                handler.wfile.write(b"x" * 4096)
        except OSError:
            return

    with Receiver(trickle, flood) as receiver:
        assert post(receiver.url, b"{}", {}, private=True).why == "it did not answer in time"
        assert post(receiver.url, b"{}", {}, private=True).why == "what it answered is no HTTP"
        over.set()


def test_an_interim_answer_is_not_the_answer() -> None:
    def early(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")

    with Receiver(early) as receiver:
        assert post(receiver.url, b"{}", {}, private=True).status == 204


def test_a_receiver_that_hangs_up_has_not_taken_it() -> None:
    with Receiver(lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)) as receiver:
        answer = post(receiver.url, b"{}", {}, private=True)
    assert not answer.taken
    assert answer.status == 0
