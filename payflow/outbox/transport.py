"""How a message leaves: one protocol for all transports, cut at the moment the claim is committed (design section 8).

    prepare   everything that can be done, and can fail, before the claim
    -- the claim is committed --
    hand_over the one step that makes the message the recipient's; it tells what became of it and does not raise
    recover   what became of a claim whose owner died between the two

A message that was not handed over waits or has failed; one that perhaps was is `unsure` and never sent again by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from payflow.errors import DeliveryError
from payflow.model.agreement import MailSettings
from payflow.model.journal import MessageState

if TYPE_CHECKING:
    from payflow.outbox.mime import Email

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class Outcome(NamedTuple):
    """What became of a message: SENT, UNSURE, FAILED or WAITING, and a sentence that says more."""

    state: MessageState
    detail: str = ""


class Prepared(Protocol):
    """A message that is ready: one of the two methods is called, once."""

    def hand_over(self) -> Outcome:
        """Hand the message over. Called after the claim is committed; never raises for trouble with the delivery."""

    def abandon(self) -> None:
        """Undo: the claim was not obtained."""


class Transport(Protocol):
    """A way for messages to leave. One lives as long as one run."""

    name: str

    def prepare(self, key: str, message: Email, recipients: Sequence[str]) -> Prepared:
        """Get `message` ready for `recipients`: the first is the main one, the others get copies.

        `key` names the message for good. Raises `DeliveryError`; `permanent` when another try would not help.
        """

    def recover(self, key: str) -> Outcome:
        """What became of a claimed message whose owner died before it could say."""

    def close(self) -> None:
        """Let go of connections. The transport is not used afterwards."""


def open_transport(mail: MailSettings) -> Transport:
    """The transport that `[mail]` asks for. Connects to nothing yet."""
    if mail.transport == "smtp":
        if mail.smtp is None:
            raise DeliveryError(
                '[mail] says transport = "smtp" and names no host. Add host = "smtp.studio-north.example"',
                permanent=False,
            )
        from payflow.outbox.smtp import SmtpTransport

        return SmtpTransport(mail.smtp)
    from payflow.outbox.folder import FolderTransport

    return FolderTransport(mail.folder)


def checked_key(key: str) -> str:
    """`key` itself if it can safely be a file's name and part of a Message-ID; `DeliveryError` otherwise."""
    if not _KEY.fullmatch(key):
        raise DeliveryError(
            f"{key[:60]!r} cannot name a message: letters, digits, dots, dashes and underscores only", permanent=True
        )
    return key
