"""A book cut into parts: each invoice keeps its entries, and figures are those of the whole."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from payflow.policy.assess import assess
from policy.books import DUE, Bill, Move, book_of, policy_of

DAYS = st.integers(0, 90).map(lambda day: DUE + timedelta(days=day))
MOVES = st.lists(st.builds(Move, DAYS, st.integers(1, 6_000)), max_size=3)
BILLS = st.lists(st.builds(Bill, total=st.integers(1, 10_000), moves=MOVES), min_size=1, max_size=8)


@given(BILLS, st.integers(1, 8))
def test_parts_of_a_book_have_the_figures_of_the_whole(bills: list[Bill], step: int) -> None:
    book = book_of(*bills, open_credit=[Move(DUE, 500)])
    policy, as_of = policy_of(), DUE + timedelta(days=60)

    def interest(rows: range) -> list[int]:
        part = book.part(rows.start, rows.stop)
        size = len(part)
        found = assess(part, [policy], np.zeros(size, dtype=np.int64), np.ones(size, dtype=np.bool_), as_of)
        return found.interest.tolist()

    whole = assess(book, [policy], np.zeros(len(book), dtype=np.int64), np.ones(len(book), dtype=np.bool_), as_of)
    cuts = [range(at, min(at + step, len(book))) for at in range(0, len(book), step)]
    assert [figure for cut in cuts for figure in interest(cut)] == whole.interest.tolist()
