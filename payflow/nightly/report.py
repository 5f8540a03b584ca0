"""What a run did."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from payflow.model.decision import Decision
from payflow.sync import SyncReport


class RunReport(Struct, frozen=True):
    """What a run did. Keys of messages by outcome; `reversed` are references of charges taken back."""

    as_of: date
    live: bool
    dry_run: bool
    synced: tuple[SyncReport, ...]
    decision: Decision
    sent: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    reversed: tuple[str, ...] = ()
    told: bool = False
    #: references of charges that were posted to their source or taken back there, and of those that were not yet
    posted: tuple[str, ...] = ()
    unposted: tuple[str, ...] = ()
    #: ids of events that hooks took, did not take yet, and never took
    hooks_sent: tuple[str, ...] = ()
    hooks_waiting: tuple[str, ...] = ()
    hooks_failed: tuple[str, ...] = ()
