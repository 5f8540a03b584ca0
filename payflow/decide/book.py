"""Builds the Book from the facts: rows become columns, words become codes, sightings become entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from payflow.columns import NO_DAY, Book, to_date, to_day
from payflow.decide.banked import Banked, Movement, creditors, paid_in_full
from payflow.decide.facts import Facts, Observed
from payflow.decide.freshness import says_state
from payflow.model.facts import EntryKind, Settlement, Status
from payflow.model.journal import Confirmation, Memory, Notice
from payflow.policy.assess import ENTRY_KINDS, SETTLEMENTS, STATUSES
from payflow.policy.discounts import Moved, Offer, earned
from payflow.policy.sightings import movements, untold
from payflow.store.mirror import InvoiceRow
from payflow.store.moments import from_moment

_KIND_CODES = {kind.value: code for code, kind in enumerate(ENTRY_KINDS)}
_SETTLEMENT_CODES = {settlement.value: code for code, settlement in enumerate(SETTLEMENTS)}
_STATUS_CODES = {status.value: code for code, status in enumerate(STATUSES)}
_SETTLED, _DISPUTED = _SETTLEMENT_CODES[Settlement.SETTLED], _SETTLEMENT_CODES[Settlement.DISPUTED]
_CREDIT = _KIND_CODES[EntryKind.CREDIT]
_MONEY = frozenset({_KIND_CODES[EntryKind.PAYMENT], _KIND_CODES[EntryKind.REFUND]})


class _Entry(NamedTuple):
    row: int
    on: int
    amount: int
    kind: int
    settlement: int
    inferred: bool
    client: int
    currency: int


class _Codes:
    """Gives each distinct text a number, in order of appearance."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __getitem__(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    @property
    def texts(self) -> list[str]:
        return list(self._numbers)


def build(
    facts: Facts,
    memory: Memory,
    client_ids: Sequence[str],
    charges: frozenset[int],
    stale: Sequence[bool],
    open_credit_of: Mapping[tuple[str, str], str],
    as_of: date,
    bank: Banked,
    offers: Mapping[int, Sequence[Offer]] = MappingProxyType({}),
) -> Book:
    """The book for a day. Parallel to `facts.invoices`: `client_ids` and `stale`; `charges` are identities of charges of ours.

    `open_credit_of` maps (source, client key) to the client id that open credit of that source's client belongs to; `bank` is
    what bank lines pay; `offers` are discounts for early payment, by row.
    """
    rows = facts.invoices
    clients, currencies = _Codes(), _Codes()
    client = [clients[one] for one in client_ids]
    currency = [currencies[row.currency] for row in rows]
    today = to_day(as_of)
    entries = _entries(facts, memory, clients, currencies, client, open_credit_of, bank, today)
    if offers:
        entries += _discounts(facts, entries, offers, today)
    entries.sort(key=lambda entry: (entry.row, entry.on))
    columns = list(zip(*entries, strict=True)) or [()] * len(_Entry._fields)
    return Book(
        id=ints(row.id for row in rows),
        total=ints(row.total for row in rows),
        issued_on=ints(row.issued_on for row in rows),
        due_printed=ints(_printed(row, facts.observed.get(row.id)) for row in rows),
        due_shown=ints(_shown(memory.notices.get(row.id, ())) for row in rows),
        status=ints(_STATUS_CODES[_status(row, memory.confirmations.get(row.id), today)] for row in rows),
        client=ints(client),
        currency=ints(currency),
        role_charge=mask(row.id in charges for row in rows),
        stale=mask(stale),
        unknown=mask(
            # money at the bank says it as well as the books could
            _unknown(row, memory.confirmations.get(row.id)) and not paid_in_full(bank, row.id)
            for row in rows
        ),
        entry_row=ints(columns[0]),
        entry_on=ints(columns[1]),
        entry_amount=ints(columns[2]),
        entry_kind=ints(columns[3]),
        entry_settlement=ints(columns[4]),
        entry_inferred=mask(columns[5]),
        entry_client=ints(columns[6]),
        entry_currency=ints(columns[7]),
        clients=clients.texts,
        currencies=currencies.texts,
    )


def ints(values: Iterable[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    array = np.fromiter(values, dtype=np.int64)
    array.flags.writeable = False
    return array


def mask(values: Iterable[bool]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    array = np.fromiter(values, dtype=np.bool_)
    array.flags.writeable = False
    return array


def _printed(row: InvoiceRow, observed: Observed | None) -> int:
    """The latest due date ever printed on an issued invoice: once shown, it never moves earlier (design 6.3)."""
    known = [day for day in (row.due_on, observed.due_on if observed else None) if day is not None]
    return max(known, default=NO_DAY)


def _shown(notices: Sequence[Notice]) -> int:
    return max((to_day(notice.due_on) for notice in notices), default=NO_DAY)


def _status(row: InvoiceRow, said: Confirmation | None, today: int) -> str:
    """The source's word, unless a person confirmed otherwise, or it only came about after the day asked for."""
    if answers(row, said) and said is not None and said.outcome == "void":
        return Status.VOID
    if (
        row.status in (Status.PAID, Status.VOID, Status.WRITTEN_OFF)
        and row.closed_on is not None
        and row.closed_on > today
    ):
        return Status.OPEN
    return row.status


def _unknown(row: InvoiceRow, said: Confirmation | None) -> bool:
    """Missing from a later reading, or known only from reports that say nothing of payments (design 6.4)."""
    return _nobody_says(row) and not answers(row, said)


def _nobody_says(row: InvoiceRow) -> bool:
    return row.unknown_since is not None or not says_state(row)


def answers(row: InvoiceRow, said: Confirmation | None) -> bool:
    """Whether a person's word still stands: only while the source does not say by itself what became of the invoice.

    One that was listed again since, and then went missing anew, is asked about anew.
    """
    if said is None:
        return False
    if not says_state(row):
        return True
    return row.unknown_since is not None and from_moment(row.unknown_since) <= said.said_at


def _entries(
    facts: Facts,
    memory: Memory,
    clients: _Codes,
    currencies: _Codes,
    client: Sequence[int],
    open_credit_of: Mapping[tuple[str, str], str],
    bank: Banked,
    today: int,
) -> list[_Entry]:
    place = {row.id: index for index, row in enumerate(facts.invoices)}
    found: list[_Entry] = []
    for entry in facts.entries:
        kind, settlement = _KIND_CODES[entry.kind], _SETTLEMENT_CODES[entry.settlement]
        if entry.invoice is None:
            owner = open_credit_of.get((entry.source, entry.client))
            if owner is not None:
                on = entry.paid_on if entry.paid_on is not None else NO_DAY
                found.append(
                    _Entry(-1, on, entry.amount, kind, settlement, False, clients[owner], currencies[entry.currency])
                )
        elif entry.invoice in place:
            row = place[entry.invoice]
            # a movement without a day is taken as made on the day of issue, as one never seen unpaid is
            on = entry.paid_on if entry.paid_on is not None else facts.invoices[row].issued_on
            found.append(
                _Entry(
                    row,
                    on,
                    entry.amount,
                    kind,
                    settlement,
                    entry.paid_on is None,
                    client[row],
                    currencies[entry.currency],
                )
            )
    told: dict[int, list[_Entry]] = {}
    for one in found:
        told.setdefault(one.row, []).append(one)
    every = told.get(-1, [])
    every += _open_credit(bank, every, clients, currencies)
    for index, invoice in enumerate(facts.invoices):
        own = told.get(index, [])
        more = _inferred(invoice, facts.observed.get(invoice.id), own)
        if invoice.id in bank.debts:
            own, more = _with_lines(bank, invoice, own, more, today)
        code = currencies[invoice.currency]
        own += [
            _Entry(index, one.on, one.amount, _KIND_CODES[one.kind], _SETTLED, one.inferred, client[index], code)
            for one in more
        ]
        said = memory.confirmations.get(invoice.id)
        if said is not None and answers(invoice, said) and said.outcome == "paid":
            missing = invoice.total - sum(one.amount for one in own if _moves(one))
            if missing > 0:
                payment = _KIND_CODES[EntryKind.PAYMENT]
                own.append(_Entry(index, to_day(said.on), missing, payment, _SETTLED, False, client[index], code))
        every += own
    return every


def _inferred(row: InvoiceRow, observed: Observed | None, told: Sequence[_Entry]) -> list[Movement]:
    """Movements that no entry tells, inferred from sightings. `told` are the entries of the invoice."""
    if row.dated_entries or observed is None:
        return []
    money = [(one.on, one.amount) for one in told if one.kind in _MONEY and one.settlement == _SETTLED]
    found = movements(untold(observed.sightings, money), row.issued_on)
    if found and row.status == Status.PAID and row.closed_on is not None and found[-1].amount > 0:
        # the books name the day on which the last of it was paid
        found[-1] = replace(found[-1], day=row.closed_on, seen=row.closed_on)
    return [Movement(one.day, one.seen, one.kind, one.amount, inferred=one.day != row.closed_on) for one in found]


def _with_lines(
    bank: Banked, row: InvoiceRow, own: list[_Entry], inferred: list[Movement], today: int
) -> tuple[list[_Entry], list[Movement]]:
    """Entries and inferred movements of an invoice once the bank's lines are joined to them, each money once."""
    money = [one for one in own if one.kind in _MONEY and one.settlement == _SETTLED]
    books = [
        Movement(one.on, today if one.inferred else one.on, ENTRY_KINDS[one.kind], one.amount, inferred=one.inferred)
        for one in money
    ]
    books += [one for one in inferred if one.kind is not EntryKind.CREDIT]
    bank.books[row.id] = books
    if row.id not in bank.lines:
        return own, inferred
    from payflow.decide.one_book import money_of

    joined = money_of(bank, row.id, books)
    return [one for one in own if one not in money], [
        *(one for one in inferred if one.kind is EntryKind.CREDIT),
        *joined,
    ]


def _open_credit(bank: Banked, books: Sequence[_Entry], clients: _Codes, currencies: _Codes) -> list[_Entry]:
    """What lines paid beyond their invoices and the books do not show as credit. `books` is the credit that they show."""
    paid_more = creditors(bank)
    if not paid_more:
        return []
    from payflow.decide.one_book import rests

    known: dict[tuple[int, int], list[Movement]] = {}
    for one in books:
        if one.settlement == _SETTLED and one.on != NO_DAY:
            movement = Movement(one.on, one.on, ENTRY_KINDS[one.kind], one.amount, inferred=False)
            known.setdefault((one.client, one.currency), []).append(movement)
    named = {
        (client, currency): known.get((clients[client], currencies[currency]), []) for client, currency in paid_more
    }
    payment = _KIND_CODES[EntryKind.PAYMENT]
    return [
        _Entry(-1, one.on, one.amount, payment, _SETTLED, False, clients[one.client], currencies[one.currency])
        for one in rests(bank, named)
    ]


def _discounts(
    facts: Facts, entries: Sequence[_Entry], offers: Mapping[int, Sequence[Offer]], today: int
) -> Iterable[_Entry]:
    """The discounts that clients earned, credited by contract on the day of the payment that earned them."""
    moved: dict[int, list[_Entry]] = {}
    for one in entries:
        if one.row in offers and one.on <= today and _moves(one):
            moved.setdefault(one.row, []).append(one)
    for row, several in moved.items():
        movements = [Moved(to_date(one.on), one.amount, one.kind == _CREDIT) for one in several]
        for last, amount in earned(facts.invoices[row].total, offers[row], movements):
            yield several[last]._replace(amount=amount, kind=_CREDIT, settlement=_SETTLED, inferred=False)


def _moves(entry: _Entry) -> bool:
    """Whether an entry changes the balance, as `interest.counts` has it: pending and failed money does not."""
    return entry.settlement == _SETTLED or (entry.settlement == _DISPUTED and entry.amount < 0)
