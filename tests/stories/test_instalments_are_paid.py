"""Dated stories of invoices that are paid in instalments: each is due, late, written about and bears interest by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from stories.papers import ANY_HOUR, BOOKS, Row, contract, invoice, settings, step
from stories.world import World

LADDER = step("reminder", 1) + step("second", 10, "reminder")

PLAN = """\
instalments = [
    { percent = "30", terms = "net-15" },
    { percent = "30", terms = "net-30" },
    { terms = ["2 months"] },
]
interest = { annual = "7.3", bill = "on-payment" }
"""


def in_instalments(plan: str, steps: str) -> str:
    """Settings whose policy is nothing but a plan of instalments."""
    books = BOOKS + "stale_after = 999\n"
    bare = {"terms": "", "grace": "", "late_fee": "", "interest": ""}
    return settings(mail=ANY_HOUR, steps=steps, sources=books, policy=plan, **bare)


def world(root: Path, plan: str = PLAN, total: str = "1000.00") -> World:
    """A world with one invoice of 20 October, in instalments due on 4 November, 19 November and 20 December."""
    made = World(
        root,
        toml=in_instalments(plan, LADDER),
        acme_website=contract(milestones={"deposit": (total, ["INV-0012"])}, needs={"design": ["deposit"]}),
    )
    return made.on("2026-10-20").books(invoice("INV-0012", total)).begin()


def received(money: str) -> Row:
    """The invoice with what was paid of it so far."""
    return invoice("INV-0012", "1000.00", paid=money)


def parts(made: World, as_of: str) -> list[tuple[int, str, int, int, int]]:
    """(number, due date, amount, outstanding, days overdue) of each instalment."""
    return [
        (one.number, str(one.due_on), one.amount, one.outstanding, one.days_overdue)
        for one in made.view("INV-0012", as_of).instalments
    ]


def figures(made: World, as_of: str) -> tuple[str, int, int, int, int]:
    """State, days overdue, what is overdue and outstanding, and interest."""
    view = made.view("INV-0012", as_of)
    return view.state.word, view.days_overdue, view.overdue, view.outstanding, view.interest


def test_each_instalment_falls_due_by_itself_and_bears_interest_from_its_own_day(tmp_path: Path) -> None:
    made = world(tmp_path)
    assert parts(made, "2026-11-10") == [
        (1, "2026-11-04", 30000, 30000, 6),
        (2, "2026-11-19", 30000, 30000, 0),
        (3, "2026-12-20", 40000, 40000, 0),
    ]
    # 7.3 % a year are 0.02 % a day: 300.00 bear 0.06 a day, 400.00 bear 0.08
    assert figures(made, "2026-11-04") == ("open", 0, 0, 100000, 0)
    assert figures(made, "2026-11-05") == ("overdue", 1, 30000, 100000, 6)
    assert figures(made, "2026-11-19") == ("overdue", 15, 30000, 100000, 90)
    assert figures(made, "2026-11-20") == ("overdue", 16, 60000, 100000, 96 + 6)
    assert figures(made, "2026-12-30") == ("overdue", 56, 100000, 100000, 56 * 6 + 41 * 6 + 10 * 8)


def test_what_is_paid_goes_to_the_oldest_instalment_and_the_next_one_is_what_is_due(tmp_path: Path) -> None:
    made = world(tmp_path).on("2026-11-10").books(received("400.00"))
    made.sync()
    view = made.view("INV-0012")
    assert (str(view.due_on), view.state.word, view.outstanding) == ("2026-11-19", "open", 60000)
    assert [one.outstanding for one in view.instalments] == [0, 20000, 40000]
    assert view.due_why == "instalment 2 of 3, net-30"
    assert "milestone-part-paid" in made.reasons("design")


def test_the_gate_opens_when_every_instalment_is_paid_and_not_before(tmp_path: Path) -> None:
    made = world(tmp_path)
    for day, money, opened in (
        ("2026-11-04", "300.00", False),
        ("2026-11-19", "600.00", False),
        ("2026-12-20", "1000.00", True),
    ):
        made.on(day).books(received(money)).sync()
        assert made.verdict("design").open is opened, day
    assert made.view("INV-0012").interest == 0


def test_every_instalment_climbs_the_ladder_and_letters_name_the_one_they_are_about(tmp_path: Path) -> None:
    made = world(tmp_path).every_day("2026-11-01", "2027-01-10")
    assert made.steps("INV-0012") == [
        ("reminder", "2026-11-05"),
        ("second", "2026-11-14"),
        ("reminder#2", "2026-11-20"),
        ("second#2", "2026-11-29"),
        ("reminder#3", "2026-12-21"),
        ("second#3", "2026-12-30"),
    ]
    first, _, second = made.mails("accounts@acme.example")[:3]
    assert "INV-0012, instalment 1 of 3: 300.00 GBP is 1 day overdue" in first.subject
    assert "INV-0012, instalment 2 of 3: 300.00 GBP is 1 day overdue" in second.subject
    assert "from 20 November 2026" in second.flat
    # the work waits for the invoice as a whole
    assert (
        "Work that waits for this payment: - Design (Acme website). It needs 1,000.00 GBP paid on INV-0012."
        in first.flat
    )


def test_two_instalments_at_once_wait_for_the_spacing_between_their_notices(tmp_path: Path) -> None:
    made = world(tmp_path).every_day("2026-11-25", "2026-12-06")
    # a cron that began late: the oldest goes first, and never two letters within the spacing
    assert made.steps("INV-0012")[:3] == [
        ("reminder", "2026-11-25"),
        ("second", "2026-11-27"),
        ("reminder#2", "2026-11-29"),
    ]


def test_an_instalment_that_is_paid_is_written_about_no_more(tmp_path: Path) -> None:
    made = world(tmp_path).every_day("2026-11-01", "2026-11-06")
    made.on("2026-11-07").books(received("300.00"))
    made.every_day("2026-11-07", "2026-11-21")
    assert made.steps("INV-0012") == [("reminder", "2026-11-05"), ("reminder#2", "2026-11-20")]


def test_interest_of_all_instalments_is_billed_once_when_the_last_is_paid(tmp_path: Path) -> None:
    made = world(tmp_path).every_day("2026-11-01", "2026-11-06")
    made.on("2026-11-10").books(received("0.00")).run()
    made.on("2026-11-14").books(received("1000.00"))
    made.every_day("2026-11-14", "2026-11-20")
    # sent between the readings of the 10th and the 14th: it counts as sent on the 11th, seven days after the first was due
    assert [(one["kind"], one["amount"]) for one in made.charges()] == [("interest", 42)]
    assert [(one.amount, str(one.terms["from"])) for one in made.explain("INV-0012").charges] == [(42, "2026-11-05")]


def test_explain_adds_up_the_interest_of_each_instalment(tmp_path: Path) -> None:
    made = world(tmp_path).on("2026-12-30")
    found = made.explain("INV-0012")
    assert [(str(one.start), one.balance, one.adds) for one in found.stretches] == [
        ("2026-11-04", 30000, 336),
        ("2026-11-19", 30000, 246),
        ("2026-12-20", 40000, 80),
    ]
    assert sum(one.adds for one in found.stretches) == found.invoice.interest


def test_money_that_goes_back_opens_the_newest_instalment_that_was_paid(tmp_path: Path) -> None:
    made = world(tmp_path).on("2026-11-10").books(received("700.00"))
    made.sync()
    made.on("2026-11-25").books(received("500.00"))
    made.sync()
    assert [one.outstanding for one in made.view("INV-0012").instalments] == [0, 10000, 40000]


@pytest.mark.parametrize(
    ("plan", "amounts"),
    [
        (
            '{ percent = "33.3333", terms = "net-15" }, { percent = "33.3333", terms = "net-30" }, { terms = "net-60" }',
            [3333, 3333, 3334],
        ),
        ('{ amount = "25.00", terms = "net-15" }, { terms = "net-60" }', [2500, 7500]),
        ('{ percent = "50", terms = "net-15" }, { percent = "50", terms = "net-60" }', [5000, 5000]),
        # fixed amounts that take all leave no instalment after them
        ('{ amount = "150.00", terms = "net-15" }, { terms = "net-60" }', [10000]),
        # no amount in the invoice's currency: the whole is due with the last one
        ('{ amount = { EUR = "25.00" }, terms = "net-15" }, { terms = "net-60" }', []),
    ],
)
def test_shares_amounts_and_the_balance_add_up_to_the_total(tmp_path: Path, plan: str, amounts: list[int]) -> None:
    made = world(tmp_path, f"instalments = [{plan}]\n", total="100.00")
    view = made.view("INV-0012")
    assert [one.amount for one in view.instalments] == amounts
    if not amounts:
        assert str(view.due_on) == "2026-12-19"


FEES = LADDER.replace('day = 10\nemail = "reminder"', 'day = 10\nemail = "late-fee"\nfee = true')


def charging(root: Path, said: str) -> World:
    """The same invoice under a policy that charges; the second step of the ladder claims."""
    plan = PLAN.replace('interest = { annual = "7.3", bill = "on-payment" }\n', said)
    toml = in_instalments(plan, FEES)
    made = World(root, toml=toml, acme_website=contract(milestones={"deposit": ("1000.00", ["INV-0012"])}))
    return made.on("2026-10-20").books(invoice("INV-0012", "1000.00")).begin()


def claimed(made: World) -> list[tuple[str, str, str, int]]:
    return [(str(one.claimed_on), one.kind, one.occurrence, one.standing) for one in made.explain("INV-0012").charges]


@pytest.mark.parametrize(
    ("said", "fees"),
    [
        # of each instalment's own money: 300.00, 300.00 and 400.00
        ('late_fee = { percent = "5" }\n', [1500, 1500, 2000]),
        ('late_fee = { percent = "5", of = "original", every = "once" }\n', [1500, 1500, 2000]),
        # the cap is that of the invoice
        ('late_fee = { amount = "25.00", cap = "60.00" }\n', [2500, 2500, 1000]),
    ],
)
def test_each_late_instalment_has_a_fee_of_its_own(tmp_path: Path, said: str, fees: list[int]) -> None:
    made = charging(tmp_path, said).every_day("2026-11-01", "2027-01-10")
    assert claimed(made) == [
        ("2026-11-14", "late-fee", "second", fees[0]),
        ("2026-11-29", "late-fee", "second#2", fees[1]),
        ("2026-12-30", "late-fee", "second#3", fees[2]),
    ]
    assert "a late fee of" in made.mails("accounts@acme.example")[0].flat


def test_a_fee_on_an_instalment_goes_back_alone_when_it_turns_out_to_have_been_paid_in_time(tmp_path: Path) -> None:
    made = charging(tmp_path, 'late_fee = { percent = "5" }\n').every_day("2026-11-01", "2026-11-30")
    # the books of 20 October were the last: what they show as paid now was paid the day after
    made.on("2026-12-01").books(received("300.00")).run()
    assert [one[2:] for one in claimed(made)] == [("second", 0), ("second#2", 1500)]
    assert "instalment 1 of 3" in made.mails("accounts@acme.example")[-1].flat


@pytest.mark.parametrize(
    ("said", "sums"),
    [
        # a part of the price is a debt of its own (section 3(1) of the Act): 40.00 for each below 1,000.00
        ('interest = { statute = "uk" }\ncompensation = true\n', [("once", 4000), ("once#2", 4000), ("once#3", 4000)]),
        # what was agreed is agreed for an invoice
        ('compensation = "55.00"\n', [("once", 5500)]),
    ],
)
def test_a_compensation_is_that_of_each_instalment_where_the_law_says_so(
    tmp_path: Path, said: str, sums: list[tuple[str, int]]
) -> None:
    made = charging(tmp_path, said).every_day("2026-11-01", "2027-01-10")
    assert [one[2:] for one in claimed(made) if one[1] == "compensation"] == sums


def test_a_fee_and_a_compensation_of_instalments_stand_side_by_side_where_the_policy_says_both(tmp_path: Path) -> None:
    said = 'late_fee = { percent = "5" }\ncompensation = "55.00"\nstack = true\n'
    made = charging(tmp_path, said).every_day("2026-11-01", "2026-11-30")
    assert [one[1:] for one in claimed(made)] == [
        ("late-fee", "second", 1500),
        ("compensation", "once", 5500),
        ("late-fee", "second#2", 1500),
    ]
    # the letter about the second instalment speaks of the fee alone: the compensation is claimed already
    assert "compensation" not in made.mails("accounts@acme.example")[2].flat


def test_a_fee_that_comes_again_has_periods_of_its_own_for_each_instalment(tmp_path: Path) -> None:
    made = charging(tmp_path, 'late_fee = { percent = "1", every = "month" }\n').every_day("2026-11-01", "2027-01-20")
    # claimed ten days after each due date and each month after that, of what is left of that instalment
    assert claimed(made) == [
        ("2026-11-14", "late-fee", "2026-11-14", 300),
        ("2026-11-29", "late-fee", "2026-11-29#2", 300),
        ("2026-12-14", "late-fee", "2026-12-14", 300),
        ("2026-12-29", "late-fee", "2026-12-29#2", 300),
        ("2026-12-31", "late-fee", "2026-12-30#3", 400),
        ("2027-01-14", "late-fee", "2027-01-14", 300),
    ]
    # the notice about the second keeps that about the third waiting for the spacing: the fee is that of its period all the same
    assert [step for step in made.steps("INV-0012") if "@" in step[0]] == [
        ("second@2026-12-14", "2026-12-14"),
        ("second#2@2026-12-29", "2026-12-29"),
        ("second@2027-01-14", "2027-01-14"),
    ]


def test_the_cap_of_a_fee_that_comes_again_is_that_of_all_instalments_together(tmp_path: Path) -> None:
    said = 'late_fee = { amount = "10.00", every = "14 days", cap = "35.00" }\n'
    made = charging(tmp_path, said).every_day("2026-11-01", "2027-01-20")
    assert [one[2:] for one in claimed(made)] == [
        ("2026-11-14", 1000),
        ("2026-11-28", 1000),
        ("2026-11-29#2", 1000),
        ("2026-12-12", 500),
    ]
    assert made.view("INV-0012").fees == 3500


def test_the_fees_of_periods_go_back_instalment_by_instalment(tmp_path: Path) -> None:
    made = charging(tmp_path, 'late_fee = { percent = "1", every = "14 days" }\n').every_day("2026-11-01", "2026-12-13")
    assert [one[2:] for one in claimed(made)] == [
        ("2026-11-14", 300),
        ("2026-11-28", 300),
        ("2026-11-29#2", 300),
        ("2026-12-12", 300),
    ]
    # the books of 20 October were the last: what they show as paid now was paid the day after
    made.on("2026-12-14").books(received("300.00")).run()
    assert [one[2:] for one in claimed(made)] == [
        ("2026-11-14", 0),
        ("2026-11-28", 0),
        ("2026-11-29#2", 300),
        ("2026-12-12", 0),
        ("2026-12-13#2", 300),
    ]


def test_a_fee_whose_period_had_not_begun_goes_back_when_the_last_instalment_turns_out_due_later(
    tmp_path: Path,
) -> None:
    said = 'late_fee = { amount = "5.00", every = "14 days" }\n'
    made = charging(tmp_path, said).every_day("2026-12-20", "2027-01-18")
    third = [one for one in claimed(made) if one[2].endswith("#3")]
    assert [one[2:] for one in third] == [("2026-12-30#3", 500), ("2027-01-13#3", 500)]
    # the invoice says 31 December now, by which all is due: the third's first fee may come ten days after that
    made.on("2027-01-19").books(invoice("INV-0012", "1000.00", due="2026-12-31")).run()
    kept = {one[2]: one[3] for one in claimed(made)}
    assert [kept[one[2]] for one in third] == [0, 500]
    assert all(standing for occurrence, standing in kept.items() if not occurrence.endswith("#3"))


def test_fees_that_come_again_within_the_spacing_take_turns(tmp_path: Path) -> None:
    said = 'late_fee = { amount = "1.00", every = "2 days" }\n'
    made = charging(tmp_path, said).every_day("2026-11-30", "2026-12-18")
    again = [step.partition("@")[0] for step, _ in made.steps("INV-0012") if "@" in step]
    assert again[-6:] == ["second", "second#2"] * 3
