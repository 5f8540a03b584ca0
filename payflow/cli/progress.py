"""What is going on, in one line on a terminal, for whatever takes more than a second; gone when it is over.

On standard error, and only where that is a terminal: a pipe, a log file or cron's mail gets none of it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import get_terminal_size
from threading import Event, Lock, Thread
from typing import TextIO

#: Seconds before anything is shown, and between two looks at the clock.
_AFTER = 1.0
_EVERY = 0.25


class Line:
    """The line, and a thread that keeps its seconds going, since whatever is waited for does not tell of itself."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._began = self._since = time.monotonic()
        self._text, self._shown = "", 0
        self._over, self._writing = Event(), Lock()
        self._thread = Thread(target=self._go_on, daemon=True)
        self._thread.start()

    def tell(self, text: str) -> None:
        """What is being done from now on."""
        with self._writing:
            self._text, self._since = text, time.monotonic()

    def end(self) -> None:
        """Take the line away."""
        self._over.set()
        self._thread.join()
        self._show("")

    def _go_on(self) -> None:
        while not self._over.wait(min(_AFTER, _EVERY)):
            now = time.monotonic()
            with self._writing:
                if self._text and now - self._began >= _AFTER:
                    self._show(f"{self._text} ... {now - self._since:.0f} s")

    def _show(self, text: str) -> None:
        if not text and not self._shown:
            return
        text = text[: get_terminal_size().columns - 1]
        try:
            self._stream.write(f"\r{text.ljust(self._shown)}" if text else f"\r{' ' * self._shown}\r")
            self._stream.flush()
        except (OSError, ValueError):  # a terminal that went away: nobody looks on
            self._over.set()
        self._shown = len(text)


class Silent:
    """No terminal: nothing is shown."""

    def tell(self, text: str) -> None:
        """Nothing."""


@contextmanager
def progress(*, silent: bool = False) -> Iterator[Line | Silent]:
    """Show what `tell` says while the block runs, unless it is to be silent or nobody looks on."""
    if silent or not sys.stderr.isatty():
        yield Silent()
        return
    line = Line(sys.stderr)
    try:
        yield line
    finally:
        line.end()
