"""Movements of money in the API, as canonical entries: payments, refunds, disputes, credit notes and balances."""

from __future__ import annotations

import pytest

from stripe_api import made
from stripe_api.made import balance, entries, invoices, problems, pull
from stripe_api.standin import Standin, at


def test_a_card_payment_is_one_settled_entry(account: Standin) -> None:
    made.paid(account)
    assert entries(pull()) == [("inpay_in_1", "in_1", "payment", "2026-10-10", 100_000, "settled")]


def test_a_bank_debit_counts_from_the_day_the_client_made_it_not_the_day_it_cleared(account: Standin) -> None:
    made.paid(account, when="2026-10-20 12:00")
    account.find("/v1/charges", "ch_pi_in_1").update(created=at("2026-10-14 12:00"))  # type: ignore[union-attr]  # is there
    assert entries(pull())[0][3] == "2026-10-14"


def test_a_debit_under_way_is_pending(account: Standin) -> None:
    made.invoice(account)
    made.intent(account, "pi_1", 100_000, status="processing", sent=at("2026-10-14 12:00"))
    made.attach(account, "inpay_1", "in_1", "pi_1", 100_000, paid=None)
    assert entries(pull()) == [("inpay_1", "in_1", "payment", "2026-10-14", 100_000, "pending")]
    account.expands = False
    assert entries(pull()) == [("inpay_1", "in_1", "payment", "2026-10-01", 100_000, "pending")]


@pytest.mark.parametrize("status", ["requires_payment_method", "requires_action", "canceled"])
def test_an_attempt_that_moves_no_money_is_no_entry(account: Standin, status: str) -> None:
    made.invoice(account)
    made.intent(account, "pi_1", 100_000, status=status, sent=at("2026-10-14 12:00"))
    made.attach(account, "inpay_1", "in_1", "pi_1", 100_000, paid=None)
    assert entries(pull()) == []


def test_an_invoice_paid_outside_stripe_before_basil_is_paid_although_it_names_no_amount(account: Standin) -> None:
    account.add_old(
        "invoice",
        id="in_1",
        number="OLD-1",
        status="paid",
        paid=True,
        paid_out_of_band=True,
        currency="usd",
        total=984_000,
        amount_due=984_000,
        amount_paid=0,
        amount_remaining=984_000,
        charge=None,
        payment_intent=None,
        customer="cus_1",
        created=at("2023-05-01 09:00"),
        due_date=at("2023-05-31 09:00"),
        status_transitions={"finalized_at": at("2023-05-01 10:00"), "paid_at": at("2023-05-20 10:00")},
        metadata={},
    )
    assert invoices(pull(), "status", "total") == [("in_1", "paid", 984_000)]
    assert entries(pull()) == [("in_1:rest", "in_1", "payment", "2023-05-20", 984_000, "settled")]


def test_a_refund_finds_an_invoice_from_before_basil_by_its_own_payment_intent(account: Standin) -> None:
    account.add_old(
        "invoice",
        id="in_1",
        number="OLD-1",
        status="paid",
        currency="gbp",
        total=5_000,
        amount_paid=5_000,
        amount_remaining=0,
        charge="ch_old",
        payment_intent="pi_old",
        customer="cus_1",
        created=at("2023-05-01 09:00"),
        status_transitions={"paid_at": at("2023-05-20 10:00")},
    )
    made.refund(account, "re_1", "pi_old", 5_000, "2023-06-01 10:00")
    assert balance(pull(), "in_1") == 5_000


def test_a_full_refund_leaves_the_whole_invoice_owed_though_stripe_calls_it_paid(account: Standin) -> None:
    made.paid(account)
    made.refund(account, "re_1", "pi_in_1", 100_000, "2026-11-01 12:00")
    batches = pull()
    assert invoices(batches, "status") == [("in_1", "paid")]
    assert entries(batches) == [
        ("inpay_in_1", "in_1", "payment", "2026-10-10", 100_000, "settled"),
        ("re_1", "in_1", "refund", "2026-11-01", -100_000, "settled"),
    ]
    assert balance(batches, "in_1") == 100_000


@pytest.mark.parametrize(
    ("status", "settlement"),
    [
        ("succeeded", "settled"),
        ("pending", "pending"),
        ("requires_action", "pending"),
        ("failed", "failed"),
        ("canceled", "failed"),
        ("a status of next year", "pending"),
    ],
)
def test_how_far_a_partial_refund_has_come(account: Standin, status: str, settlement: str) -> None:
    made.paid(account)
    made.refund(account, "re_1", "pi_in_1", 2_500, "2026-11-01 12:00", status)
    assert entries(pull())[1] == ("re_1", "in_1", "refund", "2026-11-01", -2_500, settlement)


@pytest.mark.parametrize(
    ("status", "settlement", "owed"),
    [
        ("needs_response", "disputed", 100_000),
        ("under_review", "disputed", 100_000),
        ("appeal_needs_response", "disputed", 100_000),
        ("appeal_under_review", "disputed", 100_000),
        ("a status of next year", "disputed", 100_000),
        ("lost", "settled", 100_000),
        ("won", "failed", 0),
        ("prevented", "failed", 0),
        ("warning_needs_response", "failed", 0),
        ("warning_under_review", "failed", 0),
        ("warning_closed", "failed", 0),
    ],
)
def test_disputed_money_is_gone_until_the_dispute_is_won(
    account: Standin, status: str, settlement: str, owed: int
) -> None:
    made.paid(account)
    made.dispute(account, "dp_1", "pi_in_1", 100_000, "2026-11-05 12:00", status)
    batches = pull()
    assert entries(batches)[0] == ("dp_1", "in_1", "dispute", "2026-11-05", -100_000, settlement)
    assert balance(batches, "in_1") == owed


def test_a_dispute_that_names_only_its_charge_finds_the_invoice(account: Standin) -> None:
    made.paid(account)
    made.dispute(account, "dp_1", "pi_in_1", 100_000, "2026-11-05 12:00", "lost", payment_intent=None)
    assert balance(pull(), "in_1") == 100_000
    account.expands = False
    assert balance(pull(), "in_1") == 100_000


def test_a_credit_note_before_payment_lowers_what_is_asked(account: Standin) -> None:
    made.invoice(account, amount_remaining=70_000, pre_payment_credit_notes_amount=30_000)
    made.credit_note(account, "cn_1", "in_1", before=30_000, when="2026-10-05 12:00")
    batches = pull()
    assert entries(batches) == [("cn_1", "in_1", "credit", "2026-10-05", 30_000, "settled")]
    assert balance(batches, "in_1") == 70_000


def test_a_void_credit_note_counts_for_nothing(account: Standin) -> None:
    made.invoice(account)
    made.credit_note(account, "cn_1", "in_1", before=30_000, when="2026-10-05 12:00", status="void")
    assert entries(pull()) == [("cn_1", "in_1", "credit", "2026-10-05", 30_000, "failed")]


def test_a_credit_note_after_payment_with_its_refund_leaves_the_invoice_settled(account: Standin) -> None:
    made.paid(account, post_payment_credit_notes_amount=20_000)
    made.refund(account, "re_1", "pi_in_1", 20_000, "2026-11-01 12:00")
    linked = [{"refund": "re_1", "amount_refunded": 20_000, "type": "refund"}]
    made.credit_note(account, "cn_1", "in_1", after=20_000, when="2026-11-01 12:00", refunds=linked)
    batches = pull()
    assert entries(batches)[0] == ("cn_1:post", "in_1", "credit", "2026-11-01", 20_000, "settled")
    assert entries(batches)[2] == ("re_1", "in_1", "refund", "2026-11-01", -20_000, "settled")
    assert len(entries(batches)) == 3
    assert balance(batches, "in_1") == 0


def test_a_credit_note_after_payment_that_went_to_the_balance_is_open_credit_once(account: Standin) -> None:
    made.customer(account, balance=-20_000)
    made.paid(account, post_payment_credit_notes_amount=20_000)
    made.credit_note(account, "cn_1", "in_1", after=20_000, when="2026-11-01 12:00")
    batches = pull()
    assert ("cn_1:back", "in_1", "refund", "2026-11-01", -20_000, "settled") in entries(batches)
    assert ("cus_1:balance", "", "credit", "2026-01-05", 20_000, "settled") in entries(batches)
    assert balance(batches, "in_1") == 0


def test_a_credit_note_of_both_kinds_counts_each_part_once(account: Standin) -> None:
    made.intent(account, "pi_1", 40_000, sent=at("2026-10-08 12:00"))
    made.attach(account, "inpay_1", "in_1", "pi_1", 40_000, paid=at("2026-10-08 12:00"))
    made.refund(account, "re_1", "pi_1", 10_000, "2026-10-09 12:00")
    made.invoice(
        account,
        status="paid",
        amount_paid=40_000,
        amount_remaining=0,
        pre_payment_credit_notes_amount=60_000,
        post_payment_credit_notes_amount=10_000,
        steps={"paid_at": at("2026-10-09 12:00")},
    )
    linked = [{"refund": "re_1", "amount_refunded": 10_000, "type": "refund"}]
    made.credit_note(account, "cn_1", "in_1", before=60_000, after=10_000, when="2026-10-09 12:00", refunds=linked)
    batches = pull()
    assert [row[0] for row in entries(batches)] == ["cn_1", "cn_1:post", "inpay_1", "re_1"]
    assert balance(batches, "in_1") == 0


def test_one_payment_of_two_invoices_is_refunded_from_both_in_proportion(account: Standin) -> None:
    made.intent(account, "pi_1", 10_000, sent=at("2026-10-08 12:00"))
    for key, amount in (("in_1", 6_666), ("in_2", 3_334)):
        made.attach(account, f"inpay_{key}", key, "pi_1", amount, paid=at("2026-10-08 12:00"))
        made.invoice(account, key, amount, "paid", amount_paid=amount, amount_remaining=0)
    made.refund(account, "re_1", "pi_1", 5_001, "2026-11-01 12:00")
    refunds = [row for row in entries(pull()) if row[2] == "refund"]
    assert refunds == [
        ("re_1:in_1", "in_1", "refund", "2026-11-01", -3_334, "settled"),
        ("re_1:in_2", "in_2", "refund", "2026-11-01", -1_667, "settled"),
    ]


def test_a_credit_note_says_which_of_two_invoices_a_refund_is_for(account: Standin) -> None:
    made.intent(account, "pi_1", 10_000, sent=at("2026-10-08 12:00"))
    for key in ("in_1", "in_2"):
        made.attach(account, f"inpay_{key}", key, "pi_1", 5_000, paid=at("2026-10-08 12:00"))
        made.invoice(account, key, 5_000, "paid", amount_paid=5_000, amount_remaining=0)
    made.refund(account, "re_1", "pi_1", 4_000, "2026-11-01 12:00")
    linked = [{"refund": "re_1", "amount_refunded": 4_000, "type": "refund"}]
    made.credit_note(account, "cn_1", "in_2", after=4_000, when="2026-11-01 12:00", refunds=linked)
    batches = pull()
    assert (balance(batches, "in_1"), balance(batches, "in_2")) == (0, 0)
    assert [row[1] for row in entries(batches) if row[2] == "refund"] == ["in_2"]


def test_a_refund_of_a_sale_without_an_invoice_is_left_out(account: Standin) -> None:
    made.paid(account)
    made.refund(account, "re_9", "pi_shop", 1_000, "2026-11-01 12:00", charge=None)
    assert balance(pull(), "in_1") == 0
    assert problems(pull()) == []


def test_a_refund_in_another_currency_than_its_invoice_is_a_problem(account: Standin) -> None:
    made.paid(account)
    made.refund(account, "re_1", "pi_in_1", 1_000, "2026-11-01 12:00", currency="eur")
    assert "re_1" in problems(pull())[0]
    assert "EUR" in problems(pull())[0]
    assert balance(pull(), "in_1") == 0


def test_credit_of_the_balance_counts_from_the_day_of_issue_and_the_rest_from_its_own(account: Standin) -> None:
    made.paid(account, total=75_000, when="2026-10-30 12:00")
    made.invoice(
        account,
        total=100_000,
        status="paid",
        amount_due=75_000,
        amount_paid=75_000,
        amount_remaining=0,
        starting_balance=-25_000,
        ending_balance=0,
        steps={"paid_at": at("2026-10-30 12:00")},
    )
    assert entries(pull()) == [
        ("in_1:balance", "in_1", "payment", "2026-10-01", 25_000, "settled"),
        ("inpay_in_1", "in_1", "payment", "2026-10-30", 75_000, "settled"),
    ]


def test_credit_of_the_balance_lowers_an_open_invoice_too(account: Standin) -> None:
    made.invoice(account, amount_due=75_000, amount_remaining=75_000, starting_balance=-25_000)
    assert entries(pull()) == [("in_1:balance", "in_1", "payment", "2026-10-01", 25_000, "settled")]


def test_an_open_invoice_of_which_less_remains_than_is_explained_gets_the_rest_on_the_day_of_issue(
    account: Standin,
) -> None:
    made.invoice(account, amount_remaining=60_000, amount_paid=40_000)
    assert entries(pull()) == [("in_1:rest", "in_1", "payment", "2026-10-01", 40_000, "settled")]


def test_an_old_debt_that_stripe_adds_to_an_invoice_is_no_part_of_it(account: Standin) -> None:
    made.invoice(account, amount_due=110_000, amount_remaining=110_000, starting_balance=10_000)
    assert balance(pull(), "in_1") == 100_000
    made.paid(account, total=110_000)
    made.invoice(
        account,
        status="paid",
        amount_paid=110_000,
        amount_remaining=0,
        starting_balance=10_000,
        steps={"paid_at": at("2026-10-10 12:00")},
    )
    assert balance(pull(), "in_1") == 0


def test_an_invoice_below_zero_is_settled_and_leaves_open_credit_with_the_client(account: Standin) -> None:
    made.customer(account, balance=-5_000)
    made.invoice(
        account,
        total=-5_000,
        status="paid",
        amount_remaining=0,
        ending_balance=-5_000,
        steps={"paid_at": at("2026-10-01 10:00")},
    )
    batches = pull()
    assert balance(batches, "in_1") == 0
    assert ("cus_1:balance", "", "credit", "2026-01-05", 5_000, "settled") in entries(batches)
