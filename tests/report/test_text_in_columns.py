"""Widths, cutting, wrapping and tables."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payflow.report.ansi import Style, style_for
from payflow.report.table import Column, Row, table
from payflow.report.text import block, clean, cut, pad, width, wrap
from payflow.report.words import count, exact, figure, scaled

TEXTS = st.text(alphabet=st.sampled_from("ab cdé日本ü\u0301-"), max_size=30)


@pytest.mark.parametrize(
    ("text", "columns"), [("", 0), ("abc", 3), ("日本", 4), ("e\u0301", 1), ("Zażółć", 6), ("ｱ", 1), ("Ａ", 2)]
)
def test_width_is_what_a_terminal_takes(text, columns):
    assert width(text) == columns


@given(TEXTS, st.integers(3, 20), st.sampled_from(["\u2026", "..."]))
def test_cut_text_always_fits_and_pads_exactly(text, columns, ellipsis):
    short = cut(text, columns, ellipsis)
    assert width(short) <= columns
    assert width(pad(short, columns)) == columns
    assert width(pad(short, columns, right=True)) == columns


@given(TEXTS, st.integers(5, 20))
def test_wrapping_loses_no_word_and_no_line_is_too_wide_unless_a_word_is(text, columns):
    lines = wrap(text, columns)
    assert " ".join(lines).split() == text.split()
    assert all(width(line) <= columns or " " not in line for line in lines)


def test_a_block_indents_its_further_lines_below_the_first():
    assert block("one two three", 9, "- ") == ["- one two", "  three"]
    assert block("one two three", 9, "- ", "") == ["- one two", "three"]
    assert block("", 9, "- ") == ["- "]


def test_control_characters_become_blanks():
    assert clean("a\tb\x1b[0m\r\nc\u202e") == "a b [0m c"
    assert clean("Zażółć 日本") == "Zażółć 日本"


@given(st.lists(st.tuples(TEXTS, TEXTS, st.integers(0, 10**9).map(str)), min_size=1, max_size=6), st.integers(40, 90))
def test_columns_of_a_table_stay_aligned_and_figures_whole(rows, columns):
    style = Style(columns=columns)
    lines = table(
        (Column("Name", least=6), Column("Client", least=6), Column("Sum", right=True)),
        [Row(row) for row in rows],
        style,
    )
    assert len({width(line) for line in lines}) == 1
    assert width(lines[0]) <= columns
    for line, row in zip(lines[1:], rows, strict=True):
        assert line.endswith(row[2])


@pytest.mark.parametrize(
    ("terminal", "environ", "colour"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(terminal, environ, colour):
    class Stream(io.TextIOWrapper):
        def isatty(self):
            return terminal

    assert style_for(Stream(io.BytesIO(), "utf-8"), environ).colour is colour


@pytest.mark.parametrize(("encoding", "signs"), [("utf-8", True), ("ascii", False), ("latin-1", False)])
def test_signs_beyond_ascii_are_used_only_where_the_stream_can_write_them(encoding, signs):
    assert style_for(io.TextIOWrapper(io.BytesIO(), encoding), {}).signs is signs


def test_figures_and_counts_are_written_for_people():
    assert figure(123456789, "GBP") == "1,234,567.89"
    assert figure(-5, "KWD") == "-0.005"
    assert (count(1, "day"), count(1200, "day"), count(2, "entry", "entries")) == ("1 day", "1,200 days", "2 entries")


@pytest.mark.parametrize(
    ("numerator", "denominator", "currency", "text"),
    [
        (120000, 36500, "GBP", "0.032877"),
        (500_000 * 24, 36_500, "GBP", "3.287671"),
        (10**12, 3, "JPY", "333,333,333,333.3333"),
        (-1, 3, "GBP", "-0.003333"),
        (5, 4, "KWD", "0.0012500"),
    ],
)
def test_exact_interest_shows_four_decimals_more_than_the_currency_has(numerator, denominator, currency, text):
    assert exact(scaled(numerator, denominator), currency) == text
