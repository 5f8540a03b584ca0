"""The SMTP transport against a mail server that works: what arrives, and what the server may refuse."""

from __future__ import annotations

import socket
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from outbox.smtp_servers import COPY, MAIN, NORTH, Inbox, content, letter, refused, serving, settings, transport_to
from payflow.errors import DeliveryError
from payflow.model.journal import MessageState


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
