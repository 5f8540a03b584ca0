"""Dated stories of late fees in the forms that contracts give them, from payflow.toml to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from stories.papers import ANY_HOUR, BOOKS, LATE, contract, invoice, paid, settings, step
from stories.world import World


def world(root: Path, fee: str, *, more: str = "", total: str = "3000.00") -> World:
    """A world with one invoice, due on 4 November, and another late fee; `more` is said of the last step."""
    ladder, books = LATE + step("final", 21, "final-notice", more=more), BOOKS + "stale_after = 999\n"
    toml = settings(mail=ANY_HOUR, steps=ladder, sources=books, late_fee=fee, interest="")
    made = World(root, toml=toml, acme_website=contract(milestones={"deposit": (total, ["INV-0012"])}))
    made.on("2026-10-20").books(invoice("INV-0012", total)).begin()
    return made


def charges(made: World) -> list[tuple[str, str, int]]:
    return [(str(one.claimed_on), one.occurrence, one.amount) for one in made.explain("INV-0012").charges]


@pytest.mark.parametrize(
    ("fee", "total", "claimed"),
    [
        ('{ percent = "2", of = "original" }', "3000.00", 6000),
        ('{ percent = "2", base = "net", tax = "20" }', "3000.00", 5000),
        ('{ amount = "25.00", percent = "2", take = "greater" }', "3000.00", 6000),
        ('{ amount = "25.00", percent = "2", take = "lesser" }', "3000.00", 2500),
        ('{ percent = "0.1", minimum = "10.00" }', "3000.00", 1000),
        ('{ percent = "10", maximum = { GBP = "100.00", EUR = "120.00" } }', "3000.00", 10000),
        ('{ bands = [{ up_to = "3000.00", amount = "40.00" }, { amount = "70.00" }] }', "3000.00", 4000),
        ('{ bands = [{ below = "3000.00", amount = "40.00" }, { amount = "70.00" }] }', "3000.00", 7000),
        ('{ bands = [{ up_to = { EUR = "1" }, amount = "40.00" }, { amount = "70.00" }] }', "3000.00", None),
        ('{ amount = "25.00", every = "once" }', "3000.00", 2500),
    ],
)
def test_a_fee_of_each_form_is_named_and_then_claimed(
    tmp_path: Path, fee: str, total: str, claimed: int | None
) -> None:
    made = world(tmp_path, fee, total=total)
    for day in ("2026-11-05", "2026-11-11", "2026-11-30"):
        made.run(day)
    expected = [] if claimed is None else [("2026-11-11", "late-fee", claimed)]
    assert charges(made) == expected
    assert ("a late fee of" in made.mails()[0].flat) == (claimed is not None)


def test_each_step_that_says_so_claims_its_fee_and_together_they_stay_below_the_cap(tmp_path: Path) -> None:
    fee = '{ amount = "25.00", every = "step", cap = "40.00" }'
    made = world(tmp_path, fee, more="fee = true").every_day("2026-11-05", "2026-12-31")
    assert charges(made) == [("2026-11-11", "late-fee", 2500), ("2026-11-25", "final", 1500)]


def test_a_monthly_fee_comes_with_a_notice_of_its_own_each_month_until_the_invoice_is_paid(tmp_path: Path) -> None:
    made = world(tmp_path, '{ amount = "25.00", every = "month" }').every_day("2026-11-05", "2027-01-20")
    # 11 November: the step. 25 November: the last step of the ladder, without a fee. Then the fee's notice comes again.
    assert charges(made) == [
        ("2026-11-11", "2026-11-11", 2500),
        ("2026-12-11", "2026-12-11", 2500),
        ("2027-01-11", "2027-01-11", 2500),
    ]
    letters = made.mails("accounts@acme.example")
    assert len(letters) == 5
    assert "again every month as long as it is unpaid" in letters[0].flat
    assert "not before 11 December 2026" in letters[1].flat or "11 December 2026" in letters[1].flat
    made.on("2027-02-01").books(paid("INV-0012", "3000.00"))
    made.every_day("2027-02-01", "2027-04-30")
    assert len(charges(made)) == 3


def test_a_cron_that_slept_for_months_claims_the_fee_of_the_running_month_alone(tmp_path: Path) -> None:
    made = world(tmp_path, '{ amount = "25.00", every = "month" }').every_day("2026-11-05", "2026-11-12")
    made.every_day("2027-04-20", "2027-05-05")
    # the last step of the ladder had its turn first; the fee of 11 April followed after the spacing
    assert charges(made) == [("2026-11-11", "2026-11-11", 2500), ("2027-04-22", "2027-04-11", 2500)]


def test_a_weekly_fee_stops_at_its_cap_and_sends_no_letter_that_asks_for_nothing(tmp_path: Path) -> None:
    made = world(tmp_path, '{ amount = "10.00", every = "7 days", cap = "25.00" }').every_day(
        "2026-11-05", "2027-01-31"
    )
    assert charges(made) == [
        ("2026-11-11", "2026-11-11", 1000),
        ("2026-11-18", "2026-11-18", 1000),
        ("2026-11-27", "2026-11-25", 500),
    ]
    assert len(made.mails("accounts@acme.example")) == 5


def test_a_fee_for_a_month_that_was_held_from_end_to_end_does_not_arise(tmp_path: Path) -> None:
    made = world(tmp_path, '{ amount = "25.00", every = "month" }').every_day("2026-11-05", "2026-11-30")
    made.ruling("hold", "INV-0012", until=made.now.date().replace(year=2027, month=1, day=20))
    made.every_day("2026-12-01", "2027-02-12")
    assert [on for on, _, _ in charges(made)] == ["2026-11-11", "2027-01-21", "2027-02-11"]


def standing(made: World) -> list[int]:
    return [one.standing for one in made.explain("INV-0012").charges]


def test_a_part_payment_that_turns_up_late_lowers_the_fee_of_every_month(tmp_path: Path) -> None:
    made = world(tmp_path, '{ percent = "1", every = "month" }').every_day("2026-11-05", "2026-12-20")
    assert charges(made) == [("2026-11-11", "2026-11-11", 3000), ("2026-12-11", "2026-12-11", 3000)]
    # the books show only now that 2,000.00 was there before the first fee
    made.on("2026-12-21").books(invoice("INV-0012", "3000.00", paid="2000.00")).run("2026-12-21 14:00")
    assert standing(made) == [1000, 1000]
    assert made.mails()[-1].flat.count("was taken back") or "less of INV-0012" in made.mails()[-1].flat


def test_a_due_date_that_turns_out_later_leaves_as_many_fees_as_months_had_begun(tmp_path: Path) -> None:
    made = world(tmp_path, '{ amount = "25.00", every = "month" }').every_day("2026-11-05", "2026-12-20")
    assert standing(made) == [2500, 2500]
    # due on 19 November: the first month began on 26 November, and the second had not begun by 11 December
    made.on("2026-12-21").books(invoice("INV-0012", "3000.00", due="2026-11-19")).run("2026-12-21 14:00")
    assert standing(made) == [0, 2500]


@pytest.mark.parametrize(
    ("fee", "more", "told"),
    [
        ('{ amount = "25.00", every = "once" }', "fee = true", "the fee is claimed once, by 'late-fee'"),
        ('{ amount = "25.00", every = "month" }', "fee = true", "the fee comes again by itself"),
        ('{ percent = "2", base = "net" }', "", "a fee on the net amount needs it"),
        ('{ percent = "2", base = "Net" }', "", "is not known here"),
        ('{ percent = "2", tax = "20" }', "", "counts only for a fee on the net amount"),
        ('{ amount = "25.00", grace = 7 }', "", "within the 7 days of grace"),
        ("{ amount = 25.5 }", "", "stands where an amount belongs"),
        ('{ bands = [{ amount = "1.00" }, { amount = "2.00" }] }', "", "has no limit, and bands follow it"),
        ("{ amount = {} }", "", "no amount is given"),
        ('{ amount = "25.00", evry = "month" }', "", "Did you mean 'every'?"),
    ],
)
def test_a_fee_that_cannot_be_meant_is_told_with_its_line(tmp_path: Path, fee: str, more: str, told: str) -> None:
    with pytest.raises(Exception, match=r"payflow\.toml:\d+, policy\.standard\.") as caught:
        world(tmp_path, fee, more=more)
    assert told in str(caught.value)
