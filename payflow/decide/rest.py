"""Until when an invoice may rest: the first day on which anything can come up about it while nothing new is known.

Only what passes by itself is looked at here: days of steps, of movements that lie ahead, of months that are billed, of rates that
run out. Whatever a fact, a person or the agreement can bring about wakes an invoice at once (`payflow.decide.tonight`). Where it
is not plain that nothing comes up, an invoice does not rest: being looked at once too often costs time only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np

from payflow.charging import Case
from payflow.columns import NO_DAY, to_day
from payflow.decide.doubts import REFERENCE
from payflow.decide.setting import Setting
from payflow.model.agreement import Bill, Policy
from payflow.policy.assess import bears
from payflow.policy.bearing import law_of
from payflow.policy.law import Statute
from payflow.policy.rates import OutOfTable, half_years, load_table
from payflow.policy.statutes import rates_for

#: What has no day at all.
FOREVER = 2**31 - 1
#: How far ahead it is asked whether a table speaks of a day.
_AHEAD = timedelta(days=400)
_DAY = timedelta(days=1)


def until(setting: Setting, cases: Sequence[Case]) -> list[int]:
    """The day number of that day for each case, in rows; one that is not after the setting's day says: does not rest."""
    today = to_day(setting.as_of)
    ahead = _movements_ahead(setting, today)
    credited = _credited(setting)
    came_back = frozenset(setting.standing.charges.values())
    linked = {*setting.memory.links, *(int(one.to) for one in setting.memory.links.values() if one.outcome == "same")}
    horizons: dict[str, int] = {}
    days = []
    for row, case in enumerate(cases):
        invoice = setting.facts.invoices[row]
        awake = (
            _is_restless(setting, row, case)
            or invoice.id in linked
            or case.view.client in credited
            or (invoice.source, invoice.client) in credited
            or any(charge.ref in came_back for charge in case.charges)
        )
        days.append(0 if awake else min(_steps(setting, row, case, horizons), ahead.get(row, FOREVER)))
    return days


def _is_restless(setting: Setting, row: int, case: Case) -> bool:
    """What is always looked at: what a verdict stands on, what may be another debt, what is not known well enough."""
    view, invoice = case.view, setting.facts.invoices[row]
    return bool(
        view.milestone
        or view.instalments
        or not case.own_debt
        or setting.figures[row].stale
        or view.source in setting.unread
        or row in setting.covered
        or view.id in setting.standing.doubtful
        or invoice.unknown_since is not None
        # one of the very day may still be taken for a charge that is claimed today
        or view.issued_on >= setting.as_of
        or REFERENCE.search(f"{invoice.reference} {invoice.number}")
    )


def _steps(setting: Setting, row: int, case: Case, horizons: dict[str, int]) -> int:
    """The first day of a step, a billed month, a status that is yet to come, or a rate that may be missing."""
    today, invoice, policy = to_day(setting.as_of), setting.facts.invoices[row], case.policy
    found = FOREVER if case.next.on is None else to_day(case.next.on)
    if invoice.closed_on is not None and invoice.closed_on > today:
        found = min(found, invoice.closed_on)
    for offer in case.offers:
        if offer.until >= setting.as_of:
            found = min(found, to_day(offer.until) + 1)
    if policy is not None and policy.interest is not None:
        if policy.bill is Bill.MONTHLY:
            found = min(found, to_day((setting.as_of.replace(day=1) + 31 * _DAY).replace(day=1)))
        if setting.bears[row]:
            found = min(found, _rated(setting, row, policy, horizons))
    return found


def _rated(setting: Setting, row: int, policy: Policy, horizons: dict[str, int]) -> int:
    """The first day on which the rate of a law may be missing, where interest arises or is yet to arise."""
    law, figures, today = law_of(policy.interest), setting.figures[row], to_day(setting.as_of)
    if law is None or not bears(figures.state) or figures.outstanding <= 0 or figures.due_on == NO_DAY:
        return FOREVER
    if figures.interest_per_day > 0:
        if law.name not in horizons:
            horizons[law.name] = _horizon(law, setting)
        return horizons[law.name]
    return max(figures.due_on, today) + 1


def _horizon(law: Statute, setting: Setting) -> int:
    """The first day after today of which a law's table does not speak."""
    if not law.table:
        return FOREVER
    table, today = load_table(law.table, setting.rates), setting.as_of
    turns = {today + _DAY, *half_years(today, today + _AHEAD), *(row.since for row in table.rows)}
    turns |= {one + _DAY for one in (table.until, table.complete_until) if one is not None}
    for day in sorted(turns):
        if today < day:
            try:
                rates_for(law, day, day, extra=setting.rates, arose=today)
            except OutOfTable:
                return to_day(day)
    return to_day(today + _AHEAD)


def _movements_ahead(setting: Setting, today: int) -> Mapping[int, int]:
    """The first day of a movement that lies ahead, by row."""
    book = setting.book
    places = np.flatnonzero((book.entry_row >= 0) & (book.entry_on > today) & (book.entry_on != NO_DAY))
    found: dict[int, int] = {}
    for row, on in zip(book.entry_row[places].tolist(), book.entry_on[places].tolist(), strict=True):
        found[row] = min(on, found.get(row, on))
    return found


def _credited(setting: Setting) -> frozenset[object]:
    """Clients that have open credit, by id, and as their sources know them."""
    pairs = {(one.source, one.client) for one in setting.facts.entries if one.invoice is None}
    return frozenset({*pairs, *(setting.open_credit_of[pair] for pair in pairs if pair in setting.open_credit_of)})


def asks(case: Case) -> int | None:
    """What the one standing charge of an invoice asks for, -1 where there are several; None without one."""
    found = [charge.standing for charge in case.charges if charge.standing > 0]
    return None if not found else found[0] if len(found) == 1 else -1
