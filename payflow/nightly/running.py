"""One run, from the clock and the sources to what follows; `night` carries it out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from payflow.decide import Ground, ground, today
from payflow.decide.parts import Pool
from payflow.decide.tonight import Tonight
from payflow.errors import Refused
from payflow.model.agreement import Workspace
from payflow.nightly.night import ROUNDS, Night
from payflow.nightly.report import RunReport
from payflow.store import journal
from payflow.store.runs import last_day, note_run, runs
from payflow.store.stamp import stamp
from payflow.sync import begin, sync

if TYPE_CHECKING:
    from payflow.store import Store

#: How far a clock may be set back, as by a time server, without a word.
_SKEW = timedelta(minutes=10)


def run(
    store: Store,
    workspace: Workspace,
    *,
    now: datetime,
    dry_run: bool = False,
    accept_clock: bool = False,
    pool: Pool | None = None,
    pause: Callable[[str], None] = lambda _place: None,
    tell: Callable[[str], None] = lambda _text: None,
) -> RunReport:
    """Read the sources, decide, and when live carry out. `dry_run` reads nothing anew and writes nothing at all.

    `pool` works decisions out in parts; everything else, delivery above all, is done here. `tell` is told in a few words what
    is being done, for those who wait.

    Raises `Refused` while a step, source or project that the journal knows is gone without `was`, and when `now` is before the
    last run unless `accept_clock` says that it was the last run's clock that was wrong.
    """
    if dry_run:
        as_of = today(workspace, now)
        found = ground(store, workspace, as_of, now, pool)
        return RunReport(as_of, found.decision.live, True, (), found.decision)
    now, as_of = _onwards(store, workspace, now, accept_clock)
    begin(store, now)
    with store.transaction() as tx:
        note_run(tx, now, as_of)
    synced = tuple(sync(store, workspace, now=now, tell=tell))
    pause("synced")
    tell("deciding, and sending what is due")
    tonight = Tonight(store, workspace, as_of, now, pool)
    found = tonight.ground()
    if found.agreed.problems:
        raise Refused("\n".join(str(problem) for problem in found.agreed.problems))
    if not found.decision.live:
        return RunReport(as_of, False, False, synced, found.decision)
    found = note_agreement(store, workspace, found, now)
    return Night(store, workspace, as_of, now, pause, tonight).carry_out(synced)


def _onwards(store: Store, workspace: Workspace, now: datetime, accept_clock: bool) -> tuple[datetime, date]:
    """The moment and the day of a run: neither is ever before the last run's.

    A clock that was set back by a little is taken to stand still. So is the day, where the business moved to a time zone in
    which it is still the day before. Raises `Refused` for anything further back.
    """
    zone = ZoneInfo(workspace.business.timezone)
    last, known = next(reversed(runs(store)), now), last_day(store)
    if accept_clock:
        return now, today(workspace, now)
    day = today(workspace, max(now, last))
    if now < last - _SKEW or (known is not None and known - day > timedelta(days=1)):
        moments = [one.astimezone(zone).isoformat(" ", "minutes") for one in (now, last)]
        raise Refused(
            f"this run is for {moments[0]}, and the last one was for {moments[1]}: the clock went backwards, or the day is "
            "over. Nothing was read or sent. Set the clock right; if it is right and the last run's was wrong, say "
            "payflow run --accept-clock."
        )
    return max(now, last), max(day, known or day)


def note_agreement(store: Store, workspace: Workspace, found: Ground, now: datetime) -> Ground:
    """Journal the agreement if it differs from the last version (design section 2); the ground on which it stands then.

    Another run may journal the same version at this very moment: then nothing is written twice, and it is looked at afresh.
    """
    for _ in range(ROUNDS):
        if not found.agreed.is_new:
            return found
        as_of = found.decision.as_of
        with store.transaction() as tx:
            if stamp(tx).journal == found.stamp.journal:
                journal.append(tx, found.agreed.news(as_of), at=now)
                return found
        found = ground(store, workspace, as_of, now)
    raise Refused(
        "the journal goes on changing while the agreement is to be noted. Run again when other commands are done."
    )
