"""Listings of the outbox and the journal as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from payflow.errors import Problem
from payflow.report.ansi import Style
from payflow.report.table import Column, Row, table
from payflow.report.text import block, clean, cut

_PAINT = {"sent": Style.green, "done": Style.green, "waiting": Style.yellow, "unsure": Style.red, "failed": Style.red}


def outbox_text(messages: Sequence[Mapping[str, Any]], style: Style, effects: Sequence[Mapping[str, Any]] = ()) -> str:
    """Messages with their state, oldest first, and other effects below; both as `--json` prints them."""
    parts = [_messages_text(messages, style)]
    if effects:
        names = (Column("Effect", least=12), Column("To", least=8), Column("About"), Column("State"))
        columns = (*names, Column("Tries", right=True))
        parts.append("\n".join(table(columns, [_effect(one, style) for one in effects], style, indent=0)))
    return "\n\n".join(parts)


def _effect(effect: Mapping[str, Any], style: Style) -> Row:
    state = effect["state"]
    paint = _PAINT.get(state, Style.dim)
    notes = [effect["detail"]] if effect["detail"] and state != "done" else []
    if effect["not_before"] and state == "waiting":
        notes.append(f"waits until {effect['not_before']}")
    cells = (effect["key"][:12], effect["target"], effect["about"], state, str(effect["attempts"]))
    return Row(cells, notes, {3: lambda text: paint(style, text)})


def _messages_text(messages: Sequence[Mapping[str, Any]], style: Style) -> str:
    if not messages:
        return "No message was ever decided."
    columns = (
        Column("Message", least=12),
        Column("For", least=10),
        Column("Day"),
        Column("State"),
        Column("Tries", right=True),
    )
    return "\n".join(table(columns, [_message(message, style) for message in messages], style, indent=0))


def _message(message: Mapping[str, Any], style: Style) -> Row:
    state = message["state"]
    paint = _PAINT.get(state, Style.dim)
    notes = [message["detail"]] if message["detail"] else []
    if message["not_before"] and state == "waiting":
        notes.append(f"waits until {message['not_before']}")
    cells = (message["key"], message["client"] or "you", message["day"] or "", state, str(message["attempts"]))
    return Row(cells, notes, {3: lambda text: paint(style, text)})


def log_text(records: Sequence[Mapping[str, Any]], style: Style) -> str:
    """A line per record: number, day, kind, what it concerns and says; `records` as `--json` prints them."""
    if not records:
        return "The journal has no such record."
    digits = len(str(records[-1]["seq"]))
    return "\n".join(_record(record, digits, style) for record in records)


def _record(record: Mapping[str, Any], digits: int, style: Style) -> str:
    about = [record[name] for name in ("client", "project") if record[name]]
    about += [f"invoice #{record['invoice']}"] if record["invoice"] is not None else []
    text = ", ".join([*about, body_words(record["body"])] if record["body"] else about)
    first = f"{record['seq']:>{digits}}  {record['day']}  {record['kind']:<15}  "
    ellipsis = "…" if style.signs else "..."
    fitting = " ".join(cut(word, style.columns - len(first), ellipsis) for word in clean(text).split())
    return "\n".join(block(fitting, style.columns, first)).rstrip()


#: Digits of a digest that are enough to tell it from others at a look; `--json` has them all.
_DIGEST = 12
_HEX = re.compile(r"[0-9a-f]{32,}")


def _value(value: Any) -> str:
    """A plain value; of a digest only its beginning."""
    return _HEX.sub(lambda found: found[0][:_DIGEST], str(value))


def body_words(body: Mapping[str, Any]) -> str:
    """A record's body in short: plain values as they are, lists by their length."""
    parts = []
    for name, value in body.items():
        if isinstance(value, list):
            parts += [f"{name}: {len(value)}"] if value else []
        elif value not in (None, "") and not isinstance(value, dict) and name not in ("invoice", "client", "project"):
            parts.append(f"{name} {_value(value)}")
    return ", ".join(parts)


#: What stands below a finding's first words.
_UNDER = " " * 7


def findings_text(findings: Sequence[Problem], style: Style) -> str:
    """Findings of `doctor`, errors first. What several in a row have in common is said once: the place, and what to do."""
    if not findings:
        return style.green("Nothing is misconfigured.")
    lines = []
    ordered = sorted(findings, key=lambda finding: finding.warning)
    for (warning, where, remedy), same in groupby(ordered, key=lambda one: (one.warning, one.where, one.remedy)):
        several = list(same)
        word, paint = ("note ", style.yellow) if warning else ("ERROR", style.red)
        whole = str(several[0]) if len(several) == 1 else f"{where}:"
        first, *rest = block(whole, style.columns, f"{word}  ")
        lines += [paint(word) + first[len(word) :], *rest]
        if len(several) > 1:
            for one in several:
                lines += block(one.found, style.columns, f"{_UNDER}- ")
            lines += block(remedy, style.columns, _UNDER)
    return "\n".join(lines)
