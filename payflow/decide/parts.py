"""Works out what follows from what is known: all at once, or part by part, wherever a pool has it done.

`work_out` is a pure function of a part that can be pickled, and so is what it finds. Put together in the order of the
invoices, parts give what the whole would have given, whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from payflow import plan
from payflow.columns import NO_DAY, to_day
from payflow.decide import book, views
from payflow.decide.banked import Movement
from payflow.decide.early_payment import discount_offers
from payflow.decide.governing import compiled
from payflow.decide.known import Known, Part, cut
from payflow.decide.needs import Unrated, of_invoice, unrated
from payflow.decide.setting import (
    Setting,
    anchor_days,
    bearing_rows,
    binding_rows,
    charges_settled_by_books,
    covered_by_credit,
    figures,
    settle,
)
from payflow.model.acts import Need
from payflow.model.facts import State
from payflow.model.invoice_view import InvoiceView
from payflow.plan import Acts, Case
from payflow.policy.assess import assess
from payflow.workspace.business_days import calendar_of

if TYPE_CHECKING:
    from payflow.policy.one_money import Piece


class Found(Struct, frozen=True):
    """What follows. `views` of every row; the rest by row, and only where there is something to tell.

    `rests` is the first day on which each row has to be looked at again if nothing new is known, where that was asked.
    `moneys` and `books` are what the bank's lines were joined with, by invoice (`bank.Banked`).
    """

    views: Sequence[InvoiceView]
    cases: Sequence[tuple[int, Case]]
    acts: Sequence[tuple[int, Acts]]
    needs: Sequence[tuple[int, tuple[Need, ...]]]
    unrated: Sequence[Unrated]
    moneys: Mapping[int, list[Piece]]
    books: Mapping[int, Sequence[Movement]]
    rests: Sequence[int] = ()


class Pool(Protocol):
    """Who works parts out."""

    def parts(self, rows: int) -> int:
        """Into how many parts so many invoices are to be cut."""

    def work_out(self, parts: Sequence[Known]) -> Iterable[Found]:
        """What follows from each part, in their order."""


class InTurn:
    """One part after the other, in this process."""

    def __init__(self, rows: int) -> None:
        """`rows` is the most that a part should hold, unless one client alone has more."""
        self._rows = rows

    def parts(self, rows: int) -> int:
        """As many as it takes."""
        return -(-rows // self._rows)

    def work_out(self, parts: Sequence[Known]) -> Iterable[Found]:
        """What follows from each part, in their order."""
        return map(work_out, parts)


def worked_out(known: Known, pool: Pool | None = None) -> Found:
    """What follows from all that is known; in one piece unless a pool is given."""
    if pool is None:
        return work_out(known)
    parts = cut(known, pool.parts(len(known.facts.invoices)))
    return _together(known, parts, pool.work_out([part.known for part in parts]))


def work_out(known: Known) -> Found:
    """Assess, judge and plan every invoice."""
    setting = assessed(known)
    cases = views.cases(setting)
    acts = [(row, plan.acts(case, known.as_of, known.store_id)) for row, case in enumerate(cases)]
    wanted = [(row, of_invoice(setting, row, case)) for row, case in enumerate(cases)]
    return Found(
        views=[case.view for case in cases],
        cases=list(enumerate(cases)),
        acts=[one for one in acts if one[1]],
        needs=[one for one in wanted if one[1]],
        unrated=list(unrated(setting)),
        moneys=known.bank.moneys,
        books=known.bank.books,
        rests=_rests(setting, cases),
    )


def _rests(setting: Setting, cases: Sequence[Case]) -> Sequence[int]:
    """Until when each invoice may rest, where that was asked: by runs over large books alone."""
    if not setting.rests:
        return ()
    from payflow.decide import rest

    return rest.until(setting, cases)


def assessed(known: Known) -> Setting:
    """The book and its assessment."""
    facts, own, agreement = known.facts, known.standing, known.agreement
    governed, rows = known.governed, known.facts.invoices
    anchors = anchor_days(governed, rows, agreement)
    offers = discount_offers(governed, rows, anchors, known.home)
    columns = book.build(
        facts,
        known.memory,
        [item.client for item in governed],
        frozenset(own.charges),
        known.stale,
        known.open_credit_of,
        known.as_of,
        known.bank,
        offers,
    )
    policies, codes = compiled(governed, known.home)
    binds = binding_rows(governed, rows)
    kinds = {one.client.id: one.client.kind for one in agreement.contracts.values()}
    bears = bearing_rows(governed, rows, binds, kinds)
    assessment = assess(
        columns,
        policies,
        book.ints(codes),
        book.mask(bears),
        known.as_of,
        calendars=calendar_of,
        starts=book.ints(to_day(day) if day is not None else NO_DAY for day in anchors),
        extra=known.rates,
    )
    paid = frozenset(row.id for row, state in zip(rows, assessment.state.tolist(), strict=True) if state == State.PAID)
    settled = charges_settled_by_books(own.charges, paid)
    memory = replace(known.memory, charges=settle(known.memory.charges, settled))
    return Setting(
        **{name: getattr(known, name) for name in Known.__struct_fields__ if name != "memory"},
        memory=memory,
        book=columns,
        assessment=assessment,
        figures=figures(columns, assessment),
        anchors=anchors,
        offers=offers,
        binds=binds,
        bears=bears,
        kinds=kinds,
        present={contract.key: contract.project for contract in agreement.contracts.values()},
        step_names={
            (policy.name, step.key): step.name for policy in agreement.policies.values() for step in policy.ladder
        },
        covered=covered_by_credit(columns, assessment, known.as_of),
    )


def _together(known: Known, parts: Sequence[Part], every: Iterable[Found]) -> Found:
    """What was found of the parts, in the rows of the whole."""
    seen: dict[int, InvoiceView] = {}
    cases: list[tuple[int, Case]] = []
    acts: list[tuple[int, Acts]] = []
    wanted: list[tuple[int, tuple[Need, ...]]] = []
    missing: list[Unrated] = []
    moneys: dict[int, list[Piece]] = {}
    books: dict[int, Sequence[Movement]] = {}
    for part, found in zip(parts, every, strict=True):
        seen.update(zip(part.rows, found.views, strict=True))
        cases += [(part.rows[row], case) for row, case in found.cases]
        acts += [(part.rows[row], one) for row, one in found.acts]
        wanted += [(part.rows[row], one) for row, one in found.needs]
        missing += [
            replace(one, invoices=tuple((part.rows[row], number) for row, number in one.invoices))
            for one in found.unrated
        ]
        moneys |= found.moneys
        books |= found.books
    ids = [row.id for row in known.facts.invoices]
    return Found(
        views=[seen[row] for row in range(len(ids))],
        cases=sorted(cases, key=_row),
        acts=sorted(acts, key=_row),
        needs=sorted(wanted, key=_row),
        unrated=missing,
        moneys={one: moneys[one] for one in ids if one in moneys},
        books={one: books[one] for one in ids if one in books},
    )


def _row(one: tuple[int, object]) -> int:
    return one[0]
