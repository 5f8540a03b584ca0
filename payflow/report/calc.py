"""One late claim worked out: as a statement that can be pasted into a letter, and as JSON (`payflow.calc/1`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from payflow.money import decimal, show
from payflow.policy.accrual import Accrual, Claim, Kind
from payflow.policy.fees import percent
from payflow.policy.rounding import Mode, rounded
from payflow.policy.scenario import Scenario
from payflow.report.ansi import Style
from payflow.report.method import method
from payflow.report.table import Column, Row, table
from payflow.report.text import block
from payflow.report.words import count, figure

_LABEL = 9


def as_json(claim: Claim, found: Accrual, warnings: Sequence[str]) -> dict[str, Any]:
    """`payflow.calc/1`: amounts as decimal text, rates as percent a year."""

    def amount(units: int) -> str:
        return decimal(units, claim.currency)

    return {
        "schema": "payflow.calc/1",
        "due_on": _day(found.due_on),
        "days_overdue": found.days_overdue,
        "interest": amount(found.interest),
        "fees": amount(found.fees),
        "compensation": amount(found.compensation),
        "principal_outstanding": amount(found.principal_outstanding),
        "total_due": amount(found.total_due),
        "daily": amount(found.daily),
        "timeline": [
            {
                "from": _day(stretch.first),
                "to": _day(stretch.last),
                "days": stretch.days,
                "balance": amount(rounded(stretch.balance, Mode.HALF_UP)),
                "rate": percent(stretch.annual),
                "interest": amount(stretch.interest),
                "why": stretch.why,
            }
            for stretch in found.stretches
        ],
        "allocations": [
            {
                "on": _day(paid.on),
                "amount": amount(paid.amount),
                "costs": amount(paid.costs),
                "interest": amount(paid.interest),
                "principal": amount(paid.principal),
            }
            for paid in found.allocations
        ],
        "warnings": list(warnings),
    }


def text(scenario: Scenario, claim: Claim, found: Accrual, warnings: Sequence[str], style: Style) -> str:
    """The statement, ending in a line break."""
    sections = (
        _facts(scenario, claim, found, style),
        _interest(claim, found, style),
        _payments(claim, found, style),
        _costs(claim, found, style),
        _owed(claim, found, style),
        (line for warning in warnings for line in block(warning, style.columns, "  Note: ")),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines) + "\n"


def _day(value: date) -> str:
    return value.isoformat()


def _facts(scenario: Scenario, claim: Claim, found: Accrual, style: Style) -> Iterator[str]:
    yield style.bold(f"LATE PAYMENT OF {show(claim.amount, claim.currency)}, AS OF {claim.as_of}")
    if scenario.issued_on is not None:
        yield from _said("Issued", _day(scenario.issued_on), style)
    terms = f" ({scenario.terms.name})" if scenario.terms is not None else ""
    yield from _said("Due", f"{found.due_on}{terms}, {_late(found)}", style)
    if scenario.statute is not None:
        sources = "; ".join(scenario.statute.sources)
        yield from _said("Under", f"{scenario.statute.title}: {sources}", style)


def _late(found: Accrual) -> str:
    if not found.days_overdue:
        return "not late"
    late = count(found.days_overdue, "day")
    return f"{late} late" if found.principal_outstanding else f"paid {late} late"


def _said(label: str, said: str, style: Style) -> Iterator[str]:
    yield from block(said, style.columns, f"  {label:<{_LABEL}}")


def _interest(claim: Claim, found: Accrual, style: Style) -> Iterator[str]:
    if claim.interest is None or not found.stretches:
        return
    yield style.bold("INTEREST")
    rows = [
        Row(
            (
                _day(stretch.first),
                _day(stretch.last),
                str(stretch.days),
                figure(rounded(stretch.balance, Mode.HALF_UP), claim.currency),
                f"{percent(stretch.annual)} %",
                figure(stretch.interest, claim.currency),
            ),
            notes=(stretch.why,),
        )
        for stretch in found.stretches
    ]
    rows.append(Row(("Sum", "", "", "", "", figure(found.interest, claim.currency))))
    titles = ("From", "To", "Days", "Balance", "A year", "Interest")
    yield from table([Column(title, right=at > 1) for at, title in enumerate(titles)], rows, style)
    yield from block(method(claim.interest), style.columns, "  ")


def _payments(claim: Claim, found: Accrual, style: Style) -> Iterator[str]:
    if not found.allocations:
        return
    yield style.bold("PAYMENTS")
    titles = ("Day", "Amount", "Costs", "Interest", "Principal")
    rows = [Row((_day(paid.on), *(figure(units, claim.currency) for units in paid[1:5]))) for paid in found.allocations]
    yield from table([Column(title, right=at > 0) for at, title in enumerate(titles)], rows, style)


def _costs(claim: Claim, found: Accrual, style: Style) -> Iterator[str]:
    if not found.costs:
        return
    yield style.bold("FEES AND COMPENSATION")
    for cost in found.costs:
        kind = "compensation: " if cost.compensation else "late fee: "
        yield from block(f"{show(cost.amount, claim.currency)}, {kind}{cost.why}", style.columns, f"  {cost.on}  ")


def _owed(claim: Claim, found: Accrual, style: Style) -> Iterator[str]:
    """An account that adds up, whatever was paid."""
    moved = dict.fromkeys(Kind, 0)
    for movement in claim.movements:
        if movement.on <= claim.as_of:
            moved[movement.kind] += movement.amount
    parts = (
        ("Invoice", claim.amount),
        ("Credited", -moved[Kind.CREDIT]),
        ("Interest", found.interest),
        ("Late fees", found.fees),
        ("Compensation", found.compensation),
        ("Paid", -moved[Kind.PAYMENT]),
        ("Paid back", moved[Kind.REFUND]),
        ("Overpaid", found.overpaid),
    )
    rows = [Row((label, show(units, claim.currency))) for label, units in parts if units]
    rows.append(Row(("Total due", show(found.total_due, claim.currency)), paint={1: style.bold}))
    yield style.bold("OWED")
    yield from table((Column(""), Column("", right=True)), rows, style)
    if found.daily:
        yield f"  and {show(found.daily, claim.currency)} of interest for each further day"
