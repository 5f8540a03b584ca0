"""Whenever cron fires, and in whatever order invoices, payments, credits and refunds become known, however late.

Steps go out in order, spaced, once, never after the money was seen. What is owed, and what the gate says, depends on the facts
alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from payflow.model.facts import State
from stores import url_of
from stories.ledger import LEDGER, Ledger, debt, move
from stories.papers import settings
from stories.world import World

FIRST = datetime(2026, 10, 21, tzinfo=World.zone)
ORDER = ["heads-up", "reminder", "late-fee"]
#: How long a life is.
DAYS = 45
FEE = 2500


class Bill(NamedTuple):
    """An invoice: issued on a day counted from the first, due 15 days later, known to the source after so many hours."""

    number: str
    total: int
    issued: int
    known: int

    @property
    def key(self) -> str:
        """The source's own key of it."""
        return f"in_{self.number}"


class Money(NamedTuple):
    """A movement on an invoice, or open credit without one, of a day counted from the first; known after so many hours."""

    key: str
    number: str
    kind: str
    amount: int
    on: int
    known: int


class Life(NamedTuple):
    """The hours at which cron fires, and the facts."""

    runs: list[int]
    bills: list[Bill]
    money: list[Money]

    @property
    def end(self) -> int:
        """An hour at which everything is known."""
        return max([*self.runs, *(one.known for one in (*self.bills, *self.money))]) + 1


@st.composite
def lives(draw: st.DrawFn) -> Life:
    hours = st.sampled_from([10, 10, 10, 15, 16, 3, 22])
    nights = draw(st.dictionaries(st.integers(0, DAYS), hours, min_size=7, max_size=12))
    runs = [day * 24 + hour for day, hour in sorted(nights.items())]
    bills, money = [], []
    for number, total in (("INV-0012", 300000), ("INV-0013", 400000)):
        issued = draw(st.integers(-3, 8))
        bill = Bill(number, total, issued, max(0, issued * 24) + draw(st.sampled_from([0, 0, 7, 24 * 9, 24 * 25])))
        bills.append(bill)
        days = draw(st.lists(st.integers(max(issued, 10), 35), max_size=2, unique=True))
        for place, on in enumerate(sorted(days)):
            kind = draw(st.sampled_from(["payment", "payment", "payment", "credit", "refund"]))
            amount = draw(st.sampled_from([total // 4, total // 4, total // 2, total]))
            sign = -1 if kind == "refund" else 1
            known = max(bill.known, on * 24, 0) + draw(st.sampled_from([0, 5, 24 * 3, 24 * 20]))
            money.append(Money(f"{bill.key}-{place}", number, kind, sign * amount, on, known))
    if draw(st.integers(0, 3)) == 0:
        on = draw(st.integers(0, 30))
        amount = draw(st.sampled_from([100000, 300000, 700000]))
        money.append(Money("open", "", "credit", amount, on, on * 24 + draw(st.sampled_from([0, 24 * 12]))))
    return Life(runs, bills, money)


def _at(hours: int) -> datetime:
    return FIRST + timedelta(hours=hours)


def _day(days: int) -> date:
    return FIRST.date() + timedelta(days=days)


def _say(ledger: Ledger, life: Life, hour: int, now: datetime) -> None:
    """Let the source tell what it knows by that hour, all movements with their days."""
    bills = [one for one in life.bills if one.known <= hour]
    money = [one for one in life.money if one.known <= hour]
    rows = [
        debt(one.key, one.total, number=one.number, issued=str(_day(one.issued)), due=str(_day(one.issued + 15)))
        for one in bills
    ]
    keys = {"": "", **{one.number: one.key for one in bills}}
    moves = [move(one.key, keys[one.number], one.amount, str(_day(one.on)), kind=one.kind) for one in money]
    ledger.says(now, rows, moves)


def _live(world: World, ledger: Ledger, life: Life) -> Iterator[tuple[int, list[tuple[str, str, str]]]]:
    """Live it, cron firing; yields after each run its hour and the (number, step, day) of the notices it sent."""
    world.now = FIRST
    _say(ledger, life, 0, FIRST)
    world.begin("2026-10-01")
    for hour in life.runs:
        world.now = _at(hour)
        _say(ledger, life, hour, world.now)
        yield hour, _run(world)
    # a last time, when everything is known and it is an hour for letters
    world.now = (_at(life.end) + timedelta(days=1)).replace(hour=10)
    while world.now.weekday() > 4:
        world.now += timedelta(days=1)
    _say(ledger, life, life.end, world.now)
    yield life.end + 96, _run(world)


def _run(world: World) -> list[tuple[str, str, str]]:
    before = len(world.notices())
    mails = len(world.to_clients())
    world.run()
    # one e-mail for everything that is to be said to a client
    assert len(world.to_clients()) - mails <= 1
    names = {one.id: one.number for one in world.decision().invoices}
    return [(names[identity], step, day) for identity, step, day in world.notices()[before:] if step in ORDER]


def _was_covered(life: Life, number: str, hour: int) -> bool:
    """Whether by what was known at an hour all of an invoice had been paid or credited on some day."""
    [bill] = [one for one in life.bills if one.number == number]
    left = bill.total
    for one in sorted(
        (one for one in life.money if one.number == number and one.known <= hour), key=lambda one: one.on
    ):
        left -= one.amount
        if left <= 0 and one.on <= hour // 24:
            return True
    return False


def _figures(world: World) -> dict[str, Any]:
    """What must depend on the facts alone."""
    decision = world.decision()
    found: dict[str, Any] = {
        one.number: (one.state, one.outstanding, one.paid, one.interest, one.due_on, one.issued_on)
        for one in decision.invoices
    }
    found |= {f"entries of {number}": _entries(world, number) for number in list(found)}
    found["gate"] = [(verdict.phase, verdict.word) for verdict in decision.projects[0].phases]
    found["totals"] = [one.outstanding for one in decision.totals]
    return found


def _entries(world: World, number: str) -> list[tuple[Any, ...]]:
    return [(one.on, one.amount) for one in world.explain(number).entries]


def _check_steps(taken: Mapping[str, list[tuple[str, date]]]) -> None:
    for steps in taken.values():
        names = [step for step, _ in steps]
        assert names == sorted(set(names), key=ORDER.index)  # in order, once
        assert all((later - earlier).days >= 2 for (_, earlier), (_, later) in pairwise(steps))
        assert all(day.weekday() < 5 for _, day in steps)


def _check_charges(world: World, life: Life, taken: Mapping[str, list[tuple[str, date]]]) -> None:
    """A fee only with its step, after the reminder; it stands or goes back by the facts of its day."""
    names = {one.id: one.number for one in world.decision().invoices}
    claimed = {names[charge["invoice"]]: charge for charge in world.charges()}
    assert len(claimed) == len(world.charges())
    for number, steps in taken.items():
        fee = [name for name, _ in steps][-2:] == ["reminder", "late-fee"]
        assert (number in claimed) is fee
        if not fee:
            continue
        assert claimed[number]["amount"] == FEE
        day, money = steps[-1][1], [one for one in life.money if one.number == number]
        if any(one.kind == "refund" for one in money) or any(not one.number for one in life.money):
            continue
        [bill] = [one for one in life.bills if one.number == number]
        left = bill.total - sum(one.amount for one in money if _day(one.on) < day)
        # what was credited as a whole, on whatever day, was never owed
        goes_back = left <= 0 or world.view(number).state is State.CREDITED
        if not any(_day(one.on) == day for one in money):
            assert (world.view(number).fees == 0) is goes_back, (number, day, left)


#: A payment from before the fee is known after it; a second invoice, its part of credit and a refund come weeks late.
LATE = Life(
    [16 * 24 + 10, 22 * 24 + 10, 26 * 24 + 10, 36 * 24 + 10],
    [Bill("INV-0012", 300000, 0, 0), Bill("INV-0013", 400000, 2, 25 * 24)],
    [
        Money("in_1", "INV-0012", "payment", 300000, 20, 25 * 24),
        Money("in_2", "INV-0013", "credit", 100000, 12, 30 * 24),
        Money("in_3", "INV-0013", "refund", -100000, 14, 30 * 24),
    ],
)


@examples(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(life=lives())
@example(life=LATE)
def test_the_ladder_the_fees_and_the_figures(
    tmp_path_factory: pytest.TempPathFactory, store_kind: str, ledger: Ledger, life: Life
) -> None:
    toml = settings(sources=LEDGER)
    with (
        closing(World(tmp_path_factory.mktemp("life"), toml=toml, store_url=url_of(store_kind))) as world,
        closing(World(tmp_path_factory.mktemp("plain"), toml=toml, store_url=url_of(store_kind))) as other,
    ):
        _lived(world, ledger, life)
        # the same facts at once, and no cron at all: the same figures
        other.now = world.now
        other.begin("2026-10-01")
        assert _figures(world) == _figures(other)


def _lived(world: World, ledger: Ledger, life: Life) -> None:
    taken: dict[str, list[tuple[str, date]]] = {}
    for hour, notices in _live(world, ledger, life):
        for number, step, day in notices:
            taken.setdefault(number, []).append((step, date.fromisoformat(day)))
            assert not _was_covered(life, number, hour), (number, step, day)
        # what was said is not said again
        assert world.run().sent == ()
    _check_steps(taken)
    _check_charges(world, life, taken)
    assert world.verify() == []

    if life is LATE:
        assert [step for step, _ in taken["INV-0012"]] == ["reminder", "late-fee"]
        assert len(world.journal("charge-reversed")) == 1
        # money that went back is a person's to look into
        assert [step for step, _ in taken["INV-0013"]] == ["reminder"]
        assert "invoice-refunded" in world.needs()
