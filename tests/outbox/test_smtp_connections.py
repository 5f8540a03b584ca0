"""Connections to a mail server that break at every step: what is known then of the message, and what the next one does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from outbox.smtp_servers import MAIN, Scripted, letter, read_message, refused, transport_to
from payflow.errors import DeliveryError
from payflow.model.agreement import MailSettings, Smtp
from payflow.model.journal import MessageState
from payflow.outbox import smtp as smtp_module
from payflow.outbox.smtp import SmtpTransport
from payflow.outbox.smtp_replies import Replies
from payflow.outbox.transport import open_transport


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


def test_a_word_on_the_message_that_came_before_the_message_is_none() -> None:
    with Scripted({"DATA": "354 go\r\n250 queued"}) as server, transport_to(server.settings) as transport:
        outcome = transport.prepare("m1", letter(), (MAIN,)).hand_over()
        assert server.complete == []
    assert (outcome.state, "ended the conversation" in outcome.detail) == (MessageState.WAITING, True)


@pytest.mark.parametrize(
    ("reply", "state", "said"),
    [
        ("250-first\r\n250-second\r\n250 third", MessageState.SENT, "250 first second third"),
        ("250-first\r\n554 no", MessageState.FAILED, "554 first no"),
        ("250 žluťoučký \x1b[2J", MessageState.SENT, "250 "),
        ("250 " + "x" * 9000, MessageState.UNSURE, "no answer from the server to the complete message"),
        ("250-more\r\n" * 7000 + "250 end", MessageState.UNSURE, "no answer from the server to the complete message"),
        ("25", MessageState.UNSURE, "an answer that means nothing"),
    ],
)
def test_odd_words_on_the_complete_message_say_what_they_say_or_nothing(
    reply: str, state: MessageState, said: str
) -> None:
    def answer(at: Any) -> str:
        read_message(at)
        return reply

    with Scripted({}, answer) as server, transport_to(server.settings) as transport:
        outcome = transport.prepare("m1", letter(), (MAIN,)).hand_over()
    assert outcome.state is state
    assert outcome.detail.startswith(said)
    assert len(outcome.detail) < 600


def test_a_reply_that_comes_letter_by_letter_ends_all_the_same() -> None:
    ours, theirs = socket.socketpair()
    over = threading.Event()

    def drip() -> None:
        while not over.wait(0.01):
            theirs.sendall(b"2")

    with ours, theirs:
        ours.settimeout(0.05)
        talking = threading.Thread(target=drip)
        talking.start()
        with pytest.raises(TimeoutError):
            Replies(ours).readline(8192)
        over.set()
        talking.join()
        assert ours.gettimeout() == 0.05


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


@pytest.mark.parametrize("farewell", [None, "421 too many messages"])
def test_a_server_that_is_gone_when_the_next_message_begins_is_called_again(farewell: str | None) -> None:
    with Scripted({"MAIL": ["250 ok", farewell, "250 ok"]}) as server, transport_to(server.settings) as transport:
        for key in ("m1", "m2"):
            assert transport.prepare(key, letter(key=key), (MAIN,)).hand_over().state is MessageState.SENT
        assert len(server.complete) == 2
        assert len(server.commands) == 2


def test_a_server_that_is_gone_again_at_once_gets_the_message_another_time() -> None:
    with Scripted({"MAIL": ["250 ok", None]}) as server, transport_to(server.settings) as transport:
        assert transport.prepare("m1", letter(), (MAIN,)).hand_over().state is MessageState.SENT
        with pytest.raises(DeliveryError) as caught:
            transport.prepare("m2", letter(key="m2"), (MAIN,))
        assert not caught.value.permanent
        assert len(server.complete) == 1
        assert len(server.commands) == 2


def test_only_what_the_server_did_not_take_has_to_be_forgotten_first() -> None:
    with (
        Scripted({"RCPT": ["250 ok", "250 ok", "550 no", "250 ok"]}) as server,
        transport_to(server.settings) as transport,
    ):
        for key in ("m1", "m2"):
            assert transport.prepare(key, letter(key=key), (MAIN,)).hand_over().state is MessageState.SENT
        with pytest.raises(DeliveryError):
            transport.prepare("m3", letter(key="m3"), (MAIN,))
        assert transport.prepare("m4", letter(key="m4"), (MAIN,)).hand_over().state is MessageState.SENT
    (commands,) = server.commands
    whole = ["MAIL", "RCPT", "DATA"]
    assert commands[: commands.index("RSET")] == ["EHLO", *whole, *whole, "MAIL", "RCPT"]
    assert [command for command in commands if command != "RSET"] == [
        "EHLO",
        *whole,
        *whole,
        "MAIL",
        "RCPT",
        *whole,
        "QUIT",
    ]


def test_a_server_that_hung_up_while_it_forgets_is_called_again() -> None:
    with Scripted({"RCPT": ["550 no", "250 ok"], "RSET": None}) as server, transport_to(server.settings) as transport:
        with pytest.raises(DeliveryError):
            transport.prepare("m1", letter(), (MAIN,))
        assert transport.prepare("m2", letter(key="m2"), (MAIN,)).hand_over().state is MessageState.SENT
        assert len(server.commands) == 2
