"""`contracts/*.toml`: one project each, with its client, milestones and phases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from graphlib import CycleError, TopologicalSorter
from typing import Any

from msgspec import Struct, field

from payflow.errors import nearest
from payflow.model.agreement import (
    Billing,
    Binding,
    Business,
    ClientKind,
    ClientTerms,
    Contract,
    Milestone,
    Phase,
    Policy,
)
from payflow.workspace import values
from payflow.workspace.document import Spot, Table
from payflow.workspace.settings import read_was


class ClientStated(Struct, frozen=True):
    """What one contract says of its client: only the keys that are written, so that contracts can be compared."""

    id: str = ""
    stated: Mapping[str, Any] = field(default_factory=dict)


class ContractFile(Struct, frozen=True):
    """A contract as read from its file; `contract.client` is filled in once all files are read."""

    contract: Contract
    client: ClientStated
    table: Table

    def spot(self, *path: str | int) -> Spot:
        """A place in the file."""
        return self.table.spot(*path)


class Setting(Struct, frozen=True):
    """What contracts are read against. `policies` None: they could not be read, so none is unknown."""

    business: Business
    policies: Mapping[str, Policy] | None
    today: date


def read_contract(top: Table, setting: Setting) -> ContractFile:
    """One contract; its own mistakes are noted, those between files later."""
    project = values.name(top, "project", '"acme-website"')
    was = read_was(top)
    currency = values.currency(top, "currency", setting.business.currency)
    milestones = _milestones(top, currency, setting)
    policy = _policy(top, setting)
    contract = Contract(
        project=project,
        key=was or project,
        name=top.text("name", project),
        signed=_signed(top, setting, policy),
        policy=policy,
        currency=currency,
        client=ClientTerms("", ""),
        milestones=milestones,
        phases=_phases(top, [milestone.id for milestone in milestones]),
        billing=Billing(top.word("billing", tuple(Billing), Billing.ARREARS)),
        covers_client=top.word("covers", ("client",), "") == "client",
        was=was,
    )
    client = _client(top, setting)
    if not any(top.data.get(key) for key in ("milestone", "phase")):
        top.wrong((), "the contract has neither milestones nor phases", "Add a [[milestone]] or a [[phase]].")
    top.finish()
    return ContractFile(contract, client, top)


def _signed(top: Table, setting: Setting, policy: str) -> date | None:
    signed = top.day("signed")
    if "signed" not in top:
        agreed = (setting.policies or {}).get(policy)
        printed = agreed is not None and agreed.binding is Binding.INVOICE
        # terms that stand on the invoices bind without a signature; the gate waits for it all the same
        idle = "" if printed else " and no fee or interest arises"
        remedy = f"Add signed = 2026-10-01 once it is; until then its phases stay shut{idle}."
        top.wrong((), "the contract is not signed", remedy, warning=True)
    elif signed is not None and signed > setting.today:
        found = f"the contract is signed on {signed}, which is still to come"
        top.wrong("signed", found, "Until that day it binds nobody; check the year.", warning=True)
    return signed


def _policy(top: Table, setting: Setting) -> str:
    policy = top.text("policy", setting.business.policy or "", example='"standard"')
    if not policy and "policy" not in top and setting.policies is not None:
        remedy = 'Add policy = "NAME" of a [policy.NAME] here, or to [business] for all contracts.'
        top.wrong((), "'policy' is missing", remedy)
    # a wrong policy of the business is told there, once
    _check_policy(top, policy, setting)
    return policy


def _check_policy(table: Table, policy: str, setting: Setting) -> None:
    if "policy" in table and policy and setting.policies is not None and policy not in setting.policies:
        table.wrong("policy", f"there is no policy {policy!r}", nearest(policy, tuple(setting.policies)))


def _milestones(top: Table, currency: str, setting: Setting) -> tuple[Milestone, ...]:
    found: list[Milestone] = []
    for table in top.tables("milestone"):
        milestone = Milestone(
            id=_id(table, "milestone", [item.id for item in found]),
            amount=values.amount(table, "amount", currency),
            name=table.text("name", ""),
            invoices=table.texts("invoices", '["INV-0012"]'),
            received=table.day("received"),
            delivered=table.day("delivered"),
            accepted=table.day("accepted"),
            policy=table.text("policy", ""),
        )
        _check_policy(table, milestone.policy, setting)
        table.finish()
        found.append(milestone)
    return tuple(found)


def _id(table: Table, kind: str, taken: Sequence[str]) -> str:
    found = values.name(table, "id", '"design"')
    if found and found in taken:
        table.wrong("id", f"two {kind}s are called {found!r}", f"Give each {kind} an id of its own.")
    return found


def _phases(top: Table, milestones: Sequence[str]) -> tuple[Phase, ...]:
    tables = list(top.tables("phase"))
    found: list[Phase] = []
    for table in tables:
        identity = _id(table, "phase", [item.id for item in found])
        needs = table.texts("needs", '["deposit"]')
        phase = Phase(
            id=identity,
            name=table.text("name", identity),
            needs=needs if "needs" in table else None,
            after=table.texts("after", '["design"]'),
        )
        _check_names(table, "needs", "milestone", milestones)
        table.finish()
        found.append(phase)
    names = [phase.id for phase in found]
    for table in tables:
        _check_names(table, "after", "phase", names)
    _check_cycles(found, tables)
    return tuple(found)


def _check_names(table: Table, key: str, kind: str, known: Sequence[str]) -> None:
    written = table.data.get(key)
    for place, name in enumerate(written if isinstance(written, list) else ()):
        if isinstance(name, str) and name.strip() and name.strip() not in known:
            table.wrong((key, place), f"there is no {kind} {name!r} in this contract", nearest(name, known))


def _check_cycles(phases: Sequence[Phase], tables: Sequence[Table]) -> None:
    """Note each circle of phases that wait for one another."""
    waits = {phase.id: set(phase.after) for phase in phases}
    rows = {phase.id: table for phase, table in zip(phases, tables, strict=True)}
    while True:
        try:
            TopologicalSorter(waits).prepare()
            return
        except CycleError as error:
            circle: list[str] = error.args[1]
        # each waits for the one before it; with that wish taken away, the next circle shows
        first, second = circle[:2]
        waits[second].discard(first)
        shown = " after ".join(repr(name) for name in reversed(circle))
        rows[second].wrong("after", f"the phases wait for one another: {shown}", "Take one of them out of `after`.")


def _client(top: Table, setting: Setting) -> ClientStated:
    table = top.table("client")
    if table is None:
        if "client" not in top:
            top.wrong((), "the section [client] is missing", 'Add [client] with id = "acme" and name = "Acme Ltd".')
        return ClientStated()
    identity = values.name(table, "id", '"acme"')
    found = {
        "name": table.text("name", ""),
        "match": table.texts("match", '["books:Acme Ltd"]'),
        "email": values.email(table, "email", ""),
        "cc": values.emails(table, "cc"),
        "language": values.language(table, "language", "en"),
        "timezone": values.zone(table, "timezone", setting.business.timezone),
        "kind": ClientKind(table.word("kind", tuple(ClientKind), ClientKind.BUSINESS)),
        "country": values.country(table, "country", setting.business.country),
    }
    table.finish()
    return ClientStated(identity, {key: value for key, value in found.items() if key in table})
