"""What is known of invoices before anything is worked out of them, and how it is cut into parts by client.

Which contract claims an invoice, which invoices may be one debt and what bank lines pay is settled before, over the whole
workspace. What is left to work out of an invoice follows from its own client's facts alone, so that parts can be worked out
one after the other, or on many machines at once, to the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from heapq import heapify, heapreplace
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from payflow.decide.banked import Banked
from payflow.decide.doubts import Standing
from payflow.decide.facts import Facts
from payflow.model.agreement import Agreement
from payflow.model.journal import Memory
from payflow.policy.bank_lines import Matched
from payflow.policy.claims import Governed
from payflow.store.mirror import EntryRow

K = TypeVar("K")
V = TypeVar("V")


class Known(Struct, frozen=True, kw_only=True):
    """Facts, memory and agreement for a day. Sequences are parallel to `facts.invoices`.

    `open_credit_of` maps (source, client key) to the client id that open credit of that source's client belongs to; `home` is
    the country of the business, `rates` the folder of rate tables of the user's own; `reachable` are clients with an address.
    """

    facts: Facts
    memory: Memory
    agreement: Agreement
    home: str
    governed: Sequence[Governed]
    standing: Standing
    bank: Banked
    names: Sequence[str]
    fresh: Sequence[str]
    stale: Sequence[bool]
    moments: Mapping[str, datetime]
    source_names: Mapping[str, str]
    #: names of sources that could not be read at the last try
    unread: frozenset[str]
    open_credit_of: Mapping[tuple[str, str], str]
    reachable: frozenset[str]
    rates: Path | None
    as_of: date
    store_id: str
    #: whether it is asked until when each invoice may rest (`payflow.decide.rest`)
    rests: bool = False

    def owns_debt(self, row: int) -> bool:
        """Whether an invoice is a debt of its own, neither another one's nor a charge of ours."""
        invoice = self.facts.invoices[row].id
        return invoice not in self.standing.same_as and invoice not in self.standing.charges


class Part(Struct, frozen=True):
    """Some clients' share of what is known, and the rows of the whole that it holds, in their order."""

    rows: Sequence[int]
    known: Known


def cut(known: Known, count: int) -> list[Part]:
    """At most so many parts, of about as many rows each; what belongs to a client is in one part only."""
    groups: dict[str, list[int]] = {}
    group_of = _groups(known)
    for row, item in enumerate(known.governed):
        groups.setdefault(group_of.get(item.client, item.client), []).append(row)
    # the largest first, each to the part that has the fewest rows
    loads = [(0, place) for place in range(max(count, 1))]
    heapify(loads)
    rows: list[list[int]] = [[] for _ in loads]
    for several in sorted(groups.values(), key=lambda one: (-len(one), one[0])):
        load, place = loads[0]
        rows[place] += several
        heapreplace(loads, (load + len(several), place))
    return _parts(known, [sorted(one) for one in rows if one])


def part_of(known: Known, row: int) -> Part:
    """The part of one invoice's client alone."""
    group_of = _groups(known)
    own = group_of.get(known.governed[row].client, known.governed[row].client)
    rows = [at for at, item in enumerate(known.governed) if group_of.get(item.client, item.client) == own]
    return _parts(known, [rows])[0]


def _groups(known: Known) -> dict[str, str]:
    """Clients that must stay together, by one that stands for all: a charge may have come back as another client's invoice."""
    if not known.standing.charges:
        return {}
    clients = {row.id: item.client for row, item in zip(known.facts.invoices, known.governed, strict=True)}
    holders: dict[str, set[str]] = {}
    for invoice, several in known.memory.charges.items():
        for charge in several:
            if invoice in clients:
                holders.setdefault(charge.ref, set()).add(clients[invoice])
    parent: dict[str, str] = {}

    def root(client: str) -> str:
        while parent.get(client, client) != client:
            client = parent[client]
        return client

    for invoice, ref in known.standing.charges.items():
        for holder in sorted(holders.get(ref, ())) if invoice in clients else ():
            parent[root(holder)] = root(clients[invoice])
    return {client: root(client) for client in list(parent)}


def _parts(known: Known, rows: Sequence[Sequence[int]]) -> list[Part]:
    invoices, governed = known.facts.invoices, known.governed
    place_of = {invoices[row].id: place for place, several in enumerate(rows) for row in several}
    owner = {governed[row].client: place for place, several in enumerate(rows) for row in several}
    entries: list[list[EntryRow]] = [[] for _ in rows]
    for entry in known.facts.entries:
        if entry.invoice is None:
            at = owner.get(known.open_credit_of.get((entry.source, entry.client), ""))
        else:
            at = place_of.get(entry.invoice)
        if at is not None:
            entries[at].append(entry)
    return [Part(several, _part(known, several, entries[place])) for place, several in enumerate(rows)]


def _part(known: Known, rows: Sequence[int], entries: Sequence[EntryRow]) -> Known:
    facts, standing = known.facts, known.standing
    invoices = [facts.invoices[row] for row in rows]
    governed = [known.governed[row] for row in rows]
    fresh = [known.fresh[row] for row in rows]
    ids = {one.id for one in invoices}
    clients = {item.client for item in governed}
    sources = {(one.source, one.client) for one in invoices}
    return replace(
        known,
        facts=Facts(invoices, {}, entries, {}, (), _of(facts.observed, ids), ()),
        memory=_remembered(known.memory, ids),
        agreement=_agreed(known.agreement, governed, clients),
        governed=governed,
        standing=Standing(_of(standing.charges, ids), _of(standing.same_as, ids), _of(standing.doubtful, ids)),
        bank=_banked(known.bank, ids, clients),
        names=[known.names[row] for row in rows],
        fresh=fresh,
        stale=[known.stale[row] for row in rows],
        moments={moment: known.moments[moment] for moment in dict.fromkeys(fresh)},
        open_credit_of=_of(known.open_credit_of, sources),
        reachable=known.reachable & clients,
    )


def _of(values: Mapping[K, V], keys: Iterable[K]) -> dict[K, V]:
    return {key: values[key] for key in keys if key in values}


def _remembered(memory: Memory, ids: set[int]) -> Memory:
    """What is remembered of these invoices; what people said of clients and projects is little, and goes along whole."""
    return Memory(
        live_from=memory.live_from,
        notices=_of(memory.notices, ids),
        charges=_of(memory.charges, ids),
        wanted=memory.wanted,
        forgone=memory.forgone,
        holds=memory.holds,
        chased=memory.chased & ids,
        confirmations=_of(memory.confirmations, ids),
    )


def _agreed(agreement: Agreement, governed: Sequence[Governed], clients: set[str]) -> Agreement:
    keys = {item.contract.key for item in governed if item.contract is not None}
    return replace(
        agreement,
        contracts={
            name: one for name, one in agreement.contracts.items() if one.key in keys or one.client.id in clients
        },
    )


def _banked(bank: Banked, ids: set[int], clients: set[str]) -> Banked:
    """The share of the bank's lines: certain matches that pay these invoices, or gave these clients credit."""
    if not bank.debts:
        return Banked()
    certain = [
        one for one in bank.matched.certain if one.client in clients or any(part.invoice in ids for part in one.parts)
    ]
    return Banked(
        matched=Matched(certain),
        debts=_of(bank.debts, ids),
        lines=_of(bank.lines, ids),
        moneys=_of(bank.moneys, ids),
        books=_of(bank.books, ids),
    )
