"""Keys of bank lines: one line is one line in however many statements it stands."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from payflow_exports.line_keys import with_line_keys


def lines(*rows: tuple[str, int, str, str]) -> pd.DataFrame:
    """Lines of one account as (day, amount, text, bank id)."""
    days, amounts, texts, ids = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pd.DataFrame(
        {
            "account": pd.Series(["GB1"] * len(rows), dtype="str"),
            "on": pd.to_datetime(pd.Series(days, dtype="str")),
            "amount": pd.array(amounts, dtype="Int64"),
            "currency": pd.Series(["GBP"] * len(rows), dtype="str"),
            "text": pd.Series(texts, dtype="str"),
            "bank_id": pd.Series(ids, dtype="str"),
        }
    )


def keys(*rows: tuple[str, int, str, str]) -> list[str]:
    return with_line_keys(lines(*rows))["key"].tolist()


def test_a_line_without_an_id_has_the_same_key_in_an_overlapping_statement() -> None:
    first = keys(("2026-11-01", 5000, "rent", ""), ("2026-11-02", 5000, "INV-1", ""))
    second = keys(("2026-11-02", 5000, "INV-1", ""), ("2026-11-03", 5000, "INV-1", ""))
    assert first[1] == second[0]
    assert len({*first, *second}) == 3


def test_two_equal_payments_of_one_day_are_two_and_stay_two_in_the_next_statement() -> None:
    twice = (("2026-11-02", 5000, "INV-1", ""),) * 2
    assert len(set(keys(*twice))) == 2
    assert keys(*twice) == keys(*twice)


def test_a_line_repeated_under_its_own_id_is_one() -> None:
    assert len(keys(("2026-11-02", 5000, "INV-1", "A1"), ("2026-11-02", 5000, "INV-1", "A1"))) == 1


def test_the_banks_id_beats_a_text_that_it_writes_differently_later() -> None:
    assert keys(("2026-11-02", 5000, "INV-1", "A1")) == keys(("2026-11-02", 5000, "ACME INV-1", "A1"))


def test_an_id_that_a_bank_gives_to_every_line_makes_none_of_them_vanish() -> None:
    rows = (
        ("2026-11-02", 5000, "INV-1", "1"),
        ("2026-11-02", 5000, "INV-1", "1"),
        ("2026-11-03", 700, "INV-2", "1"),
    )
    assert len(set(keys(*rows))) == 3
    assert keys(*rows[:1])[0] == keys(*rows)[0]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["2026-11-01", "2026-11-02"]),
        st.sampled_from([100, 200]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["", "X"]),
    ),
    max_size=8,
)


@given(ROWS)
def test_keys_are_unique_and_a_statement_read_again_has_the_same(rows: list[tuple[str, int, str, str]]) -> None:
    once = keys(*rows)
    assert len(set(once)) == len(once)
    assert keys(*rows) == once


@given(ROWS)
def test_without_ids_the_order_of_the_lines_changes_no_key(rows: list[tuple[str, int, str, str]]) -> None:
    bare = [(day, amount, text, "") for day, amount, text, _ in rows]
    assert sorted(keys(*bare)) == sorted(keys(*reversed(bare)))
    assert len(keys(*bare)) == len(bare)
