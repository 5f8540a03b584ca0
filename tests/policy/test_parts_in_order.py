"""Interest before principal on an invoice in instalments: debt by debt, the oldest first."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.columns import to_date
from payflow.model.agreement import InstalmentTerms, Policy
from payflow.model.facts import EntryKind
from payflow.model.interest import Allocation, DayCount, Interest
from payflow.policy.accrual import Claim, Kind, Movement
from payflow.policy.assess import Assessment, assess
from payflow.policy.parts import spread
from payflow.policy.parts_in_order import shared
from payflow.policy.terms_in_words import parse_terms
from policy.books import Bill, Move, book_of, policy_of

ISSUED = date(2026, 10, 20)
#: 300.00 on 4 November, 300.00 on 19 November, 400.00 on 20 December
PLAN = (
    InstalmentTerms(parse_terms("net-15"), percent=Fraction(3, 10)),
    InstalmentTerms(parse_terms("net-30"), percent=Fraction(3, 10)),
    InstalmentTerms(parse_terms(["2 months"])),
)


def planned(allocation: Allocation, **words: object) -> Policy:
    return policy_of(
        "due-on-receipt",
        annual="36.5",
        grace=0,
        late_fee=None,
        allocation=allocation,
        **{"instalments": PLAN} | words,
    )


def assessed(policy: Policy, as_of: date, *moves: Move, total: int = 100_000) -> Assessment:
    book = book_of(Bill(total, issued=ISSUED, moves=moves))
    return assess(book, [policy], np.zeros(1, dtype=np.int64), np.full(1, True), as_of)


def november(day: int) -> date:
    return date(2026, 11, day)


@pytest.mark.parametrize(
    ("allocation", "moves", "interest"),
    [
        # 20 days of 0.30 and 5 of 0.30 by the 24th; then 300.00 and 294.00 for ten days
        ("principal-first", [Move(november(24), 30600)], [600, 150 + 294, 0]),
        # 306.00 pay the 6.00 of interest and the 300.00 of the first; the second bears all the while
        ("interest-first", [Move(november(24), 30600)], [600, 450, 0]),
        ("costs-first", [Move(november(24), 30600)], [600, 450, 0]),
        # 4.00 more pay the second's 1.50, and 2.50 of its principal: ten days of 0.2975, rounded once with the 1.50
        ("interest-first", [Move(november(24), 31000)], [600, 448, 0]),
        # 100.00 pay 6.00 of interest and 94.00 of principal of the first: ten days of 0.206
        ("interest-first", [Move(november(24), 10000)], [806, 450, 0]),
        # nothing is late yet: all of it is principal of the first, and 100.00 of the second
        ("interest-first", [Move(november(4), 40000)], [0, 300, 0]),
        # a credit note lowers what was asked: principal, the oldest first
        ("interest-first", [Move(november(24), 31000, EntryKind.CREDIT)], [600, 150 + 290, 0]),
        # what went back was the newest that was paid: 10.00 again of the second, of which 4.00 had been paid
        ("interest-first", [Move(november(24), 31000), Move(november(29), -1000)], [600 + 3, 149 + 150 + 150, 0]),
    ],
)
def test_a_payment_pays_the_oldest_instalment_first_and_within_it_in_the_order_agreed(
    allocation: str, moves: list[Move], interest: list[int]
) -> None:
    found = assessed(planned(Allocation(allocation)), date(2026, 12, 4), *moves)
    assert found.parts is not None
    assert found.parts.interest.tolist() == interest
    assert found.interest.tolist() == [sum(interest)]
    # what is outstanding is what the books show, whatever paid interest
    moved = sum(move.amount for move in moves)
    assert found.outstanding.tolist() == [100_000 - moved]
    assert found.parts.left.tolist() == [
        100_000 * share // 10 - part
        for share, part in zip((3, 3, 4), spread([30_000, 30_000, 40_000], [moved])[0], strict=True)
    ]


def test_a_payment_at_a_rate_that_no_table_holds_leaves_the_invoice_without_interest() -> None:
    law = Interest(Fraction(0), statute="uk")
    old = planned(Allocation.INTEREST_FIRST, interest=law)
    book = book_of(Bill(100_000, issued=date(1990, 1, 1), moves=(Move(date(1990, 4, 1), 40_000),)))
    found = assess(book, [old], np.zeros(1, dtype=np.int64), np.full(1, True), date(1990, 5, 1))
    assert (found.interest.tolist(), found.unrated.tolist()) == ([0], [True])
    # and the invoices after it bear theirs: 306.00 pay the first with its 6.00, and 300.00 bear on
    late = Bill(100_000, issued=ISSUED, moves=(Move(november(24), 30600),))
    both = book_of(Bill(100_000, issued=date(1990, 1, 1), moves=(Move(date(1990, 4, 1), 40_000),)), late)
    policies = [old, planned(Allocation.INTEREST_FIRST)]
    found = assess(both, policies, np.array([0, 1]), np.full(2, True), date(2026, 12, 4))
    assert (found.interest.tolist(), found.unrated.tolist()) == ([0, 1050], [True, False])


class Debt(NamedTuple):
    """One instalment as the slow walk below knows it; interest is exact, in minor units."""

    due: date
    principal: int
    interest: Fraction = Fraction(0)
    paid: int = 0

    def after(self, day: date) -> Debt:
        late = day > self.due
        return self._replace(interest=self.interest + self.principal * Fraction(1, 1000)) if late else self


def half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


def walked(amounts: list[int], payments: list[tuple[int, int]], until: int) -> list[int]:
    """The interest of each instalment, day by day, in the order that is simplest to say."""
    debts = [
        Debt(due, amount) for due, amount in zip((november(4), november(19), date(2026, 12, 20)), amounts, strict=True)
    ]
    for after in range(until + 1):
        debts = [debt.after(ISSUED + timedelta(days=after)) for debt in debts]
        for on, money in payments:
            for place, debt in enumerate(debts) if on == after else ():
                of_interest = min(money, half_up(debt.interest) - debt.paid)
                of_principal = min(money - of_interest, debt.principal)
                money -= of_interest + of_principal
                debts[place] = debt._replace(principal=debt.principal - of_principal, paid=debt.paid + of_interest)
    return [half_up(debt.interest) for debt in debts]


@given(
    st.lists(st.tuples(st.integers(0, 120), st.integers(1, 50_000)), max_size=4, unique_by=lambda one: one[0]),
    st.integers(0, 140),
)
def test_interest_first_is_what_a_walk_from_day_to_day_gives(payments: list[tuple[int, int]], until: int) -> None:
    moves = [Move(ISSUED + timedelta(days=on), amount) for on, amount in payments]
    found = assessed(planned(Allocation.INTEREST_FIRST), ISSUED + timedelta(days=until), *moves)
    assert found.parts is not None
    assert [to_date(day) for day in found.parts.due_on.tolist()] == [november(4), november(19), date(2026, 12, 20)]
    assert found.parts.interest.tolist() == walked([30_000, 30_000, 40_000], sorted(payments), until)


@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from([Kind.PAYMENT, Kind.CREDIT, Kind.REFUND]), st.integers(1, 900)), max_size=6),
)
def test_principal_first_is_shared_as_the_columns_spread_it(amounts: list[int], moved: list[tuple[Kind, int]]) -> None:
    # nothing is late: there is no interest that could be paid first
    due = ISSUED + timedelta(days=30)
    claims = [Claim(amount, "GBP", due, ISSUED) for amount in amounts]
    movements = [Movement(ISSUED + timedelta(days=at), kind, amount) for at, (kind, amount) in enumerate(moved)]
    signed = [-amount if kind is Kind.REFUND else amount for kind, amount in moved]
    shares = shared(claims, movements)
    assert shares == spread(amounts, signed)
    assert [sum(one) for one in shares] == signed


def test_terms_without_interest_have_no_order_of_their_own() -> None:
    plain = replace(planned(Allocation.INTEREST_FIRST), interest=None)
    found = assessed(plain, date(2026, 12, 4), Move(november(24), 30600))
    assert found.parts is not None
    assert found.parts.bearing is found.parts.book
    assert found.interest.tolist() == [0]


@pytest.mark.parametrize(
    ("moved", "shares"),
    [
        ([100, 150, -100, -100], [[100, 0, 0], [0, 150, 0], [0, -100, 0], [-50, -50, 0]]),
        ([700, -150, -300], [[100, 200, 400], [0, 0, -150], [0, -50, -250]]),
        ([50, -50, -20, 100], [[50, 0, 0], [-50, 0, 0], [-20, 0, 0], [100, 0, 0]]),
        ([250, -50, 100, -80], [[100, 150, 0], [0, -50, 0], [0, 100, 0], [0, -80, 0]]),
    ],
)
def test_what_goes_back_opens_the_newest_instalment_as_often_as_it_was_paid(
    moved: list[int], shares: list[list[int]]
) -> None:
    claims = [Claim(amount, "GBP", ISSUED + timedelta(days=30), ISSUED) for amount in (100, 200, 300)]
    kinds = [Kind.REFUND if amount < 0 else Kind.PAYMENT for amount in moved]
    movements = [Movement(ISSUED + timedelta(days=at), kind, abs(moved[at])) for at, kind in enumerate(kinds)]
    assert shared(claims, movements) == shares


def test_rows_of_one_book_keep_to_their_own_order() -> None:
    policies = [
        planned(Allocation.PRINCIPAL_FIRST),
        planned(Allocation.INTEREST_FIRST),
        replace(planned(Allocation.INTEREST_FIRST), interest=None),
        planned(Allocation.COSTS_FIRST),
        planned(Allocation.INTEREST_FIRST, instalments=()),
    ]
    moves = (Move(november(24), 30600), Move(november(29), 100))
    governed = np.array([0, 1, 2, 3, 4, 1], dtype=np.int64)
    book = book_of(*[Bill(100_000, issued=ISSUED, moves=moves)] * 5, Bill(50_000, issued=ISSUED, moves=moves[:1]))
    found = assess(book, policies, governed, np.full(6, True), date(2026, 12, 4))
    alone = [assessed(policies[at], date(2026, 12, 4), *moves) for at in (0, 1, 2, 3, 4)]
    assert found.interest.tolist()[:5] == [int(one.interest[0]) for one in alone]
    assert found.interest_per_day.tolist()[:5] == [int(one.interest_per_day[0]) for one in alone]
    # 150.00 and 150.00 late, with interest of 3.00 and 0.75 paid first: then nothing of them bears any more
    assert found.interest.tolist()[5] == 300 + 75
    assert len(set(found.interest.tolist()[:2])) == 2


def test_a_payment_of_the_day_asked_for_lowers_what_the_next_day_adds() -> None:
    # beside the 0.30 of the second, the 0.40 that the third will bear a day once it is late
    found = assessed(planned(Allocation.INTEREST_FIRST), november(24), Move(november(24), 30600))
    assert (found.interest.tolist(), found.interest_per_day.tolist()) == ([600 + 150], [30 + 40])
    later = assessed(planned(Allocation.INTEREST_FIRST), november(24), Move(november(25), 30600))
    assert (later.interest.tolist(), later.interest_per_day.tolist()) == ([600 + 150], [30 + 30 + 40])


HALVES = (
    InstalmentTerms(parse_terms("net-3"), percent=Fraction(1, 2)),
    InstalmentTerms(parse_terms("net-30")),
)


@pytest.mark.parametrize(
    ("issued", "paid", "as_of", "interest"),
    [
        # 36,500.00 bear 7.27 a day: ten days, then 172.70 pay 72.70 of interest and 100.00; ten days of 36,400.00
        (date(2014, 7, 28), 17270, date(2014, 8, 20), 14520),
        # all of the first with its 72.70, and 50.00 of the second, which is due on 27 August: ten days of 36,450.00
        (date(2014, 7, 28), 3_662_270, date(2014, 9, 6), 7270 + 7260),
        # a day later 8.27 a day, from 2 August: nine days, of 172.70 are 98.27 principal; ten days of 36,401.73
        (date(2014, 7, 29), 17270, date(2014, 8, 20), 15691),
        (date(2014, 7, 29), 3_662_443, date(2014, 9, 7), 7443 + 8259),
    ],
)
def test_interest_by_law_is_paid_first_at_the_rate_of_the_day_of_the_debt(
    issued: date, paid: int, as_of: date, interest: int
) -> None:
    law = Interest(Fraction(0), statute="de", day_count=DayCount.ACTUAL_ACTUAL)
    policy = planned(Allocation.INTEREST_FIRST, interest=law, instalments=HALVES)
    book = book_of(Bill(7_300_000, issued=issued, moves=[Move(date(2014, 8, 10), paid)]))
    found = assess(book, [policy], np.zeros(1, dtype=np.int64), np.full(1, True), as_of)
    assert found.interest.tolist() == [interest]


def test_interest_is_paid_first_at_a_rate_of_the_user_s_own_table(tmp_path: Path) -> None:
    rows = "effective_from,rate_percent,source\n2027-01-01,1.52,Bundesbank\n"
    (tmp_path / "de_basiszinssatz.csv").write_text(rows, "utf-8")
    law = Interest(Fraction(0), statute="de", day_count=DayCount.ACTUAL_ACTUAL)
    policy = planned(Allocation.INTEREST_FIRST, interest=law, instalments=HALVES)
    book = book_of(Bill(7_300_000, issued=date(2027, 1, 7), moves=[Move(date(2027, 1, 20), 20520)]))
    governed, binding = np.zeros(1, dtype=np.int64), np.full(1, True)
    found = assess(book, [policy], governed, binding, date(2027, 1, 30), extra=tmp_path)
    # 10.52 a day for ten days; 100.00 of 205.20 are principal; ten days of 36,400.00: 104.91
    assert (found.interest.tolist(), found.unrated.tolist()) == ([21011], [False])
    assert assess(book, [policy], governed, binding, date(2027, 1, 30)).unrated.tolist() == [True]
    # all of the first with its 105.20, and 50.00 of the second, which is due on 6 February: ten days of 36,450.00
    more = book_of(Bill(7_300_000, issued=date(2027, 1, 7), moves=[Move(date(2027, 1, 20), 3_665_520)]))
    found = assess(more, [policy], governed, binding, date(2027, 2, 16), extra=tmp_path)
    assert found.interest.tolist() == [10520 + 10506]
