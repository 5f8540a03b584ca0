"""The plan: charges that turn out unjustified go back, with a word."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from payflow.model.agreement import Policy
from payflow.model.facts import EntryKind, Settlement, Status
from payflow.model.journal import ChargeState, Notice
from payflow.plan import takeback
from plan.nights import Nights, Seen, on, run
from policy.books import DUE, Bill, Move, policy_of


def claimed(policy: Policy | None = None, amount: int = 2500, bill: Bill | None = None) -> Nights:
    """An invoice on which the late fee was claimed on day 7."""
    nights = Nights(policy=policy or policy_of(), bill=bill or Bill())
    nights.notices = [Notice(13, "reminder", on(1), DUE), Notice(13, "late-fee", on(7), DUE)]
    nights.claim(amount, on(7))
    return nights


def taken_back(nights: Nights, as_of: date = DUE + timedelta(days=12)) -> list[tuple[int, str]]:
    return [(back.amount, back.why) for back in nights.plan(as_of).takebacks]


BEFORE = "INV-0013 was paid by {}, before the fee of 2026-11-11"


@pytest.mark.parametrize(
    ("moves", "back"),
    [
        ([], []),
        ([Move(on(6), 400_000)], [(2500, BEFORE.format("2026-11-10"))]),
        ([Move(on(-4), 400_000)], [(2500, BEFORE.format("2026-10-31"))]),
        ([Move(on(2), 100_000), Move(on(5), 300_000)], [(2500, BEFORE.format("2026-11-09"))]),
        # sent on the day of the fee or later: late all the same
        ([Move(on(7), 400_000)], []),
        ([Move(on(8), 400_000)], []),
        # not all of it before
        ([Move(on(6), 399_999)], []),
        ([Move(on(6), 399_999), Move(on(7), 1)], []),
        # on its way or failed before: not there
        ([Move(on(6), 400_000, settlement=Settlement.PENDING)], []),
        ([Move(on(6), 400_000, settlement=Settlement.FAILED)], []),
        # paid before and gone again after: paid when the fee arose
        ([Move(on(6), 400_000), Move(on(9), -400_000, EntryKind.REFUND)], [(2500, BEFORE.format("2026-11-10"))]),
        # gone again before
        ([Move(on(2), 400_000), Move(on(5), -400_000, EntryKind.REFUND)], []),
        # credited in full, even later: it was never owed
        ([Move(on(10), 400_000, EntryKind.CREDIT)], [(2500, "INV-0013 is credited and was not owed")]),
        # credited in part later: the rest was late
        ([Move(on(10), 100_000, EntryKind.CREDIT)], []),
        ([Move(on(10), 400_000, EntryKind.WRITE_OFF)], []),
    ],
)
def test_a_flat_fee_goes_back_when_nothing_was_owed_on_the_eve_of_it(
    moves: list[Move], back: list[tuple[int, str]]
) -> None:
    assert taken_back(claimed(bill=Bill(moves=moves))) == back


@pytest.mark.parametrize(
    ("bill", "back"),
    [
        (Bill(status=Status.VOID), [(2500, "INV-0013 is void and was not owed")]),
        (Bill(status=Status.DRAFT), [(2500, "INV-0013 is draft and was not owed")]),
        (Bill(status=Status.WRITTEN_OFF), []),
        (Bill(unknown=True), []),
        (Bill(printed=on(1)), [(2500, "INV-0013 fell due on 2026-11-05, too late for the fee of 2026-11-11")]),
        (Bill(printed=on(0)), []),
        # the books say now that less was asked: nothing of it was open
        (Bill(total=0), [(2500, BEFORE.format("2026-11-10"))]),
    ],
)
def test_a_fee_goes_back_when_the_invoice_turns_out_otherwise(bill: Bill, back: list[tuple[int, str]]) -> None:
    assert taken_back(claimed(bill=bill)) == back


def test_a_fee_on_what_is_no_debt_of_its_own_goes_back() -> None:
    nights = claimed()
    nights.own_debt = False
    assert taken_back(nights) == [(2500, "INV-0013 is not a debt of its own")]


def test_what_is_tolerated_does_not_hold_a_fee_up() -> None:
    policy = policy_of(tolerance={"GBP": 1_500})
    assert taken_back(claimed(policy, bill=Bill(moves=[Move(on(6), 398_500)])))
    assert not taken_back(claimed(policy, bill=Bill(moves=[Move(on(6), 398_499)])))


@pytest.mark.parametrize(
    ("moves", "back"),
    [
        ([], []),
        ([Move(on(6), 100_000)], [(1500, "less of INV-0013 was outstanding on 2026-11-11 than was known then")]),
        ([Move(on(7), 100_000)], []),
        # never up: what was owed then turns out to have been more
        ([Move(on(6), -100_000, EntryKind.REFUND)], []),
        ([Move(on(6), 400_000)], [(6000, BEFORE.format("2026-11-10"))]),
    ],
)
def test_a_percent_fee_comes_down_to_what_was_outstanding_and_never_goes_up(
    moves: list[Move], back: list[tuple[int, str]]
) -> None:
    assert taken_back(claimed(policy_of(percent="1.5"), 6000, Bill(moves=moves))) == back


def test_a_percent_fee_comes_down_step_by_step() -> None:
    nights = claimed(policy_of(percent="1.5"), 6000)
    nights.seen = [Seen(Move(on(5), 100_000), on(9)), Seen(Move(on(6), 100_000), on(12))]
    run(nights, 8, 15)
    told = [
        ((day - DUE).days, item.amount, item.remaining, item.count)
        for day, message in nights.messages
        for item in message.corrections
    ]
    assert told == [(9, 1500, 4500, 1), (12, 1500, 3000, 2)]
    assert nights.charges[0].standing == 3000


@pytest.mark.parametrize("state", [ChargeState.WAIVED, ChargeState.SETTLED])
def test_what_a_person_settled_or_waived_is_left_alone(state: ChargeState) -> None:
    nights = claimed(bill=Bill(moves=[Move(on(2), 400_000)]))
    nights.settle(state)
    assert taken_back(nights) == []
    # of a charge that is waived the client is told, once; of one that came in there is nothing to tell
    told = [item for message in nights.night(on(12)).messages for item in message.corrections]
    assert [(item.amount, item.remaining, item.waived) for item in told] == (
        [(2500, 0, True)] if state is ChargeState.WAIVED else []
    )
    assert nights.plan(on(13)).empty


def test_a_fee_is_taken_back_with_a_word_and_does_not_revive() -> None:
    nights = Nights(seen=[Seen(Move(on(6), 400_000), on(9)), Seen(Move(on(12), -400_000, EntryKind.REFUND), on(13))])
    run(nights, -5, 40)
    corrections = [((day - DUE).days, item) for day, message in nights.messages for item in message.corrections]
    ((day, item),) = corrections
    assert (day, item.amount, item.remaining, item.why) == (9, 2500, 0, BEFORE.format("2026-11-10"))
    assert [(one.state, one.standing) for one in nights.charges] == [(ChargeState.REVERSED, 0)]


def test_a_correction_waits_for_a_day_on_which_the_client_was_not_written_to() -> None:
    nights = claimed(bill=Bill(moves=[Move(on(2), 400_000)]))
    nights.written.add(("acme", on(9)))
    first = nights.night(on(9))
    assert (len(first.takebacks), first.messages) == (1, ())
    second = nights.night(on(10))
    assert (second.takebacks, len(second.messages[0].corrections)) == ((), 1)
    assert nights.night(on(11)).empty


def test_a_correction_of_which_nobody_knows_whether_it_arrived_is_not_told_twice() -> None:
    nights = claimed(bill=Bill(moves=[Move(on(2), 400_000)]))
    nights.night(on(9))
    nights.notices = [replace(notice, handed_over=False) for notice in nights.notices]
    assert nights.night(on(10)).empty


def test_what_is_taken_back_is_never_more_than_stands() -> None:
    nights = claimed(bill=Bill(moves=[Move(on(2), 400_000)]))
    nights.reverse("PF-1", 1000, on(8), "as agreed on the telephone")
    case = nights.case(on(9))
    back = takeback(case, case.charges[0])
    assert back is not None
    assert back.amount == 1500
