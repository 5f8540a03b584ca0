"""Instalments: percentages, fixed amounts and the balance always add up, and each has a day of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.model.agreement import Anchor
from payflow.policy.instalments import Balance, Fixed, Instalment, Line, Percent, instalments, split
from payflow.policy.terms import parse_terms

NOW, LATER = parse_terms("due-on-receipt"), parse_terms("net-30")


def percent(text: str) -> Percent:
    return Percent(Fraction(text) / 100, NOW)


@pytest.mark.parametrize(
    ("total", "lines", "amounts"),
    [
        # Odoo's tests: half a cent is rounded up, and the last line takes what is left
        (3, [percent("50"), percent("50")], [2, 1]),
        (100_000, [percent("30"), percent("70")], [30_000, 70_000]),
        (10_000, [Percent(Fraction(1, 3), NOW)] * 3, [3_333, 3_333, 3_334]),
        (100, [percent("33.3333"), percent("33.3333"), Balance(NOW)], [33, 33, 34]),
        (100_000, [Fixed(25_000, NOW), Balance(LATER)], [25_000, 75_000]),
        (100_000, [Fixed(25_000, NOW), percent("50"), Balance(LATER)], [25_000, 50_000, 25_000]),
        (100_000, [percent("100")], [100_000]),
        (100_000, [Balance(NOW)], [100_000]),
        # a line takes no more than is left
        (20_000, [Fixed(25_000, NOW), Balance(LATER)], [20_000, 0]),
        (5, [percent("10")] * 10, [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]),
        (0, [percent("50"), percent("50")], [0, 0]),
        # a credit note is split as its opposite is
        (-3, [percent("50"), percent("50")], [-2, -1]),
        (-100_000, [Fixed(25_000, NOW), Balance(LATER)], [-25_000, -75_000]),
    ],
)
def test_the_lines_take_their_part_and_the_last_takes_the_rest(
    total: int, lines: Sequence[Line], amounts: list[int]
) -> None:
    assert split(total, lines) == amounts


SHARES = st.lists(st.integers(1, 500), max_size=6).map(lambda parts: [Fraction(part, 3001) for part in parts])
LINES = st.one_of(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=6).map(
        lambda parts: [Percent(Fraction(part, sum(parts)), NOW) for part in parts]
    ),
    st.builds(
        lambda shares, fixed: [
            *(Percent(share, NOW) for share in shares),
            *(Fixed(one, NOW) for one in fixed),
            Balance(LATER),
        ],
        SHARES,
        st.lists(st.integers(1, 10**9), max_size=4),
    ),
)


@given(st.integers(-(10**12), 10**12), LINES)
def test_the_lines_always_add_up_to_the_total_and_none_goes_the_other_way(total: int, lines: Sequence[Line]) -> None:
    amounts = split(total, lines)
    assert len(amounts) == len(lines)
    assert sum(amounts) == total
    assert all(amount * total >= 0 for amount in amounts)


@given(st.integers(0, 10**12), LINES)
def test_a_percentage_is_off_by_at_most_half_a_minor_unit_where_enough_is_left(
    total: int, lines: Sequence[Line]
) -> None:
    left = total
    for line, amount in zip(lines[:-1], split(total, lines), strict=False):
        if isinstance(line, Percent):
            assert abs(amount - line.share * total) <= Fraction(1, 2) or amount == left
        elif isinstance(line, Fixed):
            assert amount == min(line.amount, left)
        left -= amount


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([], "no instalments"),
        ([Balance(NOW), percent("50")], "line 1 takes the balance, and others follow"),
        ([Balance(NOW), Balance(NOW)], "line 1 takes the balance, and others follow"),
        ([percent("50"), percent("40")], "do not add up to every total"),
        ([percent("60"), percent("60")], "add up to more than 100"),
        ([percent("60"), percent("60"), Balance(NOW)], "add up to more than 100"),
        ([Fixed(100, NOW), percent("100")], "do not add up to every total"),
        ([Fixed(100, NOW)], "do not add up to every total"),
        ([percent("0"), Balance(NOW)], "line 1: a percentage is more than 0"),
        ([percent("50"), percent("100.5")], "line 2: a percentage is more than 0 and at most 100"),
        ([Fixed(0, NOW), Balance(NOW)], "line 1: a fixed amount is more than nothing"),
    ],
)
def test_lines_that_cannot_add_up_are_refused(lines: Sequence[Line], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        split(100_000, lines)


def test_each_line_falls_due_by_its_own_terms() -> None:
    lines: list[Line] = [
        Percent(Fraction(30, 100), NOW),
        Percent(Fraction(30, 100), parse_terms("net-30-eom")),
        Balance(parse_terms(["from acceptance", "1 month"])),
    ]
    found = instalments(99_999, lines, date(2026, 10, 20), anchors={Anchor.ACCEPTANCE: date(2027, 1, 31)})
    assert found == [
        Instalment(date(2026, 10, 20), 30_000),
        Instalment(date(2026, 11, 30), 30_000),
        Instalment(date(2027, 2, 28), 39_999),
    ]
