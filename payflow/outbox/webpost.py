"""One POST to an address that a person configured, which must not lead inside.

The name is resolved once, each address is judged, and the connection goes to the very address that was judged: a name that
says something else a moment later (DNS rebinding) changes nothing. Redirects are not followed, proxies are not used, and of
the answer only its status is read, within a limit and a deadline.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

#: Seconds for everything together, and the most that is read of an answer's head.
DEADLINE = 15.0
_MOST = 16 * 1024
#: Networks through which an IPv6 address reaches an IPv4 one (RFC 6052, RFC 3056).
_NAT64, _6TO4 = ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16")


#: All that was ever given out for hosts of the public network (RFC 4291, IANA); IPv4 hides in much of the rest, too.
_PUBLIC = ipaddress.ip_network("2000::/3")

#: What `getaddrinfo` tells of one address.
_Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]


class Answer(NamedTuple):
    """What came back: a status, or 0 and a sentence that says why none did. Neither holds the address or a secret."""

    status: int
    why: str = ""

    @property
    def taken(self) -> bool:
        """Whether the receiver said that it has it."""
        return 200 <= self.status < 300

    @property
    def detail(self) -> str:
        """In a few words."""
        if self.why:
            return self.why
        if 300 <= self.status < 400:
            return f"it answered {self.status}, a redirect, which is not followed"
        return f"it answered {self.status}"


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool = False, ca_file: str = "") -> Answer:
    """POST `body`. `private` allows addresses that are not public, and plain http. Never raises for what the network does."""
    deadline = time.monotonic() + DEADLINE
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    if not secure and not private:
        return Answer(0, "the address is not encrypted")
    try:
        port = parts.port or (443 if secure else 80)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        return Answer(0, "the host's name has no address")
    if not private and any(is_inside(str(where[4][0])) for where in found):
        return Answer(0, "the host's name leads to a private network or this machine, which is not allowed")
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    name = f"[{host}]" if ":" in host else host
    shown = name if parts.port is None else f"{name}:{parts.port}"
    lines = [f"POST {target} HTTP/1.1", f"Host: {shown}", f"Content-Length: {len(body)}", "Connection: close"]
    request = (
        "\r\n".join([*lines, *(f"{key}: {value}" for key, value in headers.items())]).encode() + b"\r\n\r\n" + body
    )
    try:
        with _connected(found, deadline) as raw:
            if not secure:
                return _exchange(raw, request, deadline)
            context = ssl.create_default_context(cafile=ca_file or None)
            with context.wrap_socket(raw, server_hostname=host) as wrapped:
                return _exchange(wrapped, request, deadline)
    except ssl.SSLCertVerificationError:
        return Answer(0, "its certificate cannot be trusted")
    except TimeoutError:
        return Answer(0, "it did not answer in time")
    except OSError as error:
        return Answer(0, f"the connection failed ({error.strerror or type(error).__name__})")


def is_inside(address: str) -> bool:
    """Whether an address is anything but a public one, also where it is wrapped into an IPv6 one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_inside(str(inner))
        if found not in _PUBLIC:
            return True
    return not found.is_global or found.is_multicast


def _connected(found: Sequence[_Found], deadline: float) -> socket.socket:
    """A connection to one of the judged addresses, the first that answers."""
    last: OSError = OSError("no address")
    for family, kind, protocol, _, where in found[:4]:
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(_left(deadline))
            made.connect(where)
        except OSError as error:
            made.close()
            last = error
        else:
            return made
    raise last


def _exchange(connection: socket.socket, request: bytes, deadline: float) -> Answer:
    connection.settimeout(_left(deadline))
    connection.sendall(request)
    head = b""
    while len(head) < _MOST:
        # a 1xx only says that the answer is still to come
        while head.startswith(b"HTTP/1.") and head[9:10] == b"1" and b"\r\n\r\n" in head:
            head = head.partition(b"\r\n\r\n")[2]
        line, end, _ = head.partition(b"\r\n")
        if end and line[9:10] != b"1":
            break
        connection.settimeout(_left(deadline))
        more = connection.recv(2048)
        if not more:
            return Answer(0, "the connection ended before an answer came")
        head += more
    words = head.partition(b"\r\n")[0].split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not (words[1].isdigit() and len(words[1]) == 3):
        return Answer(0, "what it answered is no HTTP")
    return Answer(int(words[1]))


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
