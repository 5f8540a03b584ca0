"""Lines of bank statements as text: those that wait for a person, with what they may pay and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from payflow.model.bank_view import LineCandidate, LineView
from payflow.model.decision import Decision
from payflow.money import show
from payflow.report.ansi import Style
from payflow.report.text import block


def match(decision: Decision, style: Style, *, every: bool) -> str:
    """The lines that wait; with `every` also those that are certain, say nothing or were rejected."""
    bank = decision.bank
    sections = [("WAITING FOR YOU", bank.suggested)]
    if every:
        sections += [
            ("CERTAIN", bank.certain),
            ("NOT MATCHED", bank.unmatched),
            ("REJECTED", bank.rejected),
            ("FEES OF THE BANK", bank.fees),
        ]
    parts = ["\n".join(_section(title, lines, style)) for title, lines in sections if lines]
    if not bank.suggested:
        parts.insert(0, "No bank line waits for you." + ("" if every else " payflow match --all lists the others."))
    return "\n\n".join(parts) + "\n"


def _section(title: str, lines: Sequence[LineView], style: Style) -> Iterator[str]:
    yield style.bold(title)
    for line in lines:
        yield from block(_line(line), style.columns, f"  {line.id}  ")
        waiting = title.startswith("WAITING")
        for number, one in enumerate(line.candidates):
            word = ("pays " if not waiting else "perhaps " if not number else "or ") if one.parts else ""
            yield from block(f"{word}{_candidate(one, line)}", style.columns, " " * 12)
        if line.rest:
            yield from block(f"{show(line.rest, line.currency)} of it is open credit", style.columns, " " * 12)
        if waiting:
            yield style.dim(f"            payflow match --accept {line.id} | --reject {line.id}")


def _line(line: LineView) -> str:
    parts = [f"{line.on.isoformat()} {show(line.amount, line.currency)}"]
    if line.payer:
        parts.append(f"{'from' if line.amount > 0 else 'to'} {line.payer}")
    parts += [f'"{line.text}"'] if line.text else []
    parts += [f"reference {line.reference}"] if line.reference else []
    return ", ".join(parts) + f" ({line.source})"


def _candidate(one: LineCandidate, line: LineView) -> str:
    paid = " and ".join(f"{part.number} {show(part.amount, line.currency)}" for part in one.parts)
    return f"{paid}: {one.reason}" if paid else one.reason
