"""A transport that answers as a test tells it to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from payflow.errors import DeliveryError
from payflow.model.journal import MessageState
from payflow.outbox.mime import Email
from payflow.outbox.transport import Outcome

GONE_WRONG = Outcome(MessageState.UNSURE, "the connection broke after the last dot")


@dataclass
class Post:
    """A transport that answers as it is told; `tried` are the keys that were handed over."""

    answers: list[Outcome | DeliveryError] = field(default_factory=list)
    recovers: Outcome = GONE_WRONG
    tried: list[str] = field(default_factory=list)
    to: list[Sequence[str]] = field(default_factory=list)
    name: str = "post"

    def prepare(self, key: str, message: Email, recipients: Sequence[str]) -> _Ready:
        if self.answers and isinstance(self.answers[0], DeliveryError):
            raise self.answers.pop(0)
        return _Ready(self, key, recipients)

    def recover(self, key: str) -> Outcome:
        return self.recovers

    def close(self) -> None:
        return


@dataclass
class _Ready:
    post: Post
    key: str
    recipients: Sequence[str]

    def hand_over(self) -> Outcome:
        self.post.tried.append(self.key)
        self.post.to.append(self.recipients)
        answer = self.post.answers.pop(0) if self.post.answers else Outcome(MessageState.SENT, "250 OK")
        assert isinstance(answer, Outcome)
        return answer

    def abandon(self) -> None:
        return
