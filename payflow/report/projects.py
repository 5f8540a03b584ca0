"""Projects on the board: phases as a row of states, what blocks them and what opens them, waivers, milestones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from payflow.model.decision import Decision
from payflow.model.verdict import MilestoneView, ProjectView, Reason, Verdict
from payflow.report.ansi import Style
from payflow.report.text import block, clean, cut, width
from payflow.report.words import distance, figure


def project_lines(decision: Decision, style: Style) -> list[str]:
    """The section of projects; empty where there is none."""
    if not decision.projects:
        return []
    lines = [style.bold("PROJECTS")]
    for number, project in enumerate(decision.projects):
        lines += [""] if number else []
        lines += _project(project, decision, style)
    return lines


def _project(project: ProjectView, decision: Decision, style: Style) -> Iterator[str]:
    name = clean(project.name or project.project)
    label = name if name == project.project else f"{name} ({project.project})"
    yield "  " + style.bold(cut(f"{label} for {clean(project.client_name)}", style.columns - 2, style.ellipsis))
    yield from _states(project.phases, style)
    told: dict[Reason, str] = {}
    for verdict in project.phases:
        if verdict.finished is None:
            yield from _details(verdict, told, decision, style)
            told = dict.fromkeys(verdict.reasons, clean(verdict.name or verdict.phase)) | told
    if project.milestones:
        texts = [_milestone(milestone, project.currency) for milestone in project.milestones]
        yield from block(style.dot.join(texts), style.columns, "    Milestones: ", " " * 6)


def _states(phases: Sequence[Verdict], style: Style) -> Iterator[str]:
    """`Design: open   Build: BLOCKED   Launch: blocked`, as many on a line as fit."""
    loud = _loud(phases)
    line, used = "", 0
    for at, verdict in enumerate(phases):
        name = cut(clean(verdict.name or verdict.phase), 32, style.ellipsis)
        word = state_word(verdict, loud=at in loud)
        size = width(name) + 2 + width(word)
        if line and 4 + used + 3 + size > style.columns:
            yield "    " + line
            line, used = "", 0
        chunk = f"{name}: {_painted(word, verdict, style)}"
        line, used = (f"{line}   {chunk}", used + 3 + size) if line else (chunk, size)
    if line:
        yield "    " + line


def _loud(phases: Sequence[Verdict]) -> set[int]:
    """Positions of phases whose block is felt now: begun ones that must stop, and the next in line."""
    blocked = [at for at, verdict in enumerate(phases) if verdict.finished is None and not verdict.open]
    return {at for at in blocked if phases[at].started is not None or at == blocked[0]}


def state_word(verdict: Verdict, *, loud: bool = False) -> str:
    """The state of a phase in a word or three: `open`, `open, started`, `waived until 2026-12-01`, `BLOCKED`."""
    if verdict.finished is not None:
        return "finished"
    if not verdict.open:
        word = "BLOCKED" if loud else "blocked"
    elif verdict.reasons and verdict.waiver is not None:
        word = "waived"
    else:
        word = "open"
    return f"{word}, started" if verdict.started is not None else word


def _painted(word: str, verdict: Verdict, style: Style) -> str:
    if verdict.finished is not None:
        return style.dim(word)
    if not verdict.open:
        return style.red(word)
    return style.yellow(word) if verdict.reasons else style.green(word)


def _details(verdict: Verdict, told: Mapping[Reason, str], decision: Decision, style: Style) -> Iterator[str]:
    """Waiver and reasons of a phase; reasons that stand above under another phase (`told`) are not repeated."""
    name = clean(verdict.name or verdict.phase)
    if verdict.waiver is not None:
        waiver = verdict.waiver
        left = distance(waiver.until, decision.as_of)
        by = f" by {waiver.by}" if waiver.by else ""
        text = f"{name} is waived{by} until {waiver.until} ({left}): {waiver.reason}"
        yield from (style.yellow(line) for line in block(text, style.columns, "    ", " " * 6))
    if not verdict.reasons:
        return
    if verdict.waiver is not None:
        title = f"{name} would be blocked without it:"
    elif verdict.started is not None:
        title = f"{name} started on {verdict.started} and must stop:"
    else:
        title = f"{name} is blocked:"
    yield from block(title, style.columns, "    ", " " * 6)
    yield from reason_lines([reason for reason in verdict.reasons if reason not in told], style, "      ")
    others = dict.fromkeys(told[reason] for reason in verdict.reasons if reason in told)
    if others:
        yield from block(f"what {' and '.join(others)} waits for, above", style.columns, "      - ")


def reason_lines(reasons: Sequence[Reason], style: Style, margin: str = "  ") -> Iterator[str]:
    """Each reason against a phase, and what would open it."""
    for reason in reasons:
        yield from block(reason.text, style.columns, f"{margin}- ")
        if reason.opens:
            yield from (style.dim(line) for line in block(f"to open: {reason.opens}", style.columns, f"{margin}  "))


def _milestone(milestone: MilestoneView, currency: str) -> str:
    amount = f"{milestone.name or milestone.id} {figure(milestone.amount, currency)}"
    if milestone.is_paid:
        return f"{amount} paid"
    if milestone.paid > 0:
        return f"{amount} part-paid ({figure(milestone.paid, currency)})"
    return f"{amount} {'unpaid' if milestone.billed > 0 else 'not billed'}"


def gate_text(verdict: Verdict, style: Style) -> str:
    """The answer of the gate: `open` or `blocked` on a line of its own, then waiver and reasons."""
    lines = [style.green(verdict.word) if verdict.open else style.red(verdict.word)]
    if verdict.waiver is not None:
        until = f"waived until {verdict.waiver.until}: {verdict.waiver.reason}; without that:"
        lines += block(until, style.columns, "  ")
    return "\n".join([*lines, *reason_lines(verdict.reasons, style)])
