"""Due dates, states and amounts of one invoice on one day, as tables."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.model.agreement import DueRule
from payflow.model.facts import EntryKind, Settlement, State, Status
from policy.books import DUE, ISSUED, Bill, Move, assess_all, assess_one, policy_of

LATE = date(2026, 11, 21)
CREDIT, REFUND, DISPUTE, WRITE_OFF = EntryKind.CREDIT, EntryKind.REFUND, EntryKind.DISPUTE, EntryKind.WRITE_OFF
PENDING, DISPUTED, FAILED = Settlement.PENDING, Settlement.DISPUTED, Settlement.FAILED


def paid(amount: int = 400_000, on: date = DUE, settlement: Settlement = Settlement.SETTLED) -> Move:
    return Move(on, amount, EntryKind.PAYMENT, settlement)


@pytest.mark.parametrize(
    ("rule", "printed", "shown", "due"),
    [
        (DueRule.LATER, None, None, DUE),
        (DueRule.LATER, date(2026, 11, 1), None, DUE),
        (DueRule.LATER, date(2026, 11, 30), None, date(2026, 11, 30)),
        (DueRule.LATER, DUE, None, DUE),
        (DueRule.LATER, None, date(2026, 11, 10), date(2026, 11, 10)),
        (DueRule.LATER, date(2026, 11, 30), date(2026, 11, 10), date(2026, 11, 30)),
        (DueRule.LATER, None, date(2026, 10, 25), DUE),
        (DueRule.CONTRACT, date(2026, 11, 30), None, DUE),
        (DueRule.CONTRACT, date(2026, 10, 21), None, DUE),
        (DueRule.CONTRACT, date(2026, 11, 30), date(2026, 11, 10), date(2026, 11, 10)),
    ],
)
def test_the_later_due_date_counts_unless_the_contract_overrides_and_none_moves_earlier_than_shown(
    rule: DueRule, printed: date | None, shown: date | None, due: date
) -> None:
    row = assess_one(Bill(printed=printed, shown=shown), policy_of(due=rule), LATE)
    assert (row.due_on, row.due_contract) == (due, DUE)
    assert row.days_overdue == max(0, (LATE - due).days)


@pytest.mark.parametrize(
    ("printed", "due", "state"),
    [(None, None, State.OPEN), (DUE, DUE, State.OVERDUE), (LATE, LATE, State.OPEN)],
)
def test_without_a_policy_only_the_printed_date_is_known(printed: date | None, due: date | None, state: State) -> None:
    row = assess_one(Bill(printed=printed), None, LATE)
    assert (row.due_on, row.due_contract, row.state, row.interest) == (due, None, state, 0)


@pytest.mark.parametrize(
    ("as_of", "state", "days"),
    [
        (ISSUED, State.OPEN, 0),
        (DUE, State.OPEN, 0),
        (DUE + timedelta(days=1), State.OVERDUE, 1),
        (LATE, State.OVERDUE, 17),
    ],
)
def test_an_invoice_is_overdue_from_the_day_after_its_due_date(as_of: date, state: State, days: int) -> None:
    row = assess_one(Bill(), policy_of(), as_of)
    assert (row.state, row.days_overdue) == (state, days)


@pytest.mark.parametrize(
    ("bill", "state"),
    [
        (Bill(), State.OVERDUE),
        (Bill(status=Status.OPEN), State.OVERDUE),
        (Bill(status=Status.DRAFT), State.DRAFT),
        (Bill(status=Status.VOID), State.VOID),
        (Bill(status=Status.WRITTEN_OFF), State.WRITTEN_OFF),
        (Bill(unknown=True), State.UNKNOWN),
        (Bill(moves=[paid()]), State.PAID),
        (Bill(total=0), State.PAID),
        (Bill(total=-5_000), State.PAID),
        (Bill(moves=[paid(399_999)]), State.OVERDUE),
        (Bill(moves=[paid(500_000)]), State.PAID),
        (Bill(moves=[Move(DUE, 400_000, CREDIT)]), State.CREDITED),
        (Bill(moves=[Move(DUE, 100_000, CREDIT)]), State.OVERDUE),
        (Bill(moves=[Move(DUE, 100_000, CREDIT), paid(300_000)]), State.PAID),
        (Bill(moves=[Move(DUE, 400_000, WRITE_OFF)]), State.WRITTEN_OFF),
        (Bill(moves=[paid(300_000), Move(DUE, 100_000, WRITE_OFF)]), State.WRITTEN_OFF),
        (Bill(moves=[paid(300_000), Move(DUE, 50_000, WRITE_OFF)]), State.OVERDUE),
        (Bill(moves=[paid(), Move(LATE, -400_000, DISPUTE, DISPUTED)]), State.DISPUTED),
        (Bill(moves=[paid(), Move(LATE, -400_000, DISPUTE, FAILED)]), State.PAID),
        (Bill(moves=[paid(), Move(LATE, -400_000, DISPUTE)]), State.OVERDUE),
        (Bill(moves=[paid(settlement=DISPUTED)]), State.DISPUTED),
        (Bill(moves=[paid(settlement=PENDING)]), State.OVERDUE),
        (Bill(moves=[paid(settlement=FAILED)]), State.OVERDUE),
        (Bill(moves=[paid(), Move(LATE, -400_000, REFUND)]), State.OVERDUE),
        (Bill(moves=[paid(), Move(LATE, -400_000, REFUND, PENDING)]), State.PAID),
        (Bill(moves=[paid(on=LATE + timedelta(days=1))]), State.OVERDUE),
    ],
)
def test_the_state_follows_from_the_facts(bill: Bill, state: State) -> None:
    assert assess_one(bill, policy_of(), LATE).state is state


DISPUTED_MOVES = [paid(), Move(LATE, -400_000, DISPUTE, DISPUTED)]
CREDITED_MOVES = [Move(DUE, 400_000, CREDIT)]


@pytest.mark.parametrize(
    ("bill", "state"),
    [
        (Bill(status=Status.DRAFT, unknown=True, moves=[paid()]), State.DRAFT),
        (Bill(status=Status.VOID, unknown=True, moves=DISPUTED_MOVES), State.VOID),
        (Bill(status=Status.VOID, moves=[paid()]), State.VOID),
        (Bill(unknown=True, moves=[paid()]), State.UNKNOWN),
        (Bill(unknown=True, moves=CREDITED_MOVES), State.UNKNOWN),
        (Bill(unknown=True, status=Status.WRITTEN_OFF), State.UNKNOWN),
        (Bill(moves=[*CREDITED_MOVES, *DISPUTED_MOVES]), State.CREDITED),
        (Bill(status=Status.WRITTEN_OFF, moves=CREDITED_MOVES), State.CREDITED),
        (Bill(status=Status.WRITTEN_OFF, moves=DISPUTED_MOVES), State.WRITTEN_OFF),
        (Bill(status=Status.WRITTEN_OFF, moves=[paid()]), State.PAID),
        # the same debt paid twice, one of the payments contested: the other one still covers it
        (Bill(moves=[paid(), *DISPUTED_MOVES]), State.PAID),
    ],
)
def test_the_stronger_state_comes_first(bill: Bill, state: State) -> None:
    assert assess_one(bill, policy_of(), LATE).state is state


@pytest.mark.parametrize(
    ("moves", "credited", "got", "outstanding", "pending"),
    [
        ([], 0, 0, 400_000, 0),
        ([paid(100_000)], 0, 100_000, 300_000, 0),
        ([paid(100_000), paid(100_000, settlement=PENDING)], 0, 100_000, 300_000, 100_000),
        ([paid(100_000, settlement=FAILED)], 0, 0, 400_000, 0),
        ([Move(DUE, 100_000, CREDIT)], 100_000, 0, 300_000, 0),
        ([Move(DUE, 100_000, CREDIT), paid(300_000)], 100_000, 300_000, 0, 0),
        ([Move(DUE, 500_000, CREDIT)], 500_000, 0, 0, 0),
        ([Move(DUE, 500_000, CREDIT), Move(LATE, -100_000, REFUND)], 500_000, -100_000, 0, 0),
        ([paid(), Move(LATE, -150_000, REFUND)], 0, 250_000, 150_000, 0),
        ([paid(), Move(LATE, -150_000, REFUND, PENDING)], 0, 400_000, 0, 0),
        ([paid(settlement=PENDING), Move(LATE, -150_000, REFUND, PENDING)], 0, 0, 400_000, 400_000),
        ([paid(), Move(LATE, -400_000, DISPUTE, DISPUTED)], 0, 0, 400_000, 0),
        ([paid(), Move(LATE, -400_000, DISPUTE, FAILED)], 0, 400_000, 0, 0),
        ([paid(450_000)], 0, 450_000, 0, 0),
        ([Move(DUE, 100_000, CREDIT), Move(LATE, -40_000, CREDIT)], 60_000, 0, 340_000, 0),
    ],
)
def test_amounts_are_what_moved(moves: list[Move], credited: int, got: int, outstanding: int, pending: int) -> None:
    row = assess_one(Bill(moves=moves), policy_of(), LATE)
    assert (row.credited, row.paid, row.outstanding, row.pending) == (credited, got, outstanding, pending)


@pytest.mark.parametrize("status", [Status.DRAFT, Status.VOID, Status.WRITTEN_OFF])
def test_nothing_is_outstanding_on_an_invoice_that_asks_for_nothing(status: Status) -> None:
    bill = Bill(status=status, moves=[paid(100_000)])
    row = assess_one(bill, policy_of(), LATE)
    assert (row.outstanding, row.days_overdue, row.interest, row.per_day, row.paid) == (0, 0, 0, 0, 100_000)


@pytest.mark.parametrize(
    ("tolerance", "short", "state"),
    [
        ({}, 1, State.OVERDUE),
        ({"GBP": 1_500}, 1_500, State.PAID),
        ({"GBP": 1_500}, 1_501, State.OVERDUE),
        ({"EUR": 1_500}, 1_500, State.OVERDUE),
        ({"EUR": 1, "GBP": 1_500}, 1_500, State.PAID),
    ],
)
def test_the_tolerance_is_that_of_the_currency_and_includes_its_edge(
    tolerance: dict[str, int], short: int, state: State
) -> None:
    row = assess_one(Bill(moves=[paid(400_000 - short)]), policy_of(tolerance=tolerance), LATE)
    assert (row.state, row.outstanding) == (state, short)


def test_a_difference_within_the_tolerance_that_was_written_off_leaves_the_invoice_paid() -> None:
    bill = Bill(moves=[paid(399_990), Move(LATE, 10, WRITE_OFF)])
    assert assess_one(bill, policy_of(tolerance={"GBP": 100}), LATE).state is State.PAID
    assert assess_one(bill, policy_of(), LATE).state is State.WRITTEN_OFF


@pytest.mark.parametrize(
    ("stage", "state", "outstanding", "balance_days"),
    [
        (DISPUTED, State.DISPUTED, 400_000, 400_000 * 7),
        (FAILED, State.PAID, 0, 0),
        (Settlement.SETTLED, State.OVERDUE, 400_000, 400_000 * 7),
        (PENDING, State.PAID, 0, 0),
    ],
    ids=["open", "won", "lost", "only announced"],
)
def test_a_dispute_open_won_and_lost(stage: Settlement, state: State, outstanding: int, balance_days: int) -> None:
    bill = Bill(moves=[paid(), Move(date(2026, 11, 14), -400_000, DISPUTE, stage)])
    row = assess_one(bill, policy_of(), LATE)
    assert (row.state, row.outstanding, row.balance_days) == (state, outstanding, balance_days)


def test_money_that_went_back_is_told_apart_from_money_that_never_came() -> None:
    back = [paid(), Move(LATE, -100_000, REFUND)]
    assert assess_one(Bill(moves=back), policy_of(), LATE).refunded
    assert not assess_one(Bill(moves=[paid(300_000)]), policy_of(), LATE).refunded
    assert not assess_one(Bill(moves=[*back, paid(100_000, LATE)]), policy_of(), LATE).refunded
    assert not assess_one(Bill(status=Status.VOID, moves=back), policy_of(), LATE).refunded


def test_an_inferred_day_is_noted_once_the_movement_counts() -> None:
    moves = [Move(DUE, 100_000, inferred=True)]
    assert assess_one(Bill(moves=moves), policy_of(), DUE).inferred
    assert not assess_one(Bill(moves=moves), policy_of(), DUE - timedelta(days=1)).inferred


@pytest.mark.parametrize(
    ("currency", "total", "interest"),
    [("JPY", 400_000, 1227), ("KWD", 4_000_000, 12_274), ("GBP", 400_000, 1227)],
)
def test_minor_units_are_those_of_the_currency(currency: str, total: int, interest: int) -> None:
    row = assess_one(Bill(total=total, currency=currency), policy_of(), LATE)
    assert row.interest == interest


def test_invoices_of_several_currencies_and_policies_stand_side_by_side() -> None:
    bills = [Bill(), Bill(currency="EUR", moves=[paid(399_000)]), Bill(total=1_000)]
    rows = assess_all(bills, policy_of(tolerance={"EUR": 1_000}), LATE)
    assert [row.state for row in rows] == [State.OVERDUE, State.PAID, State.OVERDUE]


def test_an_empty_book_is_assessed() -> None:
    assert assess_all([], policy_of(), LATE) == []


@given(
    st.lists(st.builds(Move, on=st.just(DUE), amount=st.integers(-500_000, 500_000), kind=st.sampled_from(EntryKind))),
    st.sampled_from(list(Status)),
    st.booleans(),
)
def test_a_settled_state_leaves_nothing_to_pay_and_an_asking_one_something(
    moves: list[Move], status: Status, unknown: bool
) -> None:
    row = assess_one(Bill(moves=moves, status=status, unknown=unknown), policy_of(), LATE)
    if row.state in (State.OPEN, State.OVERDUE, State.DISPUTED):
        assert row.outstanding > 0
    elif row.state is not State.UNKNOWN:
        assert row.outstanding == 0
    assert (row.days_overdue > 0) is (row.state in (State.OVERDUE, State.DISPUTED))
