"""TLS to mail servers and monitors: the right certificate of the right authority for the right name, or nothing is said."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from payflow.cli.heartbeat import beat
from payflow.errors import DeliveryError
from payflow.model.agreement import Business, RunSettings, Smtp
from payflow.model.journal import MessageState
from payflow.outbox.mime import build
from payflow.outbox.smtp import SmtpTransport

NOW = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
NORTH = Business("Studio North", "Studio North Ltd", "billing@studio-north.example", "Europe/London", "GB", "GBP")
LETTER = build(NORTH, ["a@acme.example"], "Invoice", "Hello\n", "", "m1", NOW)


@contextmanager
def tls_server(certificate: trustme.LeafCert, said: list[bytes], answer: bytes = b"") -> Iterator[int]:
    """Takes connections over TLS and notes what is said on them after a good handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                secure.sendall(answer)
                said.append(secure.recv(4096))
                if answer == b"":
                    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    threading.Thread(target=talk, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.close()


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return made


@pytest.mark.parametrize("name", ["mail.elsewhere.example", "127.0.0.1"])
def test_a_mail_server_that_nobody_vouches_for_is_told_nothing(name: str) -> None:
    said: list[bytes] = []
    with tls_server(trustme.CA().issue_cert(name), said, b"220 hello\r\n") as port:
        transport = SmtpTransport(Smtp("127.0.0.1", port, "tls", "billing", "s3cret-word", timeout=5))
        with pytest.raises(DeliveryError, match="certificate"):
            transport.prepare("m1", LETTER, ["a@acme.example"])
        transport.close()
    assert said == []


def test_a_mail_server_with_a_certificate_for_another_name_is_told_nothing(
    authority: trustme.CA, tmp_path: Path
) -> None:
    said: list[bytes] = []
    with tls_server(authority.issue_cert("mail.elsewhere.example"), said, b"220 hello\r\n") as port:
        settings = Smtp("127.0.0.1", port, "tls", "billing", "s3cret-word", ca_file=str(tmp_path / "ca.pem"), timeout=5)
        transport = SmtpTransport(settings)
        with pytest.raises(DeliveryError, match="certificate"):
            transport.prepare("m1", LETTER, ["a@acme.example"])
        transport.close()
    assert said == []
    assert MessageState.UNSURE is not MessageState.SENT


def test_the_right_authority_and_name_are_spoken_to(authority: trustme.CA, tmp_path: Path) -> None:
    said: list[bytes] = []
    with tls_server(authority.issue_cert("127.0.0.1"), said, b"220 hello\r\n") as port:
        settings = Smtp("127.0.0.1", port, "tls", ca_file=str(tmp_path / "ca.pem"), timeout=5)
        transport = SmtpTransport(settings)
        with pytest.raises(DeliveryError):  # it says no more than hello
            transport.prepare("m1", LETTER, ["a@acme.example"])
        transport.close()
    assert said[0].lower().startswith(b"ehlo")


@pytest.mark.parametrize(
    ("name", "trusted", "heard"),
    [("127.0.0.1", True, True), ("127.0.0.1", False, False), ("elsewhere.example", True, False)],
)
def test_a_monitor_is_asked_only_over_verified_tls(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool, heard: bool
) -> None:
    for variable in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    said: list[bytes] = []
    with tls_server(authority.issue_cert(name), said) as port:
        fault = beat(RunSettings(None, f"https://127.0.0.1:{port}/t0ken"), NOW)
    assert bool(said) is heard
    assert fault == ("" if heard else "the heartbeat at 127.0.0.1 was not answered (SSLCertVerificationError)")
