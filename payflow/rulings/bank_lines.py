"""What lines of bank statements pay, by the word of a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from payflow.charging import Case
from payflow.decide import Ground, bank
from payflow.decide.explained import find
from payflow.errors import Refused
from payflow.model.agreement import Workspace
from payflow.model.journal import Record, RecordKind
from payflow.money import AmountError, parse, show
from payflow.place import who
from payflow.policy.bank_lines import BankLine, Part
from payflow.rulings.word import about_invoice, looked_at, note

if TYPE_CHECKING:
    from payflow.store import Store


def match_accept(
    store: Store,
    workspace: Workspace,
    line: str,
    *,
    invoices: Sequence[tuple[str, str | None]] = (),
    reason: str,
    now: datetime,
) -> str:
    """Say what a bank line pays: its only candidate, or the invoices named, each with an amount as text if it is not obvious."""
    found = looked_at(store, workspace, now)
    one, candidates = bank.find(found.setting.bank, line)
    if invoices:
        parts = _parts(found, one, invoices)
    elif len(candidates) == 1:
        parts = list(candidates[0].parts)
    elif candidates:
        raise Refused(f"{bank.short_id(one)} may pay one of several. Say which with --invoice NUMBER.")
    else:
        raise Refused(f"nothing suggests what {bank.short_id(one)} pays. Say it with --invoice NUMBER.")
    if not parts:
        raise Refused(
            f"nothing is open that {bank.short_id(one)} could pay. Say --invoice NUMBER=AMOUNT, or --reject it."
        )
    _match(store, found, one, "accepted", parts, reason, now)
    names = {case.view.id: case.view.number for case in found.cases}
    said = " and ".join(f"{show(part.amount, one.currency)} of {names[part.invoice]}" for part in parts)
    rest = one.amount - sum(part.amount for part in parts)
    beyond = f" {show(rest, one.currency)} of it is open credit." if rest else ""
    return f"{bank.short_id(one)} pays {said}.{beyond}"


def match_reject(store: Store, workspace: Workspace, line: str, *, reason: str, now: datetime) -> str:
    """Say that a bank line pays no invoice, though it may look so."""
    found = looked_at(store, workspace, now)
    one, _ = bank.find(found.setting.bank, line)
    _match(store, found, one, "rejected", (), reason, now)
    return f"{bank.short_id(one)} pays no invoice."


def _match(
    store: Store, found: Ground, line: BankLine, word: str, parts: Sequence[Part], reason: str, now: datetime
) -> None:
    body = {"line": line.id, "as": word, "parts": [list(part) for part in parts], "reason": reason, "by": who()}
    cases = {case.view.id: case for case in found.cases}
    if parts:
        record = about_invoice(cases[parts[0].invoice], RecordKind.MATCH, found, body)
    else:
        record = Record(RecordKind.MATCH, found.decision.as_of, body)
    note(store, found, [record], now)


def _parts(found: Ground, line: BankLine, invoices: Sequence[tuple[str, str | None]]) -> list[Part]:
    """The invoices named, each with its amount; one without an amount gets what is left of the line and open of it."""
    sign, left = (1 if line.amount > 0 else -1), abs(line.amount)
    parts: list[Part] = []
    for name, text in invoices:
        case = find(found.cases, name)
        view = case.view
        if not case.own_debt:
            raise Refused(f"{view.number} is no debt of its own. Name the invoice that is.")
        if view.currency != line.currency:
            raise Refused(
                f"{view.number} asks for {view.currency}, and {bank.short_id(line)} is {line.currency}. Enter the payment in the "
                "books, which know what it comes to, and read them again."
            )
        if any(part.invoice == view.id for part in parts):
            raise Refused(f"{view.number} is named twice.")
        given = _amount(text, line.currency) if text is not None else min(left, _open_of(found, line, case, sign))
        if given <= 0:
            raise Refused(
                f"nothing is left for {view.number}. Say how much of the line is its own: {view.number}=AMOUNT."
            )
        if given > left:
            raise Refused(
                f"the line is {show(abs(line.amount), line.currency)}, less than the amounts given. Correct them."
            )
        if given > view.total:
            raise Refused(f"{view.number} is {show(view.total, view.currency)} in all. Give it no more.")
        left -= given
        parts.append(Part(view.id, sign * given))
    return parts


def _open_of(found: Ground, line: BankLine, case: Case, sign: int) -> int:
    """What an invoice can take of a line: what is open without it; of money back, what was paid without it."""
    own = found.setting.bank.by_line().get(line.id)
    given = sum(part.amount for part in own.parts if part.invoice == case.view.id) if own else 0
    return case.view.outstanding + given if sign > 0 else case.view.paid - given


def _amount(text: str, currency: str) -> int:
    try:
        return parse(text, currency)
    except AmountError as error:
        raise Refused(f"{text!r} is no amount: {error}. Write it as 1250.00.") from error
