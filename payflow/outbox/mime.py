"""A rendered message as an e-mail: plain text with an HTML alternative, in 7-bit form so that every server takes it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from payflow.errors import DeliveryError
from payflow.model.agreement import Business
from payflow.outbox.transport import checked_key

#: Bodies are encoded (quoted-printable or base64, whichever is shorter) unless they are short lines of ASCII.
POLICY = SMTP.clone(cte_type="7bit")

_BLANK_CATEGORIES = frozenset(("Cc", "Cs", "Zl", "Zp"))
_ATOMS = r"[^\s\x00-\x1f\x7f<>()\[\]\\,;:@\"]+"
_ADDRESS = re.compile(rf"({_ATOMS})@({_ATOMS})")
_LONGEST_ADDRESS = 254


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
) -> EmailMessage:
    """The e-mail from the business to the first of `addresses` (whose owner is `name`), with copies to the others.

    Names and subjects lose their line breaks and control characters; an address with one is refused (`DeliveryError`).
    `html` may be empty: then the message is plain text alone.
    """
    sender = address(business.email)
    to, *copies = [address(item) for item in addresses]
    message = EmailMessage(policy=POLICY)
    message["From"] = _named(business.name, sender)
    message["To"] = _named(name, to)
    if copies:
        message["Cc"] = tuple(_named("", copy) for copy in copies)
    message["Subject"] = _for_header(subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{checked_key(key)}@{_ascii_domain(sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Payflow-Key"] = key
    message.set_content(_printable(text))
    if html:
        message.add_alternative(_printable(html), subtype="html")
    return message


def wire(message: EmailMessage, *, utf8: bool = False) -> bytes:
    """The bytes of a message with the line ends of the wire; `utf8` where an address is not ASCII (RFC 6531)."""
    return message.as_bytes(policy=POLICY.clone(utf8=utf8))


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
    return " ".join("".join(" " if unicodedata.category(sign) in _BLANK_CATEGORIES else sign for sign in text).split())


def _for_header(text: str) -> str:
    """One line in which nothing reads as an encoded word (RFC 2047): decoded, it could end the line and begin a header."""
    return one_line(text).replace("=?", "= ?")


def _printable(text: str) -> str:
    """A body without control characters (tabs and line ends stay) and halves of surrogate pairs."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in plain if sign in "\n\t" or unicodedata.category(sign) not in _BLANK_CATEGORIES)


def _named(name: str, addr_spec: str) -> Address:
    local, _, domain = addr_spec.rpartition("@")
    return Address(display_name=_for_header(name), username=local, domain=domain)


def _ascii_domain(addr_spec: str) -> str:
    return addr_spec.rpartition("@")[2]
