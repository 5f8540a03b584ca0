"""E-mails as they go on the wire: headers that nobody can smuggle anything into, bodies that every server takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.errors import DeliveryError
from payflow.model.agreement import Business
from payflow.outbox.mime import Email, address, build, one_line, wire

NORTH = Business("Studio North", "Studio North Ltd", "billing@studio-north.example", "Europe/London", "GB", "GBP")
NOW = datetime(2026, 11, 12, 9, 30, tzinfo=timezone(timedelta(hours=1)))


def built(**changes: Any) -> Email:
    given: dict[str, Any] = {
        "business": NORTH,
        "addresses": ("accounts@acme.example",),
        "subject": "Invoice INV-0013",
        "text": "Hello\n",
        "html": "<p>Hello</p>",
        "key": "m1",
        "now": NOW,
        "name": "Acme Ltd",
    }
    return build(**{**given, **changes})


def arrived(message: Email) -> EmailMessage:
    return message_from_bytes(wire(message), EmailMessage, policy=default)


def test_every_header_is_there() -> None:
    message = arrived(built(addresses=("accounts@acme.example", "boss@acme.example")))
    assert {name: str(message[name]) for name in ("From", "To", "Cc", "Subject", "Date")} == {
        "From": "Studio North <billing@studio-north.example>",
        "To": "Acme Ltd <accounts@acme.example>",
        "Cc": "boss@acme.example",
        "Subject": "Invoice INV-0013",
        "Date": "Thu, 12 Nov 2026 09:30:00 +0100",
    }
    assert message["Message-ID"] == "<m1@studio-north.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Payflow-Key"] == "m1"


def test_text_and_html_are_alternatives_and_text_may_stand_alone() -> None:
    message = arrived(built())
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert arrived(built(html="")).get_content_type() == "text/plain"


def test_a_line_break_in_a_name_or_subject_adds_no_header() -> None:
    hostile = "Acme\r\nBcc: everyone@acme.example\n\nbody\u2028more\x00\x85"
    message = arrived(
        built(subject=hostile, name=hostile, business=Business(hostile, "", NORTH.email, "UTC", "", "GBP"))
    )
    assert message["Bcc"] is None
    assert message["Subject"] == "Acme Bcc: everyone@acme.example body more"
    (recipient,) = message["To"].addresses
    assert recipient.addr_spec == "accounts@acme.example"
    assert recipient.display_name == "Acme Bcc: everyone@acme.example body more"
    assert message["From"].addresses[0].addr_spec == NORTH.email


@pytest.mark.parametrize(
    "text",
    [
        "",
        "acme.example",
        "@acme.example",
        "accounts@",
        "a@b@acme.example",
        "a b@acme.example",
        "accounts@acme.example\r\nBcc: everyone@acme.example",
        "accounts@acme.example\n",
        "accounts@acme.example, everyone@acme.example",
        "<accounts@acme.example>",
        "Acme <accounts@acme.example>",
        "a\x00@acme.example",
        "accounts@" + "x" * 250 + ".example",
        "accounts@bü..cher.example",
    ],
)
def test_what_is_not_one_address_is_refused(text: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        built(addresses=(text,))
    assert caught.value.permanent


def test_domains_go_in_ascii_and_blanks_around_are_dropped() -> None:
    assert address(" post@bücher.example ") == "post@xn--bcher-kva.example"
    assert address("jörg@acme.example") == "jörg@acme.example"


def test_control_characters_leave_the_body_and_line_ends_stay() -> None:
    message = arrived(built(text="one\r\ntwo\rthree\n\tfour\x00\x1b[31m\ud800\n", html=""))
    assert message.get_content().split("\r\n") == ["one", "two", "three", "\tfour[31m", ""]


@given(
    subject=st.text(max_size=300),
    name=st.text(max_size=120),
    text=st.text(max_size=2000),
    html=st.text(max_size=2000),
)
def test_any_words_become_a_message_that_every_server_takes(subject: str, name: str, text: str, html: str) -> None:
    message = built(subject=subject, name=name, text=text, html=html)
    data = wire(message)
    assert data.isascii()
    assert max(len(line) for line in data.split(b"\r\n")) <= 998
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    back = message_from_bytes(data, EmailMessage, policy=default)
    assert set(back.keys()) - {"Content-Transfer-Encoding"} == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Payflow-Key"),
        *("MIME-Version", "Content-Type"),
    }
    assert [item.addr_spec for item in back["To"].addresses] == ["accounts@acme.example"]


#: What names are made of, and what has a meaning in headers.
NAMES = st.text(st.sampled_from("Ab9 .,;:&'\"()<>@\\/=?_-é\t"), max_size=90) | st.text(max_size=60)


@given(
    name=NAMES, subject=NAMES, local=st.text(st.sampled_from("ab.=?'+{}é"), min_size=1, max_size=40), utf8=st.booleans()
)
def test_headers_are_written_as_the_standard_library_writes_them(
    name: str, subject: str, local: str, utf8: bool
) -> None:
    message = built(name=name, subject=subject, addresses=(f"{local}@acme.example", "boss@acme.example"))
    usual = EmailMessage(policy=SMTP.clone(cte_type="7bit", utf8=utf8))
    for header, value in message.headers:
        usual[header] = value
    written = wire(message, utf8=utf8).partition(b"Content-Type")[0]
    assert sorted(_headers(written)) == sorted(_headers(usual.as_bytes()))


def _headers(data: bytes) -> list[bytes]:
    """Headers with all their lines."""
    return [header for header in data.replace(b"\r\n ", b"\n ").split(b"\r\n") if header]


@given(text=st.text(max_size=500), html=st.text(max_size=500), blank=st.sampled_from(["", " ", "\t", "."]))
def test_texts_arrive_as_they_were(text: str, html: str, blank: str) -> None:
    texts = [f"{blank}{one}{blank}\n{'=' * len(one)} é\n" for one in (text, html)]
    plain, marked = arrived(built(text=texts[0], html=texts[1])).iter_parts()
    for part, sent in zip((plain, marked), texts, strict=True):
        lines = sent.replace("\r\n", "\n").replace("\r", "\n")
        kept = "".join(sign for sign in lines if sign in "\n\t" or category(sign) not in ("Cc", "Cs", "Zl", "Zp"))
        assert part.get_content().replace("\r\n", "\n") == kept


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("short lines\nof ASCII\n", "7bit"),
        ("x" * 78, "7bit"),
        ("x" * 79, "quoted-printable"),
        ("a line that speaks of a café\n" * 30, "quoted-printable"),
        ("Žluťoučký kůň příšerně úpěl ďábelské ódy\n", "base64"),
    ],
)
def test_a_text_is_encoded_in_the_shorter_way_and_only_if_it_must_be(text: str, encoding: str) -> None:
    message = arrived(built(text=text, html=""))
    assert message["Content-Transfer-Encoding"] == encoding
    assert message.get_content().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")
    assert max(map(len, wire(built(text=text, html="")).splitlines())) <= 78


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    assert one_line(one_line(text)) == one_line(text)


def test_a_key_that_is_unsafe_never_reaches_a_header() -> None:
    with pytest.raises(DeliveryError, match="cannot name a message"):
        built(key="m1>\r\nBcc: x@y.example", now=datetime(2026, 1, 1, tzinfo=UTC))
