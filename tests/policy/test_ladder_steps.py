"""The ladder: one step at a time, in order, spaced, and nothing while somebody holds the chasing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.model.agreement import Step
from payflow.model.journal import Announcement, Hold, Notice
from payflow.policy.ladder import CORRECTION, Next, announcement_of, earliest, held_on, next_step
from policy.books import DUE, LADDER, policy_of

POLICY = policy_of()


def on(days: int) -> date:
    """A day counted from the due date."""
    return DUE + timedelta(days=days)


def taken(*steps: tuple[str, int]) -> list[Notice]:
    return [Notice(13, step, on(day), DUE) for step, day in steps]


def hold(since: int, until: int | None) -> Hold:
    return Hold("invoice", "13", on(since), None if until is None else on(until), "they asked")


@pytest.mark.parametrize(
    ("as_of", "notices", "step", "day"),
    [
        # each step on its day
        (-10, [], "heads-up", -3),
        (-3, [], "heads-up", -3),
        (-1, [("heads-up", -3)], "reminder", 1),
        (1, [("heads-up", -3)], "reminder", 1),
        (1, [("heads-up", -3), ("reminder", 1)], "late-fee", 7),
        (7, [("heads-up", -3), ("reminder", 1)], "late-fee", 7),
        (7, [("reminder", 1), ("late-fee", 7)], "final", 21),
        # late, but not on or after the due date's end
        (0, [], "heads-up", 0),
        (1, [], "reminder", 1),
        # cron slept: the next step only, and spaced from the one before
        (40, [], "reminder", 40),
        (40, [("reminder", 40)], "late-fee", 42),
        (41, [("reminder", 40)], "late-fee", 42),
        (42, [("reminder", 40)], "late-fee", 42),
        (42, [("reminder", 40), ("late-fee", 42)], "final", 44),
        # spacing also after a step sent late before the due date
        (0, [("heads-up", 0)], "reminder", 2),
        # a step that came later into the ladder, below one taken already, is not sent any more
        (9, [("late-fee", 7)], "final", 21),
    ],
)
def test_the_next_step_and_its_day(as_of: int, notices: list[tuple[str, int]], step: str, day: int) -> None:
    found = next_step(POLICY, DUE, on(as_of), taken(*notices), [])
    assert found.step is not None
    assert (found.step.key, found.on, found.why) == (step, on(day), "")


def test_after_the_last_step_there_is_none() -> None:
    found = next_step(POLICY, DUE, on(40), taken(("final", 21)), [])
    assert found == Next(None, None, "every step of the ladder was taken")


def test_a_policy_without_steps_says_so() -> None:
    assert next_step(policy_of(ladder=()), DUE, on(4), [], []).why == "policy standard has no steps"


def test_a_ladder_of_steps_before_the_due_date_ends_with_it() -> None:
    policy = policy_of(ladder=LADDER[:1])
    assert next_step(policy, DUE, on(1), [], []).step is None


@pytest.mark.parametrize(
    ("as_of", "notices", "holds", "step", "day"),
    [
        # a hold that began after the step was due stops it all the same
        (9, [("reminder", 1)], [(8, 12)], "late-fee", 13),
        (9, [("reminder", 1)], [(9, 9)], "late-fee", 10),
        (8, [("reminder", 1)], [(8, None)], None, None),
        (-3, [], [(-3, -2)], "heads-up", -1),
        # held until after the due date: a step before it is left out
        (-3, [], [(-3, 0)], "reminder", 1),
        (-3, [], [(-3, 4)], "reminder", 5),
        # held days do not count
        (2, [("reminder", 1)], [(3, 5)], "late-fee", 10),
        (2, [("reminder", 1)], [(3, 5), (4, 6)], "late-fee", 11),
        (20, [("reminder", 1)], [(3, 5)], "late-fee", 20),
        # a hold before the due date moves nothing that comes later
        (1, [], [(-9, -5)], "reminder", 1),
        # two holds that follow on one another
        (6, [("reminder", 1)], [(6, 8), (9, 10)], "late-fee", 12),
        # no end: until a person releases it
        (2, [("reminder", 1)], [(3, None)], None, None),
    ],
)
def test_nothing_goes_out_on_hold_and_held_days_do_not_count(
    as_of: int,
    notices: list[tuple[str, int]],
    holds: list[tuple[int, int | None]],
    step: str | None,
    day: int | None,
) -> None:
    found = next_step(POLICY, DUE, on(as_of), taken(*notices), [hold(*one) for one in holds])
    if step is None or day is None:
        assert found == Next(None, None, "held until a person releases it")
    else:
        assert (found.step and found.step.key, found.on) == (step, on(day))


def test_the_longest_of_several_holds_is_told() -> None:
    assert held_on(on(4), [hold(1, 5), hold(3, None), hold(2, 9)]) == hold(3, None)
    assert held_on(on(6), [hold(1, 5)]) is None
    assert held_on(on(5), [hold(1, 5)]) == hold(1, 5)
    assert held_on(on(0), [hold(1, 5)]) is None


@pytest.mark.parametrize(("grace", "day"), [(0, 7), (3, 7), (6, 7), (7, 8), (10, 11)])
def test_a_fee_step_waits_for_the_grace(grace: int, day: int) -> None:
    assert earliest(policy_of(grace=grace), LADDER[2], DUE, [], []) == on(day)


def test_a_fee_step_is_never_taken_before_the_day_that_was_announced() -> None:
    announced = Notice(
        13, "reminder", on(1), DUE, announced=Announcement("late-fee", on(12), "a late fee of 25.00 GBP")
    )
    assert next_step(POLICY, DUE, on(7), [announced], []).on == on(12)
    unsure = replace(announced, handed_over=False)
    assert next_step(POLICY, DUE, on(7), [unsure], []).on == on(7)


def test_the_last_notice_that_was_handed_over_says_what_was_announced() -> None:
    first, second = Announcement("late-fee", on(7), "20"), Announcement("late-fee", on(9), "25")
    other = Announcement("collection-fee", on(30), "90")
    notices = [
        Notice(13, "heads-up", on(-3), DUE, announced=first),
        Notice(13, "reminder", on(1), DUE, announced=second),
        Notice(13, "second-reminder", on(3), DUE, handed_over=False, announced=first),
        Notice(13, "third-reminder", on(5), DUE, announced=other),
    ]
    assert announcement_of(LADDER[2], notices) == second
    assert announcement_of(LADDER[2], notices[:1]) == first
    assert announcement_of(LADDER[2], notices[2:]) is None


def test_a_word_about_a_charge_taken_back_is_no_step_and_spaces_nothing() -> None:
    notices = taken(("reminder", 1), (f"{CORRECTION}PF-1:1", 7))
    assert next_step(POLICY, DUE, on(7), notices, []).on == on(7)


def test_a_notice_of_the_ladder_that_governed_before_keeps_the_next_one_at_a_distance() -> None:
    found = next_step(POLICY, DUE, on(7), taken(("a-step-of-another-policy", 6)), [])
    assert (found.step and found.step.key, found.on) == ("reminder", on(8))


def test_two_steps_never_fall_on_one_day_even_without_spacing() -> None:
    policy = policy_of(spacing=0)
    assert next_step(policy, DUE, on(30), taken(("reminder", 30)), []).on == on(31)


def test_a_later_due_date_moves_what_is_still_to_come() -> None:
    assert next_step(POLICY, on(10), on(7), taken(("reminder", 1)), []).on == on(17)


# --- any days on which cron fires, any holds -------------------------------------------------------------------------

LADDERS = (
    st.lists(st.integers(-6, 30), min_size=1, max_size=5, unique=True)
    .map(sorted)
    .flatmap(lambda days: st.tuples(st.just(days), st.lists(st.booleans(), min_size=len(days), max_size=len(days))))
)
HOLDS = st.lists(
    st.builds(
        lambda since, length: hold(since, None if length is None else since + length),
        st.integers(-15, 50),
        st.one_of(st.integers(0, 15), st.none()),
    ),
    max_size=3,
)


def ladder_of(made: tuple[Sequence[int], Sequence[bool]]) -> tuple[Step, ...]:
    days, fee = made
    return tuple(
        Step(f"step{at}", f"step{at}", day, "reminder", fee=at > 0 and wants and day > 0)
        for at, (day, wants) in enumerate(zip(days, fee, strict=True))
    )


def unheld(first: int, last: int, holds: Collection[Hold]) -> int:
    return sum(held_on(on(day), holds) is None for day in range(first, last + 1))


@settings(max_examples=300, deadline=None)
@given(
    made=LADDERS,
    fires=st.lists(st.booleans(), min_size=90, max_size=90),
    holds=HOLDS,
    spacing=st.integers(0, 6),
    grace=st.integers(0, 12),
)
def test_whatever_days_cron_fires_on_the_ladder_is_climbed_one_spaced_step_at_a_time(
    made: tuple[Sequence[int], Sequence[bool]],
    fires: Sequence[bool],
    holds: Sequence[Hold],
    spacing: int,
    grace: int,
) -> None:
    policy = policy_of(ladder=ladder_of(made), spacing=spacing, grace=grace)
    notices: list[Notice] = []
    for day, fired in enumerate(fires, start=-20):
        # a hold is known from the day it begins
        known = [one for one in holds if one.since <= on(day)]
        found = next_step(policy, DUE, on(day), notices, known)
        assert found.on is None or found.on >= on(day)
        assert (found.step is None) is (found.on is None) is bool(found.why)
        if not fired or found.on != on(day) or found.step is None:
            continue
        step = found.step
        assert held_on(on(day), known) is None
        assert on(day) >= DUE + timedelta(days=step.day)
        if step.day < 0:
            assert on(day) <= DUE
        elif step.day > 0:
            assert unheld(1, day, known) >= step.day
        if step.fee:
            assert day > grace
        for notice in notices:
            assert (on(day) - notice.on).days >= max(spacing, 1)
            assert policy.ladder.index(step) > next(
                at for at, one in enumerate(policy.ladder) if one.key == notice.step
            )
        notices.append(Notice(13, step.key, on(day), DUE))
        again = next_step(policy, DUE, on(day), notices, known)
        assert again.on is None or again.on > on(day)


@settings(deadline=None)
@given(made=LADDERS, holds=HOLDS, spacing=st.integers(0, 6), asked=st.integers(-20, 40))
def test_the_day_foretold_is_the_day_on_which_daily_runs_take_the_step(
    made: tuple[Sequence[int], Sequence[bool]], holds: Sequence[Hold], spacing: int, asked: int
) -> None:
    policy = policy_of(ladder=ladder_of(made), spacing=spacing)
    foretold = next_step(policy, DUE, on(asked), [], holds)
    if foretold.on is None:
        return
    for day in range(asked, (foretold.on - DUE).days):
        found = next_step(policy, DUE, on(day), [], holds)
        assert (found.step, found.on) == (foretold.step, foretold.on)
    last = next_step(policy, DUE, foretold.on, [], holds)
    assert (last.step, last.on) == (foretold.step, foretold.on)


@given(st.integers(1, 60), st.integers(1, 5))
def test_after_a_month_of_silence_each_run_sends_one_step_spaced(silence: int, spacing: int) -> None:
    policy = policy_of(spacing=spacing)
    notices: list[Notice] = []
    for day in range(silence + 21, silence + 21 + 4 * spacing):
        found = next_step(policy, DUE, on(day), notices, [])
        if found.step is not None and found.on == on(day):
            notices.append(Notice(13, found.step.key, on(day), DUE))
    assert [notice.step for notice in notices] == ["reminder", "late-fee", "final"]
    gaps = {(later.on - sooner.on).days for sooner, later in pairwise(notices)}
    assert gaps == {spacing}
