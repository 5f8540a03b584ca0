"""A store carried to another database by a person's word, compared record by record; the old one never sends again by itself.

The journal of the new store is that of the old one, continued: its last common record says that, and where to, it was moved. The
old store commits that record before the new one exists for anyone else, so at no moment are both live.
"""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from payflow.errors import Problem, StoreError
from payflow.model.journal import Record, RecordKind
from payflow.store import Store, journal
from payflow.store.address import read_address
from payflow.store.anchor import advance, check_anchor
from payflow.store.carry import fill, first_difference, is_new, open_target, rows_of, take_away
from payflow.store.database import Transaction
from payflow.store.memory import last_live


class Moved(NamedTuple):
    """What was carried, from where to where. `live_from`: the new store is live for invoices due from that day on."""

    origin: str
    where: str
    records: int
    rows: int
    live_from: date | None
    was_live_from: date | None


def move(store: Store, url: str, root: Path, now: datetime, *, live: bool, wait: float = 0) -> Moved:
    """Carry the store to `url`; with `live`, the new one goes on being live as the old one was.

    Raises `StoreError` while a run is going on, for a target that is not empty and for a journal that does not verify.
    """
    address = read_address(url, root)
    fresh = is_new(address)
    with store.lock(wait):
        database = open_target(address, store.schema_version())
        with closing(Store.at(database, address, root)) as target:
            try:
                moved = _carry(store, target, now, live=live)
            except BaseException:
                target.close()
                if fresh:
                    take_away(address)
                raise
            for one in (store, target):
                advance(one.anchor, one, now)
    return moved


def _carry(store: Store, target: Store, now: datetime, *, live: bool) -> Moved:
    # left in the opposite order: the old store is committed first, then the new one
    with target.transaction() as new, store.transaction() as old:
        faults = journal.verify(old, store.anchor)
        if faults:
            raise StoreError(str(Problem(store.where, faults[0], "Ask `payflow log verify`; nothing was moved.")))
        was_live = last_live(old)
        since = was_live.since if was_live is not None and was_live.place == store.place() else None
        body = {"from": store.where, "to": target.where}
        journal.append(old, [Record(RecordKind.MOVED, now.date(), body)], at=now)
        rows = sum(fill(new, table, rows_of(old, table)) for table in store.tables())
        _compare(store, old, new, target)
        head = journal.head(new)
        if live and since is not None:
            switched = {"from": since.isoformat(), "place": target.place()}
            journal.append(new, [Record(RecordKind.LIVE, now.date(), switched)], at=now)
    return Moved(store.where, target.where, head.seq, rows, since if live else None, since)


def _compare(store: Store, old: Transaction, new: Transaction, target: Store) -> None:
    differences = (first_difference(old, new, table) for table in store.tables())
    # an anchor that lies there already may only know this very journal
    wrong = [*filter(None, differences), *journal.verify(new, target.anchor), check_anchor(target.anchor, new)]
    found = next(filter(None, wrong), "")
    if found:
        raise StoreError(str(Problem(target.where, found, "Nothing was moved.")))
