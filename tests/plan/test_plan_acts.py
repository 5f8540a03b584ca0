"""The plan: messages, fees, what is announced, and what is taken back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from invoice_views import invoice_view
from payflow.gate import judge
from payflow.model.acts import Need, Plan, Recipient
from payflow.model.agreement import LateFee, Milestone, Policy, Step
from payflow.model.facts import EntryKind, Settlement, State, Status
from payflow.model.journal import Announcement, ChargeState, Hold, Memory, Notice, Waiver
from payflow.model.verdict import ProjectView
from payflow.money import round_half_up
from payflow.plan import blocked_by, plan, reference, takeback, verdicts
from plan.nights import ACME, STORE, Nights, Seen, owed_before
from policy.books import DUE, LADDER, Bill, Move, contract_of, policy_of


def on(days: int) -> date:
    return DUE + timedelta(days=days)


def run(nights: Nights, first: int, last: int) -> Nights:
    """Every night from `first` through `last`, in days from the due date."""
    for day in range(first, last + 1):
        nights.night(on(day))
    return nights


def steps(nights: Nights) -> list[tuple[int, str]]:
    return [((day - DUE).days, item.step) for day, message in nights.messages for item in message.notices]


def fees_of(nights: Nights) -> list[tuple[int, int]]:
    return [((charge.claimed_on - DUE).days, charge.amount) for charge in nights.charges]


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


# --- what is taken back ----------------------------------------------------------------------------------------------


def claimed(policy: Policy | None = None, amount: int = 2500, bill: Bill | None = None) -> Nights:
    """An invoice on which the late fee was claimed on day 7."""
    nights = Nights(policy=policy or policy_of(), bill=bill or Bill())
    nights.notices = [Notice(13, "reminder", on(1), DUE), Notice(13, "late-fee", on(7), DUE)]
    nights.claim(amount, on(7))
    return nights


def taken_back(nights: Nights, as_of: date = DUE + timedelta(days=12)) -> list[tuple[int, str]]:
    return [(back.amount, back.why) for back in nights.plan(as_of).takebacks]


BEFORE = "INV-0013 was paid by {}, before the fee of 2026-11-11"


@pytest.mark.parametrize(
    ("moves", "back"),
    [
        ([], []),
        ([Move(on(6), 400_000)], [(2500, BEFORE.format("2026-11-10"))]),
        ([Move(on(-4), 400_000)], [(2500, BEFORE.format("2026-10-31"))]),
        ([Move(on(2), 100_000), Move(on(5), 300_000)], [(2500, BEFORE.format("2026-11-09"))]),
        # sent on the day of the fee or later: late all the same
        ([Move(on(7), 400_000)], []),
        ([Move(on(8), 400_000)], []),
        # not all of it before
        ([Move(on(6), 399_999)], []),
        ([Move(on(6), 399_999), Move(on(7), 1)], []),
        # on its way or failed before: not there
        ([Move(on(6), 400_000, settlement=Settlement.PENDING)], []),
        ([Move(on(6), 400_000, settlement=Settlement.FAILED)], []),
        # paid before and gone again after: paid when the fee arose
        ([Move(on(6), 400_000), Move(on(9), -400_000, EntryKind.REFUND)], [(2500, BEFORE.format("2026-11-10"))]),
        # gone again before
        ([Move(on(2), 400_000), Move(on(5), -400_000, EntryKind.REFUND)], []),
        # credited in full, even later: it was never owed
        ([Move(on(10), 400_000, EntryKind.CREDIT)], [(2500, "INV-0013 is credited and was not owed")]),
        # credited in part later: the rest was late
        ([Move(on(10), 100_000, EntryKind.CREDIT)], []),
        ([Move(on(10), 400_000, EntryKind.WRITE_OFF)], []),
    ],
)
def test_a_flat_fee_goes_back_when_nothing_was_owed_on_the_eve_of_it(
    moves: list[Move], back: list[tuple[int, str]]
) -> None:
    assert taken_back(claimed(bill=Bill(moves=moves))) == back


@pytest.mark.parametrize(
    ("bill", "back"),
    [
        (Bill(status=Status.VOID), [(2500, "INV-0013 is void and was not owed")]),
        (Bill(status=Status.DRAFT), [(2500, "INV-0013 is draft and was not owed")]),
        (Bill(status=Status.WRITTEN_OFF), []),
        (Bill(unknown=True), []),
        (Bill(printed=on(1)), [(2500, "INV-0013 fell due on 2026-11-05, too late for the fee of 2026-11-11")]),
        (Bill(printed=on(0)), []),
        # the books say now that less was asked: nothing of it was open
        (Bill(total=0), [(2500, BEFORE.format("2026-11-10"))]),
    ],
)
def test_a_fee_goes_back_when_the_invoice_turns_out_otherwise(bill: Bill, back: list[tuple[int, str]]) -> None:
    assert taken_back(claimed(bill=bill)) == back


def test_a_fee_on_what_is_no_debt_of_its_own_goes_back() -> None:
    nights = claimed()
    nights.own_debt = False
    assert taken_back(nights) == [(2500, "INV-0013 is not a debt of its own")]


def test_what_is_tolerated_does_not_hold_a_fee_up() -> None:
    policy = policy_of(tolerance={"GBP": 1_500})
    assert taken_back(claimed(policy, bill=Bill(moves=[Move(on(6), 398_500)])))
    assert not taken_back(claimed(policy, bill=Bill(moves=[Move(on(6), 398_499)])))


@pytest.mark.parametrize(
    ("moves", "back"),
    [
        ([], []),
        ([Move(on(6), 100_000)], [(1500, "less of INV-0013 was outstanding on 2026-11-11 than was known then")]),
        ([Move(on(7), 100_000)], []),
        # never up: what was owed then turns out to have been more
        ([Move(on(6), -100_000, EntryKind.REFUND)], []),
        ([Move(on(6), 400_000)], [(6000, BEFORE.format("2026-11-10"))]),
    ],
)
def test_a_percent_fee_comes_down_to_what_was_outstanding_and_never_goes_up(
    moves: list[Move], back: list[tuple[int, str]]
) -> None:
    assert taken_back(claimed(policy_of(percent="1.5"), 6000, Bill(moves=moves))) == back


def test_a_percent_fee_comes_down_step_by_step() -> None:
    nights = claimed(policy_of(percent="1.5"), 6000)
    nights.seen = [Seen(Move(on(5), 100_000), on(9)), Seen(Move(on(6), 100_000), on(12))]
    run(nights, 8, 15)
    told = [
        ((day - DUE).days, item.amount, item.remaining, item.count)
        for day, message in nights.messages
        for item in message.corrections
    ]
    assert told == [(9, 1500, 4500, 1), (12, 1500, 3000, 2)]
    assert nights.charges[0].standing == 3000


@pytest.mark.parametrize("state", [ChargeState.WAIVED, ChargeState.SETTLED])
def test_what_a_person_settled_or_waived_is_left_alone(state: ChargeState) -> None:
    nights = claimed(bill=Bill(moves=[Move(on(2), 400_000)]))
    nights.settle(state)
    assert taken_back(nights) == []
    # of a charge that is waived the client is told, once; of one that came in there is nothing to tell
    told = [item for message in nights.night(on(12)).messages for item in message.corrections]
    assert [(item.amount, item.remaining, item.waived) for item in told] == (
        [(2500, 0, True)] if state is ChargeState.WAIVED else []
    )
    assert nights.plan(on(13)).empty


def test_a_fee_is_taken_back_with_a_word_and_does_not_revive() -> None:
    nights = Nights(seen=[Seen(Move(on(6), 400_000), on(9)), Seen(Move(on(12), -400_000, EntryKind.REFUND), on(13))])
    run(nights, -5, 40)
    corrections = [((day - DUE).days, item) for day, message in nights.messages for item in message.corrections]
    ((day, item),) = corrections
    assert (day, item.amount, item.remaining, item.why) == (9, 2500, 0, BEFORE.format("2026-11-10"))
    assert [(one.state, one.standing) for one in nights.charges] == [(ChargeState.REVERSED, 0)]


def test_a_correction_waits_for_a_day_on_which_the_client_was_not_written_to() -> None:
    nights = claimed(bill=Bill(moves=[Move(on(2), 400_000)]))
    nights.written.add(("acme", on(9)))
    first = nights.night(on(9))
    assert (len(first.takebacks), first.messages) == (1, ())
    second = nights.night(on(10))
    assert (second.takebacks, len(second.messages[0].corrections)) == ((), 1)
    assert nights.night(on(11)).empty


def test_a_correction_of_which_nobody_knows_whether_it_arrived_is_not_told_twice() -> None:
    nights = claimed(bill=Bill(moves=[Move(on(2), 400_000)]))
    nights.night(on(9))
    nights.notices = [replace(notice, handed_over=False) for notice in nights.notices]
    assert nights.night(on(10)).empty


def test_what_is_taken_back_is_never_more_than_stands() -> None:
    nights = claimed(bill=Bill(moves=[Move(on(2), 400_000)]))
    nights.reverse("PF-1", 1000, on(8), "as agreed on the telephone")
    case = nights.case(on(9))
    back = takeback(case, case.charges[0])
    assert back is not None
    assert back.amount == 1500


# --- news for the owner ----------------------------------------------------------------------------------------------

CONTRACT = contract_of(milestones=(Milestone("design", 400_000, "Design", ("INV-0013",)),))


def project(state: State, *, memory: Memory = NO_MEMORY) -> ProjectView:
    outstanding = 0 if state is State.PAID else 400_000
    return judge(CONTRACT, {"design": [invoice_view(state=state, outstanding=outstanding)]}, memory, on(9))


def owners(memory: Memory, state: State, needs: Sequence[Need] = ()) -> Plan:
    return plan([], [project(state)], memory, {}, needs, on(9), STORE)


TOLD = {"acme-website/brief": "open", "acme-website/design": "blocked", "acme-website/build": "blocked"}


def test_the_owner_is_told_of_verdicts_that_changed() -> None:
    opened = owners(Memory(told_verdicts=TOLD), State.PAID)
    assert [(one.phase, one.before, one.after, one.why) for one in opened.changes] == [
        ("design", "blocked", "open", "everything it needs is paid"),
        ("build", "blocked", "open", "everything it needs is paid"),
    ]
    shut = owners(Memory(told_verdicts={**TOLD, "acme-website/design": "open"}), State.OVERDUE)
    assert [(one.phase, one.after, one.why) for one in shut.changes] == [
        ("design", "blocked", "Design: INV-0013 is unpaid, 4,000.00 GBP, 17 days overdue")
    ]
    assert owners(Memory(told_verdicts=TOLD), State.OVERDUE).empty


def test_a_phase_that_was_never_told_of_is_noted_without_a_word() -> None:
    fresh = owners(NO_MEMORY, State.OVERDUE)
    assert (fresh.changes, fresh.baseline, fresh.empty) == ((), True, True)
    assert not owners(Memory(told_verdicts=TOLD), State.OVERDUE).baseline


def test_a_waiver_is_told_as_what_it_is_and_a_finished_phase_no_more() -> None:
    waiver = Waiver("acme-website", "design", on(0), on(20), "trusted", "sam")
    memory = Memory(waivers=[waiver], finished={("acme-website", "build"): on(1)}, told_verdicts=TOLD)
    view = project(State.OVERDUE, memory=memory)
    found = plan([], [view], memory, {}, [], on(9), STORE)
    assert [(one.phase, one.why) for one in found.changes] == [("design", "waived")]
    assert verdicts([view]) == {"acme-website/brief": "open", "acme-website/design": "open"}


def test_a_need_is_told_once() -> None:
    old, new = Need("source-stale", "a", "books is old"), Need("source-stale", "b", "stripe is old")
    found = owners(Memory(told_verdicts=TOLD, told_needs=frozenset({"a"})), State.OVERDUE, [old, new])
    assert found.news == (new,)


def test_an_invoice_names_the_work_it_blocks() -> None:
    view = project(State.OVERDUE)
    blocks = blocked_by("INV-0013", "acme-website", [view])
    assert [(one.project, one.phase, one.opens) for one in blocks] == [
        ("Acme website", "Design", "4,000.00 GBP paid on INV-0013"),
        ("Acme website", "Build", "4,000.00 GBP paid on INV-0013"),
    ]
    assert blocked_by("INV-0013", "another", [view]) == ()
    assert blocked_by("INV-0099", "acme-website", [view]) == ()


# --- whatever happens ------------------------------------------------------------------------------------------------

DAYS = st.integers(-8, 40)
MONEY = st.one_of(st.sampled_from([100_000, 200_000, 399_999, 400_000]), st.integers(1, 400_000))
SEEN = st.lists(
    st.builds(lambda day, delay, amount: Seen(Move(on(day), amount), on(day + delay)), DAYS, st.integers(0, 12), MONEY),
    max_size=4,
)
POLICIES = st.builds(
    lambda percent, spacing, grace, fee_day: policy_of(
        percent=percent,
        spacing=spacing,
        grace=grace,
        ladder=(*LADDER[:2], replace(LADDER[2], day=max(fee_day, grace + 1)), Step("last", "last", 30, "final-notice")),
    ),
    st.sampled_from([None, "1.5", "0.37", "100"]),
    st.integers(0, 4),
    st.integers(0, 5),
    st.integers(2, 12),
)
HOLDS = st.lists(
    st.builds(lambda since, length: Hold("invoice", "13", on(since), on(since + length), ""), DAYS, st.integers(0, 6)),
    max_size=2,
)


@settings(max_examples=150, deadline=None)
@given(
    policy=POLICIES,
    seen=SEEN,
    holds=HOLDS,
    fires=st.lists(st.booleans(), min_size=60, max_size=60),
    unsure=st.sets(st.sampled_from(["heads-up", "reminder"])),
)
def test_whatever_happens_no_figure_is_wrong_doubled_or_unexplained(
    policy: Policy, seen: Sequence[Seen], holds: Sequence[Hold], fires: Sequence[bool], unsure: set[str]
) -> None:
    nights = Nights(policy=policy, seen=seen, holds=holds, unsure=frozenset(unsure))
    for day, fired in enumerate([*fires, True], start=-8):
        if not fired:
            continue
        outstanding = owed_before(nights, on(day + 1), on(day))
        made = nights.night(on(day))
        for item in (item for message in made.messages for item in message.notices):
            assert outstanding > 0
            assert item.invoice.outstanding == outstanding
            if item.fee is not None:
                _check_fee(nights, item.fee.amount, outstanding, on(day))
        # planned again on the same day, even if nobody remembered the e-mail, nothing is left to do
        assert nights.plan(on(day)).empty
        nights.written.clear()
        assert nights.plan(on(day)).empty
    _check_charges(nights, on(60))
    assert max(Counter(day for day, _ in nights.messages).values(), default=0) <= 1
    assert max(Counter(step for _, step in steps(nights)).values(), default=0) <= 1


def _check_fee(nights: Nights, amount: int, outstanding: int, day: date) -> None:
    """A fee is the agreed one, named before by a notice that was handed over, for this day or one before."""
    fee = nights.policy.late_fee
    assert fee is not None
    agreed = 2500 if fee.percent is None else round_half_up(*(outstanding * fee.percent).as_integer_ratio())
    assert amount == agreed
    named = [notice for notice in nights.notices if notice.on < day and notice.handed_over and notice.announced]
    assert named
    assert named[-1].announced is not None
    assert named[-1].announced.on <= day
    assert (day - DUE).days > nights.policy.grace


def _check_charges(nights: Nights, day: date) -> None:
    """At the end, when all is known, what stands is what is justified, and each correction was told once."""
    told = Counter[str]()
    for _, message in nights.messages:
        for item in message.corrections:
            told[item.ref] += item.amount
    assert len(nights.charges) <= 1
    for charge in nights.charges:
        fee = nights.policy.late_fee
        assert fee is not None
        owed = owed_before(nights, charge.claimed_on, day)
        justified = 2500 if fee.percent is None else round_half_up(*(owed * fee.percent).as_integer_ratio())
        assert charge.standing == (min(charge.amount, justified) if owed else 0)
        assert told[charge.ref] == charge.amount - charge.standing


def test_the_fee_of_the_designs_example() -> None:
    nights = run(Nights(), -5, 17)
    assert (fees_of(nights), nights.case(date(2026, 11, 21)).view.interest) == ([(7, 2500)], 1227)
