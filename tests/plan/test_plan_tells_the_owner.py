"""The plan: what the owner is told, and which work an invoice blocks."""

from __future__ import annotations

from collections.abc import Sequence

from invoice_views import invoice_view
from payflow.gate import judge
from payflow.model.acts import Need, Plan
from payflow.model.agreement import Milestone
from payflow.model.facts import State
from payflow.model.journal import Memory, Waiver
from payflow.model.verdict import ProjectView
from payflow.plan import blocked_by, plan, verdicts
from plan.nights import STORE, on
from policy.books import contract_of

NO_MEMORY = Memory()
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
