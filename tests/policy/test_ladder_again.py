"""Steps that come again with each period of a fee, steps of instalments, and what notices are called."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from payflow.model.agreement import LateFee, Policy
from payflow.model.journal import Announcement, Hold, Notice
from payflow.policy import ladder
from policy.books import DUE, LADDER, policy_of

#: Due on 4 November; the step that claims is day 7.
MONTHLY = policy_of(late_fee=LateFee({"GBP": 2500}, every_months=1))
WEEKLY = policy_of(late_fee=LateFee({"GBP": 2500}, every_days=7))
FEE = next(step for step in LADDER if step.fee)


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}" if len(text) == 5 else text)


def notices(*said: str) -> list[Notice]:
    """`11-11 late-fee`, ..."""
    return [Notice(13, name, day(on), DUE) for on, name in (one.split() for one in said)]


def hold(since: str, until: str | None) -> Hold:
    return Hold("invoice", "13", day(since), day(until) if until else None, "")


@pytest.mark.parametrize(
    ("policy", "as_of", "sent", "on", "key"),
    [
        (MONTHLY, "11-12", ["11-11 late-fee"], "12-11", "late-fee@2026-12-11"),
        (MONTHLY, "12-11", ["11-11 late-fee"], "12-11", "late-fee@2026-12-11"),
        (MONTHLY, "12-20", ["11-11 late-fee"], "12-20", "late-fee@2026-12-11"),
        # the step went out late: its period is the one that ran
        (MONTHLY, "12-01", ["11-30 late-fee"], "12-11", "late-fee@2026-12-11"),
        # a cron that slept asks for the running period alone
        (MONTHLY, "2027-02-20", ["11-11 late-fee"], "2027-02-20", "late-fee@2027-02-11"),
        (MONTHLY, "12-14", ["11-11 late-fee", "12-13 late-fee@2026-12-11"], "2027-01-11", "late-fee@2027-01-11"),
        # spaced from the other notices
        (MONTHLY, "12-11", ["11-11 late-fee", "12-10 final"], "12-12", "late-fee@2026-12-11"),
        (WEEKLY, "11-12", ["11-11 late-fee"], "11-18", "late-fee@2026-11-18"),
        (WEEKLY, "11-27", ["11-11 late-fee", "11-18 late-fee@2026-11-18"], "11-27", "late-fee@2026-11-25"),
    ],
)
def test_the_step_of_a_fee_comes_again_with_each_period(
    policy: Policy, as_of: str, sent: list[str], on: str, key: str
) -> None:
    found = ladder.next_again(policy, DUE, day(as_of), notices(*sent), [])
    assert found is not None
    assert (found.on, found.key, found.step, found.why) == (day(on), key, FEE, "")


@pytest.mark.parametrize(
    ("held", "on", "period"),
    [
        (("12-05", "12-20"), "12-21", "12-11"),
        # a period that was held through is let go
        (("12-05", "2027-01-15"), "2027-01-16", "2027-01-11"),
        (("12-05", None), None, None),
    ],
)
def test_a_hold_makes_it_wait_and_lets_whole_periods_go(
    held: tuple[str, str | None], on: str | None, period: str | None
) -> None:
    found = ladder.next_again(MONTHLY, DUE, day("12-01"), notices("11-11 late-fee"), [hold(*held)])
    assert found is not None
    assert (found.on, found.period) == (day(on) if on else None, day(period) if period else None)
    assert found.why == ("" if on else "held until a person releases it")


def test_nothing_comes_again_before_it_came_or_where_the_fee_does_not_repeat() -> None:
    assert ladder.next_again(MONTHLY, DUE, day("12-12"), notices("11-05 reminder"), []) is None
    assert ladder.next_again(policy_of(), DUE, day("12-12"), notices("11-11 late-fee"), []) is None
    assert ladder.period(policy_of(), DUE, day("12-12")) is None
    assert ladder.period(replace(MONTHLY, ladder=()), DUE, day("12-12")) is None
    assert ladder.fee_step(replace(MONTHLY, ladder=LADDER[:2])) is None
    assert ladder.period(MONTHLY, DUE, day("12-12")) == (day("12-11"), day("2027-01-11"))


def test_the_last_step_goes_first_and_then_the_fee_comes_again() -> None:
    sent = notices("11-05 reminder", "11-11 late-fee")
    first = ladder.next_step(MONTHLY, DUE, day("11-12"), sent, [], again=True)
    assert (first.key, first.on) == ("final", day("11-25"))
    sent += notices("11-25 final")
    found = ladder.next_step(MONTHLY, DUE, day("11-26"), sent, [], again=True)
    assert (found.key, found.on) == ("late-fee@2026-12-11", day("12-11"))
    alone = ladder.next_step(MONTHLY, DUE, day("11-26"), sent, [])
    assert (alone.step, alone.on, alone.why) == (None, None, "every step of the ladder was taken")
    none = ladder.next_step(replace(MONTHLY, ladder=()), DUE, DUE, [], [])
    assert none == (None, None, "policy standard has no steps", None, 0)


def test_on_the_same_day_a_step_that_was_not_taken_goes_first() -> None:
    weekly = replace(WEEKLY, ladder=(*LADDER[:3], LADDER[3]))
    # the last step, day 21, and the second period fall on 25 November
    sent = notices("11-11 late-fee", "11-18 late-fee@2026-11-18")
    found = ladder.next_step(weekly, DUE, day("11-25"), sent, [], again=True)
    assert (found.key, found.on) == ("final", day("11-25"))


def test_an_instalments_ladder_knows_its_own_notices_by_their_plain_names() -> None:
    said = Announcement("late-fee", day("11-11"), "a late fee")
    sent = [
        *notices("11-05 reminder", "11-20 reminder#2", "11-21 correction:PF-1:1", "11-22 claim:once"),
        Notice(13, "reminder#3", day("12-21"), DUE, announced=said),
    ]
    assert [one.step for one in ladder.of_instalment(sent, 1)] == [
        "reminder",
        "reminder#2",
        "correction:PF-1:1",
        "claim:once",
        "reminder#3",
    ]
    second = ladder.of_instalment(sent, 2)
    assert [one.step for one in second[:2]] == ["reminder#1", "reminder"]
    # what was said of another instalment's fee is not said of this one's
    assert [one.announced for one in second] == [None] * 5
    assert ladder.of_instalment(sent, 3)[-1] == Notice(13, "reminder", day("12-21"), DUE, announced=said)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("late-fee", "the fee"),
        ("late-fee@2026-12-11", "the fee of 2026-12-11"),
        ("late-fee#2", "the fee, instalment 2"),
        ("gone", "gone"),
        ("claim:2026-12-01", "charges (2026-12-01)"),
        ("claim:once", "charges (once)"),
    ],
)
def test_a_notice_is_called_as_its_step_is_now(key: str, said: str) -> None:
    assert ladder.shown(key, {"late-fee": "the fee"}) == said


def test_keys_of_what_is_next() -> None:
    assert ladder.Next(FEE, DUE, "", instalment=1).key == "late-fee"
    assert ladder.Next(FEE, DUE, "", instalment=2).key == "late-fee#2"
    assert ladder.Next(FEE, DUE, "", "once").key == "claim:once"
    assert ladder.Next(None, None, "").key == ""
    assert ladder.step_of("late-fee@2026-12-11") == "late-fee"


def test_a_step_of_the_due_date_itself_may_be_taken_late_and_one_before_it_may_not() -> None:
    on_time = replace(LADDER[1], name="today", key="today", day=0)
    policy = replace(policy_of(), ladder=(LADDER[0], on_time, LADDER[1]))
    assert ladder.next_step(policy, DUE, day("11-06"), [], []).key == "today"
    assert ladder.next_step(policy, DUE, day("11-04"), [], [])[:2] == (LADDER[0], day("11-04"))
    # held until after the due date, the step before it is let go
    assert ladder.next_step(policy, DUE, day("11-01"), [], [hold("11-01", "11-04")]).key == "today"


def test_periods_go_on_for_years() -> None:
    assert ladder.period(MONTHLY, DUE, day("2029-02-20")) == (day("2029-02-11"), day("2029-03-11"))
    assert ladder.period(MONTHLY, DUE, day("2031-11-10")) == (day("2031-10-11"), day("2031-11-11"))
    quarterly = policy_of(late_fee=LateFee({"GBP": 2500}, every_months=3))
    assert ladder.period(quarterly, DUE, day("2030-01-01")) == (day("2029-11-11"), day("2030-02-11"))
