"""The part of a decision that concerns one project."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from payflow.errors import UnknownName
from payflow.model.decision import Decision, Totals
from payflow.model.facts import Role
from payflow.model.invoice_view import InvoiceView
from payflow.model.verdict import ProjectView, Verdict


def project_of(decision: Decision, name: str) -> ProjectView:
    """The project of that name; `UnknownName` where no contract has it."""
    for project in decision.projects:
        if name in (project.project, project.key):
            return project
    raise UnknownName("project", name, [project.project for project in decision.projects])


def phase_of(decision: Decision, project: str, phase: str) -> Verdict:
    """The verdict on a phase of a project; `UnknownName` where there is none."""
    view = project_of(decision, project)
    for verdict in view.phases:
        if phase in (verdict.phase, verdict.name):
            return verdict
    raise UnknownName(f"phase of {view.project}", phase, [verdict.phase for verdict in view.phases])


def of_project(decision: Decision, name: str) -> Decision:
    """The decision with this project and its invoices only; their totals are added up afresh.

    What needs a person and how fresh the sources are stays whole: it bears on every project.
    """
    project = project_of(decision, name)
    invoices = [view for view in decision.invoices if view.project == project.project]
    return replace(decision, projects=[project], invoices=invoices, totals=_totals(invoices))


def _totals(invoices: Sequence[InvoiceView]) -> list[Totals]:
    by_currency: dict[str, list[InvoiceView]] = defaultdict(list)
    for view in invoices:
        if view.role is Role.PRINCIPAL:
            by_currency[view.currency].append(view)
    return [
        Totals(
            currency,
            sum(view.outstanding for view in views),
            sum(view.overdue for view in views),
            sum(view.fees for view in views),
            sum(view.interest for view in views),
        )
        for currency, views in sorted(by_currency.items())
    ]
