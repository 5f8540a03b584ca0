"""Interest of a whole book for a day, in columns: one invoice and a million get the same figure to the minor unit.

Simple interest that is rounded once is a gather and a subtraction per entry, in int64 (`payflow.policy.rules`):

    interest = total x (T(until) - T(start)) - sum over entries of amount x (T(until) - T(max(start, on)))

- Rows on which money went back, that were overpaid or come within a tolerance follow the running balance of their entries.
- Rows whose agreement has no such form, and rows whose figures might not fit int64, go through the exact engine
  (`payflow.policy.accrual`), one by one. All three ways yield the same number.
- Rows on which interest would run at a rate that no table holds get none, and are told by the mask `unrated`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from payflow.columns import Book, Ints, to_date
from payflow.model.agreement import Policy
from payflow.model.interest import Interest, Mode
from payflow.policy.accrual import one_day
from payflow.policy.bearing import law_of, rate_at_present
from payflow.policy.law import Fixing, Statute
from payflow.policy.rates import OutOfTable
from payflow.policy.rows import accrued
from payflow.policy.rules import Rule, fixed_rule, floating_rule, has_columns, margin_days, rate_on
from payflow.policy.tables import half_year_start

Mask = NDArray[np.bool_]

#: Twice a figure, its denominator added, stays below int64 if this bounds it.
_LARGE = 2**61


class Moved(NamedTuple):
    """The entries that change a balance by the day asked for, sorted by row and day; positive amounts lower what is owed.

    `heads` are the places where a new row begins, `rows` the rows that have entries.
    """

    row: Ints
    on: Ints
    amount: Ints
    heads: Ints
    rows: Ints

    def sums(self, size: int, values: Ints) -> Ints:
        """Values of entries added up by row."""
        result = np.zeros(size, dtype=np.int64)
        if len(self.heads):
            result[self.rows] = np.add.reduceat(values, self.heads)
        return result


def moved(row: Ints, on: Ints, amount: Ints) -> Moved:
    """Entries that count, with where each row begins."""
    if not len(row):
        return Moved(row, on, amount, row, row)
    heads = np.concatenate(([0], np.flatnonzero(row[1:] != row[:-1]) + 1))
    return Moved(row, on, amount, heads, row[heads])


class Interests(NamedTuple):
    """Columns by row: `sum` and `per_day` in minor units (objects where a figure exceeds int64), how and whether worked out."""

    sum: Ints
    per_day: Ints
    exact: Mask
    unrated: Mask


class _Compiled(Struct):
    """The rules of a book, and which one each row has (-1: the exact engine's)."""

    first: int
    today: int
    rules: list[Rule] = field(default_factory=list)

    def add(self, rule: Rule | None) -> int:
        if rule is None:
            return -1
        self.rules.append(rule)
        return len(self.rules) - 1


class Ask(Struct, frozen=True):
    """What interest is asked of. Columns by row: `due_on`, `left` (total less all that moved), `tolerance`; `accruing` rows."""

    book: Book
    policies: Sequence[Policy]
    governed: Ints
    accruing: Mask
    due_on: Ints
    left: Ints
    tolerance: Ints | None
    moved: Moved
    as_of: date
    today: int
    extra: Path | None


def interests(ask: Ask) -> Interests:
    """Interest of every accruing row through the day, and what one more day would add at the present rate."""
    size = len(ask.book)
    none = Interests(_zeros(size), _zeros(size), np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_))
    bearing = np.array([policy.interest is not None for policy in ask.policies] or [False])
    accruing = ask.accruing if bearing.all() else ask.accruing & bearing[ask.governed]
    if not accruing.any():
        return none
    start = _starts(ask, accruing)
    compiled = _Compiled(int(start.min()), ask.today)
    rule = _rules(ask, accruing, start, compiled)
    if not compiled.rules:
        return _exactly(ask, accruing, none)
    found = _in_columns(ask, accruing, start, rule, compiled)
    _floor(ask, found.sum)
    return _exactly(ask, found.exact, found)


def _zeros(size: int) -> Ints:
    return np.zeros(size, dtype=np.int64)


def _starts(ask: Ask, accruing: Mask) -> Ints:
    """The day before the first that bears interest, at most today; today for rows that bear none."""
    grace = np.array([_grace(policy) for policy in ask.policies], dtype=np.int64)
    over = ask.due_on + (int(grace[0]) if len(grace) == 1 else grace[ask.governed])
    counting = [at for at, policy in enumerate(ask.policies) if policy.interest and policy.interest.grace_counts]
    start: Ints = np.minimum(over, ask.today)
    if counting:
        entries, total = ask.moved, ask.book.total
        by_then = entries.sums(len(total), np.where(entries.on <= over[entries.row], entries.amount, 0))
        free = 0 if ask.tolerance is None else ask.tolerance
        owed = (total - by_then > free) & (over < ask.today) & np.isin(ask.governed, counting)
        start = np.where(owed, ask.due_on, start)
    np.copyto(start, ask.today, where=~accruing)
    return start


def _grace(policy: Policy) -> int:
    return policy.grace if policy.interest is None or policy.interest.grace is None else policy.interest.grace


def _rules(ask: Ask, accruing: Mask, start: Ints, compiled: _Compiled) -> Ints | int:
    """The rule of each row; one number where all rows have the same."""
    plain = {at: _one_rule(ask, policy, compiled) for at, policy in enumerate(ask.policies) if not _is_split(policy)}
    if len(ask.policies) == len(plain) == 1:
        return plain[0]
    if len(ask.policies) == 1 and (alone := _same_rule(ask, compiled)) is not None:
        return alone
    codes = np.array([plain.get(at, -1) for at in range(len(ask.policies))], dtype=np.int64)
    rule: Ints = codes[ask.governed]
    for at, policy in enumerate(ask.policies):
        if at in plain or policy.interest is None:
            continue
        rows = np.flatnonzero(accruing & (ask.governed == at))
        law = law_of(policy.interest)
        if len(rows) and law is not None:
            rule[rows] = _split_rules(ask, policy.interest, law, rows, start, compiled)
    return rule


def _same_rule(ask: Ask, compiled: _Compiled) -> int | None:
    """The rule of a floating statute whose latest margin holds for all debts of the book; None where rows differ."""
    interest = ask.policies[0].interest
    law = law_of(interest)
    if interest is None or law is None or law.fixing is not Fixing.FLOATING:
        return None
    oldest = int(ask.book.issued_on.min())
    if oldest < margin_days(law)[-1]:
        return None
    return compiled.add(floating_rule(interest, law, to_date(oldest), compiled.first, compiled.today, ask.extra))


def _is_split(policy: Policy) -> bool:
    """Whether rows of one policy have different rates: by the day of the debt, or by the day interest starts."""
    law = law_of(policy.interest)
    return law is not None and has_columns(policy) and law.fixing is not Fixing.FLAT


def _one_rule(ask: Ask, policy: Policy, compiled: _Compiled) -> int:
    if not has_columns(policy) or policy.interest is None:
        return -1
    law = law_of(policy.interest)
    annual = policy.interest.annual if law is None else rate_on(law, ask.as_of, ask.as_of, ask.extra)
    return compiled.add(fixed_rule(policy.interest, annual, compiled.first, compiled.today))


def _split_rules(ask: Ask, interest: Interest, law: Statute, rows: Ints, start: Ints, compiled: _Compiled) -> Ints:
    """One rule for each margin of the law, and for each half-year in which interest that is fixed for good starts."""
    issued = ask.book.issued_on[rows]
    margin = np.searchsorted(np.array(margin_days(law)), issued, side="right") - 1
    half = np.zeros(len(rows), dtype=np.int64)
    if law.fixing is Fixing.START:
        begins = np.minimum(start[rows] + 1, ask.today).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        half = begins // 6
    group = margin * 1024 + half - half.min()
    group -= group.min()
    kinds = np.flatnonzero(np.bincount(group))
    place = np.zeros(int(kinds[-1]) + 1, dtype=np.int64)
    place[kinds] = np.arange(len(kinds))
    codes = []
    for kind in kinds.tolist():
        at = int(np.argmax(group == kind))
        arose = to_date(int(issued[at]))
        begins_on = to_date(min(int(start[rows[at]]) + 1, ask.today))
        codes.append(compiled.add(_split_rule(ask, interest, law, arose, begins_on, compiled)))
    result: Ints = np.array(codes, dtype=np.int64)[place[group]]
    return result


def _split_rule(
    ask: Ask, interest: Interest, law: Statute, arose: date, begins_on: date, compiled: _Compiled
) -> Rule | None:
    if law.fixing is Fixing.FLOATING:
        return floating_rule(interest, law, arose, compiled.first, compiled.today, ask.extra)
    annual = rate_on(law, half_year_start(begins_on), arose, ask.extra)
    return fixed_rule(interest, annual, compiled.first, compiled.today)


def _in_columns(ask: Ask, accruing: Mask, start: Ints, rule: Ints | int, compiled: _Compiled) -> Interests:
    """All that columns can say; `exact` are the rows that are still to be worked out one by one."""
    rules = compiled.rules
    tables = [one.table for one in rules]
    sums = _by_gather(ask, start, *_joined(tables, rule, compiled.first))
    odd = np.flatnonzero(_odd(ask, rule, rules) & accruing)
    if len(odd):
        running = _Running.of(ask, odd, start)
        own = _part(rule, odd)
        sums[odd] = running.sums(*_joined(tables, own, compiled.first))
        thirty = np.array([one.thirty for one in rules])[own] if isinstance(own, np.ndarray) else rules[own].thirty
        if np.any(thirty):
            sums[odd] += running.thirty_firsts() * thirty
    exact = _too_large(ask, rule, rules) & accruing
    if isinstance(rule, np.ndarray):
        exact |= accruing & (rule < 0)
    unrated = _unrated(ask, accruing, start, rule, compiled)
    earning = np.maximum(ask.left, 0)
    earning *= accruing
    if ask.tolerance is not None:
        earning[ask.left <= ask.tolerance] = 0
    total = _rounded(sums, [(one.above, one.below) for one in rules], [one.mode for one in rules], rule)
    per_day = _rounded(earning, [(one.day_above, one.day_below) for one in rules], [one.mode for one in rules], rule)
    if unrated.any():
        total[unrated] = 0
        per_day[unrated] = 0
    return Interests(total, per_day, exact, unrated)


def _joined(tables: Sequence[Ints], rule: Ints | int, first: int) -> tuple[Ints, Ints | int]:
    """One table of all rules, and what to add to a day to find its place: by row, or one number for all rows."""
    if isinstance(rule, int):
        return tables[rule], -first
    places = np.cumsum([0, *(len(table) for table in tables[:-1])]) - first
    return (np.concatenate(tables) if len(tables) > 1 else tables[0]), places[rule]


def _part(rule: Ints | int, rows: Ints) -> Ints | int:
    return rule if isinstance(rule, int) else rule[rows]


def _by_gather(ask: Ask, start: Ints, table: Ints, base: Ints | int) -> Ints:
    """Sums of balance x weight by row, for balances that nothing but payments lower, through zero at most.

    With U = T(today): sum = left x U - total x T(start) + sum over entries of amount x T(max(start, on)).
    """
    entries = ask.moved
    at = np.maximum(start[entries.row], entries.on)
    if isinstance(base, int):
        at += base
        ends: Ints | np.int64 = table[ask.today + base]
        begins = table[start + base]
    else:
        at += base[entries.row]
        ends = table[base + ask.today]
        begins = table[start + base]
    weighed = table[at]
    weighed *= entries.amount
    sums = entries.sums(len(start), weighed)
    begins *= ask.book.total
    sums -= begins
    np.multiply(ask.left, ends, out=begins)
    sums += begins
    return sums


def _odd(ask: Ask, rule: Ints | int, rules: Sequence[Rule]) -> Mask:
    """Rows that the one-line formula does not hold for, a few too many rather than too few."""
    entries, total = ask.moved, ask.book.total
    odd = ask.left < 0
    odd[entries.row[entries.amount < 0]] = True
    if ask.tolerance is not None:
        several = np.zeros(len(total), dtype=np.bool_)
        several[entries.row[1:][entries.row[1:] == entries.row[:-1]]] = True
        near = (ask.left <= ask.tolerance) & ((ask.left > 0) | several)
        odd |= (ask.tolerance > 0) & (near | (total <= ask.tolerance))
    if any(one.thirty for one in rules):
        odd |= np.array([one.thirty for one in rules])[rule]
    return odd


def _too_large(ask: Ask, rule: Ints | int, rules: Sequence[Rule]) -> Mask:
    """Rows whose figures might not fit int64."""
    entries, total = ask.moved, ask.book.total
    reach = [max(one.reach, one.day_above, 1) for one in rules]
    below = max(max(one.below, one.day_below) for one in rules)
    single = int(np.abs(entries.amount).max(initial=0))
    several = int(np.diff(entries.heads, append=len(entries.row)).max(initial=0))
    most = int(np.abs(total).max(initial=0)) + single * several
    if most * max(reach) < _LARGE - below:
        return np.zeros(len(total), dtype=np.bool_)
    gross = np.abs(total.astype(np.float64))
    if len(entries.heads):
        gross[entries.rows] += np.add.reduceat(np.abs(entries.amount.astype(np.float64)), entries.heads)
    large: Mask = gross * np.array(reach, dtype=np.float64)[rule] >= _LARGE / 2
    return large if below < _LARGE else np.ones(len(total), dtype=np.bool_)


class _Running(NamedTuple):
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
        ends[np.append(heads[1:], size) - 1] = ask.today
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


def _unrated(ask: Ask, accruing: Mask, start: Ints, rule: Ints | int, compiled: _Compiled) -> Mask:
    """Rows with a balance on days whose rate no table holds."""
    rules = compiled.rules
    unrated = np.zeros(len(start), dtype=np.bool_)
    wanting = [at for at, one in enumerate(rules) if one.unknown is not None]
    for at in wanting:
        unknown = rules[at].unknown
        assert unknown is not None
        rows = np.flatnonzero(accruing & (rule == at))
        rows = rows[unknown[-1] > unknown[start[rows] - compiled.first]]
        if len(rows):
            unrated[rows] = _Running.of(ask, rows, start).sums(unknown, -compiled.first) > 0
    return unrated


def _rounded(values: Ints, shares: Sequence[tuple[int, int]], modes: Sequence[Mode], rule: Ints | int) -> Ints:
    """Values of at least zero times the share of their rule, rounded to whole minor units in its mode."""
    if isinstance(rule, int):
        return _rounded_by(values, *shares[rule], modes[rule])
    if len(set(zip(shares, modes, strict=True))) == 1:
        return _rounded_by(values, *shares[0], modes[0])
    if len(set(modes)) == 1 and all(above < _LARGE and below < _LARGE for above, below in shares):
        table = np.array(shares, dtype=np.int64)[rule]
        return _rounded_by(values, table[:, 0], table[:, 1], modes[0])
    result = np.zeros(len(values), dtype=np.int64)
    for at, (above, below) in enumerate(shares):
        mask = rule == at
        result[mask] = _rounded_by(values[mask], above, below, modes[at])
    return result


def _rounded_by(values: Ints, above: Ints | int, below: Ints | int, mode: Mode) -> Ints:
    if isinstance(below, int) and (below >= _LARGE or above >= _LARGE):
        # the exact engine takes these rows
        return np.zeros(len(values), dtype=np.int64)
    exact: Ints = values * above
    if mode is Mode.HALF_UP:
        exact *= 2
        exact += below
        exact //= 2 * below
        return exact
    whole: Ints = exact // below
    if mode is Mode.HALF_EVEN:
        twice = 2 * (exact - whole * below)
        whole += (twice > below) | ((twice == below) & (whole % 2 == 1))
    return whole


def _floor(ask: Ask, sums: Ints) -> None:
    """Interest below the floor is not claimed."""
    for at, policy in enumerate(ask.policies):
        for currency, floor in policy.interest.floor.items() if policy.interest is not None else ():
            if floor and currency in ask.book.currencies:
                code = ask.book.currencies.index(currency)
                sums[(sums < floor) & (ask.governed == at) & (ask.book.currency == code)] = 0


def _exactly(ask: Ask, rows: Mask, found: Interests) -> Interests:
    """The rows that columns have no form for, one by one."""
    sums, per_day, unrated = found.sum, found.per_day, found.unrated
    figures: list[tuple[int, int, int]] = []
    for row in np.flatnonzero(rows).tolist():
        policy, due_on = ask.policies[int(ask.governed[row])], int(ask.due_on[row])
        try:
            one = accrued(ask.book, row, policy, due_on, ask.as_of, ask.extra)
        except OutOfTable:
            unrated[row] = True
            figures.append((row, 0, 0))
            continue
        begun = ask.today > due_on + _grace(policy)
        figures.append((row, one.interest, one.daily if begun else _at_present(ask, row, policy)))
    if any(figure >= 2**63 for _, *pair in figures for figure in pair):
        sums, per_day = sums.astype(object), per_day.astype(object)
    for row, interest, daily in figures:
        sums[row], per_day[row] = interest, daily
    return Interests(sums, per_day, rows, unrated)


def _at_present(ask: Ask, row: int, policy: Policy) -> int:
    """What a day of interest would be now, before any has begun."""
    assert policy.interest is not None
    arose = to_date(int(ask.book.issued_on[row]))
    rate = rate_at_present(policy.interest, ask.as_of, arose, ask.extra)
    left = max(0, int(ask.left[row]))
    if rate is None or (ask.tolerance is not None and left <= int(ask.tolerance[row])):
        return 0
    return one_day(left, rate.annual, policy.interest.day_count, policy.interest.mode, ask.as_of)
