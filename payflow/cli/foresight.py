"""What is asked next: after something was read or sent, people look at the board. Its answer is worked out ahead of them.

Cron has time, people do not. The boards that pipes and terminals of the usual widths show are kept as glances; they hold for
as long as any glance does, and whoever asks otherwise is answered afresh.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

from payflow.errors import PayflowError

if TYPE_CHECKING:
    from payflow.cli.session import Session

#: Books of more invoices are not decided only in case somebody asks: that takes a third of a second for so many.
MOST = 5_000


def foresee(session: Session) -> None:
    """Keep what `payflow status` would answer now. Whatever stands in the way of it costs time only, later."""
    from payflow.cli.glance import Answer, glance
    from payflow.cli.session import Session
    from payflow.report.ansi import WIDEST, Style
    from payflow.report.board import board

    if session.rehearsal is not None:
        return
    with suppress(PayflowError, OSError, ValueError, sqlite3.Error):
        with session.store() as store:
            [(count,)] = store.query("SELECT COUNT(*) FROM invoice")
        if int(count) > MOST:
            return
        places = []
        for style in (Style(), Style(colour=True), Style(colour=True, columns=WIDEST)):
            asking = Session(session.directory, None)
            asking.silent, asking.style = True, style
            places.append((style, glance(asking, "status", None, None, False)))
        # the places come first: a fact that comes in from here on makes them other places
        decision = asking.decision(None)
        for style, place in places:
            if place is not None:
                place.keep(Answer(board(decision, style), 0, asking.complaints))
