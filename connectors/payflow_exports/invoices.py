"""From rows to canonical tables: lines of one invoice taken together once, contradictions reported, clients gathered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from payflow.connector import (
    CLIENTS,
    ENTRIES,
    INVOICES,
    NO_DAY,
    EntryKind,
    Ints,
    Kind,
    Settlement,
    Status,
    check,
    empty,
    to_date,
)
from payflow_exports.sheet import Sheet, dates_of, day_text
from payflow_exports.texts import Mask

if TYPE_CHECKING:
    import pandas as pd

#: What all lines of one invoice must say alike; the rest is taken from the first line that says anything.
_FACTS = ("client", "currency", "total", "paid", "credited", "balance", "issued_on", "due_on", "closed_on", "status")


def invoices_of(
    sheet: Sheet, statuses: Mapping[str, Status], *, by_line: bool, key: Sequence[str] = ("number",)
) -> pd.DataFrame:
    """One canonical row per invoice, from rows that are invoices or lines of them. The index is the row in the file.

    Rows with equal `key` columns are one invoice: their facts are taken once, and where they contradict each other the invoice
    is a problem and left out. Rows without a number get a stable key from client, date, total and occurrence; `by_line` says that
    equal ones are lines of one invoice, not invoices. Statuses are known by their words in lower case.
    """
    one = merged(sheet, key, by_line=by_line)
    require(one, "client", "total", "issued_on")
    currencies = one.currencies()
    money = {name: one.money(name, currencies) for name, kind in INVOICES.items() if kind is Kind.MONEY}
    days = {name: one.days(name) for name, kind in INVOICES.items() if kind is Kind.DATE}
    status = one.words("status", statuses, Status.UNSTATED, warn=True)
    _plausible(one, money["total"].values, money["balance"].values, money["balance"].known, status)
    import pandas as pd

    index = pd.Index(one.rows)
    if len(key) == 1 and not one.text(key[0]).equal("").any():
        keys = one.text(key[0]).series(index)
    else:
        made = stable_keys(one, key, days["issued_on"], money["total"].values)
        keys = pd.Series(made, index=index, dtype="str")
    frame = pd.DataFrame(
        {
            "key": keys,
            "number": one.text("number").series(index),
            "client": one.text("client").series(index),
            "currency": currencies.series(index),
            **{name: amounts.series(one.rows) for name, amounts in money.items()},
            **{name: pd.Series(dates_of(column), index=index) for name, column in days.items()},
            "status": pd.Series(status, index=index, dtype="str"),
            "reference": one.text("reference").series(index),
            "pay_url": one.text("pay_url").series(index),
        }
    )
    return check(frame if one.good.all() else frame[one.good], INVOICES)


def merged(sheet: Sheet, key: Sequence[str], *, by_line: bool) -> Sheet:
    """One row per invoice: the first with its key, each column from the first line that fills it."""
    group = groups(sheet, key, by_line=by_line)
    count = int(group.max()) + 1 if len(group) else 0
    first = _first_rows(group, np.ones(len(group), dtype=np.bool_), np.zeros(count, dtype=np.int64))
    columns = {}
    contradicted = np.zeros(count, dtype=np.bool_)
    for name, texts in sheet.columns.items():
        filled = ~texts.equal("")
        source = first if filled.all() or not filled.any() else _first_rows(group, filled, first)
        columns[name] = texts.take(source)
        if name in _FACTS and count < len(group):
            differ = filled & (texts.codes != texts.codes[source][group])
            _report(sheet, name, group, source, differ & ~contradicted[group], contradicted)
    one = replace(sheet, rows=sheet.rows[first], columns=columns, good=sheet.good[first]) if count else sheet
    one.good[contradicted] = False
    return one


def require(sheet: Sheet, *names: str) -> None:
    """Rows that lack one of these cells are bad."""
    for name in names:
        header = sheet.conventions.header(name) if name in sheet else name
        sheet.reject(
            sheet.text(name).equal(""),
            name,
            lambda _: "is empty",
            f"An invoice needs {header}; fill it in and export again.",
        )


def stable_keys(sheet: Sheet, key: Sequence[str], issued: Ints, totals: Ints, prefix: str = "") -> list[str]:
    """The source's own key of each row, else one from client, date, total and occurrence that comes out alike every time."""
    own = sheet.text(key[-1]).objects()
    for name in reversed(key[:-1]):
        own = sheet.text(name).objects() + "|" + own
    keys = [prefix + text for text in own.tolist()]
    seen: Counter[str] = Counter()
    client = sheet.text("client")
    for row in np.flatnonzero(sheet.text(key[-1]).equal("")).tolist():
        facts = f"{client[row]}|{day_text(int(issued[row]))}|{int(totals[row])}"
        seen[facts] += 1
        keys[row] = f"{prefix}~{facts}|{seen[facts]}"
    return keys


def clients_of(*sheets: Sheet) -> pd.DataFrame:
    """The clients of some rows: each once, with the first name and e-mail given for it."""
    import pandas as pd

    names: dict[str, str] = {}
    emails: dict[str, str] = {}
    for sheet in sheets:
        _gather(sheet, "client_name", names)
        _gather(sheet, "email", emails)
        for client in sheet.text("client").used():
            names.setdefault(client, client)
    keys = list(names)
    columns = {"key": keys, "name": [names[key] for key in keys], "email": [emails.get(key, "") for key in keys]}
    return check(pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()}), CLIENTS)


def issued_between(sheet: Sheet) -> tuple[date | None, date | None]:
    """The first and the last day of issue in some rows, bad ones too: what an export lists that names no period."""
    days = _quiet(sheet, np.arange(len(sheet))).days("issued_on")
    known = days[days != NO_DAY]
    return (to_date(int(known.min())), to_date(int(known.max()))) if len(known) else (None, None)


def open_credit(sheet: Sheet, field: str, kind: EntryKind, prefix: str) -> pd.DataFrame:
    """Credit of a client that no invoice has used yet: the absolute value of what a row leaves open, nothing for zero."""
    if not len(sheet):
        return empty(ENTRIES)
    require(sheet, "client", field)
    currencies = sheet.currencies()
    rest, total, days = sheet.money(field, currencies), sheet.money("total", currencies), sheet.days("issued_on")
    keys = stable_keys(sheet, ("number",), days, total.values, prefix)
    import pandas as pd

    index = pd.Index(sheet.rows)
    frame = pd.DataFrame(
        {
            "key": pd.Series(keys, index=index, dtype="str"),
            "client": pd.Series(sheet.text("client").objects(), index=index, dtype="str"),
            "kind": pd.Series([kind.value] * len(sheet), index=index, dtype="str"),
            "on": pd.Series(dates_of(days), index=index),
            "amount": pd.Series(np.abs(rest.values), index=index, dtype="Int64"),
            "currency": pd.Series(currencies.objects(), index=index, dtype="str"),
            "settlement": pd.Series([Settlement.SETTLED.value] * len(sheet), index=index, dtype="str"),
        }
    )
    return check(frame[sheet.good & rest.known & (rest.values != 0)], ENTRIES)


def groups(sheet: Sheet, key: Sequence[str], *, by_line: bool) -> Ints:
    """The invoice of each row, numbered by first appearance."""
    codes = _combined(sheet, key)
    blank = sheet.text(key[-1]).equal("")
    if blank.any():
        start = int(codes.max()) + 1
        alike = _combined(sheet, [name for name in _FACTS if name in sheet]) if by_line else np.arange(len(sheet))
        codes = np.where(blank, start + alike, codes)
    return _numbered(codes)


def _combined(sheet: Sheet, names: Sequence[str]) -> Ints:
    codes = np.zeros(len(sheet), dtype=np.int64)
    for name in names:
        texts = sheet.text(name)
        codes = _numbered(codes * len(texts.values) + texts.codes)
    return codes


def _numbered(codes: Ints) -> Ints:
    """Every value as the number of its first appearance."""
    import pandas as pd

    return np.asarray(pd.factorize(codes)[0], dtype=np.int64)


def _first_rows(group: Ints, mask: Mask, otherwise: Ints) -> Ints:
    """Per group the first row under a mask, or `otherwise` where there is none."""
    result = otherwise.copy()
    rows = np.flatnonzero(mask)
    result[group[rows[::-1]]] = rows[::-1]
    return result


def _report(sheet: Sheet, name: str, group: Ints, source: Ints, differ: Mask, contradicted: Mask) -> None:
    """Note groups whose rows say different things in a column; texts that mean the same amount or day do not differ."""
    rows = np.flatnonzero(differ)
    if not len(rows):
        return
    texts, numbers = sheet.columns[name], sheet.text("number")
    for row in rows[~_same_meaning(sheet, name, rows, source[group[rows]])]:
        if not contradicted[group[row]]:
            contradicted[group[row]] = True
            first = source[group[row]]
            sheet.problems.add(
                f"{sheet.rows[row]}: {sheet.conventions.header(name)}",
                f"{numbers[row]!r} says {texts[row][:60]!r} here and {texts[first][:60]!r} in row {sheet.rows[first]}",
                "If two invoices share the number, rename one in the books and export again; neither is read.",
            )


def _same_meaning(sheet: Sheet, name: str, rows: Ints, firsts: Ints) -> Mask:
    kind = INVOICES[name]
    texts = sheet.columns[name]
    if kind is Kind.DATE:
        read = [_quiet(sheet, where).days(name) for where in (rows, firsts)]
        return np.asarray((read[0] == read[1]) & (read[0] != NO_DAY), dtype=np.bool_)
    if kind is Kind.MONEY:
        both = [_quiet(sheet, where) for where in (rows, firsts)]
        amounts = [part.money(name, part.currencies()) for part in both]
        same = amounts[0].values == amounts[1].values
        return np.asarray(same & amounts[0].known & amounts[1].known, dtype=np.bool_)
    if name == "client":
        return np.zeros(len(rows), dtype=np.bool_)
    return np.array(
        [texts[a].casefold() == texts[b].casefold() for a, b in zip(rows, firsts, strict=True)], dtype=np.bool_
    )


def _quiet(sheet: Sheet, rows: Ints) -> Sheet:
    """Rows to be compared only: what is wrong with them is told elsewhere."""
    from payflow_exports.problems import Problems

    return replace(sheet.keep(rows), problems=Problems(""))


def _gather(sheet: Sheet, name: str, into: dict[str, str]) -> None:
    if name not in sheet:
        return
    client, texts = sheet.text("client"), sheet.text(name)
    import pandas as pd

    pairs = pd.unique(client.codes.astype(np.int64) * len(texts.values) + texts.codes)
    for pair in np.sort(pairs).tolist():
        key, value = client.values[pair // len(texts.values)], texts.values[pair % len(texts.values)]
        if key and value:
            into.setdefault(key, value)


def _plausible(sheet: Sheet, total: Ints, balance: Ints, known: Mask, status: NDArray[np.object_]) -> None:
    """What no invoice can say: a negative total, more open than billed, paid with something open."""
    dead = np.asarray((status == Status.VOID) | (status == Status.DRAFT), dtype=np.bool_)
    paid = np.asarray(status == Status.PAID, dtype=np.bool_)
    remedy = "Look at the invoice in the books, then export it again; it is left out."
    totals, balances = sheet.text("total"), sheet.text("balance")
    sheet.reject(total < 0, "total", lambda row: f"the total {totals[row]!r} is negative", remedy)
    odd = ~dead & known & ((balance < 0) | (balance > total))
    sheet.reject(odd, "balance", lambda row: f"{balances[row]!r} is open of a total of {totals[row]!r}", remedy)
    unpaid = known & (balance > 0) & paid
    sheet.reject(unpaid, "balance", lambda row: f"{balances[row]!r} is open although the invoice is paid", remedy)
