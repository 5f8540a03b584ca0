"""Dated stories of what is claimed beside the late fee: compensation, interest, and what is left when only principal came."""

from __future__ import annotations

from pathlib import Path

import pytest

from payflow.errors import Refused, WorkspaceError
from stories.papers import ANY_HOUR, BOOKS, contract, invoice, paid, settings
from stories.world import World

FEE, INTEREST = 'late_fee = { amount = "25.00" }', 'interest = { annual = "8" }'
UK = '\ncompensation = { statute = "uk" }'


def world(
    root: Path,
    *,
    fee: str = FEE,
    interest: str = INTEREST,
    total: str = "3000.00",
    already: str = "0.00",
    **said: str | None,
) -> World:
    """A world with one invoice, due on 4 November, under other terms; `said` of the contract."""
    toml = settings(mail=ANY_HOUR, sources=BOOKS + "stale_after = 999\n").replace(FEE, fee).replace(INTEREST, interest)
    toml = toml if fee else toml.replace("fee = true", "")
    made = World(root, toml=toml, acme_website=contract(milestones={"deposit": (total, ["INV-0012"])}, **said))
    made.on("2026-10-20").books(invoice("INV-0012", total, paid=already)).begin()
    return made


def charges(made: World) -> list[tuple[str, str, str, int, str]]:
    return [
        (str(one.claimed_on), one.kind, one.occurrence, one.standing, one.state.value)
        for one in made.explain("INV-0012").charges
    ]


def nights(made: World, *days: str) -> World:
    for day in days:
        made.run(day)
    return made


@pytest.mark.parametrize(
    ("said", "total", "already", "sum_"),
    [
        ('{ statute = "uk" }', "999.99", "0.00", 4000),
        ('{ statute = "uk" }', "1000.00", "0.00", 7000),
        ('{ statute = "uk" }', "1000.00", "0.01", 4000),
        ('{ statute = "uk" }', "10000.00", "0.00", 10000),
        ('"55.00"', "10.00", "0.00", 5500),
        ('{ EUR = "40.00" }', "3000.00", "0.00", None),
        ('{ statute = "de" }', "3000.00", "0.00", None),
    ],
)
def test_a_compensation_is_named_and_then_claimed_once(
    tmp_path: Path, said: str, total: str, already: str, sum_: int | None
) -> None:
    made = world(tmp_path, fee=f"compensation = {said}", interest="", total=total, already=already)
    nights(made, "2026-11-05", "2026-11-11", "2026-11-20", "2026-12-20")
    expected = [] if sum_ is None else [("2026-11-11", "compensation", "once", sum_, "claimed")]
    assert charges(made) == expected
    first, second = made.mails("accounts@acme.example")
    if sum_ is not None:
        assert "a fixed compensation" in first.flat
        assert "Compensation of" in second.flat
        assert made.view("INV-0012").compensation == sum_


def test_a_compensation_goes_back_when_the_client_turns_out_to_have_paid_in_time(tmp_path: Path) -> None:
    made = nights(world(tmp_path, fee=UK, interest=""), "2026-11-05", "2026-11-11")
    made.on("2026-11-20").books(paid("INV-0012", "3000.00")).run()
    assert [one[3:] for one in charges(made)] == [(0, "reversed")]
    assert "was paid in time" in made.mails("accounts@acme.example")[-1].flat


def test_a_sum_that_the_law_names_in_another_currency_is_not_announced_and_a_person_is_told(tmp_path: Path) -> None:
    made = nights(world(tmp_path, fee='compensation = { statute = "de" }', interest=""), "2026-11-05")
    assert "compensation" not in made.mails("accounts@acme.example")[0].flat
    found = [need for need in made.decision("2026-11-11").needs if need.code == "compensation-currency"]
    assert len(found) == 1
    assert "40.00 EUR is due; it is not converted into GBP without a rate of exchange" in found[0].text
    made.run("2026-11-11")
    assert charges(made) == []


def test_a_sum_by_law_needs_no_signature_and_an_agreed_one_does(tmp_path: Path) -> None:
    def unsigned(root: Path, said: str) -> World:
        made = world(root, fee=f"compensation = {said}", interest="", signed=None)
        return nights(made, "2026-11-05", "2026-11-11")

    by_law = unsigned(tmp_path / "law", '{ statute = "uk" }')
    assert [one[1:] for one in charges(by_law)] == [("compensation", "once", 7000, "claimed")]
    assert by_law.explain("INV-0012").charges[0].terms["rests_on"].startswith("Late Payment of Commercial Debts")
    assert charges(unsigned(tmp_path / "agreed", '"55.00"')) == []


def test_consumers_owe_no_fixed_sum_by_law(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="which businesses alone owe"):
        world(tmp_path, fee='compensation = { statute = "uk" }', interest="", client_more='kind = "consumer"')


def test_a_compensation_and_a_fee_stand_together_only_if_the_policy_says_both(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="does not add to an agreed late fee by itself"):
        world(tmp_path / "one", fee=FEE + UK)
    made = nights(world(tmp_path / "two", fee=FEE + UK + "\nstack = true"), "2026-11-05", "2026-11-11")
    assert [(one[1], one[3]) for one in charges(made)] == [("late-fee", 2500), ("compensation", 7000)]
    assert "a late fee of 25.00 GBP and a fixed compensation" in made.mails()[0].flat


def late(made: World, day: str, *before: str) -> World:
    """The invoice is read unpaid on each of the days before, and paid in full on `day`."""
    for one in before:
        made.on(one).books(invoice("INV-0012", "3000.00")).run()
    made.on(day).books(paid("INV-0012", "3000.00")).run()
    return made


def test_interest_of_a_late_payment_is_claimed_by_one_notice_after_it(tmp_path: Path) -> None:
    made = world(tmp_path, interest='interest = { annual = "8", bill = "on-payment" }')
    late(made, "2026-11-25", "2026-11-05", "2026-11-11", "2026-11-24")
    # 8 to 25 November are 18 days: 3,000.00 x 8 % x 18 / 365
    assert charges(made) == [
        ("2026-11-11", "late-fee", "late-fee", 2500, "claimed"),
        ("2026-11-25", "interest", "once", 1184, "claimed"),
    ]
    nights(made, "2026-11-26", "2026-12-30")
    assert len(charges(made)) == 2
    letter = made.mails("accounts@acme.example")[-1]
    assert "Interest of 11.84 GBP (interest from 8 November 2026 to 25 November 2026)" in letter.flat
    assert "To pay today: 36.84 GBP" in letter.flat
    view = made.view("INV-0012")
    assert (view.interest, view.interest_billed, view.fees, view.fees_owed) == (1184, 1184, 2500, 3684)


def test_monthly_charges_add_up_to_the_rounded_whole(tmp_path: Path) -> None:
    made = world(tmp_path, fee="", interest='interest = { annual = "7.31", bill = "monthly" }')
    days = ["2026-11-05", "2026-11-12", "2026-11-30", "2026-12-01", "2027-01-04", "2027-01-05", "2027-02-01"]
    late(made, "2027-02-13", *days, "2027-02-12")
    found = [(one[0], one[2], one[3]) for one in charges(made)]
    assert [one[:2] for one in found] == [
        ("2026-12-01", "2026-11-01"),
        ("2027-01-04", "2026-12-01"),
        ("2027-02-01", "2027-01-01"),
        ("2027-02-13", "2027-02-01"),
    ]
    # 8 November to 13 February are 98 days: 3,000.00 x 7.31 % x 98 / 365 = 58.8805
    assert sum(one[2] for one in found) == 5888 == made.view("INV-0012").interest


def test_a_cron_that_slept_claims_the_months_in_one_letter_each_with_its_reference(tmp_path: Path) -> None:
    made = nights(world(tmp_path, fee="", interest='interest = { annual = "8", bill = "monthly" }'), "2026-11-05")
    nights(made, "2027-02-20", "2027-02-22", "2027-02-24")
    assert [one[2] for one in charges(made)] == ["2026-11-01", "2026-12-01", "2027-01-01"]
    assert len({one.message for one in made.explain("INV-0012").charges}) == 1


def test_an_earlier_payment_brings_billed_interest_down_and_never_up(tmp_path: Path) -> None:
    made = world(tmp_path, fee="", interest='interest = { annual = "8", bill = "monthly" }')
    nights(made, "2026-11-05", "2026-11-12", "2026-12-01")
    assert [one[3] for one in charges(made)] == [1512]
    # 2,000.00 had been paid before the due date: only 1,000.00 bore interest
    made.on("2026-12-02").books(invoice("INV-0012", "3000.00", paid="2000.00")).run()
    assert [one[3] for one in charges(made)] == [504]
    made.on("2026-12-03").books(invoice("INV-0012", "3000.00")).run()
    assert [one[3] for one in charges(made)] == [504]


def test_billed_interest_goes_back_at_once_where_none_can_have_arisen(tmp_path: Path) -> None:
    made = world(tmp_path, fee="", interest='interest = { annual = "8", bill = "monthly" }')
    nights(made, "2026-11-05", "2026-11-12", "2026-12-01")
    assert [one[3:] for one in charges(made)] == [(1512, "claimed")]
    # the client was given until the end of January
    made.on("2026-12-02").books(invoice("INV-0012", "3000.00", due="2027-01-31")).run()
    assert [one[3:] for one in charges(made)] == [(0, "reversed")]
    made.on("2026-12-03").run()
    assert "less interest had arisen" in made.mails("accounts@acme.example")[-1].flat


def test_interest_that_is_never_billed_makes_no_charge_and_no_question(tmp_path: Path) -> None:
    made = world(tmp_path, interest='interest = { annual = "8", bill = "never" }')
    late(made, "2026-11-09", "2026-11-05", "2026-11-08")
    assert charges(made) == []
    assert made.needs() == []


def test_interest_of_a_paid_invoice_waits_for_a_word_and_is_then_claimed(tmp_path: Path) -> None:
    made = late(world(tmp_path), "2026-11-10", "2026-11-05", "2026-11-09")
    [need] = made.decision().needs
    assert (need.code, "1.97 GBP of interest" in need.text) == ("interest-left", True)
    ref = need.remedy.split()[3].rstrip(",")
    assert (
        made.ruling("charge_claim", ref) == f"{ref} on INV-0012 is claimed with a notice of its own, by the next run."
    )
    assert made.needs() == []
    nights(made, "2026-11-11", "2026-11-12")
    assert charges(made) == [("2026-11-11", "interest", "once", 197, "claimed")]
    assert made.explain("INV-0012").charges[0].ref == ref
    with pytest.raises(Refused, match="claimed already"):
        made.ruling("charge_claim", ref)


@pytest.mark.parametrize("signs", [15, 11])
def test_interest_of_a_paid_invoice_that_is_waived_is_never_asked_for(tmp_path: Path, signs: int) -> None:
    """Also where it was waived when references were shorter."""
    made = late(world(tmp_path), "2026-11-10", "2026-11-05", "2026-11-09")
    ref = made.decision().needs[0].remedy.split()[3].rstrip(",")[:signs]
    assert made.ruling("charge_waive", ref) == "The interest on INV-0012 is waived."
    nights(made, "2026-11-11", "2026-12-12")
    assert (charges(made), made.needs()) == ([], [])
    with pytest.raises(Refused, match="waived already"):
        made.ruling("charge_waive", ref)


def test_a_fee_that_was_left_is_asked_for_again_or_waived_by_a_persons_word(tmp_path: Path) -> None:
    made = late(world(tmp_path, interest=""), "2026-11-15", "2026-11-05", "2026-11-11", "2026-11-14")
    [need] = made.decision().needs
    assert (need.code, "not the late-fee PF-" in need.text) == ("charges-left", True)
    ref = made.explain("INV-0012").charges[0].ref
    before = len(made.mails("accounts@acme.example"))
    made.ruling("charge_claim", ref)
    nights(made, "2026-11-16", "2026-11-17", "2026-11-30")
    letter = made.mails("accounts@acme.example")[before:]
    assert [one.subject for one in letter] == ["Invoice INV-0012: 25.00 GBP of charges is open"]
    made.ruling("charge_waive", ref)
    nights(made, "2026-12-01", "2026-12-02")
    [waived] = made.mails("accounts@acme.example")[before + 1 :]
    assert f"We waive the charge {ref} of 25.00 GBP" in waived.flat
    assert (charges(made)[0][3:], made.needs()) == ((0, "waived"), [])


@pytest.mark.parametrize(
    ("fee", "interest", "told"),
    [
        (FEE, 'interest = { annual = "8", bill = "weekly" }', "'weekly' is not known here"),
        ("compensation = true", INTEREST, "no statute is named that could grant one"),
        ('compensation = { statute = "uq" }', INTEREST, "there is no statute 'uq'"),
        ('compensation = { statute = "ch" }', INTEREST, "grants no fixed sum"),
        ('compensation = "0"', INTEREST, "the amount is nothing"),
        ("stack = 1", INTEREST, "stands where"),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path: Path, fee: str, interest: str, told: str) -> None:
    with pytest.raises(Exception, match=r"payflow\.toml:\d+") as caught:
        world(tmp_path, fee=fee, interest=interest)
    assert told in str(caught.value)
