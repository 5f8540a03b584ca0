"""A stand-in for a service that charges are posted to, with every bad habit that real ones have.

Answers are kept by key for 24 hours and replayed, errors included; other parameters under one key are refused; an answer may be
lost although the work was done; a list lags behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from payflow.connector import ChargeOrder, DeliveryError

_KEPT = timedelta(hours=24)


class Made(NamedTuple):
    """What the service holds: one object, as it was asked for."""

    id: str
    deed: str
    order: ChargeOrder
    at: datetime


class ServerError(Exception):
    """What a connector knows of a 500."""


@dataclass
class Till:
    """`habits` say what the next calls do, `ok` when there is none.

    late   the work is done and kept under the key; the answer does not arrive
    500    an error is kept under the key; nothing was done
    500!   an error is kept under the key, although the work was done
    down   nothing arrives at all
    busy   refused for now, and nothing is kept
    no     refused for good, and nothing is kept
    """

    now: datetime = datetime(2026, 11, 1, tzinfo=UTC)
    habits: list[str] = field(default_factory=list)
    #: by how much a list lags behind
    lag: timedelta = timedelta(0)
    made: list[Made] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    mute: bool = False
    _kept: dict[str, tuple[datetime, str, ChargeOrder, str]] = field(default_factory=dict)

    def make(self, deed: str, order: ChargeOrder, key: str) -> str:
        """One call under a key."""
        self.calls.append((deed, key))
        habit = self.habits.pop(0) if self.habits else "ok"
        if habit == "down":
            raise ConnectionRefusedError
        kept = self._kept.get(key)
        if kept is not None and self.now - kept[0] < _KEPT:
            _, answer, asked, of = kept
            if (asked, of) != (order, deed):
                raise DeliveryError("other parameters under one key", permanent=True)
            if habit == "late":
                raise TimeoutError
            return self._answered(answer)
        if habit == "busy":
            raise DeliveryError("429 too many calls", permanent=False)
        if habit == "no":
            raise DeliveryError("400 the client takes no charges", permanent=True)
        answer = "error"
        if habit != "500":
            made = Made(f"obj_{len(self.made) + 1}", deed, order, self.now)
            self.made.append(made)
            answer = "error" if habit == "500!" else made.id
        self._kept[key] = (self.now, answer, order, deed)
        if habit == "late":
            raise TimeoutError
        return self._answered(answer)

    def find(self, order: ChargeOrder) -> str:
        """What bears the tag, from a list that lags."""
        if self.mute:
            raise TimeoutError
        seen = [one for one in self.made if one.at <= self.now - self.lag]
        return next((one.id for one in seen if one.order.tag == order.tag), "")

    @staticmethod
    def _answered(answer: str) -> str:
        if answer == "error":
            raise ServerError("500 with sk_live_1234 in it")
        return answer
