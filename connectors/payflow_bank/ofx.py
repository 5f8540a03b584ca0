"""OFX and QFX: version 1 (SGML, tags left open) and version 2 (XML), read by one lenient pass over the tags.

Banks leave out headers, begin with blank lines, put all on one row, mix open and closed tags, and escape twice; libraries
that are strict refuse half of it. Tags are read as they come: no document type, no entity of a file's own is ever looked at.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date

from msgspec import Struct, field

from payflow.connector import AmountError, ConnectorError, Marks, Problem
from payflow_bank.statement import FEE, REVERSAL, TRANSFER, Line, Statement, minor, one_line
from payflow_exports.problems import Problems

_NAME = re.compile(r"^(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9._]{0,40})\s*/?$")
_BEGIN = re.compile(r"<OFX\b", re.IGNORECASE)
#: Digits, at most one mark per kind; OFX groups no thousands, so a lone mark is the decimal one.
_NUMBER = re.compile(
    r"^[+-]?(?:[0-9]+|[0-9]{1,3}(?:(?P<group>[.,])[0-9]{3})(?:(?P=group)[0-9]{3})*(?=[.,]))?(?:[.,][0-9]*)?$"
)
_CDATA = "![CDATA["
_ENTITY = re.compile(r"&#?\w{2,8};")
_STATEMENTS = ("STMTRS", "CCSTMTRS")
_KINDS = {"FEE": FEE, "SRVCHG": FEE}
_LEFT_OUT = "Download the statement again, or correct the row; the line is left out."
#: Aggregates inside one line that hold values of the same names.
_INNER = ("PAYEE", "BANKACCTTO", "CCACCTTO", "CURRENCY", "ORIGCURRENCY", "EXTDPAYEE")


def is_ofx(head: str) -> bool:
    """Whether a file begins as OFX does, with or without its header."""
    beginning = head.lstrip("\ufeff \t\r\n")
    return beginning[:9].upper() == "OFXHEADER" or (beginning[:1] == "<" and bool(_BEGIN.search(head)))


class _Open(Struct):
    """What has been read of one statement, and of the line that is open in it."""

    statement: Statement
    row: int = 0
    values: dict[str, str] | None = None
    inner: list[str] = field(default_factory=list)
    balance: dict[str, str] | None = None


def read(text: str, name: str, currency: str, problems: Problems) -> Iterator[Statement]:
    """The statements of a file; `currency` is for those that name none.

    Raises `ConnectorError` where the file breaks off.
    """
    begin = _BEGIN.search(text)
    if begin is None or not re.search(r"</OFX\s*>\s*\Z", text.rstrip()[-200:], re.IGNORECASE):
        found = "breaks off before its end (</OFX>)"
        raise ConnectorError(Problem(name, found, "Download it again: what is missing cannot be told."))
    current: _Open | None = None
    row, place = text.count("\n", 0, begin.start()) + 1, begin.start()
    last = ""
    for at, tag, value in _tokens(text, begin.start()):
        row, place = row + text.count("\n", place, at), at
        if tag == _CDATA:
            if current is not None and last:
                _set(current, last, value.strip())
        elif tag.startswith("/"):
            last = ""
            if current is not None and tag[1:] in _STATEMENTS:
                yield current.statement
                current = None
            elif current is not None:
                _end(current, tag[1:], currency, problems)
        elif tag in _STATEMENTS:
            current = _Open(Statement(row))
        elif current is not None:
            last = tag
            _start(current, tag, row)
            if value:
                _set(current, tag, value)


def _tokens(text: str, place: int) -> Iterator[tuple[int, str, str]]:
    """Where each tag stands, its name in capitals (with `/` before it where it ends something), and the text after it."""
    while (at := text.find("<", place)) >= 0:
        if text.startswith("<![CDATA[", at):
            if (end := text.find("]]>", at)) < 0:
                return
            yield at, _CDATA, text[at + 9 : end]
            place = end + 3
            continue
        end, following = text.find(">", at), text.find("<", at + 1)
        if end < 0:
            return
        if 0 <= following < end:  # a sign in a text, no tag
            place = following
            continue
        place = following if following >= 0 else len(text)
        if match := _NAME.match(text[at + 1 : end]):
            yield at, match["end"] + match["name"].upper(), _plain(text[end + 1 : place])


def _start(current: _Open, tag: str, row: int) -> None:
    if tag == "STMTTRN":
        current.values, current.row, current.inner = {}, row, []
    elif current.values is not None and tag in _INNER:
        current.inner.append(tag)
    elif tag == "LEDGERBAL":
        current.balance = {}


def _end(current: _Open, tag: str, currency: str, problems: Problems) -> None:
    if tag == "STMTTRN" and current.values is not None:
        line = _line(current, currency, problems)
        if line is not None:
            current.statement.lines.append(line)
        else:
            current.statement.whole = False
        current.values = None
    elif current.inner and tag == current.inner[-1]:
        current.inner.pop()
    elif tag == "LEDGERBAL" and current.balance is not None:
        current.statement.closed_on = _day(current.balance.get("DTASOF", ""))
        current.balance = None


def _set(current: _Open, tag: str, value: str) -> None:
    if current.values is not None:
        name = f"{current.inner[-1]}.{tag}" if current.inner else tag
        current.values.setdefault(name, value)
    elif current.balance is not None:
        current.balance.setdefault(tag, value)
    elif tag == "CURDEF":
        current.statement.currency = value.upper()
    elif tag == "ACCTID" and not current.statement.account:
        current.statement.account = value
    elif tag == "DTEND":
        current.statement.closed_on = current.statement.closed_on or _day(value)


def _line(current: _Open, otherwise: str, problems: Problems) -> Line | None:
    values = current.values or {}
    place = f"{current.row}: "
    if values.get("CORRECTFITID"):
        found = f"it corrects the line {values['CORRECTFITID'][:60]!r}"
        problems.add(place + "CORRECTFITID", found, "Look at both in the bank's own list; this line is left out.")
        return None
    on = _day(values.get("DTPOSTED", ""))
    if on is None:
        found = f"{values['DTPOSTED'][:60]!r} is not a day" if values.get("DTPOSTED") else "is not there"
        problems.add(place + "DTPOSTED", found, _LEFT_OUT)
        return None
    currency = (values.get("CURRENCY.CURSYM") or current.statement.currency).upper()
    if not currency:
        currency, current.statement.assumed = otherwise, True
    try:
        amount = _amount(values.get("TRNAMT", ""), currency)
    except AmountError as error:
        problems.add(place + "TRNAMT", str(error), _LEFT_OUT)
        return None
    name, memo = values.get("NAME") or values.get("PAYEE.NAME", ""), values.get("MEMO", "")
    kind = values.get("TRNTYPE", "").upper()
    return Line(
        row=current.row,
        on=on,
        value_on=_day(values.get("DTAVAIL", "") or values.get("VALUEDATE", "")),
        amount=amount,
        currency=currency,
        payer=one_line(name),
        payer_account=values.get("BANKACCTTO.ACCTID") or values.get("CCACCTTO.ACCTID", ""),
        text=one_line(memo),
        reference=one_line(values.get("REFNUM", "")),
        bank_id=values.get("FITID", ""),
        kind=REVERSAL if kind == "RETURN" else _KINDS.get(kind, TRANSFER),
    )


def _amount(text: str, currency: str) -> int:
    squeezed = text.replace(" ", "")
    if not any(sign.isdigit() for sign in squeezed) or not _NUMBER.match(squeezed[:60]):
        raise AmountError(f"{text[:60]!r} is not an amount" if text else "is not there")
    marks = Marks.COMMA if squeezed.rfind(",") > squeezed.rfind(".") else Marks.POINT
    return minor(squeezed, currency, marks)


def _day(text: str) -> date | None:
    """The day as it was posted, by the bank's own clock: `20230509120000.000[-5:EST]` is the ninth."""
    digits = text.strip()[:8]
    try:
        return (
            date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
            if len(digits) == 8 and digits.isdecimal()
            else None
        )
    except ValueError:
        return None


def _plain(text: str) -> str:
    """A value without its escapes, some of which were escaped twice."""
    text = html.unescape(text.strip())
    return html.unescape(text) if _ENTITY.search(text) else text
