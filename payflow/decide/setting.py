"""What is known and assessed of every row, before the ladder is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from payflow.columns import Book, to_date, to_day
from payflow.decide.known import Known
from payflow.model.agreement import Agreement, Anchor, ClientKind, Contract
from payflow.model.facts import Settlement, State
from payflow.model.journal import Charge, ChargeState
from payflow.policy import binding
from payflow.policy.assess import SETTLEMENTS, Assessment
from payflow.policy.claims import Governed
from payflow.policy.discounts import Offer
from payflow.store.mirror import InvoiceRow

#: States in which an invoice asks for money, so that a notice may go out about it.
ASKING = frozenset({State.OPEN, State.OVERDUE})


class Figures(Struct, frozen=True):
    """One row of the assessment in Python's own numbers; see `Assessment` for their meaning."""

    due_on: int
    due_contract: int
    credited: int
    paid: int
    outstanding: int
    pending: int
    days_overdue: int
    state: State
    refunded: bool
    inferred: bool
    interest: int
    interest_per_day: int
    stale: bool


def figures(book: Book, assessment: Assessment) -> list[Figures]:
    """The columns as rows: reading a list is far quicker than reading an array cell by cell."""
    states = [State(code) for code in range(len(State))]
    return [
        Figures(*row)
        for row in zip(
            assessment.due_on.tolist(),
            assessment.due_contract.tolist(),
            assessment.credited.tolist(),
            assessment.paid.tolist(),
            assessment.outstanding.tolist(),
            assessment.pending.tolist(),
            assessment.days_overdue.tolist(),
            [states[code] for code in assessment.state.tolist()],
            assessment.refunded.tolist(),
            assessment.inferred.tolist(),
            assessment.interest.tolist(),
            assessment.interest_per_day.tolist(),
            book.stale.tolist(),
            strict=True,
        )
    ]


class Setting(Known, frozen=True, kw_only=True):
    """What is known, assessed: everything for the day before the ladder is asked."""

    book: Book
    assessment: Assessment
    figures: Sequence[Figures]
    #: the days that terms count from; None where that day is not known
    anchors: Sequence[date | None]
    #: discounts for early payment, by row
    offers: Mapping[int, Sequence[Offer]]
    binds: Sequence[bool]
    #: where interest arises; a statute asks for no signature
    bears: Sequence[bool]
    #: kinds of the clients that contracts name, by id
    kinds: Mapping[str, ClientKind]
    present: Mapping[str, str]
    step_names: Mapping[tuple[str, str], str]
    covered: frozenset[int]


def covered_by_credit(book: Book, assessment: Assessment, as_of: date) -> frozenset[int]:
    """Rows whose outstanding the client's open credit covers, oldest due first (design 6.8)."""
    today = to_day(as_of)
    free: dict[tuple[int, int], int] = {}
    settled = SETTLEMENTS.index(Settlement.SETTLED)
    for index in np.flatnonzero((book.entry_row < 0) & (book.entry_settlement == settled) & (book.entry_on <= today)):
        place = (int(book.entry_client[index]), int(book.entry_currency[index]))
        free[place] = free.get(place, 0) + int(book.entry_amount[index])
    if not free:
        return frozenset()
    covered: set[int] = set()
    asking = np.flatnonzero(np.isin(assessment.state, list(ASKING)) & ~book.role_charge)
    for row in sorted(asking.tolist(), key=lambda row: (int(assessment.due_on[row]), row)):
        place, owed = (int(book.client[row]), int(book.currency[row])), int(assessment.outstanding[row])
        if 0 < owed <= free.get(place, 0):
            free[place] -= owed
            covered.add(row)
    return frozenset(covered)


def anchor_days(governed: Sequence[Governed], rows: Sequence[InvoiceRow], agreement: Agreement) -> list[date | None]:
    """The day that each invoice's terms count from. What was agreed has versions; whether it came about is a fact of today."""
    now = {contract.key: contract for contract in agreement.contracts.values()}
    return [_anchor_day(item, row, now) for item, row in zip(governed, rows, strict=True)]


def _anchor_day(item: Governed, row: InvoiceRow, now: Mapping[str, Contract]) -> date | None:
    if item.policy is None or item.policy.terms.anchor is Anchor.INVOICE:
        return to_date(row.issued_on)
    contract = now.get(item.contract.key, item.contract) if item.contract else None
    milestones = contract.milestones if contract is not None else ()
    found = next((one for one in milestones if one.id == item.milestone), None)
    return found.anchor_day(item.policy.terms.anchor) if found is not None else None


def binding_rows(governed: Sequence[Governed], rows: Sequence[InvoiceRow]) -> list[bool]:
    """Where fees arise."""
    return [
        item.policy is not None and binding.binds(item.policy, item.contract, to_date(row.issued_on))
        for item, row in zip(governed, rows, strict=True)
    ]


def bearing_rows(
    governed: Sequence[Governed], rows: Sequence[InvoiceRow], binds: Sequence[bool], kinds: Mapping[str, ClientKind]
) -> list[bool]:
    """Where interest arises: as fees do, or by law. `kinds` of clients by id; a client of whom nothing is said is a business."""
    return [
        bound
        if item.policy is None or item.policy.interest is None or not item.policy.interest.statute
        else binding.interest_binds(
            item.policy, item.contract, to_date(row.issued_on), kinds.get(item.client, ClientKind.BUSINESS)
        )
        for item, row, bound in zip(governed, rows, binds, strict=True)
    ]


def charges_settled_by_books(setting_charges: Mapping[int, str], paid: frozenset[int]) -> frozenset[str]:
    """References of charges whose own invoice in the books is paid."""
    return frozenset(ref for invoice, ref in setting_charges.items() if invoice in paid and ref)


def settle(charges: Mapping[int, Sequence[Charge]], refs: frozenset[str]) -> Mapping[int, Sequence[Charge]]:
    """The charges with those references taken as settled."""
    if not refs:
        return charges
    return {
        invoice: [
            replace(charge, state=ChargeState.SETTLED)
            if charge.ref in refs and charge.state is ChargeState.CLAIMED
            else charge
            for charge in several
        ]
        for invoice, several in charges.items()
    }
