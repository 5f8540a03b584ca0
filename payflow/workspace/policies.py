"""`[policy.NAME]` and its ladder `[[policy.NAME.step]]`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from payflow.errors import nearest
from payflow.model.agreement import Binding, DueRule, Policy, Step
from payflow.policy.interest_reading import read_allocation, read_interest
from payflow.policy.late_fee_reading import read_late_fee
from payflow.workspace import values
from payflow.workspace.charges import check_stack, read_bill, read_compensation
from payflow.workspace.document import Table
from payflow.workspace.said import Said
from payflow.workspace.settings import read_was
from payflow.workspace.terms import NO_TERMS, read_instalments, read_terms

#: templates around and beside the sections that steps name
_FRAMES = frozenset(("message", "subject", "correction", "owner", "owner-subject"))
#: days of a step, either side of the due date
_FARTHEST = 3650


class PolicyReader(Struct, frozen=True, dict=True):
    """Reads the policies of a workspace; `currency` is the business's, `root` where `templates/` may lie."""

    currency: str
    root: Path

    def read(self, top: Table) -> dict[str, Policy]:
        """Every policy by name."""
        section = top.table("policy")
        if section is None:
            return {}
        policies: dict[str, Policy] = {}
        for name in section.data:
            values.check_name(section, name, name)
            table = section.table(name)
            if table is not None:
                policies[name] = self._policy(name, table)
        return policies

    def _policy(self, name: str, table: Table) -> Policy:
        reader = Said(table)
        instalments = read_instalments(table, self.currency)
        policy = Policy(
            name=name,
            terms=instalments[-1].terms
            if instalments
            else read_terms(table)
            if "instalments" not in table
            else NO_TERMS,
            grace=table.whole("grace", 0, 0, _FARTHEST),
            spacing=table.whole("spacing", 2, 0, _FARTHEST),
            binding=Binding(table.word("binding", tuple(Binding), Binding.SIGNATURE)),
            due=DueRule(table.word("due", tuple(DueRule), DueRule.LATER)),
            late_fee=read_late_fee(reader, self.currency, steps=True),
            interest=read_interest(reader, self.currency, billed=True),
            gate_charges=_gate_charges(table),
            tolerance=values.amounts(table, "tolerance", self.currency),
            compensation=read_compensation(table, self.currency),
            bill=read_bill(table),
            allocation=read_allocation(reader),
            instalments=instalments,
        )
        table.asked += reader.asked
        check_stack(table, policy.compensation)
        ladder = tuple(self._steps(table, policy))
        if not any(step.fee for step in ladder) and not _says_fee(table):
            for key, what in (("late_fee", policy.late_fee), ("compensation", policy.compensation)):
                if what is not None:
                    found = f"the {key.replace('_', ' ')} is never claimed, because no step says fee = true"
                    table.wrong(key, found, "Add fee = true to the step whose e-mail claims it.", warning=True)
        table.finish()
        return replace(policy, ladder=ladder)

    def _steps(self, table: Table, policy: Policy) -> list[Step]:
        """The ladder, checked as a whole: names, order, days, and that fees are announced."""
        ladder: list[Step] = []
        fee = table.data.get("late_fee")
        every = fee.get("every") if isinstance(fee, Mapping) else None
        claims = "late_fee" in table or policy.compensation is not None
        for item in table.tables("step"):
            step = self._step(item)
            self._check_step(item, step, ladder, policy, has_fee=claims, every=every)
            ladder.append(step)
        return ladder

    def _step(self, table: Table) -> Step:
        name, was = values.name(table, "name", '"reminder"'), read_was(table)
        step = Step(
            name=name,
            key=was or name,
            day=table.whole("day", None, -_FARTHEST, _FARTHEST, "days after the due date, negative before it"),
            email=table.text("email", example='"reminder"'),
            fee=table.flag("fee", False),
            was=was,
        )
        if step.email and step.email not in self.templates:
            remedy = f"{nearest(step.email, self.templates)} Or write templates/en/{step.email}.txt of your own."
            table.wrong("email", f"there is no e-mail template {step.email!r}", remedy)
        table.finish()
        return step

    def _check_step(
        self, table: Table, step: Step, earlier: list[Step], policy: Policy, *, has_fee: bool, every: Any
    ) -> None:
        for other in earlier:
            if step.name and other.name == step.name:
                table.wrong("name", f"two steps are called {step.name!r}", "Give each step a name of its own.")
        if earlier and isinstance(table.data.get("day"), int):
            self._check_order(table, step, earlier[-1])
        if not step.fee:
            return
        if not has_fee:
            remedy = 'Add late_fee = { amount = "25.00" } to the policy, or leave fee out.'
            table.wrong("fee", "the step claims a fee, but the policy has no late_fee", remedy)
        if not earlier:
            remedy = "Put a step before it: a fee is claimed only after an earlier notice that named it."
            table.wrong("fee", "the first step cannot claim a fee, because nothing announced it", remedy)
        grace = max(policy.grace, policy.late_fee.grace if policy.late_fee else 0)
        if isinstance(table.data.get("day"), int) and step.day <= grace:
            found = f"the fee would be claimed on day {step.day}, within the {grace} days of grace"
            table.wrong("day", found, f"Write a day after the grace: {grace + 1} or later.")
        self._check_once(table, earlier, policy, every=every)

    def _check_once(self, table: Table, earlier: list[Step], policy: Policy, *, every: Any) -> None:
        """Note a second step that claims a fee which one step alone carries."""
        first = next((one.name for one in earlier if one.fee), None)
        if first is None or policy.late_fee is None:
            return
        if policy.late_fee.repeats:
            remedy = f"Leave fee out here: after {first!r} the notice comes again with each period."
            table.wrong("fee", f"the fee comes again by itself, with the step {first!r}", remedy)
        elif every == "once":
            table.wrong("fee", f"the fee is claimed once, by {first!r}", 'Leave fee out here, or write every = "step".')

    def _check_order(self, table: Table, step: Step, last: Step) -> None:
        if step.day == last.day:
            table.wrong("day", f"{last.name!r} is on day {step.day} as well", "Give each step a day of its own.")
        elif step.day < last.day:
            found = f"day {step.day} comes before day {last.day} of {last.name!r}, the step above"
            table.wrong("day", found, "Write the steps in the order of their days.")

    @cached_property
    def templates(self) -> tuple[str, ...]:
        """Names of the e-mails that a step may send: ours and those in the user's `templates/`."""
        own = {path.stem for path in (self.root / "templates").glob("*/*.txt")}
        names = own.union(_our_templates())
        return tuple(sorted(name for name in names if name not in _FRAMES and not name.startswith("_")))


def _says_fee(table: Table) -> bool:
    """Whether a step has a wrong `fee`, which is told already."""
    steps = table.data.get("step")
    items = steps if isinstance(steps, list) else ()
    return any(isinstance(item, Mapping) and item.get("fee") not in (None, False) for item in items)


def _our_templates() -> Collection[str]:
    import payflow_templates

    return [path.stem for folder in payflow_templates.__path__ for path in Path(folder, "en").glob("*.txt")]


def _gate_charges(table: Table) -> bool:
    gate = table.table("gate")
    if gate is None:
        return False
    charges = gate.flag("charges", False)
    gate.finish()
    return charges
