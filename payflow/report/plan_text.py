"""A plan as text: messages per client, charges taken back, news for the owner, and what is left alone and why."""

from __future__ import annotations

from collections.abc import Iterator

from payflow.model.acts import ClientMessage, NoticeItem
from payflow.model.decision import Decision
from payflow.model.facts import State
from payflow.model.invoice_view import InvoiceView
from payflow.money import show
from payflow.report.ansi import Style
from payflow.report.table import Column, Row, table
from payflow.report.text import block, clean
from payflow.report.words import count, next_words, numbers_of, sentence


def plan_text(decision: Decision, style: Style) -> str:
    """What a run on that day would do, ending in a line break."""
    sections = (
        _head(decision, style),
        _messages(decision, style),
        _takebacks(decision, style),
        _owner(decision, style),
        _left_alone(decision, style),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines) + "\n"


def _head(decision: Decision, style: Style) -> Iterator[str]:
    yield style.bold(f"Plan for {decision.as_of:%A} {decision.as_of}")
    if not decision.live:
        text = f"Preview: nothing is sent before `payflow live`. {sentence(decision.not_live_because)}"
        yield from (style.yellow(line) for line in block(text, style.columns, ""))
    if decision.plan.empty:
        yield "Nothing to do."


def _messages(decision: Decision, style: Style) -> Iterator[str]:
    messages = decision.plan.messages
    if not messages:
        return
    yield style.bold(f"MESSAGES TO CLIENTS ({len(messages)})")
    for message in messages:
        yield from _message(message, style)


def _message(message: ClientMessage, style: Style) -> Iterator[str]:
    to = message.recipient
    address = f"<{to.email}>" if to.email else "(no e-mail address)"
    copies = f", copy to {', '.join(to.cc)}" if to.cc else ""
    yield from block(f"{to.name} {address}{copies}", style.columns, "  ", " " * 4)
    for item in message.notices:
        yield from _notice(item, style)
    for back in message.corrections:
        currency, number = back.invoice.currency, back.invoice.number or back.invoice.key
        rest = f", {show(back.remaining, currency)} stay claimed" if back.remaining else ""
        taken = f"takes back {show(back.amount, currency)} on {number}{rest}: {back.why}"
        yield from block(taken, style.columns, "    ", " " * 6)


def _notice(item: NoticeItem, style: Style) -> Iterator[str]:
    view = item.invoice
    text = f"{item.step_name} about {view.number or view.key}: {show(view.outstanding, view.currency)} outstanding, "
    yield from block(text + _age(view, item), style.columns, "    ", " " * 6)
    if item.fee:
        claim = f"claims {show(item.fee.amount, item.fee.currency)} ({item.fee.words}), resting on {item.fee.rests_on}"
        yield from block(claim, style.columns, "      ", " " * 8)
    if item.announces:
        named = f"names {item.announces.text}, not before {item.announces.on}"
        yield from block(named, style.columns, "      ", " " * 8)


def _age(view: InvoiceView, item: NoticeItem) -> str:
    if view.days_overdue:
        return f"{count(view.days_overdue, 'day')} late"
    return f"due {view.due_on}" if item.invoice.due_on else "no due date"


def _takebacks(decision: Decision, style: Style) -> Iterator[str]:
    if not decision.plan.takebacks:
        return
    numbers = numbers_of(decision)
    yield style.bold(f"CHARGES TAKEN BACK ({len(decision.plan.takebacks)})")
    for back in decision.plan.takebacks:
        text = (
            f"{show(back.amount, back.currency)} on {numbers.get(back.invoice, back.invoice)} ({back.ref}): {back.why}"
        )
        yield from block(text, style.columns, "  ", " " * 4)


def _owner(decision: Decision, style: Style) -> Iterator[str]:
    what = decision.plan
    if not (what.changes or what.news):
        return
    yield style.bold("NEWS FOR YOU")
    for change in what.changes:
        before = f"{change.before} -> " if change.before else ""
        text = f"{change.project}/{change.phase}: {before}{change.after}. {change.why}"
        yield from block(text, style.columns, "  ", " " * 4)
    for need in what.news:
        yield from block(need.text, style.columns, "  ! ")


def _left_alone(decision: Decision, style: Style) -> Iterator[str]:
    """Overdue invoices that no message is about, each with its next notice or why it has none."""
    chased = {item.invoice.id for message in decision.plan.messages for item in message.notices}
    views = [view for view in decision.invoices if view.state is State.OVERDUE and view.id not in chased]
    if not views:
        return
    views.sort(key=lambda view: (-view.days_overdue, view.number))
    yield style.bold(f"OVERDUE, NOT CHASED NOW ({len(views)})")
    columns = (Column("", least=10), Column("", least=10), Column("", right=True), Column("", right=True))
    rows = [
        Row(
            (
                clean(view.number or view.key),
                view.client_name or view.client,
                show(view.outstanding, view.currency),
                f"{count(view.days_overdue, 'day')} late",
            ),
            [next_words(view, decision.as_of)],
        )
        for view in views
    ]
    yield from table(columns, rows, style)
