"""Late claims by hand: every rule of the engine with a small figure that a reader can check."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from msgspec.structs import replace

from payflow.errors import PayflowError
from payflow.policy.accrual import Accrual, Claim, InterestTerms, accrue
from payflow.policy.allocation import Allocation, Buckets
from payflow.policy.calendars import WEEKDAYS
from payflow.policy.rates import OutOfTable, Rate
from payflow.policy.rounding import Mode, rounded
from payflow.policy.scenario import read_scenario, work_out

TODAY = date(2026, 11, 21)


def worked(**said: Any) -> tuple[Accrual, tuple[str, ...]]:
    """1,000.00 EUR due on 1 January 2025, at 36.5 % a year (1.00 a day), as of 31 January unless said otherwise."""
    told: dict[str, Any] = {"amount": "1000", "currency": "EUR", "as_of": "2025-01-31"}
    if not {"terms", "due_on"} & set(said):
        told["due_on"] = "2025-01-01"
    told["interest"] = {"annual": "36.5"}
    data = {key: value for key, value in (told | said).items() if value is not None}
    _, found, warnings = work_out(read_scenario(data, today=TODAY, calendars=lambda _: WEEKDAYS))
    return found, warnings


def paid(*movements: str) -> list[dict[str, str]]:
    """`2025-01-11 400`, ..."""
    return [dict(zip(("on", "amount"), movement.split(), strict=True)) for movement in movements]


def rows(found: Accrual) -> list[str]:
    return [
        f"{one.first} {one.last} {one.days} {rounded(one.balance, Mode.HALF_UP)} {one.interest}"
        for one in found.stretches
    ]


@pytest.mark.parametrize(
    ("as_of", "interest", "daily", "late"),
    [
        ("2024-12-31", 0, 0, 0),
        ("2025-01-01", 0, 100, 0),
        ("2025-01-02", 100, 100, 1),
        ("2025-01-31", 3000, 100, 30),
    ],
)
def test_interest_runs_from_the_day_after_the_due_date(as_of: str, interest: int, daily: int, late: int) -> None:
    found, _ = worked(as_of=as_of)
    assert (found.interest, found.daily, found.days_overdue) == (interest, daily, late)


def test_the_last_day_that_a_date_can_name_has_no_day_after_it() -> None:
    data = {"amount": "1000", "currency": "EUR", "due_on": "2199-12-31", "as_of": "2199-12-31"}
    claim, _, _ = work_out(
        read_scenario(data | {"interest": {"annual": "36.5"}}, today=TODAY, calendars=lambda _: WEEKDAYS)
    )
    assert accrue(claim).daily == 100
    found = accrue(replace(claim, as_of=date.max))
    assert (found.interest > 0, found.daily) == (True, 0)


def test_the_day_of_a_payment_still_bears_interest_and_the_next_does_not() -> None:
    found, _ = worked(payments=paid("2025-01-11 400"))
    assert rows(found) == ["2025-01-02 2025-01-11 10 100000 1000", "2025-01-12 2025-01-31 20 60000 1200"]
    assert (found.interest, found.principal_outstanding, found.total_due, found.daily) == (2200, 60000, 62200, 60)
    assert found.stretches[1].why == "after the payment of 400.00 EUR on 2025-01-11; 36.5 % a year"


def test_a_payment_on_the_day_asked_for_counts() -> None:
    found, _ = worked(payments=paid("2025-01-31 1030"), allocation="interest-first")
    assert (found.interest, found.total_due, found.daily, len(found.stretches)) == (3000, 0, 0, 1)


@pytest.mark.parametrize(
    ("grace", "as_of", "payments", "interest"),
    [
        (10, "2025-01-11", [], 0),
        (10, "2025-01-12", [], 100),
        ({"days": 10, "mode": "forgive"}, "2025-01-31", [], 2000),
        ({"days": 10, "mode": "count"}, "2025-01-11", [], 0),
        ({"days": 10, "mode": "count"}, "2025-01-12", [], 1100),
        # paid on the last day of grace, in full and in part
        ({"days": 10, "mode": "count"}, "2025-01-31", ["2025-01-11 1000"], 0),
        ({"days": 10, "mode": "count"}, "2025-01-31", ["2025-01-12 1000"], 1100),
        ({"days": 10, "mode": "count"}, "2025-01-31", ["2025-01-11 900"], 1000 + 200),
        (10, "2025-01-31", ["2025-01-11 900"], 200),
    ],
)
def test_grace_forgives_or_counts_once_it_is_over(grace: Any, as_of: str, payments: list[str], interest: int) -> None:
    found, _ = worked(as_of=as_of, payments=paid(*payments), interest={"annual": "36.5", "grace": grace})
    assert found.interest == interest


@pytest.mark.parametrize(
    ("interest", "expected"),
    [
        ({"annual": "36.5"}, 3000),
        ({"monthly": "1"}, 986),  # 12 % a year
        ({"daily": "0.1"}, 3000),
        ({"daily": "0.1", "day_count": "actual/360"}, 3000),
        ({"daily": "0.1", "day_count": "actual/actual"}, 3000),
        ({"daily": "0.1", "day_count": "30E/360"}, 2900),  # 1 to 30 January are 29 days
        ({"monthly": "1", "day_count": "30E/360"}, 967),
    ],
)
def test_rates_of_a_year_a_month_and_a_day(interest: dict[str, str], expected: int) -> None:
    assert worked(interest=interest)[0].interest == expected


@pytest.mark.parametrize(
    ("rounding", "mode", "interest"),
    [
        # 10 % of 1,000.00 are 0.27397 a day; 10 days, then 20
        ("end", "half-up", 822),
        ("segment", "half-up", 274 + 548),
        ("day", "half-up", 27 * 30),
        ("end", "down", 821),
        ("segment", "down", 273 + 547),
        ("day", "down", 27 * 30),
    ],
)
def test_rounding(rounding: str, mode: str, interest: int) -> None:
    terms = {"annual": "10", "rounding": rounding, "mode": mode}
    # money that comes and goes on one day cuts the stretch and leaves the balance
    found, _ = worked(interest=terms, payments=paid("2025-01-11 400"), refunds=paid("2025-01-11 400"))
    assert found.interest == interest
    assert sum(one.interest for one in found.stretches) == interest


def test_modes_differ_on_halves() -> None:
    halves = [Fraction(1, 2), Fraction(3, 2), Fraction(5, 2)]
    assert [[rounded(half, mode) for half in halves] for mode in Mode] == [[1, 2, 3], [0, 2, 2], [0, 1, 2]]


@pytest.mark.parametrize(
    ("compound", "as_of", "balances"),
    [
        ("yearly", "2026-01-01", [100000]),
        ("yearly", "2026-01-02", [100000, 110000]),
        ("monthly", "2025-03-02", [100000, 100849, 101623]),
        ("30-days", "2025-03-03", [100000, 100822, 101651]),
        ("none", "2025-03-03", [100000]),
    ],
)
def test_interest_joins_the_balance(compound: str, as_of: str, balances: list[int]) -> None:
    found, _ = worked(as_of=as_of, interest={"annual": "10", "compound": compound})
    assert [rounded(one.balance, Mode.HALF_UP) for one in found.stretches] == balances
    assert found.principal_outstanding == 100000
    assert found.total_due == 100000 + found.interest


def test_an_anniversary_of_the_end_of_a_month_does_not_wander() -> None:
    found, _ = worked(due_on="2025-01-31", as_of="2025-05-31", interest={"annual": "10", "compound": "monthly"})
    assert [one.last.isoformat() for one in found.stretches] == ["2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"]


def test_what_is_paid_on_the_balance_pays_the_interest_that_joined_it_and_parts_of_a_cent_bear_nothing() -> None:
    claim = {"interest": {"annual": "10", "compound": "30-days"}, "allocation": "interest-first", "as_of": "2025-03-31"}
    found, _ = worked(**claim, payments=paid("2025-02-05 1009.60"))
    # 8.22 joined on 31 January, 5 days more are 1.38
    assert [(one.interest, one.principal) for one in found.allocations] == [(138, 100822)]
    assert (found.principal_outstanding, found.total_due, len(found.stretches)) == (0, 0, 2)


@pytest.mark.parametrize(
    ("allocation", "parts"),
    [
        # 100.00 pays a fee of 25.00, 30.00 of interest, and principal
        ("principal-first", (0, 0, 10000)),
        ("interest-first", (0, 3000, 7000)),
        ("costs-first", (2500, 3000, 4500)),
    ],
)
def test_the_order_in_which_a_payment_pays(allocation: str, parts: tuple[int, int, int]) -> None:
    found, _ = worked(payments=paid("2025-01-31 100"), late_fee={"amount": "25"}, allocation=allocation)
    (one,) = found.allocations
    assert (one.costs, one.interest, one.principal) == parts
    assert found.total_due == 100000 + 2500 + 3000 - 10000


def test_money_that_went_back_opens_what_it_had_paid() -> None:
    found, _ = worked(payments=paid("2025-01-11 1000"), refunds=paid("2025-01-21 1000"))
    assert rows(found) == ["2025-01-02 2025-01-11 10 100000 1000", "2025-01-22 2025-01-31 10 100000 1000"]
    assert (found.days_overdue, found.principal_outstanding) == (30, 100000)


def test_days_late_end_with_the_payment_of_the_principal() -> None:
    assert worked(payments=paid("2025-01-11 1000"))[0].days_overdue == 10


def test_too_much_paid_is_told_and_taken_from_first_when_money_goes_back() -> None:
    found, warnings = worked(payments=paid("2025-01-01 1200"))
    assert (found.overpaid, found.total_due, found.interest) == (20000, 0, 0)
    assert warnings == ("200.00 EUR more was paid or credited than is owed.",)
    back, _ = worked(payments=paid("2025-01-01 1200"), refunds=paid("2025-01-11 300"))
    assert rows(back) == ["2025-01-12 2025-01-31 20 10000 200"]


def test_a_credit_lowers_the_principal_from_its_day_and_one_in_full_ends_the_claim() -> None:
    found, _ = worked(credits=paid("2025-01-11 999.99"), late_fee={"amount": "25"})
    assert (found.interest, found.fees, found.principal_outstanding) == (1000, 2500, 1)
    none, _ = worked(credits=paid("2025-01-11 1000"), late_fee={"amount": "25"}, compensation="40")
    assert (none.interest, none.fees, none.compensation, none.total_due) == (0, 0, 0, 0)


@pytest.mark.parametrize(("floor", "interest"), [("30.00", 3000), ("30.01", 0)])
def test_interest_below_the_floor_is_not_claimed(floor: str, interest: int) -> None:
    terms = {"annual": "36.5", "floor": floor}
    found, warnings = worked(interest=terms, payments=paid("2025-01-31 100"), allocation="interest-first")
    assert (found.interest, found.total_due) == (interest, 90000 + interest)
    assert found.allocations[0].interest == interest
    assert bool(warnings) == (interest == 0)


@pytest.mark.parametrize(
    ("fee", "as_of", "fees"),
    [
        ({"amount": "25"}, "2025-01-01", 0),
        ({"amount": "25"}, "2025-01-02", 2500),
        ({"amount": "25", "grace": 10}, "2025-01-11", 0),
        ({"amount": "25", "grace": 10}, "2025-01-12", 2500),
        ({"amount": {"GBP": "20", "EUR": "30"}}, "2025-01-31", 3000),
        # 600.00 are left after the payment of 11 January
        ({"percent": "5", "grace": 10}, "2025-01-31", 3000),
        ({"percent": "5", "grace": 10, "of": "original"}, "2025-01-31", 5000),
        # money that came on the day of the fee was late for it
        ({"percent": "5", "grace": 9}, "2025-01-31", 5000),
        ({"amount": "40", "percent": "5", "take": "greater"}, "2025-01-31", 5000),
        ({"amount": "40", "percent": "5", "take": "lesser"}, "2025-01-31", 4000),
        ({"percent": "1", "minimum": "15"}, "2025-01-31", 1500),
        ({"percent": "5", "maximum": "15"}, "2025-01-31", 1500),
        ({"bands": [{"up_to": "1000", "amount": "40"}, {"amount": "70"}]}, "2025-01-31", 4000),
        ({"bands": [{"below": "1000", "amount": "40"}, {"percent": "7"}]}, "2025-01-31", 7000),
        ({"bands": [{"below": "500", "amount": "40"}]}, "2025-01-31", 0),
        # on 2, 12 and 22 January
        ({"amount": "10", "every": "10 days"}, "2025-01-21", 2000),
        ({"amount": "10", "every": "10 days"}, "2025-01-31", 3000),
        ({"amount": "10", "every": "10 days", "cap": "25"}, "2025-01-31", 2500),
        # on 2 January and the 2nd of each month
        ({"amount": "10", "every": "month"}, "2025-03-01", 2000),
        ({"amount": "10", "every": "2 months"}, "2025-03-02", 2000),
        # 5 % of 1,000.00, then of 600.00; never of fees
        ({"percent": "5", "every": "month"}, "2025-02-02", 5000 + 3000),
        ({"amount": "25", "every": "once"}, "2025-03-01", 2500),
    ],
)
def test_late_fees(fee: dict[str, Any], as_of: str, fees: int) -> None:
    found, _ = worked(late_fee=fee, as_of=as_of, payments=paid("2025-01-11 400"), interest=None)
    assert found.fees == fees == sum(cost.amount for cost in found.costs)


def test_no_fee_arises_on_what_is_paid_and_none_in_a_currency_it_does_not_name() -> None:
    found, _ = worked(late_fee={"amount": "10", "every": "10 days"}, payments=paid("2025-01-12 1000"))
    assert [cost.on.isoformat() for cost in found.costs] == ["2025-01-02", "2025-01-12"]
    none, warnings = worked(late_fee={"amount": {"GBP": "25"}})
    assert (none.fees, warnings) == (0, ("late_fee.amount names no amount in EUR, so none counts.",))


@pytest.mark.parametrize(
    ("said", "compensation"),
    [
        ({}, 0),
        ({"compensation": "40"}, 4000),
        ({"interest": {"statute": "ie"}}, 4000),
        ({"interest": {"statute": "ie"}, "amount": "1000.01"}, 7000),
        ({"interest": {"statute": "ie"}, "amount": "1000.01", "payments": paid("2025-01-01 0.01")}, 4000),
        ({"interest": {"statute": "ie"}, "payments": paid("2025-01-01 1000")}, 0),
        ({"interest": {"statute": "ie"}, "compensation": False}, 0),
        ({"interest": {"statute": "ie"}, "compensation": "100"}, 10000),
        ({"interest": {"statute": "ie"}, "as_of": "2025-01-01"}, 0),
        ({"interest": {"statute": "de-consumer"}}, 0),
    ],
)
def test_compensation_goes_by_what_is_unpaid_when_interest_starts(said: dict[str, Any], compensation: int) -> None:
    assert worked(**said)[0].compensation == compensation


def test_a_fixed_sum_in_bands_of_another_currency_is_told_not_guessed() -> None:
    found, warnings = worked(interest={"statute": "uk"})
    assert found.compensation == 0
    assert any("no sum follows" in warning for warning in warnings)


def test_a_statute_says_how_days_are_counted_and_what_is_written_wins() -> None:
    leap = {"due_on": "2024-01-01", "as_of": "2024-03-01", "amount": "100000"}
    own, _ = worked(**leap, interest={"statute": "ch"})
    other, _ = worked(**leap, interest={"statute": "ch", "day_count": "actual/360"})
    assert (own.interest, other.interest) == (81967, 83333)


def test_a_floating_rate_cuts_on_the_day_from_which_it_holds() -> None:
    found, warnings = worked(due_on="2024-12-30", as_of="2025-01-02", interest={"statute": "de"})
    assert [(str(one.last), one.annual) for one in found.stretches] == [
        ("2024-12-31", Fraction("12.37") / 100),
        ("2025-01-02", Fraction("11.27") / 100),
    ]
    assert any("between businesses only" in warning for warning in warnings)


def test_a_day_beyond_a_rate_table_is_an_error_that_says_how_to_extend_it() -> None:
    with pytest.raises(OutOfTable, match="payflow rates add de_basiszinssatz"):
        worked(due_on="2026-12-01", as_of="2027-02-02", interest={"statute": "de"})


@pytest.mark.parametrize("payment", ["2026-12-01 1000", "2026-12-11 1000"])
def test_no_rate_is_asked_for_after_all_was_paid(payment: str) -> None:
    found, _ = worked(due_on="2026-12-01", as_of="2027-02-02", interest={"statute": "de"}, payments=paid(payment))
    assert found.principal_outstanding == 0
    with pytest.raises(PayflowError):
        worked(due_on="2026-12-01", as_of="2027-02-02", interest={"statute": "de"}, payments=paid(payment[:-1]))


def test_what_comes_after_the_day_asked_for_is_left_out_and_told() -> None:
    found, warnings = worked(payments=paid("2025-02-01 1000"))
    assert found.principal_outstanding == 100000
    assert warnings == ("The payment of 1,000.00 EUR on 2025-02-01 is after 2025-01-31 and left out.",)


@pytest.mark.parametrize(
    ("terms", "payment", "outstanding"),
    [
        ("2/10-net-30", "2024-12-11 980", 0),
        ("2/10-net-30", "2024-12-12 980", 2000),
        ("2/10-net-30", "2024-12-11 979.99", 2001),
    ],
)
def test_a_discount_is_taken_off_by_whoever_pays_in_time(terms: str, payment: str, outstanding: int) -> None:
    found, warnings = worked(issued_on="2024-12-01", terms=terms, payments=paid(payment))
    assert found.principal_outstanding == outstanding
    assert ("20.00 EUR of discount for the payment of 2024-12-11 is taken off." in warnings) == (outstanding == 0)


def test_terms_give_the_due_date_and_roll_by_the_calendar() -> None:
    found, _ = worked(issued_on="2025-01-31", terms=["1 month", "next business day"], calendar="GB")
    assert found.due_on == date(2025, 2, 28)
    rolled, _ = worked(issued_on="2025-02-01", terms=["1 month", "next business day"], calendar="GB")
    assert rolled.due_on == date(2025, 3, 3)


def test_the_place_of_an_american_client_warns_of_rates_and_never_caps_them() -> None:
    found, warnings = worked(calendar="US-CA", currency="USD")
    assert found.interest == 3000
    assert any("10 %" in warning for warning in warnings)


def test_amounts_beyond_64_bits_and_currencies_without_minor_units() -> None:
    assert worked(amount="999999999999999.99")[0].interest == 3000000000000000
    assert worked(amount="1000", currency="JPY")[0].interest == 30
    assert worked(amount="1000", currency="KWD")[0].interest == 30000


def test_a_day_without_a_rate_is_an_error() -> None:
    terms = InterestTerms((Rate(date(2025, 2, 1), Fraction(1, 10), "later"),))
    with pytest.raises(ValueError, match="no rate is known for 2025-01-02"):
        accrue(Claim(1000, "EUR", date(2025, 1, 1), date(2025, 3, 1), interest=terms))


def test_interest_that_joined_is_never_less_than_nothing() -> None:
    buckets = Buckets(5, Mode.HALF_UP, Allocation.INTEREST_FIRST, accrued=Fraction(996, 1000), interest_paid=1)
    buckets.join()
    assert (buckets.joined, buckets.bearing) == (0, 5)


def test_a_fixed_sum_by_law_joins_an_agreed_fee_only_where_both_are_asked_for() -> None:
    both = {"interest": {"statute": "uk"}, "late_fee": {"amount": "25.00"}, "currency": "GBP"}
    found, warnings = worked(**both)
    assert (found.fees, found.compensation) == (2500, 0)
    assert (
        "The law's fixed sum is left out beside the late fee: write compensation = true if both may be claimed."
        in warnings
    )
    stacked = "What the law grants does not add to an agreed late fee by itself; both are asked for here."
    assert stacked in warnings
    found, warnings = worked(**both, compensation=True)
    assert (found.fees, found.compensation) == (2500, 7000)
    assert stacked in warnings
    alone, warnings = worked(interest={"statute": "uk"}, currency="GBP")
    assert (alone.fees, alone.compensation) == (0, 7000)
    assert not [text for text in warnings if "late fee" in text]
    # a law without a fixed sum leaves nothing out
    assert not [text for text in worked(**both | {"interest": {"statute": "ch"}})[1] if "left out" in text]
