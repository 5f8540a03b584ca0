"""Payment dates inferred from readings: the set of sightings decides, not the order in which files came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.model.facts import EntryKind
from payflow.policy import sightings as inferring
from payflow.policy.sightings import Movement, Sighting

PAYMENT, CREDIT, REFUND = EntryKind.PAYMENT, EntryKind.CREDIT, EntryKind.REFUND
ISSUED = 100


def movements(sightings: Iterable[Sighting], issued_on: int) -> list[Movement]:
    """What was inferred, without the day on which it was seen."""
    return [replace(one, seen=0) for one in inferring.movements(sightings, issued_on)]


def test_a_movement_tells_when_it_was_first_seen() -> None:
    assert [one.seen for one in inferring.movements([seen(105, 0), seen(112, 100), seen(119, 400)], ISSUED)] == [
        112,
        119,
    ]
    back = inferring.movements([seen(105, 400), seen(120, 0)], ISSUED)
    assert [(one.amount, one.seen) for one in back] == [(400, 105), (-400, 120)]


def seen(day: int, paid: int, credited: int = 0, hour: int = 6) -> Sighting:
    """A sighting at an hour of a day; day 1 of the calendar is day 0 here."""
    return Sighting(f"2026-{day:05d}T{hour:02d}:00:00Z", day, paid, credited)


@pytest.mark.parametrize(
    ("sightings", "found"),
    [
        ([], []),
        ([seen(105, 0)], []),
        # never seen unpaid: the day of issue
        ([seen(105, 400)], [Movement(100, PAYMENT, 400)]),
        ([seen(105, 300)], [Movement(100, PAYMENT, 300)]),
        ([seen(105, 0), seen(112, 1)], [Movement(106, PAYMENT, 1)]),
        # the day after the last reading that showed it unpaid
        ([seen(105, 0), seen(112, 400)], [Movement(106, PAYMENT, 400)]),
        ([seen(105, 0), seen(110, 0), seen(112, 400)], [Movement(111, PAYMENT, 400)]),
        ([seen(105, 0), seen(112, 100), seen(119, 400)], [Movement(106, PAYMENT, 100), Movement(113, PAYMENT, 300)]),
        # seen every day: the day on which it first showed, never later
        ([seen(105, 0), seen(106, 400)], [Movement(106, PAYMENT, 400)]),
        # twice on one day
        ([seen(105, 0, hour=6), seen(105, 400, hour=18)], [Movement(105, PAYMENT, 400)]),
        ([seen(105, 0), seen(105, 0, hour=8), seen(107, 400)], [Movement(106, PAYMENT, 400)]),
        # money that went back, on the day it was seen
        ([seen(105, 400), seen(120, 0)], [Movement(100, PAYMENT, 400), Movement(120, REFUND, -400)]),
        (
            [seen(105, 0), seen(112, 400), seen(120, 150)],
            [Movement(106, PAYMENT, 400), Movement(120, REFUND, -250)],
        ),
        # paid again after it went back
        (
            [seen(105, 400), seen(120, 0), seen(130, 400)],
            [Movement(100, PAYMENT, 400), Movement(120, REFUND, -400), Movement(121, PAYMENT, 400)],
        ),
        # credits by the same rule; one that was taken away again
        ([seen(105, 0), seen(112, 0, 50)], [Movement(106, CREDIT, 50)]),
        ([seen(105, 0, 50), seen(112, 0)], [Movement(100, CREDIT, 50), Movement(112, CREDIT, -50)]),
        ([seen(105, 0), seen(112, 350, 50)], [Movement(106, PAYMENT, 350), Movement(106, CREDIT, 50)]),
        # read as a draft before the day of issue: not paid before it was there
        ([seen(90, 0), seen(112, 400)], [Movement(100, PAYMENT, 400)]),
    ],
)
def test_what_happened_between_two_readings(sightings: Sequence[Sighting], found: list[Movement]) -> None:
    assert movements(sightings, ISSUED) == found
    assert movements(reversed(sightings), ISSUED) == found


def test_an_older_file_read_after_a_newer_one_makes_the_day_later_never_earlier() -> None:
    newer = [seen(105, 0), seen(130, 400)]
    older = seen(120, 0)
    assert movements(newer, ISSUED) == [Movement(106, PAYMENT, 400)]
    assert movements([*newer, older], ISSUED) == [Movement(121, PAYMENT, 400)]


def test_an_older_file_that_shows_the_money_makes_the_day_no_different() -> None:
    newer = [seen(105, 0), seen(130, 400)]
    assert movements([*newer, seen(120, 400)], ISSUED) == [Movement(106, PAYMENT, 400)]


SIGHTINGS = st.lists(
    st.builds(
        seen,
        st.integers(60, 200),
        st.sampled_from([0, 0, 100, 250, 400]),
        st.sampled_from([0, 0, 50]),
        st.integers(0, 23),
    ),
    max_size=8,
)


@given(SIGHTINGS, st.randoms(use_true_random=False))
def test_the_order_of_readings_does_not_matter(sightings: list[Sighting], random: object) -> None:
    shuffled = list(sightings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands out random.Random
    assert movements(shuffled, ISSUED) == movements(sightings, ISSUED)


@given(SIGHTINGS)
def test_the_same_file_twice_changes_nothing(sightings: list[Sighting]) -> None:
    assert movements([*sightings, *sightings], ISSUED) == movements(sightings, ISSUED)


@given(SIGHTINGS.filter(bool))
def test_the_movements_add_up_to_the_last_sighting(sightings: list[Sighting]) -> None:
    last, sums = max(sightings), Counter[bool]()
    for movement in movements(sightings, ISSUED):
        sums[movement.kind is CREDIT] += movement.amount
    assert (sums[False], sums[True]) == (last.paid, last.credited)


@given(SIGHTINGS)
def test_money_is_dated_between_the_readings_around_it(sightings: list[Sighting]) -> None:
    days = [one.day for one in sightings]
    for movement in movements(sightings, ISSUED):
        assert movement.day >= ISSUED or (movement.amount < 0 and movement.day in days)
        if movement.amount > 0:
            assert movement.day in {ISSUED, *days, *(day + 1 for day in days)}
            assert movement.day <= max(max(days), ISSUED)


@pytest.mark.parametrize(
    ("sightings", "told", "beyond"),
    [
        # nothing is told: all that was seen is to be inferred
        ([seen(105, 0), seen(112, 400)], [], [0, 400]),
        ([seen(112, 400)], [(112, 400)], [0]),
        ([seen(112, 401)], [(112, 400)], [1]),
        ([seen(112, 1)], [(105, 1)], [0]),
        # what was sent after the last sighting is not in it
        ([seen(112, 400)], [(113, 400)], [400]),
        ([seen(112, 400), seen(113, 400)], [(113, 400)], [0, 0]),
        # a payment that the list does not have is beyond what it tells
        ([seen(105, 100), seen(112, 400)], [(105, 100)], [0, 300]),
        ([seen(105, 0), seen(112, 400)], [(110, 150), (111, 250)], [0, 0]),
        # 400 came and 150 went back: books show 250, with the refund taken off, or 400 without
        ([seen(112, 400), seen(120, 250)], [(105, 400), (115, -150)], [0, 0]),
        ([seen(112, 400), seen(120, 400)], [(105, 400), (115, -150)], [0, 0]),
        # 300 though 400 less 150 were told: 50 more than that was paid
        ([seen(120, 300)], [(105, 400), (115, -150)], [50]),
        # a refund counts from its day on
        ([seen(114, 300), seen(115, 300)], [(105, 400), (115, -150)], [0, 50]),
        # refunds alone are no payments that could be in what was seen
        ([seen(112, 400)], [(105, -100)], [400]),
        ([], [(105, 400)], []),
    ],
)
def test_what_a_list_of_payments_tells_is_not_inferred_once_more(
    sightings: list[Sighting], told: list[tuple[int, int]], beyond: list[int]
) -> None:
    left = inferring.untold(sightings, told)
    assert [one.paid for one in left] == beyond
    # nothing else of a sighting changes
    assert [one._replace(paid=0) for one in left] == [one._replace(paid=0) for one in sightings]
