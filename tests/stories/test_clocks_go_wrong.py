"""Clocks that go backwards, days that are over, time zones that change: a run's moment and day never go back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from payflow import nightly
from payflow.decide import ground
from payflow.errors import Refused
from payflow.nightly import RunReport, note_agreement
from payflow.store.runs import last_day, runs
from stories.papers import ANY_HOUR, invoice, settings
from stories.world import World

OPEN = invoice("INV-0012", "3000.00")


def accepted(world: World) -> RunReport:
    return nightly.run(world.store, world.workspace, now=world.now, accept_clock=True)


def test_a_clock_that_went_backwards_is_refused_with_a_sentence_and_nothing_is_done(world: World) -> None:
    world.on("2026-10-20").books(OPEN).begin()
    world.run("2026-11-05 09:30")
    before = (len(world.journal()), world.store.query("SELECT * FROM reading"), runs(world.store))
    world.books(invoice("INV-0012", "3000.00", due="2026-11-01"))
    with pytest.raises(Refused, match="this run is for 2026-11-05 08:00"):
        world.run("2026-11-05 08:00")
    assert (len(world.journal()), world.store.query("SELECT * FROM reading"), runs(world.store)) == before
    world.run("2026-11-05 09:31")


def test_a_run_for_a_day_before_the_last_one_is_refused_and_may_be_rehearsed(world: World) -> None:
    world.on("2026-10-20").books(OPEN).begin()
    world.run("2026-11-05 09:30")
    with pytest.raises(Refused, match="the clock went backwards, or the day is over"):
        world.run("2026-11-04 09:30")
    assert world.run("2026-11-04 09:30", dry_run=True).as_of.isoformat() == "2026-11-04"


def test_a_clock_set_back_by_a_little_stands_still(world: World) -> None:
    world.on("2026-10-20").books(OPEN).begin()
    world.run("2026-11-05 00:03")
    assert world.run("2026-11-04 23:58").as_of.isoformat() == "2026-11-05"
    assert runs(world.store)[-1] == runs(world.store)[-2]


def test_after_a_clock_that_was_years_ahead_a_person_says_which_is_right_and_nothing_is_sent_twice(
    world: World,
) -> None:
    world.on("2026-10-20").books(OPEN).begin()
    # the clock says 2031, and the books were saved by that clock too
    world.on("2031-11-05").books(OPEN).run()
    sent = world.notices()
    with pytest.raises(Refused, match="--accept-clock"):
        world.on("2026-11-05").books(OPEN).run()
    assert accepted(world).as_of.isoformat() == "2026-11-05"
    # that was said once: from here on runs go on by themselves
    for day in ("2026-11-06", "2026-11-11", "2026-11-12"):
        world.on(day).books(OPEN).run()
    steps = [(number, step) for number, step, _ in world.notices()]
    assert len(set(steps)) == len(steps)
    assert world.notices()[: len(sent)] == sent
    assert world.verify() == []


def test_what_a_clock_ahead_did_is_done_and_the_ladder_goes_on_from_there(world: World) -> None:
    world.on("2026-10-20").books(OPEN).begin()
    for ahead in ("2031-11-05", "2031-11-11"):
        world.on(ahead).books(OPEN).run()
    claimed = world.charges()
    assert [one["kind"] for one in claimed] == ["late-fee"]
    assert accepted(world.on("2026-11-05").books(OPEN)).as_of.isoformat() == "2026-11-05"
    # the preview is of the same mind
    assert not world.decision().plan.messages
    for day in range(6, 30):
        world.on(f"2026-11-{day:02}").books(OPEN).run()
    assert world.charges() == claimed
    steps = [step for step, _ in world.steps("INV-0012")]
    assert steps[:2] == ["reminder", "late-fee"]
    assert len(steps) == len(set(steps)) > 2
    assert world.verify() == []


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        # 5 November, 09:30 in London: still the 4th in Samoa, the 5th in Tokyo
        pytest.param("Pacific/Pago_Pago", "2026-11-05", id="to the day before"),
        pytest.param("Asia/Tokyo", "2026-11-05", id="to the same day"),
        pytest.param("Pacific/Kiritimati", "2026-11-05", id="far ahead"),
    ],
)
def test_a_change_of_time_zone_never_takes_the_day_back(world: World, zone: str, day: str) -> None:
    world.settings(settings(mail=ANY_HOUR)).on("2026-10-20").books(OPEN).begin()
    world.on("2026-11-05 09:30").books(OPEN).run()
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]
    world.settings(settings(mail=ANY_HOUR).replace("Europe/London", zone))
    assert world.run("2026-11-05 09:45").as_of.isoformat() == day
    assert last_day(world.store) == datetime.fromisoformat(day).date()
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]


def test_in_a_zone_behind_the_day_begun_goes_on_until_it_is_reached_and_then_the_ladder_as_usual(world: World) -> None:
    world.settings(settings(mail=ANY_HOUR)).on("2026-10-20").books(OPEN).begin()
    world.on("2026-11-05 09:30").books(OPEN).run()
    world.settings(settings(mail=ANY_HOUR).replace("Europe/London", "Pacific/Pago_Pago"))
    days = [
        world.run(f"2026-11-0{day} {hour}").as_of.isoformat()
        for day, hour in ((5, "12:00"), (6, "09:30"), (6, "12:00"))
    ]
    assert days == ["2026-11-05", "2026-11-05", "2026-11-06"]
    for day in range(7, 14):
        world.on(f"2026-11-{day:02} 20:00").books(OPEN).run()
    assert world.steps("INV-0012") == [("reminder", "2026-11-05"), ("late-fee", "2026-11-11")]


def test_a_change_to_a_zone_ahead_begins_the_next_day_sooner(world: World) -> None:
    world.settings(settings(mail=ANY_HOUR)).on("2026-10-20").books(OPEN).begin()
    world.on("2026-11-05 20:00").books(OPEN).run()
    world.settings(settings(mail=ANY_HOUR).replace("Europe/London", "Asia/Tokyo"))
    assert world.run("2026-11-05 20:15").as_of.isoformat() == "2026-11-06"
    assert world.steps("INV-0012") == [("reminder", "2026-11-05")]


def test_the_hour_that_daylight_saving_repeats_is_no_clock_that_went_backwards(world: World) -> None:
    world.on("2026-10-20").books(OPEN).begin()
    world.every_hour("2026-10-24 22:30", "2026-10-25 06:30")
    assert len(world.journal("told")) == 1


def test_two_runs_that_note_the_same_version_at_once_journal_it_once(make: Callable[..., World]) -> None:
    world = make().on("2026-10-20").books(OPEN).begin()
    path = world.root / "payflow.toml"
    path.write_text(path.read_text().replace('amount = "25.00"', 'amount = "40.00"'))
    world.on("2026-10-21")
    first, second = (ground(world.store, world.workspace, world.now.date(), world.now) for _ in range(2))
    assert first.agreed.is_new
    assert second.agreed.is_new
    note_agreement(world.store, world.workspace, first, world.now)
    after = note_agreement(world.store, world.workspace, second, world.now)
    assert not after.agreed.is_new
    assert len(world.journal("agreement")) == 2
