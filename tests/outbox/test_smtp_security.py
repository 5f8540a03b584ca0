"""Encryption and logins of the SMTP transport: nothing is said to a server that is not the right one, or not in secret."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from outbox.smtp_servers import MAIN, Inbox, letter, refused, serving, settings, transport_to
from payflow.errors import DeliveryError
from payflow.model.agreement import Smtp
from payflow.model.journal import MessageState
from payflow.outbox.smtp import SmtpTransport


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


def server_context(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"north", b"s3cret-w0rd"))


def test_a_message_goes_over_starttls_with_a_login(authority: trustme.CA, ca_file: str) -> None:
    inbox = Inbox()
    options = {"tls_context": server_context(authority), "require_starttls": True, "authenticator": login}
    with serving(inbox, **options, auth_required=True) as server:
        given = settings(server, security="starttls", ca_file=ca_file, user="north", password="s3cret-w0rd")
        with transport_to(given) as transport:
            assert transport.prepare("m1", letter(), (MAIN,)).hand_over().state is MessageState.SENT
    assert inbox.subjects == ["m1"]


def test_a_message_goes_over_implicit_tls(authority: trustme.CA, ca_file: str) -> None:
    inbox = Inbox()
    with serving(inbox, ssl_context=server_context(authority)) as server:
        transport = SmtpTransport(settings(server, security="tls", ca_file=ca_file))
        for key in ("m1", "m2"):
            assert transport.prepare(key, letter(key=key), (MAIN,)).hand_over().state is MessageState.SENT
        transport.close()
    assert inbox.subjects == ["m1", "m2"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_another_host_is_refused(authority: trustme.CA, ca_file: str, security: str) -> None:
    context = server_context(authority, "mail.elsewhere.example")
    inbox = Inbox()
    with serving(inbox, **{"ssl_context" if security == "tls" else "tls_context": context}) as server:
        error = refused(settings(server, security=security, ca_file=ca_file))
    assert "its certificate cannot be trusted" in str(error)
    assert "ca_file" in str(error)
    assert not error.permanent
    assert inbox.mails == 0


def test_an_unknown_authority_is_refused(authority: trustme.CA) -> None:
    with serving(Inbox(), tls_context=server_context(authority)) as server:
        error = refused(settings(server, security="starttls"))
    assert "its certificate cannot be trusted" in str(error)


def test_a_server_without_starttls_gets_nothing() -> None:
    inbox = Inbox()
    with serving(inbox) as server:
        error = refused(settings(server, security="starttls"))
    assert "STARTTLS extension not supported" in str(error)
    assert inbox.mails == 0


def test_a_missing_ca_file_is_named() -> None:
    error = refused(Smtp("127.0.0.1", 25, security="tls", ca_file="/no/ca.pem"))
    assert "ca_file /no/ca.pem cannot be used: No such file" in str(error)


def test_a_refused_login_waits_is_tried_once_and_never_shows_the_password(authority: trustme.CA, ca_file: str) -> None:
    tried: list[bytes] = []

    def refuse(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        tried.append(data.password)
        return AuthResult(success=False, handled=False, message="535 wrong: " + data.password.decode())

    options = {"tls_context": server_context(authority), "authenticator": refuse}
    with serving(Inbox(), **options) as server:
        given = settings(server, security="starttls", ca_file=ca_file, user="north", password="wr0ng-w0rd")
        with transport_to(given) as transport:
            for key in ("m1", "m2"):
                with pytest.raises(DeliveryError, match=r"the login was refused \(535\)") as caught:
                    transport.prepare(key, letter(key=key), (MAIN,))
                assert not caught.value.permanent
                assert "wr0ng" not in f"{caught.value}{caught.value.__cause__}{given}"
    assert tried.count(b"wr0ng-w0rd") <= 2  # one login, by each mechanism the server offers


def test_a_password_never_goes_unencrypted_to_another_host() -> None:
    error = refused(Smtp("mail.studio-north.example", 25, security="none", user="north", password="s3cret-w0rd"))
    assert "unencrypted" in str(error)
    assert "s3cret" not in str(error)


def test_a_login_without_encryption_is_allowed_on_this_machine() -> None:
    seen: list[bytes] = []

    def accept(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        seen.append(data.password)
        return login(server, session, envelope, mechanism, data)

    with serving(Inbox(), authenticator=accept, auth_require_tls=False) as server:
        transport = SmtpTransport(settings(server, user="north", password="s3cret-w0rd"))
        assert transport.prepare("m1", letter(), (MAIN,)).hand_over().state is MessageState.SENT
        transport.close()
    assert seen == [b"s3cret-w0rd"]
