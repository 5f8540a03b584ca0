"""Facts are read again before anybody is written to or charged, where their source can be asked and was not lately."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from payflow.decide import Ground
from payflow.model.acts import ClientMessage, Plan
from payflow.model.agreement import Workspace
from payflow.outbox.charges import to_post
from payflow.store.mirror import InvoiceRow
from payflow.store.moments import to_moment
from payflow.sync import SyncReport, read_again

if TYPE_CHECKING:
    from payflow.store import Store

#: A reading older than this is not acted on where its source can be asked again (design section 8).
_FRESH = timedelta(minutes=15)


class Rereading:
    """What one run read again. `moment` tells what time it is by now; `ground`, what follows from what is known by then."""

    def __init__(
        self, store: Store, workspace: Workspace, moment: Callable[[], datetime], ground: Callable[[], Ground]
    ) -> None:
        self._store, self._moment, self._ground = store, moment, ground
        #: readings that failed, and sources that said nothing of what they were asked about
        self.failed: list[SyncReport] = []
        #: invoices that their source was asked about and said nothing of
        self.silent: frozenset[int] = frozenset()
        #: sources that cannot be asked about single invoices
        self._unaskable: set[str] = {one.key for one in workspace.sources if one.files}
        self._kept: tuple[Ground, frozenset[str], Mapping[int, tuple[InvoiceRow, str]]] | None = None

    def refreshed(self, found: Ground, messages: Sequence[ClientMessage], pause: Callable[[str], None]) -> Ground:
        """What follows once all that `messages` and charges to be posted are about is fresh.

        One call for each source. One that fails is noted, and nothing of its invoices goes out; one that says nothing of an
        invoice it was asked about is told, and the notice waits.
        """
        keys: dict[str, list[str]] = {}
        posts = to_post(self._store)
        for row in self.aged(found, messages, posts):
            keys.setdefault(row.source, []).append(row.key)
        if not keys:
            return found
        reports = read_again(self._store, found.agreed.workspace, keys, now=self._moment())
        sources = {one.key: one for one in found.agreed.workspace.sources}
        could = {report.source for report in reports}
        self._unaskable |= {key for key in keys if key not in sources or sources[key].name not in could}
        if not reports:
            return found
        pause("read again")
        self.failed += [report for report in reports if report.failed]
        again = self._ground()
        failed = {report.source for report in reports if report.failed}
        for row in self.aged(again, messages, posts):
            source = sources[row.source]
            if source.name not in failed:
                error = (
                    f"it was asked about {row.number or row.key} and said nothing of it; no notice about it goes out"
                )
                self.failed.append(SyncReport(source.name, source.connector, error=error))
                self.silent |= {row.id}
        return again

    def aged(self, found: Ground, wanted: Iterable[ClientMessage], posts: Iterable[int] = ()) -> list[InvoiceRow]:
        """Invoices of messages, and of charges to be posted, whose reading is too old, of sources that may be asked."""
        oldest = to_moment(self._moment() - _FRESH)
        askable = self._askable(found)
        ids = {item.invoice.id for message in wanted for item in message.notices} | set(posts)
        rows = (askable.get(invoice) for invoice in sorted(ids))
        return [row for row, fresh in filter(None, rows) if fresh < oldest and row.id not in self.silent]

    def _askable(self, found: Ground) -> Mapping[int, tuple[InvoiceRow, str]]:
        """Invoices whose sources may be asked about them, with the moment they were last told; kept for one decision."""
        if self._kept is None or self._kept[0] is not found or self._kept[1] != self._unaskable:
            rows = zip(found.setting.facts.invoices, found.setting.fresh, strict=True)
            kept = {row.id: (row, fresh) for row, fresh in rows if row.source not in self._unaskable}
            self._kept = (found, frozenset(self._unaskable), kept)
        return self._kept[2]

    def without_silent(self, plan: Plan) -> Plan:
        """The plan without what could not be read again; a message about nothing else goes on waiting."""
        if not self.silent:
            return plan
        kept = [
            replace(one, notices=tuple(item for item in one.notices if item.invoice.id not in self.silent))
            for one in plan.messages
        ]
        left = tuple(one for one in kept if one.notices or one.corrections)
        return replace(plan, messages=left, paused=plan.paused | self.silent)
