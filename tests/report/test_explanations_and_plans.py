"""Explanations and plans as text."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from payflow.model.acts import Plan
from payflow.model.explanation import Stretch
from payflow.model.facts import State
from payflow.model.journal import ChargeState
from payflow.money import round_half_up
from payflow.report.ansi import Style
from payflow.report.explain import carried, explain
from payflow.report.plan_text import plan_text
from payflow.report.text import width
from payflow.report.words import scaled
from report import factories, golden

GOLDEN = Path(__file__).parent / "golden"


def test_an_explanation_reads_as_its_golden_file():
    golden.check(GOLDEN / "explain_full.txt", explain(factories.explanation(), Style()))


def test_an_invoice_without_history_is_explained_too():
    view = factories.invoice(
        state=State.OPEN, project="", milestone="", fees=0, interest=0, interest_per_day=0, next_step=None, next_on=None
    )
    bare = factories.explanation(
        invoice=view, rests_on="", entries=(), stretches=(), notices=(), charges=(), blocks=(), remarks=()
    )
    golden.check(GOLDEN / "explain_bare.txt", explain(bare, Style()))


def test_the_stretches_shown_add_up_to_the_sum_shown_and_to_the_figure():
    found = factories.explanation()
    text = explain(found, Style())
    lines = re.findall(r"^  20\S+ +20\S+ +\d+ .* ([\d.]+)$", text, re.MULTILINE)
    total = re.search(r"^  Sum .* ([\d.]+)$", text, re.MULTILINE)
    assert len(lines) == len(found.stretches) == 2
    assert sum(Fraction(line) for line in lines) == Fraction(total[1])
    exact = sum(Fraction(one.numerator, one.denominator) for one in found.stretches)
    assert round_half_up(exact.numerator, exact.denominator) == found.invoice.interest
    assert "rounded once, at the end, half up. That is 12.93 GBP." in " ".join(text.split())


STRETCHES = st.lists(st.tuples(st.integers(0, 10**12), st.sampled_from([36500, 36000, 365, 7])), max_size=8)


@given(STRETCHES)
def test_the_last_digit_carries_so_that_any_stretches_add_up(fractions):
    day = date(2026, 1, 1)
    stretches = tuple(Stretch(day, day + timedelta(days=1), 1, 1, "8", above, below) for above, below in fractions)
    shown = carried(stretches)
    exact = sum((Fraction(above, below) for above, below in fractions), Fraction(0))
    assert sum(shown) == scaled(exact.numerator, exact.denominator)
    for units, (above, below) in zip(shown, fractions, strict=True):
        assert abs(Fraction(units) - Fraction(above * 10_000, below)) <= 1


def test_only_charges_that_still_stand_unpaid_are_owed():
    charges = (
        factories.charge(),
        factories.charge(ref="PF-2", state=ChargeState.SETTLED),
        factories.charge(ref="PF-3", state=ChargeState.WAIVED),
    )
    text = explain(factories.explanation(charges=charges), Style())
    assert re.search(r"Fees +25\.00 GBP", text)
    assert re.search(r"In total +4,037\.93 GBP", text)


def test_a_plan_reads_as_its_golden_file():
    golden.check(GOLDEN / "plan_full.txt", plan_text(factories.decision(), Style()))
    preview = factories.decision(live=False, live_from=None, not_live_because="It was never switched on.", plan=Plan())
    golden.check(GOLDEN / "plan_preview_empty.txt", plan_text(preview, Style()))


def test_a_client_without_an_address_is_shown_as_such():
    message = factories.message(recipient=factories.recipient(email="", cc=("boss@acme.example",)), corrections=())
    text = plan_text(factories.decision(plan=Plan((message,))), Style())
    assert "Acme Ltd (no e-mail address), copy to boss@acme.example" in text


def test_no_line_is_wider_than_the_terminal():
    texts = explain(factories.explanation(), Style()) + plan_text(factories.decision(), Style())
    assert max(width(line) for line in texts.splitlines()) <= 80


def test_an_invoice_with_a_message_is_not_among_those_left_alone():
    text = plan_text(factories.decision(), Style())
    left_alone = text[text.index("OVERDUE, NOT CHASED NOW") :]
    assert "INV-0013" not in left_alone
    assert "no contract claims it" in left_alone
