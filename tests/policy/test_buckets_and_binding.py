"""What a payment pays and a refund opens again, bucket by bucket; and what binds whom."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from payflow.model.agreement import Binding, ClientKind, Compensation
from payflow.model.interest import Allocation, Interest, Mode
from payflow.policy.allocation import Buckets
from payflow.policy.binding import compensation_binds, compensation_rests_on, interest_binds, interest_rests_on, suits
from payflow.policy.compensation import speaks_of
from payflow.policy.statutes import STATUTES
from policy.books import ISSUED, contract_of, policy_of

DAY = date(2026, 1, 1)


def owed(found: Buckets) -> tuple[int, int, int, int]:
    return found.costs, found.interest_owed, found.principal, found.surplus


@pytest.mark.parametrize(
    ("order", "paid", "after", "back", "again"),
    [
        # 25 of costs, 30 of interest, 100 of principal; what came last goes back first
        (Allocation.COSTS_FIRST, [20, 50], (0, 0, 85, 0), [20, 40], (15, 30, 100, 0)),
        (Allocation.INTEREST_FIRST, [20, 50], (25, 0, 60, 0), [45, 10], (25, 15, 100, 0)),
        (Allocation.PRINCIPAL_FIRST, [90, 30], (25, 10, 0, 0), [25, 90], (25, 30, 95, 0)),
        (Allocation.PRINCIPAL_FIRST, [150, 10], (0, 0, 0, 5), [5, 12], (12, 0, 0, 0)),
        # more goes back than was ever paid: it is principal
        (Allocation.COSTS_FIRST, [10], (15, 30, 100, 0), [40], (25, 30, 130, 0)),
    ],
)
def test_a_refund_undoes_payments_from_the_last_bucket_on(
    order: Allocation, paid: list[int], after: tuple[int, ...], back: list[int], again: tuple[int, ...]
) -> None:
    found = Buckets(100, Mode.HALF_UP, order, costs=25, accrued=Fraction(30))
    for amount in paid:
        found.pay(DAY, amount)
    assert owed(found) == after
    for one in found.allocations:
        assert one.costs + one.interest + one.principal + one.rest == one.amount
    for amount in back:
        found.refund(amount)
    assert owed(found) == again


def test_interest_that_joined_is_paid_with_the_principal_and_before_it_unless_agreed() -> None:
    for order, left in ((Allocation.INTEREST_FIRST, (110, 0)), (Allocation.PRINCIPAL_FIRST, (80, 30))):
        found = Buckets(150, Mode.HALF_UP, order, accrued=Fraction(301, 10))
        found.join()
        assert (found.bearing, found.running) == (Fraction(1801, 10), 0)
        found.pay(DAY, 70)
        assert (found.principal, found.joined_owed) == left
        assert found.joined == (Fraction(0) if not left[1] else Fraction(301, 10))
        assert found.allocations[0][2:] == (0, 0, 70, 0)
    found.pay(DAY, 90)
    assert (found.principal, found.joined_owed, found.joined) == (0, 20, Fraction(201, 10))


@pytest.mark.parametrize(
    ("statute", "kind", "signed", "interest", "fixed"),
    [
        ("uk", ClientKind.BUSINESS, None, True, True),
        ("uk", ClientKind.CONSUMER, DAY, False, False),
        ("se", ClientKind.CONSUMER, DAY, True, False),
        ("se", ClientKind.CONSUMER, None, False, False),
        ("de-consumer", ClientKind.CONSUMER, DAY, True, None),
        ("de-consumer", ClientKind.CONSUMER, None, False, None),
        ("de-consumer", ClientKind.BUSINESS, None, False, None),
        ("", ClientKind.BUSINESS, ISSUED, True, True),
        ("", ClientKind.BUSINESS, date(2026, 10, 21), False, False),
        ("", ClientKind.CONSUMER, ISSUED, True, True),
    ],
)
def test_law_binds_businesses_and_agreements_whoever_signed(
    statute: str, kind: ClientKind, signed: date | None, interest: bool, fixed: bool | None
) -> None:
    sum_ = Compensation(statute=statute) if statute else Compensation({"GBP": 4000})
    law = Interest(Fraction(0 if statute else 1), statute=statute)
    policy = policy_of(interest=law, compensation=sum_ if fixed is not None else None)
    contract = contract_of(signed=signed)
    assert interest_binds(policy, contract, ISSUED, kind) is interest
    assert compensation_binds(policy, contract, ISSUED, kind) is bool(fixed)
    assert suits(policy, kind) is (kind is ClientKind.BUSINESS or statute != "uk")
    ground = STATUTES[statute].title if statute else "signed" if interest else "the terms printed"
    assert ground in interest_rests_on(policy, contract, ISSUED)
    if fixed is not None:
        assert ground in compensation_rests_on(policy, contract, ISSUED)
    printed = policy_of(compensation=Compensation({"GBP": 4000}), binding=Binding.INVOICE)
    assert compensation_binds(printed, None, ISSUED, kind)


@pytest.mark.parametrize(
    ("statute", "currency", "speaks"),
    [("uk", "GBP", True), ("uk", "EUR", False), ("de", "EUR", True), ("de", "GBP", False), ("pl", "PLN", False)],
)  # fmt: skip
def test_a_sum_speaks_of_debts_in_its_own_currency(statute: str, currency: str, speaks: bool) -> None:
    fixed = STATUTES[statute].compensation
    assert fixed is not None
    assert speaks_of(fixed, currency) is speaks
