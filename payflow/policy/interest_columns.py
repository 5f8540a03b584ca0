"""Simple interest that is rounded once, of all rows of a book at once.

Most rows are a gather and a subtraction per entry. Rows on which money went back, that were overpaid or come within a
tolerance follow the running balance of their entries. What neither can say is left to the exact engine, and told.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from payflow.columns import Book, Ints
from payflow.model.interest import Mode
from payflow.policy.entries_by_row import Moved
from payflow.policy.rulebook import Rulebook

Mask = NDArray[np.bool_]

#: Twice a figure, its denominator added, stays below int64 if this bounds it.
_LARGE = 2**61


class Interests(Struct, frozen=True):
    """Columns by row: `sum` and `per_day` in minor units (objects where a figure exceeds int64), how and whether worked out."""

    sum: Ints
    per_day: Ints
    exact: Mask
    unrated: Mask


class Ask(Struct, frozen=True):
    """What interest is asked of. Columns by row: `due_on`, `left` (total less all that moved), `tolerance`; `accruing` rows."""

    book: Book
    governed: Ints
    accruing: Mask
    due_on: Ints
    left: Ints
    tolerance: Ints | None
    moved: Moved
    rules: Rulebook


def in_columns(ask: Ask, accruing: Mask, start: Ints, code: Ints | int) -> Interests:
    """All that columns can say; `exact` are the rows that are still to be worked out one by one.

    `start` is the day before the first that bears interest, today where none does; `code` the rule of each row.
    """
    rules = ask.rules.rules
    sums = _by_gather(ask, start, *ask.rules.table(code))
    odd = _odd(ask, accruing, code)
    if len(odd):
        sums[odd] = _by_balance(ask, odd, start, code if isinstance(code, int) else code[odd])
    exact = _too_large(ask, code) & accruing
    if isinstance(code, np.ndarray):
        exact |= accruing & (code < 0)
    earning = np.maximum(ask.left, 0)
    earning *= accruing
    if ask.tolerance is not None:
        earning[ask.left <= ask.tolerance] = 0
    modes = [rule.mode for rule in rules]
    total = _rounded(sums, [(rule.above, rule.below) for rule in rules], modes, code)
    per_day = _rounded(earning, [(rule.day_above, rule.day_below) for rule in rules], modes, code)
    unrated = _unrated(ask, accruing, start, code)
    if unrated.any():
        total[unrated] = 0
        per_day[unrated] = 0
    return Interests(total, per_day, exact, unrated)


def _by_gather(ask: Ask, start: Ints, table: Ints, base: Ints | int) -> Ints:
    """Sums of balance x weight by row, for balances that nothing but payments lower, through zero at most.

    With T as `Rule.table`, which is 0 today: sum over entries of amount x T(max(start, on)), less total x T(start).
    """
    entries = ask.moved
    at = start[entries.row]
    np.maximum(at, entries.on, out=at)
    at += base if isinstance(base, int) else base[entries.row]
    weighed = table[at]
    weighed *= entries.amount
    sums = entries.sums(len(start), weighed)
    begins = table[start + base]
    begins *= ask.book.total
    sums -= begins
    return sums


def _by_balance(ask: Ask, rows: Ints, start: Ints, code: Ints | int) -> Ints:
    """The same sums of some rows, whatever their balances did."""
    rules = ask.rules.rules
    running = _Running.of(ask, rows, start)
    sums = running.sums(*ask.rules.table(code))
    if any(rule.thirty for rule in rules):
        sums += running.thirty_firsts() * np.array([rule.thirty for rule in rules])[code]
    return sums


def _odd(ask: Ask, accruing: Mask, code: Ints | int) -> Ints:
    """The rows that the one-line formula does not hold for, a few too many rather than too few."""
    row, amount, rules = ask.moved.row, ask.moved.amount, ask.rules.rules
    thirty = any(rule.thirty for rule in rules)
    if ask.tolerance is None and not thirty and ask.left.min() >= 0 and amount.min(initial=0) >= 0:
        return row[:0]
    odd = ask.left < 0
    odd[row[amount < 0]] = True
    if ask.tolerance is not None:
        several = np.zeros(len(odd), dtype=np.bool_)
        several[row[1:][row[1:] == row[:-1]]] = True
        near = (ask.left <= ask.tolerance) & ((ask.left > 0) | several)
        odd |= (ask.tolerance > 0) & (near | (ask.book.total <= ask.tolerance))
    if thirty:
        odd |= np.array([rule.thirty for rule in rules])[code]
    return np.flatnonzero(odd & accruing)


def _too_large(ask: Ask, code: Ints | int) -> Mask:
    """Rows whose figures might not fit int64."""
    row, amount, total = ask.moved.row, ask.moved.amount, ask.book.total
    reach = [max(rule.reach, rule.day_above, 1) for rule in ask.rules.rules]
    below = max(max(rule.below, rule.day_below) for rule in ask.rules.rules)
    largest, single = _size(total), _size(amount)
    limit = (_LARGE - below) // max(reach)
    if largest + single * len(row) < limit or largest + single * _most_entries(row) < limit:
        return np.zeros(len(total), dtype=np.bool_)
    gross = np.abs(total.astype(np.float64))
    np.add.at(gross, row, np.abs(amount.astype(np.float64)))
    large: Mask = gross * np.array(reach, dtype=np.float64)[code] >= _LARGE / 2
    return large if below < _LARGE else np.ones(len(total), dtype=np.bool_)


def _size(values: Ints) -> int:
    """The largest absolute value."""
    return max(int(values.max(initial=0)), -int(values.min(initial=0)))


def _most_entries(row: Ints) -> int:
    return int(np.bincount(row).max(initial=0))


class _Running(Struct, frozen=True):
    """Balances over time of some rows: one stretch from the start, one from each entry. `rows` are numbered from 0."""

    row: Ints
    balance: Ints
    begins: Ints
    ends: Ints
    heads: Ints

    @classmethod
    def of(cls, ask: Ask, rows: Ints, start: Ints) -> _Running:
        """The stretches of those rows, in order; balances below zero or tolerated count as zero."""
        number = np.full(len(start), -1, dtype=np.int64)
        number[rows] = np.arange(len(rows))
        mine = number[ask.moved.row] >= 0
        of_row = number[ask.moved.row[mine]]
        places = np.arange(len(of_row)) + of_row + 1
        heads = np.searchsorted(of_row, np.arange(len(rows))) + np.arange(len(rows))
        size = len(rows) + len(of_row)
        row, change, begins = (np.zeros(size, dtype=np.int64) for _ in range(3))
        row[heads], row[places] = np.arange(len(rows)), of_row
        change[places] = ask.moved.amount[mine]
        begins[heads] = start[rows]
        begins[places] = np.maximum(ask.moved.on[mine], start[rows][of_row])
        ends = np.empty_like(begins)
        ends[:-1] = begins[1:]
        ends[np.append(heads[1:], size) - 1] = ask.rules.today
        so_far = np.cumsum(change)
        balance = ask.book.total[rows][row] - (so_far - so_far[heads][row])
        free = 0 if ask.tolerance is None else ask.tolerance[rows][row]
        return cls(row, np.where(balance > free, balance, 0), begins, ends, heads)

    def sums(self, table: Ints, base: Ints | int) -> Ints:
        """Sums of balance x weight by row."""
        add = base if isinstance(base, int) else base[self.row]
        sums: Ints = np.add.reduceat(self.balance * (table[self.ends + add] - table[self.begins + add]), self.heads)
        return sums

    def thirty_firsts(self) -> Ints:
        """What bond basis counts beyond months of 30 days: stretches to a 31st that begin on no 30th or 31st."""
        more = (_day_of_month(self.ends) == 31) & (_day_of_month(self.begins) < 30) & (self.ends > self.begins)
        sums: Ints = np.add.reduceat(self.balance * more, self.heads)
        return sums


def _day_of_month(days: Ints) -> Ints:
    month = days.astype("datetime64[D]").astype("datetime64[M]")
    number: Ints = days - month.astype("datetime64[D]").astype(np.int64) + 1
    return number


def _unrated(ask: Ask, accruing: Mask, start: Ints, code: Ints | int) -> Mask:
    """Rows with a balance on days whose rate no table holds."""
    unrated = np.zeros(len(start), dtype=np.bool_)
    wanting = [(at, rule.unknown) for at, rule in enumerate(ask.rules.rules) if rule.unknown is not None]
    for at, unknown in wanting:
        rows = np.flatnonzero(accruing & (code == at))
        rows = rows[unknown[-1] > unknown[start[rows] - ask.rules.first]]
        if len(rows):
            unrated[rows] = _Running.of(ask, rows, start).sums(unknown, -ask.rules.first) > 0
    return unrated


def _rounded(values: Ints, shares: Sequence[tuple[int, int]], modes: Sequence[Mode], code: Ints | int) -> Ints:
    """Values of at least zero times the share of their rule, rounded to whole minor units in its mode; `values` are used up."""
    if isinstance(code, int):
        return _rounded_by(values, *shares[code], modes[code])
    if len(set(zip(shares, modes, strict=True))) == 1:
        return _rounded_by(values, *shares[0], modes[0])
    if len(set(modes)) == 1 and all(above < _LARGE and below < _LARGE for above, below in shares):
        table = np.array(shares, dtype=np.int64)[code]
        return _rounded_by(values, table[:, 0], table[:, 1], modes[0])
    result = np.zeros(len(values), dtype=np.int64)
    for at, (above, below) in enumerate(shares):
        mask = code == at
        result[mask] = _rounded_by(values[mask], above, below, modes[at])
    return result


def _rounded_by(values: Ints, above: Ints | int, below: Ints | int, mode: Mode) -> Ints:
    if isinstance(below, int) and (below >= _LARGE or above >= _LARGE):
        # the exact engine takes these rows
        return np.zeros(len(values), dtype=np.int64)
    exact = values
    if not isinstance(above, int) or above != 1:
        exact *= above
    if mode is Mode.HALF_UP:
        if isinstance(below, int) and below % 2 == 0:
            exact += below // 2
            exact //= below
            return exact
        exact *= 2
        exact += below
        exact //= 2 * below
        return exact
    whole: Ints = exact // below
    if mode is Mode.HALF_EVEN:
        twice = 2 * (exact - whole * below)
        whole += (twice > below) | ((twice == below) & (whole % 2 == 1))
    return whole
