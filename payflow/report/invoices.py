"""Invoices on the board: overdue ones first, then open ones, then those whose state is in question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Struct

from payflow.model.decision import Decision
from payflow.model.facts import State
from payflow.model.invoice_view import Flag, InvoiceView
from payflow.report.ansi import Style
from payflow.report.table import Column, Row, table
from payflow.report.words import count, distance, figure, next_words, place

#: Paid invoices with fees or interest left pile up over the years: the board shows the newest of them.
_SHOWN_PAID = 10


class _Section(Struct, frozen=True):
    title: str
    wanted: Callable[[InvoiceView], bool]
    order: Callable[[InvoiceView], tuple[int, str]]
    when: str
    paint: Callable[[Style, str], str] | None = None


def _late(view: InvoiceView) -> tuple[int, str]:
    return (-view.days_overdue, view.number)


def _due(view: InvoiceView) -> tuple[int, str]:
    return ((view.due_on or view.issued_on).toordinal(), view.number)


def _newest(view: InvoiceView) -> tuple[int, str]:
    return (-view.issued_on.toordinal(), view.number)


def _charged(view: InvoiceView) -> bool:
    return view.state is State.PAID and (view.fees_owed > 0 or view.interest > 0)


_SECTIONS = (
    _Section("OVERDUE INVOICES", lambda view: view.state is State.OVERDUE, _late, "Late", Style.red),
    _Section("OPEN INVOICES", lambda view: view.state is State.OPEN, _due, "Due"),
    _Section(
        "DISPUTED OR UNKNOWN",
        lambda view: view.state in (State.DISPUTED, State.UNKNOWN),
        _late,
        "State",
        Style.yellow,
    ),
    _Section("PAID LATE, FEES OR INTEREST LEFT", _charged, _newest, "State"),
)


def invoice_lines(decision: Decision, style: Style) -> list[str]:
    """The sections of invoices that have any; a blank line between them."""
    lines: list[str] = []
    for section in _SECTIONS:
        views = sorted(filter(section.wanted, decision.invoices), key=section.order)
        if views:
            lines += [""] if lines else []
            lines += _section(section, views, decision, style)
    return lines


def _section(section: _Section, views: Sequence[InvoiceView], decision: Decision, style: Style) -> list[str]:
    shown = views[:_SHOWN_PAID] if section.wanted is _charged else views
    columns = (
        Column("Invoice", least=10),
        Column("Client", least=10),
        Column("Outstanding", right=True),
        Column(section.when, right=True),
        Column("Fees", right=True),
        Column("Interest", right=True),
    )
    lines = [style.bold(f"{section.title} ({len(views)})")]
    lines += table(columns, [_row(section, view, decision, style) for view in shown], style)
    if len(shown) < len(views):
        lines.append(style.dim(f"  and {len(views) - len(shown)} more: payflow status --json"))
    return lines


def _row(section: _Section, view: InvoiceView, decision: Decision, style: Style) -> Row:
    cells = (
        view.number or view.key,
        view.client_name or view.client,
        f"{figure(view.outstanding, view.currency)} {view.currency}",
        _when(section, view),
        figure(view.fees, view.currency) if view.fees else "-",
        figure(view.interest, view.currency) if view.interest else "-",
    )
    paint = {3: partial(section.paint, style)} if section.paint else {}
    return Row(cells, [_note(view, decision, style)], paint)


def _when(section: _Section, view: InvoiceView) -> str:
    if section.when == "Late":
        return count(view.days_overdue, "day")
    if section.when == "Due":
        return str(view.due_on) if view.due_on else "no date"
    return view.state.word


def _note(view: InvoiceView, decision: Decision, style: Style) -> str:
    parts = [place(view), ", ".join(sorted(view.flags)), _pending(view)]
    if view.state is State.OPEN and view.due_on is not None:
        parts.append(f"due {distance(view.due_on, decision.as_of)}")
    parts.append(next_words(view, decision.as_of))
    return style.dot.join(part for part in parts if part)


def _pending(view: InvoiceView) -> str:
    if Flag.PENDING in view.flags and view.pending:
        return f"{figure(view.pending, view.currency)} on its way"
    return ""
