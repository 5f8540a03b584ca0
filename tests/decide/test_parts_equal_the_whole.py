"""However invoices are cut into parts by client, they give the decision that the whole gives."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decide.random_books import Books, books, decided, workspace
from payflow.decide.explained import explanation
from payflow.decide.known import Known, cut, part_of
from payflow.decide.packing import pack, unpack, work_out_packed
from payflow.decide.parts import Found, assessed, work_out
from payflow.model.agreement import Workspace
from payflow.report.as_json import plan as plan_json
from payflow.report.as_json import status


class Parts:
    """Cuts into so many parts and works them out in this process: as they are, or as bytes."""

    def __init__(self, count: int, *, packed: bool) -> None:
        self.count, self.packed = count, packed

    def parts(self, rows: int) -> int:
        return self.count

    def work_out(self, parts: Sequence[Known]) -> Iterable[Found]:
        if not self.packed:
            return [work_out(part) for part in parts]
        return [unpack(work_out_packed(pack(part))) for part in parts]


@pytest.fixture(scope="module")
def agreement(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return workspace(tmp_path_factory.mktemp("parts") / "studio")


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(facts=books(), count=st.integers(1, 6), packed=st.booleans())
def test_parts_give_the_decision_of_the_whole(agreement: Workspace, facts: Books, count: int, packed: bool) -> None:
    whole, parts = decided(facts, agreement), decided(facts, agreement, Parts(count, packed=packed))
    assert parts.decision == whole.decision
    assert json.dumps(status(parts.decision)) == json.dumps(status(whole.decision))
    assert json.dumps(plan_json(parts.decision)) == json.dumps(plan_json(whole.decision))
    assert parts.setting.bank == whole.setting.bank


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(facts=books(), count=st.integers(1, 6))
def test_a_client_is_in_one_part_and_every_row_once(agreement: Workspace, facts: Books, count: int) -> None:
    known = decided(facts, agreement).setting
    parts = cut(known, count)
    assert sorted(row for part in parts for row in part.rows) == list(range(len(known.governed)))
    assert len(parts) <= count
    clients = [{item.client for item in part.known.governed} for part in parts]
    assert sum(len(one) for one in clients) == len(set().union(*clients))


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(facts=books(), at=st.integers(0, 14))
def test_an_invoice_is_explained_from_its_own_client_as_from_the_whole(
    agreement: Workspace, facts: Books, at: int
) -> None:
    found = decided(facts, agreement)
    if at >= len(found.cases):
        return
    case, projects = found.cases[at], found.decision.projects
    own = assessed(part_of(found.setting, at).known)
    assert explanation(case, own, projects) == explanation(case, assessed(found.setting), projects)
