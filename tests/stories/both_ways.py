"""Each decision of a run made both ways: about what may have changed alone, and about everything; they must not differ."""

from __future__ import annotations

import pytest
from msgspec import Struct, field

from payflow.decide import Ground, ground, stood_on, tonight
from payflow.plan import told_by


class Both(Struct):
    """How many invoices each decision that was made partly looked at, and how many there were."""

    looked_at: list[tuple[int, int]] = field(default_factory=list)


def decide_both_ways(monkeypatch: pytest.MonkeyPatch) -> Both:
    """Let even the smallest books rest, and compare whatever a run decides with what follows from looking at everything."""
    both, partly = Both(), tonight.Tonight.ground
    compared: list[Ground] = []

    def decided(self: tonight.Tonight) -> Ground:
        found = partly(self)
        if found.decision.partly and not (compared and compared[-1] is found):
            whole = ground(self._store, self._workspace, self._as_of, self._now)
            assert_same(found, whole)
            compared[:] = [found]
            both.looked_at.append((len(found.cases), len(whole.cases)))
        return found

    monkeypatch.setattr(tonight, "LEAST", 0)
    monkeypatch.setattr(tonight.Tonight, "ground", decided)
    return both


def assert_same(found: Ground, whole: Ground) -> None:
    """Acts, verdicts, needs and whatever else a run goes by are the same."""
    ours, theirs = found.decision, whole.decision
    seen = {view.id: view for view in theirs.invoices}
    assert [view for view in ours.invoices if view != seen.get(view.id)] == []
    assert ours.projects == theirs.projects
    assert ours.needs == theirs.needs
    assert ours.plan.messages == theirs.plan.messages
    assert ours.plan.takebacks == theirs.plan.takebacks
    assert (ours.plan.changes, ours.plan.news) == (theirs.plan.changes, theirs.plan.news)
    assert ours.plan.baseline == theirs.plan.baseline
    assert (ours.live, ours.live_from, ours.not_live_because) == (
        theirs.live,
        theirs.live_from,
        theirs.not_live_because,
    )
    assert (ours.sources, ours.bank) == (theirs.sources, theirs.bank)
    assert told_by(ours) == told_by(theirs)
    assert stood_on.facts(found) == stood_on.facts(whole)
    assert stood_on.basis(found) == stood_on.basis(whole)
    assert (found.agreed.is_new, found.agreed.problems) == (whole.agreed.is_new, whole.agreed.problems)
    assert found.stamp == whole.stamp
