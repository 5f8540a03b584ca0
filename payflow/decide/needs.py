"""What needs a person, with the command or the deed that settles it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date

import numpy as np
from msgspec import Struct

from payflow.charging import Case, charges_left, fixed_sum, interest_left, is_among, of_part, once_ref
from payflow.decide.facts import Facts, GivenUp
from payflow.decide.freshness import says_state
from payflow.decide.in_instalments import accrued_in_parts
from payflow.decide.known import Known
from payflow.decide.setting import Setting
from payflow.errors import Problem
from payflow.model.acts import Need
from payflow.model.decision import SourceView
from payflow.model.facts import State
from payflow.model.invoice_view import Flag
from payflow.model.journal import ChargeState
from payflow.money import show
from payflow.policy import fees
from payflow.policy.claims import Claimed
from payflow.policy.ladder import announcement_of
from payflow.policy.rates import OutOfTable
from payflow.policy.rows import rated_claim
from payflow.policy.statutes import STATUTES, compensation_note


class Unrated(Struct, frozen=True):
    """Invoices that bear interest by a statute of which no table holds the rate: their rows and numbers, and what is missing."""

    statute: str
    invoices: tuple[tuple[int, str], ...]
    said: str


def needs(
    known: Known,
    of_invoices: Iterable[Need],
    unrated: Iterable[Unrated],
    claimed: Claimed,
    sources: Sequence[SourceView],
    renames: Sequence[Problem],
) -> list[Need]:
    """Everything that waits for a person, the most pressing first. `renames` are names that vanished without `was`."""
    return [
        *(
            Need("rename", f"rename:{problem.found}", f"{problem.where}: {problem.found}", problem.remedy)
            for problem in renames
        ),
        *_messages(known.facts),
        *_rates(unrated),
        *_given_up(known.facts),
        *_unposted(known.facts),
        *_sources(sources, frozenset(known.source_names.values())),
        *_lines(known),
        *of_invoices,
        *(
            Need(doubt.code, f"{doubt.code}:{doubt.invoice}", doubt.text, "Correct the contract.")
            for doubt in claimed.doubts
        ),
        *(
            Need(
                "contract-gone",
                f"contract-gone:{key}",
                f"the contract of {contract.project} is gone; its invoices keep the terms they were issued under",
                "Put the file back, or stop the chasing with payflow hold.",
            )
            for key, contract in claimed.retired.items()
        ),
    ]


def of_invoice(setting: Setting, row: int, case: Case) -> tuple[Need, ...]:
    """What a person is needed for about one invoice."""
    return tuple(_of_invoice(setting, case, silent=not says_state(setting.facts.invoices[row])))


def unrated(setting: Setting) -> Iterator[Unrated]:
    """Statutes whose rate on some day no table holds: without it nothing is charged."""
    missing = [index for index in np.flatnonzero(setting.assessment.unrated).tolist() if setting.bears[index]]
    by_statute: dict[str, list[int]] = {}
    for index in missing:
        policy = setting.governed[index].policy
        if policy is not None and policy.interest is not None:
            by_statute.setdefault(policy.interest.statute, []).append(index)
    for statute, indices in by_statute.items():
        policy = setting.governed[indices[0]].policy
        assert policy is not None
        due_on = int(setting.assessment.due_on[indices[0]])
        parts = setting.assessment.parts
        try:
            if parts is not None and indices[0] in parts.of:
                accrued_in_parts(parts, indices[0], policy, setting.as_of, setting.rates)
            else:
                rated_claim(setting.book, indices[0], policy, due_on, setting.as_of, setting.rates)
        except OutOfTable as error:
            invoices = tuple((index, setting.facts.invoices[index].number) for index in indices)
            yield Unrated(statute, invoices, str(error))


def _rates(unrated: Iterable[Unrated]) -> Iterable[Need]:
    """One need for each statute, said of its first invoice."""
    by_statute: dict[str, list[Unrated]] = {}
    for one in sorted(unrated, key=lambda one: one.invoices[0]):
        by_statute.setdefault(one.statute, []).append(one)
    for statute, several in by_statute.items():
        said, _, remedy = several[0].said.partition(" Add the rate with ")
        numbers = [number for _, number in sorted(invoice for one in several for invoice in one.invoices)]
        more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
        text = f"no interest is worked out for {', '.join(numbers[:3])}{more} (statute {statute}): {said}"
        yield Need("rates-missing", f"rates-missing:{statute}", text, remedy or "payflow rates")


def about_message(key: str) -> str:
    """The key of the need that a message calls for which did not arrive for certain."""
    return f"message:{key}"


def _messages(facts: Facts) -> Iterable[Need]:
    for message in facts.undelivered:
        key, who = message.key, message.client or "you"
        if message.state == "failed":
            text = f"the message {key} to {who} was refused: {message.detail}"
            remedy = f"Correct the address, then payflow outbox retry {key}."
        else:
            text = f"nobody knows whether the message {key} to {who} arrived: {message.detail}"
            remedy = f"Ask, then payflow outbox resolve {key} --sent or --not-sent."
        yield Need(f"message-{message.state}", about_message(key), text, remedy)


def about_hook(name: str) -> str:
    """The key of the need that a hook calls for which was given up."""
    return f"hook-failed:{name}"


def _given_up(facts: Facts) -> Iterable[Need]:
    hooks: dict[str, list[GivenUp]] = {}
    for one in facts.given_up:
        if one.kind == "hook":
            hooks.setdefault(one.target, []).append(one)
    for name, several in hooks.items():
        text = (
            f"the hook {name} did not take {len(several)} event{'s' if len(several) > 1 else ''}: {several[-1].detail}"
        )
        yield Need(
            "hook-failed", about_hook(name), text, f"Correct it, then payflow outbox retry {several[0].key[:12]}."
        )


def _unposted(facts: Facts) -> Iterable[Need]:
    for one in facts.given_up:
        if one.kind == "charge":
            text = f"{one.target} refused the charge of effect {one.key}: {one.detail}"
            yield Need("charge-not-posted", f"charge-not-posted:{one.key}", text, f"payflow outbox retry {one.key}")


def _sources(sources: Sequence[SourceView], configured: Collection[str]) -> Iterable[Need]:
    for source in sources:
        name = source.source
        # what was read by hand stands in no [[source]], so that a sync would not read it again
        remedy = "payflow sync" if name in configured else "payflow import FILE"
        if source.problem:
            yield Need("source-failed", f"source-failed:{name}", f"{name}: {source.problem}", remedy)
        elif source.stale and source.synced_at is not None:
            text = f"{name} was last read as of {source.synced_at.date()}; what it lists is not chased"
            yield Need("source-stale", f"source-stale:{name}:{source.synced_at.date()}", text, remedy)


def _lines(known: Known) -> Iterable[Need]:
    waiting = known.bank.matched.suggested
    if waiting:
        last = max(waiting, key=lambda one: (one.line.on, one.line.id))
        text = f"{len(waiting)} bank lines wait for you" if len(waiting) > 1 else "a bank line waits for you"
        yield Need(
            "bank-lines",
            f"bank-lines:{last.line.id}",
            f"{text} to say what {'they pay' if len(waiting) > 1 else 'it pays'}",
            "payflow match",
        )


def _of_invoice(setting: Setting, case: Case, *, silent: bool) -> Iterable[Need]:
    """`silent` says that no report told the state."""
    view = case.view

    def need(code: str, text: str, remedy: str) -> Need:
        return Need(code, f"{code}:{view.id}", text, remedy)

    if not case.own_debt:
        return
    if view.state is State.UNKNOWN:
        text = f"{view.number} ({view.client_name}) is missing from a later reading of {view.source}"
        if silent:
            text = f"{view.number} ({view.client_name}): no reading of {view.source} says what is open of it"
        yield need("invoice-unknown", text, f"payflow confirm {view.number} --paid, --open or --void")
    if Flag.AMBIGUOUS in view.flags:
        text = f"{view.number}: {setting.standing.doubtful.get(view.id, 'it may be another debt')}"
        yield need("invoice-ambiguous", text, f"payflow link {view.number}")
    if view.state is State.DISPUTED:
        yield need(
            "invoice-disputed",
            f"{view.number}: the client disputes a payment",
            "Answer the dispute; no notice goes out.",
        )
    if Flag.REFUNDED in view.flags and view.id not in setting.memory.chased:
        text = f"{view.number}: {show(view.outstanding, view.currency)} was paid back, and is not chased by itself"
        yield need("invoice-refunded", text, f"payflow chase {view.number} if it is owed; else credit it in the books")
    if case.next.on == setting.as_of and view.client not in setting.reachable:
        text = f"{view.client_name} has no e-mail address, so no notice about {view.number} can go out"
        remedy = 'Add it in the books, or write email = "..." under [client] of a contract with them.'
        yield need("no-address", text, remedy)
    yield from _of_charges(case, need, setting.as_of, setting.store_id)


def _left(case: Case, need: Callable[[str, str, str], Need], as_of: date, store: str) -> Iterable[Need]:
    """What a client who paid the principal alone left unpaid: to claim it or to waive it is for a person to say."""
    view, policy = case.view, case.policy
    for charge in charges_left(case):
        if charge.ref not in case.wanted:
            text = f"{view.number} was paid, but not the {charge.kind} {charge.ref} of {show(charge.standing, charge.currency)}"
            remedy = f"payflow charge claim {charge.ref}, or charge waive, or charge settle if it came."
            yield need("charges-left", text, remedy)._replace(key=f"charges-left:{charge.ref}")
    if policy is None or policy.interest is None or policy.bill is not None or not case.own_debt:
        return
    left = interest_left(case, as_of)
    if left and not is_among(ref := once_ref(case, store), case.wanted | case.forgone):
        text = f"{view.number} was paid, and {show(left, view.currency)} of interest had arisen by then"
        yield need("interest-left", text, f"payflow charge claim {ref}, or payflow charge waive {ref}.")


def _of_charges(case: Case, need: Callable[[str, str, str], Need], as_of: date, store: str) -> Iterable[Need]:
    view, step = case.view, case.next.step
    for charge in case.charges:
        if charge.state is ChargeState.SETTLED and view.state in (State.VOID, State.CREDITED):
            amount = show(charge.standing, charge.currency)
            text = f"the charge {charge.ref} of {amount} was settled, but {view.number} is {view.state.word}"
            yield need("charge-unjustified", text, "Pay it back.")
    yield from _left(case, need, as_of, store)
    due = step is not None and step.fee and case.next.on == as_of
    fixed = case.policy.compensation if case.policy is not None else None
    if (
        due
        and case.policy
        and fixed
        and fixed.statute
        and case.compensates
        and not fixed_sum(case.policy, view.currency)
    ):
        why = compensation_note(STATUTES[fixed.statute], view.total, view.currency)
        text = f"{view.number}: no compensation is claimed. {why.rstrip('.')}"
        remedy = f'Write what was agreed in {view.currency}, compensation = {{ {view.currency} = "40.00" }}, or leave it out.'
        yield need("compensation-currency", text, remedy)
    if due and step is not None and case.policy is not None and case.policy.late_fee is not None and case.binds:
        if announcement_of(step, of_part(case, case.next.instalment).notices) is None:
            text = f"{view.number}: no fee goes with {step.name}, since no earlier notice named it"
            yield need("fee-not-announced", text, "Nothing; the notice goes out without a fee.")
        elif not fees.exists(case.policy.late_fee, view.currency):
            text = f"{view.number}: the late fee of policy {case.policy.name} has no amount in {view.currency}"
            yield need("fee-currency", text, f'Write late_fee = {{ amount = {{ {view.currency} = "..." }} }}.')
