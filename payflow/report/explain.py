"""The explanation of one invoice as text: every figure with the days, balances and rates that add up to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from payflow.model.explanation import EntryView, Explanation, Stretch
from payflow.model.facts import State
from payflow.model.interest import Rounding
from payflow.model.invoice_view import InstalmentView, InvoiceView
from payflow.model.journal import Charge, ChargeState, Notice
from payflow.money import show
from payflow.policy.ladder import shown
from payflow.report.ansi import Style
from payflow.report.method import method
from payflow.report.table import Column, Row, table
from payflow.report.text import block, clean
from payflow.report.words import count, exact, figure, moment, scaled

_LABEL = 12


def explain(explanation: Explanation, style: Style) -> str:
    """The whole explanation, ending in a line break."""
    sections = (
        _facts(explanation, style),
        _entries(explanation, style),
        _interest(explanation, style),
        _charges(explanation, style),
        _notices(explanation, style),
        _owed(explanation, style),
        _ahead(explanation, style),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines) + "\n"


def _facts(explanation: Explanation, style: Style) -> Iterator[str]:
    view = explanation.invoice
    yield style.bold(f"Invoice {clean(view.number or view.key)} for {clean(view.client_name or view.client)}")
    yield from _said("State", _state(view), style)
    yield from _said(
        "Project", f"{view.project}, milestone {view.milestone}" if view.milestone else view.project, style
    )
    yield from _said("Total", show(view.total, view.currency), style)
    yield from _said("Issued", str(view.issued_on), style)
    yield from _said("Due", f"{view.due_on or 'no date'}: {view.due_why}" if view.due_why else str(view.due_on), style)
    for one in view.instalments:
        yield from _said("" if one.number > 1 else "Instalments", _instalment(view, one), style)
    yield from _said("Terms", "" if view.instalments else explanation.terms, style)
    yield from _said("Rests on", explanation.rests_on, style)
    yield from _said("Source", f"{view.source}, last listed {moment(view.read_at)}", style)


def _instalment(view: InvoiceView, one: InstalmentView) -> str:
    missing = "paid" if not one.outstanding else f"{show(one.outstanding, view.currency)} missing"
    late = f", {count(one.days_overdue, 'day')} late" if one.days_overdue else ""
    return f"{show(one.amount, view.currency)} due {one.due_on} ({one.terms}): {missing}{late}"


def _said(label: str, text: str, style: Style) -> Iterator[str]:
    if text:
        yield from block(text, style.columns, f"  {label:<{_LABEL}}")


def _state(view: InvoiceView) -> str:
    late = f", {count(view.days_overdue, 'day')} late" if view.state is State.OVERDUE else ""
    flags = f" ({', '.join(sorted(view.flags))})" if view.flags else ""
    return f"{view.state.word}{late}{flags}"


def _entries(explanation: Explanation, style: Style) -> Iterator[str]:
    view = explanation.invoice
    yield style.bold("MONEY MOVEMENTS")
    if not explanation.entries:
        yield "  none known"
        return
    columns = (Column("Day"), Column("What"), Column("On the balance", right=True), Column(""))
    rows = [
        Row(
            (str(entry.on), entry.kind, figure(-entry.amount, view.currency), _settled(entry)),
            [entry.bank] if entry.bank else (),
        )
        for entry in explanation.entries
    ]
    yield from table(columns, rows, style)


def _settled(entry: EntryView) -> str:
    return f"{entry.settlement}, day inferred from readings" if entry.inferred else entry.settlement


def _interest(explanation: Explanation, style: Style) -> Iterator[str]:
    """Stretches that add up to the interest: exact where it is rounded once, else as each was rounded."""
    view, stretches, terms = explanation.invoice, explanation.stretches, explanation.interest
    if not stretches or terms is None:
        return
    yield style.bold("INTEREST")
    once = terms.rounding is Rounding.END and not view.instalments
    shown = [exact(units, view.currency) for units in carried(stretches)] if once else []
    shown = shown or [figure(stretch.adds, view.currency) for stretch in stretches]
    total = exact(sum(carried(stretches)), view.currency) if once else figure(view.interest, view.currency)
    rows = [
        Row(
            (
                str(stretch.start + timedelta(days=1)),
                str(stretch.end),
                str(stretch.days),
                figure(stretch.balance, view.currency),
                f"{stretch.rate} %",
                interest,
            ),
            notes=(stretch.why,) if stretch.why else (),
        )
        for stretch, interest in zip(stretches, shown, strict=True)
    ]
    rows.append(Row(("Sum", "", str(sum(stretch.days for stretch in stretches)), "", "", total)))
    titles = ("From", "To", "Days", "Balance", "A year", "Interest")
    yield from table([Column(title, right=at > 1) for at, title in enumerate(titles)], rows, style)
    yield from block(f"{method(terms)} That is {show(view.interest, view.currency)}.", style.columns, "  ")


def carried(stretches: tuple[Stretch, ...]) -> list[int]:
    """Interest of each stretch in ten-thousandths of a minor unit, rounded so that they add up to the rounded exact sum."""
    shown, before = [], 0
    numerator, denominator = 0, 1
    for stretch in stretches:
        numerator = numerator * stretch.denominator + stretch.numerator * denominator
        denominator *= stretch.denominator
        so_far = scaled(numerator, denominator)
        shown.append(so_far - before)
        before = so_far
    return shown


def _charges(explanation: Explanation, style: Style) -> Iterator[str]:
    if not explanation.charges:
        return
    yield style.bold("FEES AND CHARGES")
    notices = {notice.message: notice for notice in explanation.notices if notice.message}
    names = dict(explanation.step_names)
    for charge in explanation.charges:
        notice = notices.get(charge.message)
        by = f" by notice {shown(notice.step, names)} of {notice.on}" if notice else ""
        text = f"{show(charge.amount, charge.currency)} {charge.kind} claimed{by}, {_fate(charge)}"
        yield from block(f"{text} (ref {charge.ref})", style.columns, f"  {charge.claimed_on}  ")
        yield from (style.dim(line) for line in block(_made_under(charge), style.columns, " " * 14) if line.strip())
        for back in charge.reversals:
            taken = f"{show(back.amount, charge.currency)} taken back: {back.why}"
            yield from block(taken, style.columns, f"  {back.on}  ")


def _fate(charge: Charge) -> str:
    if charge.state is ChargeState.CLAIMED:
        return "unpaid" if charge.standing == charge.amount else f"{show(charge.standing, charge.currency)} unpaid"
    return charge.state.value


def _made_under(charge: Charge) -> str:
    """The terms a charge was made under, as its record holds them: the fee in words, policy, base, what it rests on."""
    terms = charge.terms
    parts = [str(terms.get("words", "")), f"under policy {terms['policy']}" if terms.get("policy") else ""]
    if terms.get("base") is not None:
        parts.append(f"{show(terms['base'], charge.currency)} outstanding")
    if terms.get("due_on"):
        parts.append(f"due since {terms['due_on']}")
    if terms.get("rests_on"):
        parts.append(f"resting on {terms['rests_on']}")
    return ", ".join(part for part in parts if part)


def _notices(explanation: Explanation, style: Style) -> Iterator[str]:
    if not explanation.notices:
        return
    yield style.bold("NOTICES")
    names = dict(explanation.step_names)
    for notice in explanation.notices:
        yield from block(_notice(notice, names), style.columns, f"  {notice.on}  ")


def _notice(notice: Notice, names: dict[str, str]) -> str:
    text = f"{shown(notice.step, names)}, showing {notice.due_on} as the due date"
    if not notice.handed_over:
        text += "; perhaps not delivered"
    if notice.announced:
        text += f"; named {notice.announced.text}, not before {notice.announced.on}"
    return text


def _owed(explanation: Explanation, style: Style) -> Iterator[str]:
    view = explanation.invoice
    claimed = sum(charge.standing for charge in explanation.charges if charge.state is ChargeState.CLAIMED)
    parts = (("Outstanding", view.outstanding), ("Fees", claimed), ("Interest", view.interest))
    rows = [Row((label, show(amount, view.currency))) for label, amount in parts]
    total = sum(amount for _, amount in parts)
    rows.append(Row(("In total", show(total, view.currency)), paint={1: style.bold}))
    yield style.bold("OWED")
    yield from table((Column(""), Column("", right=True)), rows, style)
    if view.interest_per_day:
        yield f"  and {show(view.interest_per_day, view.currency)} of interest for each further day"


def _ahead(explanation: Explanation, style: Style) -> Iterator[str]:
    view = explanation.invoice
    if view.next_step is not None:
        day = f" on {view.next_on}" if view.next_on else ""
        yield from _said("Next", f"{view.next_step}{day}", style)
    else:
        yield from _said("Next", f"no notice: {view.next_why}" if view.next_why else "no notice", style)
    for work in explanation.blocks:
        yield from _said("Blocks", f"{work.project}, phase {work.phase}; to open: {work.opens}", style)
    for remark in explanation.remarks:
        yield from _said("Note", remark, style)
