"""What is outstanding by client and currency, and how long it has been due, with the interest and fees on it.

`age` works in columns, from what `payflow.policy.assess` answers for a book of any size; `of_decision` gives the same of
the store's invoices. Currencies are never added up.

    found = assess(book, policies, governed, binding, as_of)
    ageing = age(book, found, fees_arisen(book, policies, governed, binding, found, as_of))
    ageing_csv(ageing)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from payflow.columns import Book, Ints
from payflow.model.decision import Decision
from payflow.model.facts import Role
from payflow.model.invoice_view import InvoiceView
from payflow.policy.assess import Assessment

#: The names of the buckets, and the last day overdue that each of them holds but the last one.
BUCKETS = ("current", "days_1_30", "days_31_60", "days_61_90", "over_90")
LAST_DAYS = (0, 30, 60, 90)
_ENDS = np.array(LAST_DAYS, dtype=np.int64)
#: Rows below this are told apart by sums in a table, whose size is this many times the rows at most.
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
    kept = ~book.role_charge
    interest = np.asarray(found.interest, dtype=np.int64)
    wanted = kept & ((found.outstanding != 0) | (interest != 0))
    if fees is not None:
        wanted |= kept & (fees != 0)
    rows = np.flatnonzero(wanted)
    return aged(
        book.client[rows],
        book.currency[rows],
        found.days_overdue[rows],
        found.outstanding[rows],
        interest[rows],
        fees[rows] if fees is not None else np.zeros(len(rows), dtype=np.int64),
        clients=book.clients,
        currencies=book.currencies,
    )


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
    by_code = sorted(range(len(currencies)), key=lambda place: currencies[place])
    rank = np.zeros(len(currencies), dtype=np.int64)
    rank[by_code] = np.arange(len(currencies))
    group = client * max(len(currencies), 1) + rank[currency]
    keys, place = _distinct(group, len(clients) * max(len(currencies), 1))
    bucket = np.searchsorted(_ENDS, days_overdue)
    cells = np.zeros(len(keys) * len(BUCKETS), dtype=np.int64)
    np.add.at(cells, place * len(BUCKETS) + bucket, outstanding)
    buckets = cells.reshape(len(keys), len(BUCKETS)).T
    sums = np.zeros((2, len(keys)), dtype=np.int64)
    for at, column in enumerate((interest, fees)):
        np.add.at(sums[at], place, column)
    owner, code = np.divmod(keys, max(len(currencies), 1))
    order = np.array(by_code, dtype=np.int64)
    return Ageing(owner, order[code], buckets, buckets.sum(axis=0), sums[0], sums[1], clients, currencies, names)


def _distinct(group: Ints, size: int) -> tuple[Ints, Ints]:
    """The distinct numbers below `size`, in order, and the place of each number among them."""
    if size > _SPARE * len(group) + 1000:
        keys, place = np.unique(group, return_inverse=True)
        return keys, place
    there = np.zeros(size, dtype=np.bool_)
    there[group] = True
    keys = np.flatnonzero(there)
    number = np.cumsum(there) - 1
    return keys, number[group]


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
