"""The status board: what needs a person, projects with their gates, invoices, totals, sources, and whether it is live."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from payflow.model.acts import Need
from payflow.model.decision import Decision, SourceView, Totals
from payflow.report.ansi import Style
from payflow.report.invoices import invoice_lines
from payflow.report.projects import project_lines
from payflow.report.table import Column, Row, table
from payflow.report.text import block, cut, width
from payflow.report.words import count, figure, moment, sentence


def board(decision: Decision, style: Style) -> str:
    """The whole board as text, at most `style.columns` wide, ending in a line break."""
    sections = [
        _head(decision, style),
        need_lines(decision.needs, style),
        project_lines(decision, style),
        invoice_lines(decision, style),
        total_lines(decision.totals, style),
        source_lines(decision.sources, style),
        live_lines(decision, style),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _head(decision: Decision, style: Style) -> list[str]:
    title = f"Status on {decision.as_of:%A} {decision.as_of}"
    word = "live" if decision.live else "PREVIEW: nothing is sent"
    gap = " " * max(2, style.columns - width(title) - width(word))
    return [style.bold(title) + gap + (style.green(word) if decision.live else style.yellow(word))]


def heading(text: str, style: Style) -> str:
    """The title of a section."""
    return style.bold(cut(text, style.columns, style.ellipsis))


def need_lines(needs: Sequence[Need], style: Style) -> list[str]:
    """What a person has to do, each with its remedy."""
    if not needs:
        return []
    lines = [style.red(f"NEEDS YOU ({len(needs)})")]
    for need in needs:
        lines += block(need.text, style.columns, "  ! ")
        if need.remedy:
            lines += [style.dim(line) for line in block(need.remedy, style.columns, "    ")]
    return lines


def total_lines(totals: Sequence[Totals], style: Style) -> list[str]:
    """Sums per currency, never added up across them."""
    if not totals:
        return []
    titles = ("Currency", "Outstanding", "Overdue", "Fees", "Interest")
    rows = [Row((total.currency, *(figure(amount, total.currency) for amount in total[1:]))) for total in totals]
    columns = [Column(title, right=number > 0) for number, title in enumerate(titles)]
    return [heading("TOTALS", style), *table(columns, rows, style)]


def source_lines(sources: Sequence[SourceView], style: Style) -> list[str]:
    """How fresh each source is, and what is wrong with it."""
    if not sources:
        return []
    rows = []
    for source in sources:
        word, paint = _freshness(source, style)
        notes = [source.problem] if source.problem else []
        rows.append(Row((source.source, moment(source.synced_at), word), notes, {2: paint}))
    columns = [Column("Source", least=8), Column("Speaks for"), Column("")]
    return [heading("SOURCES", style), *table(columns, rows, style)]


def _freshness(source: SourceView, style: Style) -> tuple[str, Callable[[str], str]]:
    if source.synced_at is None:
        return "never read", style.red
    if source.stale:
        return "STALE: its invoices are not chased", style.yellow
    return ("fresh", style.green) if source.complete else ("not read to the end", style.yellow)


def live_lines(decision: Decision, style: Style) -> list[str]:
    """Whether runs write to clients, since when, and if not, why not and how to switch on."""
    if decision.live:
        since = decision.live_from
        text = f"Live. Invoices due before {since} are left alone until `payflow chase INVOICE`." if since else "Live."
        return [style.green(line) for line in block(text, style.columns, "")]
    why = sentence(decision.not_live_because) or "It was never switched on."
    waiting = count(len(decision.plan.messages), "message")
    text = f"Preview: nothing is sent. {why} A live run would have {waiting} for clients now (`payflow plan`)."
    return [style.yellow(line) for line in block(text, style.columns, "")]
