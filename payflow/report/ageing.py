"""What is outstanding by client and currency, and how long it has been due, with the interest and fees on it.

`age` works in columns, from what `payflow.policy.assess` answers for a book of any size; `of_decision` gives the same of
the store's invoices. Currencies are never added up.

    found = assess(book, policies, governed, binding, as_of)
    ageing = age(book, found, fees_arisen(book, policies, governed, binding, found, as_of))
    ageing_csv(ageing)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from payflow.columns import Book, Ints, pieces, same
from payflow.model.decision import Decision
from payflow.model.facts import Role
from payflow.model.invoice_view import InvoiceView
from payflow.policy.assess import Assessment

#: The names of the buckets, and the last day overdue that each of them holds but the last one.
BUCKETS = ("current", "days_1_30", "days_31_60", "days_61_90", "over_90")
LAST_DAYS = (0, 30, 60, 90)
_ENDS = np.array(LAST_DAYS, dtype=np.int64)
#: Sums stand in a table with a place for every client and currency, of this many times the rows at most.
_SPARE = 8


class Ageing(Struct, frozen=True):
    """One row per client and currency with anything to tell, in the order of clients, then of currency codes.

    `client` and `currency` are places in `clients` and `currencies`; `buckets` has a row per bucket of `BUCKETS`. Money in
    minor units: `outstanding` is the sum of the buckets, principal alone; `interest` and `fees` stand beside it. `names` are
    those of the clients where they are known.
    """

    client: Ints
    currency: Ints
    buckets: Ints
    outstanding: Ints
    interest: Ints
    fees: Ints
    clients: Sequence[str]
    currencies: Sequence[str]
    names: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.client)


class Line(NamedTuple):
    """A row of an `Ageing`, or a sum of those of one currency; then client and name are empty."""

    client: str
    name: str
    currency: str
    buckets: tuple[int, ...]
    outstanding: int
    interest: int
    fees: int

    @property
    def overdue(self) -> int:
        """All that is past its day."""
        return self.outstanding - self.buckets[0]


def age(book: Book, found: Assessment, fees: Ints | None = None) -> Ageing:
    """The ageing of a book on the day of the assessment. `fees` in minor units per invoice; left out, there are none.

    Charges that came back as invoices are no principal and are passed over.
    """
    charges = same(0, len(book)) if fees is None else fees
    interest = np.asarray(found.interest, dtype=np.int64)

    def columns() -> Iterator[_Columns]:
        for place in pieces(len(book)):
            own = (found.days_overdue, found.outstanding, interest, charges)
            late, outstanding, earned, charged = (column[place] for column in own)
            wanted = (outstanding != 0) | (earned != 0) | (charged != 0)
            rows = np.flatnonzero(wanted & ~book.role_charge[place])
            every = (book.client[place], book.currency[place], late, outstanding, earned, charged)
            yield _Columns(*(column[rows] for column in every))

    return _added(columns(), len(book), book.clients, book.currencies)


def aged(
    client: Ints,
    currency: Ints,
    days_overdue: Ints,
    outstanding: Ints,
    interest: Ints,
    fees: Ints,
    *,
    clients: Sequence[str],
    currencies: Sequence[str],
    names: Sequence[str] = (),
) -> Ageing:
    """Columns of invoices added up by client, currency and bucket; sums are of int64."""
    columns = _Columns(client, currency, days_overdue, outstanding, interest, fees)
    return _added([columns], len(client), clients, currencies, names)


class _Columns(NamedTuple):
    """Some invoices, in columns."""

    client: Ints
    currency: Ints
    days_overdue: Ints
    outstanding: Ints
    interest: Ints
    fees: Ints


def _added(
    parts: Iterable[_Columns], rows: int, clients: Sequence[str], currencies: Sequence[str], names: Sequence[str] = ()
) -> Ageing:
    """Invoices added up, part by part, of at most so many rows in all."""
    by_code = sorted(range(len(currencies)), key=lambda place: currencies[place])
    rank = np.zeros(len(currencies), dtype=np.int64)
    rank[by_code] = np.arange(len(currencies))
    size, every = len(clients) * len(currencies), np.zeros(0, dtype=np.int64)
    groups = ((part.client * len(currencies) + rank[part.currency], part) for part in parts)
    sparse = size > _SPARE * rows + 1000
    if sparse:
        told = list(groups)
        every = np.unique(np.concatenate([every, *(group for group, _ in told)]))
        size, groups = len(every), ((np.searchsorted(every, group), part) for group, part in told)
    there = np.zeros(size, dtype=np.bool_)
    # by group: the buckets, interest, fees
    width = len(BUCKETS) + 2
    cells = np.zeros(size * width, dtype=np.int64)
    for group, part in groups:
        there[group] = True
        at = group * width
        np.add.at(cells, at + np.searchsorted(_ENDS, part.days_overdue), part.outstanding)
        np.add.at(cells, at + len(BUCKETS), part.interest)
        np.add.at(cells, at + len(BUCKETS) + 1, part.fees)
    keys = np.flatnonzero(there)
    sums = cells.reshape(size, width)[keys].T
    owner, code = np.divmod(every[keys] if sparse else keys, max(len(currencies), 1))
    buckets = sums[: len(BUCKETS)]
    order = np.array(by_code, dtype=np.int64)
    return Ageing(owner, order[code], buckets, buckets.sum(axis=0), sums[-2], sums[-1], clients, currencies, names)


def of_decision(decision: Decision) -> Ageing:
    """The ageing of a decision: what `payflow status` shows of it, by client; `fees` are those claimed and still standing."""
    views = [view for view in decision.invoices if view.role is Role.PRINCIPAL]
    views = [view for view in views if view.outstanding or view.interest or view.fees]
    named = {view.client: view.client_name or view.client for view in views}
    clients = sorted(named, key=lambda client: (named[client].casefold(), client))
    currencies = sorted({view.currency for view in views})
    client_of, currency_of = ({code: at for at, code in enumerate(codes)} for codes in (clients, currencies))

    def column(value: Callable[[InvoiceView], int]) -> Ints:
        return np.fromiter(map(value, views), dtype=np.int64, count=len(views))

    return aged(
        column(lambda view: client_of[view.client]),
        column(lambda view: currency_of[view.currency]),
        column(lambda view: view.days_overdue),
        column(lambda view: view.outstanding),
        column(lambda view: view.interest),
        column(lambda view: view.fees),
        clients=clients,
        currencies=currencies,
        names=[named[client] for client in clients],
    )


def lines(ageing: Ageing) -> list[Line]:
    """The rows as Python's values."""
    columns = (ageing.outstanding.tolist(), ageing.interest.tolist(), ageing.fees.tolist())
    places = ageing.client.tolist()
    clients = [ageing.clients[place] for place in places]
    names = [ageing.names[place] for place in places] if ageing.names else clients
    codes = [ageing.currencies[place] for place in ageing.currency.tolist()]
    buckets = zip(*ageing.buckets.tolist(), strict=True)
    return [Line(*row) for row in zip(clients, names, codes, buckets, *columns, strict=True)]


def totals(ageing: Ageing) -> list[Line]:
    """One line per currency that has rows, in the order of codes."""
    found = []
    for place in sorted(set(ageing.currency.tolist()), key=lambda place: ageing.currencies[place]):
        mine = ageing.currency == place
        sums = [int(column[mine].sum()) for column in (ageing.outstanding, ageing.interest, ageing.fees)]
        buckets = tuple(ageing.buckets[:, mine].sum(axis=1).tolist())
        found.append(Line("", "", ageing.currencies[place], buckets, *sums))
    return found
