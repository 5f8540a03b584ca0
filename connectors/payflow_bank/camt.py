"""CAMT.053, the ISO 20022 statement, versions 2 and later, streamed: one entry is held at a time.

Read by expat with every declaration of a document type refused, so that no entity is ever expanded and nothing outside is
opened. Names are compared without their namespace, since all versions mean the same by what is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from xml.parsers import expat

from msgspec import Struct, field

from payflow.connector import AmountError, ConnectorError, LineKind, Marks, Problem
from payflow_bank.remittance import stated
from payflow_bank.statement import FEE, REVERSAL, TRANSFER, Line, Statement, minor, one_line
from payflow_exports.problems import Problems

STATEMENT, REPORT, NOTIFICATION = "camt.053", "camt.052", "camt.054"
_MESSAGE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(camt\.05[234])\.[0-9]{3}\.([0-9]{2})")
_ROOTS = {"BkToCstmrStmt": STATEMENT, "BkToCstmrAcctRpt": REPORT, "BkToCstmrDbtCdtNtfctn": NOTIFICATION}
_STATEMENTS = ("Stmt", "Rpt", "Ntfctn")
_CHUNK = 256 * 1024
#: One part of a statement, such as a batch of payments, may hold so many elements and characters.
_MOST_NODES = 1_000_000
_MOST_TEXT = 64 * 1024**2
_DEEPEST = 60
_AGAIN = "Download the statement again."
_LEFT_OUT = "Download the statement again, or enter the line by hand; it is left out."
#: Families and sub-families of bank transaction codes: money that came back, and what the bank charged.
_RETURNED = frozenset({"RRTN", "RPCR", "UPDD", "RRCT", "ARET", "RCDD", "UPCQ"})
_CHARGED = frozenset({"CHRG", "FEES", "COMM", "COMT"})
_DECIMALS = re.compile(r"^[0-9]{1,30}(?:\.[0-9]{0,20})?$")


class _Node(Struct):
    """An element: its name without namespace, where it begins, its currency, text and children."""

    name: str
    row: int
    currency: str = ""
    texts: list[str] = field(default_factory=list)
    children: dict[str, list[_Node]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "".join(self.texts).strip()

    def all(self, path: str) -> list[_Node]:
        """The elements under a path of names."""
        found = [self]
        for name in _steps(path):
            found = [child for node in found for child in node.children.get(name, ())]
            if not found:
                break
        return found

    def one(self, *paths: str) -> str:
        """The first text under any of some paths, the best first."""
        return next((node.text for path in paths for node in self.all(path) if node.text), "")


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("/"))


def message_of(head: str) -> str:
    """`camt.053`, `camt.052` or `camt.054` if a file begins as one of them does, else nothing."""
    if "<" not in head[:200]:
        return ""
    if match := _MESSAGE.search(head):
        return match[1]
    return next((kind for root, kind in _ROOTS.items() if re.search(rf"<(?:\w+:)?{root}\b", head)), "")


def read(path: Path, problems: Problems) -> Iterator[Statement]:
    """The statements of a file. Raises `ConnectorError` for damaged XML, and for XML that no bank writes."""
    parser = _Parser(path.name, problems)
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                parser.feed(chunk)
                yield from parser.taken()
        parser.feed(b"", final=True)
        yield from parser.taken()
    except OSError as error:
        found = f"cannot be read: {error.strerror}"
        raise ConnectorError(Problem(path.name, found, "Check the path and its rights.")) from error


class _Parser:
    """Statements out of the events of expat."""

    def __init__(self, name: str, problems: Problems) -> None:
        self._name = name
        self._problems = problems
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._stack: list[_Node] = []
        self._statement: Statement | None = None
        self._depth = self._nodes = self._characters_held = 0
        self._done: list[Statement] = []
        self._pending = 0

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        try:
            self._parser.Parse(chunk, final)
        except (expat.ExpatError, ValueError, LookupError) as error:
            found = f"is XML that is damaged or cut short ({str(error)[:100]})"
            raise ConnectorError(Problem(self._name, found, _AGAIN)) from error

    def taken(self) -> list[Statement]:
        done, self._done = self._done, []
        return done

    def _doctype(self, *_: object) -> None:
        found = "declares a document type, which no bank statement does"
        raise ConnectorError(Problem(self._name, found, f"It may be meant to do harm: {_AGAIN[0].lower()}{_AGAIN[1:]}"))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        local = name.rpartition("}")[2]
        row = self._parser.CurrentLineNumber
        if self._statement is None:
            if local in _STATEMENTS:
                self._statement, self._pending = Statement(row), 0
                self._stack = [_Node(local, row)]
            return
        self._nodes += 1
        if self._nodes > _MOST_NODES or self._depth > _DEEPEST:
            raise self._too_large()
        self._stack.append(_Node(local, row, attributes.get("Ccy", "")))

    def _characters(self, text: str) -> None:
        if self._statement is not None:
            self._characters_held += len(text)
            if self._characters_held > _MOST_TEXT:
                raise self._too_large()
            self._stack[-1].texts.append(text)

    def _end(self, _: str) -> None:
        self._depth -= 1
        if self._statement is None:
            return
        node = self._stack.pop()
        if not self._stack:
            self._finish(self._statement)
        elif len(self._stack) > 1:
            self._stack[-1].children.setdefault(node.name, []).append(node)
        else:  # a part of the statement is complete; nothing of it is kept
            self._take(self._statement, node)
            self._nodes = self._characters_held = 0
            self._stack[-1].texts.clear()

    def _too_large(self) -> ConnectorError:
        found = "has one entry that is larger than any bank writes"
        return ConnectorError(Problem(f"{self._name}:{self._parser.CurrentLineNumber}", found, _AGAIN))

    def _finish(self, statement: Statement) -> None:
        if self._pending:
            found = f"what is not booked yet is left out (entries: {self._pending})"
            self._problems.add(str(statement.row), found, "A later statement has them.", warning=True)
        self._done.append(statement)
        self._statement = None

    def _take(self, statement: Statement, node: _Node) -> None:
        if node.name == "Acct":
            statement.account = node.one("Id/IBAN", "Id/Othr/Id", "Id/PrtryAcct/Id").replace(" ", "")
            statement.currency = node.one("Ccy")
        elif node.name == "Bal":
            _balance(statement, node, self._problems)
        elif node.name == "Ntry":
            if node.one("Sts/Cd", "Sts") not in ("BOOK", ""):
                self._pending += 1
                return
            entry = _Entry(statement, node, self._problems)
            lines = entry.lines()
            if not lines:
                statement.whole = False
            statement.lines += lines


def _balance(statement: Statement, node: _Node, problems: Problems) -> None:
    kind = node.one("Tp/CdOrPrtry/Cd")
    if kind not in ("OPBD", "PRCD", "CLBD") or (kind == "PRCD" and statement.opening is not None):
        return
    (amounts, day) = node.all("Amt"), _day(node.one("Dt/Dt", "Dt/DtTm"))
    try:
        if not amounts:
            raise AmountError("the balance has no amount")
        currency = amounts[0].currency or statement.currency
        value = _minor(amounts[0].text, currency) * (-1 if node.one("CdtDbtInd") == "DBIT" else 1)
    except AmountError as error:
        problems.add(f"{node.row}: Bal", str(error), _AGAIN)
        statement.whole = False
        return
    statement.currency = statement.currency or currency
    if currency != statement.currency:
        found = (
            f"the balance {kind} is in {currency} and the account in {statement.currency}, so nothing can be added up"
        )
        problems.add(f"{node.row}: Bal", found, _AGAIN)
        statement.whole = False
    elif kind == "CLBD":
        statement.closing, statement.closed_on = value, day
    else:
        statement.opening = value
        statement.continues = kind == "OPBD" and node.one("Tp/SubTp/Cd") == "INTM"


class _Entry(Struct):
    """One booked entry, which may stand for many payments."""

    statement: Statement
    node: _Node
    problems: Problems
    currency: str = ""
    sign: int = 1

    def lines(self) -> list[Line]:
        """Its lines; none where it cannot be read."""
        node = self.node
        amounts = node.all("Amt")
        self.currency = (amounts[0].currency if amounts else "") or self.statement.currency
        self.sign = -1 if node.one("CdtDbtInd") == "DBIT" else 1
        on = _day(node.one("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"))
        try:
            amount = self.sign * _minor(amounts[0].text if amounts else "", self.currency)
        except AmountError as error:
            self.problems.add(f"{node.row}: Amt", str(error), _LEFT_OUT)
            return []
        if node.one("CdtDbtInd") not in ("CRDT", "DBIT"):
            found = f"{node.one('CdtDbtInd')[:20]!r} is neither CRDT nor DBIT"
            self.problems.add(f"{node.row}: CdtDbtInd", found, _LEFT_OUT)
            return []
        if on is None:
            found = f"{node.one('BookgDt/Dt', 'BookgDt/DtTm', 'ValDt/Dt')[:30]!r} is not a day"
            self.problems.add(f"{node.row}: BookgDt", found, _LEFT_OUT)
            return []
        self.statement.currency = self.statement.currency or self.currency
        details = node.all("NtryDtls/TxDtls")
        parts = self._parts(details, amount)
        value_on = _day(node.one("ValDt/Dt", "ValDt/DtTm"))
        lines = [self._line(detail, part, on, value_on, many=len(parts) > 1) for detail, part in parts]
        if rest := amount - sum(line.amount for line in lines):
            charge = self._line(None, rest, on, value_on, many=True)
            charge.kind, charge.payer, charge.payer_account, charge.reference = FEE, "", "", ""
            charge.bank_id = one_line(charge.bank_id, "charges") if charge.bank_id else ""
            lines.append(charge)
        return lines

    def _parts(self, details: list[_Node], amount: int) -> list[tuple[_Node | None, int]]:
        """The payments of an entry with their amounts, which together with what the bank charged make the entry's.

        The entry's own amount counts where there is one payment, unless the charges that the bank names explain the difference.
        """
        if not details:
            return [(None, amount)]
        told = [self._told(detail) for detail in details]
        known = [part for part in told if part is not None]
        if len(known) == len(told):
            rest = amount - sum(known)
            if rest == 0 or (rest < 0 and -rest == self._charges()):
                return list(zip(details, known, strict=True))
        if len(details) > 1:
            found = f"the {len(details)} payments of this entry do not make its amount"
            self.problems.add(
                f"{self.node.row}: TxDtls",
                found,
                "The entry is read as one line; look at the payments in the bank's own list.",
            )
            return [(None, amount)]
        return [(details[0], amount)]

    def _told(self, detail: _Node) -> int | None:
        """A payment's own amount in the entry's currency, with its sign; None where it does not tell one."""
        sign = {"CRDT": 1, "DBIT": -1}.get(detail.one("CdtDbtInd"), self.sign)
        for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"):
            for node in detail.all(path):
                if node.currency in ("", self.currency):
                    try:
                        return sign * _minor(node.text, self.currency) or None
                    except AmountError:
                        continue
        return None

    def _charges(self) -> int:
        """What the bank took off the entry, as far as it says so in the entry's currency."""
        total = 0
        for owner in (self.node, *self.node.all("NtryDtls/TxDtls")):
            own = 0
            for record in owner.all("Chrgs/Rcrd") or owner.all("Chrgs"):
                for node in record.all("Amt") or record.all("TtlChrgsAndTaxAmt"):
                    if node.currency in ("", self.currency) and record.one("CdtDbtInd") != "CRDT":
                        try:
                            own += _minor(node.text, self.currency)
                        except AmountError:
                            continue
            if own and owner is self.node:
                return own
            total += own
        return total

    def _line(self, detail: _Node | None, amount: int, on: date, value_on: date | None, *, many: bool) -> Line:
        node, detail = self.node, detail or _Node("TxDtls", self.node.row)
        kind = self._kind(detail)
        # what came back still names the parties of the payment that it takes back
        other, ours = ("Dbtr", "Cdtr") if (amount >= 0) != (kind is REVERSAL) else ("Cdtr", "Dbtr")
        if kind is REVERSAL and not _party(detail, other):
            other = ours
        ultimate = _party(detail, f"Ultmt{other}")
        entry_id = node.one("AcctSvcrRef")
        payment_id = detail.one("Refs/AcctSvcrRef", "Refs/TxId", "Refs/InstrId")
        structured = stated(detail.one("RmtInf/Strd/CdtrRefInf/Ref"))
        end_to_end = stated(detail.one("Refs/EndToEndId"))
        texts = [item.text for item in detail.all("RmtInf/Ustrd")]
        texts += [item.text for item in detail.all("RmtInf/Strd/AddtlRmtInf")]
        texts += [item.text for item in detail.all("RmtInf/Strd/RfrdDocInf/Nb")]
        texts += [item.text for item in detail.all("RmtInf/Strd/CdtrRefInf/Ref")[1:]]
        payer = _party(detail, other)
        if structured:
            texts.append(end_to_end)
        if payer and ultimate and ultimate not in payer:
            texts.append(ultimate)
        said = one_line(*texts) or one_line(detail.one("AddtlTxInf"), node.one("AddtlNtryInf"))
        return Line(
            row=detail.row,
            on=on,
            value_on=value_on,
            amount=amount,
            currency=self.currency,
            payer=one_line(payer or ultimate),
            payer_account=detail.one(f"RltdPties/{other}Acct/Id/IBAN", f"RltdPties/{other}Acct/Id/Othr/Id").replace(
                " ", ""
            ),
            text=said,
            reference=structured or end_to_end,
            bank_id=one_line(
                (f"{entry_id} {payment_id}" if entry_id else payment_id) if many else entry_id or payment_id
            ),
            kind=kind,
        )

    def _kind(self, detail: _Node) -> LineKind:
        codes = {
            item.text
            for owner in (self.node, detail)
            for path in ("BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd")
            for item in owner.all(path)
        }
        if self.node.one("RvslInd") in ("true", "1") or detail.all("RtrInf") or codes & _RETURNED:
            return REVERSAL
        return FEE if codes & _CHARGED else TRANSFER


def _party(detail: _Node, role: str) -> str:
    return detail.one(f"RltdPties/{role}/Nm", f"RltdPties/{role}/Pty/Nm", f"RltdPties/{role}/Agt/FinInstnId/Nm")


def _minor(text: str, currency: str) -> int:
    """Minor units of an unsigned decimal number, the only form that the standard knows."""
    if not _DECIMALS.match(text):
        raise AmountError(f"{text[:60]!r} is not an amount")
    return minor(text, currency, Marks.POINT)


def _day(text: str) -> date | None:
    """The day of a date or of a moment, by the bank's own clock."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
