"""What every statement format yields: statements of one account, their lines, and whether those add up."""

from __future__ import annotations

import re
from datetime import date

from msgspec import Struct, field

from payflow.connector import AmountError, LineKind, Marks, decimal, is_currency
from payflow_exports.amounts import amount
from payflow_exports.problems import Problems

TRANSFER, REVERSAL, FEE = LineKind.TRANSFER, LineKind.REVERSAL, LineKind.FEE

_AGAIN = "A line may be missing or stand in it twice: download the statement again, and compare it with the account."


#: What banks write where money of a client went back and no code of the format says so.
_RETURNED = re.compile(
    r"\b(?:returned|returns?[ -](?:item|payment|debit|credit|transfer|che(?:que|ck)|deposit)|charge-?back|revers(?:al|ed)|bounced"
    r"|unpaid (?:che(?:que|ck)|item|direct debit)|r(?:ü|ue)ck(?:lastschrift|gabe|buchung|belastung)|retoure|storno"
    r"|gestorneerd|impay[ée]|rejet|devoluci[oó]n|devuelto|insoluto)\b",
    re.IGNORECASE,
)


class Line(Struct):
    """One booked movement. `row` is where it stands in the file; `amount` is in minor units, positive for money that came in.

    `on` is the day of booking, `value_on` the day from which it counts. `reference` is structured (a creditor reference, else
    the payer's end-to-end reference), `text` what people wrote. `bank_id` is the bank's own id of the line, if it has one.
    """

    row: int
    on: date
    amount: int
    value_on: date | None = None
    payer: str = ""
    payer_account: str = ""
    text: str = ""
    reference: str = ""
    bank_id: str = ""
    kind: LineKind = TRANSFER
    currency: str = ""


class Statement(Struct):
    """One statement of one account. Balances are in minor units of `currency`, None where they are not told.

    `whole` is false once a line of it could not be read: then it cannot add up. `assumed`: the file does not name the currency.
    `continues`: it is a further page of the statement before it.
    """

    row: int
    account: str = ""
    currency: str = ""
    opening: int | None = None
    closing: int | None = None
    closed_on: date | None = None
    lines: list[Line] = field(default_factory=list)
    whole: bool = True
    assumed: bool = False
    continues: bool = False


def balance(statement: Statement, problems: Problems) -> None:
    """Note it where a statement's lines do not lead from its opening to its closing balance."""
    if statement.opening is None or statement.closing is None or not statement.whole:
        return
    moved = sum(line.amount for line in statement.lines)
    made = statement.opening + moved
    if made == statement.closing:
        return
    shown = [decimal(value, statement.currency) for value in (statement.opening, moved, made, statement.closing)]
    problems.add(
        str(statement.row),
        f"the statement does not add up: it opens with {shown[0]}, its {len(statement.lines)} lines make {shown[1]}, "
        f"so it should close with {shown[2]} and says {shown[3]} {statement.currency}",
        _AGAIN,
    )


def kind_by_text(text: str, amount: int) -> LineKind:
    """What the words of a line say of it where its format does not: only money that went out can take a payment back."""
    return REVERSAL if amount < 0 and _RETURNED.search(text) else TRANSFER


def minor(text: str, currency: str, marks: Marks) -> int:
    """Minor units of an amount. Raises `AmountError`, for a currency that is none too."""
    if not is_currency(currency):
        raise AmountError(f"{currency[:20]!r} is not a currency")
    return amount(text, currency, marks)


def one_line(*texts: str) -> str:
    """Texts joined by blanks, runs of blanks made one, and hyphens that only stand where a line may break made plain."""
    return " ".join(" ".join(texts).replace("\u00ad", "-").split())
