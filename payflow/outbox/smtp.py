"""Messages through a mail server, driven step by step so that it is always known how far one came.

Before the claim: connect, TLS, login, MAIL, RCPT and DATA up to the server's "go ahead". After it: the content, then the
final dot by itself. A connection that breaks before the dot was written leaves nothing behind, and the message waits; one
that breaks after it, before the reply, leaves it `unsure`.
"""

from __future__ import annotations

import ipaddress
import selectors
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence

from payflow.errors import DeliveryError
from payflow.model.agreement import Smtp
from payflow.model.journal import MessageState
from payflow.outbox.mime import Email, address, wire
from payflow.outbox.smtp_replies import Plain, Tls, is_ahead
from payflow.outbox.transport import Outcome, checked_key

#: How many times the usual timeout the reply to a whole message may take: servers look through it first.
PATIENCE = 10

#: Signs of a server's reply that are told.
_LONGEST = 500
#: What a server says that did as it was told.
_DONE = 250
#: What a server says that closes the connection.
_GOING = (421, b"")
#: What a server says when it is the session that it minds, not the message (RFC 4954, RFC 3207).
_SESSION_CODES = (_GOING[0], 530, 534, 535, 538)


class SmtpTransport:
    """One connection for the messages of one run. A server that cannot be reached is not tried again in that run."""

    name = "smtp"

    def __init__(self, settings: Smtp) -> None:
        self._settings = settings
        self._connection: smtplib.SMTP | None = None
        self._gave_up: DeliveryError | None = None
        #: the server took a whole message last, so that it minds no other: what went before need not be forgotten first
        self._is_clear = False

    def prepare(self, key: str, message: Email, recipients: Sequence[str]) -> _Announced:
        """Everything up to the server's "go ahead"; the content is not sent yet."""
        checked_key(key)
        main, *copies = [address(item) for item in recipients]
        try:
            connection, content = self._begin(message, (message.sender, main, *copies))
            self._expect("RCPT", _rcpt(connection, main), f" for {main}")
            left_out = [copy for copy in copies if not _accepts(connection, copy)]
            self._expect("DATA", connection.docmd("DATA"), wanted=3)
        except DeliveryError:
            self._reset()
            raise
        except (OSError, ValueError) as error:
            self._drop()
            raise DeliveryError(f"{self._server}: {_plain(error)}. It will be tried again", permanent=False) from error
        note = f"left out: {', '.join(left_out)} refused by the server" if left_out else ""
        return _Announced(connection, content, self._settings.timeout, note, self._note_clear, self._drop)

    def _begin(self, message: Email, addresses: Sequence[str]) -> tuple[smtplib.SMTP, bytes]:
        """Say MAIL. A server that took a message before may have gone since, by 421 or without a word: it is called again."""
        is_clear, self._is_clear = self._is_clear, False
        connection = self._session(asked=not is_clear)
        content, options = _content(connection, message, addresses)
        try:
            reply = _mail(connection, addresses[0], options)
        except OSError:
            if not is_clear:
                raise
            reply = _GOING
        if is_clear and reply[0] == _GOING[0]:
            self._drop()
            return self._begin(message, addresses)
        self._expect("MAIL", reply)
        return connection, content

    def recover(self, key: str) -> Outcome:
        """Never known: the claim stands just before the content, so it may have gone out whole."""
        checked_key(key)
        return Outcome(
            MessageState.UNSURE,
            f"the run that was handing it over to {self._server} ended before the server's answer was recorded",
        )

    def close(self) -> None:
        """Say goodbye; whether the server answers does not matter."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except OSError:
                connection.close()

    @property
    def _server(self) -> str:
        return f"mail server {self._settings.host}:{self._settings.port}"

    def _session(self, *, asked: bool) -> smtplib.SMTP:
        """The open connection, if it still answers where it is `asked`; else a new one."""
        if asked:
            self._reset()
        if self._connection is None:
            if self._gave_up is not None:
                raise DeliveryError(str(self._gave_up), permanent=False)
            try:
                self._connection = _connect(self._settings, self._server)
            except DeliveryError as error:
                self._gave_up = error
                raise
        return self._connection

    def _reset(self) -> None:
        """Have the server forget what went before; one that is not there any more is let go."""
        try:
            if self._connection is None or self._connection.rset()[0] == _DONE:
                return
        except OSError:
            pass
        self._drop()

    def _note_clear(self) -> None:
        self._is_clear = True

    def _drop(self) -> None:
        self._is_clear = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _expect(self, stage: str, reply: tuple[int, bytes], what: str = "", wanted: int = 2) -> None:
        """A reply of another class than `wanted` is a `DeliveryError`, permanent for a 5xx."""
        code, text = reply
        if code // 100 == wanted:
            return
        permanent = code // 100 == 5 and code not in _SESSION_CODES
        remedy = "It will not be tried again by itself" if permanent else "It will be tried again"
        raise DeliveryError(
            f"{self._server} refused {stage}{what}: {_reply(code, text)}. {remedy}", permanent=permanent
        )


class _Announced:
    """A message that the server is waiting for: it said 354."""

    def __init__(
        self,
        connection: smtplib.SMTP,
        content: bytes,
        timeout: int,
        note: str,
        note_clear: Callable[[], None],
        drop: Callable[[], None],
    ) -> None:
        self._connection, self._content, self._timeout, self._note = connection, content, timeout, note
        self._note_clear, self._drop = note_clear, drop

    def hand_over(self) -> Outcome:
        """The content, then the final dot, then the server's word on it."""
        try:
            self._send_content()
        except OSError as error:
            self._drop()
            return Outcome(
                MessageState.WAITING, f"the connection ended before the message was complete: {_plain(error)}"
            )
        try:
            code, text = self._finish()
        except OSError as error:
            self._drop()
            return Outcome(MessageState.UNSURE, f"no answer from the server to the complete message: {_plain(error)}")
        return self._outcome(code, text)

    def abandon(self) -> None:
        """End the connection: without the final dot the server has to forget the message."""
        self._drop()

    def _send_content(self) -> None:
        open_socket = self._connection.sock
        if open_socket is None:
            raise smtplib.SMTPServerDisconnected("the connection was closed")
        open_socket.sendall(self._content)
        with selectors.DefaultSelector() as selector:
            selector.register(open_socket, selectors.EVENT_READ)
            spoken = bool(selector.select(0)) or is_ahead(self._connection)
        if spoken:
            # A server has nothing to say before the final dot, unless it is going away; the dot is not written then.
            raise smtplib.SMTPServerDisconnected("the server ended the conversation")

    def _finish(self) -> tuple[int, bytes]:
        open_socket = self._connection.sock
        if open_socket is None:
            raise smtplib.SMTPServerDisconnected("the connection was closed")
        open_socket.sendall(b"\r\n.\r\n")
        open_socket.settimeout(self._timeout * PATIENCE)
        reply = self._connection.getreply()
        open_socket.settimeout(self._timeout)
        return reply

    def _outcome(self, code: int, text: bytes) -> Outcome:
        detail = "; ".join(part for part in (_reply(code, text), self._note) if part)
        match code // 100:
            case 2:
                self._note_clear()
                return Outcome(MessageState.SENT, detail)
            case 4:
                return Outcome(MessageState.WAITING, detail)
            case 5:
                return Outcome(MessageState.FAILED, detail)
        self._drop()
        return Outcome(MessageState.UNSURE, f"an answer that means nothing: {detail}")


def _connect(settings: Smtp, server: str) -> smtplib.SMTP:
    """Connect, secure and log in. Nothing of this is about a message, so nothing of it is permanent."""
    _refuse_open_login(settings)
    try:
        context = _context(settings)
        connection = _greeted(settings, context)
    except ssl.SSLCertVerificationError as error:
        raise _session_error(server, f"its certificate cannot be trusted: {error.verify_message}", _TRUST) from None
    except (OSError, ValueError) as error:
        raise _session_error(server, _plain(error), "Check host, port and security in [mail]") from error
    try:
        if settings.user:
            connection.login(settings.user, settings.password)
    except smtplib.SMTPResponseException as error:
        connection.close()
        # The server's own words are left out: they may repeat what was sent.
        raise _session_error(server, f"the login was refused ({error.smtp_code})", "Check user and password") from None
    except smtplib.SMTPNotSupportedError:
        connection.close()
        raise _session_error(server, "it offers no login that payflow knows", "Check port and security") from None
    except (OSError, ValueError) as error:
        connection.close()
        raise _session_error(server, f"the login failed: {type(error).__name__}", "Check user and password") from None
    return connection


_TRUST = "Check the host's name, or give its authority's certificate with ca_file"


def _session_error(server: str, found: str, remedy: str) -> DeliveryError:
    return DeliveryError(f"{server}: {found}. {remedy}; it will be tried again", permanent=False)


def _refuse_open_login(settings: Smtp) -> None:
    if settings.user and settings.security == "none" and not _is_loopback(settings.host):
        raise DeliveryError(
            f"the password would go to {settings.host} unencrypted. Set security to starttls or tls in [mail]",
            permanent=False,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _context(settings: Smtp) -> ssl.SSLContext | None:
    if settings.security == "none":
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as error:
        raise OSError(f"ca_file {settings.ca_file} cannot be used: {error.strerror or error}") from error


def _greeted(settings: Smtp, context: ssl.SSLContext | None) -> smtplib.SMTP:
    """A connection that has said EHLO, secured as the settings ask."""
    if settings.security == "tls":
        connection: smtplib.SMTP = Tls(settings.host, settings.port, timeout=settings.timeout, context=context)
    else:
        connection = Plain(settings.host, settings.port, timeout=settings.timeout)
    try:
        if connection.sock is not None:
            # the final dot goes by itself, and must not wait until the server has acknowledged the content before it
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            connection.starttls(context=context)
            connection.ehlo_or_helo_if_needed()
    except (OSError, ValueError):
        connection.close()
        raise
    return connection


def _content(connection: smtplib.SMTP, message: Email, addresses: Sequence[str]) -> tuple[bytes, Sequence[str]]:
    """The bytes for DATA without their last line end, dot-stuffed, and the options of MAIL they ask for."""
    options = []
    foreign = next((item for item in addresses if not item.isascii()), None)
    if foreign is not None:
        if not connection.has_extn("smtputf8"):
            raise DeliveryError(
                f"the mail server cannot write to {foreign}: it does not offer SMTPUTF8", permanent=True
            )
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    data = wire(message, utf8=foreign is not None)
    if connection.has_extn("size"):
        options.append(f"SIZE={len(data)}")
    # the first line is a header's
    return data.removesuffix(b"\r\n").replace(b"\n.", b"\n.."), options


def _mail(connection: smtplib.SMTP, sender: str, options: Sequence[str]) -> tuple[int, bytes]:
    """MAIL. An address is surely one by now (`mime.address`): smtplib's own `mail` and `rcpt` would take it apart once more."""
    connection.command_encoding = "utf-8" if "SMTPUTF8" in options else "ascii"
    return connection.docmd("MAIL", " ".join((f"FROM:<{sender}>", *options)))


def _rcpt(connection: smtplib.SMTP, recipient: str) -> tuple[int, bytes]:
    return connection.docmd("RCPT", f"TO:<{recipient}>")


def _accepts(connection: smtplib.SMTP, copy: str) -> bool:
    return _rcpt(connection, copy)[0] in (250, 251)


def _reply(code: int, text: bytes) -> str:
    """A server's reply in one line, of which the journal is to keep no more than a person would read."""
    return f"{code} {' '.join(text.decode('ascii', 'replace').split())[:_LONGEST]}".strip()


def _plain(error: Exception) -> str:
    """An exception of the network in one line that holds nothing of ours."""
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return _reply(error.smtp_code, reply if isinstance(reply, bytes) else reply.encode())
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__
