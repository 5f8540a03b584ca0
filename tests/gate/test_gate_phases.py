"""Verdicts on phases: what each needs, what waits for what, waivers, and what a project shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest
from msgspec.structs import replace

from gate.website import CONTRACT, DESIGN, PAID, TODAY
from invoice_views import invoice_view
from payflow.gate import judge, milestone_reasons
from payflow.model.agreement import Billing, Contract, Milestone, Phase
from payflow.model.facts import State
from payflow.model.invoice_view import Flag, InvoiceView
from payflow.model.journal import Memory, Waiver
from payflow.model.verdict import ProjectView, Reason, ReasonCode
from policy.books import contract_of

DEPOSIT_PAID = invoice_view(id=12, number="INV-0012", milestone="deposit", total=300_000, **{**PAID, "paid": 300_000})


DESIGN_UNPAID = invoice_view()


UNPAID = {"deposit": [DEPOSIT_PAID], "design": [DESIGN_UNPAID]}


def judged(
    contract: Contract | None = None,
    invoices: Mapping[str, Sequence[InvoiceView]] = UNPAID,
    memory: Memory | None = None,
    as_of: date = TODAY,
) -> ProjectView:
    return judge(contract or contract_of(), invoices, memory or Memory(), as_of)


def words(found: ProjectView) -> list[str]:
    return [phase.word for phase in found.phases]


@pytest.mark.parametrize(
    ("billing", "needs", "verdicts"),
    [
        (Billing.ARREARS, (None, None, None), ["open", "open", "blocked"]),
        (Billing.ADVANCE, (None, None, None), ["open", "blocked", "blocked"]),
        # once a phase says what it needs, each means only what it says
        (Billing.ADVANCE, (None, ("deposit",), None), ["open", "open", "open"]),
        (Billing.ARREARS, (("design",), None, ("deposit", "design")), ["blocked", "open", "blocked"]),
        (Billing.ARREARS, ((), (), ()), ["open", "open", "open"]),
    ],
)
def test_what_a_phase_needs(billing: Billing, needs: tuple[tuple[str, ...] | None, ...], verdicts: list[str]) -> None:
    phases = tuple(replace(phase, needs=need) for phase, need in zip(contract_of().phases, needs, strict=True))
    assert words(judged(contract_of(billing=billing, phases=phases))) == verdicts


def test_more_phases_than_milestones_need_every_milestone() -> None:
    phases = tuple(Phase(f"p{number}", f"P{number}") for number in range(5))
    assert words(judged(contract_of(phases=phases))) == ["open", "open", "blocked", "blocked", "blocked"]


@pytest.mark.parametrize(
    ("signed", "text"),
    [
        (None, "the contract is not signed"),
        (date(2026, 11, 22), "the contract is only signed on 2026-11-22"),
    ],
)
def test_nothing_is_open_before_the_contract_is_signed(signed: date | None, text: str) -> None:
    found = judged(contract_of(signed=signed))
    assert words(found) == ["blocked", "blocked", "blocked"]
    for phase in found.phases:
        assert phase.reasons[0] == Reason(
            ReasonCode.UNSIGNED, text, "write signed = YYYY-MM-DD into the contract acme-website"
        )


def test_the_day_of_the_signature_counts() -> None:
    assert judged(contract_of(signed=TODAY)).phases[0].open


def test_a_phase_waits_for_the_phases_before_it_to_be_finished() -> None:
    phases = (Phase("brief", "The brief", ()), Phase("design", "Design", (), after=("brief",)))
    contract = contract_of(phases=phases)
    (reason,) = judged(contract).phases[1].reasons
    assert reason == Reason(
        ReasonCode.PHASE_UNFINISHED, "The brief is not finished", "payflow phase finish acme-website brief"
    )
    finished = Memory(finished={("acme-website", "brief"): date(2026, 11, 1)})
    assert words(judged(contract, memory=finished)) == ["open", "open"]
    elsewhere = Memory(finished={("another", "brief"): date(2026, 11, 1)})
    assert words(judged(contract, memory=elsewhere)) == ["open", "blocked"]


def waiver(
    until: date, since: date = date(2026, 11, 10), phase: str = "build", project: str = "acme-website"
) -> Waiver:
    return Waiver(project, phase, since, until, "they are good for it", "sam")


@pytest.mark.parametrize(
    ("waived", "word"),
    [
        ([], "blocked"),
        ([waiver(TODAY)], "open"),
        ([waiver(date(2026, 11, 20))], "blocked"),
        ([waiver(date(2026, 12, 1), since=TODAY)], "open"),
        ([waiver(date(2026, 12, 1), since=date(2026, 11, 22))], "blocked"),
        ([waiver(date(2026, 12, 1), phase="design")], "blocked"),
        ([waiver(date(2026, 12, 1), project="another")], "blocked"),
        ([waiver(date(2026, 11, 12)), waiver(date(2026, 11, 25)), waiver(date(2026, 11, 11))], "open"),
    ],
)
def test_a_waiver_opens_one_phase_through_its_last_day(waived: list[Waiver], word: str) -> None:
    found = judged(memory=Memory(waivers=waived)).phases[2]
    assert found.word == word
    assert [reason.code for reason in found.reasons] == [ReasonCode.UNPAID]


def test_a_waiver_that_is_not_needed_is_not_shown() -> None:
    found = judged(memory=Memory(waivers=[waiver(TODAY, phase="design")])).phases[1]
    assert (found.word, found.waiver) == ("open", None)


def test_a_started_phase_whose_payment_went_back_is_blocked_again() -> None:
    memory = Memory(started={("acme-website", "build"): date(2026, 11, 15)})
    paid = {**UNPAID, "design": [invoice_view(**PAID)]}
    assert judged(invoices=paid, memory=memory).phases[2].word == "open"
    back = {**UNPAID, "design": [invoice_view(flags=frozenset({Flag.REFUNDED}))]}
    found = judged(invoices=back, memory=memory).phases[2]
    assert (found.word, found.started) == ("blocked", date(2026, 11, 15))
    assert found.reasons[0].code is ReasonCode.REFUNDED


def test_a_project_shows_what_was_billed_and_paid_per_milestone() -> None:
    part = invoice_view(paid=100_000, credited=50_000, outstanding=250_000)
    found = judged(
        invoices={"deposit": [DEPOSIT_PAID], "design": [part, invoice_view(state=State.VOID, outstanding=0)]}
    )
    shown = [(one.id, one.amount, one.billed, one.paid, one.is_paid) for one in found.milestones]
    assert shown == [("deposit", 300_000, 300_000, 300_000, True), ("design", 400_000, 400_000, 100_000, False)]


def test_a_finished_phase_keeps_its_days() -> None:
    place = ("acme-website", "brief")
    memory = Memory(started={place: date(2026, 10, 2)}, finished={place: date(2026, 10, 9)})
    found = judged(memory=memory).phases[0]
    assert (found.started, found.finished) == (date(2026, 10, 2), date(2026, 10, 9))


def test_a_project_says_whose_it_is_and_names_its_milestones_and_invoices() -> None:
    void = invoice_view(number="INV-0014", state=State.VOID, outstanding=0)
    unnamed = contract_of(milestones=(Milestone("deposit", 300_000), DESIGN))
    found = judged(unnamed, {"design": [invoice_view(), void]})
    assert (found.client, found.client_name, found.currency) == ("acme", "Acme Ltd", "GBP")
    assert (found.project, found.key, found.name) == ("acme-website", "acme-website", "Acme website")
    assert [(one.name, one.invoices) for one in found.milestones] == [
        ("deposit", ()),
        ("Design", ("INV-0013", "INV-0014")),
    ]
    assert [(one.project, one.phase, one.name) for one in found.phases] == [
        ("acme-website", "brief", "Brief"),
        ("acme-website", "design", "Design"),
        ("acme-website", "build", "Build"),
    ]


def test_a_milestone_without_invoices_is_shown_and_not_paid() -> None:
    found = judged(invoices={})
    assert [(one.billed, one.paid, one.is_paid, one.invoices) for one in found.milestones] == [(0, 0, False, ())] * 2


def test_charges_block_nothing_unless_it_is_asked_and_then_the_phases_too() -> None:
    owing = {"deposit": [DEPOSIT_PAID], "design": [invoice_view(**PAID, fees=2_500, fees_owed=2_500)]}
    assert words(judged(invoices=owing)) == ["open", "open", "open"]
    blocked = judge(contract_of(), owing, Memory(), TODAY, charges_block=True)
    assert words(blocked) == ["open", "open", "blocked"]
    assert milestone_reasons(CONTRACT, DESIGN, owing["design"]) == []


def test_of_several_waivers_the_one_that_holds_longest_is_shown() -> None:
    waivers = [waiver(date(2026, 11, 25)), waiver(date(2026, 12, 24), since=date(2026, 11, 9)), waiver(TODAY)]
    found = judged(memory=Memory(waivers=waivers)).phases[2].waiver
    assert found is not None
    assert found.until == date(2026, 12, 24)


def test_money_beyond_what_is_asked_is_never_shown_as_less_than_nothing() -> None:
    over = invoice_view(credited=400_000, outstanding=1, state=State.OPEN)
    (_, design) = judged(invoices={"design": [over]}).milestones
    assert design.paid == 0
