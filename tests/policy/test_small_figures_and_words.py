"""Figures of a single minor unit, words of mistakes, and books in which policies stand side by side."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from payflow.columns import NO_DAY, to_day
from payflow.model.agreement import FeeBase, InstalmentTerms, LateFee
from payflow.model.interest import Allocation, Compound, DayCount, Interest, Rounding
from payflow.policy import fees
from payflow.policy.accrual import Claim, InterestTerms, Kind, Movement, accrue
from payflow.policy.assess import assess
from payflow.policy.fees_arisen import fees_arisen
from payflow.policy.instalments import Balance, Fixed, Percent, check, instalments
from payflow.policy.rates import Rate
from payflow.policy.scenario import read_scenario, work_out
from payflow.policy.statutes import lowest_agreed, statute
from payflow.policy.terms import due_date
from payflow.policy.terms_in_words import parse_terms
from payflow.workspace.business_days import calendar_of
from policy.books import Bill, Move, book_of, policy_of

TENTH = (Rate(date.min, Fraction("0.365"), "36.5 % a year"),)


@pytest.mark.parametrize(
    ("amount", "floor", "interest", "below"),
    [
        # 10.00 bear a cent a day
        (1000, 1, 1, 0),
        (1000, 2, 0, 1),
        (2000, 2, 2, 0),
        (400, 1, 0, 0),
    ],
)
def test_interest_below_the_floor_is_told_down_to_a_single_unit(
    amount: int, floor: int, interest: int, below: int
) -> None:
    due = date(2026, 1, 1)
    found = accrue(Claim(amount, "EUR", due, date(2026, 1, 2), interest=InterestTerms(TENTH, floor=floor)))
    assert (found.interest, found.below_floor, found.total_due) == (interest, below, amount + interest)


def test_a_payment_that_paid_interest_below_the_floor_paid_principal_after_all() -> None:
    due = date(2026, 1, 1)
    claim = Claim(
        1000,
        "EUR",
        due,
        date(2026, 1, 3),
        movements=(Movement(date(2026, 1, 2), Kind.PAYMENT, 500),),
        interest=InterestTerms(TENTH, floor=100),
        allocation=Allocation.INTEREST_FIRST,
    )
    found = accrue(claim)
    assert (found.principal_outstanding, found.total_due, found.below_floor) == (500, 500, 2)
    assert [(one.interest, one.principal) for one in found.allocations] == [(0, 500)]


@pytest.mark.parametrize(
    ("parts", "due"),
    [
        (["day 10", "day 20"], date(2026, 1, 20)),
        (["day 20", "day 10"], date(2026, 2, 10)),
        (["10 days", "20 days"], date(2026, 2, 4)),
        (["day 31", "end of month"], date(2026, 1, 31)),
        (["end of month", "day 1", "end of month"], date(2026, 2, 28)),
        (["1 month", "day 5", "1 month"], date(2026, 3, 5)),
    ],
)
def test_parts_of_one_kind_follow_one_another(parts: list[str], due: date) -> None:
    assert due_date(parse_terms(parts), date(2026, 1, 5)) == due


def test_a_cap_counts_the_fees_from_before_and_a_missing_currency_is_named() -> None:
    fee = LateFee({"GBP": 1000}, cap={"GBP": 2500})
    assert [fees.amount(fee, "GBP", 100, before=before) for before in (0, 1500, 2000, 2500, 9000)] == [
        1000,
        1000,
        500,
        0,
        0,
    ]
    assert fees.amount(fee, "GBP", 0) == 0
    share = LateFee(percent=Fraction(1, 100), of=FeeBase.ORIGINAL)
    assert fees.amount(share, "GBP", 10_000) == 100
    assert fees.amount(share, "GBP", 10_000, 30_000) == 300
    assert fees.amount(fee, "EUR", 100) is None
    with pytest.raises(ValueError, match="no amount in EUR"):
        fees.words(fee, "EUR")


HALF = parse_terms("net-15")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "^no instalments: give at least one line$"),
        ([Balance(HALF), Percent(Fraction(1, 2), HALF)], "^line 1 takes the balance, and others follow: put it last$"),
        ([Percent(Fraction(0), HALF), Balance(HALF)], "^line 1: a percentage is more than 0 and at most 100$"),
        ([Percent(Fraction(101, 100), HALF), Balance(HALF)], "^line 1: a percentage is more than 0 and at most 100$"),
        (
            [Percent(Fraction(1, 2), HALF), Fixed(0, HALF), Balance(HALF)],
            "^line 2: a fixed amount is more than nothing$",
        ),
        (
            [Percent(Fraction(3, 5), HALF)] * 2 + [Balance(HALF)],
            "^the percentages add up to more than 100: lower one of them$",
        ),
        ([Percent(Fraction(1, 2), HALF)], "^the lines do not add up to every total: make the last one the balance$"),
        ([Fixed(100, HALF)], "^the lines do not add up to every total: make the last one the balance$"),
    ],
)
def test_instalments_that_do_not_add_up_are_told_with_their_line(
    lines: list[Percent | Fixed | Balance], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        check(lines)
    check([Percent(Fraction(1), HALF)])
    check([Percent(Fraction(1), HALF), Balance(HALF)])
    check([Fixed(1, HALF), Balance(HALF)])


def test_instalments_fall_due_on_business_days_of_the_calendar() -> None:
    lines = [Fixed(400, parse_terms(["10 days", "next business day in GB"])), Balance(parse_terms("net-30"))]
    # 3 April 2026 is Good Friday, 6 April Easter Monday
    found = instalments(1000, lines, date(2026, 3, 24), calendar=calendar_of("GB"))
    assert [(one.due_on, one.amount) for one in found] == [(date(2026, 4, 7), 400), (date(2026, 4, 23), 600)]
    assert [one.amount for one in instalments(300, lines, date(2026, 3, 24), calendar=calendar_of("GB"))] == [300, 0]


def test_each_policy_of_a_book_has_its_fee_whatever_the_one_before_it_has() -> None:
    parts = (InstalmentTerms(HALF, percent=Fraction(1, 2)), InstalmentTerms(parse_terms("net-20")))
    policies = [
        policy_of(grace=0, late_fee=LateFee({"GBP": 1000})),
        policy_of(grace=0, late_fee=LateFee({"GBP": 700}, every_days=10)),
        policy_of(grace=0, late_fee=None, instalments=parts),
        policy_of(grace=0, late_fee=LateFee({"GBP": 500}, cap={"GBP": 800}), instalments=parts),
        policy_of(grace=0, late_fee=LateFee({"GBP": 300}), instalments=parts),
        policy_of(grace=0, late_fee=LateFee({"GBP": 100})),
    ]
    book, governed = book_of(*[Bill()] * 6), np.arange(6, dtype=np.int64)
    found = assess(book, policies, governed, np.full(6, True), date(2026, 11, 16))
    arisen = fees_arisen(book, policies, governed, np.full(6, True), found, date(2026, 11, 16))
    # due on 4 November; the second instalment on 9 November
    assert arisen.tolist() == [1000, 1400, 0, 800, 600, 100]
    assert arisen.dtype == found.interest.dtype == np.int64


def test_figures_that_fit_stay_whole_numbers_of_64_bits_whichever_way_they_were_worked_out() -> None:
    parts = (InstalmentTerms(HALF, percent=Fraction(1, 2)), InstalmentTerms(parse_terms("net-20")))
    compound = Interest(Fraction("0.1"), compound=Compound.MONTHLY)
    policies = [
        policy_of(annual="10", grace=0),
        policy_of(grace=0, interest=compound),
        policy_of(annual="10", grace=0, instalments=parts),
        policy_of(grace=0, interest=compound, instalments=parts),
    ]
    governed = np.arange(4, dtype=np.int64)
    found = assess(book_of(*[Bill(365_000)] * 4), policies, governed, np.full(4, True), date(2026, 11, 14))
    # ten days of 1.00; in halves ten and five days of 0.50
    assert found.interest.tolist() == [1000, 1000, 750, 750]
    assert found.interest.dtype == found.interest_per_day.dtype == np.dtype(np.int64)
    large = assess(book_of(*[Bill(4 * 10**18)] * 4), policies, governed, np.full(4, True), date(2126, 11, 14))
    # a hundred years of a tenth: ten times what was asked, and more where it is compounded
    assert large.interest.dtype == object
    assert large.interest[1] > large.interest[0] > 2**63 > 4 * 10**18
    assert large.interest[0] == round(4 * 10**18 * Fraction(36_534, 3650))


def test_what_a_day_would_add_is_told_before_anything_is_due_by_the_law_of_the_day_of_the_debt() -> None:
    law = Interest(Fraction(0), statute="de", day_count=DayCount.ACTUAL_ACTUAL, rounding=Rounding.SEGMENT)
    policy = policy_of("net-30", grace=0, interest=law, tolerance={"GBP": 150_000})
    bills = [
        Bill(3_650_000, issued=date(2014, 7, 28)),
        Bill(3_650_000, issued=date(2014, 7, 29)),
        Bill(3_650_000, issued=date(2014, 7, 29), moves=[Move(date(2014, 8, 1), 3_500_000)]),
        Bill(3_650_000, issued=date(2014, 7, 29), moves=[Move(date(2014, 8, 1), 3_650_000)]),
    ]
    found = assess(book_of(*bills), [policy], np.zeros(4, dtype=np.int64), np.full(4, True), date(2014, 8, 10))
    assert found.interest.tolist() == [0, 0, 0, 0]
    # 7.27 and 8.27 % of 36,500.00 for a day; nothing on what is tolerated
    assert found.interest_per_day.tolist() == [727, 827, 0, 0]


def test_the_lowest_rate_that_french_contracts_may_agree_reads_the_user_s_table(tmp_path: Path) -> None:
    rows = "effective_from,rate_percent,source\n2026-07-01,3.5,Banque de France\n"
    (tmp_path / "fr_taux_legal_pro_partial.csv").write_text(rows, "utf-8")
    rate = lowest_agreed(statute("fr"), date(2026, 8, 1), extra=tmp_path)
    assert rate is not None
    assert rate.annual == Fraction("0.105")


def test_a_fixed_sum_in_another_currency_is_told_and_not_guessed() -> None:
    data = {
        "amount": "6000.00",
        "currency": "GBP",
        "due_on": "2025-01-31",
        "as_of": "2025-03-01",
        "interest": {"statute": "eu"},
    }
    claim, found, warnings = work_out(read_scenario(data, today=date(2026, 1, 1), calendars=calendar_of))
    assert found.compensation == 0
    [said] = [one for one in warnings if "40" in one]
    assert "EUR" in said
    claim, found, _ = work_out(
        read_scenario({**data, "currency": "EUR"}, today=date(2026, 1, 1), calendars=calendar_of)
    )
    assert claim.compensation_why == "Directive 2011/7/EU art. 6: 40 EUR for each invoice"
    assert replace(claim, compensation=0).compensation_why == found.costs[0].why


def test_what_terms_count_from_and_did_not_come_yet_makes_nothing_due_whatever_is_printed() -> None:
    policy = policy_of(["from delivery", "14 days"], annual="36.5", grace=0)
    bills = [Bill(100_000, printed=date(2026, 10, 31))] * 3
    starts = np.array([NO_DAY, to_day(date(2026, 10, 30)), to_day(date(2026, 10, 1))])
    found = assess(
        book_of(*bills), [policy], np.zeros(3, dtype=np.int64), np.full(3, True), date(2026, 11, 20), starts=starts
    )
    # due two weeks after the delivery, and not before the day that is printed
    assert found.due_on.tolist() == [NO_DAY, to_day(date(2026, 11, 13)), to_day(date(2026, 10, 31))]
    assert found.due_contract.tolist() == [NO_DAY, to_day(date(2026, 11, 13)), to_day(date(2026, 10, 20))]
    assert (found.days_overdue.tolist(), found.interest.tolist()) == ([0, 7, 20], [0, 700, 2000])


def test_a_stretch_says_what_opened_it() -> None:
    due = date(2026, 1, 1)
    rates = (*TENTH, Rate(date(2026, 1, 21), Fraction("0.73"), "73 % a year"))
    terms = InterestTerms(rates, compound=Compound.DAYS_30)
    paid = Movement(date(2026, 1, 11), Kind.PAYMENT, 5_000)
    found = accrue(Claim(10_000, "EUR", due, date(2026, 2, 10), movements=(paid,), interest=terms))
    assert [(str(one.first), one.days, one.why) for one in found.stretches] == [
        ("2026-01-02", 10, "from the day after it was due, 2026-01-01; 36.5 % a year"),
        ("2026-01-12", 9, "after the payment of 50.00 EUR on 2026-01-11; 36.5 % a year"),
        ("2026-01-21", 11, "from the change of the rate; 73 % a year"),
        ("2026-02-01", 10, "interest so far joined the balance; 73 % a year"),
    ]
    # 10 days of 0.10, 9 of 0.05, 11 of 0.10, then 10 of 52.55 at a fifth of a percent a day
    assert [one.exact for one in found.stretches] == [100, 45, 110, Fraction(5_255, 50)]
    assert found.interest == 360
