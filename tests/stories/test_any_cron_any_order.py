"""Whenever cron fires, and in whatever order exports arrive: steps in order, spaced, once, never after money was seen.

What is owed, and what the gate says, depends on the facts alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from stores import url_of
from stories.ledger import LEDGER, Ledger, debt, move
from stories.papers import invoice, settings
from stories.world import World

FIRST = datetime(2026, 10, 21, tzinfo=World.zone)
ORDER = ["heads-up", "reminder", "late-fee"]
TOTAL = 300000


class Export(NamedTuple):
    """A Xero export: saved after so many hours, arriving so many hours later, showing so much paid."""

    saved: int
    delay: int
    paid: int


class Life(NamedTuple):
    """The hours at which cron fires, and the exports."""

    runs: list[int]
    exports: list[Export]


@st.composite
def lives(draw: st.DrawFn) -> Life:
    weeks = 24 * 40
    runs = sorted(draw(st.sets(st.integers(0, weeks), min_size=3, max_size=7)))
    moments = sorted(draw(st.sets(st.integers(0, weeks), min_size=2, max_size=4)))
    money = sorted(
        draw(st.lists(st.sampled_from([0, 0, 0, 100000, TOTAL]), min_size=len(moments), max_size=len(moments)))
    )
    delays = draw(st.lists(st.integers(0, 24 * 20), min_size=len(moments), max_size=len(moments)))
    return Life(runs, [Export(*row) for row in zip(moments, delays, money, strict=True)])


def _at(hours: int) -> datetime:
    return FIRST + timedelta(hours=hours)


def _save(world: World, export: Export) -> None:
    row = invoice("INV-0012", "3000.00", paid=f"{export.paid / 100:.2f}")
    world.books(row, name=f"{export.saved:04}.csv", at=_at(export.saved).replace(tzinfo=None).isoformat())


def _live(world: World, life: Life) -> None:
    """Live it: exports arrive, late and in any order, and cron fires."""
    world.now = FIRST
    world.books(invoice("INV-0012", "3000.00"), name="0000-first.csv").begin("2026-10-01")
    for hour in sorted({*life.runs, *(one.saved + one.delay for one in life.exports)}):
        world.now = _at(hour)
        for export in life.exports:
            if export.saved + export.delay == hour:
                _save(world, export)
                world.sync()
        if hour in life.runs:
            world.run()


def _figures(world: World) -> list[Any]:
    decision = world.decision()
    [view] = decision.invoices
    entries = [(one.on, one.amount) for one in world.explain("INV-0012").entries]
    verdicts = [(verdict.phase, verdict.word) for verdict in decision.projects[0].phases]
    return [view.state, view.outstanding, view.paid, view.interest, view.due_on, entries, verdicts]


@examples(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(life=lives())
def test_the_ladder_and_the_figures(tmp_path_factory: pytest.TempPathFactory, store_kind: str, life: Life) -> None:
    world = World(tmp_path_factory.mktemp("life"), store_url=url_of(store_kind))
    _live(world, life)
    last = max([*life.runs, *(one.saved + one.delay for one in life.exports)]) + 1
    steps = [(step, date.fromisoformat(day)) for _, step, day in world.notices() if step in ORDER]
    names = [step for step, _ in steps]
    # In order, once.
    assert names == sorted(set(names), key=ORDER.index)
    # Spaced, on working days, within the hours.
    assert all((later - earlier).days >= 2 for (_, earlier), (_, later) in pairwise(steps))
    assert all(day.weekday() < 5 for _, day in steps)
    # Never once all the money was seen; the fee only after the reminder that named it, and as it was named.
    seen = [one.saved + one.delay for one in life.exports if one.paid == TOTAL]
    assert all(day <= _at(min(seen)).date() for _, day in steps if seen)
    assert [charge["amount"] for charge in world.charges()] == [2500] * (names[-2:] == ["reminder", "late-fee"])
    # One e-mail per step, or for a fee that was taken back.
    corrections = [mail for mail in world.to_clients() if "taken back" in mail.subject]
    assert len(world.to_clients()) == len(steps) + len(corrections)
    assert len(corrections) <= len(world.journal("charge-reversed")) <= len(world.charges())
    assert world.verify() == []

    # The same facts in the order of their making, and no cron at all: the same figures.
    world.now = _at(last)
    other = World(tmp_path_factory.mktemp("plain"), store_url=url_of(store_kind))
    other.now = FIRST
    other.books(invoice("INV-0012", "3000.00"), name="0000-first.csv").begin("2026-10-01")
    for export in life.exports:
        other.now = max(other.now, _at(export.saved))
        _save(other, export)
        other.sync()
    other.now = world.now
    assert _figures(world) == _figures(other)
    # And running once more at once does nothing.
    world.run()
    again = world.run()
    assert again.sent == ()
    for one in (world, other):
        one.close()


def test_payments_read_at_once_or_day_by_day_say_the_same(make: Callable[..., World], ledger: Ledger) -> None:
    money = [move("py_1", "in_1", 100000, "2026-11-10"), move("py_2", "in_1", 200000, "2026-11-20")]
    results = []
    for days in (["2026-11-25"], ["2026-11-11", "2026-11-12", "2026-11-21", "2026-11-25"]):
        world = make(toml=settings(sources=LEDGER)).on("2026-10-20")
        ledger.says(world.now, [debt("in_1", TOTAL, number="INV-0012")])
        world.begin()
        for day in days:
            known = [one for one in money if one["on"] < day]
            ledger.says(world.on(day).now, [debt("in_1", TOTAL, number="INV-0012")], known)
            world.run()
        view = world.view("INV-0012")
        results.append((view.state, view.interest, view.outstanding, view.paid))
    # 3,000.00 for 3 days and 2,000.00 for 10 days at 8 %: 1.97 + 4.38, rounded once.
    assert results[0] == results[1]
    assert results[0][1:] == (636, 0, 300000)
