"""The plan, on any nights, whatever is paid, held or lost: no figure is wrong, doubled or unexplained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.model.agreement import Policy, Step
from payflow.model.journal import Hold
from payflow.money import round_half_up
from plan.nights import Nights, Seen, on, owed_before, steps
from policy.books import DUE, LADDER, Move, policy_of

DAYS = st.integers(-8, 40)
MONEY = st.one_of(st.sampled_from([100_000, 200_000, 399_999, 400_000]), st.integers(1, 400_000))
SEEN = st.lists(
    st.builds(lambda day, delay, amount: Seen(Move(on(day), amount), on(day + delay)), DAYS, st.integers(0, 12), MONEY),
    max_size=4,
)
POLICIES = st.builds(
    lambda percent, spacing, grace, fee_day: policy_of(
        percent=percent,
        spacing=spacing,
        grace=grace,
        ladder=(*LADDER[:2], replace(LADDER[2], day=max(fee_day, grace + 1)), Step("last", "last", 30, "final-notice")),
    ),
    st.sampled_from([None, "1.5", "0.37", "100"]),
    st.integers(0, 4),
    st.integers(0, 5),
    st.integers(2, 12),
)
HOLDS = st.lists(
    st.builds(lambda since, length: Hold("invoice", "13", on(since), on(since + length), ""), DAYS, st.integers(0, 6)),
    max_size=2,
)


@settings(max_examples=150, deadline=None)
@given(
    policy=POLICIES,
    seen=SEEN,
    holds=HOLDS,
    fires=st.lists(st.booleans(), min_size=60, max_size=60),
    unsure=st.sets(st.sampled_from(["heads-up", "reminder"])),
)
def test_whatever_happens_no_figure_is_wrong_doubled_or_unexplained(
    policy: Policy, seen: Sequence[Seen], holds: Sequence[Hold], fires: Sequence[bool], unsure: set[str]
) -> None:
    nights = Nights(policy=policy, seen=seen, holds=holds, unsure=frozenset(unsure))
    for day, fired in enumerate([*fires, True], start=-8):
        if not fired:
            continue
        outstanding = owed_before(nights, on(day + 1), on(day))
        made = nights.night(on(day))
        for item in (item for message in made.messages for item in message.notices):
            assert outstanding > 0
            assert item.invoice.outstanding == outstanding
            if item.fee is not None:
                _check_fee(nights, item.fee.amount, outstanding, on(day))
        # planned again on the same day, even if nobody remembered the e-mail, nothing is left to do
        assert nights.plan(on(day)).empty
        nights.written.clear()
        assert nights.plan(on(day)).empty
    _check_charges(nights, on(60))
    assert max(Counter(day for day, _ in nights.messages).values(), default=0) <= 1
    assert max(Counter(step for _, step in steps(nights)).values(), default=0) <= 1


def _check_fee(nights: Nights, amount: int, outstanding: int, day: date) -> None:
    """A fee is the agreed one, named before by a notice that was handed over, for this day or one before."""
    fee = nights.policy.late_fee
    assert fee is not None
    agreed = 2500 if fee.percent is None else round_half_up(*(outstanding * fee.percent).as_integer_ratio())
    assert amount == agreed
    named = [notice for notice in nights.notices if notice.on < day and notice.handed_over and notice.announced]
    assert named
    assert named[-1].announced is not None
    assert named[-1].announced.on <= day
    assert (day - DUE).days > nights.policy.grace


def _check_charges(nights: Nights, day: date) -> None:
    """At the end, when all is known, what stands is what is justified, and each correction was told once."""
    told = Counter[str]()
    for _, message in nights.messages:
        for item in message.corrections:
            told[item.ref] += item.amount
    assert len(nights.charges) <= 1
    for charge in nights.charges:
        fee = nights.policy.late_fee
        assert fee is not None
        owed = owed_before(nights, charge.claimed_on, day)
        justified = 2500 if fee.percent is None else round_half_up(*(owed * fee.percent).as_integer_ratio())
        assert charge.standing == (min(charge.amount, justified) if owed else 0)
        assert told[charge.ref] == charge.amount - charge.standing
