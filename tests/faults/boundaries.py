"""Every point of a run at which something leaves the process or becomes durable; a run can be killed at any of them.

arm(Rule(event=17))                 SIGKILL just before or after the seventeenth such point
arm(Rule(place="charge posted"))    SIGKILL when the run says for the first time that it has come there
arm(Rule(place="...", cut=True))    the connection to the database is ended there instead
arm(Rule(after=0.031))              the kernel ends the process after so many seconds, wherever it is
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from payflow.store import Store


class Rule(NamedTuple):
    """Where to die: at a numbered event, at a named place, or after so many seconds; nothing said: not at all."""

    event: int = 0
    after: float = 0.0
    place: str = ""
    cut: bool = False


class Counter:
    """Counts events, and kills the process at one of them."""

    def __init__(self, rule: Rule, cut: Callable[[], None]) -> None:
        self.seen = 0
        self.places: list[str] = []
        self._rule = rule
        self._cut = cut

    def __call__(self) -> None:
        self.seen += 1
        if self.seen == self._rule.event:
            os.kill(os.getpid(), signal.SIGKILL)

    def come_to(self, place: str) -> None:
        """The run says where it is: an event too."""
        first = place not in self.places
        if first:
            self.places.append(place)
        if first and place == self._rule.place:
            if self._rule.cut:
                self._cut()
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        self()


def arm(rule: Rule, cut: Callable[[], None]) -> Counter:
    """Let this process die as the rule says, or be cut off. Returns what counts the events, for a run that lives."""
    counter = Counter(rule, cut)
    for name in ("fsync", "replace", "rename", "unlink"):
        _around(os, name, counter)
    _around(socket.socket, "sendall", counter)
    _around(socket.SocketIO, "readinto", counter)
    _around_transactions(counter)
    if rule.after:
        # the default action of this signal ends the process on the spot, as SIGKILL does
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, rule.after)
    return counter


def _around(owner: Any, name: str, tick: Callable[[], None]) -> None:
    plain = getattr(owner, name)

    def watched(*args: Any, **more: Any) -> Any:
        tick()
        result = plain(*args, **more)
        tick()
        return result

    setattr(owner, name, watched)


def _around_transactions(tick: Callable[[], None]) -> None:
    plain = Store.transaction

    @contextmanager
    def watched(store: Store, **more: bool) -> Iterator[Any]:
        with plain(store, **more) as transaction:
            yield transaction
            # all is written, nothing committed
            tick()
        tick()

    Store.transaction = watched  # type: ignore[method-assign,assignment]  # that is the point of it


if sys.platform == "win32":  # pragma: no cover
    raise ImportError("processes are killed with POSIX signals here")
