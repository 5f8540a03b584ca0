"""MT940, the SWIFT statement: fields `:20:` to `:62F:`, one message per statement page.

Read here and not by a library, since a line that is damaged has to leave the others alone, each problem names its row, and one
file may hold statements of several accounts. Junk around the messages (ABN, ING, SWIFT envelopes) is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from msgspec import Struct, field

from payflow.connector import AmountError, ConnectorError, Marks, Problem, is_currency
from payflow_bank import remittance
from payflow_bank.statement import FEE, REVERSAL, Line, Statement, minor, one_line
from payflow_bank.text import lines_of
from payflow_exports.problems import Problems

_FIELD = re.compile(r"^:([0-9]{2,3}[A-Z]?):(.*)$")
_END = re.compile(r"^-(?:\}.*|XXX)?$")
_BALANCE = re.compile(r"^(?P<mark>[CD])(?P<day>[0-9]{6})(?P<currency>[A-Z]{3})(?P<amount>[0-9.,]{1,18})$")
_ENTRY = re.compile(
    r"^(?P<value>[0-9]{6})(?P<booked>[0-9]{4})?\s*(?P<mark>R?[CD])(?P<funds>[A-Z])?\s?(?P<amount>[0-9][0-9.,]{0,400})"
    r"(?P<type>[A-Z][A-Z0-9]{3})?(?P<references>.*)$"
)
#: Two-digit years up to this one are of this century, as POSIX has it.
_LATEST_SHORT_YEAR = 68
#: A booking is no further from its value date than half a year.
_FURTHEST = 190
_OPENING, _CLOSING = ("60F", "60M"), ("62F", "62M")
#: A field of one line of a statement is short; the rest of a longer one is not text of a bank.
_MOST_LINES = 200
_LOOKED_FOR = "Download the statement again, or correct the row."


def is_mt940(head: str) -> bool:
    """Whether a file begins as MT940 does, whatever stands around the first message."""
    return bool(re.search(r"(?m)^:20:", head)) and bool(re.search(r"(?m)^:60[FM]:", head))


class _Field(Struct):
    """One field with the row on which it begins."""

    row: int
    tag: str
    lines: list[str] = field(default_factory=list)


def read(text: str, name: str, problems: Problems) -> Iterator[Statement]:
    """The statements of a file. Raises `ConnectorError` where the last one breaks off."""
    statement: Statement | None = None
    line: Line | None = None
    for part in _fields(text):
        if part.tag == "20" or (part.tag in _OPENING and statement is not None and statement.closing is not None):
            if statement is not None:
                yield statement
            account = statement.account if statement is not None and part.tag != "20" else ""
            statement, line = Statement(part.row, account), None
        if statement is None:
            continue
        if part.tag in ("25", "25P"):
            statement.account = part.lines[0].strip()
        elif part.tag in (*_OPENING, *_CLOSING):
            line = None
            _balance(statement, part, problems)
        elif part.tag == "61":
            line = _entry(statement, part, problems)
        elif part.tag == "86" and line is not None:
            _describe(line, part.lines)
    if statement is None or (statement.closing is None and statement.whole):
        found = "has a statement that breaks off before its closing balance (:62F:)"
        raise ConnectorError(Problem(name, found, "Download it again: what is missing cannot be told."))
    yield statement


def _fields(text: str) -> Iterator[_Field]:
    current: _Field | None = None
    for row, raw in enumerate(lines_of(text), 1):
        line = raw.strip("\x01\x03\r")
        if match := _FIELD.match(line):
            if current is not None:
                yield current
            current = _Field(row, match[1], [match[2]])
        elif _END.match(line.rstrip()):
            if current is not None:
                yield current
            current = None
        elif current is not None and len(current.lines) < _MOST_LINES:
            current.lines.append(line)
    if current is not None:
        yield current


def _balance(statement: Statement, part: _Field, problems: Problems) -> None:
    text = part.lines[0].strip()
    match = _BALANCE.match(text)
    day = _day(match["day"]) if match else None
    if match is None or day is None:
        problems.add(f"{part.row}: :{part.tag}:", f"{text[:60]!r} is not a balance", _LOOKED_FOR)
        statement.whole = False
        return
    currency = match["currency"]
    if not is_currency(currency):
        if not statement.whole:
            return
        found = f"{currency!r} is not a currency of today"
        problems.add(f"{part.row}: :{part.tag}:", found, "The statement is left out; enter what still matters by hand.")
        statement.whole = False
        return
    try:
        value = minor(match["amount"], currency, Marks.COMMA) * (-1 if match["mark"] == "D" else 1)
    except AmountError as error:
        problems.add(f"{part.row}: :{part.tag}:", str(error), _LOOKED_FOR)
        statement.whole = False
        return
    if part.tag in _OPENING:
        statement.currency, statement.opening = currency, value
        statement.account = statement.account.removesuffix(currency).strip()
        statement.continues = part.tag == "60M"
    elif currency == statement.currency:
        statement.closing, statement.closed_on = value, day
    else:
        found = f"the closing balance is in {currency} and the opening one in {statement.currency or 'no currency'}"
        problems.add(f"{part.row}: :{part.tag}:", found, _LOOKED_FOR)
        statement.whole = False


def _entry(statement: Statement, part: _Field, problems: Problems) -> Line | None:
    text = part.lines[0].strip()
    if not statement.currency:
        if statement.whole:
            problems.add(f"{part.row}: :61:", "no opening balance above it names its currency", _LOOKED_FOR)
        statement.whole = False
        return None
    match = _ENTRY.match(text)
    if match is None:
        found = f"{text[:60]!r} is no line of a statement"
        problems.add(f"{part.row}: :61:", found, f"{_LOOKED_FOR} The line is left out.")
        statement.whole = False
        return None
    value_on = _day(match["value"])
    on = _booked(match["booked"], value_on) if value_on and match["booked"] else value_on
    if value_on is None or on is None:
        found = f"{text[:10]!r} holds no day that there is"
        problems.add(f"{part.row}: :61:", found, f"{_LOOKED_FOR} The line is left out.")
        statement.whole = False
        return None
    try:
        amount = minor(match["amount"], statement.currency, Marks.COMMA)
    except AmountError as error:
        problems.add(f"{part.row}: :61:", str(error), f"{_LOOKED_FOR} The line is left out.")
        statement.whole = False
        return None
    # RC takes back a credit, RD a debit
    amount *= 1 if match["mark"] in ("C", "RD") else -1
    own, _, banks = match["references"].partition("//")
    line = Line(
        row=part.row,
        on=on,
        value_on=value_on,
        amount=amount,
        currency=statement.currency,
        reference=_reference(own, match["type"] or ""),
        bank_id=remittance.stated(banks),
        text=one_line(*part.lines[1:]),
    )
    kind = (match["type"] or "")[1:]
    if match["mark"].startswith("R") or kind == "RTI":
        line.kind = REVERSAL
    elif kind == "CHG":
        line.kind = FEE
    statement.lines.append(line)
    return line


def _describe(line: Line, lines: list[str]) -> None:
    """Add what the free field says to a line; a second field adds its text."""
    found = remittance.read(lines)
    if remittance.is_iban(line.text) and not found.payer_account:
        line.payer_account, line.text = line.text, ""
    line.text = one_line(found.text, line.text)
    line.reference = found.reference or line.reference
    line.payer = found.payer or line.payer
    line.payer_account = found.payer_account or line.payer_account
    if line.kind not in (REVERSAL, FEE):
        line.kind = found.kind


def _reference(text: str, kind: str) -> str:
    """The reference of the account's owner; a cheque's number is none, nor are single letters and short codes of a bank."""
    reference = remittance.stated(text)
    code = len(reference) < 3 or (reference.isdigit() and len(reference) < 8)
    return "" if kind.endswith("CHK") or code else reference


def _day(text: str) -> date | None:
    """`YYMMDD`, or None where there is no such day."""
    year = int(text[:2])
    try:
        return date(year + (2000 if year <= _LATEST_SHORT_YEAR else 1900), int(text[2:4]), int(text[4:6]))
    except ValueError:
        return None


def _booked(text: str, value_on: date) -> date | None:
    """`MMDD` in the year that brings it nearest to the value date: a line of 31 December may be booked on 2 January."""
    days = []
    for year in (value_on.year - 1, value_on.year, value_on.year + 1):
        try:
            days.append(date(year, int(text[:2]), int(text[2:4])))
        except ValueError:
            continue
    nearest = min(days, key=lambda day: abs((day - value_on).days), default=None)
    return nearest if nearest and abs((nearest - value_on).days) <= _FURTHEST else None
