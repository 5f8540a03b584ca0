"""Mail servers on the loopback for the SMTP transport: aiosmtpd for what works, a scripted one for what breaks."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from payflow.errors import DeliveryError
from payflow.model.agreement import Business, Smtp
from payflow.outbox.mime import Email, build
from payflow.outbox.smtp import SmtpTransport

NORTH = Business(
    "Studio North", "Studio North Ltd", "billing@studio-north.example", "Europe/London", "GB", "GBP", "standard"
)
NOW = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
MAIN, COPY = "accounts@acme.example", "boss@acme.example"


def letter(text: str = "Hello\n", addresses: Sequence[str] = (MAIN,), key: str = "m1") -> Email:
    return build(NORTH, addresses, "Invoice INV-0013", text, "", key, NOW)


class Inbox:
    """An aiosmtpd handler that keeps what arrives, and refuses what it is told to."""

    def __init__(self, **refusals: str) -> None:
        self.envelopes: list[Envelope] = []
        self.mails = 0
        self.peers: set[Any] = set()
        self._refusals = refusals

    async def handle_MAIL(  # noqa: N802 - aiosmtpd finds its hooks by these names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.mails += 1
        self.peers.add(session.peer)
        if "mail" in self._refusals:
            return self._refusals["mail"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds its hooks by these names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self._refusals:
            return self._refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        if "data" in self._refusals:
            return self._refusals["data"]
        self.envelopes.append(envelope)
        return "250 queued as 7"

    @property
    def subjects(self) -> list[str]:
        return [str(message_from_bytes(content(item), policy=default)["X-Payflow-Key"]) for item in self.envelopes]


def content(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content


@contextmanager
def serving(handler: Inbox, **options: Any) -> Iterator[Controller]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield controller
    finally:
        controller.stop()


def settings(controller: Controller, **changes: Any) -> Smtp:
    return Smtp(**{"host": "127.0.0.1", "port": controller.port, "security": "none", "timeout": 5, **changes})


@contextmanager
def transport_to(given: Smtp) -> Iterator[SmtpTransport]:
    transport = SmtpTransport(given)
    try:
        yield transport
    finally:
        transport.close()


def refused(given: Smtp, message: Email | None = None) -> DeliveryError:
    """How the transport says that a message cannot be prepared."""
    with transport_to(given) as transport, pytest.raises(DeliveryError) as caught:
        transport.prepare("m1", message or letter(), (MAIN,))
    return caught.value


#: What a scripted server says to a command; None is to hang up.
Answer = str | None | list[str | None]


class Scripted:
    """A server for one connection after the other that answers each command from a table, and hangs up on `None`.

    A list has the answers to a command one after the other, the last of them for good.
    `content` says what to do with the message: read it and answer, hang up while it comes, or hang up after the final dot.
    """

    def __init__(self, answers: Mapping[str, Answer], content: Callable[[Any], str | None] | None = None) -> None:
        usual = {"EHLO": "250 here", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go", "RSET": "250 ok"}
        self._answers: dict[str, Answer] = {**usual, **answers}
        self._content = content or read_message
        #: the commands of each connection
        self.commands: list[list[str]] = []
        self.complete: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Scripted:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    @property
    def settings(self) -> Smtp:
        return Smtp("127.0.0.1", self.port, security="none", timeout=1)

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with peer, peer.makefile("rb") as lines:
                try:
                    self._talk(peer, lines)
                except OSError:
                    continue

    def _answer(self, command: str, otherwise: str) -> str | None:
        found = self._answers.get(command, otherwise)
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found

    def _talk(self, peer: socket.socket, lines: Any) -> None:
        self.commands.append([])
        greeting = self._answer("greeting", "220 hello")
        if greeting is None:
            return
        peer.sendall(f"{greeting}\r\n".encode())
        for line in lines:
            command = line[:4].decode().upper()
            self.commands[-1].append(command)
            answer = self._answer(command, "502 what?")
            if answer is None:
                return
            peer.sendall(f"{answer}\r\n".encode())
            if command == "DATA" and answer.startswith("354"):
                reply = self._content((self, lines))
                if reply is None:
                    return
                peer.sendall(f"{reply}\r\n".encode())


def read_message(at: Any) -> str | None:
    server, lines = at
    received = b""
    for line in lines:
        if line == b".\r\n":
            server.complete.append(received)
            return "250 queued"
        received += line
    return None
