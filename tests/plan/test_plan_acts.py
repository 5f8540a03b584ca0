"""The plan: messages, fees, and what is announced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.model.acts import Plan, Recipient
from payflow.model.agreement import LateFee, Policy
from payflow.model.facts import EntryKind, Settlement
from payflow.model.journal import Announcement, Hold, Memory, Notice
from payflow.plan import plan, reference
from plan.nights import ACME, STORE, Nights, Seen, fees_of, on, run, steps
from policy.books import DUE, LADDER, Bill, Move, policy_of

ON_ITS_DAYS = [(-3, "heads-up"), (1, "reminder"), (7, "late-fee"), (21, "final")]


def test_daily_runs_send_each_step_on_its_day_and_claim_the_fee_once() -> None:
    nights = run(Nights(), -10, 60)
    assert steps(nights) == ON_ITS_DAYS
    assert fees_of(nights) == [(7, 2500)]


def test_a_month_of_silence_costs_the_client_no_step_and_no_day() -> None:
    nights = run(Nights(), 31, 60)
    assert steps(nights) == [(31, "reminder"), (33, "late-fee"), (35, "final")]
    assert fees_of(nights) == [(33, 2500)]


def test_each_notice_before_the_fee_names_it_with_the_first_day_on_which_it_may_arise() -> None:
    named = {item.step: item.announces for _, message in run(Nights(), -3, 21).messages for item in message.notices}
    fee = Announcement("late-fee", on(7), "a late fee of 25.00 GBP")
    assert named == {"heads-up": fee, "reminder": fee, "late-fee": None, "final": None}


def test_a_late_notice_names_the_day_that_its_spacing_leaves() -> None:
    ((_, message),) = run(Nights(), 31, 31).messages
    assert message.notices[0].announces == Announcement("late-fee", on(33), "a late fee of 25.00 GBP")


def test_a_hold_moves_the_day_that_is_announced() -> None:
    nights = Nights(holds=[Hold("invoice", "13", on(1), on(3), "")])
    assert nights.night(on(4)).messages[0].notices[0].announces == Announcement(
        "late-fee", on(10), "a late fee of 25.00 GBP"
    )


@pytest.mark.parametrize(
    ("policy", "words", "amount"),
    [
        (policy_of(), "25.00 GBP", 2500),
        (policy_of(percent="1.5"), "1.5 % of what is outstanding", 6000),
        (policy_of(percent="0.000125"), "0.000125 % of what is outstanding", 1),
        (policy_of(late_fee=LateFee({"EUR": 3000, "GBP": 2600})), "26.00 GBP", 2600),
    ],
)
def test_a_fee_is_claimed_as_agreed(policy: Policy, words: str, amount: int) -> None:
    nights = run(Nights(policy=policy), 1, 7)
    (fee,) = [item.fee for _, message in nights.messages for item in message.notices if item.fee]
    assert (fee.words, fee.amount, fee.currency, fee.generation) == (words, amount, "GBP", 0)
    assert fee.rests_on == "the contract for Acme website, signed 2026-10-01"


@pytest.mark.parametrize(
    "nights",
    [
        Nights(binds=False),
        Nights(policy=policy_of(late_fee=None)),
        Nights(policy=policy_of(late_fee=LateFee({"EUR": 3000}))),
        # a percentage of so little that it rounds to nothing
        Nights(policy=policy_of(percent="0.00001")),
        # nobody knows whether the notices that named it arrived
        Nights(unsure=frozenset({"heads-up", "reminder"})),
        # nothing named it: the fee stands on the first step
        Nights(policy=policy_of(ladder=LADDER[2:])),
    ],
    ids=["not binding", "no fee", "no such currency", "rounds to nothing", "unsure", "never named"],
)
def test_no_fee_arises(nights: Nights) -> None:
    run(nights, -5, 30)
    assert nights.charges == []
    assert (7, "late-fee") in steps(nights)


def test_a_fee_that_nobody_can_claim_is_not_announced() -> None:
    for nights in (Nights(binds=False), Nights(policy=policy_of(late_fee=LateFee({"EUR": 3000})))):
        assert {item.announces for _, message in run(nights, -5, 30).messages for item in message.notices} == {None}


def test_one_notice_that_arrived_is_enough_to_announce() -> None:
    assert fees_of(run(Nights(unsure=frozenset({"reminder"})), -5, 30)) == [(7, 2500)]


def test_a_fee_other_than_the_one_that_was_named_is_not_claimed() -> None:
    nights = run(Nights(), -5, 3)
    nights.policy = policy_of(late_fee=LateFee({"GBP": 3000}))
    run(nights, 4, 30)
    assert (7, "late-fee") in steps(nights)
    assert nights.charges == []


def test_a_percent_is_taken_of_what_is_outstanding_when_the_step_is_taken() -> None:
    part = Seen(Move(on(5), 150_000), on(6))
    assert fees_of(run(Nights(policy=policy_of(percent="1.5"), seen=[part]), -5, 30)) == [(7, 3750)]


def test_a_fee_of_a_hundred_yen_has_no_decimals() -> None:
    nights = Nights(bill=Bill(total=50_000, currency="JPY"), policy=policy_of(late_fee=LateFee({"JPY": 100})))
    ((_, message),) = run(nights, 1, 1).messages
    assert message.notices[0].announces == Announcement("late-fee", on(7), "a late fee of 100 JPY")


def test_interest_is_named_with_its_rate_and_first_day_only_where_it_binds() -> None:
    def words(nights: Nights) -> set[str]:
        return {item.interest_words for _, message in run(nights, -5, 30).messages for item in message.notices}

    assert words(Nights()) == {"8 % a year on what is outstanding, from 2026-11-08"}
    assert words(Nights(binds=False)) == {""}
    assert words(Nights(policy=policy_of(annual=None))) == {""}


@pytest.mark.parametrize(
    "move",
    [
        Move(on(0), 400_000),
        Move(on(0), 400_000, EntryKind.CREDIT),
        Move(on(0), 400_000, EntryKind.WRITE_OFF),
        Move(on(0), 1, settlement=Settlement.PENDING),
    ],
    ids=["paid", "credited", "given up", "pending"],
)
def test_nothing_is_sent_about_an_invoice_that_asks_for_nothing_now(move: Move) -> None:
    assert steps(run(Nights(bill=Bill(moves=[move])), 1, 40)) == []


def test_a_payment_ends_the_ladder_and_nothing_is_sent_about_it() -> None:
    nights = run(Nights(seen=[Seen(Move(on(5), 400_000), on(5))]), -5, 60)
    assert steps(nights) == ON_ITS_DAYS[:2]


# --- several invoices and clients ------------------------------------------------------------------------------------

BETA = replace(ACME, client="beta", email="beta@beta.example")
NO_MEMORY = Memory()


def planned(
    *cases: Nights, as_of: date, memory: Memory = NO_MEMORY, recipients: Sequence[Recipient] = (ACME, BETA)
) -> Plan:
    """One plan over several invoices; each one's number is its place."""
    made = []
    for number, nights in enumerate(cases, start=1):
        case = nights.case(as_of)
        client = "beta" if nights.contract is None else "acme"
        made.append(replace(case, view=case.view._replace(id=number, number=f"INV-{number}", client=client)))
    return plan(made, [], memory, {one.client: one for one in recipients}, [], as_of, STORE)


def test_a_client_gets_one_message_about_every_invoice_that_has_a_step_due() -> None:
    other = Nights(contract=None, binds=False)
    found = planned(Nights(), other, Nights(), Nights(notices=[Notice(13, "final", on(1), DUE)]), as_of=on(1))
    told = [(one.recipient.client, [item.invoice.number for item in one.notices]) for one in found.messages]
    assert told == [("acme", ["INV-1", "INV-3"]), ("beta", ["INV-2"])]


def test_a_client_that_was_written_to_today_hears_no_more_today() -> None:
    written = Memory(written=frozenset({("acme", on(1)), ("beta", on(0))}))
    found = planned(Nights(), Nights(contract=None), as_of=on(1), memory=written)
    assert [one.recipient.client for one in found.messages] == ["beta"]


def test_a_client_without_an_address_gets_nothing() -> None:
    found = planned(Nights(), Nights(contract=None), as_of=on(1), recipients=(BETA,))
    assert [one.recipient.client for one in found.messages] == ["beta"]


def test_wording_is_per_invoice() -> None:
    late = Nights(notices=[Notice(13, "reminder", on(1), DUE)])
    soft = Nights(bill=Bill(printed=on(6)))
    found = planned(late, soft, as_of=on(7)).messages[0]
    assert [(item.invoice.number, item.template) for item in found.notices] == [
        ("INV-1", "late-fee"),
        ("INV-2", "reminder"),
    ]


@given(st.integers(1, 10**6), st.sampled_from(["late-fee", "second-fee"]), st.integers(0, 5))
def test_a_reference_is_the_same_every_time_and_readable(invoice: int, occurrence: str, generation: int) -> None:
    found = reference(STORE, invoice, occurrence, generation)
    assert found == reference(STORE, invoice, occurrence, generation)
    assert re.fullmatch(r"PF-[0-9A-HJKMNP-TV-Z]{12}", found)


def test_a_reference_that_clients_have_in_their_mail_stays_what_it_is() -> None:
    """References were eight signs at first; what begins as they did is known by them."""
    assert reference("0123456789abcdef", 13, "late-fee", 0) == "PF-JSYDA09SWA6B"


def test_two_charges_of_which_the_first_eight_signs_are_the_same_are_told_apart() -> None:
    one, other = (reference("0123456789abcdef", invoice, "late-fee", 0) for invoice in (111_275, 171_193))
    assert one[:11] == other[:11] == "PF-DPWWTJYG"
    assert one != other


def test_references_tell_stores_invoices_steps_and_generations_apart() -> None:
    made = [
        reference(store, invoice, step, generation)
        for store in (STORE, "another")
        for invoice in range(1, 500)
        for step in ("late-fee", "late-fee~2")
        for generation in range(3)
    ]
    assert len(set(made)) == len(made)


def test_the_fee_of_the_designs_example() -> None:
    nights = run(Nights(), -5, 17)
    assert (fees_of(nights), nights.case(date(2026, 11, 21)).view.interest) == ([(7, 2500)], 1227)
