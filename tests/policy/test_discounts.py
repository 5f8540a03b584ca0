"""Discounts for early payment: until when, how much, of what; what letting one go costs; and the lines of a German e-invoice."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.model.agreement import Anchor, Discount, DiscountBase, TermPart
from payflow.policy.discounts import Moved, Offer, amount_of, discount, earned, is_skonto, offers, skonto, yearly_cost
from payflow.policy.terms import parse_terms

ISSUED = date(2026, 10, 20)


@pytest.mark.parametrize(
    ("terms", "total", "tax", "until", "amount"),
    [
        ("2/10-net-30", 100_000, 0, date(2026, 10, 30), 2_000),
        ("2/10-net-30", 120_000, 20_000, date(2026, 10, 30), 2_400),
        (["2% of gross within 10 days", "30 days"], 120_000, 20_000, date(2026, 10, 30), 2_400),
        (["2% of net within 10 days", "30 days"], 120_000, 20_000, date(2026, 10, 30), 2_000),
        (["1.5 % within 1 month", "2 months"], 100_000, 0, date(2026, 11, 20), 1_500),
        (["2% by day 10", "end of month"], 100_000, 0, date(2026, 11, 10), 2_000),
        (["2% by day 10 of next month", "60 days"], 100_000, 0, date(2026, 11, 10), 2_000),
        (["2% by end of month", "60 days"], 100_000, 0, date(2026, 10, 31), 2_000),
        # 10 % of 1,000.00 and 150.00 tax, of both or of the net alone: 1,035.00 or 1,050.00 is paid (Odoo's tests)
        ("10/10-net-30", 115_000, 15_000, date(2026, 10, 30), 115_000 - 103_500),
        (["10% of net within 10 days", "30 days"], 115_000, 15_000, date(2026, 10, 30), 115_000 - 105_000),
        # half a cent is rounded up, of a credit note away from zero
        ("2/10-net-30", 1_225, 0, date(2026, 10, 30), 25),
        ("2/10-net-30", 1_224, 0, date(2026, 10, 30), 24),
        ("2/10-net-30", -1_225, 0, date(2026, 10, 30), -25),
    ],
)
def test_a_discount_has_a_last_day_and_an_amount(
    terms: str | list[str], total: int, tax: int, until: date, amount: int
) -> None:
    assert offers(parse_terms(terms), total, tax, ISSUED) == [Offer(until, amount)]


def test_a_payment_earns_the_greatest_discount_that_is_still_open_on_its_day() -> None:
    terms = parse_terms("3/10-2/20-net-30")
    assert offers(terms, 100_000, 0, ISSUED) == [Offer(date(2026, 10, 30), 3_000), Offer(date(2026, 11, 9), 2_000)]
    earned = {
        date(2026, 10, 20): 3_000,
        date(2026, 10, 30): 3_000,
        date(2026, 10, 31): 2_000,
        date(2026, 11, 9): 2_000,
        date(2026, 11, 10): None,
    }
    for day, amount in earned.items():
        found = discount(terms, 100_000, 0, ISSUED, day)
        assert (found.amount if found else None) == amount
    assert discount(parse_terms("net-30"), 100_000, 0, ISSUED, ISSUED) is None


def test_a_discount_counts_from_the_day_its_terms_count_from() -> None:
    terms = parse_terms(["from delivery", "2% within 10 days", "30 days"])
    delivered = {Anchor.DELIVERY: date(2026, 11, 1)}
    assert offers(terms, 100_000, 0, ISSUED, anchors=delivered) == [Offer(date(2026, 11, 11), 2_000)]
    assert discount(terms, 100_000, 0, ISSUED, date(2026, 11, 11), anchors=delivered) == Offer(
        date(2026, 11, 11), 2_000
    )
    with pytest.raises(ValueError, match="day of delivery"):
        offers(terms, 100_000, 0, ISSUED)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(1, 999), st.sampled_from(DiscountBase))
def test_a_discount_is_the_percentage_rounded_half_up_and_never_more_than_its_base(
    net: int, tax: int, tenths: int, base: DiscountBase
) -> None:
    offer = Discount(Fraction(tenths, 1000), ((TermPart.DAYS, 10),), base)
    of = Decimal(net if base is DiscountBase.NET else net + tax)
    expected = (of * tenths / 1000).quantize(Decimal(1), ROUND_HALF_UP)
    assert amount_of(offer, net + tax, tax) == expected <= of
    assert amount_of(offer, -net - tax, -tax) == -expected


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_later_payment_never_earns_more(first: int, later: int) -> None:
    terms = parse_terms("3/10-2/20-1/30-net-60")
    found = [discount(terms, 100_000, 0, ISSUED, ISSUED + timedelta(days=days)) for days in sorted((first, later))]
    amounts = [one.amount if one else 0 for one in found]
    assert amounts[0] >= amounts[1]


@pytest.mark.parametrize(
    ("percent", "discount_days", "net_days", "year", "cost"),
    [
        # calculatorhub.com, early payment discount calculator
        ("2", 10, 30, 365, "37.24"),
        # mathcelebrity.com, vendor discount, which cuts off
        ("2", 10, 30, 360, "36.73"),
        ("1", 10, 30, 365, "18.43"),
        ("0", 10, 30, 365, "0.00"),
    ],
)
def test_what_letting_a_discount_go_costs_in_a_year(
    percent: str, discount_days: int, net_days: int, year: int, cost: str
) -> None:
    found = yearly_cost(Fraction(percent) / 100, discount_days, net_days, year) * 10_000
    assert Fraction(cost) * 100 == round(found)


def test_a_discount_that_saves_no_days_has_no_cost_in_a_year() -> None:
    with pytest.raises(ValueError, match="10 days net are no longer than the 10 days"):
        yearly_cost(Fraction(2, 100), 10, 10)
    with pytest.raises(ValueError, match="less than 100 %"):
        yearly_cost(Fraction(1), 10, 30)


@pytest.mark.parametrize(
    ("line", "valid"),
    [
        # KoSIT, xrechnung-schematron, rule BR-DE-18 and its test instances
        ("#SKONTO#TAGE=14#PROZENT=2.00#", True),
        ("#SKONTO#TAGE=14#PROZENT=2.00#BASISBETRAG=-5.53#", True),
        ("#SKONTO#Tage=7#PROZENT=2.00#", False),
        ("#SKONTO#TAGE=7#PROZENT=2.00##SKONTO#TAGE=14#PROZENT=1.00#BASISBETRAG=-3.21#", False),
        ("#SKONTO#TAGE=14#PROZENT=2.0#", False),
        ("#SKONTO#TAGE=14#PROZENT=2#", False),
        ("#SKONTO#TAGE=14#PROZENT=2,00#", False),
        ("#SKONTO#TAGE=14#PROZENT=2.00", False),
        ("#VERZUG#TAGE=14#PROZENT=2.00#", False),
        ("#SKONTO#TAGE=14#PROZENT=2.00#\n", False),
        ("", False),
    ],
)
def test_a_skonto_line_is_right_or_not(line: str, valid: bool) -> None:
    assert is_skonto(line) is valid


def test_discounts_are_written_as_an_xrechnung_wants_them() -> None:
    assert skonto(parse_terms("2/14-net-30")) == "#SKONTO#TAGE=14#PROZENT=2.00#\n"
    assert skonto(parse_terms("2.25/7-1/14-net-30")) == "#SKONTO#TAGE=7#PROZENT=2.25#\n#SKONTO#TAGE=14#PROZENT=1.00#\n"
    assert skonto(parse_terms("net-30")) == ""


@pytest.mark.parametrize(
    "terms", [["2% by day 10"], ["2% of net within 10 days"], ["2.125% within 10 days"], ["2% by day 10 of next month"]]
)
def test_a_discount_that_a_skonto_line_cannot_say_is_refused(terms: list[str]) -> None:
    with pytest.raises(ValueError, match="cannot be written as a #SKONTO# line"):
        skonto(parse_terms(terms))


@given(st.integers(1, 9999), st.integers(0, 3650))
def test_what_is_written_for_an_xrechnung_is_right(hundredths: int, days: int) -> None:
    terms = parse_terms(f"{hundredths // 100}.{hundredths % 100:02}/{days}-net-30")
    line = skonto(terms)
    assert line.endswith("\n")
    assert is_skonto(line[:-1])


def nov(day: int) -> date:
    return date(2026, 11, day)


#: 1,000.00 less 20.00 by the 10th; and 1,000.00 as 300.00 less 6.00 by the 10th, 300.00 less 9.00 by the 20th, and 400.00
WHOLE = (Offer(nov(10), 2_000),)
THREE = (Offer(nov(10), 600, 1, 30_000), Offer(nov(20), 900, 2, 60_000), Offer(nov(20), 500, 3, 80_000))
PARTS = (Offer(nov(10), 600, 1, 30_000), Offer(nov(20), 900, 2, 60_000))


@pytest.mark.parametrize(
    ("offers", "moved", "found"),
    [
        (WHOLE, [Moved(nov(10), 98_000)], [(0, 2_000)]),
        (WHOLE, [Moved(nov(10), 97_999)], []),
        (WHOLE, [Moved(nov(11), 98_000)], []),
        (WHOLE, [Moved(nov(3), 50_000), Moved(nov(9), 48_000)], [(1, 2_000)]),
        (WHOLE, [Moved(nov(9), 98_500)], [(0, 1_500)]),
        (WHOLE, [Moved(nov(9), 100_000)], []),
        # the books credited it, or a part of it, themselves
        (WHOLE, [Moved(nov(9), 98_000), Moved(nov(12), 2_000, credit=True)], []),
        (WHOLE, [Moved(nov(9), 98_000), Moved(nov(12), 500, credit=True)], [(0, 1_500)]),
        # 15.00 were left in time: what went back since is owed
        (WHOLE, [Moved(nov(9), 98_500), Moved(nov(12), -300)], [(0, 1_500)]),
        # money that went back takes it along
        (WHOLE, [Moved(nov(9), 98_000), Moved(nov(12), -1)], []),
        # nothing moved in time
        ((Offer(nov(10), 100_000),), [], []),
        # of two, the greater one where it was earned, else the other
        ((Offer(nov(5), 3_000), Offer(nov(10), 2_000)), [Moved(nov(5), 97_000)], [(0, 3_000)]),
        ((Offer(nov(5), 3_000), Offer(nov(10), 2_000)), [Moved(nov(5), 97_000), Moved(nov(8), 1_000)], [(0, 2_000)]),
        ((Offer(nov(5), 3_000), Offer(nov(10), 2_000)), [Moved(nov(8), 98_000)], [(0, 2_000)]),
        (PARTS, [Moved(nov(10), 29_400)], [(0, 600)]),
        (PARTS, [Moved(nov(10), 29_399)], []),
        # beyond the first: all of its discount goes off, and the second is short of its own
        (PARTS, [Moved(nov(10), 30_000)], [(0, 600)]),
        (PARTS, [Moved(nov(10), 58_499)], [(0, 600)]),
        (PARTS, [Moved(nov(10), 58_500)], [(0, 600), (0, 900)]),
        (PARTS, [Moved(nov(10), 29_400), Moved(nov(20), 29_100)], [(0, 600), (1, 900)]),
        (PARTS, [Moved(nov(10), 29_400), Moved(nov(21), 29_100)], [(0, 600)]),
        # not earned on the first: the second asks for all of that
        (PARTS, [Moved(nov(20), 58_500)], []),
        (PARTS, [Moved(nov(20), 59_100)], [(0, 900)]),
        # the books credited the first one's, then the second one's too
        (PARTS, [Moved(nov(10), 29_400), Moved(nov(12), 600, credit=True), Moved(nov(20), 29_100)], [(2, 900)]),
        (PARTS, [Moved(nov(10), 58_500), Moved(nov(12), 600, credit=True)], [(0, 900)]),
        (PARTS, [Moved(nov(10), 58_500), Moved(nov(12), 1_500, credit=True)], []),
        (PARTS, [Moved(nov(10), 58_500), Moved(nov(12), 1_000, credit=True)], [(0, 500)]),
        # of three, the books credited the first two, or the first one on the day of the payment
        (THREE, [Moved(nov(10), 78_000), Moved(nov(12), 1_500, credit=True)], [(0, 500)]),
        (THREE, [Moved(nov(10), 78_000), Moved(nov(10), 600, credit=True)], [(0, 900), (0, 500)]),
        (THREE, [Moved(nov(10), 78_000)], [(0, 600), (0, 900), (0, 500)]),
        # down to a single unit
        (WHOLE, [Moved(nov(10), 99_999)], [(0, 1)]),
        # never more than what is left of the invoice
        (PARTS, [Moved(nov(10), 99_000)], [(0, 600), (0, 400)]),
        (PARTS, [Moved(nov(10), 100_000)], []),
    ],
)
def test_a_discount_is_earned_by_what_was_sent_in_time(
    offers: tuple[Offer, ...], moved: list[Moved], found: list[tuple[int, int]]
) -> None:
    assert earned(100_000, offers, moved) == found


def test_the_last_instalment_is_settled_by_what_was_left_in_time() -> None:
    paid = [Moved(nov(10), 58_500), Moved(nov(20), 100)]
    assert earned(60_000, PARTS, paid) == [(0, 600), (1, 800)]
    assert earned(60_000, PARTS, [*paid, Moved(nov(21), -50)]) == [(0, 600), (1, 800)]
    assert earned(60_000, PARTS, [*paid, Moved(nov(21), -101)]) == [(0, 600)]


def test_what_a_payment_earns_of_a_discount_on_the_net_amount_knows_the_tax() -> None:
    terms = parse_terms(["10% of net within 10 days", "30 days"])
    assert discount(terms, 115_000, 15_000, ISSUED, date(2026, 10, 30)) == Offer(date(2026, 10, 30), 10_000)
    assert discount(terms, 115_000, 15_000, ISSUED, date(2026, 10, 31)) is None


def test_a_yearly_cost_is_asked_for_shares_below_one() -> None:
    assert yearly_cost(Fraction(0), 10, 30) == 0
    with pytest.raises(ValueError, match=r"^a discount is at least 0 % and less than 100 %$"):
        yearly_cost(Fraction(1), 10, 30)
