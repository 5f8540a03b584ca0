"""A bank's CSV: the user names its columns, as for `tabular`; and the one header that several systems share.

[[source]]
name = "bank"
connector = "bank"
files = "bank/*.csv"
columns = { on = "Buchungstag", amount = "Betrag", payer = "Name", text = ["Verwendungszweck", "Buchungstext"] }
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from payflow.connector import (
    CLIENTS,
    ENTRIES,
    INVOICES,
    LINES,
    ConnectorError,
    Kind,
    Problem,
    Scope,
    decimal,
    empty,
    nearest,
)
from payflow_bank.statement import kind_by_text
from payflow_exports import dates
from payflow_exports.format import Format, Portion, plain

if TYPE_CHECKING:
    import pandas as pd

    from payflow.connector import Ints
    from payflow_exports.sheet import Sheet
    from payflow_exports.texts import Mask, Texts

#: What `columns` may name, and what it holds.
FIELDS: Mapping[str, str] = {
    "on": "the day of booking",
    "value_on": "the day from which it counts",
    "amount": "the amount, negative for money out",
    "in": "money in, where it has a column of its own",
    "out": "money out, likewise, with or without a minus",
    "direction": "a mark of money in or out beside an amount without a sign",
    "payer": "who paid, or was paid",
    "payer_account": "their account",
    "text": "what was written; several columns are joined",
    "reference": "a structured reference",
    "account": "the business's own account",
    "currency": "the ISO 4217 code",
    "bank_id": "the bank's own id of the line",
    "balance": "the balance after the line",
    "status": "whether the line is booked: one that is not is left out",
}
_NEEDED = 'Name at least on, amount (or in and out) and text: columns = { on = "Date", amount = "Amount", text = "Description" }.'
_KINDS = {
    **dict.fromkeys(("on", "value_on"), Kind.DATE),
    **dict.fromkeys(("amount", "in", "out", "balance"), Kind.MONEY),
}
_IN = ("c", "cr", "crdt", "credit", "h", "haben", "in", "+", "bij", "af/bij: bij", "crédit", "credito", "ingreso")
_OUT = ("d", "dr", "dbit", "debit", "s", "soll", "out", "-", "af", "débit", "debito", "gasto")
#: What a line is called that moved the balance, and one that did not, or not yet. Any other word is a problem of its row.
_BOOKED = (
    "booked",
    "completed",
    "posted",
    "cleared",
    "settled",
    "executed",
    "gebucht",
    "geboekt",
    "verwerkt",
    "comptabilisé",
)
_NOT_BOOKED = (
    "pending",
    "authorised",
    "authorized",
    "reserved",
    "processing",
    "scheduled",
    "not booked",
    "reverted",
    "declined",
    "failed",
    "cancelled",
    "canceled",
    "vorgemerkt",
    "umsatz vorgemerkt",
    "reserviert",
    "in behandeling",
    "gereserveerd",
    "en attente",
    "pendiente",
    "in attesa",
)
_MOVED, _WAITS = "moved", "waits"
_STATUSES = {**dict.fromkeys(_BOOKED, _MOVED), **dict.fromkeys(_NOT_BOOKED, _WAITS)}
#: Texts of rows that hold a balance and no movement.
_OPENINGS = (
    *("opening balance", "beginning balance", "balance brought forward", "anfangssaldo", "alter kontostand"),
    *("solde initial", "saldo inicial", "saldo iniziale", "beginsaldo"),
)
_CLOSINGS = (
    *("closing balance", "ending balance", "balance carried forward", "endsaldo", "neuer kontostand", "solde final"),
    *("saldo final", "saldo finale", "eindsaldo"),
)
#: First words of rows that hold a balance below or above the movements.
_BALANCES = ("balance", "saldo", "solde", "kontostand", "opening", "closing", "ending", "anfangssaldo", "endsaldo")
_LEFT_OUT = "Download it again, or correct the row; the line is left out."


def described(given: object, source: str, account: str) -> Format:
    """The format that a user's `columns` describe. Raises `ConnectorError` for a mistake in them."""
    where = f"source {source!r}: columns"
    if not isinstance(given, Mapping) or not given:
        raise ConnectorError(Problem(where, "is no table of columns", _NEEDED))
    for name in given:
        if name not in FIELDS:
            raise ConnectorError(
                Problem(where, f"{name!r} is no column of a statement", nearest(str(name), list(FIELDS)))
            )
    columns = {name: _names(value, f"{where}.{name}") for name, value in given.items()}
    amounts = "amount" in columns or {"in", "out"} <= columns.keys()
    if not amounts or "on" not in columns or not columns.keys() & {"text", "reference", "payer"}:
        raise ConnectorError(Problem(where, f"names only {', '.join(columns)}", _NEEDED))
    if "amount" in columns and columns.keys() & {"in", "out"}:
        raise ConnectorError(Problem(where, "names an amount beside money in or out", "Name amount, or in and out."))
    return _format("the statement that `columns` describes", columns, account)


def _names(value: object, where: str) -> Sequence[str]:
    names = [value] if isinstance(value, str) else value
    if isinstance(names, Sequence) and names and all(isinstance(name, str) and name.strip() for name in names):
        return tuple(names)
    raise ConnectorError(Problem(where, f"{value!r} is no column name", "Write the column's header text."))


def _format(name: str, columns: Mapping[str, Sequence[str]], account: str) -> Format:
    """A format whose `text` is all the columns of that name together."""
    texts = {plain(header) for header in columns.get("text", ())}
    fields = {field: names for field, names in columns.items() if field != "text"}
    return Format(
        name=name,
        columns=fields,
        required=tuple(fields),
        build=partial(_build, account=account),
        kinds=_KINDS,
        families={"text": lambda header: header in texts} if texts else {},
        report=True,
        sums=_BALANCES,
        scope=Scope.CHANGED,
    )


def shared(account: str) -> Format:
    """The header under which Xero and others take statements: `*Date,*Amount,Payee,Description,Reference,Cheque Number`."""
    columns = {
        "on": ("Date",),
        "amount": ("Amount",),
        "payer": ("Payee",),
        "text": ("Description",),
        "reference": ("Reference",),
        "cheque": ("Cheque Number", "Check Number"),
    }
    return _format("bank statement in Xero's columns", columns, account)


def _build(sheet: Sheet, *, account: str) -> Portion:
    from payflow_exports.line_keys import with_line_keys
    from payflow_exports.lines import joined

    texts = joined(sheet, *(name for name in sheet.columns if name.startswith("text ")))
    sheet = sheet.with_columns(text=texts)
    lines = _booked(_movements(sheet))
    table = with_line_keys(_lines(lines, account))
    _running(lines)
    return Portion(empty(CLIENTS), empty(INVOICES), empty(ENTRIES), lines=table)


def _movements(sheet: Sheet) -> Sheet:
    """The rows that are movements, without those that hold the balance before or after them."""
    texts = sheet.text("text").map(lambda text: text.casefold().rstrip(": "))
    balances = texts.where(lambda text: text in (*_OPENINGS, *_CLOSINGS)) & sheet.text("payer").equal("")
    undated = ~sheet.text("on").where(lambda text: dates.read(text) is not None)
    balances |= undated & sheet.text("on").where(lambda text: text.casefold().startswith((*_OPENINGS, *_CLOSINGS)))
    return sheet.keep(~balances)


def _booked(sheet: Sheet) -> Sheet:
    """The lines that are booked; those that are not are no money yet."""
    waits = sheet.words("status", _STATUSES, _MOVED) == _WAITS
    if count := int(waits.sum()):
        found = f"what is not booked yet is left out (rows: {count})"
        sheet.problems.add("", found, "A later statement has them.", warning=True)
    return sheet.keep(~waits)


def _lines(sheet: Sheet, account: str) -> pd.DataFrame:
    import pandas as pd

    from payflow_exports.sheet import dates_of
    from payflow_exports.texts import Texts

    sheet.reject(sheet.text("on").equal(""), "on", lambda _: "is empty", f"Is it booked already? {_LEFT_OUT}")
    currencies = sheet.currencies()
    amounts = _amounts(sheet, currencies)
    days = {name: dates_of(sheet.days(name)) for name in ("on", "value_on")}
    accounts = sheet.text("account").map(lambda text: text or account) if len(sheet) else Texts.of([])
    index = pd.Index(sheet.rows)
    frame = pd.DataFrame(
        {
            "account": pd.Series(accounts.objects(), index=index, dtype="str"),
            **{name: pd.Series(column, index=index) for name, column in days.items()},
            "amount": pd.Series(amounts, index=index, dtype="Int64"),
            "currency": pd.Series(currencies.objects(), index=index, dtype="str"),
            **{
                name: pd.Series(sheet.text(name).objects(), index=index, dtype="str")
                for name in ("payer", "payer_account", "text", "reference", "bank_id")
            },
            "kind": pd.Series(
                [
                    kind_by_text(text, amount).value
                    for text, amount in zip(sheet.text("text").objects(), amounts, strict=True)
                ],
                index=index,
                dtype="str",
            ),
        }
    )
    # rows of nothing are notices: no money moved
    return frame[sheet.good & (amounts != 0)] if len(frame) else empty(LINES)


def _amounts(sheet: Sheet, currencies: Texts) -> Ints:
    """Signed amounts, out of one column or of two, or of one and a mark."""
    import numpy as np

    if "amount" in sheet:
        amounts = sheet.money("amount", currencies)
        sheet.reject(~amounts.known, "amount", lambda _: "is empty", _LEFT_OUT)
        if "direction" not in sheet:
            return amounts.values
        signs = sheet.words("direction", {**dict.fromkeys(_IN, 1), **dict.fromkeys(_OUT, -1)}, 0)
        sheet.reject(signs == 0, "direction", lambda _: "is empty, so nothing tells in from out", _LEFT_OUT)
        signs = np.array([sign or 0 for sign in signs], dtype=np.int64)
        return np.where(signs < 0, -np.abs(amounts.values), amounts.values)
    came, went = sheet.money("in", currencies), sheet.money("out", currencies)
    sheet.reject(~came.known & ~went.known, "in", lambda _: "is empty, and so is the column of money out", _LEFT_OUT)
    both = (came.values != 0) & (went.values != 0)
    sheet.reject(both, "in", lambda _: "holds an amount, and so does the column of money out", _LEFT_OUT)
    # the column writes money out with a minus or without; the other sign in it is money that came back
    plus, minus = (int((sheet.good & (went.values * sign > 0)).sum()) for sign in (1, -1))
    gone = -went.values if plus >= minus else went.values
    return came.values + gone


def _running(lines: Sheet) -> None:
    """Note it where the column of balances does not follow from the amounts, newest row first or last."""
    import numpy as np

    if "balance" not in lines or not lines.good.all() or len(lines) < 2:
        return
    from msgspec.structs import replace

    from payflow_exports.problems import Problems

    quiet = replace(lines, problems=Problems(""))
    currencies = quiet.currencies()
    balances, amounts = quiet.money("balance", currencies), _amounts(quiet, currencies)
    accounts = quiet.text("account")
    for pair in sorted({*zip(accounts.objects().tolist(), currencies.objects().tolist(), strict=True)}):
        mine: Mask = np.asarray(accounts.equal(pair[0]) & currencies.equal(pair[1]), dtype=np.bool_)
        if mine.sum() < 2 or not balances.known[mine].all():
            continue
        rows, after, moved = lines.rows[mine], balances.values[mine], amounts[mine]
        down = np.flatnonzero(after[1:] != after[:-1] + moved[1:])
        up = np.flatnonzero(after[:-1] != after[1:] + moved[:-1])
        if not len(down) or not len(up):
            continue
        breaks, step = (down, 1) if len(down) <= len(up) else (up, 0)
        row = int(breaks[0]) + step
        before = after[row - 1] if step else after[row + 1]
        shown = [decimal(int(value), pair[1]) for value in (before, moved[row], before + moved[row], after[row])]
        lines.problems.add(
            f"{rows[row]}: {lines.conventions.header('balance')}",
            f"the statement does not add up: {shown[0]} and {shown[1]} make {shown[2]}, and the balance here is {shown[3]}",
            "A line may be missing or stand in it twice: download the statement again, and compare it with the account.",
        )


UNDESCRIBED = (
    'Say what it calls them in the source: columns = { on = "Date", amount = "Amount", payer = "Name", text = "Description" }; '
    "`payflow connectors` lists what they may be."
)
