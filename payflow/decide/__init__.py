"""The one loader: store + workspace + day -> Decision.

This is the only place that loads facts and calls the pure parts. `status`, `plan`, `explain`, `gate check` and `run` all use
it, so a preview can never differ from the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from payflow import gate, plan
from payflow.decide import doubts, freshness
from payflow.decide.agreed import Agreed, agreed, as_journaled
from payflow.decide.banked import Banked
from payflow.decide.doubts import Standing
from payflow.decide.facts import Facts, load, local_day
from payflow.decide.known import Known, part_of
from payflow.decide.live import place_of
from payflow.decide.needs import needs
from payflow.decide.parts import Pool, assessed, worked_out
from payflow.decide.remembered import remembered
from payflow.decide.setting import ASKING
from payflow.model.acts import Recipient
from payflow.model.agreement import Workspace
from payflow.model.bank_view import BankView
from payflow.model.decision import Decision, SourceView, Totals
from payflow.model.invoice_view import InvoiceView
from payflow.model.journal import Memory
from payflow.model.verdict import ProjectView
from payflow.plan import Case
from payflow.policy.claims import Claimed, Governed, Listed, claim
from payflow.store.memory import load_memory
from payflow.store.mirror import InvoiceRow, ReadingRow
from payflow.store.moments import from_moment
from payflow.store.stamp import Stamp, stamp
from payflow.store.workings import get_meta

if TYPE_CHECKING:
    from payflow.model.explanation import Explanation
    from payflow.store import Store

#: Days after which a reading is stale unless the source says otherwise (design 6.4).
STALE_FILES, STALE_API = 7, 2


class Ground(Struct, frozen=True):
    """A decision with what it stands on, for those who carry it out or explain it. It holds while the stamp does.

    `cases` are those of every invoice; where a pool worked them out elsewhere, those of the invoices that the plan acts on.
    """

    decision: Decision
    cases: Sequence[Case]
    setting: Known
    agreed: Agreed
    memory: Memory
    store_id: str
    stamp: Stamp
    #: invoices about which there is something to do; those and all that need a person or fit badly; and until when the
    #: invoice of each case may rest, if that was asked
    acting: frozenset[int] = frozenset()
    busy: frozenset[int] = frozenset()
    rests: Sequence[int] = ()


def today(workspace: Workspace, now: datetime) -> date:
    """The date in the business's time zone."""
    return now.astimezone(ZoneInfo(workspace.business.timezone)).date()


def decide(store: Store, workspace: Workspace, as_of: date, now: datetime) -> Decision:
    """Everything that follows for a day. `now` (aware) is when it is asked; freshness goes by the earlier of the two."""
    return ground(store, workspace, as_of, now).decision


def explain(store: Store, workspace: Workspace, as_of: date, now: datetime, name: str) -> Explanation:
    """The timeline of one invoice, named by number, `source:number` or `#id`. Raises `UnknownName`."""
    from payflow.decide.explained import explanation, find

    found = ground(store, workspace, as_of, now)
    case = find(found.cases, name)
    own = part_of(found.setting, next(row for row, one in enumerate(found.cases) if one is case))
    return explanation(case, assessed(own.known), found.decision.projects)


def ground(store: Store, workspace: Workspace, as_of: date, now: datetime, pool: Pool | None = None) -> Ground:
    """Decide, and keep what the decision stands on. `pool` works it out in parts, to the same figures."""
    with store.snapshot():
        memory, not_live_because = place_of(store, remembered(store, as_of, today(workspace, now)))
        standing = agreed(store, workspace, memory, as_of)
        facts = load(store, standing.workspace, as_of)
        store_id = get_meta(store, "store") or ""
        known = stamp(store)
    return follow(Held(facts, memory, not_live_because, standing, store_id, known), as_of, now, pool)


def ground_before(store: Store, workspace: Workspace, as_of: date, now: datetime, seq: int) -> Ground:
    """Decide from today's facts as if the journal had not yet come to record `seq`, under the agreement that stood then.

    For looking back only: it asks neither whether this store is live nor what the files say now.
    """
    with store.snapshot():
        memory = load_memory(store, as_of, before=seq)
        standing = as_journaled(workspace, memory) or agreed(store, workspace, memory, as_of)
        facts = load(store, standing.workspace, as_of)
        store_id = get_meta(store, "store") or ""
        known = stamp(store)
    return follow(Held(facts, memory, "", standing, store_id, known), as_of, now)


class Held(NamedTuple):
    """What the store holds for a day, read at one moment. `partly` says that only some invoices were looked up."""

    facts: Facts
    memory: Memory
    not_live_because: str
    agreed: Agreed
    store_id: str
    stamp: Stamp
    partly: bool = False


def follow(read: Held, as_of: date, now: datetime, pool: Pool | None = None, *, rests: bool = False) -> Ground:
    """What follows from what was read. `rests` asks until when each invoice may rest."""
    facts, memory, not_live_because, standing, store_id, known, partly = read
    workspace = standing.workspace
    names = [_client_name(facts, row) for row in facts.invoices]
    source_names = {one.key: one.name for one in workspace.sources}
    claimed = _claim(facts, standing, names, source_names)
    sources = _sources(workspace, facts, as_of, now)
    recipients = _recipients(workspace, facts, claimed.governed, names)
    setting = _known(
        facts,
        memory,
        standing,
        claimed.governed,
        names,
        source_names,
        _unread(sources),
        recipients,
        as_of,
        now,
        store_id,
        rests,
    )
    found = worked_out(setting, pool)
    listed = found.views
    banked = replace(setting.bank, moneys=dict(found.moneys), books=dict(found.books))
    if facts.lines:
        from payflow.decide import bank

        banked = bank.with_suggestions(banked, _outstanding(listed))
    setting = replace(setting, bank=banked)
    projects = _judge(listed, setting, standing, memory, as_of)
    of_invoices = [need for _, several in found.needs for need in several]
    wanted = needs(setting, of_invoices, found.unrated, claimed, sources, standing.problems)
    planned = plan.together([acts for _, acts in found.acts], projects, memory, recipients, wanted, as_of)
    decision = Decision(
        as_of=as_of,
        live=memory.live_from is not None,
        live_from=memory.live_from,
        not_live_because=not_live_because,
        invoices=listed,
        projects=projects,
        plan=replace(planned, paused=frozenset(view.id for view in listed if view.source in setting.unread)),
        needs=wanted,
        totals=() if partly else _totals(listed, setting),
        sources=sources,
        bank=_bank_view(setting.bank, facts, source_names),
        partly=partly,
    )
    acting = {facts.invoices[row].id for row, _ in found.acts}
    busy = acting | {facts.invoices[row].id for row, _ in found.needs}
    busy |= {facts.invoices[row].id for one in found.unrated for row, _ in one.invoices}
    busy |= {doubt.invoice for doubt in claimed.doubts}
    return Ground(
        decision,
        [case for _, case in found.cases],
        setting,
        standing,
        memory,
        store_id,
        known,
        frozenset(acting),
        frozenset(busy),
        found.rests,
    )


def _client_name(facts: Facts, row: InvoiceRow) -> str:
    client = facts.clients.get((row.source, row.client))
    return client.name if client is not None and client.name else row.client


def _claim(facts: Facts, standing: Agreed, names: Sequence[str], source_names: Mapping[str, str]) -> Claimed:
    listed = [
        Listed(
            row.id,
            source_names.get(row.source, row.source),
            row.number,
            row.reference,
            row.client,
            name,
            row.currency,
            date.fromordinal(row.issued_on + _EPOCH),
        )
        for row, name in zip(facts.invoices, names, strict=True)
    ]
    return claim(listed, standing.versions)


_EPOCH = date(1970, 1, 1).toordinal()


def _known(
    facts: Facts,
    memory: Memory,
    standing: Agreed,
    governed: Sequence[Governed],
    names: Sequence[str],
    source_names: Mapping[str, str],
    unread: frozenset[str],
    recipients: Mapping[str, Recipient],
    as_of: date,
    now: datetime,
    store_id: str,
    rests: bool,
) -> Known:
    workspace = standing.workspace
    zone = ZoneInfo(workspace.business.timezone)
    own = doubts.standing(facts.invoices, names, governed, memory)
    fresh = [freshness.told_at(row, facts.readings) for row in facts.invoices]
    return Known(
        facts=facts,
        memory=memory,
        agreement=workspace.agreement,
        home=workspace.business.country,
        governed=governed,
        standing=own,
        bank=_banked(facts, names, governed, own, memory),
        names=names,
        fresh=fresh,
        stale=_stale(workspace, facts.invoices, fresh, as_of, now),
        moments={stamp: from_moment(stamp).astimezone(zone) for stamp in set(fresh)},
        source_names=source_names,
        unread=unread,
        open_credit_of={
            (row.source, row.client): item.client for row, item in zip(facts.invoices, governed, strict=True)
        },
        reachable=frozenset(recipients),
        rates=workspace.root / "rates",
        as_of=as_of,
        store_id=store_id,
        rests=rests,
    )


def _banked(
    facts: Facts, names: Sequence[str], governed: Sequence[Governed], standing: Standing, memory: Memory
) -> Banked:
    """What is certain of the bank's lines; without any, what matches them is not even loaded."""
    if not facts.lines:
        return Banked()
    from payflow.decide import bank

    return bank.banked(facts, names, governed, standing, memory)


def _bank_view(banked: Banked, facts: Facts, source_names: Mapping[str, str]) -> BankView:
    if not facts.lines:
        return BankView()
    from payflow.decide import bank

    return bank.view(banked, facts.invoices, source_names)


def _outstanding(listed: Sequence[InvoiceView]) -> dict[int, int]:
    """What is open of every invoice that asks for money."""
    return {view.id: view.outstanding for view in listed if view.state in ASKING}


def _unread(sources: Sequence[SourceView]) -> frozenset[str]:
    """Sources whose last try failed: what they list is not chased until they are read. The gate stays as the facts have it."""
    return frozenset(one.source for one in sources if one.problem)


def _stale(
    workspace: Workspace, rows: Sequence[InvoiceRow], fresh: Sequence[str], as_of: date, now: datetime
) -> list[bool]:
    zone = ZoneInfo(workspace.business.timezone)
    today = min(local_day(now, zone), as_of.toordinal() - _EPOCH)
    after = _stale_after(workspace)
    days = {stamp: local_day(from_moment(stamp), zone) for stamp in set(fresh)}
    return [today - days[stamp] > after.get(row.source, STALE_FILES) for row, stamp in zip(rows, fresh, strict=True)]


def _stale_after(workspace: Workspace) -> dict[str, int]:
    return {
        one.key: one.stale_after if one.stale_after is not None else STALE_FILES if one.files else STALE_API
        for one in workspace.sources
    }


def _judge(
    listed: Sequence[InvoiceView], known: Known, standing: Agreed, memory: Memory, as_of: date
) -> list[ProjectView]:
    by_milestone: dict[str, dict[str, list[InvoiceView]]] = {}
    for row, (view, item) in enumerate(zip(listed, known.governed, strict=True)):
        if item.contract is not None and view.milestone and known.owns_debt(row):
            of_project = by_milestone.setdefault(item.contract.key, {})
            of_project.setdefault(view.milestone, []).append(view)
    agreement = standing.workspace.agreement
    return [
        gate.judge(
            contract,
            by_milestone.get(contract.key, {}),
            memory,
            as_of,
            charges_block=agreement.policies[contract.policy].gate_charges,
        )
        for contract in sorted(agreement.contracts.values(), key=lambda one: one.project)
    ]


def _recipients(
    workspace: Workspace, facts: Facts, governed: Sequence[Governed], names: Sequence[str]
) -> dict[str, Recipient]:
    """Where mail about each client goes: the contract's address beats the source's (design section 7)."""
    business = workspace.business
    terms = {contract.client.id: contract.client for contract in workspace.agreement.contracts.values()}
    found: dict[str, Recipient] = {}
    for invoice, item, name in zip(facts.invoices, governed, names, strict=True):
        if item.client in found:
            continue
        agreed_client = terms.get(item.client) or (item.contract.client if item.contract is not None else None)
        row = facts.clients.get((invoice.source, invoice.client))
        email = (agreed_client.email if agreed_client else "") or (row.email if row else "")
        if not email:
            continue
        found[item.client] = Recipient(
            client=item.client,
            name=item.contract.client.name if item.contract is not None else name,
            email=email,
            cc=agreed_client.cc if agreed_client else (),
            language=(agreed_client.language if agreed_client else row.language if row else "") or "en",
            timezone=agreed_client.timezone if agreed_client else business.timezone,
            country=(agreed_client.country if agreed_client else row.country if row else "") or business.country,
        )
    return found


def _totals(listed: Sequence[InvoiceView], known: Known) -> list[Totals]:
    """Sums per currency over debts of their own; a charge that came back is counted as the charge it is."""
    sums: dict[str, list[int]] = {}
    for row, view in enumerate(listed):
        if not known.owns_debt(row):
            continue
        for place, figure in enumerate((view.outstanding, view.overdue, view.fees, view.interest)):
            sums.setdefault(view.currency, [0, 0, 0, 0])[place] += figure
    return [Totals(currency, *figures) for currency, figures in sorted(sums.items())]


def _sources(workspace: Workspace, facts: Facts, as_of: date, now: datetime) -> list[SourceView]:
    zone = ZoneInfo(workspace.business.timezone)
    today = min(local_day(now, zone), as_of.toordinal() - _EPOCH)
    after = _stale_after(workspace)
    names = {one.key: one.name for one in workspace.sources}
    of_source: dict[str, list[ReadingRow]] = {key: [] for key in names}
    for reading in facts.all_readings:
        of_source.setdefault(reading.source, []).append(reading)
    found = []
    for key, readings in of_source.items():
        finished = [one.as_of for one in readings if one.finished]
        # a failure is one from its own day on, so that a day before it is decided as it was
        tried = [one for one in readings if one.finished or local_day(from_moment(one.recorded_at), zone) <= today]
        last = max(tried, key=lambda one: (one.recorded_at, one.id), default=None)
        newest = from_moment(max(finished)).astimezone(zone) if finished else None
        stale = newest is None or today - local_day(newest, zone) > after.get(key, STALE_FILES)
        problem = last.problem if last is not None and not last.finished else ""
        found.append(SourceView(names.get(key, key), newest, last is not None and bool(last.finished), stale, problem))
    return found


__all__ = ["Ground", "Held", "decide", "explain", "follow", "ground", "ground_before", "today"]
