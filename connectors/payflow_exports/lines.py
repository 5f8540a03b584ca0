"""What an invoice's lines tell together: the sum of a column, the texts of all of them; and what several columns say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from payflow.connector import NO_DAY, Ints
from payflow_exports.amounts import LARGEST
from payflow_exports.invoices import groups, require
from payflow_exports.sheet import Amounts, Sheet, day_text
from payflow_exports.texts import Mask, Texts

#: Terms of more days than this are none.
_LONGEST_TERMS = 3660


def summed(sheet: Sheet, name: str, key: Sequence[str]) -> Sheet:
    """The sheet with, in a column of money, the sum of all rows with an equal `key`: the total of an export of lines.

    A sum that lacks a line would be too low: an invoice with a bad line, or with lines beside a row that could not be read, is
    left out whole.
    """
    require(sheet, *key, name)
    currencies = sheet.currencies()
    amounts = sheet.money(name, currencies)
    group = groups(sheet, key, by_line=True)
    _reject_torn(sheet, group)
    bad = np.zeros(int(group.max(initial=-1)) + 1, dtype=np.bool_)
    bad[group[~sheet.good]] = True
    sheet.good[bad[group]] = False
    totals = np.zeros(len(bad), dtype=np.object_)  # Python's integers, since hostile lines may add up beyond 64 bits
    np.add.at(totals, group, amounts.values.astype(np.object_))
    too_large = np.abs(totals) > LARGEST
    sheet.reject(
        _first_of(group) & too_large[group].astype(np.bool_),
        name,
        lambda row: f"the lines of {sheet.text(key[-1])[row]!r} add up to more than an amount of money",
        "Correct the amounts in the books; the invoice is left out.",
    )
    sheet.good[too_large[group].astype(np.bool_)] = False
    sums = np.where(too_large, 0, totals).astype(np.int64)
    return sheet.with_money(name, Amounts(sums[group], np.ones(len(sheet), dtype=np.bool_)), currencies)


def texts_of_lines(sheet: Sheet, key: Sequence[str], *names: str) -> Texts:
    """For every row the distinct texts that these columns hold in all rows with an equal `key`, in their order."""
    group = groups(sheet, key, by_line=True).tolist()
    texts: dict[int, dict[str, None]] = {}
    for row, words in enumerate(_rows(sheet, names)):
        texts.setdefault(group[row], {}).update(dict.fromkeys(words))
    written = {number: " ".join(words) for number, words in texts.items()}
    return Texts.of(written[number] for number in group)


def joined(sheet: Sheet, *names: str) -> Texts:
    """What several columns say, as one text per row: references may stand in any of them."""
    return Texts.of(" ".join(words) for words in _rows(sheet, names))


def with_terms(sheet: Sheet, name: str, least: int) -> Sheet:
    """With a due date from a column that holds days of payment terms, where none is stated and there are at least so many."""
    days = sheet.text(name).map(lambda text: text if text.isdecimal() and len(text) <= 4 else "")
    terms = np.array([int(text) if text else -1 for text in days.objects().tolist()], dtype=np.int64)
    issued = sheet.days("issued_on")
    told = (terms >= least) & (terms <= _LONGEST_TERMS) & (issued != NO_DAY)
    due = np.where(told, issued + terms, NO_DAY).tolist()
    stated = sheet.text("due_on").objects().tolist()
    return sheet.with_columns(due_on=Texts.of(own or day_text(day) for own, day in zip(stated, due, strict=True)))


def _rows(sheet: Sheet, names: Sequence[str]) -> Iterable[list[str]]:
    columns = [sheet.text(name).objects().tolist() for name in names if name in sheet]
    if not columns:
        return ([] for _ in range(len(sheet)))
    return ([text for text in row if text] for row in zip(*columns, strict=True))


def _reject_torn(sheet: Sheet, group: Ints) -> None:
    """Rows of invoices that have a line right above or below a row that could not be read."""
    if not len(sheet):
        return
    numbers = sheet.text("number")
    seen: set[int] = set()
    for damaged in sheet.conventions.body.damaged.tolist():
        place = int(np.searchsorted(sheet.rows, damaged))
        for row in (place - 1, place):
            if 0 <= row < len(sheet) and group[row] not in seen:
                seen.add(int(group[row]))
                sheet.problems.add(
                    f"{sheet.rows[row]}",
                    f"{numbers[row]!r} may lack a line: row {damaged} beside it cannot be read",
                    "Export it again; the invoice is left out, since its total is the sum of its lines.",
                )
    sheet.good[np.isin(group, list(seen))] = False


def _first_of(group: Ints) -> Mask:
    mask = np.zeros(len(group), dtype=np.bool_)
    mask[np.unique(group, return_index=True)[1]] = True
    return mask
