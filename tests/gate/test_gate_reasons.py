"""The gate: every reason a milestone gives, with its words and with what opens it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gate.website import CONTRACT, DESIGN, PAID
from invoice_views import invoice_view
from payflow.gate import milestone_reasons
from payflow.model.agreement import Milestone
from payflow.model.facts import State
from payflow.model.invoice_view import Flag, InvoiceView
from payflow.model.verdict import Reason, ReasonCode


def reasons(*invoices: InvoiceView, milestone: Milestone = DESIGN, charges: bool = False) -> list[Reason]:
    return milestone_reasons(CONTRACT, milestone, invoices, charges_block=charges)


def only(*invoices: InvoiceView, milestone: Milestone = DESIGN, charges: bool = False) -> tuple[str, str, str]:
    """The one reason against it: code, text and what opens it."""
    (found,) = reasons(*invoices, milestone=milestone, charges=charges)
    assert found.milestone == "design"
    return found.code.value, found.text, found.opens


PAY = "4,000.00 GBP paid on INV-0013"
ANEW = "invoice 4,000.00 GBP anew, name the new invoice in the milestone design, and have it paid"


@pytest.mark.parametrize(
    ("words", "code", "text", "opens"),
    [
        (
            {},
            "milestone-unpaid",
            "Design: INV-0013 is unpaid, 4,000.00 GBP, 17 days overdue",
            PAY,
        ),
        (
            {"days_overdue": 1},
            "milestone-unpaid",
            "Design: INV-0013 is unpaid, 4,000.00 GBP, 1 day overdue",
            PAY,
        ),
        (
            {"state": State.OPEN, "days_overdue": 0},
            "milestone-unpaid",
            "Design: INV-0013 is unpaid, 4,000.00 GBP, due 2026-11-04",
            PAY,
        ),
        (
            {"state": State.OPEN, "days_overdue": 0, "due_on": None},
            "milestone-unpaid",
            "Design: INV-0013 is unpaid, 4,000.00 GBP",
            PAY,
        ),
        (
            {"paid": 150_000, "outstanding": 250_000},
            "milestone-part-paid",
            "Design: 2,500.00 GBP of 4,000.00 GBP is missing on INV-0013",
            "2,500.00 GBP paid on INV-0013",
        ),
        (
            {"paid": 100_000, "credited": 100_000, "outstanding": 200_000},
            "milestone-part-paid",
            "Design: 2,000.00 GBP of 3,000.00 GBP is missing on INV-0013",
            "2,000.00 GBP paid on INV-0013",
        ),
        (
            {"pending": 400_000},
            "milestone-pending",
            "Design: 4,000.00 GBP on INV-0013 is on its way",
            "the payment settled",
        ),
        (
            {"state": State.DISPUTED},
            "milestone-disputed",
            "Design: money on INV-0013 is under dispute",
            "the dispute settled in your favour",
        ),
        (
            {"flags": frozenset({Flag.REFUNDED}), "paid": 250_000, "outstanding": 150_000},
            "milestone-refunded",
            "Design: money on INV-0013 was paid back, 1,500.00 GBP is missing",
            "1,500.00 GBP paid on INV-0013",
        ),
        (
            {"flags": frozenset({Flag.STALE}), "read_at": datetime(2026, 11, 1, tzinfo=UTC)},
            "invoice-stale",
            "Design: 4,000.00 GBP of INV-0013 was unpaid when last read on 2026-11-01",
            "payflow sync books, showing 4,000.00 GBP paid on INV-0013",
        ),
        (
            {"state": State.UNKNOWN},
            "invoice-unknown",
            "Design: INV-0013 is missing from a later reading of books",
            "payflow confirm INV-0013 --paid, --open or --void",
        ),
        (
            {**PAID, "flags": frozenset({Flag.AMBIGUOUS})},
            "invoice-ambiguous",
            "Design: INV-0013 may be the same debt as another invoice",
            "payflow link INV-0013",
        ),
        (
            {"state": State.VOID, "outstanding": 0},
            "milestone-credited",
            "Design: INV-0013 is void, which is not payment",
            ANEW,
        ),
        (
            {"state": State.CREDITED, "outstanding": 0, "credited": 400_000},
            "milestone-credited",
            "Design: INV-0013 is credited in full, which is not payment",
            ANEW,
        ),
        (
            {"state": State.WRITTEN_OFF, "outstanding": 0},
            "milestone-credited",
            "Design: INV-0013 is written off, which is not payment",
            ANEW,
        ),
        (
            {"state": State.DRAFT, "outstanding": 0},
            "milestone-draft",
            "Design: INV-0013 is a draft",
            "issue INV-0013, and have it paid",
        ),
        (
            {**PAID, "total": 300_000},
            "milestone-under-billed",
            "Design: 3,000.00 GBP of 4,000.00 GBP is invoiced",
            "invoice the missing 1,000.00 GBP and name the invoice in the milestone design",
        ),
    ],
)
def test_each_state_of_an_invoice_has_its_reason(words: Mapping[str, object], code: str, text: str, opens: str) -> None:
    assert only(invoice_view(**words)) == (code, text, opens)


def test_no_invoice_is_a_reason_that_says_how_to_name_one() -> None:
    assert only(milestone=Milestone("design", 400_000)) == (
        "milestone-not-invoiced",
        "design: no invoice is known",
        'issue an invoice of 4,000.00 GBP and write its number into the milestone design: invoices = ["..."]',
    )


def test_a_number_that_no_book_has_is_named() -> None:
    assert only() == (
        "milestone-not-invoiced",
        "Design: INV-0013 is not in the books that were read",
        "payflow sync, or check the number in the contract",
    )


def test_a_paid_milestone_has_no_reason_against_it() -> None:
    assert reasons(invoice_view(**PAID)) == []
    assert reasons(invoice_view(**PAID, flags=frozenset({Flag.STALE}))) == []


def test_the_most_telling_reason_stands_for_an_invoice() -> None:
    every = frozenset({Flag.REFUNDED, Flag.STALE, Flag.AMBIGUOUS})
    assert only(invoice_view(flags=every, pending=1, paid=1))[0] == "invoice-ambiguous"
    assert only(invoice_view(flags=every - {Flag.AMBIGUOUS}, pending=1, paid=1))[0] == "milestone-refunded"
    assert only(invoice_view(flags=frozenset({Flag.STALE}), pending=1, paid=1))[0] == "milestone-pending"
    assert only(invoice_view(flags=frozenset({Flag.STALE}), paid=1))[0] == "invoice-stale"
    assert only(invoice_view(state=State.UNKNOWN, pending=1))[0] == "invoice-unknown"


def test_a_milestone_of_3000_with_an_invoice_of_3600_with_vat_asks_for_all_of_it() -> None:
    milestone = replace(DESIGN, amount=300_000)
    part = invoice_view(total=360_000, paid=300_000, outstanding=60_000)
    assert only(part, milestone=milestone)[1] == "Design: 600.00 GBP of 3,600.00 GBP is missing on INV-0013"
    assert reasons(part._replace(outstanding=0, paid=360_000, state=State.PAID), milestone=milestone) == []


def test_two_invoices_make_one_milestone_and_one_is_paid() -> None:
    first = invoice_view(total=200_000, **{**PAID, "paid": 200_000})
    second = invoice_view(id=14, number="INV-0014", total=200_000, outstanding=200_000)
    (found,) = reasons(first, second)
    assert (found.code, found.invoice) == (ReasonCode.UNPAID, "INV-0014")
    assert reasons(first, second._replace(outstanding=0, state=State.PAID)) == []


def test_an_invoice_credited_and_reissued_opens_only_when_the_new_one_is_paid() -> None:
    credited = invoice_view(state=State.CREDITED, outstanding=0, credited=400_000)
    anew = invoice_view(id=14, number="INV-0014")
    assert only(credited)[0] == "milestone-credited"
    (found,) = reasons(credited, anew)
    assert (found.code, found.invoice) == (ReasonCode.UNPAID, "INV-0014")
    assert reasons(credited, anew._replace(outstanding=0, state=State.PAID)) == []


def test_a_partial_credit_lowers_the_price() -> None:
    assert reasons(invoice_view(**{**PAID, "paid": 350_000}, credited=50_000)) == []


def test_a_void_twin_does_not_count_as_billed() -> None:
    half = invoice_view(total=200_000, **{**PAID, "paid": 200_000})
    void = invoice_view(id=14, number="INV-0014", total=200_000, state=State.VOID, outstanding=0)
    assert only(half, void)[0] == "milestone-under-billed"


def test_an_invoice_in_another_currency_pays_for_nothing_and_is_owed_all_the_same() -> None:
    euros = invoice_view(id=14, number="INV-0014", currency="EUR")
    codes = [reason.code for reason in reasons(euros)]
    assert codes == [ReasonCode.NOT_INVOICED, ReasonCode.UNPAID]
    assert reasons(euros)[0].text == "Design: no invoice is known in GBP (INV-0014 is in EUR)"
    assert [reason.invoice for reason in reasons(invoice_view(**PAID), euros)] == ["INV-0014"]
    assert reasons(invoice_view(**PAID), euros._replace(outstanding=0, state=State.PAID)) == []


def test_amounts_of_two_currencies_are_never_added_up() -> None:
    half = invoice_view(total=200_000, **{**PAID, "paid": 200_000})
    euros = half._replace(id=14, number="INV-0014", currency="EUR")
    assert only(half, euros)[1] == "Design: 2,000.00 GBP of 4,000.00 GBP is invoiced"


def test_charges_block_only_where_the_policy_says_so() -> None:
    invoice = invoice_view(**PAID, fees=2_500, fees_owed=2_500)
    assert reasons(invoice) == []
    assert only(invoice, charges=True) == (
        "charge-unpaid",
        "Design: charges of 25.00 GBP on INV-0013 are unpaid",
        "payflow charge settle or payflow charge waive",
    )
    assert reasons(invoice._replace(fees_owed=0), charges=True) == []


STATES = st.builds(
    lambda state, total, share, credit, flags: invoice_view(
        state=state,
        total=total,
        credited=credit,
        outstanding=0 if state in (State.PAID, State.CREDITED, State.VOID, State.DRAFT) else max(1, total - share),
        paid=share,
        flags=frozenset(flags),
    ),
    st.sampled_from(State),
    st.integers(1, 500_000),
    st.integers(0, 400_000),
    st.sampled_from([0, 0, 10_000]),
    st.sets(st.sampled_from([Flag.STALE, Flag.REFUNDED, Flag.AMBIGUOUS])),
)


@given(st.lists(STATES, max_size=4))
def test_a_milestone_is_paid_only_if_every_live_invoice_is_and_enough_was_billed(views: list[InvoiceView]) -> None:
    gone = {State.DRAFT, State.VOID, State.CREDITED, State.WRITTEN_OFF}
    live = [view for view in views if view.state not in gone]
    paid = (
        bool(live)
        and all(view.state is State.PAID and Flag.AMBIGUOUS not in view.flags for view in live)
        and sum(view.total for view in live) >= DESIGN.amount
    )
    found = reasons(*views)
    assert (not found) is paid
    assert all(reason.text and reason.opens for reason in found)


@pytest.mark.parametrize("state", [State.DRAFT, State.VOID, State.CREDITED, State.WRITTEN_OFF])
def test_a_reason_says_which_invoice_is_gone_or_a_draft(state: State) -> None:
    (found,) = reasons(invoice_view(state=state, outstanding=0))
    assert (found.invoice, found.milestone) == ("INV-0013", "design")


def test_every_number_that_no_book_has_is_named() -> None:
    several = Milestone("design", 400_000, "Design", ("INV-0013", "INV-0014"))
    assert only(milestone=several)[1] == "Design: INV-0013, INV-0014 is not in the books that were read"


def test_a_charge_or_a_payment_of_a_single_cent_counts() -> None:
    owing = invoice_view(**PAID, fees=1, fees_owed=1)
    (found,) = reasons(owing, charges=True)
    assert (found.code, found.invoice) == (ReasonCode.CHARGE_UNPAID, "INV-0013")
    assert only(invoice_view(paid=1, outstanding=399_999))[0] == "milestone-part-paid"
