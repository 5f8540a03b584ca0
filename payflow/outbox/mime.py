"""A rendered message as an e-mail: plain text with an HTML alternative, in 7-bit form so that every server takes it."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from payflow.errors import DeliveryError
from payflow.model.agreement import Business
from payflow.outbox.transport import checked_key

if TYPE_CHECKING:
    from email.policy import EmailPolicy

#: A line is not longer than this where that can be helped (RFC 5322).
_LINE = 78

#: Control characters, halves of surrogate pairs, and what separates lines and paragraphs.
_BLANKS = r"\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029"
_BLANK = re.compile(f"[{_BLANKS}]")
_UNPRINTABLE = re.compile(rf"(?![\t\n])[{_BLANKS}]")
_ATOMS = r"[^\s\x00-\x1f\x7f<>()\[\]\\,;:@\"]+"
_ADDRESS = re.compile(rf"({_ATOMS})@({_ATOMS})")
_LONGEST_ADDRESS = 254


class Email(Struct, frozen=True):
    """An e-mail before it has its form for the wire (`wire`). `html` is empty where plain text is all there is."""

    sender: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


def build(
    business: Business,
    addresses: Sequence[str],
    subject: str,
    text: str,
    html: str,
    key: str,
    now: datetime,
    *,
    name: str = "",
) -> Email:
    """The e-mail from the business to the first of `addresses` (whose owner is `name`), with copies to the others.

    Names and subjects lose their line breaks and control characters; an address with one is refused (`DeliveryError`).
    `html` may be empty: then the message is plain text alone.
    """
    from email.utils import format_datetime

    sender = address(business.email)
    to, *copies = [address(item) for item in addresses]
    headers = (
        ("From", _named(business.name, sender)),
        ("To", _named(name, to)),
        *([("Cc", ", ".join(_named("", copy) for copy in copies))] if copies else []),
        ("Subject", _for_header(subject)),
        ("Date", format_datetime(now)),
        ("Message-ID", f"<{checked_key(key)}@{_ascii_domain(sender)}>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Payflow-Key", key),
        ("MIME-Version", "1.0"),
    )
    return Email(sender, headers, _printable(text), _printable(html))


def wire(email: Email, *, utf8: bool = False) -> bytes:
    """The bytes of an e-mail with the line ends of the wire; `utf8` where an address is not ASCII (RFC 6531)."""
    headers = b"".join(_header(name, value, utf8) for name, value in email.headers)
    text = _part("plain", email.text)
    if not email.html:
        return headers + text
    # nobody can guess it, so that no text has it; "=_" is in nothing that is quoted-printable or base64 (RFC 2045, 6.7)
    boundary = f"=_{secrets.token_hex(16)}".encode()
    return b"".join(
        (
            headers,
            b'Content-Type: multipart/alternative;\r\n boundary="',
            boundary,
            b'"\r\n\r\n--',
            boundary,
            b"\r\n",
            text,
            b"\r\n--",
            boundary,
            b"\r\n",
            _part("html", email.html),
            b"\r\n--",
            boundary,
            b"--\r\n",
        )
    )


def _header(name: str, value: str, utf8: bool) -> bytes:
    """A header as the standard library writes it, which takes it long; plain short ones are neither folded nor encoded."""
    if len(name) + len(": ") + len(value) <= _LINE and "=?" not in value:
        plain = _PLAIN_ADDRESS if name in _OF_ADDRESSES else _PLAIN_WORDS
        if plain.fullmatch(value):
            return f"{name}: {value}\r\n".encode("ascii")
    policy = _policy(utf8)
    return policy.fold_binary(*policy.header_store_parse(name, value))


@cache
def _policy(utf8: bool) -> EmailPolicy[Any]:
    """How the standard library writes headers: folded, and in 7-bit form. It takes long to load, and most nights write none."""
    from email.policy import SMTP

    return SMTP.clone(cte_type="7bit", utf8=utf8)


_OF_ADDRESSES = frozenset({"From", "To", "Cc"})
_PLAIN_WORDS = re.compile("[!-~]+(?: [!-~]+)*")
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_SPEC = rf"{_ATOM}(?:\.{_ATOM})*@{_ATOM}(?:\.{_ATOM})*"
_PLAIN_ADDRESS = re.compile(f"{_ATOM}(?: {_ATOM})* <{_SPEC}>|{_SPEC}")


def _part(kind: str, text: str) -> bytes:
    """A text with its headers: as it is if its lines are short and ASCII, else quoted-printable or base64, what is shorter."""
    body = (text if text.endswith("\n") else f"{text}\n").encode().replace(b"\n", b"\r\n")
    encoding = "7bit"
    if not body.isascii() or max(map(len, body.split(b"\r\n"))) > _LINE:
        quoted, coded = binascii.b2a_qp(body), base64.encodebytes(body).replace(b"\n", b"\r\n")
        encoding, body = ("base64", coded) if len(coded) < len(quoted) else ("quoted-printable", quoted)
    headers = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return headers.encode("ascii") + body


def address(text: str) -> str:
    """An e-mail address as it goes on the wire: its domain in ASCII. Anything else than one address is refused."""
    match = _ADDRESS.fullmatch(text.strip(" "))
    if match is None or len(text) > _LONGEST_ADDRESS:
        raise DeliveryError(
            f"{text[:80]!r} is not an e-mail address. Correct it in the contract or the books", permanent=True
        )
    local, domain = match.groups()
    if domain.isascii():
        return f"{local}@{domain}"
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise DeliveryError(f"{text[:80]!r} has a domain that no mail server can have", permanent=True) from None


def one_line(text: str) -> str:
    """A text for a header: control characters and line breaks of any kind are blanks, runs of blanks are one."""
    return " ".join(_BLANK.sub(" ", text).split())


def _for_header(text: str) -> str:
    """One line in which nothing reads as an encoded word (RFC 2047): decoded, it could end the line and begin a header."""
    return one_line(text).replace("=?", "= ?")


def _printable(text: str) -> str:
    """A body without control characters (tabs and line ends stay) and halves of surrogate pairs."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _named(name: str, addr_spec: str) -> str:
    from email.headerregistry import Address

    local, _, domain = addr_spec.rpartition("@")
    return str(Address(display_name=_for_header(name), username=local, domain=domain))


def _ascii_domain(addr_spec: str) -> str:
    return addr_spec.rpartition("@")[2]
