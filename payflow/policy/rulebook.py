"""Which compiled rule each invoice of a book has, each rule compiled once for all parts of the book.

Under most policies all rows have one rule. Rows under a statute may differ: its margin goes by the day of the debt, and a rate
that is fixed for good by the half-year in which interest starts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from payflow.columns import Ints, to_date, to_day
from payflow.model.agreement import Policy
from payflow.model.interest import Interest
from payflow.policy.bearing import law_of
from payflow.policy.law import Fixing, Statute
from payflow.policy.rules import Rule, fixed_rule, floating_rule, has_columns, margin_days, rate_on
from payflow.policy.tables import half_year_start

Mask = NDArray[np.bool_]

#: What tells the rules of one policy apart: the place of its statute's margin, and a half-year counted from 1970.
_Key = tuple[int, int, int]
_ONE = (0, 0)


class Rulebook:
    """The rules that rows were found to have by a day, from a first day on; begun anew where an earlier first day is needed.

    `extra` is a folder with rate tables of the user's own.
    """

    def __init__(self, policies: Sequence[Policy], as_of: date, extra: Path | None) -> None:
        self.policies = policies
        self.as_of = as_of
        self.today = to_day(as_of)
        self.extra = extra
        self.first = self.today + 1
        self.rules: list[Rule] = []
        self._codes: dict[_Key, int] = {}
        self._table: Ints | None = None

    def codes(self, governed: Ints, issued_on: Ints, accruing: Mask, start: Ints) -> Ints | int:
        """The place in `rules` of each row's rule, one number where all rows have the same; -1: the exact engine's.

        `start` is the day before the first that bears interest; rows that are not `accruing` may have any rule.
        """
        first = int(start.min())
        if first < self.first:
            self.first, self.rules, self._codes, self._table = first, [], {}, None
        if len(self.policies) == 1 and (one := self._rule_of_all(issued_on)) is not None:
            return one
        plain = [-1 if _is_split(policy) else self._plain(at) for at, policy in enumerate(self.policies)]
        found: Ints = np.array(plain, dtype=np.int64)[governed]
        for at, policy in enumerate(self.policies):
            law = law_of(policy.interest)
            if policy.interest is not None and law is not None and _is_split(policy):
                rows = np.flatnonzero(accruing & (governed == at))
                if len(rows):
                    found[rows] = self._split(at, policy.interest, law, issued_on[rows], start[rows])
        return found

    def table(self, code: Ints | int) -> tuple[Ints, Ints | int]:
        """One table of all rules, and what to add to a day to find its place: by row, or one number for all rows."""
        if isinstance(code, int):
            return self.rules[code].table, -self.first
        if self._table is None:
            self._table = np.concatenate([rule.table for rule in self.rules])
        # all tables go from the first day to the day asked for
        return self._table, code * (self.today - self.first + 1) - self.first

    def _rule_of_all(self, issued_on: Ints) -> int | None:
        """The rule of a single policy; None where its rows differ."""
        policy = self.policies[0]
        if not _is_split(policy):
            return self._plain(0)
        law = law_of(policy.interest)
        if policy.interest is None or law is None or law.fixing is not Fixing.FLOATING:
            return None
        oldest = int(issued_on.min())
        margins = margin_days(law)
        return self._floating(0, policy.interest, law, len(margins) - 1, oldest) if oldest >= margins[-1] else None

    def _plain(self, at: int) -> int:
        """The rule of all rows of a policy."""
        policy = self.policies[at]

        def rule() -> Rule | None:
            if not has_columns(policy) or policy.interest is None:
                return None
            law = law_of(policy.interest)
            annual = policy.interest.annual if law is None else rate_on(law, self.as_of, self.as_of, self.extra)
            return fixed_rule(policy.interest, annual, self.first, self.today)

        return self._code((at, *_ONE), rule)

    def _split(self, at: int, interest: Interest, law: Statute, issued_on: Ints, start: Ints) -> Ints:
        """One rule for each margin of the law, and for each half-year in which interest that is fixed for good starts."""
        margin = np.searchsorted(np.array(margin_days(law)), issued_on, side="right") - 1
        half = np.zeros(len(start), dtype=np.int64)
        if law.fixing is Fixing.START:
            begins = np.minimum(start + 1, self.today).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
            half = begins // 6
        group = margin * 1024 + half - half.min()
        group -= group.min()
        kinds = np.flatnonzero(np.bincount(group))
        place = np.zeros(int(kinds[-1]) + 1, dtype=np.int64)
        for kind in kinds.tolist():
            row = int(np.argmax(group == kind))
            arose, of = int(issued_on[row]), int(margin[row])
            if law.fixing is Fixing.FLOATING:
                place[kind] = self._floating(at, interest, law, of, arose)
            else:
                place[kind] = self._fixed(at, interest, law, (of, int(half[row])), arose, int(start[row]) + 1)
        result: Ints = place[group]
        return result

    def _floating(self, at: int, interest: Interest, law: Statute, margin: int, arose: int) -> int:
        """The rule of debts of one margin, such as one that arose on that day."""
        return self._code(
            (at, margin, 0),
            lambda: floating_rule(interest, law, to_date(arose), self.first, self.today, self.extra),
        )

    def _fixed(self, at: int, interest: Interest, law: Statute, kind: tuple[int, int], arose: int, begins: int) -> int:
        """The rule of debts of one margin whose interest begins in one half-year."""
        half_year = half_year_start(to_date(min(begins, self.today)))
        return self._code(
            (at, *kind),
            lambda: fixed_rule(interest, rate_on(law, half_year, to_date(arose), self.extra), self.first, self.today),
        )

    def _code(self, key: _Key, compiled: Callable[[], Rule | None]) -> int:
        if key not in self._codes:
            rule = compiled()
            self._codes[key] = -1 if rule is None else len(self.rules)
            if rule is not None:
                self.rules.append(rule)
                self._table = None
        return self._codes[key]


def _is_split(policy: Policy) -> bool:
    """Whether rows of one policy have different rates: by the day of the debt, or by the day interest starts."""
    law = law_of(policy.interest)
    return law is not None and has_columns(policy) and law.fixing is not Fixing.FLAT
