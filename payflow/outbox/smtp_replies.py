"""A conversation with a mail server in which no reply goes on for ever, and none is taken for the answer to a later command.

`smtplib` waits for a while for each piece of a reply: a server that says a letter now and then, or one more line each time, would
hold a run, and its lock, for as long as it likes.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time

#: A reply is whole within so many times what a server may be silent, and within so many bytes.
_WHOLE, _MOST = 2, 64 * 1024
#: Where nothing is said of how long a server may be silent: seconds.
_SILENCE = 30.0


class Replies:
    """What a server says, line by line; the part of a file that `smtplib` asks for."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._heard = b""
        self.begin()

    def begin(self) -> None:
        """A reply begins."""
        silence = self._socket.gettimeout() or _SILENCE
        self._deadline, self._left = time.monotonic() + _WHOLE * silence, _MOST

    @property
    def is_ahead(self) -> bool:
        """Whether the server has said more than it was asked for."""
        return bool(self._heard) or (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0)

    def readline(self, limit: int) -> bytes:
        """The next line, at most `limit` bytes of it; what there is of it where the connection ends. Raises `OSError`."""
        while b"\n" not in self._heard and len(self._heard) < limit:
            heard = self._hear()
            if not heard:
                break
            self._heard += heard
        end = self._heard.find(b"\n") + 1 or len(self._heard)
        line, self._heard = self._heard[: min(end, limit)], self._heard[min(end, limit) :]
        return line

    def close(self) -> None:
        """Nothing but the socket is held open."""

    def _hear(self) -> bytes:
        silence, left = self._socket.gettimeout() or _SILENCE, self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("its reply did not end in time")
        if left < silence:
            self._socket.settimeout(left)
        try:
            heard = self._socket.recv(4096)
        finally:
            if left < silence:
                self._socket.settimeout(silence)
        self._left -= len(heard)
        if self._left < 0:
            raise OSError("its reply does not end")
        return heard


class _Bounded(smtplib.SMTP):
    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = Replies(self.sock)
        if isinstance(self.file, Replies):
            self.file.begin()
        return super().getreply()


class Plain(_Bounded):
    """`smtplib.SMTP` with replies that end."""


class Tls(_Bounded, smtplib.SMTP_SSL):
    """`smtplib.SMTP_SSL` with replies that end."""


def is_ahead(connection: smtplib.SMTP) -> bool:
    """Whether the server has said more than it was asked for, so that the next reply would be an earlier one."""
    return isinstance(connection.file, Replies) and connection.file.is_ahead
