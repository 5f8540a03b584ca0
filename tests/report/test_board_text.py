"""The board as a person reads it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from payflow.errors import UnknownName
from payflow.model.facts import State
from payflow.report.ansi import Style
from payflow.report.board import board
from payflow.report.projects import gate_text, state_word
from payflow.report.select import of_project, phase_of
from payflow.report.text import width
from report import factories, golden

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("name", "decision", "style"),
    [
        ("board_full", factories.decision(), Style()),
        ("board_ascii", factories.decision(), Style(signs=False)),
        ("board_colour", factories.decision(), Style(colour=True)),
        ("board_wide", factories.decision(), Style(columns=110)),
        (
            "board_empty_preview",
            factories.quiet(live=False, live_from=None, not_live_because="the store was copied"),
            Style(),
        ),
        ("board_one_project", of_project(factories.decision(), "acme-website"), Style()),
    ],
)
def test_the_board_reads_as_its_golden_file(name, decision, style):
    golden.check(GOLDEN / f"{name}.txt", board(decision, style))


@pytest.mark.parametrize("columns", [80, 96, 110])
def test_no_line_of_the_board_is_wider_than_the_terminal(columns):
    lines = board(factories.decision(), Style(columns=columns)).splitlines()
    assert max(width(line) for line in lines) <= columns


def test_sections_come_in_the_order_in_which_a_person_needs_them():
    text = board(factories.decision(), Style())
    titles = [line.split(" (")[0] for line in text.splitlines() if re.match(r"^[A-Z ,]{5,}(\(|$)", line)]
    assert titles == [
        "NEEDS YOU",
        "PROJECTS",
        "OVERDUE INVOICES",
        "OPEN INVOICES",
        "DISPUTED OR UNKNOWN",
        "PAID LATE, FEES OR INTEREST LEFT",
        "TOTALS",
        "SOURCES",
    ]
    assert text.rstrip().splitlines()[-2].startswith("Live.")


def test_colours_change_nothing_but_colours():
    coloured = board(factories.decision(), Style(colour=True))
    assert re.sub("\x1b\\[[0-9;]+m", "", coloured) == board(factories.decision(), Style())


def test_without_signs_the_board_is_ascii_where_its_facts_are():
    decision = factories.decision(invoices=[factories.invoice()], needs=[])
    assert board(decision, Style(signs=False)).isascii()


def test_escape_sequences_in_names_from_the_books_are_not_printed():
    hostile = factories.invoice(client_name="Evil\x1b[31m\r\nLtd", number="INV\x07-1")
    text = board(factories.decision(invoices=[hostile]), Style())
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "Evil [31m Ltd" in text


def test_the_longest_overdue_invoice_comes_first():
    views = [
        factories.invoice(id=number, number=f"INV-{number}", days_overdue=days)
        for number, days in ((1, 3), (2, 40), (3, 7))
    ]
    text = board(factories.decision(invoices=views), Style())
    assert text.index("INV-2") < text.index("INV-3") < text.index("INV-1")


def test_paid_invoices_with_fees_owed_are_listed_up_to_ten():
    views = [
        factories.invoice(id=number, number=f"INV-{number:04}", state=State.PAID, outstanding=0, days_overdue=0)
        for number in range(13)
    ]
    text = board(factories.decision(invoices=views, projects=[]), Style())
    assert "PAID LATE, FEES OR INTEREST LEFT (13)" in text
    assert text.count("\n  INV-00") == 10
    assert "and 3 more" in text


@pytest.mark.parametrize(
    ("verdict", "loud", "word"),
    [
        (factories.verdict(), False, "open"),
        (factories.verdict(started=date(2026, 10, 2)), False, "open, started"),
        (factories.verdict(reasons=(factories.unpaid(),)), True, "BLOCKED"),
        (factories.verdict(reasons=(factories.unpaid(),)), False, "blocked"),
        (factories.verdict(reasons=(factories.unpaid(),), started=date(2026, 10, 2)), True, "BLOCKED, started"),
        (factories.verdict(reasons=(factories.unpaid(),), waiver=factories.waiver("build")), False, "waived"),
        (factories.verdict(waiver=factories.waiver("build")), False, "open"),
        (factories.verdict(reasons=(factories.unpaid(),), finished=date(2026, 10, 9)), False, "finished"),
    ],
)
def test_a_phase_is_a_word_or_two(verdict, loud, word):
    assert state_word(verdict, loud=loud) == word


def test_the_next_phase_in_line_is_blocked_loudly_and_later_ones_quietly():
    phases = tuple(factories.verdict(name, reasons=(factories.unpaid(),)) for name in ("build", "launch"))
    project = factories.project(phases=(factories.verdict("design"), *phases))
    text = board(factories.decision(projects=[project]), Style())
    assert "Design: open   Build: BLOCKED   Launch: blocked" in text


def test_a_waiver_shows_its_last_day_and_what_it_stands_in_for():
    text = board(factories.decision(), Style())
    assert "Launch is waived by Nora until 2026-12-01 (in 10 days)" in text
    assert "Launch would be blocked without it:" in text


def test_a_reason_that_blocks_several_phases_is_told_once():
    text = board(factories.decision(), Style())
    assert text.count("design: INV-0013 is unpaid, 4,000.00 GBP") == 1
    assert "- what Build waits for, above" in text


def test_the_gate_answers_in_its_first_line():
    assert gate_text(factories.verdict(), Style()) == "open"
    blocked = gate_text(factories.verdict(reasons=(factories.unpaid(),)), Style()).splitlines()
    assert blocked[0] == "blocked"
    assert blocked[-1].strip() == "to open: INV-0013 paid in full: 4,000.00 GBP is missing"
    waived = gate_text(factories.verdict(reasons=(factories.unpaid(),), waiver=factories.waiver()), Style())
    assert waived.startswith("open\n  waived until 2026-12-01: Acme paid by cheque")


def test_a_project_filter_keeps_its_own_invoices_and_adds_them_up_per_currency():
    views = [
        factories.invoice(outstanding=100, fees=7, interest=1),
        factories.invoice(outstanding=20, days_overdue=0, state=State.OPEN, fees=0, interest=0),
        factories.invoice(outstanding=5, currency="EUR", fees=0, interest=0),
        factories.invoice(outstanding=9999, project="other"),
    ]
    part = of_project(factories.decision(invoices=views), "acme-website")
    assert len(part.invoices) == 3
    assert [tuple(total) for total in part.totals] == [("EUR", 5, 5, 0, 0), ("GBP", 120, 100, 7, 1)]


def test_an_unknown_project_or_phase_names_the_nearest_known_one():
    with pytest.raises(UnknownName, match=r"no project called 'acme-webiste'. Did you mean 'acme-website'\?"):
        of_project(factories.decision(), "acme-webiste")
    with pytest.raises(UnknownName, match=r"no phase of acme-website called 'biuld'. Did you mean 'build'\?"):
        phase_of(factories.decision(), "acme-website", "biuld")


def test_a_project_is_found_by_the_first_name_it_ever_had():
    renamed = replace(factories.project(), project="acme-site", key="acme-website")
    assert phase_of(factories.decision(projects=[renamed]), "acme-website", "build").phase == "build"
