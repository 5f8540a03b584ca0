"""What `payflow match --json` prints: lines of bank statements, and what they pay or may pay."""

from __future__ import annotations

from typing import Any

from payflow.model.bank_view import LineCandidate, LineView
from payflow.model.decision import Decision
from payflow.money import decimal

Json = dict[str, Any]


def match(decision: Decision, *, every: bool) -> Json:
    """`payflow.match/1`: the lines that wait, and with `every` all others too."""
    bank = decision.bank
    groups = [("suggested", bank.suggested)]
    if every:
        groups += [
            ("certain", bank.certain),
            ("unmatched", bank.unmatched),
            ("rejected", bank.rejected),
            ("fee", bank.fees),
        ]
    return {
        "schema": "payflow.match/1",
        "as_of": decision.as_of.isoformat(),
        "waiting": len(bank.suggested),
        "lines": [_line(line, state) for state, lines in groups for line in lines],
    }


def _line(line: LineView, state: str) -> Json:
    return {
        "id": line.id,
        "state": state,
        "source": line.source,
        "on": line.on.isoformat(),
        "amount": decimal(line.amount, line.currency),
        "currency": line.currency,
        "payer": line.payer or None,
        "text": line.text,
        "reference": line.reference or None,
        "candidates": [_candidate(one, line.currency) for one in line.candidates],
        "rest": decimal(line.rest, line.currency),
    }


def _candidate(one: LineCandidate, currency: str) -> Json:
    return {
        "rule": one.rule,
        "reason": one.reason,
        "invoices": [
            {"source": part.source, "invoice": part.number, "amount": decimal(part.amount, currency)}
            for part in one.parts
        ],
    }
