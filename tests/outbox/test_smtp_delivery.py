"""The SMTP transport against real servers on the loopback: aiosmtpd for what works, a scripted one for what breaks."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from payflow.errors import DeliveryError
from payflow.model.agreement import Business, MailSettings, Smtp
from payflow.model.journal import MessageState
from payflow.outbox import smtp as smtp_module
from payflow.outbox.mime import Email, build
from payflow.outbox.smtp import SmtpTransport
from payflow.outbox.transport import open_transport

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


@pytest.mark.parametrize(
    "text",
    [
        "Dear Acme,\n.a line that starts with a dot\n..two\n.\n",
        "Žluťoučký kůň\n",
        "a long line " + "x" * 1200 + "\n",
        "",
    ],
)
def test_a_message_arrives_whole_with_its_recipients_and_its_key(text: str) -> None:
    inbox = Inbox()
    with serving(inbox) as server, transport_to(settings(server)) as transport:
        prepared = transport.prepare("m1", letter(text, (MAIN, COPY)), (MAIN, COPY))
        assert inbox.envelopes == []
        state, detail = prepared.hand_over()
    assert (state, detail) == (MessageState.SENT, "250 queued as 7")
    (envelope,) = inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == (NORTH.email, [MAIN, COPY])
    arrived = message_from_bytes(content(envelope), EmailMessage, policy=default)
    assert arrived.get_content().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")
    assert (arrived["X-Payflow-Key"], arrived["Cc"]) == ("m1", COPY)


def test_several_messages_share_one_connection() -> None:
    inbox = Inbox()
    with serving(inbox) as server, transport_to(settings(server)) as transport:
        for key in ("m1", "m2", "m3"):
            prepared = transport.prepare(key, letter(key=key), (MAIN,))
            assert prepared.hand_over().state is MessageState.SENT
    assert inbox.subjects == ["m1", "m2", "m3"]
    assert len(inbox.peers) == 1


def test_a_connection_that_went_away_between_messages_is_made_anew() -> None:
    inbox = Inbox()
    with serving(inbox) as server, transport_to(settings(server)) as transport:
        assert transport.prepare("m1", letter(), (MAIN,)).hand_over().state is MessageState.SENT
        assert transport._connection is not None
        assert transport._connection.sock is not None
        transport._connection.sock.shutdown(socket.SHUT_RDWR)
        assert transport.prepare("m2", letter(key="m2"), (MAIN,)).hand_over().state is MessageState.SENT
    assert inbox.subjects == ["m1", "m2"]
    assert len(inbox.peers) == 2


def test_an_abandoned_message_never_arrives_and_the_next_one_does() -> None:
    inbox = Inbox()
    with serving(inbox) as server, transport_to(settings(server)) as transport:
        transport.prepare("m1", letter(), (MAIN,)).abandon()
        assert transport.prepare("m2", letter(key="m2"), (MAIN,)).hand_over().state is MessageState.SENT
    assert inbox.subjects == ["m2"]


@pytest.mark.parametrize(
    ("refusals", "permanent", "said"),
    [
        ({"mail": "451 not now"}, False, "refused MAIL: 451 not now"),
        ({"mail": "550 not from you"}, True, "refused MAIL: 550 not from you"),
        ({"mail": "530 log in first"}, False, "refused MAIL: 530"),
        ({MAIN: "450 mailbox busy"}, False, f"refused RCPT for {MAIN}: 450 mailbox busy"),
        ({MAIN: "550 no such user"}, True, f"refused RCPT for {MAIN}: 550 no such user"),
    ],
)
def test_a_refusal_before_the_content_is_a_delivery_error(refusals: dict[str, str], permanent: bool, said: str) -> None:
    with serving(Inbox(**refusals)) as server:
        error = refused(settings(server))
    assert said in str(error)
    assert error.permanent is permanent


def test_a_refused_recipient_does_not_spoil_the_next_message() -> None:
    inbox = Inbox(**{MAIN: "550 no such user"})
    with serving(inbox) as server, transport_to(settings(server)) as transport:
        with pytest.raises(DeliveryError):
            transport.prepare("m1", letter(), (MAIN,))
        prepared = transport.prepare("m2", letter(addresses=(COPY,), key="m2"), (COPY,))
        assert prepared.hand_over().state is MessageState.SENT
    assert [item.rcpt_tos for item in inbox.envelopes] == [[COPY]]
    assert len(inbox.peers) == 1


@pytest.mark.parametrize("reply", ["550 no such user", "450 mailbox busy"])
def test_a_copy_that_the_server_refuses_is_left_out_and_told(reply: str) -> None:
    inbox = Inbox(**{COPY: reply})
    with serving(inbox) as server, transport_to(settings(server)) as transport:
        outcome = transport.prepare("m1", letter(addresses=(MAIN, COPY)), (MAIN, COPY)).hand_over()
    assert outcome == (MessageState.SENT, f"250 queued as 7; left out: {COPY} refused by the server")
    assert inbox.envelopes[0].rcpt_tos == [MAIN]


@pytest.mark.parametrize(
    ("reply", "state"), [("452 disk full", MessageState.WAITING), ("554 spam", MessageState.FAILED)]
)
def test_the_servers_word_on_the_complete_message_decides(reply: str, state: MessageState) -> None:
    with serving(Inbox(data=reply)) as server, transport_to(settings(server)) as transport:
        assert transport.prepare("m1", letter(), (MAIN,)).hand_over() == (state, reply)


def test_a_message_larger_than_the_server_takes_is_refused_before_it_is_sent() -> None:
    with serving(Inbox(), data_size_limit=2000) as server:
        error = refused(settings(server), letter("word " * 1000))
    assert "refused MAIL: 552" in str(error)
    assert error.permanent


# --- encryption and login


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


# --- addresses that are not ASCII


def test_a_foreign_address_needs_smtputf8() -> None:
    foreign = "jörg@acme.example"
    inbox = Inbox()
    with serving(inbox, enable_SMTPUTF8=True) as server, transport_to(settings(server)) as transport:
        prepared = transport.prepare("m1", letter(addresses=(foreign,)), (foreign,))
        assert prepared.hand_over().state is MessageState.SENT
    assert inbox.envelopes[0].rcpt_tos == [foreign]
    assert foreign.encode() in content(inbox.envelopes[0])
    with serving(inbox, enable_SMTPUTF8=False) as server, transport_to(settings(server)) as transport:
        with pytest.raises(DeliveryError, match="SMTPUTF8") as caught:
            transport.prepare("m2", letter(addresses=(foreign,)), (foreign,))
        assert caught.value.permanent
        assert transport.prepare("m3", letter(key="m3"), (MAIN,)).hand_over().state is MessageState.SENT


def test_a_foreign_domain_goes_as_punycode() -> None:
    inbox = Inbox()
    with serving(inbox, enable_SMTPUTF8=False) as server, transport_to(settings(server)) as transport:
        prepared = transport.prepare("m1", letter(addresses=("post@bücher.example",)), ("post@bücher.example",))
        assert prepared.hand_over().state is MessageState.SENT
    assert inbox.envelopes[0].rcpt_tos == ["post@xn--bcher-kva.example"]


# --- connections that break


class Scripted:
    """A server for one connection after the other that answers each command from a table, and hangs up on `None`.

    `content` says what to do with the message: read it and answer, hang up while it comes, or hang up after the final dot.
    """

    def __init__(self, answers: dict[str, str | None], content: Callable[[Any], str | None] | None = None) -> None:
        self._answers = {"EHLO": "250 here", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go", "RSET": "250 ok"}
        self._answers |= answers  # type: ignore[arg-type]  # None stands for hanging up
        self._content = content or read_message
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

    def _talk(self, peer: socket.socket, lines: Any) -> None:
        greeting = self._answers.get("greeting", "220 hello")
        if greeting is None:
            return
        peer.sendall(f"{greeting}\r\n".encode())
        for line in lines:
            command = line[:4].decode().upper()
            answer = self._answers.get(command, "502 what?")
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


def hang_up_after_the_dot(at: Any) -> str | None:
    read_message(at)
    return None


def hang_up_at_once(at: Any) -> str | None:
    at[1].read(1000)
    return None


@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_content_leaves_nothing_behind(stage: str) -> None:
    with Scripted({stage: None}) as server, transport_to(server.settings) as transport:
        with pytest.raises(DeliveryError) as caught:
            transport.prepare("m1", letter(), (MAIN,))
        assert not caught.value.permanent
        assert server.complete == []


@pytest.mark.parametrize(
    ("stage", "answer", "permanent"),
    [
        ("greeting", "421 too busy", False),
        ("greeting", "554 no mail here", False),
        ("EHLO", "451 later", False),
        ("DATA", "451 later", False),
        ("DATA", "554 no valid recipients", True),
        ("RCPT", "421 closing", False),
    ],
)
def test_a_refusal_of_the_session_is_never_permanent_but_one_of_the_message_is(
    stage: str, answer: str, permanent: bool
) -> None:
    with Scripted({stage: answer, **({"HELO": answer} if stage == "EHLO" else {})}) as server:
        error = refused(server.settings)
    assert answer[:3] in str(error)
    assert error.permanent is permanent


def test_a_connection_lost_within_the_content_makes_the_message_wait() -> None:
    with Scripted({}, hang_up_at_once) as server, transport_to(server.settings) as transport:
        prepared = transport.prepare("m1", letter(("w" * 76 + "\n") * 150_000), (MAIN,))
        outcome = prepared.hand_over()
        assert server.complete == []
    assert outcome.state is MessageState.WAITING
    assert "before the message was complete" in outcome.detail


def test_a_server_that_hung_up_before_the_final_dot_is_noticed() -> None:
    with Scripted({"DATA": "354 go"}, lambda _: None) as server, transport_to(server.settings) as transport:
        prepared = transport.prepare("m1", letter(), (MAIN,))
        assert transport._connection is not None
        assert transport._connection.sock is not None
        transport._connection.sock.settimeout(5)
        assert transport._connection.sock.recv(1, socket.MSG_PEEK) == b""  # the server's end has arrived
        assert prepared.hand_over().state is MessageState.WAITING
        assert server.complete == []


def test_a_connection_lost_after_the_final_dot_leaves_the_message_unsure() -> None:
    with Scripted({}, hang_up_after_the_dot) as server, transport_to(server.settings) as transport:
        outcome = transport.prepare("m1", letter(), (MAIN,)).hand_over()
        assert len(server.complete) == 1
    assert outcome.state is MessageState.UNSURE
    assert "no answer from the server to the complete message" in outcome.detail


def test_a_server_silent_after_the_final_dot_leaves_the_message_unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_module, "PATIENCE", 0.2)
    released = threading.Event()

    def say_nothing(at: Any) -> str | None:
        read_message(at)
        released.wait(5)
        return None

    with Scripted({}, say_nothing) as server, transport_to(server.settings) as transport:
        outcome = transport.prepare("m1", letter(), (MAIN,)).hand_over()
        released.set()
    assert outcome.state is MessageState.UNSURE


def test_an_answer_that_is_none_leaves_the_message_unsure() -> None:
    def babble(at: Any) -> str:
        read_message(at)
        return "hello?"

    with Scripted({}, babble) as server, transport_to(server.settings) as transport:
        assert transport.prepare("m1", letter(), (MAIN,)).hand_over().state is MessageState.UNSURE


def test_after_a_broken_hand_over_the_next_message_gets_a_new_connection() -> None:
    replies: Iterator[Callable[[Any], str | None]] = iter([hang_up_after_the_dot, read_message])
    with Scripted({}, lambda at: next(replies)(at)) as server, transport_to(server.settings) as transport:
        assert transport.prepare("m1", letter(), (MAIN,)).hand_over().state is MessageState.UNSURE
        assert transport.prepare("m2", letter(key="m2"), (MAIN,)).hand_over().state is MessageState.SENT
        assert len(server.complete) == 2


def test_a_server_that_cannot_be_reached_is_tried_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    attempts: list[int] = []
    connect = smtp_module._connect

    def counted(given: Smtp, server: str) -> Any:
        attempts.append(given.port)
        return connect(given, server)

    monkeypatch.setattr(smtp_module, "_connect", counted)
    with transport_to(Smtp("127.0.0.1", port, security="none", timeout=1)) as transport:
        for key in ("m1", "m2"):
            with pytest.raises(DeliveryError, match=f"mail server 127.0.0.1:{port}: Connection refused") as caught:
                transport.prepare(key, letter(key=key), (MAIN,))
            assert not caught.value.permanent
    assert attempts == [port]


def test_a_claim_whose_owner_died_is_unsure() -> None:
    with transport_to(Smtp("127.0.0.1", 25)) as transport:
        assert transport.recover("m1").state is MessageState.UNSURE


def test_smtp_without_a_server_says_what_is_missing() -> None:
    with pytest.raises(DeliveryError, match="names no host"):
        open_transport(MailSettings(transport="smtp"))
    transport = open_transport(MailSettings(transport="smtp", smtp=Smtp("127.0.0.1", 25)))
    assert transport.name == "smtp"
    transport.close()


@pytest.mark.parametrize("answer", [None, "421 closing", "554 what?"])
def test_whatever_happens_at_quit_the_message_is_sent(answer: str | None) -> None:
    with Scripted({"QUIT": answer}) as server:
        transport = SmtpTransport(server.settings)
        assert transport.prepare("m1", letter(), (MAIN,)).hand_over().state is MessageState.SENT
        transport.close()
        assert len(server.complete) == 1


def test_a_connection_lost_after_the_reply_leaves_the_message_sent_and_the_next_one_gets_another() -> None:
    with Scripted({"RSET": None}) as server, transport_to(server.settings) as transport:
        assert transport.prepare("m1", letter(), (MAIN,)).hand_over().state is MessageState.SENT
        # the server is gone when the next message begins
        assert transport.prepare("m2", letter(key="m2"), (MAIN,)).hand_over().state is MessageState.SENT
        assert len(server.complete) == 2
